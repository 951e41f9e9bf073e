package clinic

import (
	"cmp"
	"slices"
)

// Indicator is one thing that was measured of a person over time.
type Indicator struct {
	Name     string // of the vital sign, FieldPressure, FieldBMI, or the code of the test
	Test     string // what the test is called; empty = a vital sign
	Unit     string
	Decimals int
	Points   []Measured // oldest first
}

// Measured is one value with its day. Of the blood pressure Second is the lower one.
type Measured struct {
	On      Date
	Age     Age // on the day; zero when the birth is not known
	Value   Milli
	Second  Milli
	Unusual bool // outside the usual range of the age, or flagged
}

// The names of indicators that are made of two measurements.
const (
	FieldPressure = "pressure"
	FieldBMI      = "bmi"
)

// Indicators returns what was measured of the person: vital signs of visits in the order
// of pages, then tests whose results are numbers, by code. Values of long ago stay; a
// result in another unit than the latest is left out of its test.
func (p *PatientFile) Indicators() (out []Indicator) {
	birth := Date{}
	if p.Now != nil {
		birth = p.Now.Birth
	}
	all := map[string]*Indicator{}
	add := func(name, unit string, decimals int, m Measured) {
		if all[name] == nil {
			all[name] = &Indicator{Name: name, Unit: unit, Decimals: decimals}
		}
		m.Age = ageWhen(birth, m.On)
		all[name].Points = append(all[name].Points, m)
	}
	for i := range slices.Backward(p.Visits) { // the oldest first
		v := &p.Visits[i]
		if v.Visit == nil || v.Ended != nil {
			continue
		}
		months := -1
		if birth.Full() && !v.Visit.Day.Before(birth) {
			months = birth.AgeAt(v.Visit.Day).InMonths()
		}
		for _, d := range v.Docs(KindVitals) {
			if b := BodyOf[Vitals](d); b != nil {
				b.indicate(v.Visit.Day, months, add)
			}
		}
	}
	names := append([]string{FieldPressure, FieldBMI}, vitalNames()...)
	for _, n := range names {
		if x := all[n]; x != nil {
			slices.SortStableFunc(x.Points, func(a, b Measured) int { return cmp.Compare(a.On.Int(), b.On.Int()) })
			out = append(out, *x)
		}
	}
	return append(out, p.Lab.indicators(birth)...)
}

// ageWhen returns the age on a day; zero when either is not known.
func ageWhen(birth, on Date) (a Age) {
	if on.Full() && birth.Full() && !on.Before(birth) {
		a = birth.AgeAt(on)
	}
	return a
}

func vitalNames() (out []string) {
	for _, f := range VitalFields() {
		out = append(out, f.Name)
	}
	return out
}

// indicate adds what one measurement says: both blood pressures as one.
func (b *Vitals) indicate(on Date, months int, add func(name, unit string, decimals int, m Measured)) {
	if b.Systolic != 0 {
		low, high := RangeOf(FieldSystolic, months).Soft, RangeOf(FieldDiastolic, months).Soft
		add(FieldPressure, "mmHg", 0, Measured{
			On: on, Value: Milli(b.Systolic) * 1000, Second: Milli(b.Diastolic) * 1000,
			Unusual: !low.Holds(b.Systolic) || !high.Holds(b.Diastolic),
		})
	}
	if n := b.BMI(); n > 0 {
		add(FieldBMI, "kg/m²", 1, Measured{On: on, Value: Milli(n) * 100})
	}
	for _, f := range VitalFields() {
		n := f.Value(b)
		if n == 0 || f.Name == FieldSystolic || f.Name == FieldDiastolic {
			continue
		}
		m := Milli(n)
		for range 3 - f.Decimals {
			m *= 10
		}
		size := f.Name == FieldWeight || f.Name == FieldHeight || f.Name == FieldWaist // their range is of typing errors
		add(f.Name, f.Unit, f.Decimals, Measured{On: on, Value: m, Unusual: !size && !RangeOf(f.Name, months).Soft.Holds(n)})
	}
}

// indicators returns the tests whose results are numbers.
func (l *LabFile) indicators(birth Date) (out []Indicator) {
	codes := l.Tests()
	slices.Sort(codes)
	for _, code := range codes {
		points := l.Points(code)
		last := &points[len(points)-1].Value
		x := Indicator{Name: code, Test: last.Name, Unit: last.Unit, Decimals: 3}
		for _, p := range points {
			if p.Value.Number != nil && p.Value.Unit == x.Unit {
				x.Points = append(x.Points, Measured{On: p.Taken, Age: ageWhen(birth, p.Taken), Value: *p.Value.Number, Unusual: p.Value.Flag.Abnormal()})
			}
		}
		if len(x.Points) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// Say writes a value of the indicator without its unit: "62,4", "130/80".
func (x *Indicator) Say(m Measured) string {
	n := func(v Milli) string {
		for range 3 - x.Decimals {
			v /= 10
		}
		return FormatFixed(int(v), x.Decimals)
	}
	if m.Second != 0 {
		return n(m.Value) + "/" + n(m.Second)
	}
	return n(m.Value)
}
