package web

import (
	"net/http"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// VisitPage is the view of one visit: what is there, what to do next.
type VisitPage struct {
	Page
	File    desk.VisitView
	Steps   []StepLink
	Docs    []DocView
	Next    string // the primary button: name of a step, "check", "print" or empty
	At      string
	Doctor  bool
	Copies  int // how many slips went to the printer
	Missing []string
	Form    Form // of the signature
	Seen    string
	Opened  desk.Person
	Slip    *clinic.Appointment
	Legal   []LegalLine
	Rx      []RxPaper
	After   *After
	// AskFirst: a prescription waits for a signature, and what was said of allergies can
	// no longer be read.
	AskFirst bool
	Retype   bool // the person may say that it is another kind of visit
	Types    *TypeChoice
	Check    *clinic.Document    // a confirmed health check, which may be printed; or nil
	Joins    []clinic.CatalogRow // programmes that the diagnosis belongs to
	Births   *BirthsView         // nil when nothing was born
	Stay     StayBox
	Triages  []clinic.Triage // of an emergency, for who may say it
	Went     []desk.Person   // of a visit outside
	Works    bool            // the person treats or nurses
}

// StayBox is what the visit's page says of a stay.
type StayBox struct {
	Lines  int // of care; they stand on the sheet, not here
	Bed    *clinic.Placement
	Days   int
	End    *clinic.Discharge
	Copies int // of the discharge paper
}

func (s *Server) visitView(r *http.Request) (*VisitPage, error) {
	patient, visit, err := ids(r)
	if err != nil {
		return nil, err
	}
	v := &VisitPage{Page: s.page(r, "visit.title", ""), Form: newForm(nil), At: visitPath(patient, visit)}
	by := who(r).session.person
	if v.File, err = s.opts.Desk.VisitPage(r.Context(), by.ID, patient, visit); err != nil {
		return nil, err
	}
	v.Doctor = by.Role == clinic.RoleDoctor
	v.Page.Patient = banner(patient, v.File.Patient.Now, v.File.Patient.Allergies, v.Today)
	v.Page.Patient.Closed = v.File.Closed
	v.After = afterOf(&v.File)
	v.Docs, v.Steps = docViews(&v.File, v.Lang), stepLinks(&v.File.Visit, "")
	for i := range v.Docs {
		v.Docs[i].Mine = v.File.Visit.Ended == nil && works(by.Role, v.Docs[i].Record.Kind, v.paper())
	}
	v.Legal = legalLines(&v.File.Visit, v.At)
	v.Opened = named(v.File.Names, v.File.Visit.Opened.Author)
	v.Seen = v.File.Visit.Seen()
	v.Copies = copiesOf(&v.File.Visit, "appointment")
	v.Slip = clinic.BodyOf[clinic.Appointment](v.File.Visit.Doc(clinic.KindAppointment))
	v.Retype = v.File.Visit.Ended == nil && !v.File.Closed && by.Role != clinic.RoleAdministrator
	chosen := newForm(nil)
	chosen.Set("type", strconv.Itoa(int(v.File.Visit.Type())))
	v.Types = newTypeChoice(chosen)
	for _, k := range v.File.Visit.Type().Needs() {
		if v.File.Visit.Doc(k) == nil {
			v.Missing = append(v.Missing, stepOf(k))
		}
	}
	for _, d := range v.File.Visit.Docs(clinic.KindPrescribe) {
		if b := clinic.BodyOf[clinic.Prescription](d); b != nil && d.State == clinic.DocSigned && v.File.Visit.Ended == nil {
			v.Rx = append(v.Rx, RxPaper{Code: b.Code, Copies: copies(&v.File.Visit, b.Code)})
		}
		v.AskFirst = v.AskFirst || v.File.Patient.Allergies.Lost && d.State != clinic.DocSigned
	}
	if d := v.File.Visit.Doc(clinic.KindHealthCheck); d != nil && d.State == clinic.DocSigned && registers(by) && !v.File.Closed {
		v.Check = d
	}
	if v.Joins, err = s.toJoin(r, &v.File); err != nil {
		return nil, err
	}
	if v.Births, err = s.births(r, v); err != nil {
		return nil, err
	}
	v.stay(by.Role)
	v.Next = v.next()
	return v, nil
}

// stay fills in what only emergencies, stays and visits outside have.
func (v *VisitPage) stay(role clinic.Role) {
	file := &v.File.Visit
	if v.File.Closed {
		return
	}
	v.Works = works(role, clinic.KindVitals, false) && file.Ended == nil
	v.Stay = StayBox{Lines: len(file.Docs(clinic.KindCare)), Days: v.File.StayDays, End: file.Discharged(), Copies: copiesOf(file, "discharge")}
	if p, ok := file.Lies(); ok {
		v.Stay.Bed = &p
	}
	if file.Type() == clinic.VisitEmergency {
		v.Triages = clinic.Triages()
	}
	if file.Visit != nil {
		for _, id := range file.Visit.Trip.Went() {
			v.Went = append(v.Went, named(v.File.Names, id))
		}
	}
}

// copiesOf counts how often a paper of the form was printed.
func copiesOf(v *clinic.VisitFile, form string) (n int) {
	for _, p := range v.Papers {
		if b, ok := p.Body.(*clinic.Paper); ok && b.Form == form {
			n = max(n, b.Copy)
		}
	}
	return n
}

func kindOf(name string) clinic.Kind {
	for _, st := range steps() {
		if st.name == name {
			return st.kind
		}
	}
	return 0
}

// paper reports whether the visit is being copied from a paper.
func (v *VisitPage) paper() bool { return v.After != nil && !v.After.Old }

// next is what the page's one primary button does.
func (v *VisitPage) next() string {
	switch v.File.Visit.State {
	case clinic.VisitClosed, clinic.VisitOld:
		return ""
	case clinic.VisitSigned:
		if v.Slip != nil && v.Copies == 0 {
			return "print"
		}
		if _, rx, _ := v.File.Visit.Prescribed(); rx != nil && handsOut(v.User.Role) && !handedOut(&v.File.Visit) {
			return "hand"
		}
		return ""
	case clinic.VisitAmended:
		return "check"
	case clinic.VisitTorn:
		if len(v.Missing) == 0 && len(v.File.Visit.Unsigned()) == 0 {
			return "" // it stays torn until the entry is back
		}
	}
	for _, st := range v.Steps {
		if !st.Done && (st.Name != "check") {
			if !works(v.User.Role, kindOf(st.Name), v.paper()) || st.Optional {
				continue
			}
			if st.Name == "discharge" && v.Stay.Bed != nil {
				return "care" // nobody goes home because a button came next
			}
			return st.Name
		}
	}
	return "check"
}

func (s *Server) visit(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visitView(r)
	if err != nil {
		return err
	}
	v.Docs = slices.DeleteFunc(v.Docs, func(d DocView) bool { return d.Care != nil })
	s.show(w, r, http.StatusOK, "visit", v)
	return nil
}

// check shows everything that a signature would confirm, with the PIN beneath.
func (s *Server) check(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visitView(r)
	if err != nil {
		return err
	}
	s.checkShow(w, r, v, http.StatusOK)
	return nil
}

func (s *Server) checkShow(w http.ResponseWriter, r *http.Request, v *VisitPage, status int) {
	v.Title, v.Errors, v.Hold, v.Asking = "check.title", v.Form.Errors, true, true
	v.Steps = stepLinks(&v.File.Visit, "check")
	s.show(w, r, status, "check", v)
}

// signSave confirms with the PIN exactly what the page showed.
func (s *Server) signSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visitView(r)
	if err != nil {
		return err
	}
	in := desk.SignInput{
		Patient: v.File.Visit.Patient, Visit: v.File.Visit.ID,
		PIN: r.PostForm.Get("pin"), Seen: r.PostForm.Get("seen"),
	}
	err = s.checked(r, who(r).session.person.ID, func() error {
		_, err := s.opts.Desk.Sign(r.Context(), call(r, "act"), in)
		return err
	})
	if err == nil {
		s.tell(r, "good", "sign.done")
		http.Redirect(w, r, v.At, http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i := range v.Form.Errors {
		if desk.ErrorsOf(err)[i].Code != desk.CodeSignIncomplete {
			v.Form.Errors[i].Field = "pin"
		}
	}
	s.checkShow(w, r, v, http.StatusUnprocessableEntity)
	return nil
}

// print sends the appointment slip to the printer; the first copy or another.
func (s *Server) print(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	_, err = s.opts.Desk.PrintAppointment(r.Context(), call(r, "act"), desk.PrintInput{Patient: patient, Visit: visit})
	if err := s.told(r, "print.sent", err); err != nil {
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}

// RxPaper is a prescription that may be printed.
type RxPaper struct {
	Code   string
	Copies int // how many went to the printer
}

func copies(v *clinic.VisitFile, code string) (n int) {
	for _, p := range v.Papers {
		if b, ok := p.Body.(*clinic.Paper); ok && b.Form == "prescription" && b.Code == code {
			n++
		}
	}
	return n
}

// printRx sends a prescription to the printer; the first copy or another.
func (s *Server) printRx(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	in := desk.RxPrintInput{Patient: patient, Visit: visit, Code: r.PostForm.Get("code")}
	_, err = s.opts.Desk.PrintPrescription(r.Context(), call(r, "act"), in)
	if err := s.told(r, "rx.sent", err); err != nil {
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}

// Versions is the view of a document with all its versions, the latest first.
type Versions struct {
	Page
	Name     string
	At       string // path of the visit
	Visit    clinic.VisitFile
	Versions []DocView
	Apart    map[clinic.Leaf]string // versions that boxes wrote apart: the leaves of all of them
}

func (s *Server) versions(w http.ResponseWriter, r *http.Request) error {
	vv, err := s.visitView(r)
	if err != nil {
		return err
	}
	v := &Versions{Page: vv.Page, Name: r.PathValue("step"), At: vv.At, Visit: vv.File.Visit}
	for _, st := range steps() {
		if st.name != v.Name {
			continue
		}
		docs := vv.File.Visit.Docs(st.kind)
		if role := who(r).session.person.Role; role == clinic.RoleDoctor || role == clinic.RoleNurse && st.kind == clinic.KindVitals {
			v.Apart = apartOf(docs)
		}
		for _, d := range docs {
			for i := len(d.Versions) - 1; i >= 0; i-- {
				v.Versions = append(v.Versions, docView(&vv.File, d, &d.Versions[i]))
			}
		}
	}
	if len(v.Versions) == 0 {
		return errGone
	}
	v.Title = "versions.title"
	s.show(w, r, http.StatusOK, "versions", v)
	return nil
}

// visitEnd asks why a patient leaves the queue without care.
func (s *Server) visitEnd(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visitView(r)
	if err != nil {
		return err
	}
	v.Title, v.Hold = "end.title", true
	s.show(w, r, http.StatusOK, "end", v)
	return nil
}

func (s *Server) visitEndSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.visitView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	why := v.Form.Get("reason")
	if why == "other" {
		why = v.Form.Get("why")
	} else if why != "" {
		why = s.engine.catalogues["vi"].Text("end.why." + why) // records keep the country's language
	}
	in := desk.EndInput{Patient: v.File.Visit.Patient, Visit: v.File.Visit.ID, Why: why}
	if why == "" {
		v.Form.Fail("reason", "end.choose")
	} else if _, err = s.opts.Desk.EndVisit(r.Context(), call(r, "act"), in); err == nil {
		s.tell(r, "good", "end.done")
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	} else if !s.failed(r, &v.Form, err) {
		return err
	}
	v.Title, v.Errors, v.Hold = "end.title", v.Form.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "end", v)
	return nil
}
