package desk

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// dose settles a row of a vaccine that somebody has had: the person and the vaccine must
// be known.
func (x *older) dose(w *work, i int, out *OldPlanRow) error {
	src := x.in.Rows[i].Dose
	vaccine, code, problem := x.vaccine(w, src)
	hit, err := x.whose(w, i, out)
	if hit == nil {
		return err
	}
	if problem.Code != "" {
		out.refuse(problem.Column, problem.Code, problem.Args["value"])
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
	for _, j := range x.before(aboutDoses(out.target), i) { // what the rows before it bring
		t := x.settled[j]
		if t.target == out.target && x.sameRow(i, j) {
			out.Twin, out.Whole, out.Does = t.At, true, OldSkips
			return nil
		}
		if t.target == out.target && t.Does == OldAdds {
			before := x.in.Rows[j].Dose
			for _, c := range t.Counts {
				given = append(given, clinic.GivenDose{Code: c, Day: before.Day, Dose: clinic.Dose{Vaccine: t.Row.Code}})
			}
		}
	}
	if slices.ContainsFunc(given, func(g clinic.GivenDose) bool {
		// In a year or a month there may be several doses of one vaccine.
		return g.Dose.Vaccine == vaccine.Code && g.Day == src.Day && (src.Day.Full() || g.Code == code)
	}) {
		out.Does, out.Whole = OldSkips, true
		return nil
	}
	counts, e := countsFor(&vaccine, code, given)
	if e != nil {
		out.refuse("vaccine", clinic.RowGoods, src.Vaccine)
		return nil
	}
	if at := notLast(vaccine.Parent, given, src.Day); code == "" && at >= 0 {
		out.refuse("dose", clinic.RowWhichDose, given[at].Day.String())
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

// aboutDoses names whose vaccines rows are about.
func aboutDoses(id clinic.ID) string { return "dose " + id.String() }

// notLast finds a dose of the series that may have been given on the day or after it, or -1:
// one that does not say which it is would be counted for the wrong one.
func notLast(series string, given []clinic.GivenDose, day clinic.Date) int {
	return slices.IndexFunc(given, func(g clinic.GivenDose) bool {
		of, _ := clinic.SplitDose(g.Code)
		return slices.Contains(strings.Fields(series), of) && !g.Day.Last().Before(day)
	})
}

// vaccine finds what a row calls a vaccine, and the dose of the schedule when it says which.
func (x *older) vaccine(w *work, src *clinic.OldDose) (row clinic.CatalogRow, code string, bad clinic.RowProblem) {
	dose, planned := x.index(w).dose[x.d.foldWords(src.Vaccine)]
	typed := clinic.OldGoods{Catalog: clinic.CatalogVaccine, Code: src.Vaccine}
	row, _, problem, value := x.find(w, &typed)
	if problem == clinic.RowGoods {
		typed.Code, typed.Name = "", src.Vaccine
		row, _, problem, value = x.find(w, &typed)
	}
	bad = clinic.RowProblem{Column: "vaccine", Code: problem, Args: map[string]string{"value": value}}
	switch {
	case problem == "" && src.Number > 0:
		series, _, _ := strings.Cut(row.Parent, " ")
		return row, fmt.Sprint(series, src.Number), bad
	case problem == "" || !planned || problem == clinic.RowManyGoods || len(dose.Vaccines) == 0:
		return row, "", bad
	case src.Number > 0 && src.Number != dose.Number: // the name says another one
		return row, "", clinic.RowProblem{Column: "dose", Code: clinic.RowNumber, Args: map[string]string{"value": strconv.Itoa(src.Number)}}
	}
	row, ok := w.Row(clinic.CatalogVaccine, dose.Vaccines[0], w.today)
	if !ok {
		return row, "", bad
	}
	return row, dose.Code, clinic.RowProblem{}
}

// addDose writes a vaccine that was given elsewhere or long ago: nothing leaves the shelf.
func (x *oldChunk) addDose(src *clinic.OldRow, row *OldPlanRow) {
	line := clinic.DayOneID(x.id, src.At, "dose")
	body := &clinic.Immunised{Day: src.Dose.Day, Outcome: clinic.OutcomeGiven, Place: cmp.Or(src.Dose.Place, paperPlace), Line: line[:]}
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
