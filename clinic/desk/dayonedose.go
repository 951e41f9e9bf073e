package desk

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// dose settles a row of a vaccine that somebody has had: the person and the vaccine must
// be known.
func (x *older) dose(w *work, i int, out *OldPlanRow) error {
	src := x.in.Rows[i].Dose
	vaccine, code, problem, value := x.vaccine(w, src)
	hit, err := x.whose(w, i, out)
	if hit == nil {
		return err
	}
	if problem != "" {
		out.refuse("vaccine", problem, value)
		return nil
	}
	if closed, err := x.d.closed(w, w.by.ID, hit.ID); err != nil || closed {
		out.refuse("", clinic.RowClosed, "")
		return err
	}
	file, err := readPatient(w, hit.ID)
	if err != nil {
		return err
	}
	given := file.GivenDoses()
	for _, j := range x.before("dose "+out.target.String(), i) { // what the rows before it bring
		if t := x.settled[j]; t.target == out.target && t.Does == OldAdds {
			before := x.in.Rows[j].Dose
			for _, c := range t.Counts {
				given = append(given, clinic.GivenDose{Code: c, Day: before.Day, Dose: clinic.Dose{Vaccine: t.Row.Code}})
			}
		}
	}
	if slices.ContainsFunc(given, func(g clinic.GivenDose) bool { return g.Dose.Vaccine == vaccine.Code && g.Day == src.Day }) {
		out.Does, out.Whole = OldSkips, true
		return nil
	}
	counts, e := countsFor(&vaccine, code, given)
	if e != nil {
		out.refuse("vaccine", clinic.RowGoods, src.Vaccine)
		return nil
	}
	for _, c := range counts {
		if at := slices.IndexFunc(given, func(g clinic.GivenDose) bool { return g.Code == c }); at >= 0 {
			out.refuse("dose", clinic.RowHadDose, c+" "+given[at].Day.String())
			return nil
		}
	}
	out.Row, out.Counts = vaccine, counts
	return nil
}

// vaccine finds what a row calls a vaccine, and the dose of the schedule when it says which.
func (x *older) vaccine(w *work, src *clinic.OldDose) (row clinic.CatalogRow, code, problem, value string) {
	dose, planned := x.index(w).dose[x.d.foldWords(src.Vaccine)]
	typed := clinic.OldGoods{Catalog: clinic.CatalogVaccine, Code: src.Vaccine}
	row, _, problem, value = x.find(w, &typed)
	if problem == clinic.RowGoods {
		typed.Code, typed.Name = "", src.Vaccine
		row, _, problem, value = x.find(w, &typed)
	}
	switch {
	case problem == "" && src.Number > 0:
		series, _, _ := strings.Cut(row.Parent, " ")
		return row, fmt.Sprint(series, src.Number), "", ""
	case problem == "":
		return row, "", "", ""
	case !planned || problem == clinic.RowManyGoods || len(dose.Vaccines) == 0 || src.Number > 0 && src.Number != dose.Number:
		return row, "", problem, value
	}
	row, ok := w.Row(clinic.CatalogVaccine, dose.Vaccines[0], w.today)
	if !ok {
		return row, "", problem, value
	}
	return row, dose.Code, "", ""
}

// addDose writes a vaccine that was given elsewhere or long ago: nothing leaves the shelf.
func (x *oldChunk) addDose(src *clinic.OldRow, row *OldPlanRow) {
	line := clinic.DayOneID(x.id, src.At, "dose")
	body := &clinic.Immunised{Day: src.Dose.Day, Outcome: clinic.OutcomeGiven, Place: firstOf(src.Dose.Place, paperPlace), Line: line[:]}
	body.Doses = []clinic.Dose{{Vaccine: row.Row.Code, Name: row.Row.Name, Counts: row.Counts, Batch: src.Dose.Lot, Route: row.Row.Route}}
	x.drafts = append(x.drafts, clinic.Draft{Kind: clinic.KindImmunised, Subject: row.target, Body: body})
}

// doseBack corrects a vaccine that an import brought to none, unless somebody corrected it
// since.
func (x *undoer) doseBack(l *clinic.DayOneLine, patient clinic.ID) ([]clinic.Draft, bool, error) {
	file, err := readPatient(x.r, patient)
	if err != nil {
		return nil, false, err
	}
	line := clinic.DayOneID(x.info.ID, l.Line, "dose")
	for i := range file.Files {
		doc := &file.Files[i]
		now := doc.Current()
		first, ok := doc.Versions[0].Record.Body.(*clinic.Immunised)
		if !ok || !bytes.Equal(first.Line, line[:]) {
			continue
		}
		b := clinic.BodyOf[clinic.Immunised](doc)
		switch {
		case b == nil || len(b.Doses) == 0:
			return nil, false, nil // nothing is left
		case len(doc.Versions) > 1:
			return nil, true, nil
		}
		body := &clinic.Immunised{Day: b.Day, Outcome: b.Outcome, Place: b.Place, Line: b.Line}
		return []clinic.Draft{{Kind: clinic.KindImmunised, Subject: now.Record.Subject, Corrects: doc.Leaf(), Why: clinic.WhyTakenBack, Body: body}}, false, nil
	}
	return nil, true, nil // its entry can no longer be read
}
