package desktest

import (
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// testCatalogDay: the rows of one day, whole, and that a change is noticed.
func testCatalogDay(t *testing.T, h *harness) {
	const catalog = "suiteday"
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	july := clinic.Date{Year: 2026, Month: 7, Day: 1}
	row := func(code, name string, from, to clinic.Date) {
		h.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: catalog, Code: code, Name: name, From: from, To: to}})
	}
	want := func(day clinic.Date, names ...string) (version uint64) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			var got []string
			for _, row := range r.CatalogRows(catalog, day) {
				got = append(got, row.Name)
			}
			if !slices.Equal(got, names) {
				t.Errorf("on %s: %q, want %q", day, got, names)
			}
			version = r.CatalogVersion()
			return nil
		})
		return version
	}
	row("B", "b", from, clinic.Date{})
	row("A", "first a", from, july.AddDays(-1))
	row("A", "second a", july, clinic.Date{})
	want(from.AddDays(-1))
	want(from, "first a", "b")
	want(july, "second a", "b")
	before := want(july.AddDays(4000), "second a", "b")
	row("B", "new b", from, clinic.Date{})
	if want(from, "first a", "new b") == before {
		t.Error("a row was set, and the version is what it was")
	}
}
