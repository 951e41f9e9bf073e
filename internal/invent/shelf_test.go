package invent_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
	"clinicbox/internal/invent"
)

// TestShelfHasWhatIsPrescribed: two months of invented prescriptions can be handed out, and
// no batch is there twice or expired.
func TestShelfHasWhatIsPrescribed(t *testing.T) {
	g := invent.New(1)
	day := clinic.Date{Year: 2026, Month: 1, Day: 5}
	left := map[string]clinic.Milli{}
	seen := map[clinic.Goods]bool{}
	near := 0
	for _, l := range g.Shelf(day) {
		left[l.Goods.Code] += l.Quantity
		if seen[l.Goods] || !day.Before(l.Goods.Expiry) || l.Unit == "" {
			t.Errorf("%+v", l)
		}
		if (stock.Rules{Near: 90}).IsNear(l.Goods, day) {
			near++
		}
		seen[l.Goods] = true
	}
	if near == 0 {
		t.Error("nothing expires soon")
	}
	all := people(g, 500)
	for n := range 60 {
		for _, a := range g.Day(all, day.AddDays(n), 22) {
			for _, l := range a.Plan.Prescription.Lines {
				if left[l.Medicine] -= l.Quantity; left[l.Medicine] < 0 {
					t.Fatalf("day %d: no %s is left", n, l.Medicine)
				}
			}
		}
	}
}
