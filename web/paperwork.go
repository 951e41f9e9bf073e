package web

import (
	"net/http"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// PaperWork is the view of visits that were written on paper and are being entered.
type PaperWork struct {
	Page
	Work  desk.PaperWork
	Forms []string
}

// PaperVisit is the view of the form that begins to enter a paper.
type PaperVisit struct {
	Page
	Form    Form
	ID      clinic.ID
	Writers []desk.Person
}

// After tells pages of a visit that was entered after it had been.
type After struct {
	By   desk.Person // who wrote it; zero = Name
	Name string      // as the old records name them
	At   time.Time
	Old  bool // brought in from old records: nobody knows the time of day
}

func afterOf(v *desk.VisitView) *After {
	if v.Visit.Visit == nil || v.Visit.Visit.After == nil {
		return nil
	}
	a := v.Visit.Visit.After
	out := &After{Name: a.Name, At: v.Visit.Opened.Event, Old: len(a.Import) > 0}
	if id, ok := a.Author(); ok {
		out.By = named(v.Names, id)
	}
	return out
}

func (s *Server) paperRoutes() map[string]handler {
	return map[string]handler{
		"GET /paper":                     s.paperWork,
		"GET /patients/{patient}/paper":  s.paperVisit,
		"POST /patients/{patient}/paper": s.paperVisitSave,
	}
}

// registers repeats the desk's rule: it only spares people a link that would be refused.
func registers(p desk.Person) bool {
	return p.Role == clinic.RoleNurse || p.Role == clinic.RoleDoctor || p.Role == clinic.RoleCashier
}

func (s *Server) paperWork(w http.ResponseWriter, r *http.Request) error {
	v := &PaperWork{Page: s.page(r, "paper.title", "today"), Forms: downtimeForms()}
	var err error
	if v.Work, err = s.opts.Desk.PaperWork(r.Context(), who(r).session.person.ID); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "paperwork", v)
	return nil
}

func (s *Server) paperView(r *http.Request) (*PaperVisit, error) {
	p, err := s.patientView(r)
	if err != nil {
		return nil, err
	}
	v := &PaperVisit{Page: p.Page, Form: newForm(r.PostForm), ID: p.File.ID}
	v.Title, v.Hold = "paper.title", true
	work, err := s.opts.Desk.PaperWork(r.Context(), who(r).session.person.ID)
	v.Writers = work.Writers
	return v, err
}

func (s *Server) paperVisit(w http.ResponseWriter, r *http.Request) error {
	v, err := s.paperView(r)
	if err != nil {
		return err
	}
	fillDate(&v.Form, "when", v.Today)
	s.show(w, r, http.StatusOK, "papervisit", v)
	return nil
}

// paperVisitSave opens the visit; its documents are entered on its usual pages.
func (s *Server) paperVisitSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.paperView(r)
	if err != nil {
		return err
	}
	in := desk.PaperVisitInput{Patient: v.ID, Reason: v.Form.Get("reason"), Type: readType(&v.Form)}
	in.By, _ = clinic.ParseID(v.Form.Get("by"))
	day := readDate(&v.Form, "when")
	clock, err := time.Parse("15:04", v.Form.Get("at"))
	if err != nil {
		v.Form.Fail("at", "paper.time")
	}
	if !day.Full() && v.Form.Err("when") == nil {
		v.Form.Fail("when", "paper.day")
	}
	in.At = day.Time().Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
	if v.Form.OK() {
		done, err := s.opts.Desk.OpenPaperVisit(r.Context(), call(r, "act"), in)
		if err == nil {
			s.tell(r, "good", "paper.opened")
			http.Redirect(w, r, visitPath(v.ID, done.Visit), http.StatusSeeOther)
			return nil
		}
		for _, e := range desk.ErrorsOf(err) {
			if e.Code == desk.CodeAlreadyQueued {
				s.tell(r, "warn", "paper.there")
				http.Redirect(w, r, visitPath(v.ID, e.Visit), http.StatusSeeOther)
				return nil
			}
		}
		if !s.failed(r, &v.Form, err) {
			return err
		}
	}
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "papervisit", v)
	return nil
}
