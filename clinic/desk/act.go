package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"clinicbox/clinic"
)

// plan is one use case that writes: what it needs and what it makes.
type plan struct {
	need    right
	kind    clinic.Kind // of the first entry
	patient clinic.ID   // zero = made by the act
	visit   clinic.ID   // zero = none, or made by the act
	// build returns the drafts from one snapshot; it decides nothing outside it.
	build func(w *work) ([]clinic.Draft, error)
	// same tells whether a saved body is what this form says. It finds an old form
	// that comes back with other content, and a form that changes nothing.
	same func(body any) bool
}

// work is what build sees.
type work struct {
	Reader
	desk  *Desk
	by    Person
	now   time.Time
	sure  bool // the clock is trusted
	today clinic.Date
	// issued are numbers of drafts that are not saved yet; nil = the act has no more than
	// one of a series.
	issued map[string]int
}

// workOf begins work on a snapshot for somebody who must have the right.
func (d *Desk) workOf(r Reader, by clinic.ID, need right) (*work, error) {
	p, err := who(r, by, need)
	if err != nil {
		return nil, err
	}
	return d.workBy(r, p), nil
}

// workBy begins work for somebody of whom it is known that they may; the zero person is
// the box itself.
func (d *Desk) workBy(r Reader, p Person) *work {
	now, sure := d.o.Clock.Now()
	return &work{Reader: r, desk: d, by: p, now: now, sure: sure, today: dayOf(now)}
}

// readable reads a patient whose record is not closed to who works.
func (w *work) readable(patient clinic.ID) (clinic.PatientFile, error) {
	if err := w.desk.mayRead(w, w.by.ID, patient); err != nil {
		return clinic.PatientFile{}, err
	}
	return readPatient(w, patient)
}

// save runs the plan in one act.
func (d *Desk) save(ctx context.Context, c Call, p plan) (Done, error) {
	if c.Act.IsZero() {
		return Done{}, &Error{Code: CodeFormAct}
	}
	saved, err := d.o.Store.Act(ctx, c.Act, c.By, func(r Reader) ([]clinic.Draft, error) {
		w, err := d.workOf(r, c.By, p.need)
		if err != nil {
			return nil, err
		}
		drafts, err := p.build(w)
		return drafts, d.veilError(r, c.By, err)
	})
	if u, ok := errors.AsType[*unchanged](err); ok {
		return Done{Patient: p.patient, Visit: p.visit, Records: []clinic.Record{u.record}, Again: true}, nil
	}
	if err != nil {
		return Done{}, err
	}
	if len(saved.Records) == 0 {
		return Done{}, errors.New("desk: the store saved nothing and said nothing")
	}
	first := &saved.Records[0]
	if saved.Again && !p.wrote(first, c.By) {
		return Done{}, &Error{Code: CodeFormStale}
	}
	return Done{Patient: first.Subject, Visit: first.Visit, Records: saved.Records, Again: saved.Again}, nil
}

// wrote tells whether the record is what the plan would have written.
func (p *plan) wrote(r *clinic.Record, by clinic.ID) bool {
	return r.Kind == p.kind && r.Author == by &&
		(p.patient.IsZero() || r.Subject == p.patient) &&
		(p.visit.IsZero() || r.Visit == p.visit) && p.same(r.Body)
}

// unchanged leaves an act without writing: the form says what is recorded.
type unchanged struct{ record clinic.Record }

func (*unchanged) Error() string { return "desk: the form changes nothing" }

// document is the visit a form is about, checked.
type document struct {
	*work
	on      On
	row     VisitRow
	patient *clinic.Patient
	whole   clinic.PatientFile // the person, with what stands under linked IDs
	file    clinic.VisitFile
	old     *clinic.Document // that the form corrects, or nil
}

// form is a clinical document that somebody saves.
type form struct {
	need right
	kind clinic.Kind
	why  bool // a correction needs a reason though nothing is signed
	many bool // a zero Base adds one although there is one
	copy bool // who measures may copy it from a paper: a doctor confirms it
	// body makes the entry's body from the catalogues of the visit's day.
	body func(w *document) (any, error)
	same func(body any) bool
	// again tells of a saved body that is the same as the form's that it must be
	// looked at once more; nil = never.
	again func(w *document, saved any) bool
	// more makes further drafts of the same act, beside the document's; nil = none.
	more func(w *document, first *clinic.Draft) ([]clinic.Draft, error)
}

// saveForm saves a document, or a correction of it.
func (d *Desk) saveForm(ctx context.Context, c Call, on On, f form) (Done, error) {
	build := func(w *work) ([]clinic.Draft, error) {
		doc, err := w.document(on, f)
		if err != nil {
			return nil, err
		}
		draft := clinic.Draft{Kind: f.kind, Subject: on.Patient, Visit: on.Visit, Event: doc.event()}
		if doc.old != nil {
			cur := doc.old.Current().Record
			if f.same(cur.Body) && (f.again == nil || !f.again(doc, cur.Body)) {
				return nil, &unchanged{cur}
			}
			if doc.old.State != clinic.DocUnsigned || f.why {
				why, err := d.text("why", on.Why, 500)
				if err != nil {
					return nil, err
				}
				if why == "" {
					return nil, &Error{Code: CodeWhy, Field: "why"}
				}
				draft.Why = why
			}
			draft.Corrects = cur.Leaf
		}
		if draft.Body, err = f.body(doc); err != nil {
			return nil, err
		}
		if f.more == nil {
			return []clinic.Draft{draft}, nil
		}
		more, err := f.more(doc, &draft)
		return append([]clinic.Draft{draft}, more...), err
	}
	need := f.need
	if f.copy {
		need = rightMeasure // document asks again
	}
	return d.save(ctx, c, plan{
		need: need, kind: f.kind, patient: on.Patient, visit: on.Visit, build: build, same: f.same,
	})
}

// document reads the visit and checks that the form fits what is recorded now.
func (w *work) document(on On, f form) (*document, error) {
	read := w.visit
	if f.kind == clinic.KindBill && w.by.Role == clinic.RoleCashier {
		read = w.readVisit // as VisitPage shows it
	}
	doc, err := read(on.Patient, on.Visit)
	if err != nil {
		return nil, err
	}
	if f.copy && doc.event().IsZero() {
		if _, err := who(w, w.by.ID, f.need); err != nil {
			return nil, err
		}
	}
	doc.on = on
	if doc.row.Has&HasEnded != 0 {
		return nil, &Error{Code: CodeVisitEnded}
	}
	if on.Base == (clinic.Leaf{}) {
		if !f.many && doc.file.Doc(f.kind) != nil {
			return nil, &Error{Code: CodeChanged}
		}
		return doc, nil
	}
	doc.old = doc.file.Find(on.Base)
	if doc.old == nil || doc.old.Kind != f.kind || doc.old.Leaf() != on.Base {
		return nil, &Error{Code: CodeChanged}
	}
	return doc, nil
}

// visit reads a visit that must belong to the patient, whose record must be open to
// the person.
func (w *work) visit(patient, visit clinic.ID) (*document, error) {
	doc, err := w.readVisit(patient, visit)
	if err == nil {
		err = w.desk.mayRead(w, w.by.ID, patient)
	}
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// readVisit is visit for what shows nothing of the record, or checked before.
func (w *work) readVisit(patient, visit clinic.ID) (*document, error) {
	row, ok, err := w.Visit(visit)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, &Error{Code: CodeNoVisit}
	case row.Patient != patient:
		return nil, &Error{Code: CodeMixed}
	}
	whole, records, err := readPerson(w, patient)
	if err != nil {
		return nil, err
	}
	if whole.Now == nil {
		return nil, &Error{Code: CodeNoPatient}
	}
	// The visit is read under its own ID alone: that is what its signature is bound to.
	records = slices.DeleteFunc(records, func(r clinic.Record) bool { return r.Subject != patient })
	doc := &document{work: w, row: row, patient: whole.Now, whole: whole, file: clinic.FoldVisit(visit, records)}
	doc.lose(visit, patient)
	return doc, w.desk.judge(w.Reader, &doc.file)
}

// lose tells the visit what the person's file found lost of it; one of which nothing
// can be read may miss everything.
func (doc *document) lose(visit, patient clinic.ID) {
	for i := range doc.whole.Visits {
		if v := &doc.whole.Visits[i]; v.ID == visit && v.Patient == patient {
			doc.file.Lost, doc.file.MayLack = v.Lost, v.MayLack
			return
		}
	}
	doc.file.Patient, doc.file.MayLack = patient, doc.whole.Lost
}

// misses tells whether a document of the kind was there, or may have been, and can no
// longer be read: that there is none must not be said.
func (doc *document) misses(k clinic.Kind, has Progress) bool {
	return doc.file.Misses(k) || doc.file.Doc(k) == nil && doc.row.Has&has != 0
}

// next returns the number after the last of a series.
func (w *work) next(series string) (int, error) {
	n, err := w.Last(series)
	n = max(n, w.issued[series]) + 1
	if w.issued != nil {
		w.issued[series] = n
	}
	return n, err
}
