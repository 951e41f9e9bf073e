package clinic

import "strings"

// DefaultValidDays is how long a result stands when the test's row does not say it.
const DefaultValidDays = 7

// LabUnit is another unit in which a test's result may be read.
type LabUnit struct {
	Name    string
	Per, Of Milli // so much of it is so much of the row's unit
}

// ParsePossible reads the least and the most that a device shows of a test, in the row's
// unit: "0,5-60", "0-14".
func ParsePossible(s string) (least, most Milli, ok bool) {
	least, most, ok = parseLimits(s)
	return least, most, ok && most > 0 && least < most
}

// ParseUnits reads other units as files write them, with ; between: "mg/dL:18,016" says
// that 18,016 mg/dL are one of the row's unit, "mg/dL:1/88,42" that 1 mg/dL is 88,42.
func ParseUnits(s string) (out []LabUnit, ok bool) {
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, per, _ := strings.Cut(part, ":")
		per, of, two := strings.Cut(per, "/")
		if !two {
			of = "1"
		}
		n, err := ParseFixed("", per, 3)
		m, err2 := ParseFixed("", of, 3)
		name = strings.TrimSpace(name)
		if err != nil || err2 != nil || n <= 0 || m <= 0 || name == "" || len(name) > 20 {
			return nil, false
		}
		out = append(out, LabUnit{name, Milli(n), Milli(m)})
	}
	return out, true
}

// LabLimits are the least and the most that can be of the test; ok is false when the row
// does not say.
func (r *CatalogRow) LabLimits() (least, most Milli, ok bool) { return ParsePossible(r.Possible) }

// LabUnits returns the other units of the test.
func (r *CatalogRow) LabUnits() []LabUnit {
	out, _ := ParseUnits(r.Units)
	return out
}

// ValidDays is how many days, that of the sample included, a result of the test stands.
func (r *CatalogRow) ValidDays() int {
	if r.ValidFor > 0 {
		return r.ValidFor
	}
	return DefaultValidDays
}

// The problems of typed results, beside those of numbers.
const (
	ProblemUnit       = "unit"       // the test is read in several units: which one it was must be said. Args: units
	ProblemChoice     = "choice"     // not one of the words
	ProblemImpossible = "impossible" // Args: value, unit, low, high
	ProblemOtherUnit  = "other-unit" // the same, and it would fit another unit. Args: other too
)

// ReadResult reads the typed result of a test. unit names the one that the number was
// read in; it may be empty only where the row knows a single one, for nobody guesses
// between 7 mmol/L and 126 mg/dL. The error is a *FieldError of the field.
func (r *CatalogRow) ReadResult(field, typed, unit string) (ResultValue, error) {
	v := ResultValue{Test: r.Code, Name: r.Name, Unit: r.Unit}
	fail := func(problem string, args map[string]string) (ResultValue, error) {
		return v, &FieldError{Field: field, Problem: problem, Args: args}
	}
	typed = strings.TrimSpace(typed)
	decimals, number := r.Value.Decimals()
	switch choices := r.Value.Choices(); {
	case typed == "":
		return fail(ProblemEmpty, nil)
	case number:
		return r.readNumber(field, typed, unit, decimals)
	case len(choices) > 0:
		for _, c := range choices {
			if c.Name == typed {
				v.Text = typed
				return v, nil
			}
		}
		return fail(ProblemChoice, nil)
	}
	v.Text = typed
	return v, nil
}

func (r *CatalogRow) readNumber(field, typed, unit string, decimals int) (ResultValue, error) {
	v := ResultValue{Test: r.Code, Name: r.Name, Unit: r.Unit}
	others := r.LabUnits()
	var read LabUnit
	switch {
	case unit == r.Unit, unit == "" && len(others) == 0:
	case unit == "":
		names := r.Unit
		for _, u := range others {
			names += ", " + u.Name
		}
		return v, &FieldError{Field: field, Problem: ProblemUnit, Args: map[string]string{"units": names}}
	default:
		for _, u := range others {
			if u.Name == unit {
				read = u
			}
		}
		if read.Per == 0 {
			return v, &FieldError{Field: field, Problem: ProblemUnit, Args: map[string]string{"units": r.Unit}}
		}
	}
	if read.Per != 0 {
		decimals = 3
	}
	n, err := ParseFixed(field, typed, decimals)
	if err != nil {
		return v, err
	}
	m := Milli(n)
	for range 3 - decimals {
		m *= 10
	}
	if read.Per != 0 {
		v.Typed = typed + " " + unit
		m = read.convert(m, r.Value)
	}
	v.Number = &m
	return v, r.possible(field, typed, unit, m)
}

// convert gives a value in the row's unit, rounded half up to the row's decimals.
func (u *LabUnit) convert(m Milli, form ValueForm) Milli {
	step := Milli(1000)
	decimals, _ := form.Decimals()
	for range decimals {
		step /= 10
	}
	return (m*u.Of/u.Per + step/2) / step * step
}

// possible refuses what no device shows, and says when another unit was meant perhaps.
func (r *CatalogRow) possible(field, typed, unit string, m Milli) error {
	least, most, known := r.LabLimits()
	if !known || m >= least && m <= most {
		return nil
	}
	e := &FieldError{Field: field, Problem: ProblemImpossible, Args: map[string]string{
		"value": typed, "unit": unit, "low": least.String(), "high": most.String(), "of": r.Unit,
	}}
	if unit == "" {
		e.Args["unit"] = r.Unit
	}
	if n, err := ParseFixed(field, typed, 3); unit != "" && unit != r.Unit && err == nil && Milli(n) >= least && Milli(n) <= most {
		e.Problem, e.Args["other"] = ProblemOtherUnit, r.Unit
		return e
	}
	for _, u := range r.LabUnits() {
		if x := u.convert(m, r.Value); unit != u.Name && x >= least && x <= most {
			e.Problem, e.Args["other"] = ProblemOtherUnit, u.Name
		}
	}
	return e
}

// JudgeResult flags the value by the row, for somebody of a sex and birth date on the day
// of the sample. Where not even the age is known well enough to choose a range, there is
// none.
func (r *CatalogRow) JudgeResult(v *ResultValue, sex Sex, birth, taken Date) {
	v.Flag, v.Range = FlagUnjudged, nil
	g, known := r.rangeAt(sex, birth, taken)
	if v.Number != nil {
		if known && (g.Low > 0 || g.High > 0 || g.CritLow > 0 || g.CritHigh > 0) {
			v.Range = &g
			v.Flag = map[Judgement]ResultFlag{
				CriticalLow: FlagCriticalLow, Low: FlagLow, Usual: FlagUsual, High: FlagHigh, CriticalHigh: FlagCriticalHigh,
			}[g.Judge(*v.Number)]
		}
		return
	}
	if known && g.Text != "" {
		v.Range = &g
	}
	for _, c := range r.Value.Choices() {
		switch {
		case c.Name != v.Text:
		case c.Invalid:
			v.Flag, v.Range = FlagInvalid, nil
			return
		case c.Critical:
			v.Flag = FlagCritical
			return
		case c.Abnormal:
			v.Flag = FlagAbnormal
			return
		}
	}
	if v.Range != nil && strings.EqualFold(v.Range.Text, v.Text) {
		v.Flag = FlagUsual
	}
}

// rangeAt is RangeFor by the days that somebody has lived: when of the birth only year or
// month is known, the range must be the same for every day of it.
func (r *CatalogRow) rangeAt(sex Sex, birth, taken Date) (RefRange, bool) {
	if birth.IsZero() || !taken.Full() || taken.Before(birth) {
		return r.ageless(sex)
	}
	first, last := birth, birth
	switch {
	case birth.Month == 0:
		first, last = Date{birth.Year, 1, 1}, Date{birth.Year, 12, 31}
	case birth.Day == 0:
		first = Date{birth.Year, birth.Month, 1}
		last = DateOf(first.Time().AddDate(0, 1, -1))
	}
	if taken.Before(last) {
		last = taken
	}
	days := func(d Date) int { return int(taken.Time().Sub(d.Time()).Hours()+12) / 24 }
	a, ok := r.RangeFor(sex, days(first))
	b, same := r.RangeFor(sex, days(last))
	return a, ok && same && a == b
}

// ageless returns the range that holds at any age, for somebody of whom none is known.
func (r *CatalogRow) ageless(sex Sex) (RefRange, bool) {
	for _, g := range r.Ranges {
		if g.AgeFrom != 0 || g.AgeTo != 0 {
			return RefRange{}, false
		}
	}
	return r.RangeFor(sex, 0)
}

// Say writes the value without its name: "5,6 mmol/L", "Dương tính".
func (v *ResultValue) Say() string {
	if v.Number == nil {
		return v.Text
	}
	return strings.TrimSpace(FormatFixed(int(*v.Number), 3) + " " + v.Unit)
}

// Says writes the usual range: "3,9–6", "≥ 12", "≤ 40", or the word; empty = none is known.
func (g *RefRange) Says() string {
	n := func(m Milli) string { return FormatFixed(int(m), 3) }
	switch {
	case g == nil:
		return ""
	case g.Low > 0 && g.High > 0:
		return n(g.Low) + "–" + n(g.High)
	case g.Low > 0:
		return "≥ " + n(g.Low)
	case g.High > 0:
		return "≤ " + n(g.High)
	}
	return g.Text
}

// setPossible and setUnits read columns of catalogues.
func setPossible(r *CatalogRow, s string) string {
	if _, _, ok := ParsePossible(s); !ok {
		return RowRange
	}
	r.Possible = s
	return ""
}

func setUnits(r *CatalogRow, s string) string {
	if _, ok := ParseUnits(s); !ok {
		return RowUnits
	}
	r.Units = s
	return ""
}
