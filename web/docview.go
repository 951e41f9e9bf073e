package web

import (
	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// DocView is one version of a document as pages show it.
type DocView struct {
	Step     string
	Record   clinic.Record
	By       desk.Person
	Signed   []SignedBy
	Void     []SignedBy // confirmations that do not count
	After    *After     // the visit was entered after it had been
	State    clinic.DocState
	Conflict bool
	Pending  string // key of what to say of a version that waits for a signature; empty = nothing
	Earlier  int    // versions before this one
	Mine     bool   // the person at the screen may change it
	ICD      map[string]clinic.CatalogRow

	Order        *clinic.Order
	Vitals       []VitalValue
	Asked        *clinic.Vitals // pregnancy and nursing, when something was said
	BMI          string
	Exam         *clinic.Exam
	Diagnosis    *clinic.Diagnosis
	Prescription *clinic.Prescription
	Bill         *clinic.Bill
	Appointment  *clinic.Appointment
	Found        []Finding // of the safety checks, while it waits for a signature
	Immunised    *clinic.Immunised
	Reaction     *clinic.Reaction
	Death        *clinic.Death
	Traditional  *clinic.Traditional
	Antenatal    *clinic.Antenatal
	Delivery     *clinic.Delivery
	Certificate  *clinic.BirthCertificate
	Stay         *clinic.Stay
	Care         *clinic.Care
	Notice       *clinic.EmergencyNotice
	Discharge    *clinic.Discharge
	Check        *clinic.HealthCheck
}

// SignedBy tells who confirmed a version.
type SignedBy struct {
	Person desk.Person
	Record clinic.Record
	State  clinic.SignatureState
}

// VitalValue is one measured value with its usual range.
type VitalValue struct {
	Name, Value, Unit string
	Low, High         string
	Unusual           bool
	Over              bool // above the range; otherwise below
}

func signedBy(names map[clinic.ID]desk.Person, all []clinic.Signature) (out []SignedBy) {
	for _, s := range all {
		out = append(out, SignedBy{named(names, s.By), s.Record, s.State})
	}
	return out
}

func docView(v *desk.VisitView, d *clinic.Document, ver *clinic.Version) DocView {
	x := DocView{
		Step: stepOf(d.Kind), Record: ver.Record, By: named(v.Names, ver.Record.Author), State: d.State,
		Conflict: d.Conflict, Earlier: len(d.Versions) - 1, ICD: v.ICD, After: afterOf(v),
	}
	if len(ver.Signed) == 0 && len(v.Visit.Signed) > 0 && d.Kind != clinic.KindBill {
		x.Pending = "doc.unsigned"
		if d.State == clinic.DocAmended && ver == d.Current() {
			x.Pending = "doc.amended"
		}
	}
	x.Signed, x.Void = signedBy(v.Names, ver.Signed), signedBy(v.Names, ver.Void)
	switch b := ver.Record.Body.(type) {
	case *clinic.Vitals:
		x.Vitals = vitalValues(b, months(v))
		if b.Pregnant != 0 || b.Breastfeeding != 0 {
			x.Asked = b
		}
		if bmi := b.BMI(); bmi > 0 {
			x.BMI = clinic.FormatFixed(bmi, 1)
		}
	case *clinic.Order:
		x.Order = b
	case *clinic.Exam:
		x.Exam = b
	case *clinic.Diagnosis:
		x.Diagnosis = b
	case *clinic.Prescription:
		x.Prescription = b
	case *clinic.Bill:
		x.Bill = b
	case *clinic.Appointment:
		x.Appointment = b
	case *clinic.Immunised:
		x.Immunised = b
	case *clinic.Reaction:
		x.Reaction = b
	case *clinic.Death:
		x.Death = b
	case *clinic.Traditional:
		x.Traditional = b
	case *clinic.Antenatal:
		x.Antenatal = b
	case *clinic.Delivery:
		x.Delivery = b
	case *clinic.BirthCertificate:
		x.Certificate = b
	case *clinic.Stay:
		x.Stay = b
	case *clinic.Care:
		x.Care = b
	case *clinic.EmergencyNotice:
		x.Notice = b
	case *clinic.Discharge:
		x.Discharge = b
	case *clinic.HealthCheck:
		x.Check = b
	}
	return x
}

// docViews shows the current version of every document, in the order of steps.
func docViews(v *desk.VisitView, lang string) (out []DocView) {
	for i := range v.Visit.Documents {
		d := &v.Visit.Documents[i]
		x := docView(v, d, d.Current())
		x.Found = findings(lang, visitPath(v.Visit.Patient, v.Visit.ID), v.Safety[d.Leaf()])
		out = append(out, x)
	}
	return out
}

// months is the age at the visit by which values are judged, -1 when unknown.
func months(v *desk.VisitView) int { return v.Months }

func vitalValues(b *clinic.Vitals, months int) (out []VitalValue) {
	for _, f := range clinic.VitalFields() {
		n := f.Value(b)
		if n == 0 {
			continue
		}
		soft := clinic.RangeOf(f.Name, months).Soft
		if f.Name == clinic.FieldDiastolic && len(out) > 0 && out[len(out)-1].Name == clinic.FieldSystolic {
			joinPressure(&out[len(out)-1], n, soft) // both numbers are one value: 128/78
			continue
		}
		out = append(out, VitalValue{
			Name: f.Name, Value: clinic.FormatFixed(n, f.Decimals), Unit: f.Unit,
			Low: clinic.FormatFixed(soft.Low, f.Decimals), High: clinic.FormatFixed(soft.High, f.Decimals),
			Unusual: !soft.Holds(n), Over: n > soft.High,
		})
	}
	return out
}

func joinPressure(v *VitalValue, diastolic int, soft clinic.Range) {
	v.Name, v.Value = "pressure", v.Value+"/"+clinic.FormatFixed(diastolic, 0)
	if !v.Unusual {
		v.Unusual, v.Over = !soft.Holds(diastolic), diastolic > soft.High
	}
}
