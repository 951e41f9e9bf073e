package web

import (
	"net/http"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// StaffPIN is the view of the three pages that ask for PINs beside the login: the
// own one is changed, a colleague's is unlocked or set anew.
type StaffPIN struct {
	Page
	Form   Form
	Kind   string // own, unlock, reset, key
	Person desk.Person
	Back   string
}

func (s *Server) ownPINView(r *http.Request) *StaffPIN {
	v := &StaffPIN{Page: s.page(r, "staffpin.own", "staff"), Form: newForm(nil), Kind: "own", Person: who(r).session.person, Back: "/staff"}
	v.Hold, v.Asking = true, true
	return v
}

func (s *Server) ownPIN(w http.ResponseWriter, r *http.Request) error {
	s.show(w, r, http.StatusOK, "staffpin", s.ownPINView(r))
	return nil
}

// ownPINSave changes the own PIN. A second press is answered as the first: the old
// PIN would be wrong by then.
func (s *Server) ownPINSave(w http.ResponseWriter, r *http.Request) error {
	v := s.ownPINView(r)
	f := newForm(r.PostForm)
	if twice(&f); !f.OK() {
		return s.staffPINAgain(w, r, v, f)
	}
	token := who(r).session.token
	if s.sessions.claim(token, f.Get("act")) {
		err := s.checked(r, who(r).session.person.ID, func() error {
			return s.opts.Desk.ChangePIN(r.Context(), call(r, "act"), f.Get("own"), f.Get("pin"))
		})
		if err != nil {
			s.sessions.unclaim(token)
			return s.staffPINRefused(w, r, v, f, err)
		}
		s.tell(r, "good", "staffpin.own-done")
	}
	http.Redirect(w, r, "/staff", http.StatusSeeOther)
	return nil
}

// staffPINRefused shows the form again: what was wrong, and no PIN.
func (s *Server) staffPINRefused(w http.ResponseWriter, r *http.Request, v *StaffPIN, f Form, err error) error {
	if !s.failed(r, &f, err) {
		return err
	}
	for i, e := range desk.ErrorsOf(err) {
		switch e.Code {
		case desk.CodePINWrong, desk.CodePINWait, desk.CodePINLocked, desk.CodePINUnset:
			f.Errors[i].Field = "own" // only a new PIN is weak or short
		}
	}
	return s.staffPINAgain(w, r, v, f)
}

func (s *Server) staffPINAgain(w http.ResponseWriter, r *http.Request, v *StaffPIN, f Form) error {
	v.Form, v.Errors = f, f.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "staffpin", v)
	return nil
}

// helpView is the page on which somebody helps a colleague with their PIN.
func (s *Server) helpView(r *http.Request, kind string) (*StaffPIN, error) {
	f, err := s.colleague(r)
	if err != nil {
		return nil, err
	}
	me := who(r).session.person
	if f.Left {
		return nil, &desk.Error{Code: desk.CodeNoPerson}
	}
	if !helps(me) || f.ID == me.ID || kind == "key" && !administers(me) || kind == "reset" && f.Role == clinic.RoleAdministrator && !administers(me) {
		return nil, &desk.Error{Code: desk.CodePINHelp}
	}
	v := &StaffPIN{Page: s.page(r, "staffpin."+kind, "staff"), Form: newForm(nil), Kind: kind, Person: f.Person, Back: staffPath(f.ID)}
	v.Hold, v.Asking = true, true
	return v, nil
}

func (s *Server) unlockColleague(w http.ResponseWriter, r *http.Request) error {
	return s.helpShow(w, r, "unlock")
}

func (s *Server) resetPIN(w http.ResponseWriter, r *http.Request) error {
	return s.helpShow(w, r, "reset")
}

func (s *Server) vouch(w http.ResponseWriter, r *http.Request) error {
	return s.helpShow(w, r, "key")
}

// vouchSave confirms a colleague's signing key until the centre decides.
func (s *Server) vouchSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.helpView(r, "key")
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	err = s.checked(r, who(r).session.person.ID, func() error {
		return s.opts.Desk.Vouch(r.Context(), call(r, "act"), v.Person.ID, f.Get("own"))
	})
	if err != nil {
		return s.staffPINRefused(w, r, v, f, err)
	}
	s.tell(r, "good", "staffpin.key-done", "name", v.Person.Name)
	http.Redirect(w, r, v.Back, http.StatusSeeOther)
	return nil
}

func (s *Server) helpShow(w http.ResponseWriter, r *http.Request, kind string) error {
	v, err := s.helpView(r, kind)
	if err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "staffpin", v)
	return nil
}

func (s *Server) unlockColleagueSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.helpView(r, "unlock")
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	err = s.checked(r, who(r).session.person.ID, func() error {
		return s.opts.Desk.Unlock(r.Context(), call(r, "act"), v.Person.ID, f.Get("own"))
	})
	if err != nil {
		return s.staffPINRefused(w, r, v, f, err)
	}
	s.tell(r, "good", "staffpin.unlock-done", "name", v.Person.Name)
	http.Redirect(w, r, v.Back, http.StatusSeeOther)
	return nil
}

// resetPINSave gives a colleague the PIN that they typed; their open screens ask
// for it.
func (s *Server) resetPINSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.helpView(r, "reset")
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	if twice(&f); !f.OK() {
		return s.staffPINAgain(w, r, v, f)
	}
	in := desk.ResetInput{Colleague: v.Person.ID, PIN: f.Get("pin"), OwnPIN: f.Get("own")}
	err = s.checked(r, who(r).session.person.ID, func() error { return s.opts.Desk.ResetPIN(r.Context(), call(r, "act"), in) })
	if err != nil {
		return s.staffPINRefused(w, r, v, f, err)
	}
	s.sessions.lockPerson(v.Person.ID)
	s.tell(r, "good", "staffpin.reset-done", "name", v.Person.Name)
	http.Redirect(w, r, v.Back, http.StatusSeeOther)
	return nil
}
