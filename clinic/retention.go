package clinic

import (
	"slices"
	"strings"
)

// KeepPrefix is how the codes of CatalogRetention begin.
const KeepPrefix = "KEEP"

// applies reports whether a row of CatalogRetention is about a visit with these
// diagnoses: its Applies names the beginnings of ICD-10 codes, or * for every visit.
func (r *CatalogRow) applies(diagnoses []string) bool {
	return slices.ContainsFunc(strings.Fields(r.Applies), func(p string) bool {
		return p == "*" || slices.ContainsFunc(diagnoses, func(d string) bool { return strings.HasPrefix(d, p) })
	})
}

// KeepUntil returns the last day on which the record of a visit must be kept, and the
// row that says so: the longest that applies, counted from the end of the visit's year
// (Circular 33/2025). ok is false when no row applies: then it is kept for ever. The
// rows are those that hold today: a law that lengthens the times lengthens all.
func KeepUntil(visit Date, diagnoses []string, rows []CatalogRow) (until Date, by CatalogRow, ok bool) {
	for _, r := range rows {
		if r.Years > by.Years && r.applies(diagnoses) {
			by, ok = r, true
		}
	}
	return Date{Year: visit.Year + by.Years, Month: 12, Day: 31}, by, ok
}

// Diagnoses returns every ICD-10 code that a version of the visit's diagnosis names: a
// code that was corrected away lengthens the time too, which harms nobody.
func (v *VisitFile) Diagnoses() (codes []string) {
	for _, d := range v.Documents {
		for _, ver := range d.Versions {
			if b, ok := ver.Record.Body.(*Diagnosis); ok {
				codes = append(append(codes, b.Main), b.Others...)
			}
		}
	}
	return codes
}
