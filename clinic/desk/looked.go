package desk

import (
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
)

// LookFilter narrows a page of looks.
type LookFilter struct {
	Before   LookMark
	By       clinic.ID   // looks of this person only
	From, To clinic.Date // both days included; zero = open
}

// looksPage is how many looks a page shows.
const looksPage = 50

// query makes the store's question.
func (f *LookFilter) query(limit int) LookQuery {
	q := LookQuery{Before: f.Before, By: f.By, Limit: limit}
	if f.From.Full() {
		q.From = f.From.Time()
	}
	if f.To.Full() {
		q.To = f.To.AddDays(1).Time()
	}
	return q
}

// LookRow is one look as pages show it.
type LookRow struct {
	Look
	Name  string      // of the patient
	Birth clinic.Date // year only
	Day   clinic.Date // of the visit that was looked at; zero = none, or not told
	Far   bool        // nothing was recorded of the patient, and nothing was due, within a week of the look
	Seen  *clinic.Record
}

// LooksView is the page of who looked at a patient's record.
type LooksView struct {
	ID        clinic.ID
	Who       clinic.Identity // looks are told of one ID at a time
	Now       clinic.Patient
	Allergies clinic.AllergyFile
	Closed    bool
	Rows      []LookRow // newest first
	Next      LookMark  // of the next page; zero = none
	Names     map[clinic.ID]Person
	Staff     []Person // to choose from
	// Given are the questions of other facilities (KindAsked) to whom the centre told what
	// is recorded here, the latest first.
	Given []clinic.Record
}

// LooksAt returns who looked at a patient's record. Who may read records may see it:
// that everybody can see it is what keeps people from looking. It tells nothing of
// care, so a protected record needs no reason for it.
func (d *Desk) LooksAt(ctx context.Context, by, patient clinic.ID, f LookFilter) (LooksView, error) {
	out := LooksView{ID: patient}
	err := d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightRead)
		if err != nil {
			return err
		}
		file, err := readPatient(r, patient)
		if err != nil {
			return err
		}
		if out.Closed, err = d.closed(r, by, patient); err != nil {
			return err
		}
		out.Who = clinic.Identity{IDs: file.Who.IDs}
		out.Now, out.Allergies = *file.Now, file.Allergies.Shown()
		if out.Closed {
			out.Now = veil(file.Now)
		}
		out.Given = file.Elsewhere.Given(d.o.Site.Facility.Code)
		slices.Reverse(out.Given)
		if out.Staff, err = staffOf(r); err != nil {
			return err
		}
		if out.Names, err = names(r); err != nil {
			return err
		}
		if err := out.rows(r, &file, f); err != nil {
			return err
		}
		if out.Closed && p.Role != clinic.RoleAdministrator {
			out.hush(by)
		}
		return nil
	})
	if err != nil {
		return LooksView{}, err
	}
	d.views.hold(ctx, look{by: by, patient: patient, audit: true})
	return out, nil
}

// hush leaves out why others opened a record that is closed to who asks: people
// write there what they treat. Administrators must judge it.
func (v *LooksView) hush(by clinic.ID) {
	for i := range v.Rows {
		if v.Rows[i].By != by {
			v.Rows[i].Words = ""
		}
	}
}

func (v *LooksView) rows(r Reader, file *clinic.PatientFile, f LookFilter) error {
	looks, next, err := r.Looks(v.ID, f.query(looksPage))
	if err != nil {
		return err
	}
	for _, l := range looks {
		row := LookRow{Look: l}
		if l.Opened != 0 {
			if row.Seen, err = acknowledged(r, l.Leaf); err != nil {
				return err
			}
		}
		for i := range file.Visits {
			w := clinic.Look{Visit: l.Visit}
			if x := &file.Visits[i]; w.At(x.ID) && x.Visit != nil && !v.Closed {
				row.Day = x.Visit.Day
			}
		}
		v.Rows = append(v.Rows, row)
	}
	v.Next = next
	return nil
}

// LookDay is what a person looked at on a day.
type LookDay struct {
	Day      clinic.Date
	Patients int // different ones whose records were opened
	Looks    int
}

// LooksByView is the page of what a person looked at.
type LooksByView struct {
	Person   Person
	From, To clinic.Date
	Days     []LookDay // newest first
	Rows     []LookRow
	Next     LookMark
}

// The period of a page about a person: what it is when nothing is asked for, and how
// long it may be, so that one page reads no more than a month.
const (
	looksDays    = 7
	looksDaysMax = 31
)

// LooksBy returns which records a person opened within a period. Administrators for
// everybody, others for themselves. Whose names the page shows is recorded as well.
func (d *Desk) LooksBy(ctx context.Context, by, person clinic.ID, f LookFilter) (LooksByView, error) {
	d.period(&f)
	out := LooksByView{From: f.From, To: f.To}
	err := d.view(ctx, func(r Reader) error {
		need := rightStaff
		if by == person {
			need = rightRead
		}
		if _, err := who(r, by, need); err != nil {
			return err
		}
		people, err := names(r)
		if err != nil {
			return err
		}
		p, ok := people[person]
		if !ok {
			return &Error{Code: CodeNoPerson}
		}
		out.Person = p
		return out.read(r, f)
	})
	if err != nil {
		return LooksByView{}, err
	}
	var shown []look
	for _, row := range out.Rows {
		shown = append(shown, look{by: by, patient: row.Patient, audit: true})
	}
	d.views.hold(ctx, shown...)
	return out, nil
}

func (d *Desk) period(f *LookFilter) {
	if !f.To.Full() {
		f.To = d.today()
	}
	if !f.From.Full() || f.To.Before(f.From) {
		f.From = f.To.AddDays(1 - looksDays)
	}
	if first := f.To.AddDays(1 - looksDaysMax); f.From.Before(first) {
		f.From = first
	}
}

func (v *LooksByView) read(r Reader, f LookFilter) error {
	whole := f
	whole.Before = LookMark{}
	all, _, err := r.Looks(v.Person.ID, whole.query(allLooks))
	if err != nil {
		return err
	}
	v.count(all)
	page, next, err := r.Looks(v.Person.ID, f.query(looksPage))
	if err != nil {
		return err
	}
	v.Next = next
	known := map[clinic.ID]clinic.PatientFile{}
	for _, l := range page {
		file, ok := known[l.Patient]
		if !ok {
			if file, _, err = readPerson(r, l.Patient); err != nil {
				return err
			}
			known[l.Patient] = file
		}
		row := LookRow{Look: l, Far: !l.Audit && far(&file, l.At)}
		if file.Now != nil {
			row.Name, row.Birth = file.Now.Name, clinic.Date{Year: file.Now.Birth.Year}
		}
		v.Rows = append(v.Rows, row)
	}
	return nil
}

func (v *LooksByView) count(all []Look) {
	patients := map[clinic.ID]bool{}
	for _, l := range all {
		if l.Audit {
			continue
		}
		day := clinic.DateOf(l.At)
		if n := len(v.Days); n == 0 || v.Days[n-1].Day != day {
			v.Days = append(v.Days, LookDay{Day: day})
			clear(patients)
		}
		x := &v.Days[len(v.Days)-1]
		x.Looks++
		if !patients[l.Patient] {
			patients[l.Patient] = true
			x.Patients++
		}
	}
}

// near is what counts as near to a look.
const near = 7 * 24 * time.Hour

// far reports whether nothing of the patient happened near to the time: no visit, no
// change of details, no appointment. It is a plain fact, no verdict.
func far(p *clinic.PatientFile, at time.Time) bool {
	close := func(t time.Time) bool { return t.Sub(at).Abs() <= near }
	for _, r := range slices.Concat(p.Versions, p.Allergies.Versions) {
		if close(r.Event) {
			return false
		}
	}
	for i := range p.Visits {
		v := &p.Visits[i]
		if v.Visit != nil && (close(v.Opened.Event) || close(v.Visit.Day.Time())) {
			return false
		}
		for _, d := range v.Documents {
			for _, ver := range d.Versions {
				a, ok := ver.Record.Body.(*clinic.Appointment)
				if close(ver.Record.Event) || ok && close(a.Due.Time()) {
					return false
				}
			}
		}
	}
	return true
}
