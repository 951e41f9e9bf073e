package clinic

// The names of the fields of vital signs, as in forms and messages.
const (
	FieldPulse       = "pulse"
	FieldTemperature = "temperature"
	FieldSystolic    = "systolic"
	FieldDiastolic   = "diastolic"
	FieldBreathing   = "breathing"
	FieldSpO2        = "spo2"
	FieldWeight      = "weight"
	FieldHeight      = "height"
	FieldWaist       = "waist"
	FieldGlucose     = "glucose"
	FieldCreatinine  = "creatinine"
)

// VitalField describes one field of vital signs.
type VitalField struct {
	Name     string
	Unit     string // as printed
	Decimals int
	at       func(*Vitals) *int
}

// VitalFields returns the fields in the order of the form.
func VitalFields() []VitalField {
	return []VitalField{
		{FieldPulse, "lần/phút", 0, func(v *Vitals) *int { return &v.Pulse }},
		{FieldTemperature, "°C", 1, func(v *Vitals) *int { return &v.Temperature }},
		{FieldSystolic, "mmHg", 0, func(v *Vitals) *int { return &v.Systolic }},
		{FieldDiastolic, "mmHg", 0, func(v *Vitals) *int { return &v.Diastolic }},
		{FieldBreathing, "lần/phút", 0, func(v *Vitals) *int { return &v.Breathing }},
		{FieldSpO2, "%", 0, func(v *Vitals) *int { return &v.SpO2 }},
		{FieldWeight, "kg", 1, func(v *Vitals) *int { return &v.Weight }},
		{FieldHeight, "cm", 1, func(v *Vitals) *int { return &v.Height }},
		{FieldWaist, "cm", 1, func(v *Vitals) *int { return &v.Waist }},
		{FieldGlucose, "mmol/L", 1, func(v *Vitals) *int { return &v.Glucose }},
		{FieldCreatinine, "µmol/L", 0, func(v *Vitals) *int { return &v.Creatinine }},
	}
}

// Value returns the field's value in v; 0 is not measured.
func (f VitalField) Value(v *Vitals) int { return *f.at(v) }

// Set changes the field's value in v.
func (f VitalField) Set(v *Vitals, n int) { *f.at(v) = n }

// Range is what a value may be, both ends included, in the field's unit.
type Range struct{ Low, High int }

// Holds reports whether n lies in the range.
func (r Range) Holds(n int) bool { return r.Low <= n && n <= r.High }

// VitalRange is what a field may be at an age.
type VitalRange struct {
	Field string
	// Months of age from which (included) and to which (excluded) the row holds;
	// To 0 = without end.
	From, To int
	Soft     Range // outside: unusual, check
	Hard     Range // outside: impossible, refused
}

// VitalRanges returns the ranges as data. Soft ranges are triage limits: wide
// enough that a healthy person rarely meets one, after the PALS table of vital
// signs by age (American Heart Association 2020), the WHO limits of fast
// breathing (IMCI: ≥ 60 under 2 months, ≥ 50 to 11 months, ≥ 40 to 5 years) and
// the WHO child growth standards for weight and height. Hard ranges are
// what no living patient of a clinic has or no device shows: they catch typing
// errors such as 370 for 37,0.
func VitalRanges() []VitalRange {
	const year = 12
	return []VitalRange{
		{FieldPulse, 0, 3, Range{100, 190}, Range{20, 300}},
		{FieldPulse, 3, 2 * year, Range{90, 180}, Range{20, 300}},
		{FieldPulse, 2 * year, 6 * year, Range{75, 140}, Range{20, 300}},
		{FieldPulse, 6 * year, 12 * year, Range{65, 120}, Range{20, 300}},
		{FieldPulse, 12 * year, 0, Range{50, 110}, Range{20, 300}},

		{FieldTemperature, 0, 3, Range{360, 375}, Range{250, 440}},
		{FieldTemperature, 3, 0, Range{355, 379}, Range{250, 440}},

		{FieldSystolic, 0, year, Range{65, 105}, Range{30, 300}},
		{FieldSystolic, year, 6 * year, Range{75, 115}, Range{30, 300}},
		{FieldSystolic, 6 * year, 12 * year, Range{85, 125}, Range{30, 300}},
		{FieldSystolic, 12 * year, 0, Range{90, 160}, Range{40, 300}},

		{FieldDiastolic, 0, year, Range{30, 70}, Range{10, 200}},
		{FieldDiastolic, year, 12 * year, Range{40, 80}, Range{10, 200}},
		{FieldDiastolic, 12 * year, 0, Range{50, 100}, Range{20, 200}},

		{FieldBreathing, 0, 2, Range{30, 59}, Range{5, 120}},
		{FieldBreathing, 2, year, Range{25, 49}, Range{5, 120}},
		{FieldBreathing, year, 5 * year, Range{20, 39}, Range{5, 120}},
		{FieldBreathing, 5 * year, 12 * year, Range{16, 30}, Range{4, 100}},
		{FieldBreathing, 12 * year, 0, Range{12, 24}, Range{4, 80}},

		{FieldSpO2, 0, 0, Range{94, 100}, Range{30, 100}},

		{FieldWeight, 0, 1, Range{20, 60}, Range{4, 80}},
		{FieldWeight, 1, year, Range{25, 130}, Range{8, 200}},
		{FieldWeight, year, 5 * year, Range{65, 280}, Range{30, 600}},
		{FieldWeight, 5 * year, 12 * year, Range{120, 700}, Range{60, 1500}},
		{FieldWeight, 12 * year, 0, Range{300, 1300}, Range{150, 3500}},

		{FieldHeight, 0, year, Range{430, 820}, Range{250, 1000}},
		{FieldHeight, year, 5 * year, Range{650, 1200}, Range{450, 1400}},
		{FieldHeight, 5 * year, 12 * year, Range{950, 1700}, Range{600, 2000}},
		{FieldHeight, 12 * year, 0, Range{1300, 1950}, Range{600, 2500}},

		{FieldWaist, 0, 12 * year, Range{300, 900}, Range{150, 1500}},
		{FieldWaist, 12 * year, 0, Range{500, 1300}, Range{300, 2500}},

		{FieldGlucose, 0, 1, Range{26, 80}, Range{3, 600}},
		{FieldGlucose, 1, 0, Range{39, 111}, Range{3, 600}},

		// Too low to be µmol/L is mg/dL by mistake: 1 mg/dL = 88.4 µmol/L.
		{FieldCreatinine, 0, 18 * year, Range{15, 90}, Range{8, 3000}},
		{FieldCreatinine, 18 * year, 0, Range{45, 110}, Range{15, 3000}},
	}
}

// RangeOf returns the range of a field at an age in months; an unknown age (< 0)
// joins the ranges of all ages, so that nothing possible is refused.
func RangeOf(field string, months int) VitalRange {
	out := VitalRange{Field: field}
	for _, r := range VitalRanges() {
		if r.Field != field || months >= 0 && (months < r.From || r.To != 0 && months >= r.To) {
			continue
		}
		if out.Hard == (Range{}) {
			out = r
			continue
		}
		out.To = r.To
		out.Soft = Range{min(out.Soft.Low, r.Soft.Low), max(out.Soft.High, r.Soft.High)}
		out.Hard = Range{min(out.Hard.Low, r.Hard.Low), max(out.Hard.High, r.Hard.High)}
	}
	return out
}

// Finding is a measured value outside a range.
type Finding struct {
	Field VitalField
	Value int
	Hard  bool  // impossible; otherwise unusual
	Range Range // that it left
}

// CheckVitals returns the values outside their ranges for the age in months
// (< 0 = unknown), in the order of the form.
func CheckVitals(v *Vitals, months int) []Finding {
	var out []Finding
	for _, f := range VitalFields() {
		n, r := f.Value(v), RangeOf(f.Name, months)
		switch {
		case n == 0:
		case !r.Hard.Holds(n):
			out = append(out, Finding{f, n, true, r.Hard})
		case !r.Soft.Holds(n):
			out = append(out, Finding{f, n, false, r.Soft})
		}
	}
	return out
}

// ParseVitals reads typed values by field name; empty ones are not measured. It
// returns every error, in the order of the form. A typed 0 is an error: it would
// read as not measured.
func ParseVitals(typed map[string]string) (Vitals, []*FieldError) {
	var v Vitals
	var bad []*FieldError
	for _, f := range VitalFields() {
		n, err := ParseFixed(f.Name, typed[f.Name], f.Decimals)
		fe, _ := err.(*FieldError)
		switch {
		case fe != nil && fe.Problem == ProblemEmpty:
		case fe != nil:
			bad = append(bad, fe)
		case n == 0:
			bad = append(bad, &FieldError{Field: f.Name, Problem: ProblemNumber})
		default:
			f.Set(&v, n)
		}
	}
	return v, bad
}

// InMonths returns the age in whole months.
func (a Age) InMonths() int { return a.Years*12 + a.Months }
