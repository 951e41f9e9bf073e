package clinic_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
)

func TestParseLimits(t *testing.T) {
	got, ok := clinic.ParseLimits("glucose<7.3 systolic<140")
	if !ok || len(got) != 2 || got[0].Below != 73 || got[1].Below != 140 || got[1].Field.Name != clinic.FieldSystolic {
		t.Errorf("%+v %v", got, ok)
	}
	for _, bad := range []string{"", "systolic", "systolic<", "systolic<x", "systolic<-1", "mood<3", "systolic>140"} {
		if got, ok := clinic.ParseLimits(bad); ok {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func FuzzParseLimits(f *testing.F) {
	f.Add("systolic<140 diastolic<90")
	f.Add("glucose<7,3")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := clinic.ParseLimits(s)
		for _, l := range got {
			if !ok || l.Below <= 0 || l.Field.Name == "" {
				t.Errorf("%q: %+v", s, l)
			}
		}
	})
}

// TestFollowed: what was measured last decides, an appointment says when, and old values
// say nothing.
func TestFollowed(t *testing.T) {
	rows, err := starting.Rows(clinic.CatalogProgramme)
	if err != nil {
		t.Fatal(err)
	}
	id := clinic.NewID()
	var records []clinic.Record
	n := uint64(0)
	put := func(visit clinic.ID, body any, k clinic.Kind) {
		n++
		records = append(records, clinic.Record{Kind: k, Subject: id, Visit: visit, HLC: n << 16, Leaf: clinic.Leaf{byte(n)}, Body: body})
	}
	day := func(m, d int) clinic.Date { return clinic.Date{Year: 2026, Month: m, Day: d} }
	put(clinic.ID{}, &clinic.Enrolment{Programme: "THA", On: day(1, 5)}, clinic.KindEnrolled)
	put(clinic.ID{}, &clinic.Enrolment{Programme: "DTD", On: day(1, 5), Left: day(2, 1)}, clinic.KindEnrolled)
	see := func(on clinic.Date) clinic.Followed {
		t.Helper()
		file := clinic.FoldPatient(id, records)
		got := file.Followed(rows, on)
		if len(got) != 1 || got[0].Row.Code != "THA" {
			t.Fatalf("%+v", got)
		}
		return got[0]
	}
	if f := see(day(1, 10)); f.Control != clinic.ControlUnknown || f.Due != day(1, 5) || f.Overdue(day(1, 10)) != 5 {
		t.Errorf("%+v", f)
	}
	visit := func(d clinic.Date, systolic, diastolic int, due clinic.Date) {
		v := clinic.NewID()
		put(v, &clinic.Visit{Key: "k", Day: d, Queue: 1, Type: clinic.VisitChronic}, clinic.KindVisit)
		put(v, &clinic.Vitals{Systolic: systolic, Diastolic: diastolic}, clinic.KindVitals)
		if !due.IsZero() {
			put(v, &clinic.Appointment{Slip: "s", Due: due}, clinic.KindAppointment)
		}
	}
	visit(day(2, 1), 150, 88, clinic.Date{})
	if f := see(day(2, 2)); f.Control != clinic.Uncontrolled || f.Due != day(3, 3) || !f.Values[0].Over || f.Values[1].Over {
		t.Errorf("%+v", f)
	}
	visit(day(3, 3), 139, 89, day(3, 20))
	if f := see(day(3, 25)); f.Control != clinic.Controlled || f.Due != day(3, 20) || f.Overdue(day(3, 25)) != 5 || f.Slip != "s" {
		t.Errorf("%+v", f)
	}
	if f := see(day(8, 1)); f.Control != clinic.ControlUnknown {
		t.Errorf("a value of five months ago says %d", f.Control)
	}
	if got := clinic.ProgrammesOf(&clinic.Diagnosis{Main: "J00", Others: []string{"I11.9"}}, rows, day(3, 1)); len(got) != 1 || got[0].Code != "THA" {
		t.Errorf("%+v", got)
	}
}
