package safety

import (
	"slices"
	"strings"

	"clinicbox/clinic"
)

// allergies looks at every recorded allergy: the substance itself, its class, what the
// class crosses with. One that means nothing known is told, once.
func (c *check) allergies() {
	var runs []*line
	for _, l := range slices.Concat(c.now, c.running) {
		if l.runs() && len(c.p.Allergies) > 0 {
			l.words, runs = c.rules.nameWords(l.Name), append(runs, l)
		}
	}
	for i := range c.p.Allergies {
		a := &c.p.Allergies[i]
		if strings.TrimSpace(a.Substance+a.Code) == "" {
			continue
		}
		targets, unknown := c.rules.resolve(a)
		if unknown {
			c.found = append(c.found, Finding{
				Kind: KindUnmapped, Severity: Warn, Rule: RuleUnmappedAllergy, About: a.Substance,
				Vi: "Dị ứng “" + a.Substance + "”: không kiểm tra được, hãy hỏi rõ tên thuốc",
				En: "Allergy to “" + a.Substance + "”: cannot be checked, ask for the name",
			})
		}
		m := meaning{a, targets, c.classes(targets), nil}
		for _, part := range splitParts(a.Substance) {
			m.parts = append(m.parts, c.rules.words(part))
		}
		for _, l := range runs {
			c.allergy(&m, l)
		}
	}
}

// meaning is what an allergy comes down to.
type meaning struct {
	*clinic.Allergy
	targets []string
	classes []*rule
	parts   [][]string // its words
}

// classes returns those that are meant, and those of the substances that are meant.
func (c *check) classes(targets []string) (out []*rule) {
	for _, code := range sortedKeys(c.rules.classes) {
		x := c.rules.classes[code]
		if slices.Contains(targets, code) || slices.ContainsFunc(targets, func(t string) bool { return len(t) >= 5 && isCode(t) && x.a.has(t) }) {
			out = append(out, x)
		}
	}
	return out
}

// allergy tells the nearest relation of one allergy to one line.
func (c *check) allergy(a *meaning, l *line) {
	if named(a.parts, l) || slices.ContainsFunc(a.targets, func(t string) bool {
		return isCode(t) && slices.ContainsFunc(l.codes, func(code string) bool { return strings.HasPrefix(code, t) })
	}) {
		vi, en := c.about(a, l)
		c.put(Finding{
			Kind: KindAllergy, Severity: Interrupt, Rule: RuleAllergySame, About: a.Substance,
			Vi: vi + ". Chính hoạt chất đã gây dị ứng", En: en + ". The very substance",
		}, []*line{l})
		return
	}
	var best *rule
	var worst Severity
	consider := func(x *rule) {
		s := x.severity
		if a.Severe {
			s = max(s, x.severe)
		}
		if s > worst {
			best, worst = x, s
		}
	}
	for _, x := range a.classes {
		if x.a.any(l.codes) {
			consider(x)
		}
	}
	if best == nil {
		for _, x := range c.rules.all {
			if x.kind == "cross" && slices.ContainsFunc(a.classes, func(cl *rule) bool { return cl.row.Code == x.A }) && x.b.any(l.codes) {
				consider(x)
			}
		}
	}
	if best == nil {
		return
	}
	vi, en := c.about(a, l)
	c.add(Finding{Kind: KindAllergy, Severity: worst, About: a.Substance, Vi: vi, En: en}, best, []*line{l})
}

// about begins what is said of an allergy and a line.
func (c *check) about(a *meaning, l *line) (vi, en string) {
	vi, en = c.list([]*line{l})
	vi, en = "Dị ứng “"+a.Substance+"”: "+vi, "Allergy to “"+a.Substance+"”: "+en
	if a.Reaction != "" {
		vi, en = vi+" (đã bị: "+a.Reaction+")", en+" (reaction: "+a.Reaction+")"
	}
	return vi, en
}

// named reports whether the allergy is written as the medicine is, whatever else is
// known of it: the brand of a medicine that no list of names has.
func named(parts [][]string, l *line) bool {
	return slices.ContainsFunc(parts, func(words []string) bool { return within(words, l.words) || within(l.words, words) })
}

// nameWords folds a medicine's name and leaves out its strength.
func (r *Rules) nameWords(name string) []string {
	words := r.words(name)
	if n := slices.IndexFunc(words, func(w string) bool { return w[0] <= '9' }); n >= 0 {
		words = words[:n]
	}
	return words
}

// within reports whether the words stand in the text, one after the other; few letters
// say nothing.
func within(words, text []string) bool {
	if len(strings.Join(words, "")) < 4 {
		return false
	}
	for i := 0; i+len(words) <= len(text); i++ {
		if slices.Equal(text[i:i+len(words)], words) {
			return true
		}
	}
	return false
}
