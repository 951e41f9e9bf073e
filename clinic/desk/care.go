package desk

import (
	"context"
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// CareInput is the form of a line of the care sheet. Take back with Mistake, over the
// version that says it, with a reason.
type CareInput struct {
	On
	clinic.Care
}

// Care saves a line of the care sheet; a zero On.Base adds one. What was given comes in by
// Give and stays as it is in a correction.
func (d *Desk) Care(ctx context.Context, c Call, in CareInput) (Done, error) {
	body := in.Care
	body.Given = nil
	var bad Errors
	for _, f := range []struct {
		name string
		p    *string
	}{{"course", &body.Course}, {"done", &body.Done}} {
		s, err := d.text(f.name, *f.p, 1500)
		if err := bad.collect(err); err != nil {
			return Done{}, err
		}
		*f.p = s
	}
	bad = append(bad, checkMoment(&body.Day, &body.Time)...)
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindCare, many: true, why: body.Mistake,
		body: func(w *document) (any, error) { return w.care(body) },
		same: func(b any) bool {
			s, ok := b.(*clinic.Care)
			return ok && s.Course == body.Course && s.Done == body.Done && s.Mistake == body.Mistake && sameMoment(s.Day, s.Time, body.Day, body.Time)
		},
	})
}

// care fills in when, and keeps what was given.
func (w *document) care(b clinic.Care) (any, error) {
	if old := clinic.BodyOf[clinic.Care](w.old); old != nil {
		b.Given = old.Given
	}
	if b.Course == "" && b.Done == "" && len(b.Given) == 0 {
		return nil, &Error{Code: CodeRequired, Field: "course"}
	}
	return w.careAt(b)
}

// careAt checks when the line was: in the visit, and before the patient went.
func (w *document) careAt(b clinic.Care) (any, error) {
	if err := w.moment(&b.Day, &b.Time); err != nil {
		return nil, err
	}
	if end := w.file.Discharged(); end != nil && b.At().After(end.At()) && !b.Mistake {
		return nil, &Error{Code: CodeStayOver, Field: "time"}
	}
	return &b, nil
}

// GiveInput is the button that says that a prescribed medicine was given, or refused.
type GiveInput struct {
	On
	Medicine string
	Refused  bool
	Why      string // of not giving it
	// Seen is how many doses of it the page showed. When another was given since, the
	// form is old: nobody gives twice what two people saw due.
	Seen int
}

// Give adds a line with one dose to the care sheet, by who is logged in and now. The
// prescription must be signed.
func (d *Desk) Give(ctx context.Context, c Call, in GiveInput) (Done, error) {
	in.Base = clinic.Leaf{}
	why, err := d.line("why-"+in.Medicine, in.Why, 300)
	if err != nil {
		return Done{}, err
	}
	if in.Refused && why == "" {
		return Done{}, &Error{Code: CodeRequired, Field: "why-" + in.Medicine}
	}
	if !in.Refused {
		why = ""
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindCare, many: true,
		body: func(w *document) (any, error) {
			line, err := w.giveable(in.Medicine)
			if err != nil {
				return nil, err
			}
			if len(w.file.GivenOf(in.Medicine)) != in.Seen {
				return nil, &Error{Code: CodeGiveAgain, Args: map[string]string{"name": line.Name, "n": strconv.Itoa(len(w.file.GivenOf(in.Medicine)))}}
			}
			unit := line.Measure
			if unit == "" {
				unit = line.Unit
			}
			return w.careAt(clinic.Care{Given: []clinic.Given{{
				Medicine: line.Medicine, Name: joinWords(line.Name, line.Strength), Dose: line.Dose, Unit: unit, Route: line.Route, Refused: in.Refused, Why: why,
			}}})
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Care)
			return ok && len(s.Given) == 1 && s.Given[0].Medicine == in.Medicine && s.Given[0].Refused == in.Refused && s.Given[0].Why == why
		},
	})
}

// giveable finds the line of a medicine in the prescriptions that are signed.
func (w *document) giveable(medicine string) (*clinic.DrugLine, error) {
	found := false
	for _, d := range w.file.Docs(clinic.KindPrescribe) {
		rx := clinic.BodyOf[clinic.Prescription](d)
		if rx == nil {
			continue
		}
		i := slices.IndexFunc(rx.Lines, func(l clinic.DrugLine) bool { return l.Medicine == medicine })
		if i < 0 {
			continue
		}
		if d.State == clinic.DocSigned {
			return &rx.Lines[i], nil
		}
		found = true
	}
	if found {
		return nil, &Error{Code: CodeDispenseUnsigned}
	}
	return nil, &Error{Code: CodeDispenseNone}
}

func joinWords(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}
