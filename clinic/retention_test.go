package clinic

import "testing"

func TestKeepUntil(t *testing.T) {
	row := func(code string, years int, applies string) CatalogRow {
		return CatalogRow{Catalog: CatalogRetention, Code: code, Years: years, Applies: applies}
	}
	rows := []CatalogRow{row("KEEPVISIT", 10, "*"), row("KEEPMENTAL", 20, "F"), row("KEEPDEATH", 30, "R95 R99")}
	visit := Date{2015, 3, 2}
	for _, c := range []struct {
		codes []string
		code  string
		until Date
	}{
		{nil, "KEEPVISIT", Date{2025, 12, 31}},
		{[]string{"J06.9", "I10"}, "KEEPVISIT", Date{2025, 12, 31}},
		{[]string{"J06.9", "F32.0"}, "KEEPMENTAL", Date{2035, 12, 31}},
		{[]string{"R99", "F32.0"}, "KEEPDEATH", Date{2045, 12, 31}},
	} {
		until, by, ok := KeepUntil(visit, c.codes, rows)
		if !ok || by.Code != c.code || until != c.until {
			t.Errorf("%v: %s until %v", c.codes, by.Code, until)
		}
	}
	if _, _, ok := KeepUntil(visit, []string{"J06.9"}, rows[1:]); ok {
		t.Error("a visit that no row is about may go")
	}
}
