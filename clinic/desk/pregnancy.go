package desk

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// PregnancyInput is the form of a pregnancy.
type PregnancyInput struct {
	Patient clinic.ID
	Base    clinic.Leaf // the version that the form showed; zero = a new pregnancy
	clinic.Pregnancy
	Undated bool   // yes, neither period nor ultrasound is known
	Why     string // of a mistake: there is no pregnancy
}

// scanMost is how old an ultrasound may find a pregnancy, in days.
const scanMost = 43 * 7

// SavePregnancy records a pregnancy once, or changes what is said of it: dates, risks, how
// it ended. Of a woman whose pregnancy is followed already a new one is refused. One that
// a delivery ended is reopened by taking back the delivery only.
func (d *Desk) SavePregnancy(ctx context.Context, c Call, in PregnancyInput) (Done, error) {
	typed, err := d.pregnancyForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindPregnancy, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(in.Patient)
			if err != nil {
				return nil, err
			}
			return w.pregnancy(&file, &in, *typed)
		},
		same: func(b any) bool { p, ok := b.(*clinic.Pregnancy); return ok && samePregnancy(p, typed) },
	})
}

// pregnancyForm checks what needs no record to be read.
func (d *Desk) pregnancyForm(in PregnancyInput) (*clinic.Pregnancy, error) {
	p := in.Pregnancy
	var bad Errors
	var err error
	if p.Note, err = d.text("note", p.Note, 500); err != nil {
		if err := bad.collect(err); err != nil {
			return nil, err
		}
	}
	today := d.today()
	_, sure := d.o.Clock.Now()
	for _, f := range []struct {
		name string
		day  clinic.Date
	}{{"lmp", p.LMP}, {"scan", p.Scan}, {"ended", p.Ended}} {
		if !f.day.IsZero() && (!f.day.Full() || !f.day.Valid() || sure && today.Before(f.day)) {
			bad = append(bad, &Error{Code: CodePregnancyDate, Field: f.name})
		}
	}
	switch {
	case p.Scan.IsZero() != (p.ScanAge == 0):
		bad = append(bad, &Error{Code: CodeRequired, Field: "scanweeks"})
	case p.ScanAge < 0 || p.ScanAge > scanMost:
		bad = append(bad, &Error{Code: CodePregnancyDate, Field: "scanweeks"})
	case p.LMP.IsZero() && p.Scan.IsZero() && !in.Undated && p.End != clinic.EndMistake:
		bad = append(bad, &Error{Code: CodePregnancyDating, Field: "lmp"})
	}
	p.ByScan = p.ByScan && !p.Scan.IsZero()
	if p.Gravida < 0 || p.Gravida > 20 {
		bad = append(bad, outsideOf("gravida", p.Gravida, clinic.Range{Low: 1, High: 20}, ""))
	}
	p.Para = strings.NewReplacer(" ", "", "-", "", ".", "").Replace(p.Para)
	if p.Para != "" && (len(p.Para) != 4 || strings.Trim(p.Para, "0123456789") != "") {
		bad = append(bad, &Error{Code: CodePregnancyPara, Field: "para"})
	}
	for _, r := range p.Risks {
		if !slices.Contains(clinic.PregnancyRisks(), r) {
			bad = append(bad, &Error{Code: CodeRequired, Field: "risk"})
		}
	}
	bad = append(bad, endForm(&p, in.Base)...)
	return &p, bad.join()
}

// endForm checks what the form says of the end.
func endForm(p *clinic.Pregnancy, base clinic.Leaf) (bad Errors) {
	switch {
	case p.End == 0 && p.Ended.IsZero():
		return nil
	case base == (clinic.Leaf{}):
		return Errors{{Code: CodeNothing}}
	case p.End == 0:
		bad = append(bad, &Error{Code: CodeRequired, Field: "end"})
	case p.End != clinic.EndBirth && !slices.Contains(clinic.PregnancyEnds(), p.End):
		bad = append(bad, &Error{Code: CodeRequired, Field: "end"})
	case p.Ended.IsZero() && p.End != clinic.EndMistake:
		bad = append(bad, &Error{Code: CodeRequired, Field: "ended"})
	}
	if begin, ok := p.Begin(); ok && !p.Ended.IsZero() && p.Ended.Before(begin) {
		bad = append(bad, &Error{Code: CodePregnancyDate, Field: "ended"})
	}
	return bad
}

// outsideOf refuses a value that cannot be.
func outsideOf(field string, n int, r clinic.Range, unit string) *Error {
	return &Error{Code: CodeImpossible, Field: field, Args: map[string]string{
		"value": strconv.Itoa(n), "low": strconv.Itoa(r.Low), "high": strconv.Itoa(r.High), "unit": unit,
	}}
}

// samePregnancy compares what a form says; the day of recording and the delivery come
// from the act.
func samePregnancy(a, b *clinic.Pregnancy) bool {
	x, y := *a, *b
	x.On, y.On, x.Delivery, y.Delivery = clinic.Date{}, clinic.Date{}, nil, nil
	if x.End == clinic.EndMistake && y.End == clinic.EndMistake {
		x.Ended, y.Ended = clinic.Date{}, clinic.Date{} // the act's day
	}
	if len(x.Risks) == 0 && len(y.Risks) == 0 {
		x.Risks, y.Risks = nil, nil
	}
	return reflect.DeepEqual(x, y)
}

// pregnancy makes the entry from what is recorded.
func (w *work) pregnancy(file *clinic.PatientFile, in *PregnancyInput, body clinic.Pregnancy) ([]clinic.Draft, error) {
	draft := clinic.Draft{Kind: clinic.KindPregnancy, Subject: in.Patient, Body: &body}
	body.On = w.today
	var old *clinic.Pregnancy
	if in.Base == (clinic.Leaf{}) {
		if err := bears(file.Now, w.today); err != nil {
			return nil, err
		}
		if len(file.OpenPregnancies()) > 0 {
			return nil, &Error{Code: CodePregnancyOpen}
		}
	} else {
		i := slices.IndexFunc(file.Files, func(d clinic.Document) bool { return d.Kind == clinic.KindPregnancy && d.Leaf() == in.Base })
		if i < 0 {
			return nil, &Error{Code: CodeChanged}
		}
		cur := file.Files[i].Current().Record
		old = cur.Body.(*clinic.Pregnancy)
		if samePregnancy(old, &body) {
			return nil, &unchanged{cur}
		}
		draft.Subject, draft.Corrects, body.On, body.Delivery = cur.Subject, in.Base, old.On, old.Delivery
		switch {
		case len(old.Delivery) > 0 && (body.End != old.End || body.Ended != old.Ended):
			return nil, &Error{Code: CodePregnancyBirth}
		case body.End == clinic.EndBirth && len(old.Delivery) == 0:
			return nil, &Error{Code: CodeRequired, Field: "end"} // a birth here is recorded as one
		case body.Open() && !old.Open() && len(file.OpenPregnancies()) > 0:
			return nil, &Error{Code: CodePregnancyOpen}
		}
	}
	if age, ok := body.AgeOn(body.On); ok && body.Open() && (old == nil || old.LMP != body.LMP) && age >= pregnantMost*7+21 {
		return nil, &Error{Code: CodePregnancyDate, Field: "lmp"} // the wrong year
	}
	if body.End != clinic.EndMistake {
		return []clinic.Draft{draft}, nil
	}
	why, err := w.desk.text("why", in.Why, 500)
	if err == nil && why == "" {
		err = &Error{Code: CodeWhy, Field: "why"}
	}
	if body.Ended.IsZero() {
		body.Ended = w.today
	}
	draft.Why = why
	return []clinic.Draft{draft}, err
}

// bears refuses who cannot be with child.
func bears(p *clinic.Patient, on clinic.Date) error {
	if p.Sex == clinic.SexMale {
		return &Error{Code: CodeMotherMale}
	}
	if age := p.Birth.AgeAt(on).Years; !p.Birth.IsZero() && !clinic.MotherAge().Holds(age) {
		return &Error{Code: CodeMotherAge, Args: map[string]string{"age": strconv.Itoa(age)}}
	}
	return nil
}

// expects fills in what an own record of pregnancies and births says: a pregnancy that
// holds on the day, nursing for some months after a birth. That there is none recorded
// says nothing.
func (w *document) expects(p *expectancy, day clinic.Date) {
	for _, doc := range w.whole.Pregnancies() {
		if b := clinic.BodyOf[clinic.Pregnancy](doc); !b.Open() && !day.Before(b.Ended) && b.End != clinic.EndMistake && p.over.Before(b.Ended) {
			p.over = b.Ended
		}
	}
	for _, b := range w.whole.Births() {
		if day.Before(b.Day) {
			continue
		}
		if p.over.Before(b.Day) {
			p.over = b.Day
		}
		if b.Living() && clinic.DaysBetween(b.Day, day) <= nursingDays {
			p.nursing = true
		}
	}
	if _, b := w.whole.Pregnant(day); b != nil {
		p.pregnant = true
		age, _ := b.AgeOn(day)
		p.weeks = age / 7
	}
}

// expectancy is what records of pregnancies and births say of a day.
type expectancy struct {
	pregnant bool
	weeks    int // 0 = not known
	nursing  bool
	over     clinic.Date // when the last pregnancy ended: what was said before it counts no more
}
