package clinic

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Measures in which a dose may be said instead of in units of the medicine.
const (
	MeasureML   = "ml"
	MeasureGram = "g"
	MeasureDrop = "giọt"
	MeasurePuff = "liều"
)

// DropsPerML is that of the dropper of the pharmacopoeias (water, 20 °C).
const DropsPerML = 20

// ParseDose reads a typed dose: a number or fraction, and behind it the measure when it
// is not in units of the medicine: "1/2", "5 ml", "2 giọt", "2 nhát". Another word is
// returned as it is: it may be the unit itself.
func ParseDose(field, s string) (Milli, string, error) {
	s = strings.TrimSpace(s)
	at := strings.IndexFunc(s, unicode.IsLetter)
	if at <= 0 { // a word alone is no dose
		m, err := ParseMilli(field, s)
		return m, "", err
	}
	word := strings.ToLower(strings.TrimSpace(s[at:]))
	switch word {
	case "giot", "drops", "drop":
		word = MeasureDrop
	case "nhát", "nhat", "lieu", "puff", "puffs", "nhát xịt":
		word = MeasurePuff
	case "gam", "gram":
		word = MeasureGram
	}
	m, err := ParseMilli(field, strings.TrimSpace(s[:at]))
	return m, word, err
}

// PackOf reads what one unit of a medicine holds off its strength, where it stands last:
// "100 mg/5 ml, 60 ml" is 60 ml. Nothing is 0.
func PackOf(strength string) (Milli, string) {
	last := strength
	if at := strings.LastIndex(strength, ", "); at >= 0 {
		last = strength[at+2:]
	}
	if strings.ContainsAny(last, "/%+") {
		return 0, ""
	}
	m, measure, err := ParseDose("", last)
	if err != nil || m <= 0 || measure != MeasureML && measure != MeasureGram && measure != MeasurePuff {
		return 0, ""
	}
	return m, measure
}

// Measured joins a dose that is said in a measure to the medicine; false = it cannot be
// said so of it.
func (l *DrugLine) Measured(row *CatalogRow) bool {
	if l.Measure == "" || l.Measure == strings.ToLower(row.Unit) {
		l.Measure = ""
		return true
	}
	pack, of := PackOf(row.Strength)
	if of == MeasureML && l.Measure == MeasureDrop || of == l.Measure && pack > 0 {
		l.Pack = pack
		return true
	}
	return false
}

// Compute returns what is handed out for dose × times × days: whole units, rounded up,
// for nobody cuts a tablet or a bottle for another person.
func (l *DrugLine) Compute() Milli {
	doses := int64(l.Times) * int64(l.Days)
	whole, part := int64(l.Dose)/1000, l.Dose%1000
	switch {
	case l.Dose <= 0 || doses <= 0:
		return 0
	case l.Measure != "" && l.Pack <= 0:
		return 0
	case l.Measure != "":
		return Milli(up(l.total(), int64(l.Pack)) * 1000)
	case part == oneThird:
		return Milli(up((3*whole+1)*doses, 3) * 1000)
	case part == twoThirds:
		return Milli(up((3*whole+2)*doses, 3) * 1000)
	}
	return Milli(up(int64(l.Dose)*doses, 1000) * 1000)
}

// total is what all doses take together, in thousandths of the measure of the pack.
func (l *DrugLine) total() int64 {
	n := int64(l.Dose) * int64(l.Times) * int64(l.Days)
	if l.Measure == MeasureDrop {
		return up(n, DropsPerML)
	}
	return n
}

func up(n, by int64) int64 { return (n + by - 1) / by }

// DoseText writes what is taken each time as people say it: 1/2 viên, 5 ml.
func (l *DrugLine) DoseText() string {
	word := l.Measure
	if word == "" {
		word = l.Unit
	}
	return strings.TrimSpace(Portion(l.Dose) + " " + word)
}

// Portion writes a quantity with its fraction as on prescriptions: 1/2, 1 1/2, 0,4.
func Portion(m Milli) string {
	part := map[Milli]string{500: "1/2", 250: "1/4", 750: "3/4", oneThird: "1/3", twoThirds: "2/3"}[m%1000]
	switch {
	case part == "" || m < 0:
		return m.String()
	case m < 1000:
		return part
	}
	return strconv.FormatInt(int64(m)/1000, 10) + " " + part
}

// TypedDose writes the dose as ParseDose reads it.
func (l *DrugLine) TypedDose() string {
	s := strings.ReplaceAll(l.Dose.String(), ".", "") // 1.000 would be unclear
	if l.Dose < 1000 {
		s = Portion(l.Dose)
	}
	return strings.TrimSpace(s + " " + l.Measure)
}

// Dosage writes the line as the insurance tables want LIEU_DUNG (Decision
// 4750/QĐ-BYT): 2 viên/lần * 2 lần/ngày * 5 ngày [4 viên/ngày].
func (l *DrugLine) Dosage() string {
	if l.Dose == 0 || l.Times == 0 {
		return ""
	}
	word := l.Measure
	if word == "" {
		word = l.Unit
	}
	s := fmt.Sprintf("%v %s/lần * %d lần/ngày", l.Dose, word, l.Times)
	if l.Days > 0 {
		s += fmt.Sprintf(" * %d ngày", l.Days)
	}
	return s + fmt.Sprintf(" [%v %s/ngày]", l.Dose*Milli(l.Times), word)
}

// HandedOut says how the quantity came about where it is not plain dose × times × days:
// "cần 75 ml, lọ 60 ml" or "cần 7 1/2 viên". Empty when there is nothing to say.
func (l *DrugLine) HandedOut() string {
	if l.Dose <= 0 || l.Times <= 0 || l.Days <= 0 || l.Quantity != l.Compute() {
		return ""
	}
	if l.Measure == "" {
		n := l.Dose * Milli(l.Times) * Milli(l.Days)
		if p := l.Dose % 1000; n%1000 == 0 || p == oneThird || p == twoThirds {
			return ""
		}
		return "cần " + Portion(n) + " " + l.Unit
	}
	measure := l.Measure
	if measure == MeasureDrop {
		measure = MeasureML
	}
	return fmt.Sprintf("cần %v %s, %s %v %s", Milli(l.total()), measure, l.Unit, l.Pack, measure)
}

// Dosing is a usual dose: what CatalogDosage holds, and what was prescribed before.
type Dosing struct {
	Dose    Milli
	Measure string
	Times   int
	Days    int
	When    string
}

// ParseDosage reads "1/2 x 3 x 5; sau ăn": dose, times a day, days, and when.
func ParseDosage(s string) (d Dosing, err error) {
	fail := func(problem string) (Dosing, error) { return Dosing{}, &FieldError{Field: "dosage", Problem: problem} }
	numbers, when, _ := strings.Cut(s, ";")
	parts := strings.Split(strings.NewReplacer("×", "x", "X", "x", "*", "x").Replace(numbers), "x")
	if len(parts) != 3 {
		return fail(ProblemNumber)
	}
	if d.Dose, d.Measure, err = ParseDose("dosage", parts[0]); err != nil {
		return Dosing{}, err
	}
	for i, at := range []*int{&d.Times, &d.Days} {
		if *at, err = ParseCount("dosage", strings.TrimSpace(parts[i+1]), 365); err != nil {
			return Dosing{}, err
		}
	}
	if d.When = strings.TrimSpace(when); d.Dose <= 0 {
		return fail(ProblemNumber)
	}
	return d, nil
}
