package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// StaffList is the view of everybody who works or worked here.
type StaffList struct {
	Page
	People []desk.Colleague
	Admin  bool
	Opened []desk.Opening // protected records; for administrators
}

// StaffPerson is the view of one person of the staff.
type StaffPerson struct {
	Page
	File  desk.StaffFile
	Self  bool
	Admin bool // the person at the screen may change details
	Helps bool // … may unlock a PIN
	Reset bool // … may set a new PIN for this person
	Looks bool // … may see which records this person looked at
	Log   []StaffEvent
	// Number unlocks the box with the PIN; 0 = none.
	Number uint32
}

// StaffEvent is one entry about a person, the latest first.
type StaffEvent struct {
	Record clinic.Record
	By     desk.Person
	What   string // message key
	As     clinic.Staff
}

// administers and helps repeat the desk's rules: they only spare people a button
// that would be refused.
func administers(p desk.Person) bool { return p.Role == clinic.RoleAdministrator }

func helps(p desk.Person) bool {
	return p.Role == clinic.RoleAdministrator || p.Role == clinic.RoleDoctor
}

// denied is the desk's refusal to somebody of this role.
func denied(p desk.Person) error {
	return &desk.Error{Code: desk.CodeNotAllowed, Args: map[string]string{"role": strconv.Itoa(int(p.Role))}}
}

func staffPath(id clinic.ID) string { return "/staff/" + id.String() }

func (s *Server) staffList(w http.ResponseWriter, r *http.Request) error {
	me := who(r).session.person
	people, err := s.opts.Desk.Colleagues(r.Context(), me.ID)
	if err != nil {
		return err
	}
	v := &StaffList{Page: s.page(r, "staff.title", "staff"), People: people, Admin: administers(me)}
	if v.Opened, err = s.openings(r); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "staff", v)
	return nil
}

// colleague reads the person of the address.
func (s *Server) colleague(r *http.Request) (desk.StaffFile, error) {
	id, err := clinic.ParseID(r.PathValue("person"))
	if err != nil {
		return desk.StaffFile{}, errGone
	}
	return s.opts.Desk.StaffPage(r.Context(), who(r).session.person.ID, id)
}

func (s *Server) staffPerson(w http.ResponseWriter, r *http.Request) error {
	f, err := s.colleague(r)
	if err != nil {
		return err
	}
	me := who(r).session.person
	v := &StaffPerson{Page: s.page(r, "staff.person", "staff"), File: f, Self: f.ID == me.ID, Admin: administers(me)}
	v.Looks = v.Admin || v.Self && v.Records
	if !v.Self && !f.Left {
		v.Helps = helps(me)
		v.Reset = v.Admin || v.Helps && f.Role != clinic.RoleAdministrator
	}
	if s.opts.Numbers != nil && !f.Left {
		v.Number, _ = s.opts.Numbers.Number(f.ID)
	}
	for i := len(f.Versions) - 1; i >= 0; i-- {
		rec := f.Versions[i]
		body, _ := rec.Body.(*clinic.Staff)
		v.Log = append(v.Log, StaffEvent{rec, named(f.Names, rec.Author), staffEvent(rec, i == 0), *body})
	}
	s.show(w, r, http.StatusOK, "person", v)
	return nil
}

func staffEvent(r clinic.Record, first bool) string {
	switch r.Why {
	case desk.WhyPINChanged:
		return "staff.log.changed"
	case desk.WhyPINUnlocked:
		return "staff.log.unlocked"
	case desk.WhyPINReset:
		return "staff.log.reset"
	}
	if first {
		return "staff.log.added"
	}
	return "staff.log.details"
}

// resetTold is how long a person is told at login that somebody else set their PIN.
const resetTold = 7 * 24 * time.Hour

// tellReset leaves a note for who logs in with a PIN that somebody else set, until
// they change it: who knows it could sign in their name.
func (s *Server) tellReset(r *http.Request, token string, p desk.Person) {
	f, err := s.opts.Desk.StaffPage(r.Context(), p.ID, p.ID)
	if err != nil {
		return // the login stands; the page of the person tells it too
	}
	now, _ := s.opts.Clock.Now()
	rec := f.PINReset()
	if rec == nil || now.Sub(rec.Recorded()) > resetTold {
		return
	}
	c := s.engine.catalogues[who(r).lang]
	s.sessions.tell(token, &Note{
		Kind: "warn", Key: "staff.reset-told", More: "staff.reset-told.do",
		Args: []any{"who", personText(c, named(f.Names, rec.Author)), "time", momentText(c, rec.Recorded())},
	})
}

// StaffForm is the view of the form of a person, new or known.
type StaffForm struct {
	Page
	Form  Form
	Known *desk.StaffFile // nil for a new one
	Roles []clinic.Role
	Twin  bool // somebody of that name and role works here: the form asks
}

func (s *Server) staffForm(r *http.Request, known *desk.StaffFile) (*StaffForm, error) {
	if me := who(r).session.person; !administers(me) {
		return nil, denied(me)
	}
	v := &StaffForm{Page: s.page(r, "staff.new", "staff"), Form: newForm(nil), Known: known}
	if known != nil {
		v.Title = "staff.edit"
	}
	for role := clinic.RoleNurse; role <= clinic.RoleAdministrator; role++ {
		v.Roles = append(v.Roles, role)
	}
	v.Hold = true
	return v, nil
}

func (s *Server) staffNew(w http.ResponseWriter, r *http.Request) error {
	v, err := s.staffForm(r, nil)
	if err != nil {
		return err
	}
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	}
	s.show(w, r, http.StatusOK, "staffform", v)
	return nil
}

func readStaff(f *Form) clinic.Staff {
	role, _ := strconv.Atoi(f.Get("role"))
	return clinic.Staff{
		Name: f.Get("name"), Role: clinic.Role(role), Title: f.Get("title"), Licence: f.Get("licence"), Left: f.Get("left") != "",
	}
}

// staffNewSave adds a person with the PIN that they typed, or without one yet.
func (s *Server) staffNewSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.staffForm(r, nil)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.StaffInput{
		Staff: readStaff(&v.Form), PIN: v.Form.Get("pin"), OwnPIN: v.Form.Get("own"), Twin: v.Form.Get("twin") != "",
	}
	in.Left = false
	if twice(&v.Form); !v.Form.OK() {
		if in.Name == "" {
			v.Form.Fail("name", string(desk.CodeStaffName))
		}
		if in.Role == 0 {
			v.Form.Fail("role", string(desk.CodeStaffRole))
		}
	}
	return s.staffSave(w, r, v, in)
}

// twice checks that a new PIN was typed twice alike.
func twice(f *Form) {
	if f.Get("pin") != f.Get("again") {
		f.Fail("again", "pin.differs")
	}
}

func (s *Server) staffSave(w http.ResponseWriter, r *http.Request, v *StaffForm, in desk.StaffInput) error {
	if v.Form.OK() {
		id, err := s.saveStaff(r, in)
		if err == nil {
			s.saved(r)
			s.renew(r.Context(), id)
			s.tell(r, "good", "staff.saved")
			http.Redirect(w, r, staffPath(id), http.StatusSeeOther)
			return nil
		}
		if !s.failed(r, &v.Form, err) {
			return err
		}
		v.Twin = errors.Is(err, &desk.Error{Code: desk.CodeStaffTwin})
	}
	if v.Form.Get("pin") != "" && v.Form.Err("pin") == nil && v.Form.Err("again") == nil {
		v.Form.Fail("pin", "pin.retype") // or the person would be saved without one
	}
	s.keepForm(r, v.Form)
	v.Errors = v.Form.Errors
	if v.Known != nil { // the next save is of what is shown now
		v.Form.Set("base", leafText(v.Known.Base()))
	}
	s.show(w, r, http.StatusUnprocessableEntity, "staffform", v)
	return nil
}

// saveStaff hands the form to the desk; one with a PIN asks for the administrator's
// own, which is a try like any other.
func (s *Server) saveStaff(r *http.Request, in desk.StaffInput) (id clinic.ID, err error) {
	save := func() (err error) {
		id, err = s.opts.Desk.SaveStaff(r.Context(), call(r, "act"), in)
		return err
	}
	if in.PIN == "" {
		err = save()
	} else {
		err = s.checked(r, who(r).session.person.ID, save)
	}
	return id, err
}

// renew tells a person's sessions what changed about them.
func (s *Server) renew(ctx context.Context, id clinic.ID) {
	if f, err := s.opts.Desk.StaffPage(ctx, id, id); err == nil {
		s.sessions.renew(f.Person)
	} else if desk.ErrorsOf(err) != nil { // left
		s.sessions.renew(desk.Person{ID: id, Staff: clinic.Staff{Left: true}})
	}
}

func (s *Server) staffEdit(w http.ResponseWriter, r *http.Request) error {
	f, err := s.colleague(r)
	if err != nil {
		return err
	}
	v, err := s.staffForm(r, &f)
	if err != nil {
		return err
	}
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	} else {
		fillStaff(&v.Form, f)
	}
	s.show(w, r, http.StatusOK, "staffform", v)
	return nil
}

func fillStaff(f *Form, p desk.StaffFile) {
	f.Set("name", p.Name)
	f.Set("title", p.Title)
	f.Set("licence", p.Licence)
	f.Set("role", strconv.Itoa(int(p.Role)))
	if p.Left {
		f.Set("left", "yes")
	}
	f.Set("base", leafText(p.Base()))
}

func (s *Server) staffEditSave(w http.ResponseWriter, r *http.Request) error {
	f, err := s.colleague(r)
	if err != nil {
		return err
	}
	v, err := s.staffForm(r, &f)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.StaffInput{Person: f.ID, Staff: readStaff(&v.Form)}
	in.Base, _ = parseLeaf(v.Form.Get("base"))
	return s.staffSave(w, r, v, in)
}
