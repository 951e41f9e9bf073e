package clinic

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// RxType is the kind of a prescription: the letter at the end of its code and the form
// that it is printed on (Circular 26/2025/TT-BYT, annexes I to III).
type RxType string

// The kinds of prescriptions.
const (
	RxOrdinary     RxType = "C"
	RxNarcotic     RxType = "N"
	RxPsychotropic RxType = "H"
	// RxTraditional is of traditional medicine (Circular 55/2025/TT-BYT); older texts have Y.
	RxTraditional RxType = "T"
)

func (t RxType) valid() bool {
	return t == RxOrdinary || t == RxNarcotic || t == RxPsychotropic || t == RxTraditional
}

// ThreeCopies reports whether the paper is made three times.
func (t RxType) ThreeCopies() bool { return t == RxNarcotic || t == RxPsychotropic }

// Type returns the kind that the code names; an ordinary one when it names none.
func (p *Prescription) Type() RxType {
	if _, err := ParsePrescriptionCode(p.Code); err != nil {
		return RxOrdinary
	}
	return RxType(p.Code[13:])
}

// RxTypeOf returns the kind of prescription that a medicine stands on.
func RxTypeOf(row *CatalogRow) RxType {
	switch {
	case row.Has(FlagNarcotic):
		return RxNarcotic
	case row.Has(FlagPsychotropic):
		return RxPsychotropic
	case row.Has(FlagTraditional), row.Has(FlagHerb):
		return RxTraditional
	}
	return RxOrdinary
}

// Days of a prescription where no row of CatalogRxDays holds: 30, of a narcotic 7 and of
// a psychotropic 10, as the Circular has them for illnesses that are not long ones.
const (
	rxDaysOrdinary     = 30
	rxDaysTraditional  = 30
	rxDaysNarcotic     = 7
	rxDaysPsychotropic = 10
)

// RunsUnsaid is how many days a line without days runs: the usual limit of a prescription.
const RunsUnsaid = rxDaysOrdinary

// RxDays returns for how many days medicines of the kind may be prescribed to somebody
// with these diagnoses: the most that a row of CatalogRxDays allows (Rule.Kind = the
// letter, Rule.Days; Applies = beginnings of ICD-10 codes, * for whatever illness). The
// rows are those of the visit's day; ok is false when none is about the kind.
func RxDays(t RxType, diagnoses []string, rows []CatalogRow) (days int, ok bool) {
	for i := range rows {
		r := &rows[i]
		if r.Rule == nil || r.Rule.Kind != string(t) {
			continue
		}
		ok = true
		if r.applies(diagnoses) {
			days = max(days, r.Rule.Days)
		}
	}
	if days > 0 {
		return days, ok
	}
	return map[RxType]int{RxOrdinary: rxDaysOrdinary, RxNarcotic: rxDaysNarcotic, RxPsychotropic: rxDaysPsychotropic, RxTraditional: rxDaysTraditional}[t], ok
}

// PaperName is how a medicine is named on a prescription (Circular 26/2025/TT-BYT): one
// of a single substance by its international name, with the brand behind it; one of
// several, or a biologic, by its brand.
func (r *CatalogRow) PaperName() string {
	inn := r.English
	if len(r.Substances) == 1 {
		inn = cmp.Or(inn, r.Substances[0].INN)
	}
	several := len(r.Substances) > 1 || strings.ContainsAny(inn, "+;,") || r.Has(FlagCombination) || r.Has(FlagBiologic)
	if several || inn == "" || r.Has(FlagGeneric) || strings.EqualFold(inn, r.Name) {
		return r.Name
	}
	return upperFirst(inn) + " (" + r.Name + ")"
}

func upperFirst(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

// Under72 reports whether the paper of somebody born then wants months, weight and
// companion on the day (Circular 26/2025/TT-BYT); also where the birth date says too
// little to tell.
func Under72(birth, day Date) bool {
	if birth.IsZero() || day.Before(birth) {
		return false
	}
	if birth.Month == 0 {
		return day.Year-birth.Year <= 6
	}
	return birth.AgeAt(day).InMonths() < 72
}

// DosageFor is who gets a medicine.
type DosageFor struct {
	AgeDays   int // below 0 = not known
	Weight    int // 0.1 kg, 0 = not weighed
	Diagnoses []string
}

// Dosages returns the rows of CatalogDosage for a medicine that fit the person and the
// diagnoses, those that name an illness first. Rule gives ages in days (AgeFrom, AgeTo)
// and weights in 0.1 kg (Low, High); who is not weighed gets none that asks for it, and
// whose age is not known none that asks for that.
func Dosages(rows []CatalogRow, medicine string, who DosageFor) (out []CatalogRow) {
	ageDays, weight, diagnoses := who.AgeDays, who.Weight, who.Diagnoses
	for _, r := range rows {
		if !slices.Contains(strings.Fields(r.Parent), medicine) || r.Applies != "" && !r.applies(diagnoses) {
			continue
		}
		if x := r.Rule; x != nil {
			aged, weighed := x.AgeFrom > 0 || x.AgeTo > 0, x.Low > 0 || x.High > 0
			if aged && (ageDays < x.AgeFrom || ageDays < 0 || x.AgeTo > 0 && ageDays >= x.AgeTo) ||
				weighed && (weight == 0 || weight < x.Low || x.High > 0 && weight >= x.High) {
				continue
			}
		}
		out = append(out, r)
	}
	named := func(r *CatalogRow) int { return min(len(strings.Trim(r.Applies, "* ")), 1) }
	slices.SortStableFunc(out, func(a, b CatalogRow) int { return named(&b) - named(&a) })
	return out
}
