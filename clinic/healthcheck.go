package clinic

import (
	"slices"
	"strings"
)

// CatalogHealthCheck is the template of health checks. Rows without Parent name its four
// lists: CheckPurposes, CheckParts, CheckClasses and CheckBMI are the codes that the rows
// of each list name as their Parent. Of a part, Applies names the purposes that ask it, or
// *; of a class of the body-mass index, Possible is from where to where.
const CatalogHealthCheck = "healthcheck"

// The lists of CatalogHealthCheck.
const (
	CheckPurposes = "MD" // why: periodic, school, elderly, for a job
	CheckParts    = "PH" // what is looked at
	CheckClasses  = "PL" // the conclusion's class of health
	CheckBMI      = "BMI"
)

// HealthCheck is the body of KindHealthCheck: a document of a visit of VisitHealthCheck.
type HealthCheck struct {
	Purpose     string      `cbor:"1,keyasint"` // code in CatalogHealthCheck
	PurposeName string      `cbor:"2,keyasint"`
	Parts       []CheckPart `cbor:"3,keyasint"`           // in the template's order; those that were not examined too
	Class       string      `cbor:"4,keyasint,omitempty"` // code of the class of health; empty = not classified
	ClassName   string      `cbor:"5,keyasint,omitempty"`
	Conclusion  string      `cbor:"6,keyasint,omitempty"`
	Advice      string      `cbor:"7,keyasint,omitempty"`
	Next        Date        `cbor:"8,keyasint,omitempty"` // when to be checked again
	Version     string      `cbor:"9,keyasint,omitempty"` // of the template's rows
}

// CheckPart is one part of a check. One that was not looked at is never taken as normal.
type CheckPart struct {
	Code  string     `cbor:"1,keyasint"`
	Name  string     `cbor:"2,keyasint"` // as it was asked
	State CheckState `cbor:"3,keyasint"`
	Words string     `cbor:"4,keyasint,omitempty"`
}

// CheckState is what was found. Values are frozen.
type CheckState uint8

// The states of a part.
const (
	CheckNotDone CheckState = 1
	CheckNormal  CheckState = 2
	CheckFound   CheckState = 3 // Words says what
)

// CheckStates returns them in the order of pages.
func CheckStates() []CheckState { return []CheckState{CheckNormal, CheckFound, CheckNotDone} }

// Left returns the parts that were not examined.
func (h *HealthCheck) Left() (out []CheckPart) {
	for _, p := range h.Parts {
		if p.State == CheckNotDone {
			out = append(out, p)
		}
	}
	return out
}

// CheckRows returns the rows of one list of the template, by code.
func CheckRows(rows []CatalogRow, list string) (out []CatalogRow) {
	for _, r := range rows {
		if r.Parent == list {
			out = append(out, r)
		}
	}
	return out
}

// CheckPartsOf returns the parts that a purpose asks of somebody of the sex.
func CheckPartsOf(rows []CatalogRow, purpose string, sex Sex) (out []CatalogRow) {
	for _, r := range CheckRows(rows, CheckParts) {
		asked := strings.Fields(r.Applies)
		if (slices.Contains(asked, "*") || slices.Contains(asked, purpose)) && r.ForSex(sex) {
			out = append(out, r)
		}
	}
	return out
}

// ForSex reports whether the row is for people of the sex: one that is not known counts
// as either.
func (r *CatalogRow) ForSex(s Sex) bool {
	return (s != SexMale || !r.Has(FlagFemale)) && (s != SexFemale || !r.Has(FlagMale))
}

// adultMonths is the age from which the classes of the body-mass index hold.
const adultMonths = 19 * 12

// BMIClass returns the class of a body-mass index in 0.1 kg/m² of an adult; ok is false
// for a child, an age that is not known, and when no row holds it.
func BMIClass(rows []CatalogRow, bmi, months int) (row CatalogRow, ok bool) {
	if bmi <= 0 || months < adultMonths {
		return row, false
	}
	for _, r := range CheckRows(rows, CheckBMI) {
		least, most, ok := ParsePossible(r.Possible)
		if n := Milli(bmi) * 100; ok && n >= least && n <= most {
			return r, true
		}
	}
	return row, false
}
