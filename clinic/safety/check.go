package safety

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Times of the engine.
const (
	refillLong  = 14 // a course of so many days may be refilled …
	refillEarly = 7  // … so many days before it ends, without being called double
	childDays   = 12 * 365
	adultDays   = 18 * 365
)

// check is one run.
type check struct {
	rules   *Rules
	p       Patient
	egfr    int
	now     []*line
	running []*line // those that are over too: interactions last
	found   []Finding
	asks    map[string][]*line
	sides   map[*rule][2][]*line
}

// line is a Line with what the rules ask of it.
type line struct {
	Line
	codes  []string // of its substances, and its own ATC code
	words  []string // of its name without the strength, for allergies
	local  bool     // stays where it is put, or is inhaled
	now    bool
	ended  int // days since its last day; 0 or below: it runs
	refill bool
}

func newCheck(r *Rules, p Patient, now, running []Line) *check {
	if r == nil {
		r = &Rules{}
	}
	c := &check{rules: r, p: p, egfr: p.EGFR, asks: map[string][]*line{}, sides: map[*rule][2][]*line{}}
	if c.egfr == 0 {
		c.egfr = EGFR(p.Creatinine, p.AgeDays/365, p.Sex)
	}
	c.now = c.lines(now, true)
	c.running = c.lines(running, false)
	for _, l := range slices.Concat(c.now, c.running) {
		c.match(l)
	}
	return c
}

// lines puts them in an order of their own, so that theirs does not matter.
func (c *check) lines(in []Line, now bool) []*line {
	out := make([]*line, 0, len(in))
	for _, l := range in {
		x := &line{Line: l, now: now, local: isLocal(&l)}
		for _, s := range l.Substances {
			if s.Code != "" {
				x.codes = append(x.codes, s.Code)
			}
		}
		if l.ATC != "" {
			x.codes = append(x.codes, l.ATC)
		}
		slices.Sort(x.codes)
		x.codes = slices.Compact(x.codes)
		days := x.length()
		if !now && !l.Start.IsZero() && !c.p.On.IsZero() {
			x.ended = daysBetween(l.Start, c.p.On) - days + 1
			x.refill = days >= refillLong && x.ended <= 0 && -x.ended <= refillEarly
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b *line) int {
		if n := strings.Compare(a.Medicine, b.Medicine); n != 0 {
			return n
		}
		return strings.Compare(a.text(), b.text())
	})
	return out
}

func (l *line) text() string { return fmt.Sprintf("%+v", l.Line) }

// length is for how many days it is taken.
func (l *line) length() int { return cmp.Or(max(l.Days, 0), clinic.RunsUnsaid) }

func (l *line) runs() bool { return l.now || l.ended <= 0 }

// daysBetween counts days of the calendar; both in Viet Nam's time, which has no
// daylight saving.
func daysBetween(from, to clinic.Date) int { return int(to.Time().Sub(from.Time()).Hours() / 24) }

// isLocal tells medicines that stay on skin, eye, ear, nose, mouth or vagina, and those
// that are inhaled: by their own ATC code, or by their route where it says less.
func isLocal(l *Line) bool {
	for _, p := range []string{"D01B", "D05B", "D10B"} { // taken by mouth for the skin
		if strings.HasPrefix(l.ATC, p) {
			return false
		}
	}
	for _, p := range []string{"D", "S", "G01", "M02", "A01A", "R01A", "R02", "R03A", "R03B", "C05A"} {
		if strings.HasPrefix(l.ATC, p) {
			return true
		}
	}
	for _, p := range []string{"bôi", "nhỏ", "tra mắt", "dùng ngoài", "đặt âm đạo", "xịt", "hít", "khí dung"} {
		if strings.HasPrefix(l.Route, p) {
			return true
		}
	}
	return false
}

// match files the line under every rule that names it.
func (c *check) match(l *line) {
	seen := map[side]bool{}
	for _, code := range l.codes {
		for n := 1; n <= len(code); n++ {
			for _, s := range c.rules.byCode[code[:n]] {
				t := s.rule.a
				if s.b {
					t = s.rule.b
				}
				if seen[s] || l.local && s.rule.Reach == "" || !t.any(l.codes) {
					continue
				}
				seen[s] = true
				both := c.sides[s.rule]
				k := 0
				if s.b {
					k = 1
				}
				both[k] = append(both[k], l)
				c.sides[s.rule] = both
			}
		}
	}
}

// hits returns the rules of a catalogue that name a line, in their order.
func (c *check) hits(catalog string) (rules []*rule) {
	for x := range c.sides {
		if x.catalog == catalog {
			rules = append(rules, x)
		}
	}
	slices.SortFunc(rules, func(a, b *rule) int { return strings.Compare(a.row.Code, b.row.Code) })
	return rules
}

// add makes a finding of a rule; the words of f stand before the rule's own.
func (c *check) add(f Finding, x *rule, lines []*line) {
	f.Rule, f.Catalog, f.Source = x.row.Code, x.catalog, x.row.Source+" ("+x.row.Version+")"
	f.Vi, f.En = joinWords(f.Vi, x.row.Name), joinWords(f.En, x.row.English)
	c.put(f, lines)
}

// put files a finding about lines. What only concerns running medicines cannot be
// mended on this prescription: only what is severe is told, and it does not interrupt.
func (c *check) put(f Finding, lines []*line) {
	for _, l := range lines {
		if l.now {
			f.Now = append(f.Now, l.Medicine)
		} else {
			f.Running = append(f.Running, l.Medicine)
		}
	}
	slices.Sort(f.Now)
	slices.Sort(f.Running)
	f.Now, f.Running = slices.Compact(f.Now), slices.Compact(f.Running)
	if len(f.Now) == 0 && f.Kind != KindUnmapped {
		if f.Severity < Interrupt {
			return
		}
		f.Severity = Warn
	}
	c.found = append(c.found, f)
}

func joinWords(first, second string) string {
	if first == "" {
		return second
	}
	return first + ". " + second
}

// list names lines for people; running ones say until when.
func (c *check) list(lines []*line) (vi, en string) {
	var v, e []string
	for _, l := range lines {
		name := cmp.Or(l.Name, l.Medicine)
		switch {
		case l.now:
			v, e = append(v, name), append(e, name)
		case l.Start.IsZero():
			v, e = append(v, name+" (đang dùng)"), append(e, name+" (being taken)")
		default:
			last := l.Start.AddDays(l.length() - 1).String()
			v, e = append(v, name+" (đơn trước, đến "+last+")"), append(e, name+" (earlier prescription, until "+last+")")
		}
	}
	return strings.Join(v, " + "), strings.Join(e, " + ")
}

// noRules tells what is not looked at at all, for a catalogue has no row on this day.
func (c *check) noRules() {
	var vi, en []string
	for _, x := range []struct{ catalog, vi, en string }{
		{clinic.CatalogInteraction, "tương tác", "interactions"},
		{clinic.CatalogAllergyClass, "nhóm dị ứng", "classes of allergies"},
		{clinic.CatalogDoseLimit, "liều", "doses"},
		{clinic.CatalogCaution, "thận trọng theo người bệnh", "cautions"},
	} {
		if c.rules.Len(x.catalog, "") == 0 {
			vi, en = append(vi, x.vi), append(en, x.en)
		}
	}
	if len(vi) > 0 {
		c.put(Finding{
			Kind: KindUnmapped, Severity: Warn, Rule: RuleNone,
			Vi: "Chưa kiểm tra: danh mục ngày này không có quy tắc về " + strings.Join(vi, ", "),
			En: "Not checked: the catalogues of this day have no rules on " + strings.Join(en, ", "),
		}, c.now)
	}
}

// unmapped tells medicines of which nothing is known.
func (c *check) unmapped() {
	for _, l := range slices.Concat(c.now, c.running) {
		if len(l.codes) > 0 || !l.runs() {
			continue
		}
		vi, en := c.list([]*line{l})
		s := Warn
		if !l.now {
			s = Note
		}
		c.put(Finding{
			Kind: KindUnmapped, Severity: s, Rule: RuleUnmapped,
			Vi: vi + ": chưa kiểm tra được, danh mục không có hoạt chất", En: en + ": not checked, the catalogue has no substance of it",
		}, []*line{l})
	}
}

// EGFR computes the glomerular filtration rate of an adult, in ml/min/1.73 m², by CKD-EPI
// 2021 (ckdEPI) from creatinine in µmol/L; 0 = not known. Children have other formulas.
func EGFR(creatinine, years int, sex clinic.Sex) int {
	if creatinine <= 0 || years < 18 || sex != clinic.SexMale && sex != clinic.SexFemale {
		return 0
	}
	return ckdEPI(creatinine, years, sex == clinic.SexFemale)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
