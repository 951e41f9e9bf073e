package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// HealthCheckPage is the view of the step of a health check.
type HealthCheckPage struct {
	Step
	Purposes []clinic.CatalogRow
	Parts    []clinic.CatalogRow
	Classes  []clinic.CatalogRow
	States   []clinic.CheckState
	Vitals   *DocView // measured before
	BMI      string   // class, empty = none
}

func healthCheckStep() step {
	return step{name: "healthcheck", kind: clinic.KindHealthCheck, fill: fillCheck, edit: editCheck, view: viewCheck, save: saveCheck}
}

func fillCheck(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.HealthCheck](d)
	if b == nil {
		return
	}
	f.Set("purpose", b.Purpose)
	f.Set("class", b.Class)
	f.Set("conclusion", b.Conclusion)
	f.Set("advice", b.Advice)
	fillDate(f, "next", b.Next)
	for _, p := range b.Parts {
		setCount(f, "part."+p.Code, int(p.State))
		f.Set("words."+p.Code, p.Words)
	}
}

// editCheck: normal takes every part of which nothing was said as normal; purpose shows
// the parts of another purpose.
func editCheck(f *Form, do string, _ *desk.VisitView) {
	if do != "normal" {
		return
	}
	for _, code := range f.Values["asked"] {
		if f.Get("part."+code) == "" && f.Get("words."+code) == "" {
			f.Set("part."+code, strconv.Itoa(int(clinic.CheckNormal)))
		}
	}
}

func viewCheck(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &HealthCheckPage{Step: b, States: clinic.CheckStates()}
	rows, err := s.opts.Desk.CheckTemplate(ctx, b.File.Row.Day)
	if err != nil {
		return nil, err
	}
	v.Purposes, v.Classes = clinic.CheckRows(rows, clinic.CheckPurposes), clinic.CheckRows(rows, clinic.CheckClasses)
	if v.Form.Get("purpose") == "" && len(v.Purposes) > 0 {
		v.Form.Set("purpose", v.Purposes[0].Code)
	}
	asked := clinic.CheckPartsOf(rows, v.Form.Get("purpose"), b.File.Patient.Now.Sex)
	v.Parts = slices.DeleteFunc(clinic.CheckRows(rows, clinic.CheckParts), func(row clinic.CatalogRow) bool {
		return !checkSaid(&v.Form, row.Code) && !slices.ContainsFunc(asked, func(x clinic.CatalogRow) bool { return x.Code == row.Code })
	})
	if d := b.File.Visit.Doc(clinic.KindVitals); d != nil {
		x := docView(&b.File, d, d.Current())
		v.Vitals = &x
		if row, ok := clinic.BMIClass(rows, clinic.BodyOf[clinic.Vitals](d).BMI(), b.File.Months); ok {
			v.BMI = rowName(s.engine.catalogues[b.Lang], row)
		}
	}
	return v, nil
}

// checkSaid reports whether the form says what was found of a part: it stays on the page
// when another purpose does not ask it, for what is not on the page is not saved again.
func checkSaid(f *Form, code string) bool {
	return clinic.CheckState(readChoice(f, "part."+code)) > clinic.CheckNotDone || f.Get("words."+code) != ""
}

func saveCheck(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.CheckInput{
		On: on, Purpose: f.Get("purpose"), Class: f.Get("class"), Conclusion: f.Get("conclusion"), Advice: f.Get("advice"),
		Next: readDate(f, "next"), Parts: map[string]desk.CheckEntry{},
	}
	for name := range f.Values {
		kind, code, ok := strings.Cut(name, ".")
		if !ok || kind != "part" && kind != "words" {
			continue
		}
		in.Parts[code] = desk.CheckEntry{State: clinic.CheckState(readChoice(f, "part."+code)), Words: f.Get("words." + code)}
	}
	if !f.OK() {
		return nil
	}
	_, err := d.HealthCheck(ctx, c, in)
	return err
}

// printCheck sends the conclusion to the printer.
func (s *Server) printCheck(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	_, err = s.opts.Desk.PrintCheck(r.Context(), call(r, "act"), desk.PrintInput{Patient: patient, Visit: visit})
	if err := s.told(r, "healthcheck.sent", err); err != nil {
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}
