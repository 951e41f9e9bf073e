package web

import (
	"errors"
	"net/http"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// errGone means that the address names nothing that is here.
var errGone = errors.New("web: no such page")

// PatientPage is the view of one patient: who, allergies, visits, appointments.
type PatientPage struct {
	Page
	File    desk.Patient
	Visits  []VisitLine
	Scan    string // ID of the scan that brought the patient, empty otherwise
	Slip    string // open appointment slip in the hand, empty otherwise
	Differs []string
	Form    Form          // of the button that opens a visit
	Guards  bool          // the person may protect the record, or end it
	Links   bool          // the person may say who is the same person
	Died    *clinic.Death // nil: nothing says so
	Works   bool          // the person measures, and takes into programmes
	Joins   []clinic.CatalogRow
	Code    bool // the patient has a temporary code, for want of papers
	Unknown bool // nobody knows who it is
	Papers  bool // the person may enter a paper visit
	Births  bool // the person may register a child of hers
	Was     bool // the address was of a linked record
	Bonds   []BondLine
	Asks    bool       // the person may ask the centre what other facilities know
	Cares   bool       // and in an emergency without consent
	Against []BondLine // that say that two linked records are of two people
}

// VisitLine is one visit in the history.
type VisitLine struct {
	Visit  clinic.VisitFile
	Row    desk.VisitRow
	Codes  []string // ICD-10
	Reason string
}

func patientPath(id clinic.ID) string { return "/patients/" + id.String() }

func visitPath(patient, visit clinic.ID) string {
	return patientPath(patient) + "/visits/" + visit.String()
}

// ids reads patient and visit of the address.
func ids(r *http.Request) (patient, visit clinic.ID, err error) {
	if patient, err = clinic.ParseID(r.PathValue("patient")); err != nil {
		return patient, visit, errGone
	}
	if v := r.PathValue("visit"); v != "" {
		if visit, err = clinic.ParseID(v); err != nil {
			return patient, visit, errGone
		}
	}
	return patient, visit, nil
}

// call says to the desk who sends which form.
func call(r *http.Request, field string) desk.Call {
	act, _ := clinic.ParseID(r.PostForm.Get(field)) // the desk refuses a zero act
	return desk.Call{Act: act, By: who(r).session.person.ID}
}

// banner makes the patient's banner.
func banner(id clinic.ID, p *clinic.Patient, a clinic.AllergyFile, on clinic.Date) *Banner {
	b := &Banner{ID: id, Asked: a.State != clinic.AllergiesNotAsked, Items: a.Items, Heard: a.Heard, Lost: a.Lost}
	if p == nil {
		return b
	}
	b.Name, b.Birth, b.BirthTime, b.Sex, b.NoDetails = p.Name, p.Birth, p.BirthTime, p.Sex, p.Name == ""
	for _, sys := range []clinic.System{clinic.SystemCitizen, clinic.SystemInsurance, clinic.SystemSocial, clinic.SystemTemporary, clinic.SystemOldID, clinic.SystemPassport} {
		if n, ok := p.Current(sys, on); ok {
			b.Number, b.System = n.Value, systemKey(sys)
			break
		}
	}
	return b
}

// numbersOf returns the numbers that are the patient's on the day, and those that must
// be settled.
func numbersOf(p *clinic.Patient, on clinic.Date) []clinic.Identifier {
	return slices.DeleteFunc(slices.Clone(p.Identifiers), func(n clinic.Identifier) bool { return !n.Live(on) && !n.Unsure })
}

// oldNumbers returns those that were the patient's, the latest first.
func oldNumbers(p *clinic.Patient, on clinic.Date) []clinic.Identifier {
	old := slices.DeleteFunc(slices.Clone(p.Identifiers), func(n clinic.Identifier) bool { return n.Live(on) || n.Unsure })
	slices.Reverse(old)
	return old
}

func systemKey(s clinic.System) string {
	return map[clinic.System]string{
		clinic.SystemCitizen: "system.citizen", clinic.SystemOldID: "system.old", clinic.SystemInsurance: "system.insurance",
		clinic.SystemSocial: "system.social", clinic.SystemTemporary: "system.temporary", clinic.SystemPassport: "system.passport",
	}[s]
}

func (s *Server) patient(w http.ResponseWriter, r *http.Request) error {
	v, err := s.patientView(r)
	if err != nil {
		return err
	}
	if id, _, _ := ids(r); id != v.File.ID { // both addresses lead to the one person
		q := r.URL.Query()
		q.Set("was", "1")
		http.Redirect(w, r, patientPath(v.File.ID)+"?"+q.Encode(), http.StatusSeeOther)
		return nil
	}
	v.Was = r.URL.Query().Has("was")
	if scan := r.URL.Query().Get("scan"); scan != "" {
		if res, err := s.scanned(r, scan); err == nil && len(res.Hits) > 0 && res.Hits[0].ID == v.File.ID {
			v.Scan, v.Differs, v.Slip = scan, res.Differs, res.Slip.Slip
		}
	}
	s.show(w, r, http.StatusOK, "patient", v)
	return nil
}

func (s *Server) patientView(r *http.Request) (*PatientPage, error) {
	id, _, err := ids(r)
	if err != nil {
		return nil, err
	}
	v := &PatientPage{Page: s.page(r, "patient.title", ""), Form: newForm(nil)}
	if v.File, err = s.opts.Desk.PatientPage(r.Context(), who(r).session.person.ID, id); err != nil {
		return nil, err
	}
	v.Guards, v.Links = helps(who(r).session.person), who(r).session.person.Role != clinic.RoleCashier
	if now := v.File.Now; now != nil {
		_, v.Code = now.Current(clinic.SystemTemporary, v.Page.Today)
		v.Code, v.Unknown = v.Code && who(r).session.person.Role != clinic.RoleAdministrator, now.Source == clinic.SourceUnknown
	}
	if v.File.Away.Waits() {
		v.Refresh = awayRefresh
	}
	v.Asks, v.Cares = registers(who(r).session.person), works(who(r).session.person.Role, clinic.KindVitals, false)
	v.Papers = registers(who(r).session.person)
	v.Births = who(r).session.person.Role != clinic.RoleAdministrator && mayBear(v.File.Now, v.Page.Today)
	if v.Works = works(who(r).session.person.Role, clinic.KindVitals, false); v.Works {
		v.Joins = v.File.Programmes
	}
	if _, v.Died = v.File.Died(); v.Died != nil {
		v.Joins = nil
	}
	v.Bonds = bondLines(&v.File)
	for _, b := range v.Bonds {
		if b.Inside && !b.Same {
			v.Against = append(v.Against, b)
		}
	}
	v.Page.Patient = banner(v.File.ID, v.File.Now, v.File.Allergies, v.Page.Today)
	for _, x := range v.File.Visits {
		l := VisitLine{Visit: x, Row: v.File.VisitRows[x.ID]}
		if d := clinic.BodyOf[clinic.Diagnosis](x.Doc(clinic.KindDiagnosis)); d != nil {
			l.Codes = append([]string{d.Main}, d.Others...)
		}
		if e := clinic.BodyOf[clinic.Exam](x.Doc(clinic.KindExam)); e != nil {
			l.Reason = e.Reason
		} else if x.Visit != nil {
			l.Reason = x.Visit.Reason
		}
		v.Visits = append(v.Visits, l)
	}
	return v, nil
}

// Waiting is the view of the question whether a second visit is meant.
type Waiting struct {
	Page
	Visit  clinic.ID
	ID     clinic.ID
	Of     clinic.ID // whose the visit is
	Hidden []Pair
}

// visitOpen queues the patient.
func (s *Server) visitOpen(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	in := desk.VisitInput{
		Patient: id, Reason: r.PostForm.Get("reason"), Another: r.PostForm.Get("do") == "another",
		Slip: r.PostForm.Get("slip"),
	}
	f := newForm(r.PostForm)
	in.Type = readType(&f)
	if res, err := s.scanned(r, r.PostForm.Get("scan")); err == nil {
		in.Source, in.Insurance = sourceOf(res.Scan)
	}
	done, err := s.opts.Desk.OpenVisit(r.Context(), call(r, "act"), in)
	refusals := desk.ErrorsOf(err)
	switch {
	case err == nil:
		s.tell(r, "good", "visit.opened")
		http.Redirect(w, r, firstPage(visitPath(id, done.Visit), f.Get("then")), http.StatusSeeOther)
		return nil
	case refusals == nil:
		return err
	case refusals[0].Code == desk.CodeAlreadyQueued:
		return s.visitWaiting(w, r, id, refusals[0].Visit)
	}
	v, err := s.patientView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	v.Scan, v.Slip = r.PostForm.Get("scan"), r.PostForm.Get("slip")
	for _, e := range refusals {
		v.Form.Errors = append(v.Form.Errors, s.problem(r, e))
	}
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "patient", v)
	return nil
}

func (s *Server) visitWaiting(w http.ResponseWriter, r *http.Request, id, visit clinic.ID) error {
	pv, err := s.patientView(r)
	if err != nil {
		return err
	}
	v := &Waiting{Page: pv.Page, Visit: visit, ID: id, Of: id, Hidden: hidden(r.PostForm, "act", "do", "patient")}
	if x := pv.File.Visit(visit); x != nil {
		v.Of = x.Patient // the visit stays with the record under which it was opened
	}
	v.Page.Patient.ID = id
	v.Title = "waiting.title"
	s.show(w, r, http.StatusConflict, "waiting", v)
	return nil
}

// sourceOf says how a scan established the identity, and the card number.
func sourceOf(scan clinic.Scan) (clinic.Source, string) {
	switch scan.Kind {
	case clinic.ScanCitizen:
		return clinic.SourceCitizenQR, ""
	case clinic.ScanInsurance:
		for _, n := range scan.Patient.Identifiers {
			if n.System == clinic.SystemInsurance {
				return clinic.SourceHealthQR, n.Value
			}
		}
		return clinic.SourceHealthQR, ""
	case clinic.ScanSlip:
		return clinic.SourceSlip, ""
	}
	return clinic.SourceTyped, ""
}

// tell leaves a note for the next page.
func (s *Server) tell(r *http.Request, kind, key string, args ...any) {
	s.sessions.tell(who(r).session.token, &Note{Kind: kind, Key: key, Args: args})
}
