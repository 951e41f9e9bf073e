package clinic

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The catalogues of the safety checks; what package safety makes of them stands there.
const (
	CatalogInteraction  = "interaction"  // two medicines that do not go together, or twice
	CatalogAllergyClass = "allergyclass" // what crosses with what, and what people call it
	CatalogDoseLimit    = "doselimit"    // how much is too much
	CatalogCaution      = "caution"      // who must not have it
)

// SafetyCatalogs names the catalogues whose rows are rules of the safety checks.
func SafetyCatalogs() []string {
	return []string{CatalogInteraction, CatalogAllergyClass, CatalogDoseLimit, CatalogCaution}
}

// Substance is one of what a medicine holds.
type Substance struct {
	// Code is the ATC code of the substance as it acts in the body, whatever the
	// medicine is for, or a code of our own that begins with X where there is none.
	Code string `cbor:"1,keyasint" json:"code"`
	INN  string `cbor:"2,keyasint,omitempty" json:"inn,omitempty"`
	// Amount is what one unit of the medicine holds, in micrograms, or in
	// international units when IU is set; 0 = not known, or not counted.
	Amount int64 `cbor:"3,keyasint,omitempty" json:"amount,omitempty"`
	IU     bool  `cbor:"4,keyasint,omitempty" json:"iu,omitempty"`
}

// Rule is what a row of a safety catalogue says; its words are the row's names.
// Lists of codes are beginnings of ATC codes or own codes, by spaces; one after a
// minus is left out. Which fields count is for package safety to say.
type Rule struct {
	Kind     string `cbor:"1,keyasint" json:"kind"`
	A        string `cbor:"2,keyasint,omitempty" json:"a,omitempty"`
	B        string `cbor:"3,keyasint,omitempty" json:"b,omitempty"` // the other side: codes, or ICD-10
	Severity string `cbor:"4,keyasint,omitempty" json:"severity,omitempty"`
	Severe   string `cbor:"5,keyasint,omitempty" json:"severe,omitempty"` // severity after a severe allergy
	Reach    string `cbor:"6,keyasint,omitempty" json:"reach,omitempty"`  // all = on skin and eyes too
	AgeFrom  int    `cbor:"7,keyasint,omitempty" json:"ageFrom,omitempty"`
	AgeTo    int    `cbor:"8,keyasint,omitempty" json:"ageTo,omitempty"` // days, not included; 0 = open
	Low      int    `cbor:"9,keyasint,omitempty" json:"low,omitempty"`
	High     int    `cbor:"10,keyasint,omitempty" json:"high,omitempty"` // weeks, 0.1 kg or eGFR, not included; 0 = open
	MaxDose  int64  `cbor:"11,keyasint,omitempty" json:"maxDose,omitempty"`
	MaxDay   int64  `cbor:"12,keyasint,omitempty" json:"maxDay,omitempty"` // micrograms or IU
	DoseKg   int64  `cbor:"13,keyasint,omitempty" json:"doseKg,omitempty"`
	DayKg    int64  `cbor:"14,keyasint,omitempty" json:"dayKg,omitempty"`
	Days     int    `cbor:"15,keyasint,omitempty" json:"days,omitempty"`
	Percent  int    `cbor:"16,keyasint,omitempty" json:"percent,omitempty"` // of the limit, from which a dose interrupts
}

// How substances and rules stand in one cell of a table that people edit, and that the
// centre imports.

// ParseAmount reads 500mg, 1.5g, 50mcg or 1000iu into micrograms or units. Nothing is 0;
// a comma is a decimal comma.
func ParseAmount(s string) (n int64, iu bool, err error) {
	fail := func(problem string) (int64, bool, error) {
		return 0, false, &FieldError{Field: "amount", Problem: problem}
	}
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), " ", ""))
	if s == "" {
		return 0, false, nil
	}
	for _, u := range []struct {
		name string
		in   float64
	}{{"mcg", 1}, {"mg", 1e3}, {"iu", 1}, {"g", 1e6}} {
		rest, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		if strings.Trim(rest, "0123456789.,") != "" {
			return fail(ProblemNumber)
		}
		f, err := strconv.ParseFloat(strings.ReplaceAll(rest, ",", "."), 64)
		switch {
		case err != nil || f <= 0:
			return fail(ProblemNumber)
		case f*u.in > 1e12:
			return fail(ProblemTooLarge)
		case f*u.in != math.Trunc(f*u.in) && f*u.in < 1e6:
			return fail(ProblemPrecise)
		}
		return int64(math.Round(f * u.in)), u.name == "iu", nil
	}
	return fail(ProblemNumber)
}

// FormatAmount is the inverse of ParseAmount.
func FormatAmount(n int64, iu bool) string {
	switch {
	case n == 0:
		return ""
	case iu:
		return strconv.FormatInt(n, 10) + "iu"
	case n%1e6 == 0:
		return strconv.FormatInt(n/1e6, 10) + "g"
	case n%1000 == 0:
		return strconv.FormatInt(n/1000, 10) + "mg"
	}
	return strconv.FormatInt(n, 10) + "mcg"
}

// SubstancesText writes what a medicine holds: "N02BE01 325mg paracetamol; R06AB04 2mg
// chlorphenamine", with - for an amount that is not known.
func SubstancesText(all []Substance) string {
	out := make([]string, 0, len(all))
	for _, s := range all {
		amount := FormatAmount(s.Amount, s.IU)
		if amount == "" {
			amount = "-"
		}
		out = append(out, strings.TrimSpace(s.Code+" "+amount+" "+s.INN))
	}
	return strings.Join(out, "; ")
}

// ParseSubstances is the inverse of SubstancesText.
func ParseSubstances(text string) (out []Substance, err error) {
	for _, part := range strings.Split(text, ";") {
		w := strings.Fields(part)
		if len(w) == 0 {
			continue
		}
		s := Substance{Code: strings.ToUpper(w[0])}
		if len(w) > 1 && w[1] != "-" {
			if s.Amount, s.IU, err = ParseAmount(w[1]); err != nil {
				return nil, err
			}
		}
		if len(w) > 2 {
			s.INN = strings.Join(w[2:], " ")
		}
		out = append(out, s)
	}
	return out, nil
}

// ruleField is one thing that a rule says, by the name that stands in the text.
type ruleField struct {
	name  string
	words *string
	days  *int // and other whole numbers
	most  *int64
}

func (r *Rule) fields() []ruleField {
	return []ruleField{
		{name: "kind", words: &r.Kind},
		{name: "a", words: &r.A},
		{name: "b", words: &r.B},
		{name: "severity", words: &r.Severity},
		{name: "severe", words: &r.Severe},
		{name: "reach", words: &r.Reach},
		{name: "agefrom", days: &r.AgeFrom},
		{name: "ageto", days: &r.AgeTo},
		{name: "low", days: &r.Low},
		{name: "high", days: &r.High},
		{name: "maxdose", most: &r.MaxDose},
		{name: "maxday", most: &r.MaxDay},
		{name: "dosekg", most: &r.DoseKg},
		{name: "daykg", most: &r.DayKg},
		{name: "days", days: &r.Days},
		{name: "percent", days: &r.Percent},
	}
}

// RuleText writes a rule: "kind=pair; a=C10AA01 C10AA02; b=J01FA09; severity=interrupt".
// Ages are days, amounts micrograms or units.
func RuleText(r *Rule) string {
	if r == nil {
		return ""
	}
	var out []string
	for _, f := range r.fields() {
		value := ""
		switch {
		case f.words != nil:
			value = *f.words
		case f.days != nil && *f.days != 0:
			value = strconv.Itoa(*f.days)
		case f.most != nil && *f.most != 0:
			value = strconv.FormatInt(*f.most, 10)
		}
		if value != "" {
			out = append(out, f.name+"="+value)
		}
	}
	return strings.Join(out, "; ")
}

// ParseRule is the inverse of RuleText; an empty text is no rule. Whether the rule makes
// sense is for package safety to say.
func ParseRule(text string) (*Rule, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	r := &Rule{}
	fields := r.fields()
	for _, part := range strings.Split(text, ";") {
		name, value, ok := strings.Cut(part, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.Join(strings.Fields(value), " ")
		if name == "" && !ok {
			continue
		}
		at := slices.IndexFunc(fields, func(f ruleField) bool { return f.name == name })
		if at < 0 || !ok {
			return nil, fmt.Errorf("clinic: a rule has no %q: %w", name, &FieldError{Field: "rule", Problem: ProblemSystem})
		}
		f := fields[at]
		if f.words != nil {
			*f.words = value
			continue
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 || f.days != nil && n > math.MaxInt32 {
			return nil, &FieldError{Field: "rule", Problem: ProblemNumber}
		}
		if f.days != nil {
			*f.days = int(n)
		} else {
			*f.most = n
		}
	}
	return r, nil
}
