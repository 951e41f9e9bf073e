package invent

import (
	"fmt"
	"slices"

	"clinicbox/clinic"
)

// Supplier is who delivers to the invented station.
const Supplier = "Công ty Dược Yến Xa"

// Shelf returns what a station has on its shelf on a day so that its prescriptions can be
// handed out for two months: of each medicine that Visit prescribes a small batch that
// expires first and a large one. Every tenth small batch expires within weeks.
func (g *Gen) Shelf(day clinic.Date) (out []clinic.ReceivedLine) {
	codes := []string{"AZI500", "NITROF100"}
	for _, age := range []int{0, 3, 9, 40} {
		codes = append(codes, paracetamolFor(age))
	}
	for i := range g.ills {
		for _, d := range slices.Concat(g.ills[i].adult, g.ills[i].child) {
			if d.code != paracetamol {
				codes = append(codes, d.code)
			}
		}
	}
	slices.Sort(codes)
	for i, code := range slices.Compact(codes) {
		r := g.row(code, day)
		months := 8 + i%12
		if i%10 == 0 {
			months = 2
		}
		for n, quantity := range []clinic.Milli{100_000, 20_000_000} {
			at := day.Year*12 + day.Month - 1 + months + n*14
			out = append(out, clinic.ReceivedLine{
				Goods: clinic.Goods{Code: code, Lot: fmt.Sprintf("YX%03d%c", i+1, 'A'+n), Expiry: clinic.MonthEnd(at/12, at%12+1)},
				Name:  r.Name, Unit: r.Unit, Quantity: quantity, Price: r.Price * 8 / 10,
			})
		}
	}
	return out
}
