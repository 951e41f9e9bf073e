package stock

import (
	"cmp"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Sort orders sheets by catalogue, code, and first expiry first: what does not expire
// comes last.
func Sort(s []Sheet) { slices.SortFunc(s, func(a, b Sheet) int { return Compare(a.Batch, b.Batch) }) }

// Compare orders batches as Sort does.
func Compare(a, b clinic.Batch) int {
	return cmp.Or(
		strings.Compare(a.In(), b.In()), strings.Compare(strings.ToLower(a.Code), strings.ToLower(b.Code)), FirstExpiry(a.Goods, b.Goods),
		strings.Compare(a.Lot, b.Lot), strings.Compare(a.Site, b.Site),
	)
}

// FirstExpiry compares last days of use; what does not expire comes last.
func FirstExpiry(a, b clinic.Goods) int {
	last := func(g clinic.Goods) int {
		if g.Expiry.IsZero() {
			return 1 << 30
		}
		return g.Expiry.Int()
	}
	return cmp.Compare(last(a), last(b))
}

// Part is how much to take of one batch.
type Part struct {
	Batch    clinic.Batch
	Quantity clinic.Milli
	Booked   clinic.Milli
}

// Propose divides a quantity over the batches of one row of a catalogue, first expiry
// first, and leaves out what is expired on the day or not there. short is what is missing.
func Propose(sheets []Sheet, want clinic.Milli, on clinic.Date) (parts []Part, short clinic.Milli) {
	sorted := slices.Clone(sheets)
	Sort(sorted)
	for i := range sorted {
		s := &sorted[i]
		take := min(want, s.Booked)
		if take <= 0 || s.Batch.Expired(on) {
			continue
		}
		parts = append(parts, Part{s.Batch, take, s.Booked})
		want -= take
	}
	return parts, max(want, 0)
}

// Rules are the numbers of days that lists of stock go by.
type Rules struct {
	Near  int // days before its expiry at which a batch is near it
	Use   int // days over which use is looked at
	Low   int // days of use below which stock is low, where the catalogue has no minimum
	Cover int // days of use that a requisition proposes
}

// The codes of CatalogStockRule, and what holds when no row says it.
const (
	RuleNear  = "NEAR"
	RuleUse   = "USE"
	RuleLow   = "LOW"
	RuleCover = "COVER"
)

// RulesOn reads the rules of a day: row finds a row of CatalogStockRule.
func RulesOn(row func(code string) (clinic.CatalogRow, bool)) Rules {
	days := func(code string, or int) int {
		if r, ok := row(code); ok && r.Minimum > 0 {
			return min(r.Minimum, 3650)
		}
		return or
	}
	return Rules{Near: days(RuleNear, 90), Use: days(RuleUse, 90), Low: days(RuleLow, 30), Cover: days(RuleCover, 60)}
}

// IsNear reports whether the goods expire within the days of the rules, and are not
// expired.
func (r Rules) IsNear(g clinic.Goods, today clinic.Date) bool {
	return !g.Expiry.IsZero() && !g.Expired(today) && g.Expiry.Before(today.AddDays(r.Near+1))
}

// Level is how much there is of one row of a catalogue.
type Level struct {
	Usable  clinic.Milli // booked and not expired; batches below zero do not count against others
	Usage   clinic.Milli // over Rules.Use days
	Minimum clinic.Milli // below it stock is low; 0 = nothing is known
	Propose clinic.Milli // what a requisition proposes, in whole units
}

// Out reports that nothing is left of what is used or must be there.
func (l *Level) Out() bool { return l.Usable <= 0 && l.Minimum > 0 }

// Low reports that less is left than must be.
func (l *Level) Low() bool { return l.Usable < l.Minimum }

// LevelOf adds up the sheets of one row of a catalogue, folded over the last Rules.Use
// days. minimum is the catalogue's, in units.
func (r Rules) LevelOf(sheets []Sheet, minimum int, today clinic.Date) (l Level) {
	for i := range sheets {
		if s := &sheets[i]; !s.Batch.Expired(today) {
			l.Usable += max(s.Booked, 0)
		}
		l.Usage += sheets[i].Usage()
	}
	use := max(l.Usage, 0)
	l.Minimum = clinic.Milli(minimum) * 1000
	if minimum == 0 {
		l.Minimum = whole(use * clinic.Milli(r.Low) / clinic.Milli(r.Use))
	}
	l.Propose = max(whole(max(use*clinic.Milli(r.Cover)/clinic.Milli(r.Use), l.Minimum)-l.Usable), 0)
	return l
}

// whole rounds up to whole units.
func whole(m clinic.Milli) clinic.Milli { return (m + 999) / 1000 * 1000 }
