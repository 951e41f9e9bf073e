package desk

import (
	"context"
	"slices"
	"sync"

	"clinicbox/clinic"
)

// DoseHint is a dose that somebody may take over with one tap. Nothing is filled in by
// itself: what fitted another patient must be chosen.
type DoseHint struct {
	Medicine string
	Name     string // of the catalogue's row; empty: as this person prescribed it last
	clinic.Dosing
}

// How far back the prescriber's own doses are looked for.
const (
	hintDays   = 45
	hintVisits = 300
	hintMost   = 3      // shown for one medicine
	hintAdult  = 12     // years: a dose of an adult is none of a child's
	hintKept   = 20_000 // doses in memory, of all prescribers
)

// habit names what a dose was prescribed for.
type habit struct {
	by       clinic.ID
	medicine string
	main     string // main diagnosis; "" = whatever
	child    bool
}

// habits remembers each prescriber's last doses. It holds nothing of a patient.
type habits struct {
	mu   sync.Mutex
	read map[clinic.ID]bool // whose visits were gone through
	last map[habit]clinic.Dosing
}

func newHabits() *habits {
	return &habits{read: map[clinic.ID]bool{}, last: map[habit]clinic.Dosing{}}
}

// put remembers the doses of a prescription for of, whose medicine is filled in; of
// earlier ones only what is not known yet.
func (h *habits) put(of habit, lines []clinic.DrugLine, earlier bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.last) > hintKept {
		h.last, h.read = map[habit]clinic.Dosing{}, map[clinic.ID]bool{}
	}
	for _, l := range lines {
		if l.Dose <= 0 || l.Times <= 0 || l.Days <= 0 {
			continue
		}
		d := clinic.Dosing{Dose: l.Dose, Measure: l.Measure, Times: l.Times, Days: l.Days, When: l.When}
		for _, k := range []habit{{of.by, l.Medicine, of.main, of.child}, {of.by, l.Medicine, "", of.child}} {
			if _, known := h.last[k]; !known || !earlier {
				h.last[k] = d
			}
		}
	}
}

func (h *habits) find(by clinic.ID, medicine, main string, child bool) (clinic.Dosing, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d, ok := h.last[habit{by, medicine, main, child}]
	if !ok {
		d, ok = h.last[habit{by, medicine, "", child}]
	}
	return d, ok
}

// begin reports whether the person's visits must be gone through.
func (h *habits) begin(by clinic.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.read[by]
	h.read[by] = true
	return !before
}

// Doses returns for medicines of a prescription that is written the usual doses: as this
// person prescribed it last for this diagnosis, else for any, and the rows of the
// catalogue that fit age, weight and diagnosis.
func (d *Desk) Doses(ctx context.Context, by clinic.ID, on On, medicines []string) (out []DoseHint, err error) {
	err = d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightTreat)
		if err != nil {
			return err
		}
		doc, err := w.visit(on.Patient, on.Visit)
		if err != nil {
			return err
		}
		if d.habits.begin(by) {
			if err := w.readHabits(doc.day()); err != nil {
				return err
			}
		}
		child, main, known := doc.child()
		rows := r.CatalogRows(clinic.CatalogDosage, doc.row.Day)
		who := clinic.DosageFor{AgeDays: ageDays(doc.patient.Birth, doc.day()), Weight: doc.weight(), Diagnoses: doc.diagnoses()}
		for _, m := range medicines {
			var of []DoseHint
			if last, ok := d.habits.find(by, m, main, child); ok && known {
				of = append(of, DoseHint{Medicine: m, Dosing: last})
			}
			for _, row := range clinic.Dosages(rows, m, who) {
				x, err := clinic.ParseDosage(row.Dosage)
				if err == nil && !slices.ContainsFunc(of, func(h DoseHint) bool { return h.Dosing == x }) {
					of = append(of, DoseHint{Medicine: m, Name: row.Name, Dosing: x})
				}
			}
			out = append(out, of[:min(len(of), hintMost)]...)
		}
		return nil
	})
	return out, err
}

// child tells whose doses fit: a child's or another's; known is false where the age is not.
func (w *document) child() (child bool, main string, known bool) {
	age := ageDays(w.patient.Birth, w.day())
	if dx := w.diagnoses(); len(dx) > 0 {
		main = dx[0]
	}
	return age < hintAdult*365, main, age >= 0
}

// readHabits goes through the latest visits of the station, newest first, for what the
// person prescribed. Records that are closed to the person are left out.
func (w *work) readHabits(today clinic.Date) error {
	left := hintVisits
	for day := today; left > 0 && today.AddDays(-hintDays).Before(day); day = day.AddDays(-1) {
		rows, err := w.Day(day)
		if err != nil {
			return err
		}
		for _, row := range slices.Backward(rows) {
			if row.Has&HasPrescription == 0 || left == 0 {
				continue
			}
			left--
			if closed, err := w.Protected(row.Patient); err != nil {
				return err
			} else if closed {
				continue
			}
			if err := w.readHabit(&row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) readHabit(row *VisitRow) error {
	records, err := w.Records(row.Patient)
	if err != nil {
		return err
	}
	birth, err := w.Patient(row.Patient)
	if err != nil || birth == nil {
		return err
	}
	file := clinic.FoldVisit(row.ID, records)
	doc := &document{work: w, row: *row, patient: birth, file: file}
	child, main, known := doc.child()
	for _, rx := range file.Docs(clinic.KindPrescribe) {
		cur := &rx.Current().Record
		if b, ok := cur.Body.(*clinic.Prescription); ok && known && cur.Author == w.by.ID {
			w.desk.habits.put(habit{by: w.by.ID, main: main, child: child}, b.Lines, true)
		}
	}
	return nil
}

// learn remembers what was just prescribed; without it the next page offers less.
func (d *Desk) learn(ctx context.Context, by clinic.ID, done *Done) {
	_ = d.view(ctx, func(r Reader) error {
		w := &work{Reader: r, desk: d, by: Person{ID: by}}
		doc, err := w.readVisit(done.Patient, done.Visit)
		if err != nil {
			return err
		}
		child, main, known := doc.child()
		for _, rec := range done.Records {
			if b, ok := rec.Body.(*clinic.Prescription); ok && known {
				d.habits.put(habit{by: by, main: main, child: child}, b.Lines, false)
			}
		}
		return nil
	})
}
