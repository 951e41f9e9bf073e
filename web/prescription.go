package web

import (
	"context"
	"fmt"
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
	// Herbs: some of the lines are prescribed by the packet.
	Herbs bool
	// Child: under 72 months; the paper wants weight and companion.
	Child  bool
	Weight string // of this visit; empty = not weighed
	Guard  string // who stands for the companion when nobody is named
}

// DrugRow is one medicine in the form.
type DrugRow struct {
	N     int
	Row   clinic.CatalogRow
	Doses []DoseChoice
	// Suffix is the unit beside the dose; empty where the dose names its own measure.
	Suffix string
	Herb   bool
}

// DoseChoice is a usual dose, to take over with one tap.
type DoseChoice struct {
	Take string // value of the button
	desk.DoseHint
	Text string // 1/2 viên
}

const linesMax = 30

func lineFields() []string {
	return []string{
		"medicine", "dose", "times", "days", "quantity", "when", "code", "insured",
		"goods", "lot", "expiry", "packs", "pack", "price", "registration", "tender", "gtin", "sent", "label", "booked", "found", "checked", "test",
	}
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
			f.Set(line("dose", i), l.TypedDose())
		}
		if l.Dose != 0 && !l.Herb {
			f.Set(line("times", i), strconv.Itoa(l.Times))
			f.Set(line("days", i), strconv.Itoa(l.Days))
		}
		if l.Quantity != l.Compute() {
			f.Set(line("quantity", i), strings.ReplaceAll(l.Quantity.String(), ".", ""))
		}
		f.Set(line("when", i), l.When)
	}
	f.Set("advice", b.Advice)
	f.Set("companion", b.Companion)
	f.Set("preparation", b.Preparation)
	if b.Packets > 0 {
		f.Set("packets", strconv.Itoa(b.Packets))
	}
}

// editPrescription: pick.CODE adds a medicine, drop.N takes a line out, take.N.DOSAGE
// fills a usual dose in.
func editPrescription(f *Form, do string, _ *desk.VisitView) {
	at, dosage, ok := strings.Cut(strings.TrimPrefix(do, "take."), ".")
	n, err := strconv.Atoi(at)
	if !ok || err != nil || !strings.HasPrefix(do, "take.") || n < 0 || n >= linesMax {
		editLines(f, do, "medicine")
		return
	}
	d, err := clinic.ParseDosage(dosage)
	if err != nil {
		return
	}
	l := clinic.DrugLine{Dose: d.Dose, Measure: d.Measure}
	f.Set(line("dose", n), l.TypedDose())
	f.Set(line("times", n), strconv.Itoa(d.Times))
	f.Set(line("days", n), strconv.Itoa(d.Days))
	f.Set(line("when", n), d.When)
	f.Set(line("quantity", n), "")
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
			l := DrugRow{N: i, Row: s.catalogRow(ctx, clinic.CatalogMedicine, code, b.File.Row.Day)}
			if _, measure, _ := clinic.ParseDose("", b.Form.Get(line("dose", i))); measure == "" {
				l.Suffix = l.Row.Unit
			}
			l.Herb = l.Row.Has(clinic.FlagHerb)
			v.Herbs = v.Herbs || l.Herb
			v.Lines = append(v.Lines, l)
		}
	}
	v.child()
	var err error
	if v.Search, err = s.search(ctx, clinic.CatalogMedicine, b.Form.Get("q"), b.File.Row.Day); err != nil || len(v.Lines) == 0 || b.File.Closed {
		return v, err
	}
	on := desk.On{Patient: b.File.Visit.Patient, Visit: b.File.Visit.ID}
	on.Base, _ = parseLeaf(b.Form.Get("base"))
	found, err := s.opts.Desk.Findings(ctx, b.User.ID, rxInput(on, &b.Form))
	if desk.ErrorsOf(err) != nil { // who may not prescribe sees the page, and is refused when saving
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	v.Found = findings(b.Lang, visitPath(on.Patient, on.Visit), found)
	return v, v.doses(ctx, s.opts.Desk, on)
}

// child says what the paper of a small child wants.
func (v *PrescriptionPage) child() {
	p, day := v.File.Patient.Now, v.File.Row.Day
	if p == nil || !clinic.Under72(p.Birth, day) {
		return
	}
	v.Child, v.Guard = true, p.Guardian
	for _, b := range desk.VitalsOf(&v.File.Visit) { // the latest, as on the paper
		if b.Weight > 0 {
			v.Weight = clinic.FormatFixed(b.Weight, 1)
			return
		}
	}
}

// doses offers usual doses for the lines that have none yet.
func (v *PrescriptionPage) doses(ctx context.Context, d *desk.Desk, on desk.On) error {
	var open []string
	for _, l := range v.Lines {
		if v.Form.Get(line("dose", l.N)) == "" && v.Form.Get(line("quantity", l.N)) == "" {
			open = append(open, l.Row.Code)
		}
	}
	if len(open) == 0 {
		return nil
	}
	hints, err := d.Doses(ctx, v.User.ID, on, open)
	if err != nil {
		return err
	}
	for i := range v.Lines {
		l := &v.Lines[i]
		for _, h := range hints {
			if h.Medicine != l.Row.Code {
				continue
			}
			x := clinic.DrugLine{Dose: h.Dose, Measure: h.Measure, Unit: l.Row.Unit}
			take := fmt.Sprintf("take.%d.%s x %d x %d; %s", l.N, x.TypedDose(), h.Times, h.Days, h.When)
			l.Doses = append(l.Doses, DoseChoice{Take: take, DoseHint: h, Text: x.DoseText()})
		}
	}
	return nil
}

func savePrescription(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := rxInput(on, f)
	if len(in.Lines) == 0 && f.Get("q") != "" {
		f.Fail("q", "prescription.choose")
		return nil
	}
	_, err := d.Prescribe(ctx, c, in)
	return err
}

func rxInput(on desk.On, f *Form) desk.PrescriptionInput {
	return desk.PrescriptionInput{
		On: on, Advice: f.Get("advice"), Companion: f.Get("companion"), Lines: drugInputs(f), Overrides: overrides(f),
		Packets: f.Get("packets"), Preparation: f.Get("preparation"),
	}
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
