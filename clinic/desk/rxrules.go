package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// rxRules says on which form the prescription stands, and what Circular 26/2025/TT-BYT
// does not let stand on it: medicines of several forms on one, narcotics where nobody
// stays overnight, more days than the illness allows.
func (w *document) rxRules(rx *clinic.Prescription) (kind clinic.RxType, bad Errors) {
	for i, l := range rx.Lines {
		row, _ := w.Row(clinic.CatalogMedicine, l.Medicine, w.row.Day)
		switch k := clinic.RxTypeOf(&row); {
		case i == 0:
			kind = k
		case k != kind:
			bad = append(bad, &Error{Code: CodeRxApart, Field: fmt.Sprintf("lines.%d.medicine", i)})
		}
	}
	if kind == clinic.RxNarcotic && !w.beds() {
		bad = append(bad, &Error{Code: CodeRxBeds, Field: "lines.0.medicine"})
	}
	days, ok := clinic.RxDays(kind, w.diagnoses(), w.CatalogRows(clinic.CatalogRxDays, w.row.Day))
	code := CodeRxDays
	if !ok {
		code = CodeRxDaysNone // the catalogue says nothing of this day
	}
	for i, l := range rx.Lines {
		if l.Days > days {
			bad = append(bad, &Error{Code: code, Field: fmt.Sprintf("lines.%d.days", i), Args: map[string]string{"max": strconv.Itoa(days)}})
		}
	}
	return kind, bad
}

// beds reports whether the catalogue of facilities says on the visit's day that this one
// keeps patients.
func (w *document) beds() bool {
	row, ok := w.Row(clinic.CatalogFacility, w.desk.o.Site.Facility.Code, w.row.Day)
	return ok && row.Has(clinic.FlagBeds)
}

// diagnoses are the codes of the visit's current diagnosis.
func (w *document) diagnoses() []string {
	dx := clinic.BodyOf[clinic.Diagnosis](w.file.Doc(clinic.KindDiagnosis))
	if dx == nil {
		return nil
	}
	return append([]string{dx.Main}, dx.Others...)
}

// toxicFirst puts toxic medicines before the others; the rest stays in its order.
func (w *document) toxicFirst(rx *clinic.Prescription) {
	toxic := func(l clinic.DrugLine) int {
		row, _ := w.Row(clinic.CatalogMedicine, l.Medicine, w.row.Day)
		if row.Has(clinic.FlagToxic) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(rx.Lines, func(a, b clinic.DrugLine) int { return cmp.Compare(toxic(a), toxic(b)) })
}

// rxReady says what a prescription lacks before it is signed or printed: of a child
// under 72 months the weight of this visit and who came with it, and a birth date that
// tells the months. Its rules are asked again, for the diagnosis may have changed since.
func (w *document) rxReady(rx *clinic.Prescription) (bad Errors) {
	if rx == nil {
		return nil
	}
	_, bad = w.rxRules(rx)
	for _, e := range bad {
		e.Field = ""
	}
	if !clinic.Under72(w.patient.Birth, w.day()) {
		return bad
	}
	if w.weight() == 0 {
		bad = append(bad, &Error{Code: CodeRxWeight})
	}
	if w.companion(rx) == "" {
		bad = append(bad, &Error{Code: CodeRxCompanion})
	}
	if w.patient.Birth.Month == 0 {
		bad = append(bad, &Error{Code: CodeRxBirth})
	}
	return bad
}

// weight is that of this visit, the latest, in 0.1 kg; 0 = not weighed.
func (w *document) weight() int {
	for _, v := range VitalsOf(&w.file) {
		if v.Weight > 0 {
			return v.Weight
		}
	}
	return 0
}

// companion is who the prescription says came with the child, or who the record says
// looks after it.
func (w *document) companion(rx *clinic.Prescription) string {
	return cmp.Or(rx.Companion, w.patient.Guardian)
}
