package starting

import (
	"strings"
	"testing"

	"clinicbox/clinic"
)

// on keeps the rows that hold on the day, by code.
func on(t *testing.T, all []clinic.CatalogRow, day clinic.Date) map[string]clinic.CatalogRow {
	t.Helper()
	out := map[string]clinic.CatalogRow{}
	for _, r := range all {
		if r.ValidOn(day) {
			if _, twice := out[r.Code]; twice {
				t.Errorf("%s holds twice on %s", r.Code, day)
			}
			out[r.Code] = r
		}
	}
	return out
}

// TestUnits: the counts of the law on both sides of the 1st of July 2025, and each unit
// belongs to one that exists (Resolution 202/2025/QH15).
func TestUnits(t *testing.T) {
	by := rows(t)
	before, after, now := clinic.Date{Year: 2025, Month: 6, Day: 30}, clinic.Date{Year: 2025, Month: 7, Day: 1}, clinic.Date{Year: 2026, Month: 11, Day: 1}
	for _, tt := range []struct {
		day                          clinic.Date
		provinces, communes, special int
	}{{before, 63, 10034, 0}, {after, 34, 3321, 13}, {now, 34, 3321, 13}} {
		p, c := on(t, by[clinic.CatalogProvince], tt.day), on(t, by[clinic.CatalogCommune], tt.day)
		special := 0
		for _, r := range c {
			if strings.HasPrefix(r.Name, "Đặc khu ") {
				special++
			}
		}
		if len(p) != tt.provinces || len(c) != tt.communes || special != tt.special {
			t.Errorf("%s: %d provinces, %d communes, %d of them special zones", tt.day, len(p), len(c), special)
		}
	}
	p, c := on(t, by[clinic.CatalogProvince], after), on(t, by[clinic.CatalogCommune], after)
	for code, r := range c {
		if _, ok := p[r.Parent]; !ok {
			t.Errorf("commune %s is in %q", code, r.Parent)
		}
	}
	successors(t, on(t, by[clinic.CatalogProvince], before), p)
	old := on(t, by[clinic.CatalogCommune], before)
	successors(t, old, c)
	for code, name := range map[string]string{
		"00004": "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội", // the second one of its district
		"26734": "Phường Tân Định, Quận 1, Thành phố Hồ Chí Minh",
	} {
		if old[code].Name != name {
			t.Errorf("%s was %q", code, old[code].Name)
		}
	}
}

// successors checks that each old unit names units that exist, and is marked as old
// where the code means another one now.
func successors(t *testing.T, old, now map[string]clinic.CatalogRow) {
	t.Helper()
	for code, r := range old {
		if !r.Has(clinic.FlagOld) {
			if now[code].Name != r.Name {
				t.Errorf("%s was %s, is %s, and is not marked as old", code, r.Name, now[code].Name)
			}
			continue
		}
		if r.Parent == "" {
			t.Errorf("%s %s has no successor", code, r.Name)
		}
		for s := range strings.FieldsSeq(r.Parent) {
			if _, ok := now[s]; !ok {
				t.Errorf("%s %s: no unit %s", code, r.Name, s)
			}
		}
	}
}

// TestCities: a province that became a city keeps its code and changes its name on the day.
func TestCities(t *testing.T) {
	by := rows(t)
	for _, tt := range []struct{ catalog, code, last, next string }{
		{clinic.CatalogProvince, "22", "Tỉnh Quảng Ninh 31/08/2026", "Thành phố Quảng Ninh 01/09/2026"},
		{clinic.CatalogProvince, "24", "Tỉnh Bắc Ninh 19/09/2026", "Thành phố Bắc Ninh 20/09/2026"},
		{clinic.CatalogProvince, "75", "Tỉnh Đồng Nai 29/04/2026", "Thành phố Đồng Nai 30/04/2026"},
		{clinic.CatalogCommune, "09319", "Xã Tiên Du 19/09/2026", "Phường Tiên Du 20/09/2026"},
	} {
		var got []string
		for _, r := range by[tt.catalog] {
			if r.Code == tt.code && !r.Has(clinic.FlagOld) {
				got = append(got, r.Name+" "+r.To.String(), r.Name+" "+r.From.String())
			}
		}
		if text := strings.Join(got, "|"); !strings.Contains(text, tt.last) || !strings.Contains(text, tt.next) {
			t.Errorf("%s: %s", tt.code, text)
		}
	}
}

// TestLabTests: a number has a unit or none by nature, its ranges fit its decimals, and
// every word that is usual is one of the words to choose from.
func TestLabTests(t *testing.T) {
	list := rows(t)[clinic.CatalogLabTest]
	codes := map[string]bool{}
	for _, r := range list {
		codes[r.Code] = true
	}
	for _, r := range list {
		if r.Parent != "" && !codes[r.Parent] {
			t.Errorf("%s belongs to %s, which is not there", r.Code, r.Parent)
		}
		decimals, number := r.Value.Decimals()
		if number && r.Unit == "" && r.Code != "NTPH" && r.Code != "NTTT" {
			t.Errorf("%s: a number of what?", r.Code)
		}
		step := clinic.Milli(1000)
		for range decimals {
			step /= 10
		}
		for _, g := range r.Ranges {
			for _, v := range []clinic.Milli{g.Low, g.High, g.CritLow, g.CritHigh} {
				if v != 0 && (!number || v%step != 0) {
					t.Errorf("%s: %v does not fit its form", r.Code, v)
				}
			}
			found := g.Text == "" || r.Value == clinic.ValueText
			for _, c := range r.Value.Choices() {
				found = found || c.Name == g.Text && !c.Abnormal
			}
			if !found {
				t.Errorf("%s: %q is not a usual result", r.Code, g.Text)
			}
		}
	}
}

func TestSexesOfDiagnoses(t *testing.T) {
	flags := map[string]string{}
	for _, r := range rows(t)[clinic.CatalogICD10] {
		flags[r.Code] = r.Flags
	}
	for code, want := range map[string]string{
		"O14.1": clinic.FlagFemale, "N40": clinic.FlagMale, "N76.0": clinic.FlagFemale, "C53.9": clinic.FlagFemale, "Q53.9": clinic.FlagMale,
		"W19": clinic.FlagNoMain, "J00": "", "N39.0": "", "N61": "", "Z23.5": "", "P07.1": "",
	} {
		if flags[code] != want {
			t.Errorf("%s: %q, want %q", code, flags[code], want)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Rows(); err != nil {
			b.Fatal(err)
		}
	}
}
