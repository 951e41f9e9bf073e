// Package safety looks at a prescription before it is signed: at the patient, at what
// is prescribed now and at what is still being taken. What it knows are rows of dated
// catalogues (Compile); what it says is data (Finding) that names the row, its source
// and the numbers that led to it, in Vietnamese and English.
//
// Check is a pure function: no clock, no I/O, no state. The order of lines, allergies
// and problems does not matter. It never fails: what cannot be checked is a finding of
// its own, so that silence always means "looked at, nothing found".
//
// The catalogues and the fields of clinic.Rule that count in each:
//
//	interaction  pair       A with B; Days = so long after the end of either it still counts
//	             duplicate  two medicines of A; A "*" = one substance twice
//	allergyclass class      A = its members; Severity of another member of the class
//	             cross      A = a class, B = what it crosses with; Severe after a severe reaction
//	             name       A = classes, codes or NONE (no medicine); the row's name lists what people write, by ;
//	doselimit    limit      A; AgeFrom–AgeTo, Low–High in 0.1 kg; MaxDose, MaxDay, DoseKg, DayKg, Days; Percent
//	caution      pregnancy  A; Low–High weeks; MaxDay = only above
//	             breastfeeding, age, weight (below High), renal (eGFR below High)
//	             condition  A; B = ICD-10; Days = so long after the diagnosis
//
// Reach "" leaves out what stays on skin, eye, ear, nose, mouth or vagina and what is
// inhaled; "all" takes everything. Amounts are in the measure of the substance.
package safety

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Severity orders findings.
type Severity uint8

// The severities. Only Interrupt keeps a prescription from being signed without a
// reason.
const (
	Note      Severity = 1
	Warn      Severity = 2
	Interrupt Severity = 3
)

// String returns the word that stands in catalogue rows.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warn:
		return "warn"
	case Interrupt:
		return "interrupt"
	}
	return ""
}

func severityOf(s string) (Severity, bool) {
	for _, v := range []Severity{Note, Warn, Interrupt} {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}

// Kind groups findings.
type Kind string

// The kinds of findings.
const (
	KindInteraction   Kind = "interaction"
	KindDuplicate     Kind = "duplicate"
	KindAllergy       Kind = "allergy"
	KindDose          Kind = "dose"
	KindPregnancy     Kind = "pregnancy"
	KindBreastfeeding Kind = "breastfeeding"
	KindAge           Kind = "age"
	KindWeight        Kind = "weight"
	KindRenal         Kind = "renal"
	KindCondition     Kind = "condition"
	KindUnmapped      Kind = "unmapped" // a medicine or an allergy that nothing is known of, or a day without rules
	KindMissing       Kind = "missing"  // something must be asked or measured
)

// Rules that stand in no catalogue. Their codes never change: overrides name them.
const (
	RuleAllergySame     = "AL-SAME"
	RuleNone            = "NO-RULES" // a whole catalogue has no row on this day
	RuleUnmapped        = "UNMAPPED"
	RuleUnmappedAllergy = "UNMAPPED-ALLERGY"
	AskWeight           = "ASK-WEIGHT"
	AskPregnant         = "ASK-PREG"
	AskWeeks            = "ASK-WEEKS"
	AskAge              = "ASK-AGE"
	AskKidneys          = "ASK-EGFR"
	AskDose             = "ASK-DOSE"
)

// Patient is what is known of the person on the day.
type Patient struct {
	On            clinic.Date // the visit's day; full
	AgeDays       int         // below 0 = not known
	Sex           clinic.Sex
	Weight        int           // 0.1 kg, 0 = not measured
	Weighed       clinic.Date   // zero = today
	Pregnant      clinic.Answer // of a girl or woman
	Weeks         int           // of pregnancy, 0 = not known
	Breastfeeding clinic.Answer
	EGFR          int         // ml/min/1.73 m², 0 = not known
	Creatinine    int         // µmol/L, 0 = not known; makes EGFR when that is not known
	Tested        clinic.Date // when creatinine was; zero = today
	Allergies     []clinic.Allergy
	Problems      []Problem
}

// Problem is a diagnosis of this visit or an earlier one.
type Problem struct {
	Code string      // ICD-10
	On   clinic.Date // when it was last made; zero = not known, then it counts
}

// Line is a medicine that is prescribed or taken.
type Line struct {
	Medicine   string // catalogue code
	Name       string
	ATC        string
	Substances []clinic.Substance
	Dose       clinic.Milli // units each time, 0 = said in words
	Times      int          // a day
	Days       int          // 0 = not said; a running line then counts 30 days
	Route      string
	Start      clinic.Date // of a running line; zero = it runs
}

// LineOf joins a line of a prescription to the catalogue's row of its medicine; a zero
// row leaves what the prescription copied.
func LineOf(l clinic.DrugLine, row clinic.CatalogRow, start clinic.Date) Line {
	out := Line{
		Medicine: l.Medicine, Name: l.Name, ATC: cmp.Or(row.ATC, l.ATC), Substances: row.Substances,
		Dose: l.Dose, Times: l.Times, Days: l.Days, Route: cmp.Or(l.Route, row.Route), Start: start,
	}
	if l.Measure != "" {
		out.measured(&l)
	}
	if l.Strength != "" {
		out.Name += " " + l.Strength
	}
	return out
}

// measured turns a dose in ml, g, drops or puffs into what it holds: the amounts are
// those of one ml, g or puff then. Without a pack the dose is as good as said in words.
func (l *Line) measured(d *clinic.DrugLine) {
	if d.Pack <= 0 {
		l.Dose = 0
		return
	}
	l.Substances = slices.Clone(l.Substances)
	for i := range l.Substances {
		s := &l.Substances[i]
		s.Amount = int64(math.Round(float64(s.Amount) * 1000 / float64(d.Pack)))
	}
	if d.Measure == clinic.MeasureDrop {
		l.Dose = d.Dose / clinic.DropsPerML
	}
}

// Finding is one thing that was found. Its texts hold no more of the patient than the
// numbers and allergies that it is about.
type Finding struct {
	Kind     Kind
	Severity Severity
	Rule     string   // code of the catalogue's row, or a Rule or Ask constant
	Now      []string // medicines prescribed now, by code, in order
	Running  []string // medicines that run
	About    string   // the allergy as it is written
	Vi, En   string
	Catalog  string // of the row; empty for Rule and Ask constants
	Source   string // with its edition; empty for what this program itself asks
}

// Key names the finding for an override: it holds for this rule and these medicines
// only.
func (f *Finding) Key() string {
	return f.Rule + "|" + strings.Join(f.Now, ",") + "|" + strings.Join(f.Running, ",") + "|" + f.About
}

// Check looks at what is prescribed now and at what runs. Running lines whose end lies
// behind the patient's day count only where a rule says so. The most severe come first.
func Check(r *Rules, p Patient, now, running []Line) []Finding {
	c := newCheck(r, p, now, running)
	if len(c.now) == 0 {
		return nil
	}
	c.noRules()
	c.unmapped()
	c.allergies()
	c.pairs()
	c.duplicates()
	c.doses()
	c.cautions()
	return c.result()
}

// Interrupting reports whether the finding needs a reason before signing.
func (f *Finding) Interrupting() bool { return f.Severity == Interrupt }

func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity, a.Severity), strings.Compare(string(a.Kind), string(b.Kind)),
		strings.Compare(a.Key(), b.Key()), strings.Compare(a.Vi, b.Vi),
	)
}

// result sorts the findings; of several under one key the most severe stays.
func (c *check) result() []Finding {
	slices.SortFunc(c.found, compareFindings)
	seen := map[string]bool{}
	return slices.DeleteFunc(c.found, func(f Finding) bool {
		k := f.Key()
		gone := seen[k]
		seen[k] = true
		return gone
	})
}
