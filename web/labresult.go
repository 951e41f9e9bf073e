package web

import (
	"net/http"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// LabEnter is the view of the page where results are typed, or one is corrected.
type LabEnter struct {
	LabPage
	Form    Form
	Order   *LabOrder  // nil for a correction
	Old     *LabResult // that is corrected, or nil
	Tests   []LabInput
	Correct bool
}

// LabInput is one test to type the result of.
type LabInput struct {
	Row     clinic.CatalogRow
	Name    string // as it was ordered
	Field   string
	Unit    string // field of the unit
	Units   []string
	Choices []clinic.Choice
	Number  bool
	Range   string // usual for this person today
	Before  *clinic.LabPoint
	Sample  string // number
}

// labEnter reads what the form is about: an order's tests, or a result.
func (s *Server) labEnter(r *http.Request) (*LabEnter, error) {
	p, err := s.labView(r, "lab.enter")
	if err != nil {
		return nil, err
	}
	v := &LabEnter{LabPage: *p}
	v.Hold = true
	if v.Order, err = p.labOrder(r); err == nil {
		for _, l := range v.Order.Lines {
			if l.State >= clinic.LineResult {
				continue
			}
			in := s.labInput(r, v, l.Test.Code, v.Today)
			in.Name = l.Test.Name
			if l.Sample != nil {
				in.Sample = l.Sample.Body.(*clinic.Sample).Number
			}
			v.Tests = append(v.Tests, in)
		}
		return v, nil
	}
	leaf, _ := parseLeaf(r.PathValue("leaf"))
	d := v.File.Lab.Find(leaf)
	if d == nil {
		return nil, err
	}
	old := v.result(d, d.Current())
	v.Old, v.Title, v.Correct = &old, "lab.correct", true
	for _, x := range old.Result.Values {
		in := s.labInput(r, v, x.Test, old.Result.Taken)
		in.Name = x.Name
		v.Tests = append(v.Tests, in)
	}
	return v, nil
}

func (s *Server) labInput(r *http.Request, v *LabEnter, test string, on clinic.Date) LabInput {
	in := LabInput{Row: s.catalogRow(r.Context(), clinic.CatalogLabTest, test, on), Field: valueField(test), Unit: unitField(test)}
	_, in.Number = in.Row.Value.Decimals()
	in.Choices = in.Row.Value.Choices()
	if others := in.Row.LabUnits(); len(others) > 0 {
		in.Units = []string{in.Row.Unit}
		for _, u := range others {
			in.Units = append(in.Units, u.Name)
		}
	}
	var judged clinic.ResultValue
	if in.Number {
		judged.Number = new(clinic.Milli)
	}
	in.Row.JudgeResult(&judged, v.File.Now.Sex, v.File.Now.Birth, on)
	in.Range = judged.Range.Says()
	if before, ok := v.File.Lab.Latest(test); ok && !v.Correct {
		in.Before = &before
	}
	return in
}

func (s *Server) labResult(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labEnter(r)
	if err != nil {
		return err
	}
	v.Form = newForm(nil)
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	} else if v.Correct {
		v.fill()
		if v.Lang == "en" {
			v.Form.english()
		}
	}
	s.show(w, r, http.StatusOK, "labresult", v)
	return nil
}

// fill puts the result into the form that corrects it, as it was read.
func (v *LabEnter) fill() {
	v.Form.Set("note", v.Old.Result.Note)
	for _, x := range v.Old.Result.Values {
		v.Form.Set(valueField(x.Test), x.Text)
		if x.Number != nil {
			v.Form.Set(valueField(x.Test), clinic.FormatFixed(int(*x.Number), 3))
			v.Form.Set(unitField(x.Test), x.Unit)
		}
	}
}

func (s *Server) labResultSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labEnter(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	if r.PostForm.Get("do") == "back" {
		return s.labEnterShow(w, r, v, http.StatusOK)
	}
	if v.Lang == "en" {
		if v.Form.unclear(); !v.Form.OK() {
			return s.labEnterShow(w, r, v, http.StatusUnprocessableEntity)
		}
	}
	in := desk.ResultInput{
		Patient: v.Page.Patient.ID, Why: v.Form.Get("why"), Note: v.Form.Get("note"), Confirmed: v.Form.Values["confirmed"],
	}
	leaf, _ := parseLeaf(r.PathValue("leaf"))
	if v.Correct {
		in.Base = leaf
	} else {
		in.Order, _ = parseLeaf(v.Order.Leaf)
	}
	for _, x := range v.Tests {
		in.Values = append(in.Values, desk.ResultEntry{Test: x.Row.Code, Text: v.Form.Get(x.Field), Unit: v.Form.Get(x.Unit)})
	}
	if _, err := s.opts.Desk.EnterResult(r.Context(), call(r, "act"), in); err != nil {
		return s.labEnterRefused(w, r, v, err)
	}
	s.saved(r)
	s.tell(r, "good", "lab.entered")
	http.Redirect(w, r, v.At, http.StatusSeeOther)
	return nil
}

func (s *Server) labEnterShow(w http.ResponseWriter, r *http.Request, v *LabEnter, status int) error {
	s.keepForm(r, v.Form)
	v.Errors = v.Form.Errors
	s.show(w, r, status, "labresult", v)
	return nil
}

// labEnterRefused shows the form with what is wrong, or asks whether a critical number
// was read right.
func (s *Server) labEnterRefused(w http.ResponseWriter, r *http.Request, v *LabEnter, err error) error {
	refusals := desk.ErrorsOf(err)
	if refusals == nil {
		return err
	}
	var confirmed []Pair
	for _, e := range refusals {
		p := s.problem(r, e)
		p.Field = labField(p.Field, v.Tests)
		v.Form.Errors = append(v.Form.Errors, p)
		if e.Code == desk.CodeLabCritical {
			confirmed = append(confirmed, Pair{"confirmed", e.Args["code"]})
		}
	}
	if len(confirmed) < len(refusals) {
		v.Form.Errors = slices.DeleteFunc(v.Form.Errors, func(p Problem) bool { return p.Key == string(desk.CodeLabCritical) })
		return s.labEnterShow(w, r, v, http.StatusUnprocessableEntity)
	}
	s.keepForm(r, v.Form)
	ask := &Confirm{Page: v.Page, Name: "lab", Items: v.Form.Errors, Actions: r.URL.Path}
	ask.Title, ask.Act = "lab.sure.title", r.PostForm.Get("act")
	ask.Hidden = append(hidden(r.PostForm, "act", "do"), confirmed...)
	s.show(w, r, http.StatusConflict, "confirm", ask)
	return nil
}

// LabReview is the view of the page where a clinician sees and signs results.
type LabReview struct {
	LabPage
	Form     Form
	More     bool // results of a linked record wait too
	Critical bool
}

func (s *Server) labToReview(r *http.Request) (*LabReview, error) {
	p, err := s.labView(r, "lab.review")
	if err != nil {
		return nil, err
	}
	v := &LabReview{LabPage: *p}
	v.Hold, v.Results = true, nil
	for _, d := range v.File.Lab.Waiting() {
		x := v.result(d, d.Current())
		if len(v.Results) > 0 && v.Results[0].Record.Subject != x.Record.Subject {
			v.More = true // a signature is bound to one record
			continue
		}
		v.Results = append(v.Results, x)
		v.Critical = v.Critical || x.Result.Critical() && len(x.Reviews) == 0
	}
	return v, nil
}

func (s *Server) labReview(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labToReview(r)
	if err != nil {
		return err
	}
	v.Form = newForm(nil)
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	}
	s.show(w, r, http.StatusOK, "labreview", v)
	return nil
}

// labReviewSave signs exactly the versions that the page showed.
func (s *Server) labReviewSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.labToReview(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.ReviewInput{Patient: v.Page.Patient.ID, Note: v.Form.Get("note")}
	for _, t := range r.PostForm["result"] {
		leaf, _ := parseLeaf(t)
		in.Results = append(in.Results, leaf)
	}
	done := "lab.seen"
	if r.PostForm.Get("do") != "seen" {
		if in.PIN, done = r.PostForm.Get("pin"), "lab.reviewed"; in.PIN == "" {
			in.PIN = " " // nothing typed is a wrong PIN, not one that is not asked
		}
	}
	err = s.checked(r, who(r).session.person.ID, func() error {
		_, err := s.opts.Desk.Review(r.Context(), call(r, "act"), in)
		return err
	})
	if err == nil {
		s.saved(r)
		s.tell(r, "good", done)
		to := "/lab"
		if v.More {
			to = v.At + "/review"
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i := range v.Form.Errors {
		if v.Form.Errors[i].Field != "note" {
			v.Form.Errors[i].Field = "pin"
		}
	}
	s.keepForm(r, v.Form)
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "labreview", v)
	return nil
}
