package safety

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// kgTolerance is the excess over a limit by weight that is left alone, in percent:
// tablets and sachets cannot be cut finer.
const kgTolerance = 10

// doses sums each substance over what is prescribed now, and compares.
func (c *check) doses() {
	for _, x := range c.hits(clinic.CatalogDoseLimit) {
		if !c.ofAge(x) || (x.Low > 0 || x.High > 0) && !c.inWeight(x) {
			continue
		}
		var t total
		for _, l := range c.sides[x][0] {
			t.take(l, x, c.replaced(l))
		}
		for _, l := range t.unsaid {
			c.ask(AskDose, l)
		}
		if x.DoseKg+x.DayKg > 0 && len(t.now) > 0 {
			c.needWeight(t.now)
		}
		c.limit(x, &t)
	}
}

// replaced reports whether a running line ends because the same medicine, or the
// substance of a course that is nearly over, is prescribed again.
func (c *check) replaced(l *line) bool {
	return slices.ContainsFunc(c.now, func(n *line) bool {
		return n.Medicine == l.Medicine || l.refill && shared(n, l)
	})
}

// total is what is taken of the substances of one rule, in their measure.
type total struct {
	now, running, unsaid []*line
	dose, day, also      int64 // each time; a day by now; a day by running lines
	iu                   bool
	days                 int
}

func (t *total) take(l *line, x *rule, replaced bool) {
	if !l.runs() || !l.now && replaced {
		return
	}
	var amount int64
	for _, s := range l.Substances {
		if x.a.has(s.Code) {
			amount = add(amount, s.Amount)
			t.iu = t.iu || s.IU
		}
	}
	if l.now {
		t.days = max(t.days, l.Days)
	}
	if amount <= 0 || l.Dose <= 0 || l.Times <= 0 {
		if l.now {
			t.unsaid = append(t.unsaid, l)
		}
		return
	}
	dose := mul(int64(l.Dose), amount) / 1000
	day := mul(dose, int64(l.Times))
	if !l.now {
		t.running, t.also = append(t.running, l), add(t.also, day)
		return
	}
	t.now = append(t.now, l)
	t.dose, t.day = max(t.dose, dose), add(t.day, day)
}

// limit tells the worst excess over the limits of one rule.
func (c *check) limit(x *rule, t *total) {
	if len(t.now) == 0 {
		return
	}
	var worst int64 // percent of the limit
	over := func(is, limit int64, tolerance int64) {
		if limit > 0 && mul(is, 100) > mul(limit, 100+tolerance) {
			worst = max(worst, mul(is, 100)/limit)
		}
	}
	perKg := func(limit int64) int64 { return mul(limit, int64(c.p.Weight)) / 10 }
	over(t.dose, x.MaxDose, 0)
	over(t.day, x.MaxDay, 0)
	if c.p.Weight > 0 {
		over(t.dose, perKg(x.DoseKg), kgTolerance)
		over(t.day, perKg(x.DayKg), kgTolerance)
	}
	vi, en := c.list(t.now)
	each, day := amountOf(t.dose, t.iu), amountOf(t.day, t.iu)
	vi += fmt.Sprintf(": %s mỗi lần, %s mỗi ngày", each, day)
	en += fmt.Sprintf(": %s each time, %s a day", point(each), point(day))
	if x.DoseKg+x.DayKg > 0 && c.p.Weight > 0 {
		kg, kgEn := c.kilos()
		vi, en = vi+kg, en+kgEn
		each, day := amountOf(mul(t.dose, 10)/int64(c.p.Weight), t.iu), amountOf(mul(t.day, 10)/int64(c.p.Weight), t.iu)
		vi += fmt.Sprintf(": %s/kg mỗi lần, %s/kg mỗi ngày", each, day)
		en += fmt.Sprintf(": %s/kg each time, %s/kg a day", point(each), point(day))
	}
	switch {
	case worst > 0:
		s := x.severity
		if x.Percent > 0 && worst > int64(x.Percent) {
			s = Interrupt
		}
		c.add(Finding{Kind: KindDose, Severity: s, Vi: vi, En: en}, x, t.now)
	case t.also > 0 && x.MaxDay > 0 && add(t.day, t.also) > x.MaxDay:
		sum := amountOf(add(t.day, t.also), t.iu)
		more, moreEn := c.list(t.running)
		c.add(Finding{Kind: KindDose, Severity: min(x.severity, Warn), Vi: vi + "; cùng với " + more + ": " + sum + " mỗi ngày", En: en + "; with " + moreEn + ": " + point(sum) + " a day"}, x, slices.Concat(t.now, t.running))
	case x.Days > 0 && t.days > x.Days:
		vi, en := c.list(t.now)
		c.add(Finding{Kind: KindDose, Severity: x.severity, Vi: fmt.Sprintf("%s: %d ngày", vi, t.days), En: fmt.Sprintf("%s: %d days", en, t.days)}, x, t.now)
	}
}

// amountOf writes an amount for people, with a decimal comma.
func amountOf(n int64, iu bool) string {
	switch {
	case iu:
		return strconv.FormatInt(n, 10) + " IU"
	case n >= 1e6:
		return fixed(n, 1e6) + " g"
	case n >= 1000:
		return fixed(n, 1000) + " mg"
	}
	return strconv.FormatInt(n, 10) + " mcg"
}

// fixed divides with up to three decimals.
func fixed(n, by int64) string {
	s := strconv.FormatInt(n/by, 10)
	frac := strings.TrimRight(fmt.Sprintf("%03d", n%by*1000/by), "0")
	if n/by >= 10 && len(frac) > 1 { // nobody reads 17,857 mg
		frac = strings.TrimRight(frac[:1], "0")
	}
	if frac == "" {
		return s
	}
	return s + "," + frac
}

func point(s string) string { return strings.ReplaceAll(s, ",", ".") }

// mul and add stop at the largest number instead of going around.
func mul(a, b int64) int64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

func add(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + max(b, 0)
}

// ofAge reports whether a rule's ages hold the patient; of unknown age: an adult.
func (c *check) ofAge(x *rule) bool {
	days := c.p.AgeDays
	if days < 0 {
		days = 40 * 365
	}
	return days >= x.AgeFrom && (x.AgeTo == 0 || days < x.AgeTo)
}

func (c *check) inWeight(x *rule) bool {
	return c.p.Weight > 0 && c.p.Weight >= x.Low && (x.High == 0 || c.p.Weight < x.High)
}

// needWeight asks for a weight that is not there, or too old for a child that grows.
func (c *check) needWeight(lines []*line) {
	if c.p.Weight <= 0 || c.oldWeight() {
		for _, l := range lines {
			c.ask(AskWeight, l)
		}
	}
}

// oldWeight: more than 30 days below two years, more than 180 below twelve.
func (c *check) oldWeight() bool {
	if c.p.Weighed.IsZero() || c.p.AgeDays < 0 || c.p.AgeDays >= childDays {
		return false
	}
	limit := 180
	if c.p.AgeDays < 2*365 {
		limit = 30
	}
	return daysBetween(c.p.Weighed, c.p.On) > limit
}

// kilos says the weight, and when it was measured if not today.
func (c *check) kilos() (vi, en string) {
	kg := clinic.FormatFixed(c.p.Weight, 1)
	vi, en = ", nặng "+kg+" kg", ", weight "+point(kg)+" kg"
	if !c.p.Weighed.IsZero() && c.p.Weighed != c.p.On {
		day := c.p.Weighed.String()
		vi, en = vi+" (đo "+day+")", en+" (measured "+day+")"
	}
	return vi, en
}

func (c *check) ask(what string, l *line) {
	if !slices.Contains(c.asks[what], l) {
		c.asks[what] = append(c.asks[what], l)
	}
}

// ckdEPI is Inker et al., NEJM 385:1737 (2021), without race.
func ckdEPI(creatinine, years int, female bool) int {
	kappa, alpha, factor := 0.9, -0.302, 1.0
	if female {
		kappa, alpha, factor = 0.7, -0.241, 1.012
	}
	ratio := float64(creatinine) / 88.4 / kappa
	v := 142 * math.Pow(min(ratio, 1), alpha) * math.Pow(max(ratio, 1), -1.2) * math.Pow(0.9938, float64(years)) * factor
	return cmp.Or(int(math.Round(v)), 1)
}
