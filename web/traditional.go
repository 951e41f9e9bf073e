package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TraditionalPage is the view of the step of traditional medicine.
type TraditionalPage struct {
	Step
	Illness    clinic.CatalogRow
	Offered    []clinic.CatalogRow // that usually stand beside the diagnosis
	Treatments []clinic.CatalogRow
	Treated    bool // some are filled in
	Principles []clinic.Principle
	Search
}

func traditionalStep() step {
	return step{
		name: "traditional", kind: clinic.KindTraditional, fill: fillTraditional, edit: editTraditional,
		view: viewTraditional, save: saveTraditional,
	}
}

func fillTraditional(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Traditional](d)
	if b == nil {
		return
	}
	for name, v := range map[string]string{
		"look": b.Look, "listen": b.Listen, "ask": b.Ask, "touch": b.Touch,
		"illness": b.Illness, "syndrome": b.Syndrome, "method": b.Method,
	} {
		f.Set(name, v)
	}
	for _, p := range b.Principles {
		f.Values.Add("principle", strconv.Itoa(int(p)))
	}
	for _, t := range b.Treatments {
		f.Set("points."+t.Service, t.Points)
		f.Set("course."+t.Service, strconv.Itoa(t.Days))
	}
}

// editTraditional: pick.CODE chooses the illness, drop.CODE takes it out.
func editTraditional(f *Form, do string, _ *desk.VisitView) {
	verb, code, _ := strings.Cut(do, ".")
	switch verb {
	case "pick":
		f.Set("illness", code)
		f.Set("q", "")
	case "drop":
		f.Set("illness", "")
	}
}

func viewTraditional(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &TraditionalPage{Step: b, Principles: clinic.Principles()}
	day := b.File.Row.Day
	if code := b.Form.Get("illness"); code != "" {
		v.Illness = s.catalogRow(ctx, clinic.CatalogTradIllness, code, day)
		if v.Illness.Name == "" {
			v.Illness.Name = code
		}
	}
	help, err := s.opts.Desk.TraditionalHelp(ctx, b.User.ID, desk.On{Patient: b.File.Visit.Patient, Visit: b.File.Visit.ID})
	if desk.ErrorsOf(err) == nil && err != nil {
		return nil, err // who may not, sees the page and is refused when saving
	}
	v.Offered, v.Treatments = help.Illnesses, help.Treatments
	v.Treated = slices.ContainsFunc(v.Treatments, func(r clinic.CatalogRow) bool {
		return b.Form.Get("course."+r.Code)+b.Form.Get("points."+r.Code) != ""
	})
	v.Search, err = s.search(ctx, clinic.CatalogTradIllness, b.Form.Get("q"), day)
	return v, err
}

func saveTraditional(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.TraditionalInput{On: on, Traditional: clinic.Traditional{
		Look: f.Get("look"), Listen: f.Get("listen"), Ask: f.Get("ask"), Touch: f.Get("touch"),
		Illness: f.Get("illness"), Syndrome: f.Get("syndrome"), Method: f.Get("method"),
	}}
	for _, p := range f.Values["principle"] {
		if n, err := strconv.ParseUint(p, 10, 8); err == nil {
			in.Principles = append(in.Principles, clinic.Principle(n))
		}
	}
	for name := range f.Values {
		code, ok := strings.CutPrefix(name, "course.")
		if points, of := strings.CutPrefix(name, "points."); of && f.Get("course."+points) == "" && f.Get(name) != "" {
			f.Fail("course."+points, "trad.course-needed")
		}
		if ok && f.Get(name) != "" {
			in.Treatments = append(in.Treatments, clinic.Treatment{Service: code, Points: f.Get("points." + code)})
		}
	}
	if !f.OK() {
		return nil
	}
	slices.SortFunc(in.Treatments, func(a, b clinic.Treatment) int { return strings.Compare(a.Service, b.Service) })
	for _, t := range in.Treatments {
		in.Days = append(in.Days, f.Get("course."+t.Service))
	}
	_, err := d.Traditional(ctx, c, in)
	for _, e := range desk.ErrorsOf(err) {
		switch {
		case e.Field == "illness" && in.Illness == "":
			e.Field = "q"
		case e.Code == desk.CodeTooMany && len(in.Treatments) > 0:
			e.Field = "course." + in.Treatments[len(in.Treatments)-1].Service
		}
	}
	return err
}
