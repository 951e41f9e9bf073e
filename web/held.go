package web

import (
	"net/http"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Duplicates is the view of the question whether the person is known already, and what
// becomes of a number that another record holds.
type Duplicates struct {
	Page
	Form    Form
	Hits    []desk.Hit
	Hidden  []Pair
	Actions string    // where the form that asked goes again
	Edit    clinic.ID // whose details the form changes; zero = it registers somebody
	Number  bool      // the same number, not only the same name and birth date
	Mother  bool      // a child of the same mother
	Closed  bool      // one of the records is closed to the person: its number cannot end
}

// foundBy returns the refusal that found somebody, or nil.
func foundBy(err error) *desk.Error {
	for _, e := range desk.ErrorsOf(err) {
		if e.Code == desk.CodeDuplicates || e.Code == desk.CodeNumberTaken {
			return e
		}
	}
	return nil
}

// duplicates asks whether somebody is one of those whom a refusal found.
func (s *Server) duplicates(r *http.Request, f Form, e *desk.Error) *Duplicates {
	v := &Duplicates{
		Page: s.page(r, "duplicates.title", "register"), Form: f, Hits: e.Found, Actions: r.URL.Path,
		Hidden: hidden(r.PostForm, "act", "act2", "do", "holder", "heldwhy"),
	}
	if do := r.PostForm.Get("do"); do == "only" { // which button it goes on with
		v.Hidden = append(v.Hidden, Pair{"then", do})
	}
	v.Number = e.Code == desk.CodeNumberTaken
	for _, h := range e.Found {
		v.Number = v.Number || h.Why == desk.ByNumber
		v.Mother = v.Mother || h.Why == desk.ByMother
		v.Closed = v.Closed || h.Closed
	}
	if r.PostForm.Get("do") == "end" && f.Get("heldwhy") == "" {
		v.Form.Fail("heldwhy", "held.why-empty")
	}
	v.Act, v.Hold, v.Errors = r.PostForm.Get("act"), true, v.Form.Errors
	return v
}

// heldAnswer reads what shall become of a number that others hold.
func heldAnswer(f *Form) desk.HeldAnswer {
	a := desk.HeldAnswer{Why: f.Get("heldwhy")}
	switch f.Get("do") {
	case "unsure":
		a.Do = desk.HeldUnsure
	case "end":
		if a.Why != "" { // else it is asked again
			a.Do = desk.HeldEnd
		}
	}
	for _, h := range f.Values["holder"] {
		if id, err := clinic.ParseID(h); err == nil {
			a.Holders = append(a.Holders, id)
		}
	}
	return a
}

// typedFields are those of a registration that the form of known details has too.
func typedFields() []string {
	return []string{"name", "birth.day", "birth.month", "birth.year", "sex", "citizen", "insurance", "phone", "guardian", "address", "scan"}
}

// registerKnown goes to the record of who was found, with what was typed over what
// stands there: it is kept when the person saves it.
func (s *Server) registerKnown(w http.ResponseWriter, r *http.Request, known string) error {
	id, err := clinic.ParseID(known)
	if err != nil {
		return errGone
	}
	pv := &PatientPage{Page: s.page(r, "", "")}
	if pv.File, err = s.opts.Desk.PatientPage(r.Context(), who(r).session.person.ID, id); err != nil {
		return err
	}
	f := editForm(pv)
	for _, name := range typedFields() {
		if typed := strings.TrimSpace(r.PostForm.Get(name)); typed != "" {
			f.Set(name, typed)
		}
	}
	s.saved(r)
	at := patientPath(pv.File.ID) + "/edit"
	x := who(r).session
	s.drafts.keep(x.owner(), at, f.Values)
	http.Redirect(w, r, at, http.StatusSeeOther)
	return nil
}

// printCode prints the slip with the temporary code.
func (s *Server) printCode(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	_, err = s.opts.Desk.PrintTemporary(r.Context(), call(r, "act"), id)
	refusals := desk.ErrorsOf(err)
	switch {
	case err == nil:
		s.tell(r, "good", "code.printed")
	case refusals == nil || refusals[0].Code == desk.CodeProtected:
		return err
	default:
		p := s.problem(r, refusals[0])
		s.tell(r, "warn", p.Key, p.Args...)
	}
	http.Redirect(w, r, patientPath(id), http.StatusSeeOther)
	return nil
}
