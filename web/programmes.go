package web

import (
	"net/http"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Programmes is the view of one programme: whom to call, who is due.
type Programmes struct {
	Page
	All   []clinic.CatalogRow
	List  desk.Programme
	Works bool // the person opens visits
}

// programmes shows a programme, the first one when none is named.
func (s *Server) programmes(w http.ResponseWriter, r *http.Request) error {
	by := who(r).session.person
	v := &Programmes{Page: s.page(r, "programmes.title", "today"), Works: works(by.Role, clinic.KindVitals, false)}
	var err error
	if v.All, err = s.opts.Desk.Programmes(r.Context(), by.ID); err != nil {
		return err
	}
	code := r.PathValue("programme")
	if code == "" && len(v.All) > 0 {
		code = v.All[0].Code
	}
	if code != "" {
		if v.List, err = s.opts.Desk.ProgrammePage(r.Context(), by.ID, code); err != nil {
			return err
		}
	}
	s.show(w, r, http.StatusOK, "programmes", v)
	return nil
}

// enrolSave takes somebody into a programme, or out of it.
func (s *Server) enrolSave(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := desk.EnrolInput{Patient: id, Programme: f.Get("programme"), Why: f.Get("why")}
	in.Base, _ = parseLeaf(f.Get("base"))
	back := patientPath(id)
	if visit, err := clinic.ParseID(f.Get("from")); err == nil {
		back = visitPath(id, visit)
	}
	_, err = s.opts.Desk.Enrol(r.Context(), call(r, "act"), in)
	switch refusals := desk.ErrorsOf(err); {
	case err == nil && in.Base != (clinic.Leaf{}):
		s.tell(r, "good", "programmes.left")
	case err == nil:
		s.tell(r, "good", "programmes.joined")
	case refusals == nil || refusals[0].Code != desk.CodeRequired:
		return err
	default:
		s.tell(r, "warn", "programmes.why")
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// toJoin are the programmes that the visit's diagnosis belongs to and the person is not
// in.
func (s *Server) toJoin(r *http.Request, v *desk.VisitView) ([]clinic.CatalogRow, error) {
	d := clinic.BodyOf[clinic.Diagnosis](v.Visit.Doc(clinic.KindDiagnosis))
	by := who(r).session.person
	if d == nil || v.Closed || !works(by.Role, clinic.KindVitals, false) {
		return nil, nil
	}
	all, err := s.opts.Desk.Programmes(r.Context(), by.ID)
	if err != nil {
		return nil, err
	}
	now, _ := s.opts.Clock.Now()
	today := clinic.DateOf(now)
	in := v.Patient.Followed(all, today)
	return slices.DeleteFunc(clinic.ProgrammesOf(d, all, today), func(row clinic.CatalogRow) bool {
		return slices.ContainsFunc(in, func(f clinic.Followed) bool { return f.Row.Code == row.Code })
	}), nil
}

// followedRow is one person of a list with what the list knows around it.
type followedRow struct {
	Row   desk.FollowedRow
	Works bool
	Page  Page
}

// joins are the buttons that take somebody into programmes.
type joins struct {
	Rows    []clinic.CatalogRow
	Patient clinic.ID
	From    string // the visit to come back to; empty = the patient
}
