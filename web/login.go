package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Login is the view of the page on which a person chooses who they are.
type Login struct {
	Page
	People []desk.Person
	// Numbers are those by which they unlock the box; who has none is not in it.
	Numbers map[clinic.ID]uint32
	Next    string // query that carries where to go on, with its question mark
}

// PIN is the view of the page that asks for the PIN, at login and after a lock.
type PIN struct {
	Page
	Form   Form
	Person desk.Person
	Action string // where the form goes
	Next   string // path to go on with
	Locked bool   // a session waits behind
	Kept   bool   // something typed waits behind
	Back   string // the page to choose another person
	Help   string // where a colleague helps: unlocks, or sets a new PIN; empty = no need yet
	Shut   bool   // after too many wrong PINs
}

func nextQuery(next string) string {
	if next == "/" {
		return ""
	}
	return "?next=" + url.QueryEscape(next)
}

// login shows who works here.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	people, err := s.opts.Desk.Staff(r.Context())
	if err != nil {
		return err
	}
	v := &Login{Page: s.page(r, "login.title", ""), People: people, Next: nextQuery(localPath(r.URL.Query().Get("next")))}
	if s.opts.Numbers != nil {
		v.Numbers = map[clinic.ID]uint32{}
		for _, p := range people {
			if n, ok := s.opts.Numbers.Number(p.ID); ok {
				v.Numbers[p.ID] = n
			}
		}
	}
	s.show(w, r, http.StatusOK, "login", v)
	return nil
}

func (s *Server) loginPIN(w http.ResponseWriter, r *http.Request) error {
	v, err := s.pinPage(r)
	if err != nil {
		return err
	}
	v.Next = localPath(r.URL.Query().Get("next"))
	v.Back = "/login" + nextQuery(v.Next)
	s.show(w, r, http.StatusOK, "pin", v)
	return nil
}

func (s *Server) pinPage(r *http.Request) (*PIN, error) {
	id, err := clinic.ParseID(r.PathValue("person"))
	if err != nil {
		return nil, errGone
	}
	people, err := s.opts.Desk.Staff(r.Context())
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if p.ID == id {
			return &PIN{
				Page: s.page(r, "pin.title", ""), Form: newForm(nil), Person: p,
				Action: "/login/" + id.String(), Next: "/", Back: "/login",
			}, nil
		}
	}
	return nil, errGone
}

// loginCheck starts a session when the PIN is right.
func (s *Server) loginCheck(w http.ResponseWriter, r *http.Request) error {
	v, err := s.pinPage(r)
	if err != nil {
		return err
	}
	v.Next = localPath(r.PostForm.Get("next"))
	v.Back = "/login" + nextQuery(v.Next)
	var person desk.Person
	err = s.checked(r, v.Person.ID, func() (err error) {
		person, err = s.opts.Desk.Login(r.Context(), desk.LoginInput{
			Person: v.Person.ID, PIN: r.PostForm.Get("pin"), Stranger: !s.familiar(r, v.Person.ID),
		})
		return err
	})
	if err != nil {
		if !s.failed(r, &v.Form, err) {
			return err
		}
		s.wrongPIN(w, r, v)
		return nil
	}
	s.know(w, r, person.ID)
	at := who(r).place
	if err := s.limits.start(neighbour(at.addr)); err != nil {
		return err
	}
	if before := who(r).session; before.person.ID != person.ID {
		s.endSession(r)
	}
	token := s.sessions.start(person, who(r).session.token, at)
	http.SetCookie(w, newCookie(r, sessionCookie, token, sessionLife))
	x := session{person: person}
	if c := readCookie(r, browserCookie); c != "" {
		s.drafts.adopt("browser "+c, x.owner())
		http.SetCookie(w, newCookie(r, browserCookie, "", -time.Second))
	}
	next := s.resume(&x, v.Next)
	if !x.may() && !strings.HasPrefix(next, "/staff") {
		next = "/status"
	}
	s.tellReset(r, token, person)
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// wrongPIN shows the PIN page again; the problem belongs to the PIN field.
func (s *Server) wrongPIN(w http.ResponseWriter, r *http.Request, v *PIN) {
	at := "/staff/" + v.Person.ID.String()
	v.Help = "/login" + nextQuery(at+"/newpin")
	for i := range v.Form.Errors {
		v.Form.Errors[i].Field = "pin"
		switch v.Form.Errors[i].Key {
		case string(desk.CodePINLocked), string(desk.CodePINStrangers):
			v.Shut, v.Help = true, "/login"+nextQuery(at+"/unlock")
		}
	}
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "pin", v)
}

// logout ends the session. What was typed stays with the person. Who came with its
// token from elsewhere only forgets it.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	if x := who(r).session; x.token != "" && !x.away {
		s.endSession(r)
		s.sessions.end(x.token)
	}
	http.SetCookie(w, newCookie(r, sessionCookie, "", -time.Second))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
