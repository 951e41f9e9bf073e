package desk

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// DeliveryInput is the form of a birth. IDs of children and the age of the pregnancy are
// filled in by the act.
type DeliveryInput struct {
	On
	clinic.Delivery
}

// Deliver saves a birth. The pregnancy that holds on its day ends in the same act; taking
// the birth back (Mistake) opens it again. Every child gets the ID of its record, which
// RegisterBorn makes.
func (d *Desk) Deliver(ctx context.Context, c Call, in DeliveryInput) (Done, error) {
	typed, err := d.deliveryForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindDelivery, why: typed.Mistake,
		body: func(w *document) (any, error) { return w.delivery(*typed) },
		same: func(b any) bool { s, ok := b.(*clinic.Delivery); return ok && sameDelivery(s, typed) },
		more: func(w *document, first *clinic.Draft) ([]clinic.Draft, error) {
			return w.endPregnancies(first.Body.(*clinic.Delivery)), nil
		},
	})
}

// deliveryForm checks what needs no record to be read.
func (d *Desk) deliveryForm(in DeliveryInput) (*clinic.Delivery, error) {
	b := in.Delivery
	if b.Mistake {
		if in.Base == (clinic.Leaf{}) {
			return nil, &Error{Code: CodeNothing}
		}
		return &clinic.Delivery{Mistake: true}, nil
	}
	var bad Errors
	b.Age, b.Children = 0, slices.Clone(b.Children)
	for _, f := range []struct {
		name  string
		p     *string
		limit int
	}{{"where", &b.Where, 200}, {"attendant", &b.Attendant, 100}, {"note", &b.Note, 1000}} {
		s, err := d.text(f.name, *f.p, f.limit)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		*f.p = s
	}
	if !b.Day.Full() || !b.Day.Valid() {
		bad = append(bad, &Error{Code: CodeBirthWhen, Field: "day"})
	}
	clock, ok := clinic.ParseClock(b.Time)
	if b.Time == "" || !ok {
		bad = append(bad, &Error{Code: CodeHour, Field: "time"})
	}
	b.Time = clock
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"mode", slices.Contains(clinic.BirthModes(), b.Mode)},
		{"place", slices.Contains(clinic.BirthPlaces(), b.Place)},
		{"mother", slices.Contains(clinic.MotherStates(), b.Mother)},
		{"lie", b.Lie <= clinic.LieUnclear},
		{"placenta", b.Placenta <= clinic.PlacentaMissing},
		{"perineum", b.Perineum <= clinic.PerineumFour},
		{"children", len(b.Children) > 0 && len(b.Children) <= clinic.MostChildren},
		{"complication", !slices.ContainsFunc(b.Complications, func(s string) bool { return !slices.Contains(clinic.BirthComplications(), s) })},
	} {
		if !f.ok {
			bad = append(bad, &Error{Code: CodeRequired, Field: f.name})
		}
	}
	if r := (clinic.Range{Low: 10, High: 6000}); b.Blood != 0 && !r.Holds(b.Blood) {
		bad = append(bad, outsideOf("blood", b.Blood, r, "ml"))
	}
	for i := range b.Children {
		more, err := d.bornForm(&b.Children[i], i+1)
		if err != nil {
			return nil, err
		}
		bad = append(bad, more...)
	}
	return &b, bad.join()
}

// bornForm checks what the form says of one child; a refusal names its field as sex.1.
func (d *Desk) bornForm(c *clinic.Born, n int) (bad Errors, err error) {
	at := func(field string) string { return field + "." + strconv.Itoa(n) }
	c.ID = nil
	note, err := d.line(at("note"), c.Note, 200)
	if err := bad.collect(err); err != nil {
		return nil, err
	}
	c.Note = note
	if c.Sex < clinic.SexMale || c.Sex > clinic.SexUndetermined {
		bad = append(bad, &Error{Code: CodeRequired, Field: at("sex")})
	}
	if !slices.Contains(clinic.BornStates(), c.State) {
		bad = append(bad, &Error{Code: CodeRequired, Field: at("state")})
	}
	if clock, ok := clinic.ParseClock(c.Time); c.Time != "" && !ok {
		bad = append(bad, &Error{Code: CodeHour, Field: at("time")})
	} else if c.Time != "" {
		c.Time = clock
	}
	grams := clinic.BornGramsRange()
	for _, f := range []struct {
		name, unit string
		n          int
		r          clinic.Range
	}{{"grams", "g", c.Grams, grams}, {"length", "cm", c.Length, clinic.Range{Low: 15, High: 70}}} {
		if f.n != 0 && !f.r.Holds(f.n) {
			bad = append(bad, outsideOf(at(f.name), f.n, f.r, f.unit))
		}
	}
	for _, f := range []struct {
		name string
		n    int
	}{{"apgar1", c.Apgar1}, {"apgar5", c.Apgar5}} {
		if f.n < 0 || f.n > 11 {
			bad = append(bad, outsideOf(at(f.name), f.n-1, clinic.Range{Low: 0, High: 10}, ""))
		}
	}
	c.Vitamin, c.HepB, c.Breast = min(c.Vitamin, clinic.AnswerNo), min(c.HepB, clinic.AnswerNo), min(c.Breast, clinic.AnswerNo)
	if !c.State.Live() { // nothing of it was done
		c.Apgar1, c.Apgar5, c.Vitamin, c.HepB, c.Breast = 0, 0, 0, 0, 0
	}
	return bad, nil
}

// sameDelivery compares what a form says; IDs and the age come from the act.
func sameDelivery(a, b *clinic.Delivery) bool {
	plain := func(d *clinic.Delivery) clinic.Delivery {
		x := *d
		x.Age, x.Children = 0, slices.Clone(d.Children)
		for i := range x.Children {
			x.Children[i].ID = nil
		}
		if len(x.Complications) == 0 {
			x.Complications = nil
		}
		if x.Mistake {
			return clinic.Delivery{Mistake: true}
		}
		return x
	}
	return reflect.DeepEqual(plain(a), plain(b))
}

// delivery checks the form against what is recorded, and fills it in.
func (w *document) delivery(b clinic.Delivery) (any, error) {
	old := clinic.BodyOf[clinic.Delivery](w.old)
	if b.Mistake { // what was said stays readable, and whatever is wrong with it is taken back
		b = *old
		b.Mistake = true
		return &b, nil
	}
	if err := bears(w.patient, b.Day); err != nil {
		return nil, err
	}
	var bad Errors
	now, sure := w.now, w.sure
	for i := range b.Children {
		day, clock := b.BornAt(i)
		if born, ok := clinic.BornTime(day, clock); sure && (!ok || born.After(now)) {
			bad = append(bad, &Error{Code: CodeBirthWhen, Field: "time"})
			break
		}
	}
	if !w.patient.Birth.IsZero() && b.Day.Before(w.patient.Birth) {
		bad = append(bad, &Error{Code: CodeBirthWhen, Field: "day"})
	}
	more, err := w.nameChildren(&b, old)
	if err != nil {
		return nil, err
	}
	bad = append(bad, more...)
	if doc := w.ending(&b); doc != nil {
		b.Age, _ = clinic.BodyOf[clinic.Pregnancy](doc).AgeOn(b.Day)
	}
	return &b, bad.join()
}

// nameChildren gives each child the ID of its record: the one that it had. A child that
// has its record is not left out.
func (w *document) nameChildren(b, old *clinic.Delivery) (bad Errors, err error) {
	kept := 0
	if old != nil {
		kept = len(old.Children)
	}
	for i := range max(kept, len(b.Children)) {
		switch {
		case i >= kept:
			id := w.desk.o.NewID()
			b.Children[i].ID = id[:]
		case i < len(b.Children):
			b.Children[i].ID = old.Children[i].ID
		default:
			_, p, err := detailsOf(w, clinic.ID(old.Children[i].ID))
			if err != nil {
				return nil, err
			}
			if p != nil && !p.Withdrawn {
				bad = append(bad, &Error{Code: CodeBirthRecord, Field: "children", Args: map[string]string{"n": strconv.Itoa(i + 1)}})
			}
		}
	}
	return bad, nil
}

// ending returns the pregnancy that the birth ends, or ended; nil when none is recorded.
func (w *document) ending(b *clinic.Delivery) *clinic.Document {
	for _, doc := range w.whole.Pregnancies() {
		p := clinic.BodyOf[clinic.Pregnancy](doc)
		if bytes.Equal(p.Delivery, w.row.ID[:]) || p.Open() && p.Holds(b.Day) {
			return doc
		}
	}
	return nil
}

// endPregnancies makes the entries that end every open pregnancy with the birth, for boxes
// that wrote apart may each have one; of a birth that is taken back those that open them
// again.
func (w *document) endPregnancies(b *clinic.Delivery) (out []clinic.Draft) {
	for _, doc := range w.whole.Pregnancies() {
		p := *clinic.BodyOf[clinic.Pregnancy](doc)
		mine := bytes.Equal(p.Delivery, w.row.ID[:])
		ended, end, delivery := b.Day, clinic.EndBirth, w.row.ID[:]
		if b.Mistake {
			ended, end, delivery = clinic.Date{}, 0, nil
		}
		if !mine && (b.Mistake || !p.Open() || !p.Holds(b.Day)) || mine && p.Ended == ended {
			continue
		}
		p.Ended, p.End, p.Delivery = ended, end, slices.Clone(delivery)
		out = append(out, clinic.Draft{Kind: clinic.KindPregnancy, Subject: doc.Current().Record.Subject, Corrects: doc.Leaf(), Body: &p})
	}
	return out
}

// born reports whether a birth stands in the visit.
func born(v *clinic.VisitFile) bool {
	b := clinic.BodyOf[clinic.Delivery](v.Doc(clinic.KindDelivery))
	return b != nil && !b.Mistake
}
