// Package invent makes up the people and the days of a commune station on an island
// that does not exist, for the demo, for tests and for benches. The same seed gives
// the same people for ever. Nobody in it is real: the commune, its hamlets and the
// area code 0200 of its telephones do not exist.
package invent

import (
	"math/rand/v2"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
)

// The invented station.
const (
	FacilityCode = "56999" // 56 is the province's code
	FacilityName = "Trạm Y tế xã Yến Xa"
	Governing    = "Sở Y tế Khánh Hòa"
	Commune      = "Xã Yến Xa"
	Province     = "Khánh Hòa"
)

// Gen makes up people and visits. It is for one goroutine.
type Gen struct {
	rnd   *rand.Rand
	more  *rand.Rand // of elsewhere
	today clinic.Date
	count uint64 // people so far: numbers derive from it, so none comes twice
	names names
	rows  map[string][]clinic.CatalogRow // by code
	ills  []condition
}

// New returns a generator whose people are alive on 1 January 2026.
func New(seed uint64) *Gen { return NewOn(seed, clinic.Date{Year: 2026, Month: 1, Day: 1}) }

// NewOn returns a generator whose people are alive on the given day: nobody is born
// and no card is issued after it, and insurance cards run to the end of its year.
func NewOn(seed uint64, today clinic.Date) *Gen {
	all, err := starting.Rows(clinic.CatalogICD10, clinic.CatalogMedicine, clinic.CatalogService)
	if err != nil {
		panic(err) // the files are compiled in and tested
	}
	g := &Gen{
		rnd: rand.New(rand.NewPCG(seed, 0x79656e7861)), more: rand.New(rand.NewPCG(seed, 0x6b686163)), today: today,
		names: readNames(), rows: map[string][]clinic.CatalogRow{}, ills: conditions(),
	}
	for _, r := range all {
		g.rows[r.Code] = append(g.rows[r.Code], r)
	}
	return g
}

// row returns the catalogue row that holds on the day; for days before the
// catalogue began, the first.
func (g *Gen) row(code string, day clinic.Date) clinic.CatalogRow {
	rows := g.rows[code]
	for _, r := range rows {
		if r.ValidOn(day) {
			return r
		}
	}
	return rows[0]
}

// chance is true in so many of a hundred cases.
func (g *Gen) chance(percent int) bool { return g.rnd.IntN(100) < percent }

// between returns a number from lo to hi.
func (g *Gen) between(lo, hi int) int { return lo + g.rnd.IntN(hi-lo+1) }

// near returns a number around mid, mostly within spread, never beyond twice that.
func (g *Gen) near(mid, spread int) int {
	f := g.rnd.NormFloat64() * 0.7
	return mid + int(max(-2, min(2, f))*float64(spread))
}

func (g *Gen) pick(list []string) string { return list[g.rnd.IntN(len(list))] }

// serial spreads the person's counter over mod values without meeting one twice:
// step must share no factor with mod.
func (g *Gen) serial(step, mod uint64) uint64 { return (g.count*step + 271828) % mod }

func words(s string) []string {
	w := strings.Split(s, ",")
	for i := range w {
		w[i] = strings.TrimSpace(w[i])
	}
	return w
}
