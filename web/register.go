package web

import (
	"cmp"
	"errors"
	"net/http"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Register is the view of the registration form and of the form that changes a
// patient's details.
type Register struct {
	Page
	Form    Form
	Scan    string // ID of the scan that filled the form
	Edit    bool
	Unnamed bool // the name may stay empty
	Child   bool // that was registered from its mother's page
	ID      clinic.ID
	Act2    string // the ID under which the visit is opened after the patient is saved
	Doubts  []string
	Actions string
}

// Duplicates is the view of the question whether the person is known already.
type Duplicates struct {
	Page
	Hits    []desk.Hit
	Hidden  []Pair
	Actions string // where the form that asked goes again
	Number  bool   // the same number, not only the same name and birth date
	Mother  bool   // a child of the same mother
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	v := s.registerView(r, newForm(nil))
	if scan := r.URL.Query().Get("scan"); scan != "" {
		res, err := s.scanned(r, scan)
		if err != nil {
			return err
		}
		v.Scan, v.Doubts = scan, res.Scan.Doubts
		fillPatient(&v.Form, &res.Form.Patient, v.Today)
	} else if d, ok := s.draft(r); ok {
		v.Draft, v.Offer = true, true
		if r.URL.Query().Has("draft") {
			v.Form, v.Offer, v.Scan = newForm(d), false, d.Get("scan")
		}
	}
	s.show(w, r, http.StatusOK, "register", v)
	return nil
}

func (s *Server) registerView(r *http.Request, f Form) *Register {
	v := &Register{Page: s.page(r, "register.title", "register"), Form: f, Act2: clinic.NewID().String(), Actions: "/register"}
	v.Errors = f.Errors
	return v
}

// registerSave saves a new patient and, unless told otherwise, opens a visit:
// two acts, each harmless when the form comes twice.
func (s *Server) registerSave(w http.ResponseWriter, r *http.Request) error {
	f, do := newForm(r.PostForm), r.PostForm.Get("do")
	if do == "back" {
		return s.registerAgain(w, r, f, http.StatusOK)
	}
	var base clinic.Patient
	res, scanErr := s.scanned(r, f.Get("scan"))
	if scanErr == nil {
		base = res.Form.Patient
		base.Source, _ = sourceOf(res.Scan)
	}
	now, _ := s.opts.Clock.Now()
	in := desk.PatientInput{Patient: readPatient(&f, base, clinic.DateOf(now)), Different: do == "different"}
	if !f.OK() {
		return s.registerAgain(w, r, f, http.StatusUnprocessableEntity)
	}
	done, err := s.opts.Desk.Register(r.Context(), call(r, "act"), in)
	if err != nil {
		return s.registerRefused(w, r, f, err)
	}
	s.saved(r)
	if do == "only" {
		s.tell(r, "good", "register.saved")
		http.Redirect(w, r, patientPath(done.Patient), http.StatusSeeOther)
		return nil
	}
	visit := desk.VisitInput{Patient: done.Patient, Reason: f.Get("reason"), Source: base.Source}
	if scanErr == nil {
		visit.Source, visit.Insurance = sourceOf(res.Scan)
	}
	opened, err := s.opts.Desk.OpenVisit(r.Context(), call(r, "act2"), visit)
	if err != nil { // the patient is saved: the patient's page offers the visit again
		if desk.ErrorsOf(err) == nil {
			return err
		}
		s.tell(r, "warn", "register.saved-only")
		http.Redirect(w, r, patientPath(done.Patient), http.StatusSeeOther)
		return nil
	}
	s.tell(r, "good", "register.queued")
	http.Redirect(w, r, visitPath(done.Patient, opened.Visit), http.StatusSeeOther)
	return nil
}

func (s *Server) registerAgain(w http.ResponseWriter, r *http.Request, f Form, status int) error {
	s.keepForm(r, f)
	v := s.registerView(r, f)
	v.Scan, v.Hold = f.Get("scan"), true
	s.show(w, r, status, "register", v)
	return nil
}

func (s *Server) registerRefused(w http.ResponseWriter, r *http.Request, f Form, err error) error {
	if e := foundBy(err); e != nil {
		s.keepForm(r, f)
		v := s.duplicates(r, e)
		v.Hidden = append(v.Hidden, Pair{"act2", r.PostForm.Get("act2")})
		s.show(w, r, http.StatusConflict, "duplicates", v)
		return nil
	}
	if !s.failed(r, &f, err) {
		return err
	}
	return s.registerAgain(w, r, f, http.StatusUnprocessableEntity)
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
func (s *Server) duplicates(r *http.Request, e *desk.Error) *Duplicates {
	v := &Duplicates{Page: s.page(r, "duplicates.title", "register"), Hits: e.Found, Hidden: hidden(r.PostForm, "act", "act2", "do"), Actions: r.URL.Path}
	v.Number = e.Code == desk.CodeNumberTaken
	for _, h := range e.Found {
		v.Number = v.Number || h.Why == desk.ByNumber
		v.Mother = v.Mother || h.Why == desk.ByMother
	}
	v.Act, v.Hold = r.PostForm.Get("act"), true
	return v
}

// patientEdit shows the details of a known patient for correction.
func (s *Server) patientEdit(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	f, drafted := newForm(nil), false
	if pv.File.Now != nil {
		fillPatient(&f, pv.File.Now, pv.Today)
		f.Set("base", patientBase(pv))
	}
	if d, ok := s.draft(r); ok {
		f, drafted = newForm(d), true
	}
	v := s.editView(pv, f)
	v.Draft = drafted
	s.show(w, r, http.StatusOK, "register", v)
	return nil
}

func (s *Server) editView(pv *PatientPage, f Form) *Register {
	v := &Register{Page: pv.Page, Form: f, Edit: true, ID: pv.File.ID, Actions: patientPath(pv.File.ID) + "/edit"}
	v.Title, v.Errors, v.Hold = "edit.title", f.Errors, true
	if now := pv.File.Now; now != nil {
		v.Unnamed, v.Child = now.Unnamed, len(now.Mother) > 0 || now.BirthTime != ""
	}
	return v
}

func (s *Server) patientEditSave(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	var base clinic.Patient
	if pv.File.Now != nil {
		base = *pv.File.Now
	}
	in := desk.PatientInput{ID: pv.File.ID, Patient: readPatient(&f, base, pv.Today), Why: f.Get("why")}
	in.Base, _ = parseLeaf(f.Get("base"))
	if f.OK() {
		if _, err = s.opts.Desk.ChangePatient(r.Context(), call(r, "act"), in); err == nil {
			s.saved(r)
			s.tell(r, "good", "edit.saved")
			http.Redirect(w, r, patientPath(in.ID), http.StatusSeeOther)
			return nil
		}
		if !s.failed(r, &f, err) {
			return err
		}
		if errors.Is(err, &desk.Error{Code: desk.CodeChanged}) {
			s.editChanged(r, pv, &f)
		}
	}
	s.keepForm(r, f)
	s.show(w, r, http.StatusUnprocessableEntity, "register", s.editView(pv, f))
	return nil
}

// patientBase names the version of the details that the page shows.
func patientBase(pv *PatientPage) string {
	leaf := pv.File.Versions[len(pv.File.Versions)-1].Leaf
	return leafText(leaf)
}

// editChanged says beside each field what somebody else saved meanwhile, and makes
// the next save of what is typed here a correction of that.
func (s *Server) editChanged(r *http.Request, pv *PatientPage, f *Form) {
	c := s.engine.catalogues[who(r).lang]
	saved := newForm(nil)
	fillPatient(&saved, pv.File.Now, pv.Today)
	for _, name := range []string{"name", "citizen", "insurance", "phone", "guardian", "address", "birthtime", "borngrams"} {
		if now := saved.Get(name); f.Values.Has(name) && now != f.Get(name) {
			f.Fail(name, "edit.other", "value", cmp.Or(now, "–"))
		}
	}
	if birth := readDate(&saved, "birth"); birth != readDate(f, "birth") {
		f.Fail("birth", "edit.other", "value", cmp.Or(dateText(c, birth), "–"))
	}
	if sex := saved.Get("sex"); sex != f.Get("sex") {
		f.Fail("sex", "edit.other", "value", c.Text("sex."+cmp.Or(sex, "0")))
	}
	f.Set("base", patientBase(pv))
}
