package web

import (
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
	ID      clinic.ID
	Act2    string // the ID under which the visit is opened after the patient is saved
	Doubts  []string
	Actions string
}

// Duplicates is the view of the question whether the person is known already.
type Duplicates struct {
	Page
	Hits   []desk.Hit
	Hidden []Pair
	Number bool // the same number, not only the same name and birth date
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
	in := desk.PatientInput{Patient: readPatient(&f, base), Different: do == "different"}
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
	for _, e := range desk.ErrorsOf(err) {
		if e.Code != desk.CodeDuplicates && e.Code != desk.CodeNumberTaken {
			continue
		}
		s.keepForm(r, f)
		v := &Duplicates{Page: s.page(r, "duplicates.title", "register"), Hits: e.Found, Hidden: hidden(r.PostForm, "act", "act2", "do")}
		v.Number = e.Code == desk.CodeNumberTaken
		for _, h := range e.Found {
			v.Number = v.Number || h.Why == desk.ByNumber
		}
		v.Act = r.PostForm.Get("act")
		v.Hidden = append(v.Hidden, Pair{"act2", r.PostForm.Get("act2")})
		v.Hold = true
		s.show(w, r, http.StatusConflict, "duplicates", v)
		return nil
	}
	if !s.failed(r, &f, err) {
		return err
	}
	return s.registerAgain(w, r, f, http.StatusUnprocessableEntity)
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
	in := desk.PatientInput{ID: pv.File.ID, Patient: readPatient(&f, base), Why: f.Get("why"), Different: true}
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
	}
	s.keepForm(r, f)
	s.show(w, r, http.StatusUnprocessableEntity, "register", s.editView(pv, f))
	return nil
}
