package web

import (
	"net/http"

	"clinicbox/clinic/desk"
)

// lock closes the session by its person's wish.
func (s *Server) lock(w http.ResponseWriter, r *http.Request) error {
	s.sessions.lock(who(r).session.token)
	http.Redirect(w, r, "/lock"+nextQuery(localPath(r.PostForm.Get("next"))), http.StatusSeeOther)
	return nil
}

// lockPage asks for the PIN of the person whose session this is. Nothing of a
// patient is on it.
func (s *Server) lockPage(w http.ResponseWriter, r *http.Request) error {
	v, ok := s.lockView(r, localPath(r.URL.Query().Get("next")))
	if !ok {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return nil
	}
	s.sessions.lock(who(r).session.token) // the screen shows a lock: it shall be one
	s.show(w, r, http.StatusOK, "pin", v)
	return nil
}

func (s *Server) lockView(r *http.Request, next string) (*PIN, bool) {
	x := who(r).session
	if x.token == "" {
		return nil, false
	}
	v := &PIN{
		Page: s.page(r, "lock.title", ""), Form: newForm(nil), Person: x.person,
		Action: "/unlock", Next: next, Locked: true, Back: "/login" + nextQuery(next),
	}
	v.User, v.Live = nil, false
	_, v.Kept = s.drafts.get(x.owner(), next)
	return v, true
}

// unlock opens the session again and goes back to the page.
func (s *Server) unlock(w http.ResponseWriter, r *http.Request) error {
	v, ok := s.lockView(r, localPath(r.PostForm.Get("next")))
	if !ok {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return nil
	}
	err := s.checked(r, v.Person.ID, func() error {
		_, err := s.opts.Desk.Login(r.Context(), desk.LoginInput{Person: v.Person.ID, PIN: r.PostForm.Get("pin")})
		return err
	})
	if err != nil {
		if !s.failed(r, &v.Form, err) {
			return err
		}
		s.wrongPIN(w, r, v)
		return nil
	}
	s.sessions.unlock(who(r).session.token, who(r).place)
	x := who(r).session
	http.Redirect(w, r, s.resume(&x, v.Next), http.StatusSeeOther)
	return nil
}

// resume is the address to go on at. A new registration belongs to nobody yet, so
// what was typed comes back only to who was just stopped in the middle of it.
func (s *Server) resume(x *session, next string) string {
	if _, ok := s.drafts.get(x.owner(), next); ok && next == "/register" {
		return next + "?draft=1"
	}
	return next
}
