package desk

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// VaccineDay is what the page of a session shows.
type VaccineDay struct {
	Day     clinic.Date
	Now     time.Time
	Session *clinic.Session // nil: none was opened today
	Base    clinic.Leaf     // of the session
	Last    *clinic.Session // the one before, to start from; may be nil
	Vials   []SessionVial   // what is open, with what the books have of it
	Rows    []clinic.CatalogRow
	Shelf   map[string]clinic.Goods // by vaccine: the batch on the shelf that expires first
	Bad     []string                // rows of the schedule that cannot be read: the lists may lack doses
	Watch   []VaccineRow            // under observation, who leaves first stands first
	Wait    []VaccineRow            // here, nothing recorded yet
	Done    []VaccineRow            // observed, or not given
	Due     []VaccineRow            // due and not here, the oldest date first
	Late    []VaccineRow
}

// VaccineRow is one person in the lists of a session.
type VaccineRow struct {
	Patient clinic.ID
	Visit   clinic.ID // zero = not here
	Queue   int
	Name    string
	Birth   clinic.Date
	Phone   string
	Closed  bool // the record is protected: who, not what
	Due     []clinic.DoseDue
	Doses   []clinic.Dose
	Outcome clinic.Outcome
	At      time.Time // when the last dose was given
	Left    int       // minutes of observation that are left; negative = over
	Seen    *clinic.Reaction
	State   clinic.VisitState
	Sign    string // VisitFile.Seen of what waits for a signature; empty = nothing does
	Lost    bool   // something of the record cannot be read: a dose may be missing
}

// listedMonths is how far back lists look for children who are late: what was missed
// longer ago stands on their own page.
const listedMonths = 12

// VaccineDay reads the lists of today's session.
func (d *Desk) VaccineDay(ctx context.Context, by clinic.ID) (VaccineDay, error) {
	out := VaccineDay{Day: d.today(), Now: d.now()}
	l := vaccineLists{desk: d, by: by, out: &out, here: map[clinic.ID]bool{}}
	var children []clinic.ID
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		records, err := r.Records(clinic.SessionSubject())
		if err != nil {
			return err
		}
		if now := sessionOn(records, out.Day); now != nil {
			out.Session, out.Base = now.Body.(*clinic.Session), now.Leaf
			if out.Vials, err = d.vials(r, out.Session, out.Day); err != nil {
				return err
			}
		}
		out.Last = lastSession(records, out.Day)
		l.schedule, out.Bad = clinic.Schedule(r.Rows(clinic.CatalogSchedule, ""), out.Day)
		out.Rows = holding(r.Rows(clinic.CatalogVaccine, ""), out.Day)
		if err := l.comers(r); err != nil {
			return err
		}
		if out.Session == nil { // it proposes what to open
			if out.Shelf, err = d.vaccinesKept(r, out.Rows, out.Day); err != nil {
				return err
			}
		}
		children, err = bornFor(r, l.schedule, out.Day)
		return err
	})
	for some := range slices.Chunk(children, 50) { // a snapshot is held for a moment only
		if err == nil {
			err = d.view(ctx, func(r Reader) error { return l.dueRows(r, some) })
		}
	}
	first := func(a, b VaccineRow) int {
		return cmp.Or(cmp.Compare(a.earliest(), b.earliest()), cmp.Compare(a.Name, b.Name), slices.Compare(a.Patient[:], b.Patient[:]))
	}
	slices.SortFunc(out.Due, first)
	slices.SortFunc(out.Late, first)
	slices.SortStableFunc(out.Watch, func(a, b VaccineRow) int { return cmp.Compare(a.Left, b.Left) })
	return out, err
}

func (v *VaccineRow) earliest() int {
	if len(v.Due) == 0 {
		return 0
	}
	at := v.Due[0].Due
	for _, d := range v.Due {
		if d.Due.Before(at) {
			at = d.Due
		}
	}
	return at.Int()
}

// holding leaves the rows that hold on the day.
func holding(rows []clinic.CatalogRow, day clinic.Date) []clinic.CatalogRow {
	return slices.DeleteFunc(rows, func(r clinic.CatalogRow) bool { return !r.ValidOn(day) })
}

// vaccineLists fills the lists of a session.
type vaccineLists struct {
	desk     *Desk
	by       clinic.ID
	schedule []clinic.ScheduledDose
	here     map[clinic.ID]bool // who stands on a list already
	out      *VaccineDay
}

// comers are those who have a visit for vaccines today.
func (l *vaccineLists) comers(r Reader) error {
	d, out := l.desk, l.out
	rows, err := d.dayHere(r, out.Day)
	if err != nil {
		return err
	}
	for i := range rows {
		row := &rows[i]
		if row.Type != clinic.VisitVaccination || row.Has&HasEnded != 0 {
			continue
		}
		file, err := readPatient(r, row.Patient)
		if err != nil {
			return err
		}
		for _, id := range file.Who.IDs {
			l.here[id] = true
		}
		v := VaccineRow{Patient: row.Patient, Visit: row.ID, Queue: row.Queue}
		v.who(file.Now)
		if v.Closed, err = d.closed(r, l.by, row.Patient); err != nil {
			return err
		}
		if v.Closed {
			v.veil()
			out.Wait = append(out.Wait, v)
			continue
		}
		visit := file.Visit(row.ID)
		if visit == nil {
			continue
		}
		if err := d.judge(r, visit); err != nil {
			return err
		}
		v.fill(&file, visit, l.schedule, out.Day)
		out.sort(v)
	}
	return nil
}

// sort puts somebody who came into the list where they stand.
func (out *VaccineDay) sort(v VaccineRow) {
	v.Left = clinic.Observe - int(out.Now.Sub(v.At)/time.Minute)
	switch {
	case v.Outcome == 0:
		out.Wait = append(out.Wait, v)
	case len(v.Doses) > 0 && v.Seen == nil:
		out.Watch = append(out.Watch, v)
	default:
		out.Done = append(out.Done, v)
	}
}

func (v *VaccineRow) who(p *clinic.Patient) {
	if p != nil {
		v.Name, v.Birth, v.Phone = p.Name, p.Birth, p.Phone
	}
}

func (v *VaccineRow) veil() { v.Birth, v.Phone = clinic.Date{Year: v.Birth.Year}, "" }

// fill tells where somebody's visit stands.
func (v *VaccineRow) fill(file *clinic.PatientFile, visit *clinic.VisitFile, schedule []clinic.ScheduledDose, day clinic.Date) {
	v.State, v.Lost = visit.State, len(file.Lost) > 0
	if len(visit.Unsigned()) > 0 {
		v.Sign = visit.Seen()
	}
	doc := visit.Doc(clinic.KindImmunised)
	if b := clinic.BodyOf[clinic.Immunised](doc); b != nil {
		v.Doses, v.Outcome = b.Doses, b.Outcome
		v.At, _ = clinic.BornTime(b.Day, b.Time)
	}
	v.Seen = clinic.BodyOf[clinic.Reaction](visit.Doc(clinic.KindReaction))
	v.Due = nowDue(clinic.DueDoses(schedule, file.Now.Birth, file.GivenDoses(), day))
}

func nowDue(all []clinic.DoseDue) []clinic.DoseDue {
	return slices.DeleteFunc(all, func(d clinic.DoseDue) bool { return d.State != clinic.DoseNow && d.State != clinic.DoseLate })
}

// bornFor returns the patients of an age at which the schedule has doses.
func bornFor(r Reader, schedule []clinic.ScheduledDose, day clinic.Date) (out []clinic.ID, err error) {
	months := map[int]bool{}
	for _, s := range schedule {
		for m := s.Age.Months; m <= s.Age.Months+s.Age.Days/28+listedMonths; m++ {
			months[m] = true
		}
	}
	for m := range months {
		at := day.Year*12 + day.Month - 1 - m
		ids, err := r.BornIn(at/12, at%12+1)
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	slices.SortFunc(out, func(a, b clinic.ID) int { return slices.Compare(a[:], b[:]) })
	return out, nil
}

// dueRows adds children for whom a dose is due.
func (l *vaccineLists) dueRows(r Reader, ids []clinic.ID) error {
	d, out := l.desk, l.out
	for _, id := range ids {
		if l.here[id] {
			continue
		}
		had, err := d.doses.of(r, id)
		if err != nil {
			return err
		}
		for _, x := range had.ids {
			l.here[x] = true
		}
		if had.gone {
			continue
		}
		v := VaccineRow{Patient: had.ids[0], Lost: had.lost}
		v.Due = nowDue(clinic.DueDoses(l.schedule, had.now.Birth, had.given, out.Day))
		v.Due = slices.DeleteFunc(v.Due, func(x clinic.DoseDue) bool { return x.Due.Add(clinic.Span{Months: listedMonths}).Before(out.Day) })
		if len(v.Due) == 0 {
			continue
		}
		v.who(&had.now)
		if v.Closed, err = d.closed(r, l.by, id); err != nil {
			return err
		}
		late := slices.ContainsFunc(v.Due, func(x clinic.DoseDue) bool { return x.State == clinic.DoseLate })
		if v.Closed {
			v.veil()
			v.Due = nil
		}
		if late {
			out.Late = append(out.Late, v)
		} else {
			out.Due = append(out.Due, v)
		}
	}
	return nil
}

// had is what the lists need of somebody's record.
type had struct {
	ids   []clinic.ID // the leading one first
	now   clinic.Patient
	given []clinic.GivenDose
	lost  bool
	gone  bool // died, or the record was taken back: on no list
}

// gone reports whether nobody is to be called: the person died, or the record was taken
// back.
func gone(p *clinic.PatientFile) bool {
	died, _ := p.Died()
	return died != nil || p.Now != nil && p.Now.Withdrawn
}

// doseMemo keeps it until something is recorded of them: the list of a morning is asked
// for after every child, and reads those who came only.
type doseMemo struct {
	mu   sync.Mutex
	held map[clinic.ID]heldDoses
}

type heldDoses struct {
	at  []Position
	had had
}

// dosesHeld bounds the memory.
const dosesHeld = 20_000

// of reads one person.
func (m *doseMemo) of(r Reader, id clinic.ID) (had, error) {
	m.mu.Lock()
	held, ok := m.held[id]
	m.mu.Unlock()
	if ok {
		at, err := positions(r, held.had.ids)
		if err != nil || slices.Equal(at, held.at) {
			return held.had, err
		}
	}
	file, err := readPatient(r, id)
	if err != nil {
		return had{}, err
	}
	out := had{ids: file.Who.IDs, now: *file.Now, given: file.GivenDoses(), lost: len(file.Lost) > 0, gone: gone(&file)}
	at, err := positions(r, out.ids)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil || len(m.held) >= dosesHeld {
		m.held = map[clinic.ID]heldDoses{}
	}
	m.held[id] = heldDoses{at, out}
	return out, err
}

func positions(r Reader, ids []clinic.ID) ([]Position, error) {
	out := make([]Position, len(ids))
	for i, id := range ids {
		at, err := r.Position(id)
		if err != nil {
			return nil, err
		}
		out[i] = at
	}
	return out, nil
}

// vaccinesKept finds for each vaccine the batch to open first.
func (d *Desk) vaccinesKept(r Reader, rows []clinic.CatalogRow, day clinic.Date) (map[string]clinic.Goods, error) {
	out := map[string]clinic.Goods{}
	for i := range rows {
		all, err := r.Stock(StockQuery{Site: d.site(), Catalog: clinic.CatalogVaccine, Code: rows[i].Code, From: day, To: day})
		if err != nil {
			return nil, err
		}
		if parts, _ := stock.Propose(all, 1000, day); len(parts) > 0 {
			out[rows[i].Code] = parts[0].Batch.Goods
		}
	}
	return out, nil
}
