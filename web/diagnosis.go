package web

import (
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// DiagnosisPage is the view of the third step.
type DiagnosisPage struct {
	Step
	Main   *clinic.CatalogRow
	Others []clinic.CatalogRow
	Search
}

// Search is the part of a page that looks something up in a catalogue.
type Search struct {
	Asked bool
	Query string
	List  string // name of the list in addresses
	Found []clinic.CatalogRow
}

const searchLimit = 8

func diagnosisStep() step {
	return step{
		name: "diagnosis", kind: clinic.KindDiagnosis, fill: fillDiagnosis, edit: editDiagnosis,
		view: viewDiagnosis, save: saveDiagnosis,
	}
}

func fillDiagnosis(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Diagnosis](d)
	if b == nil {
		return
	}
	f.Set("main", b.Main)
	f.Values["other"] = slices.Clone(b.Others)
	f.Set("text", b.Text)
}

// editDiagnosis: pick.CODE takes a code (the first becomes the main diagnosis),
// drop.CODE leaves it out, main.CODE makes it the main one, search looks up q.
func editDiagnosis(f *Form, do string, _ *desk.VisitView) {
	verb, code, _ := strings.Cut(do, ".")
	others := slices.DeleteFunc(slices.Clone(f.Values["other"]), func(c string) bool { return c == code || c == "" })
	main := f.Get("main")
	switch verb {
	case "pick":
		f.Set("q", "")
		if main == "" {
			main = code
		} else if main != code {
			others = append(others, code)
		}
	case "drop":
		if main == code {
			main = ""
			if len(others) > 0 {
				main, others = others[0], others[1:]
			}
		}
	case "main":
		if main != "" && main != code {
			others = append(others, main)
		}
		main = code
	}
	f.Set("main", main)
	f.Values["other"] = others
}

func viewDiagnosis(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &DiagnosisPage{Step: b}
	day := b.File.Row.Day
	if main := b.Form.Get("main"); main != "" {
		row := s.catalogRow(ctx, clinic.CatalogICD10, main, day)
		v.Main = &row
	}
	for _, c := range b.Form.Values["other"] {
		v.Others = append(v.Others, s.catalogRow(ctx, clinic.CatalogICD10, c, day))
	}
	var err error
	v.Search, err = s.search(ctx, clinic.CatalogICD10, b.Form.Get("q"), day)
	return v, err
}

func saveDiagnosis(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	if f.Get("main") == "" && f.Get("q") != "" {
		f.Fail("q", "diagnosis.choose")
		return nil
	}
	_, err := d.Diagnose(ctx, c, desk.DiagnosisInput{On: on, Main: f.Get("main"), Others: f.Values["other"], Text: f.Get("text")})
	return err
}

// search looks words up in a catalogue; an empty query finds nothing.
func (s *Server) search(ctx context.Context, catalog, q string, on clinic.Date) (Search, error) {
	out := Search{Query: q, List: catalog}
	if q == "" {
		return out, nil
	}
	var err error
	out.Asked = true
	out.Found, err = s.opts.Desk.Search(ctx, catalog, q, on, searchLimit)
	return out, err
}

// catalogRow finds a row by its code; a code that is not there (any more) shows
// itself.
func (s *Server) catalogRow(ctx context.Context, catalog, code string, on clinic.Date) clinic.CatalogRow {
	rows, err := s.opts.Desk.Search(ctx, catalog, code, on, searchLimit)
	if err == nil {
		for _, r := range rows {
			if r.Code == code {
				return r
			}
		}
	}
	return clinic.CatalogRow{Code: code}
}
