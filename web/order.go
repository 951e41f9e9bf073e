package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// OrderPage is the view of the step that asks for tests.
type OrderPage struct {
	Step
	Lines  []TestRow // tests and panels, by their catalogue rows
	Lab    string    // path of the patient's page of tests
	Others bool      // the visit has another order
	Search
}

// TestRow is one test or panel in the form.
type TestRow struct {
	N   int
	Row clinic.CatalogRow
}

func orderStep() step {
	return step{
		name: "order", kind: clinic.KindOrder, optional: true, fresh: freshOrder, fill: fillOrder, edit: editOrder,
		view: viewOrder, save: saveOrder,
	}
}

// freshOrder reports whether the form asks for another order: this one is signed, or
// somebody works on it.
func freshOrder(v *desk.VisitView, d *clinic.Document) bool {
	return d.State != clinic.DocUnsigned || clinic.BodyOf[clinic.Order](d).Off ||
		slices.ContainsFunc(v.Patient.OrderLines(), func(l clinic.OrderLine) bool {
			return l.Order.Leaf() == d.Leaf() && l.State > clinic.LineOrdered
		})
}

func fillOrder(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Order](d)
	if b == nil {
		return
	}
	for i, t := range b.Tests {
		f.Set(line("test", i), t.Code)
	}
	if b.Urgent {
		f.Set("urgent", "yes")
	}
	f.Set("note", b.Note)
}

// editOrder: pick.CODE adds a test or a panel, drop.N takes a line out.
func editOrder(f *Form, do string, _ *desk.VisitView) { editLines(f, do, "test") }

func viewOrder(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &OrderPage{Step: b, Lab: patientPath(b.File.Visit.Patient) + "/lab"}
	v.Others = b.Base == "" && b.File.Visit.Doc(clinic.KindOrder) != nil
	for i := range linesMax {
		if code := b.Form.Get(line("test", i)); code != "" {
			v.Lines = append(v.Lines, TestRow{i, s.catalogRow(ctx, clinic.CatalogLabTest, code, b.File.Row.Day)})
		}
	}
	var err error
	v.Search, err = s.search(ctx, clinic.CatalogLabTest, b.Form.Get("q"), b.File.Row.Day)
	return v, err
}

func saveOrder(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.OrderInput{On: on, Urgent: f.Get("urgent") != "", Note: f.Get("note"), Confirmed: f.Values["confirmed"]}
	for _, row := range readLines(f, "test") {
		in.Tests = append(in.Tests, row["test"])
	}
	if f.Get("off") != "" {
		in.Tests = nil
	} else if len(in.Tests) == 0 {
		f.Fail("q", "lab.lines-none")
		return nil
	}
	_, err := d.Order(ctx, c, in)
	return err
}

// valueField and unitField name the fields of a test's result.
func valueField(test string) string { return "v." + test }

func unitField(test string) string { return "u." + test }

// labField turns the desk's name of a field into the form's.
func labField(field string, tests []LabInput) string {
	if slices.ContainsFunc(tests, func(x LabInput) bool { return x.Row.Code == field }) {
		return valueField(field)
	}
	return field
}

// specimenGuess is the kind of sample that a test is usually of, by its Vietnamese name;
// the form proposes it.
func specimenGuess(test string) string {
	name := strings.ToLower(test)
	for _, x := range [][2]string{{"niệu", "urine"}, {"nước tiểu", "urine"}, {"phân", "stool"}, {"đờm", "sputum"}, {"covid", "swab"}, {"cúm", "swab"}, {"liên cầu", "swab"}} {
		if strings.Contains(name, x[0]) {
			return x[1]
		}
	}
	return "capillary"
}

// flagKey is the message key of what a result's flag says.
func flagKey(f clinic.ResultFlag) string {
	if f == clinic.FlagUnjudged {
		return "lab.no-range"
	}
	return "lab.flag." + strconv.Itoa(int(f))
}

// resultText writes a result as the language's readers expect numbers. Words are in the
// country's language, as they were recorded.
func resultText(c *i18n.Catalogue, v *clinic.ResultValue) string {
	if v.Number == nil {
		return v.Text
	}
	return strings.TrimSpace(numText(c, clinic.FormatFixed(int(*v.Number), 3)) + " " + v.Unit)
}

// choiceName is a result to choose, in the language of the page.
func choiceName(c *i18n.Catalogue, x clinic.Choice) string {
	if c.Lang == "en" && x.English != "" {
		return x.English
	}
	return x.Name
}
