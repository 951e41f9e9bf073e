package clinic_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

func TestSayAge(t *testing.T) {
	now := time.Date(2026, 11, 29, 7, 0, 0, 0, clinic.ICT)
	day := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	for _, c := range []struct {
		birth clinic.Date
		clock string
		n     int
		unit  clinic.AgeUnit
	}{
		{day(2026, 11, 29), "06:59", 0, clinic.AgeHours},
		{day(2026, 11, 29), "05:30", 1, clinic.AgeHours},
		{day(2026, 11, 28), "07:01", 23, clinic.AgeHours},
		{day(2026, 11, 28), "07:00", 1, clinic.AgeDays}, // a day
		{day(2026, 11, 28), "", 1, clinic.AgeDays},
		{day(2026, 11, 29), "", 0, clinic.AgeDays},
		{day(2026, 11, 30), "08:00", 0, clinic.AgeHours}, // the box's clock is behind
		{day(2026, 10, 30), "07:00", 30, clinic.AgeDays},
		{day(2026, 10, 29), "07:00", 1, clinic.AgeMonths},
		{day(2020, 11, 30), "", 71, clinic.AgeMonths},
		{day(2020, 11, 29), "", 6, clinic.AgeYears},
		{day(1961, 3, 2), "", 65, clinic.AgeYears},
		{day(2026, 9, 0), "", 2, clinic.AgeMonths},
		{day(2024, 0, 0), "", 2, clinic.AgeYears},
	} {
		n, unit, ok := clinic.SayAge(c.birth, c.clock, now)
		if n != c.n || unit != c.unit || !ok {
			t.Errorf("%v %s: %d of unit %d, want %d of %d", c.birth, c.clock, n, unit, c.n, c.unit)
		}
	}
	if _, _, ok := clinic.SayAge(clinic.Date{}, "07:00", now); ok {
		t.Error("an unknown birth has an age")
	}
	last := day(2020, 11, 30)
	if !clinic.SmallChild(last, clinic.DateOf(now)) || clinic.SmallChild(last, day(2026, 11, 30)) || clinic.SmallChild(clinic.Date{Year: 2026}, clinic.DateOf(now)) {
		t.Error("a child is small under 72 months, and when that is known")
	}
}

// folded is the search key of the names in these tests.
func folded(s string) string {
	return strings.NewReplacer("à", "a", "ễ", "e", "ị", "i", "ấ", "a", "ả", "a").Replace(strings.ToLower(s))
}

func TestNewbornNames(t *testing.T) {
	for _, c := range []struct {
		order, of int
		want      string
	}{
		{0, 0, "Con bà NGUYỄN THỊ ẤN"},
		{1, 2, "Con bà NGUYỄN THỊ ẤN 1/2"},
		{3, 3, "Con bà NGUYỄN THỊ ẤN 3/3"},
		{2, 0, "Con bà NGUYỄN THỊ ẤN 2"}, // of before it was kept how many there were
	} {
		name := clinic.NewbornName("Nguyễn Thị Ấn", c.order, c.of)
		if name != c.want {
			t.Errorf("%q, want %q", name, c.want)
		}
		if mother, ok := clinic.NewbornOf(folded(name), folded); !ok || mother != "nguyen thi an" {
			t.Errorf("%q is read as the child of %q", name, mother)
		}
	}
	for _, s := range []string{"", "Con", "Con bà", "con ba 1/2", "Nguyễn Thị Con", "Con Bảo An"} {
		if m, ok := clinic.NewbornOf(s, folded); ok {
			t.Errorf("%q is read as the child of %q", s, m)
		}
	}
}

func TestParseGrams(t *testing.T) {
	for s, want := range map[string]int{"3200": 3200, " 3200 ": 3200, "3,2": 3200, "3.2": 3200, "3.250": 3250, "3,250": 3250, "0,9": 900, "35": 35, "35000": 35000, "35,0": 35000} {
		if got, err := clinic.ParseGrams("g", s); got != want || err != nil {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-3", "3kg", "3,2,1", "3.2005", "99999999999", "ba"} {
		if got, err := clinic.ParseGrams("g", s); err == nil {
			t.Errorf("%q is %d", s, got)
		}
	}
	r := clinic.BornGramsRange()
	for g, ok := range map[int]bool{35: false, 350: false, 400: true, 3200: true, 8000: true, 8001: false, 35000: false} {
		if r.Holds(g) != ok {
			t.Errorf("%d g", g)
		}
	}
}

func FuzzParseClock(f *testing.F) {
	for _, s := range []string{"6:05", "0605", "06h05", "6h", "23.59", "24:00", "12:60", "", "1234567", "-1:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := clinic.ParseClock(s)
		if again, twice := clinic.ParseClock(got); ok && (again != got || !twice || len(got) != 5) {
			t.Errorf("%q becomes %q, that %q", s, got, again)
		}
	})
}

func TestParseClock(t *testing.T) {
	for s, want := range map[string]string{"6:05": "06:05", "0605": "06:05", "06h05": "06:05", "6h": "06:00", "6": "06:00", "23.59": "23:59", "00:00": "00:00"} {
		if got, ok := clinic.ParseClock(s); got != want || !ok {
			t.Errorf("%q: %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "24:00", "12:60", "sáng", "6:5:4", "605:"} {
		if got, ok := clinic.ParseClock(s); ok {
			t.Errorf("%q is %q", s, got)
		}
	}
}

func TestKinAreNotAlike(t *testing.T) {
	today, born := clinic.Date{Year: 2026, Month: 11, Day: 2}, clinic.Date{Year: 2026, Month: 11, Day: 1}
	mother, other := clinic.ID{1}, clinic.ID{2}
	number := clinic.Identifier{System: clinic.SystemInsurance, Value: "TE1560000000001"}
	child := func(folded string, of clinic.ID, order int) *clinic.Patient {
		return &clinic.Patient{Folded: folded, Birth: born, Mother: of[:], Order: order, Of: 2, Identifiers: []clinic.Identifier{number}}
	}
	named := child("nguyen van an", mother, 1)
	named.Identifiers = nil
	unknown := &clinic.Patient{Folded: "chua ro ten", Birth: clinic.Date{Year: 1960}, Unnamed: true}
	for i, c := range []struct {
		a, b *clinic.Patient
		want clinic.Likeness
	}{
		{child("an", mother, 1), child("an", mother, 2), clinic.LikeNone}, // An and Ân, and their mother's card for both
		{child("con ba a 1/2", mother, 1), named, clinic.LikeBirth},
		{child("con ba a", mother, 0), named, clinic.LikeBirth},
		{child("con ba a 1/2", other, 1), named, clinic.LikeNone},
		{child("an", other, 2), child("an", mother, 1), clinic.LikeNumber}, // two births, one card
		{unknown, unknown, clinic.LikeNone},
	} {
		if got, back := clinic.Alike(c.a, c.b, today), clinic.Alike(c.b, c.a, today); got != c.want || back != c.want {
			t.Errorf("case %d: %d, the other way %d, want %d", i, got, back, c.want)
		}
	}
}
