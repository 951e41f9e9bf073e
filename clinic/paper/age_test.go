package paper_test

import (
	"strings"
	"testing"

	"clinicbox/clinic"
)

// TestChildOnTheSlip: the age in the unit that is asked for, whose child it is, and the
// code by which it is found.
func TestChildOnTheSlip(t *testing.T) {
	for name, c := range map[string]struct {
		birth clinic.Date
		clock string
		want  string
	}{
		"this morning": {clinic.Date{Year: 2026, Month: 11, Day: 2}, "01:30", "1 giờ tuổi"},
		"last week":    {clinic.Date{Year: 2026, Month: 10, Day: 26}, "01:30", "7 ngày tuổi"},
		"last year":    {clinic.Date{Year: 2025, Month: 11, Day: 1}, "", "12 tháng tuổi"},
		"school":       {clinic.Date{Year: 2020, Month: 11, Day: 2}, "", ""},
		"a year only":  {clinic.Date{Year: 2026}, "", ""},
	} {
		a := sample() // made at 03:00 of 2 November in Viet Nam
		a.Patient = clinic.Patient{
			Name: clinic.NewbornName("Nguyễn Thị Mẫu", 1, 2), Birth: c.birth, BirthTime: c.clock, Sex: clinic.SexMale,
			Identifiers: []clinic.Identifier{{System: clinic.SystemTemporary, Value: "T22736A00001X"}},
		}
		got := words(a.Doc())
		if c.want == "" && strings.Contains(got, "Tuổi") || !strings.Contains(got, c.want) {
			t.Errorf("%s: the age is not as it should be: %s", name, got)
		}
		if !strings.Contains(got, "CON BÀ NGUYỄN THỊ MẪU 1/2") || !strings.Contains(got, "T22736A00001X") {
			t.Errorf("%s: name or code is missing: %s", name, got)
		}
	}
}
