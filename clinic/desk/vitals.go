package desk

import (
	"context"
	"reflect"
	"slices"
	"time"

	"clinicbox/clinic"
)

// VitalsInput is the form of vital signs. Values holds what was typed by field
// name (clinic.VitalFields), empty ones left out; Confirmed the fields whose
// unusual value was confirmed. A zero On.Base adds a measurement.
type VitalsInput struct {
	On
	Values    map[string]string
	Confirmed []string
	// Of a girl or woman; Weeks as typed, of a pregnancy only.
	Pregnant, Breastfeeding clinic.Answer
	Weeks                   string
}

// Vitals saves measurements. Impossible values are CodeImpossible, unusual ones
// CodeUnusual until confirmed, each naming its field.
func (d *Desk) Vitals(ctx context.Context, c Call, in VitalsInput) (Done, error) {
	typed, bad := parseVitals(in)
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindVitals, many: true,
		body: func(w *document) (any, error) {
			v := typed
			months := ageMonths(w.patient.Birth, &w.file)
			for _, f := range clinic.CheckVitals(&v, months) {
				switch {
				case f.Hard:
					bad = append(bad, outside(CodeImpossible, f))
				case slices.Contains(in.Confirmed, f.Field.Name):
					v.Confirmed = append(v.Confirmed, f.Field.Name)
				default:
					bad = append(bad, outside(CodeUnusual, f))
				}
			}
			return &v, bad.join()
		},
		same: func(body any) bool {
			v, ok := body.(*clinic.Vitals)
			if !ok {
				return false
			}
			plain := *v
			plain.Confirmed = nil
			return reflect.DeepEqual(plain, typed)
		},
	})
}

func parseVitals(in VitalsInput) (clinic.Vitals, Errors) {
	v, problems := clinic.ParseVitals(in.Values)
	var bad Errors
	v.Pregnant, v.Breastfeeding = min(in.Pregnant, clinic.AnswerNo), min(in.Breastfeeding, clinic.AnswerNo)
	if in.Weeks != "" {
		weeks, err := clinic.ParseCount("weeks", in.Weeks, pregnantMost)
		if err != nil || v.Pregnant != clinic.AnswerYes {
			bad = append(bad, &Error{Code: CodeWeeks, Field: "weeks"})
		}
		v.Weeks = weeks
	}
	for _, p := range problems {
		_ = bad.collect(valueError(p)) // a FieldError always becomes a refusal
	}
	switch {
	case len(bad) > 0:
	case reflect.ValueOf(v).IsZero():
		bad = append(bad, &Error{Code: CodeNothing})
	case (v.Systolic == 0) != (v.Diastolic == 0):
		field := clinic.FieldSystolic
		if v.Diastolic == 0 {
			field = clinic.FieldDiastolic
		}
		bad = append(bad, &Error{Code: CodePressurePair, Field: field})
	case v.Systolic != 0 && v.Systolic <= v.Diastolic:
		bad = append(bad, &Error{Code: CodePressureOrder, Field: clinic.FieldSystolic})
	}
	return v, bad
}

func outside(code Code, f clinic.Finding) *Error {
	n := func(v int) string { return clinic.FormatFixed(v, f.Field.Decimals) }
	return &Error{Code: code, Field: f.Field.Name, Args: map[string]string{
		"value": n(f.Value), "low": n(f.Range.Low), "high": n(f.Range.High), "unit": f.Field.Unit,
	}}
}

// ageMonths returns the age in months on the visit's day, or -1 when it is not
// known: also for a child of whom only the year is known, for whom it would pick a
// band by chance, and when the clock had fallen back: at a clock of 1970 an adult
// would be a newborn, whose weight nobody could save.
func ageMonths(birth clinic.Date, v *clinic.VisitFile) int {
	if birth.IsZero() || v.Visit == nil || v.Visit.Day.Before(birth) || fellBack(&v.Opened) {
		return -1
	}
	months := birth.AgeAt(v.Visit.Day).InMonths()
	if birth.Month == 0 && months < 14*12 {
		return -1
	}
	return months
}

// fellBack tells that the clock was behind what the store had written before: the
// hybrid time never steps back.
func fellBack(r *clinic.Record) bool {
	return !r.Trusted && r.Recorded().Sub(r.Event) > 24*time.Hour
}
