package desk

import (
	"context"
	"reflect"
	"slices"

	"clinicbox/clinic"
)

// AntenatalInput is the form of an examination in pregnancy. Age is filled in from the
// pregnancy.
type AntenatalInput struct {
	On
	clinic.Antenatal
	Next clinic.Date // when to come back: makes the slip; zero = no slip
	// Confirmed names the fields whose unusual value was confirmed.
	Confirmed []string
}

// antenatalNote stands on the slip.
const antenatalNote = "Khám thai"

// Antenatal saves the examination, and with in.Next the appointment, in one act. The
// pregnancy must be recorded: CodePregnancyNone.
func (d *Desk) Antenatal(ctx context.Context, c Call, in AntenatalInput) (Done, error) {
	typed, err := d.antenatalForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindAntenatal,
		body: func(w *document) (any, error) { return w.antenatal(*typed, in.Confirmed) },
		same: func(b any) bool {
			s, ok := b.(*clinic.Antenatal)
			if !ok {
				return false
			}
			plain := *s
			plain.Age = 0
			return reflect.DeepEqual(&plain, typed)
		},
		again: func(w *document, _ any) bool {
			a := clinic.BodyOf[clinic.Appointment](w.file.Doc(clinic.KindAppointment))
			return !in.Next.IsZero() && (a == nil || a.Due != in.Next)
		},
		more: func(w *document, first *clinic.Draft) ([]clinic.Draft, error) {
			return w.comeBack(in.Next, antenatalNote, first.Why)
		},
	})
}

// antenatalForm checks what needs no record to be read.
func (d *Desk) antenatalForm(in AntenatalInput) (*clinic.Antenatal, error) {
	a := in.Antenatal
	a.Age = 0
	var bad Errors
	var err error
	if a.Note, err = d.text("note", a.Note, 1000); err != nil {
		if err := bad.collect(err); err != nil {
			return nil, err
		}
	}
	if a.Signs = slices.Clone(a.Signs); len(a.Signs) == 0 {
		a.Signs = nil
	}
	for _, s := range a.Signs {
		if !slices.Contains(clinic.AntenatalSigns(), s) {
			bad = append(bad, &Error{Code: CodeRequired, Field: "signs"})
		}
	}
	if a.Asked = a.Asked || len(a.Signs) > 0; !a.Asked {
		bad = append(bad, &Error{Code: CodeAntenatalAsk, Field: "danger"})
	}
	for _, f := range []struct {
		name, unit string
		n          int
	}{{"fundus", "cm", a.Fundus}, {"heart", "lần/phút", a.Heart}, {"hb", "g/L", a.Hb}, {"iron", "viên", a.Iron}} {
		if r, _ := clinic.AntenatalRange(f.name); f.n != 0 && !r.Holds(f.n) {
			bad = append(bad, outsideOf(f.name, f.n, r, f.unit))
		}
	}
	switch {
	case (a.Systolic == 0) != (a.Diastolic == 0):
		field := clinic.FieldSystolic
		if a.Diastolic == 0 {
			field = clinic.FieldDiastolic
		}
		bad = append(bad, &Error{Code: CodePressurePair, Field: field})
	case a.Systolic != 0 && a.Systolic <= a.Diastolic:
		bad = append(bad, &Error{Code: CodePressureOrder, Field: clinic.FieldSystolic})
	}
	if a.Lie > clinic.LieUnclear || a.Protein > clinic.ProteinThree || a.Tetanus > clinic.TetanusSafe || a.Oedema > clinic.AnswerNo {
		bad = append(bad, &Error{Code: CodeRequired, Field: "lie"})
	}
	return &a, bad.join()
}

// antenatal adds the age of the pregnancy; unusual values must be confirmed.
func (w *document) antenatal(a clinic.Antenatal, confirmed []string) (any, error) {
	_, p := w.whole.PregnantUntil(w.row.Day)
	if p == nil {
		return nil, &Error{Code: CodePregnancyNone}
	}
	a.Age, _ = p.AgeOn(w.row.Day)
	var bad Errors
	v := clinic.Vitals{Weight: a.Weight, Systolic: a.Systolic, Diastolic: a.Diastolic}
	for _, f := range clinic.CheckVitals(&v, ageMonths(w.patient.Birth, &w.file)) {
		switch {
		case f.Hard:
			bad = append(bad, outside(CodeImpossible, f))
		case f.Field.Name == clinic.FieldWeight && !slices.Contains(confirmed, f.Field.Name):
			bad = append(bad, outside(CodeUnusual, f)) // of blood pressure the page says what to do
		}
	}
	return &a, bad.join()
}
