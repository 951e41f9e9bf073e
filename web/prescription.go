package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// PrescriptionPage is the view of the fourth step.
type PrescriptionPage struct {
	Step
	Lines []DrugRow
	Fresh int // index of the line that was added just now, -1 otherwise
	Found []Finding
	Search
}

// DrugRow is one medicine in the form.
type DrugRow struct {
	N   int
	Row clinic.CatalogRow
}

const linesMax = 30

func lineFields() []string {
	return []string{"medicine", "dose", "times", "days", "quantity", "when", "code", "insured"}
}

func prescriptionStep() step {
	return step{
		name: "prescription", kind: clinic.KindPrescribe, fill: fillPrescription, edit: editPrescription,
		view: viewPrescription, save: savePrescription,
	}
}

func line(field string, n int) string { return field + "." + strconv.Itoa(n) }

func fillPrescription(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Prescription](d)
	if b == nil {
		return
	}
	for i, l := range b.Lines {
		f.Set(line("medicine", i), l.Medicine)
		if l.Dose != 0 {
			f.Set(line("dose", i), l.Dose.String())
			f.Set(line("times", i), strconv.Itoa(l.Times))
			f.Set(line("days", i), strconv.Itoa(l.Days))
		}
		if l.Quantity != l.Compute() {
			f.Set(line("quantity", i), l.Quantity.String())
		}
		f.Set(line("when", i), l.When)
	}
	f.Set("advice", b.Advice)
}

// editPrescription: pick.CODE adds a medicine, drop.N takes a line out.
func editPrescription(f *Form, do string, _ *desk.VisitView) {
	editLines(f, do, "medicine")
}

// editLines adds and removes lines of a form whose key field names what a line is.
func editLines(f *Form, do, key string) {
	verb, arg, _ := strings.Cut(do, ".")
	rows := readLines(f, key)
	switch verb {
	case "pick":
		f.Set("q", "")
		if len(rows) < linesMax {
			rows = append(rows, map[string]string{key: arg})
			f.Set("fresh", strconv.Itoa(len(rows)-1))
		}
	case "drop":
		if n, err := strconv.Atoi(arg); err == nil && n >= 0 && n < len(rows) {
			rows = slices.Delete(rows, n, n+1)
		}
	}
	writeLines(f, rows)
}

// readLines collects the lines of a form in order, leaving out gaps.
func readLines(f *Form, key string) (rows []map[string]string) {
	for i := range linesMax {
		if f.Get(line(key, i)) == "" {
			continue
		}
		row := map[string]string{}
		for _, name := range lineFields() {
			if t := f.Get(line(name, i)); t != "" {
				row[name] = t
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func writeLines(f *Form, rows []map[string]string) {
	for i := range linesMax {
		for _, name := range lineFields() {
			f.Values.Del(line(name, i))
		}
	}
	for i, row := range rows {
		for name, value := range row {
			f.Set(line(name, i), value)
		}
	}
}

func viewPrescription(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &PrescriptionPage{Step: b, Fresh: -1}
	if n, err := strconv.Atoi(b.Form.Get("fresh")); err == nil {
		v.Fresh = n
	}
	for i := range linesMax {
		if code := b.Form.Get(line("medicine", i)); code != "" {
			v.Lines = append(v.Lines, DrugRow{i, s.catalogRow(ctx, clinic.CatalogMedicine, code, b.File.Row.Day)})
		}
	}
	var err error
	if v.Search, err = s.search(ctx, clinic.CatalogMedicine, b.Form.Get("q"), b.File.Row.Day); err != nil || len(v.Lines) == 0 || b.File.Closed {
		return v, err
	}
	on := desk.On{Patient: b.File.Visit.Patient, Visit: b.File.Visit.ID}
	on.Base, _ = parseLeaf(b.Form.Get("base"))
	found, err := s.opts.Desk.Findings(ctx, b.User.ID, on, drugInputs(&b.Form))
	if desk.ErrorsOf(err) != nil { // who may not prescribe sees the page, and is refused when saving
		return v, nil
	}
	v.Found = findings(b.Lang, visitPath(on.Patient, on.Visit), found)
	return v, err
}

func savePrescription(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.PrescriptionInput{On: on, Advice: f.Get("advice"), Lines: drugInputs(f), Overrides: overrides(f)}
	if len(in.Lines) == 0 && f.Get("q") != "" {
		f.Fail("q", "prescription.choose")
		return nil
	}
	_, err := d.Prescribe(ctx, c, in)
	return err
}

func drugInputs(f *Form) (lines []desk.DrugInput) {
	for _, row := range readLines(f, "medicine") {
		lines = append(lines, desk.DrugInput{
			Medicine: row["medicine"], Dose: row["dose"], Times: row["times"], Days: row["days"],
			Quantity: row["quantity"], When: row["when"],
		})
	}
	return lines
}

// formField turns the desk's name of a field into the form's: "lines.2.dose" is
// "dose.2", what belongs to no single field goes to the search above it.
func formField(field string) string {
	parts := strings.Split(field, ".")
	switch {
	case len(parts) == 3:
		return parts[2] + "." + parts[1]
	case field == "lines" || field == "others" || field == "main":
		return "q"
	case field == "items" || field == "asked":
		return "known"
	case parts[0] == "identifiers":
		return "citizen"
	case parts[0] == "others":
		return "q"
	}
	return field
}
