package desk

import (
	"context"
	"fmt"
	"slices"

	"clinicbox/clinic"
)

// DiagnosisInput is the form of the diagnosis.
type DiagnosisInput struct {
	On
	Main   string
	Others []string
	Text   string
}

// maxOthers is how many further codes MA_BENH_KT holds (Decision 4750/QĐ-BYT).
const maxOthers = 12

// Diagnose saves a diagnosis of codes that hold on the visit's day.
func (d *Desk) Diagnose(ctx context.Context, c Call, in DiagnosisInput) (Done, error) {
	body, err := d.diagnosis(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindDiagnosis, copy: true,
		body: func(w *document) (any, error) {
			out := *body
			var bad Errors
			for i, code := range append([]string{out.Main}, out.Others...) {
				row, ok := w.Row(clinic.CatalogICD10, code, w.row.Day)
				if !ok {
					bad = append(bad, icdError(CodeICDNone, i, code))
				} else if e := icdFlags(&row, i, w.patient.Sex); e != nil {
					bad = append(bad, e)
				}
				if i == 0 {
					out.Release = row.Version
				}
			}
			return &out, bad.join()
		},
		more: func(w *document, first *clinic.Draft) ([]clinic.Draft, error) {
			dx := first.Body.(*clinic.Diagnosis)
			return w.alerts(append([]string{dx.Main}, dx.Others...)), nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Diagnosis)
			return ok && s.Main == body.Main && s.Text == body.Text && slices.Equal(s.Others, body.Others)
		},
	})
}

// diagnosis checks form and count; whether codes exist is asked later.
func (d *Desk) diagnosis(in DiagnosisInput) (*clinic.Diagnosis, error) {
	var bad Errors
	body := &clinic.Diagnosis{Main: clinic.NormalICD(in.Main)}
	if body.Main == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "main"})
	} else if clinic.CheckICD("main", body.Main) != nil {
		bad = append(bad, icdError(CodeICDForm, 0, ""))
	}
	for i, s := range in.Others {
		code := clinic.NormalICD(s)
		switch {
		case code == "":
			continue
		case clinic.CheckICD("", code) != nil:
			bad = append(bad, icdError(CodeICDForm, i+1, ""))
		case code == body.Main || slices.Contains(body.Others, code):
			bad = append(bad, icdError(CodeICDTwice, i+1, code))
		}
		body.Others = append(body.Others, code)
	}
	if len(body.Others) > maxOthers {
		bad = append(bad, &Error{Code: CodeTooMany, Field: "others", Args: map[string]string{"max": fmt.Sprint(maxOthers)}})
	}
	text, err := d.text("text", in.Text, noteLimit)
	if err := bad.collect(err); err != nil {
		return nil, err
	}
	body.Text = text
	return body, bad.join()
}

// icdFlags refuses a code where its row says that it may not stand: WHO ICD-10 Volume 2,
// and the flags of the national list. Main is i = 0.
func icdFlags(row *clinic.CatalogRow, i int, sex clinic.Sex) *Error {
	switch {
	case row.Has(clinic.FlagNever), row.Has(clinic.FlagDeathOnly):
		return icdError(CodeICDNever, i, row.Code)
	case i == 0 && row.Has(clinic.FlagNoMain):
		return icdError(CodeICDMain, i, row.Code)
	}
	for flag, other := range map[string]clinic.Sex{clinic.FlagFemale: clinic.SexMale, clinic.FlagMale: clinic.SexFemale} {
		if row.Has(flag) && sex == other {
			e := icdError(CodeICDSex, i, row.Code)
			e.Args["sex"] = fmt.Sprint(other)
			return e
		}
	}
	return nil
}

// icdError names the field: main, others.0, others.1 …
func icdError(code Code, i int, value string) *Error {
	field := "main"
	if i > 0 {
		field = fmt.Sprintf("others.%d", i-1)
	}
	return &Error{Code: code, Field: field, Args: map[string]string{"code": value}}
}
