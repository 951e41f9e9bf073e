package invent_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
)

func people(g *invent.Gen, n int) []invent.Person {
	out := make([]invent.Person, n)
	for i := range out {
		out[i] = g.Patient()
	}
	return out
}

func TestSameSeedSamePeople(t *testing.T) {
	day := clinic.Date{Year: 2026, Month: 1, Day: 5}
	run := func(seed uint64) string {
		g := invent.New(seed)
		p := people(g, 300)
		return fmt.Sprintf("%+v%+v", p, g.Day(p, day, 40))
	}
	if first := run(1); run(1) != first {
		t.Error("one seed, two histories")
	}
	if run(1) == run(2) {
		t.Error("two seeds, one history")
	}
}

// TestPeople checks every number against sex and birth, and that none comes twice.
func TestPeople(t *testing.T) {
	today := clinic.Date{Year: 2026, Month: 1, Day: 1}
	seen := map[string]bool{}
	var citizens, cards, cards24, insured, women, ethnic, old, yearOnly int
	const n = 20000
	for i, p := range people(invent.New(7), n) {
		pt := &p.Patient
		if pt.Name == "" || pt.Folded != fold.String(pt.Name) || !norm.NFC.IsNormalString(pt.Name+pt.Address+pt.Guardian) {
			t.Fatalf("%d: name or text out of form: %+v", i, pt)
		}
		if !pt.Birth.Valid() || pt.Birth.IsZero() || today.Before(pt.Birth) || pt.Birth.AgeAt(today).Years > 110 {
			t.Fatalf("%d: birth %v", i, pt.Birth)
		}
		if pt.Phone != "" && (!strings.HasPrefix(pt.Phone, "0200") || len(pt.Phone) != 10) {
			t.Fatalf("%d: telephone %s may be somebody's", i, pt.Phone)
		}
		for _, id := range pt.Identifiers {
			key := fmt.Sprint(id.System, id.Value)
			if seen[key] {
				t.Fatalf("%d: %s twice", i, key)
			}
			seen[key] = true
			switch id.System {
			case clinic.SystemCitizen:
				citizens++
				g := int(id.Value[3] - '0')
				year := fmt.Sprint(1900 + g/2*100)[:2] + id.Value[4:6]
				if len(id.Value) != 12 || fmt.Sprint(pt.Birth.Year) != year || g%2 != int(pt.Sex)-1 {
					t.Fatalf("%d: number does not fit %v, sex %d", i, pt.Birth, pt.Sex)
				}
			case clinic.SystemOldID:
				old++
			case clinic.SystemInsurance, clinic.SystemSocial:
				insured++
				if id.Facility != invent.FacilityCode || id.To.Before(id.From) {
					t.Fatalf("%d: insurance %+v", i, id)
				}
			}
		}
		if p.Card != 0 {
			cards++
			if today.Before(pt.Issued) || pt.Issued.Before(pt.Birth) || p.CitizenQR == "" {
				t.Fatalf("%d: card of %v", i, pt.Issued)
			}
		}
		if p.Card == 2024 {
			cards24++
		}
		if pt.Sex == clinic.SexFemale {
			women++
		}
		if pt.Ethnic != "01" {
			ethnic++
		}
		if !pt.Birth.Full() {
			yearOnly++
		}
	}
	for what, share := range map[string][3]int{
		"citizen numbers": {citizens, 95, 100}, "cards": {cards, 70, 95}, "cards of 2024": {cards24, 20, 60},
		"insured": {insured, 85, 97}, "women": {women, 45, 56}, "not Kinh": {ethnic, 8, 20}, "old numbers": {old, 20, 60},
		"only the year": {yearOnly, 1, 10},
	} {
		if p := share[0] * 100 / n; p < share[1] || p > share[2] {
			t.Errorf("%s: %d%%, want %d–%d%%", what, p, share[1], share[2])
		}
	}
}

// TestVisits: everything prescribed and billed is in the catalogue of the day, no
// one gets what they are allergic to, and vitals fit the body.
func TestVisits(t *testing.T) {
	rows, err := starting.Rows(clinic.CatalogICD10, clinic.CatalogMedicine, clinic.CatalogService)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]clinic.CatalogRow{}
	day := clinic.Date{Year: 2026, Month: 1, Day: 5}
	for _, r := range rows {
		if r.ValidOn(day) {
			known[r.Code] = r
		}
	}
	g := invent.New(3)
	ps := people(g, 5000)
	reasons := map[string]int{}
	var again, drugs, unusual int
	all := g.Day(ps, day, 4000)
	if len(all) != 4000 {
		t.Fatalf("%d arrivals", len(all))
	}
	came, last := map[int]bool{}, 0
	for _, a := range all {
		v, p := &a.Plan, &ps[a.Person]
		if came[a.Person] || v.Minute < last || v.Minute > 17*60 {
			t.Fatalf("arrival of %d at %d after %d", a.Person, v.Minute, last)
		}
		came[a.Person], last = true, v.Minute
		reasons[v.Exam.Reason]++
		for _, code := range append([]string{v.Diagnosis.Main}, v.Diagnosis.Others...) {
			if known[code].Catalog != clinic.CatalogICD10 {
				t.Fatalf("diagnosis %s", code)
			}
		}
		for _, l := range v.Prescription.Lines {
			drugs++
			r := known[l.Medicine]
			if r.Catalog != clinic.CatalogMedicine || r.Name != l.Name || l.Quantity <= 0 || l.Days > 30 || l.When == "" {
				t.Fatalf("line %+v", l)
			}
			for _, item := range p.Allergies.Items {
				if item.Code != "" && strings.HasPrefix(l.ATC, item.Code) {
					t.Fatalf("%s for somebody allergic to it", l.Medicine)
				}
			}
		}
		for _, l := range v.Bill.Lines {
			if known[l.Code].Price != l.Price || l.Total() <= 0 {
				t.Fatalf("bill line %+v", l)
			}
		}
		if v.Bill.Total() < 20000 || v.Bill.Total() > 3_000_000 {
			t.Errorf("bill of %v for %s", v.Bill.Total(), v.Exam.Reason)
		}
		if !v.FollowUp.Due.IsZero() {
			again++
			if !day.Before(v.FollowUp.Due) || !utf8.ValidString(v.FollowUp.Note) {
				t.Fatalf("follow-up %+v", v.FollowUp)
			}
		}
		vitals(t, p, &v.Vitals, day)
		if len(v.Vitals.Confirmed) > 0 {
			unusual++
		}
	}
	if unusual < 200 || unusual > 1600 {
		t.Errorf("%d of 4000 have unusual vitals", unusual)
	}
	if len(reasons) < 25 || again < 1000 || drugs < 4000 {
		t.Errorf("%d reasons, %d come again, %d lines", len(reasons), again, drugs)
	}
}

func vitals(t *testing.T, p *invent.Person, v *clinic.Vitals, day clinic.Date) {
	t.Helper()
	age := p.Patient.Birth.AgeAt(day).Years
	for _, f := range clinic.CheckVitals(v, p.Patient.Birth.AgeAt(day).InMonths()) {
		if f.Hard || !slices.Contains(v.Confirmed, f.Field.Name) {
			t.Fatalf("%s %d at %d years: impossible or not confirmed", f.Field.Name, f.Value, age)
		}
	}
	for _, r := range []struct {
		name          string
		got, low, top int
	}{
		{"pulse", v.Pulse, 45, 190},
		{"temperature", v.Temperature, 355, 400},
		{"breathing", v.Breathing, 12, 60},
		{"oxygen", v.SpO2, 90, 100},
		{"weight", v.Weight, 20, 1000},
		{"height", v.Height, 430, 1900},
	} {
		if r.got < r.low || r.got > r.top {
			t.Fatalf("%s %d at %d years", r.name, r.got, age)
		}
	}
	if age >= 7 && (v.Systolic < 80 || v.Systolic > 190 || v.Diastolic < 45 || v.Diastolic >= v.Systolic) {
		t.Fatalf("pressure %d/%d at %d years", v.Systolic, v.Diastolic, age)
	}
	if bmi := float64(v.Weight) / 10 / (float64(v.Height) / 1000 * float64(v.Height) / 1000); age >= 1 && (bmi < 10 || bmi > 42) {
		t.Fatalf("%.1f kg/m² at %d years", bmi, age)
	}
}

// TestOtherDays: people alive before the newer cards have none of them.
func TestOtherDays(t *testing.T) {
	for _, day := range []clinic.Date{{Year: 2019, Month: 5, Day: 1}, {Year: 2022, Month: 5, Day: 1}, {Year: 2030, Month: 2, Day: 28}} {
		g := invent.NewOn(1, day)
		ps := people(g, 2000)
		for _, p := range ps {
			if !p.Patient.Issued.IsZero() && day.Before(p.Patient.Issued) || day.Before(p.Patient.Birth) {
				t.Fatalf("%v: born %v, card of %v", day, p.Patient.Birth, p.Patient.Issued)
			}
		}
		if n := len(g.Day(ps, day, 30)); n != 30 {
			t.Errorf("%v: %d arrivals", day, n)
		}
	}
	if a := invent.New(1).Day(nil, clinic.Date{Year: 2026, Month: 1, Day: 1}, 10); len(a) != 0 {
		t.Errorf("arrivals from nowhere: %v", a)
	}
	if p := invent.New(1).Patient(); reflect.DeepEqual(p, invent.Person{}) {
		t.Error("nobody")
	}
}

func BenchmarkPatient(b *testing.B) {
	g := invent.New(1)
	for b.Loop() {
		g.Patient()
	}
}
