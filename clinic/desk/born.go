package desk

import (
	"bytes"
	"context"
	"slices"

	"clinicbox/clinic"
)

// Birth is one child of a birth with what came of it.
type Birth struct {
	clinic.Born
	N           int // from 1
	Day         clinic.Date
	Time        string
	Record      *Hit // nil = no record yet
	Died        bool // the record says so
	Doses       int  // vaccines that the record says
	Certificate *clinic.BirthCertificate
	Doc         *clinic.Document // of the certificate
	Copies      int              // that went to the printer
	Differs     bool             // the birth says something else since: issue another one
}

// Births reads what came of the children of a visit's birth.
func (d *Desk) Births(ctx context.Context, by, patient, visit clinic.ID) (out []Birth, err error) {
	err = d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightRead)
		if err != nil {
			return err
		}
		doc, err := w.visit(patient, visit)
		if err != nil {
			return err
		}
		b := clinic.BodyOf[clinic.Delivery](doc.file.Doc(clinic.KindDelivery))
		if b == nil || b.Mistake {
			return nil
		}
		for i := range b.Children {
			x, err := doc.birth(b, i)
			if err != nil {
				return err
			}
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

// birth reads what came of one child, from 0.
func (w *document) birth(b *clinic.Delivery, i int) (Birth, error) {
	x := Birth{Born: b.Children[i], N: i + 1}
	x.Day, x.Time = b.BornAt(i)
	for _, doc := range w.file.Docs(clinic.KindBirthCertificate) {
		if c := clinic.BodyOf[clinic.BirthCertificate](doc); c != nil && bytes.Equal(c.Child, x.ID) {
			x.Certificate, x.Doc, x.Copies = c, doc, printed(&w.file, formBirth, c.Number)
			x.Differs = !c.Says(b, i)
		}
	}
	id, ok, err := w.childRecord(b, i)
	if err != nil || !ok {
		return x, err
	}
	hits, err := hitsOf(w, []clinic.ID{id}, ByMother)
	if err != nil {
		return x, err
	}
	if hits, err = w.desk.veilHits(w, w.by.ID, hits); err != nil || len(hits) == 0 {
		return x, err
	}
	if x.Record = &hits[0]; x.Record.Closed {
		return x, nil
	}
	file, err := readPatient(w, id)
	if err != nil {
		return x, err
	}
	doc, _ := file.Died()
	x.Died, x.Doses = doc != nil, len(file.GivenDoses())
	return x, nil
}

// childRecord returns the ID of a child's record: the one that was kept for it, or one
// that was made from the mother's page.
func (w *document) childRecord(b *clinic.Delivery, i int) (clinic.ID, bool, error) {
	own := clinic.ID(b.Children[i].ID)
	if _, p, err := detailsOf(w, own); err != nil || p != nil {
		return own, p != nil, err
	}
	details := b.Details(i)
	ids, err := childrenOf(w, &w.whole.Who)
	if err != nil {
		return clinic.ID{}, false, err
	}
	hits, err := hitsOf(w, ids, ByMother)
	for _, h := range hits {
		if clinic.SameTime(h.Now.Birth, details.Birth) && h.Now.Order == details.Order && !h.Now.Withdrawn {
			return h.ID, true, err
		}
	}
	return clinic.ID{}, false, err
}

// ofBirth reports whether the record is one that is kept for a child of the birth.
func ofBirth(children []clinic.Born, who *clinic.Identity) bool {
	return slices.ContainsFunc(children, func(c clinic.Born) bool { return who.Has(clinic.ID(c.ID)) })
}

// BornInput is the button that makes the record of one child of a birth.
type BornInput struct {
	Patient clinic.ID // the mother
	Visit   clinic.ID
	N       int // which child, from 1
}

// stillbirth is the ICD-10 code of a death before birth of which nobody knows the cause.
const stillbirth = "P95"

// RegisterBorn makes the record of a child from what the birth says of it, as
// RegisterChild does. The record of a stillborn child opens with the visit of its death,
// in one act, so that nobody is called about it; a doctor completes and signs that.
// Done.Visit is that visit, zero for a live child.
func (d *Desk) RegisterBorn(ctx context.Context, c Call, in BornInput) (Done, error) {
	shut := false
	done, err := d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPatient,
		build: func(w *work) ([]clinic.Draft, error) {
			doc, err := w.visit(in.Patient, in.Visit)
			if err != nil {
				return nil, err
			}
			b := clinic.BodyOf[clinic.Delivery](doc.file.Doc(clinic.KindDelivery))
			if b == nil || b.Mistake || in.N < 1 || in.N > len(b.Children) || doc.file.Ended != nil {
				return nil, &Error{Code: CodeNoVisit}
			}
			out, err := doc.registerBorn(b, in.N-1)
			shut = slices.ContainsFunc(out, func(x clinic.Draft) bool { return x.Kind == clinic.KindProtection })
			return out, err
		},
		same: func(body any) bool {
			p, ok := body.(*clinic.Patient)
			return ok && bytes.Equal(p.Mother, in.Patient[:]) && max(p.Order, 1) == in.N
		},
	})
	if err != nil {
		return done, err
	}
	for i := range done.Records {
		if r := &done.Records[i]; r.Kind == clinic.KindVisit {
			done.Visit = r.Visit
		}
	}
	if shut && !done.Again {
		now := d.now()
		d.open.open(opening{c.By, done.Patient}, c.Act, now, now)
	}
	return done, nil
}

func (w *document) registerBorn(b *clinic.Delivery, i int) ([]clinic.Draft, error) {
	_, there, err := w.childRecord(b, i)
	switch {
	case err != nil:
		return nil, err
	case there:
		return nil, &Error{Code: CodeBirthKept}
	}
	p := b.Details(i)
	in := ChildInput{
		Mother: w.row.Patient, Sex: p.Sex, Birth: p.Birth, Time: p.BirthTime, Grams: p.BornGrams, Order: p.Order, Of: p.Of, Born: p.Born,
		others: b.Children,
	}
	typed, err := w.desk.childForm(in)
	if err != nil {
		return nil, err
	}
	out, err := w.work.child(in, typed)
	if err != nil {
		return nil, err
	}
	id := clinic.ID(b.Children[i].ID)
	for j := range out {
		out[j].Subject = id
	}
	if b.Children[i].State.Live() {
		return out, nil
	}
	if _, err := who(w, w.by.ID, rightTreat); err != nil {
		return nil, err
	}
	opened, err := w.desk.openVisit(w.work, id, clinic.Visit{Source: clinic.SourceTyped, Type: clinic.VisitDeath})
	if err != nil {
		return nil, err
	}
	death := &clinic.Death{Day: p.Birth, Time: p.BirthTime, Place: diedAt(b.Place), Where: b.Where}
	if _, ok := w.Row(clinic.CatalogICD10, stillbirth, w.row.Day); ok {
		death.Chain = []clinic.Cause{{Code: stillbirth}}
	}
	out = append(out, opened...)
	return append(out, clinic.Draft{Kind: clinic.KindDeath, Subject: id, Visit: opened[0].Visit, Body: death}), nil
}

// diedAt is where who died was born.
func diedAt(p clinic.BirthPlace) clinic.DeathPlace {
	switch p {
	case clinic.BirthHere:
		return clinic.DiedHere
	case clinic.BirthHome:
		return clinic.DiedHome
	case clinic.BirthOnTheWay:
		return clinic.DiedOnTheWay
	}
	return clinic.DiedElsewhere
}
