package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Vaccines is the view of a session of vaccination.
type Vaccines struct {
	Page
	List  desk.VaccineDay
	Form  Form // what is open
	Base  string
	Set   bool // the form of what is open stands open
	Sign  []desk.VaccineRow
	Works bool // the person gives vaccines
	Signs bool // the person signs
	Pin   Form
	Close Form // of the session's end
}

func (s *Server) vaccinesView(r *http.Request) (*Vaccines, error) {
	v := &Vaccines{Page: s.page(r, "vaccines.title", "today"), Form: newForm(nil), Pin: newForm(nil), Close: newForm(nil)}
	person := who(r).session.person
	var err error
	if v.List, err = s.opts.Desk.VaccineDay(r.Context(), person.ID); err != nil {
		return nil, err
	}
	v.Works, v.Signs = works(person.Role, clinic.KindImmunised, false), person.Role == clinic.RoleDoctor
	for _, row := range v.List.Done {
		if row.Sign != "" {
			v.Sign = append(v.Sign, row)
		}
	}
	v.Set, v.Base = v.List.Session == nil, leafText(v.List.Base)
	for _, x := range v.List.Vials {
		if x.Propose > 0 {
			v.Close.Set("waste."+x.Vaccine, plainMilli(x.Propose))
		}
	}
	for code, g := range v.List.Shelf {
		if v.Set {
			v.Form.Set("batch."+code, g.Lot)
			v.Form.Set("expiry."+code, g.Expiry.String())
		}
	}
	v.Page.Refresh = 60
	from := v.List.Session
	if from == nil {
		from = v.List.Last
	}
	if from != nil {
		v.Form.Set("place", from.Place)
		for _, b := range from.Batches {
			if g, kept := v.List.Shelf[b.Vaccine]; b.Over(v.List.Day) || v.Set && kept && g.Lot != b.Batch {
				continue // the shelf knows better than the session before
			}
			v.Form.Set("batch."+b.Vaccine, b.Batch)
			v.Form.Set("expiry."+b.Vaccine, b.Expiry.String())
		}
	}
	return v, nil
}

// vaccines shows the session's lists.
func (s *Server) vaccines(w http.ResponseWriter, r *http.Request) error {
	v, err := s.vaccinesView(r)
	if err != nil {
		return err
	}
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft, v.Set = newForm(d), true, true
	}
	s.show(w, r, http.StatusOK, "vaccines", v)
	return nil
}

// sessionSave says what is open today.
func (s *Server) sessionSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.vaccinesView(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := desk.SessionInput{Place: f.Get("place")}
	in.Base, _ = parseLeaf(f.Get("base"))
	for _, row := range v.List.Rows {
		b := clinic.VaccineBatch{Vaccine: row.Code, Batch: f.Get("batch." + row.Code)}
		var ok bool
		if b.Expiry, ok = readExpiry(f.Get("expiry." + row.Code)); !ok {
			f.Fail("expiry."+row.Code, "immunise.expiry")
		}
		if b.Batch != "" {
			in.Batches = append(in.Batches, b)
		}
	}
	if f.OK() {
		if _, err = s.opts.Desk.SaveSession(r.Context(), call(r, "act"), in); err == nil {
			s.saved(r)
			s.tell(r, "good", "vaccines.open-saved")
			http.Redirect(w, r, "/vaccines", http.StatusSeeOther)
			return nil
		}
		if !s.failed(r, &f, err) {
			return err
		}
	}
	s.keepForm(r, f)
	v.Form, v.Errors, v.Set = f, f.Errors, true // the next save builds on what is saved now
	s.show(w, r, http.StatusUnprocessableEntity, "vaccines", v)
	return nil
}

// sessionClose ends the session.
func (s *Server) sessionClose(w http.ResponseWriter, r *http.Request) error {
	v, err := s.vaccinesView(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := desk.CloseInput{Waste: map[string]string{}}
	in.Base, _ = parseLeaf(f.Get("base"))
	for _, x := range v.List.Vials {
		in.Waste[x.Vaccine] = f.Get("waste." + x.Vaccine)
	}
	if _, err = s.opts.Desk.CloseSession(r.Context(), call(r, "act"), in); err == nil {
		s.tell(r, "good", "vaccines.closed-saved")
		http.Redirect(w, r, "/vaccines", http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &f, err) {
		return err
	}
	v.Close, v.Errors = f, f.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "vaccines", v)
	return nil
}

// watched says that somebody was watched for the time and nothing was seen.
func (s *Server) watched(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	on := desk.On{Patient: patient, Visit: visit}
	if _, err := s.opts.Desk.Reaction(r.Context(), call(r, "act"), desk.ReactionInput{On: on, Reaction: clinic.Reaction{None: true}}); err != nil {
		return err
	}
	s.tell(r, "good", "vaccines.went")
	http.Redirect(w, r, "/vaccines", http.StatusSeeOther)
	return nil
}

// vaccinesSign confirms what was given with one PIN, as the page showed it.
func (s *Server) vaccinesSign(w http.ResponseWriter, r *http.Request) error {
	v, err := s.vaccinesView(r)
	if err != nil {
		return err
	}
	in := desk.SignAllInput{PIN: r.PostForm.Get("pin")}
	for _, x := range r.PostForm["visit"] {
		parts := strings.Split(x, " ")
		if len(parts) != 3 {
			return errForm
		}
		p, err := clinic.ParseID(parts[0])
		if err != nil {
			return errForm
		}
		id, err := clinic.ParseID(parts[1])
		if err != nil {
			return errForm
		}
		in.Visits = append(in.Visits, desk.SignInput{Patient: p, Visit: id, Seen: parts[2]})
	}
	err = s.checked(r, who(r).session.person.ID, func() error {
		_, err := s.opts.Desk.SignAll(r.Context(), call(r, "act"), in)
		return err
	})
	if err == nil {
		s.tell(r, "good", "vaccines.signed", "n", len(in.Visits))
		http.Redirect(w, r, "/vaccines", http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Pin, err) {
		return err
	}
	for i := range v.Pin.Errors {
		v.Pin.Errors[i].Field = "pin"
	}
	v.Errors, v.Asking = v.Pin.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "vaccines", v)
	return nil
}

// signValue is one visit as the form of all carries it.
func signValue(row desk.VaccineRow) string {
	return fmt.Sprintf("%s %s %s", row.Patient, row.Visit, row.Sign)
}

// childRow is one child of a list with what the list knows around it.
type childRow struct {
	Row  desk.VaccineRow
	Now  time.Time
	Lang string
}

// children are those of a list who are not here yet.
type children struct {
	Rows  []desk.VaccineRow
	Works bool
	Page  Page
}

// doseLine is one dose of the form with what the form knows around it.
type doseLine struct {
	Line  DoseLine
	Form  Form
	Sites []string
	Lang  string
}

// pastDoses says what one entry from a paper holds.
func pastDoses(d *clinic.Document) string {
	b := clinic.BodyOf[clinic.Immunised](d)
	return b.Day.String() + ": " + doseNames(b.Doses)
}

// VaccineCard is the view of one person's vaccines.
type VaccineCard struct {
	Page
	Card desk.VaccineCard
	Form Form
	Open bool // there are doses that a paper may show
}

func (s *Server) vaccineCardView(r *http.Request, f Form) (*VaccineCard, error) {
	id, _, err := ids(r)
	if err != nil {
		return nil, err
	}
	v := &VaccineCard{Page: s.page(r, "vaccinecard.title", ""), Form: f}
	if v.Card, err = s.opts.Desk.VaccineCard(r.Context(), who(r).session.person.ID, id); err != nil {
		return nil, err
	}
	v.Page.Patient = banner(v.Card.Patient.ID, v.Card.Patient.Now, v.Card.Patient.Allergies, v.Today)
	v.Hold, v.Errors = true, f.Errors
	for _, d := range v.Card.Due {
		v.Open = v.Open || d.State != clinic.DoseGiven
	}
	return v, nil
}

// vaccineCard shows what somebody has had and what is due.
func (s *Server) vaccineCard(w http.ResponseWriter, r *http.Request) error {
	f, drafted := newForm(nil), false
	if d, ok := s.draft(r); ok {
		f, drafted = newForm(d), true
	}
	v, err := s.vaccineCardView(r, f)
	if err != nil {
		return err
	}
	v.Draft = drafted
	s.show(w, r, http.StatusOK, "vaccinecard", v)
	return nil
}

// vaccineCardSave writes down what a paper shows, or takes it back.
func (s *Server) vaccineCardSave(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	note := "vaccinecard.saved"
	if leaf, ok := parseLeaf(f.Get("base")); ok {
		note = "vaccinecard.taken-back"
		_, err = s.opts.Desk.TakeBackDoses(r.Context(), call(r, "act"), desk.TakeBackInput{Patient: id, Base: leaf, Why: f.Get("why")})
	} else {
		in := desk.PastDosesInput{Patient: id, Place: f.Get("place")}
		for name := range f.Values {
			code, is := strings.CutPrefix(name, "day.")
			if !is || f.Get(name) == "" {
				continue
			}
			day, ok := clinic.ParseDay(f.Get(name))
			if !ok {
				f.Fail(name, "problem.date")
			}
			in.Doses = append(in.Doses, desk.PastDose{Code: code, Day: day})
		}
		if f.OK() {
			_, err = s.opts.Desk.PastDoses(r.Context(), call(r, "act"), in)
		}
	}
	if err != nil && !s.failed(r, &f, err) {
		return err
	}
	if !f.OK() {
		s.keepForm(r, f)
		v, err := s.vaccineCardView(r, f)
		if err != nil {
			return err
		}
		s.show(w, r, http.StatusUnprocessableEntity, "vaccinecard", v)
		return nil
	}
	s.saved(r)
	s.tell(r, "good", note)
	http.Redirect(w, r, patientPath(id)+"/vaccines", http.StatusSeeOther)
	return nil
}
