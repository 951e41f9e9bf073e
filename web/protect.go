package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// OpenPage is the view of the page before a protected record.
type OpenPage struct {
	Page
	File    desk.ClosedView
	Form    Form
	Next    string // where the person wanted to go
	Reasons []clinic.OpenReason
	Guards  bool // the person may end the protection
	Act2    string
}

// ProtectPage is the view of the form that sets or ends the protection of a record.
type ProtectPage struct {
	Page
	File desk.ClosedView
	Form Form
}

// guarded sends who asks for a record that is closed to them to the page that asks
// for a reason. What was typed is kept.
func (s *Server) guarded(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		patient, visit, iderr := ids(r)
		if !errors.Is(err, &desk.Error{Code: desk.CodeProtected}) || r.PathValue("patient") == "" || iderr != nil {
			return err
		}
		s.keepTyped(w, r)
		if forScript(r) {
			http.Error(w, "protected", http.StatusForbidden)
			return nil
		}
		next := r.URL.Path
		if _, shows := s.recordRoutes()["GET "+strings.TrimPrefix(r.Pattern, "POST ")]; !shows && r.Method == http.MethodPost {
			if next = patientPath(patient); !visit.IsZero() {
				next = visitPath(patient, visit)
			}
		}
		http.Redirect(w, r, patientPath(patient)+"/open"+nextQuery(next), http.StatusSeeOther)
		return nil
	}
}

// closedView reads what a protected record shows before it is opened.
func (s *Server) closedView(r *http.Request, title string) (Page, desk.ClosedView, error) {
	id, _, err := ids(r)
	if err != nil {
		return Page{}, desk.ClosedView{}, err
	}
	f, err := s.opts.Desk.Closed(r.Context(), who(r).session.person.ID, id)
	if err != nil {
		return Page{}, f, err
	}
	p := s.page(r, title, "")
	p.Patient = banner(id, &f.Now, f.Allergies, p.Today)
	p.Patient.Closed, p.Hold = true, true
	return p, f, nil
}

func (s *Server) openView(r *http.Request, next string) (*OpenPage, error) {
	p, f, err := s.closedView(r, "open.title")
	if err != nil {
		return nil, err
	}
	if next == "/" {
		next = patientPath(f.ID)
	}
	return &OpenPage{
		Page: p, File: f, Form: newForm(nil), Next: next, Reasons: clinic.OpenReasons(),
		Guards: helps(who(r).session.person), Act2: s.newID().String(),
	}, nil
}

// openAsk interrupts before a protected record: why is it opened?
func (s *Server) openAsk(w http.ResponseWriter, r *http.Request) error {
	v, err := s.openView(r, localPath(r.URL.Query().Get("next")))
	if err != nil {
		return err
	}
	if !v.File.Closed {
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
		return nil
	}
	s.show(w, r, http.StatusOK, "open", v)
	return nil
}

func (s *Server) openSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.openView(r, localPath(r.PostForm.Get("next")))
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	reason, _ := strconv.ParseUint(v.Form.Get("reason"), 10, 8) // what is no number is no reason
	in := desk.OpenInput{Patient: v.File.ID, Reason: clinic.OpenReason(reason), Words: v.Form.Get("words")}
	if err = s.opts.Desk.OpenProtected(r.Context(), call(r, "act"), in); err == nil {
		s.tell(r, "warn", "open.done")
		http.Redirect(w, r, v.Next, http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i, e := range v.Form.Errors {
		if e.Key == string(desk.CodeRequired) {
			v.Form.Errors[i].Key = "open.need." + e.Field
		}
	}
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "open", v)
	return nil
}

func (s *Server) protectView(r *http.Request) (*ProtectPage, error) {
	if me := who(r).session.person; !helps(me) {
		return nil, denied(me)
	}
	p, f, err := s.closedView(r, "protect.title")
	if err == nil && f.Protected {
		p.Title = "protect.end"
	}
	return &ProtectPage{Page: p, File: f, Form: newForm(nil)}, err
}

func (s *Server) protectSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.protectView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.ProtectInput{Patient: v.File.ID, On: v.Form.Get("do") == "on", Why: v.Form.Get("why")}
	if err = s.opts.Desk.Protect(r.Context(), call(r, "act"), in); err == nil {
		s.tell(r, "good", map[bool]string{true: "protect.is-on", false: "protect.is-off"}[in.On])
		next := patientPath(v.File.ID)
		if !v.File.May && in.On { // an administrator opens none
			next += "/looks"
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i, e := range v.Form.Errors {
		if e.Key == string(desk.CodeRequired) {
			v.Form.Errors[i].Key = "protect.need-why"
		}
	}
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "protect", v)
	return nil
}
