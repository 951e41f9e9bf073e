package web

import (
	"context"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// VitalsPage is the view of the first step: measurements.
type VitalsPage struct {
	Step
	Fields []VitalInput
	Again  bool // another measurement of the visit is there already
	Woman  bool // pregnancy and nursing are asked
}

// VitalInput is one measurement to type.
type VitalInput struct {
	Name, Unit, Mode, Low, High string
	Before                      string // last value of an earlier visit, with its day
	On                          clinic.Date
}

func vitalsStep() step {
	return step{name: "vitals", kind: clinic.KindVitals, fill: fillVitals, view: viewVitals, save: saveVitals}
}

func fillVitals(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Vitals](d)
	if b == nil {
		return
	}
	setAnswer(f, "pregnant", b.Pregnant)
	setAnswer(f, "breastfeeding", b.Breastfeeding)
	if b.Weeks > 0 {
		f.Set("weeks", strconv.Itoa(b.Weeks))
	}
	for _, x := range clinic.VitalFields() {
		if n := x.Value(b); n != 0 {
			f.Set(x.Name, clinic.FormatFixed(n, x.Decimals))
		}
	}
}

func viewVitals(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &VitalsPage{Step: b, Again: b.Base == "" && b.File.Visit.Doc(clinic.KindVitals) != nil}
	m := months(&b.File)
	v.Woman = asksPregnancy(b.File.Patient.Now, m)
	for _, x := range clinic.VitalFields() {
		if x.Name == clinic.FieldCreatinine && m >= 0 && m < 18*12 && b.Form.Get(x.Name) == "" {
			continue // the checks reckon with that of adults
		}
		soft := clinic.RangeOf(x.Name, m).Soft
		in := VitalInput{
			Name: x.Name, Unit: x.Unit, Mode: "numeric",
			Low: clinic.FormatFixed(soft.Low, x.Decimals), High: clinic.FormatFixed(soft.High, x.Decimals),
		}
		if x.Decimals > 0 {
			in.Mode = "decimal"
		}
		in.Before, in.On = before(&b.File, x)
		v.Fields = append(v.Fields, in)
	}
	return v, nil
}

// before finds the patient's last value of a field in an earlier visit.
func before(v *desk.VisitView, x clinic.VitalField) (string, clinic.Date) {
	for i := range v.Patient.Visits {
		old := &v.Patient.Visits[i]
		if old.ID == v.Visit.ID || old.Opened.HLC > v.Visit.Opened.HLC {
			continue
		}
		b := clinic.BodyOf[clinic.Vitals](old.Doc(clinic.KindVitals))
		if b == nil || x.Value(b) == 0 || old.Visit == nil {
			continue
		}
		return clinic.FormatFixed(x.Value(b), x.Decimals), old.Visit.Day
	}
	return "", clinic.Date{}
}

func saveVitals(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.VitalsInput{On: on, Values: map[string]string{}, Confirmed: f.Values["confirmed"]}
	for _, x := range clinic.VitalFields() {
		if t := f.Get(x.Name); t != "" {
			in.Values[x.Name] = t
		}
	}
	in.Pregnant, in.Breastfeeding, in.Weeks = answerOf(f, "pregnant"), answerOf(f, "breastfeeding"), f.Get("weeks")
	_, err := d.Vitals(ctx, c, in)
	return err
}

// asksPregnancy: of girls and women of 12 to 50 years, and where age or sex is not known.
func asksPregnancy(p *clinic.Patient, months int) bool {
	if p == nil || p.Sex == clinic.SexMale {
		return false
	}
	return months < 0 || months >= 12*12 && months < 51*12
}

func answerOf(f *Form, field string) clinic.Answer {
	switch f.Get(field) {
	case "1":
		return clinic.AnswerYes
	case "2":
		return clinic.AnswerNo
	}
	return clinic.AnswerUnknown
}

func setAnswer(f *Form, field string, a clinic.Answer) {
	if a != clinic.AnswerUnknown {
		f.Set(field, strconv.Itoa(int(a)))
	}
}
