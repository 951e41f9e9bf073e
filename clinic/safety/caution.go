package safety

import (
	"slices"
	"strings"

	"clinicbox/clinic"
)

// cautions looks at the person: pregnancy, nursing, age, weight, kidneys, illnesses.
func (c *check) cautions() {
	var renal []*rule
	for _, x := range c.hits(clinic.CatalogCaution) {
		lines := slices.DeleteFunc(slices.Clone(c.sides[x][0]), func(l *line) bool { return !l.runs() })
		if len(lines) == 0 {
			continue
		}
		switch x.kind {
		case "pregnancy":
			c.pregnancy(x, lines)
		case "breastfeeding":
			if c.p.Breastfeeding == clinic.AnswerYes {
				c.each(KindBreastfeeding, x, lines)
			}
		case "age":
			c.age(x, lines)
		case "weight":
			c.weight(x, lines)
		case "renal":
			renal = append(renal, x)
		case "condition":
			if c.has(x) {
				c.each(KindCondition, x, lines)
			}
		}
	}
	c.kidneys(renal)
	c.questions()
}

// each makes a finding of every line, so that one can be overridden without the others.
func (c *check) each(kind Kind, x *rule, lines []*line) {
	for _, l := range lines {
		vi, en := c.list([]*line{l})
		c.add(Finding{Kind: kind, Severity: x.severity, Vi: vi, En: en}, x, []*line{l})
	}
}

// pregnancy. Not asked of a woman of 12 to 50: asked for what would be stopped from the
// first week on; later weeks are seen.
func (c *check) pregnancy(x *rule, lines []*line) {
	if x.MaxDay > 0 {
		lines = slices.DeleteFunc(lines, func(l *line) bool { return !above(l, x) })
	}
	switch {
	case c.p.Pregnant == clinic.AnswerNo:
	case c.p.Pregnant == clinic.AnswerUnknown:
		age := c.p.AgeDays / 365
		if c.p.Sex == clinic.SexFemale && (c.p.AgeDays < 0 || age >= 12 && age <= 50) && x.severity == Interrupt && x.Low == 0 {
			c.askNow(AskPregnant, lines)
		}
	case x.Low == 0 && x.High == 0, c.p.Weeks > 0 && c.p.Weeks >= x.Low && (x.High == 0 || c.p.Weeks < x.High):
		c.each(KindPregnancy, x, lines)
	case c.p.Weeks == 0:
		c.askNow(AskWeeks, lines)
	}
}

// above reports whether a day's dose is above the rule's, or not said.
func above(l *line, x *rule) bool {
	var t total
	t.take(l, x, false)
	return add(t.day, t.also) > x.MaxDay || len(t.unsaid) > 0
}

func (c *check) age(x *rule, lines []*line) {
	switch {
	case c.p.AgeDays < 0:
		if x.AgeFrom == 0 && x.severity >= Warn {
			c.askNow(AskAge, lines)
		}
	case c.ofAge(x):
		c.each(KindAge, x, lines)
	}
}

func (c *check) weight(x *rule, lines []*line) {
	switch {
	case c.p.Weight > 0 && c.p.Weight < x.High && c.p.Weight >= x.Low:
		kg, kgEn := c.kilos()
		for _, l := range lines {
			vi, en := c.list([]*line{l})
			c.add(Finding{Kind: KindWeight, Severity: x.severity, Vi: vi + kg, En: en + kgEn}, x, []*line{l})
		}
	case c.p.Weight == 0 && c.p.AgeDays >= 0 && c.p.AgeDays < childDays:
		c.askNow(AskWeight, lines)
	}
}

// kidneys tells for each line the rule with the lowest limit that is passed. Nothing is
// known of most people's kidneys: it is asked for where a disease of them is.
func (c *check) kidneys(rules []*rule) {
	for _, l := range slices.Concat(c.now, c.running) {
		var best *rule
		for _, x := range rules {
			if !l.runs() || !slices.Contains(c.sides[x][0], l) {
				continue
			}
			switch {
			case c.egfr == 0:
				if x.severity == Interrupt && c.ill(kidneyIllness(), 0) {
					c.askNow(AskKidneys, []*line{l})
				}
			case c.egfr < x.High && (best == nil || x.High < best.High):
				best = x
			}
		}
		if best != nil {
			vi, en := c.list([]*line{l})
			g, gEn := c.filtration()
			c.add(Finding{Kind: KindRenal, Severity: best.severity, Vi: vi + g, En: en + gEn}, best, []*line{l})
		}
	}
}

// filtration says what the kidneys do, and from what it was reckoned.
func (c *check) filtration() (vi, en string) {
	g := clinic.FormatFixed(c.egfr, 0)
	vi, en = ", mức lọc cầu thận "+g, ", eGFR "+g
	if c.p.EGFR == 0 {
		n := clinic.FormatFixed(c.p.Creatinine, 0) + " µmol/L"
		if !c.p.Tested.IsZero() && c.p.Tested != c.p.On {
			vi, en = vi+" (CKD-EPI 2021, creatinin "+n+" ngày "+c.p.Tested.String()+")", en+" (CKD-EPI 2021, creatinine "+n+" of "+c.p.Tested.String()+")"
		} else {
			vi, en = vi+" (CKD-EPI 2021, creatinin "+n+")", en+" (CKD-EPI 2021, creatinine "+n+")"
		}
	}
	return vi, en
}

// kidneyIllness is what makes the checks ask for creatinine: chronic and unspecified
// kidney failure, and what diabetes and hypertension do to kidneys.
func kidneyIllness() []string {
	return []string{"N18", "N19", "I12", "I13", "E10.2", "E11.2", "E13.2", "E14.2"}
}

func (c *check) has(x *rule) bool { return c.ill(x.icd, x.Days) }

// ill reports whether a problem begins as one of these codes and was made within the
// days; 0 = whenever.
func (c *check) ill(codes []string, days int) bool {
	return slices.ContainsFunc(c.p.Problems, func(p Problem) bool {
		if days > 0 && !p.On.IsZero() && daysBetween(p.On, c.p.On) > days {
			return false
		}
		return slices.ContainsFunc(codes, func(code string) bool { return strings.HasPrefix(p.Code, code) })
	})
}

func (c *check) askNow(what string, lines []*line) {
	for _, l := range lines {
		if l.now {
			c.ask(what, l)
		}
	}
}

// questions turns what must be asked into findings, one for each question.
func (c *check) questions() {
	for _, what := range sortedKeys(c.asks) {
		lines := c.asks[what]
		slices.SortFunc(lines, func(a, b *line) int { return strings.Compare(a.Medicine, b.Medicine) })
		vi, en := c.list(lines)
		s, q, e := Warn, "", ""
		switch what {
		case AskWeight:
			q, e = "cần cân nặng để tính liều", "the dose needs the weight"
			if c.p.Weight > 0 {
				day := c.p.Weighed.String()
				q, e = "cân nặng đo ngày "+day+" đã cũ, cân lại", "the weight of "+day+" is old, weigh again"
			} else if c.p.AgeDays >= childDays || c.p.AgeDays < 0 {
				s = Note
			}
		case AskPregnant:
			q, e = "hãy hỏi có thai hay không", "ask whether she is pregnant"
		case AskWeeks:
			q, e = "hãy ghi tuổi thai, thuốc này phụ thuộc tuần thai", "note the week of pregnancy, this medicine depends on it"
		case AskAge:
			q, e = "chưa rõ tuổi, không kiểm tra được giới hạn tuổi", "the age is not known, limits by age are not checked"
		case AskKidneys:
			s, q, e = Note, "bệnh thận: cần creatinin máu để kiểm tra liều", "kidney disease: creatinine is needed to check the dose"
			if c.p.AgeDays < adultDays || c.p.Sex != clinic.SexMale && c.p.Sex != clinic.SexFemale {
				q, e = "bệnh thận: không tính được mức lọc cầu thận (dưới 18 tuổi, hoặc chưa rõ tuổi, giới), tự kiểm tra liều", "kidney disease: the filtration rate cannot be computed (under 18, or age or sex not known), check the dose yourself"
			}
		case AskDose:
			s, q, e = Note, "chưa kiểm tra được liều (ghi bằng lời, hoặc danh mục không có hàm lượng)", "the dose is not checked (in words, or the catalogue has no amount)"
		}
		c.put(Finding{Kind: KindMissing, Severity: s, Rule: what, Vi: vi + ": " + q, En: en + ": " + e}, lines)
	}
}
