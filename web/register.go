package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

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
	Mother  bool // the form says whose child it is
	ID      clinic.ID
	Act2    string // the ID under which the visit is opened after the patient is saved
	Doubts  []string
	Actions string
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
	v := &Register{Page: s.page(r, "register.title", "register"), Form: f, Act2: s.newID().String(), Actions: "/register"}
	v.Errors = f.Errors
	return v
}

// registerSave saves a new patient and, unless told otherwise, opens a visit:
// two acts, each harmless when the form comes twice.
func (s *Server) registerSave(w http.ResponseWriter, r *http.Request) error {
	f, do := newForm(r.PostForm), r.PostForm.Get("do")
	if id, ok := strings.CutPrefix(do, "same."); ok {
		return s.registerKnown(w, r, id)
	}
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
	if do == "unknown" {
		base.Source = clinic.SourceUnknown
	}
	in := desk.PatientInput{Patient: readPatient(&f, base, clinic.DateOf(now)), Held: heldAnswer(&f)}
	in.Different = do == "different" || in.Held.Do != desk.HeldAsk
	if f.Get("ask") == "yes" {
		in.Ask = clinic.ConsentPerson
	}
	if !f.OK() {
		return s.registerAgain(w, r, f, http.StatusUnprocessableEntity)
	}
	done, err := s.opts.Desk.Register(r.Context(), call(r, "act"), in)
	if err != nil {
		return s.registerRefused(w, r, f, err)
	}
	s.saved(r)
	if do == "only" || f.Get("then") == "only" {
		s.tell(r, "good", "register.saved")
		http.Redirect(w, r, patientPath(done.Patient), http.StatusSeeOther)
		return nil
	}
	visit := desk.VisitInput{Patient: done.Patient, Reason: f.Get("reason"), Source: base.Source, Type: readType(&f)}
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
		v := s.duplicates(r, f, e)
		v.Hidden = append(v.Hidden, Pair{"act2", r.PostForm.Get("act2")})
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
	f, drafted := editForm(pv), false
	scan := r.URL.Query().Get("scan")
	if d, ok := s.draft(r); ok {
		f, drafted = newForm(d), true
	} else if res, err := s.scanned(r, scan); err == nil && pv.File.Now != nil {
		fillCard(&f, &res.Scan.Patient)
		f.Set("scan", scan)
	}
	v := s.editView(pv, f)
	v.Draft = drafted
	s.show(w, r, http.StatusOK, "register", v)
	return nil
}

func (s *Server) editView(pv *PatientPage, f Form) *Register {
	v := &Register{Page: pv.Page, Form: f, Edit: true, ID: pv.File.ID, Actions: patientPath(pv.File.ID) + "/edit"}
	v.Title, v.Errors, v.Hold, v.Scan = "edit.title", f.Errors, true, f.Get("scan")
	if now := pv.File.Now; now != nil {
		v.Unnamed, v.Child = now.Unnamed, len(now.Mother) > 0 || now.BirthTime != ""
		_, v.Mother = motherNumber(pv.File.Mother, pv.Today)
		v.Mother = v.Mother && (v.Child || clinic.SmallChild(now.Birth, pv.Today))
	}
	return v
}

func (s *Server) patientEditSave(w http.ResponseWriter, r *http.Request) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	base := ownDetails(pv)
	if r.PostForm.Get("do") == "back" {
		s.keepForm(r, f)
		s.show(w, r, http.StatusOK, "register", s.editView(pv, f))
		return nil
	}
	if res, err := s.scanned(r, f.Get("scan")); err == nil && shows(&res.Scan, f.Get("citizen")) && base.Issued.Before(res.Scan.Patient.Issued) {
		base.Issued, base.Source = res.Scan.Patient.Issued, clinic.SourceCitizenQR
	}
	in := desk.PatientInput{ID: pv.File.ID, Patient: readPatient(&f, base, pv.Today), Why: f.Get("why"), Held: heldAnswer(&f)}
	in.Base, _ = parseLeaf(f.Get("base"))
	if pv.File.Now != nil {
		in.Mother = s.readMother(r, &f, pv)
	}
	if f.OK() {
		if _, err = s.opts.Desk.ChangePatient(r.Context(), call(r, "act"), in); err == nil {
			s.saved(r)
			s.tell(r, "good", "edit.saved")
			http.Redirect(w, r, patientPath(in.ID), http.StatusSeeOther)
			return nil
		}
		if e := foundBy(err); e != nil {
			s.keepForm(r, f)
			v := s.duplicates(r, f, e)
			v.Edit, v.Page.Patient = in.ID, pv.Page.Patient
			s.show(w, r, http.StatusConflict, "duplicates", v)
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

// shows reports whether a citizen card was scanned and the number of the form is its.
func shows(scan *clinic.Scan, number string) bool {
	n, ok := scan.Patient.Current(clinic.SystemCitizen, clinic.Date{})
	return scan.Kind == clinic.ScanCitizen && ok && n.Value == clinic.NormalIdentifier(number)
}

// editForm is the form as it shows what is recorded.
func editForm(pv *PatientPage) Form {
	f := newForm(nil)
	own := ownDetails(pv)
	fillPatient(&f, &own, pv.Today)
	f.Set("base", patientBase(pv))
	if number, ok := motherNumber(pv.File.Mother, pv.Today); ok {
		f.Set("mother", number)
	}
	return f
}

// ownDetails are what a change of the details starts from: those of the leading record
// alone. The numbers of linked ones stay theirs, for links are taken back.
func ownDetails(pv *PatientPage) clinic.Patient {
	if own := pv.File.Own(); own != nil {
		return *own
	}
	return clinic.Patient{}
}

// patientBase names the version of the details that the page shows.
func patientBase(pv *PatientPage) string {
	if n := len(pv.File.Versions); n > 0 {
		return leafText(pv.File.Versions[n-1].Leaf)
	}
	leaf, _ := pv.File.LostDetails()
	return leafText(leaf)
}

// editChanged says beside each field what somebody else saved meanwhile, and makes
// the next save of what is typed here a correction of that.
func (s *Server) editChanged(r *http.Request, pv *PatientPage, f *Form) {
	c := s.engine.catalogues[who(r).lang]
	saved := newForm(nil)
	own := ownDetails(pv)
	fillPatient(&saved, &own, pv.Today)
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
