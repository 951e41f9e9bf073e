package safety

import (
	"slices"

	"clinicbox/clinic"
)

// pairs finds interactions: a line of now with one of now or one that runs, or whose
// effect still lasts.
func (c *check) pairs() {
	for _, x := range c.hits(clinic.CatalogInteraction) {
		if x.kind != "pair" {
			continue
		}
		both := c.sides[x]
		for _, a := range both[0] {
			for _, b := range both[1] {
				if a == b || !a.now && !b.now || !a.counts(x.Days) || !b.counts(x.Days) {
					continue
				}
				lines := []*line{a, b}
				vi, en := c.list(lines)
				c.add(Finding{Kind: KindInteraction, Severity: x.severity, Vi: vi, En: en}, x, lines)
			}
		}
	}
}

// counts reports whether the line runs or ended no more days ago than these.
func (l *line) counts(days int) bool { return l.now || l.ended <= days }

// duplicates finds one substance, or two of one class, in two medicines. A refill a few
// days before the old course ends is none.
func (c *check) duplicates() {
	all := slices.DeleteFunc(slices.Concat(c.now, c.running), func(l *line) bool { return l.local || !l.runs() || l.refill })
	for _, x := range c.rules.all {
		if x.kind != "duplicate" || x.A != "*" {
			continue
		}
		for i, a := range all {
			for _, b := range all[i+1:] {
				if (a.now || b.now) && shared(a, b) {
					s := x.severity
					if a.now != b.now && a.Medicine == b.Medicine { // some is left of the very same
						s = min(s, Note)
					}
					lines := []*line{a, b}
					vi, en := c.list(lines)
					c.add(Finding{Kind: KindDuplicate, Severity: s, Vi: vi, En: en}, x, lines)
				}
			}
		}
	}
	for _, x := range c.hits(clinic.CatalogInteraction) {
		if x.kind != "duplicate" {
			continue
		}
		lines := c.sides[x][0]
		for i, a := range lines {
			for _, b := range lines[i+1:] {
				if !a.now && !b.now || !a.runs() || !b.runs() || a.refill || b.refill || shared(a, b) {
					continue
				}
				pair := []*line{a, b}
				vi, en := c.list(pair)
				c.add(Finding{Kind: KindDuplicate, Severity: x.severity, Vi: vi, En: en}, x, pair)
			}
		}
	}
}

// shared reports whether both hold one substance.
func shared(a, b *line) bool {
	return slices.ContainsFunc(a.substances(), func(code string) bool { return slices.Contains(b.substances(), code) })
}

// substances returns the codes of the substances, or the medicine's own where its
// catalogue names none.
func (l *line) substances() []string {
	var out []string
	for _, s := range l.Substances {
		if s.Code != "" {
			out = append(out, s.Code)
		}
	}
	if len(out) == 0 && len(l.ATC) == 7 {
		out = []string{l.ATC}
	}
	return out
}
