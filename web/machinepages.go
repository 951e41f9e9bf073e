package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// enrolTime bounds how long a page waits for the centre.
const enrolTime = 40 * time.Second

// machineRoutes are for administrators; P is where they begin.
func (s *Server) machineRoutes() map[string]handler {
	const p = "/machine"
	return map[string]handler{
		"GET " + p:                     s.administrator(s.machinePage),
		"GET " + p + "/join":           s.administrator(s.join),
		"POST " + p + "/join":          s.administrator(s.joinSave),
		"GET " + p + "/carry":          s.administrator(s.carry),
		"POST " + p + "/carry":         s.administrator(s.carrySave),
		"GET " + p + "/request":        s.administrator(s.request),
		"GET " + p + "/request/{part}": s.administrator(s.requestQR),
		"GET " + p + "/answer":         s.administrator(s.carried),
		"POST " + p + "/answer":        s.administrator(s.carriedSave),
		"GET " + p + "/recovery":       s.administrator(s.recoveryCode),
		"POST " + p + "/recovery":      s.administrator(s.recoveryCodeSave),
	}
}

// administrator lets only that role through, and only on a box that has the pages.
func (s *Server) administrator(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if me := who(r).session.person; !administers(me) {
			return denied(me)
		}
		if s.opts.Machine == nil {
			return errGone
		}
		return h(w, r)
	}
}

// MachinePage is the view of the page about the machine and its place in the fleet.
type MachinePage struct {
	Page
	State MachineState
	Codes bool // recovery codes can be made
}

func (s *Server) machinePage(w http.ResponseWriter, r *http.Request) error {
	v := &MachinePage{Page: s.page(r, "machine.title", ""), State: s.opts.Machine.State(), Codes: s.opts.Recovery != nil}
	s.show(w, r, http.StatusOK, "machine", v)
	return nil
}

// Join is the view of the forms that join the box to the centre: over the network,
// by a request that is carried, by the answer that comes back.
type Join struct {
	Page
	Form Form
	Kind string // join, carry, answer
}

func (s *Server) joinView(r *http.Request, kind string) *Join {
	v := &Join{Page: s.page(r, "machine."+kind, ""), Form: newForm(r.PostForm), Kind: kind}
	v.Hold, v.Asking = true, true
	return v
}

func (s *Server) join(w http.ResponseWriter, r *http.Request) error {
	v := s.joinView(r, "join")
	v.Form = newForm(nil)
	v.Form.Set("hub", s.opts.Machine.State().Hub)
	s.show(w, r, http.StatusOK, "join", v)
	return nil
}

func (s *Server) joinSave(w http.ResponseWriter, r *http.Request) error {
	v := s.joinView(r, "join")
	in := EnrolInput{Hub: v.Form.Get("hub"), Code: v.Form.Get("code")}
	if need(&v.Form, "hub", "code"); !v.Form.OK() {
		return s.joinAgain(w, r, v)
	}
	ctx, cancel := context.WithTimeout(r.Context(), enrolTime)
	defer cancel()
	err := s.opts.Machine.Enrol(ctx, in)
	if err != nil && ctx.Err() != nil && r.Context().Err() == nil {
		err = &MachineError{Key: MachineUnreachable}
	}
	return s.joined(w, r, v, err)
}

// need fails fields that must not be empty.
func need(f *Form, fields ...string) {
	for _, name := range fields {
		if f.Get(name) == "" {
			f.Fail(name, "machine.empty")
		}
	}
}

func (s *Server) joinAgain(w http.ResponseWriter, r *http.Request, v *Join) error {
	v.Errors = v.Form.Errors
	if v.Kind == "answer" {
		s.keepForm(r, v.Form)
	}
	s.show(w, r, http.StatusUnprocessableEntity, "join", v)
	return nil
}

// joined ends a form: the box belongs to the centre, or the form says why not.
func (s *Server) joined(w http.ResponseWriter, r *http.Request, v *Join, err error) error {
	if err == nil {
		s.log.Info("joined the centre", "by", who(r).session.person.ID.String())
		s.sessions.change(who(r).session.token, func(x *session) { x.carry = nil })
		s.saved(r)
		s.tell(r, "good", "machine.joined")
		http.Redirect(w, r, "/machine", http.StatusSeeOther)
		return nil
	}
	return s.joinRefused(w, r, v, err)
}

func (s *Server) joinRefused(w http.ResponseWriter, r *http.Request, v *Join, err error) error {
	e, ok := errors.AsType[*MachineError](err)
	if !ok {
		return err
	}
	field := map[string]string{"join": "code", "carry": "code", "answer": "answer"}[v.Kind]
	if v.Kind == "join" && (e.Key == MachineAddress || e.Key == MachineUnreachable) {
		field = "hub"
	}
	v.Form.Fail(field, e.Key, e.Args...)
	return s.joinAgain(w, r, v)
}

func (s *Server) carry(w http.ResponseWriter, r *http.Request) error {
	s.show(w, r, http.StatusOK, "join", s.joinView(r, "carry"))
	return nil
}

// carry is a request that is carried: the page shows it again until the answer is in.
type carry struct {
	text string
	qr   []string
}

func (s *Server) carrySave(w http.ResponseWriter, r *http.Request) error {
	v := s.joinView(r, "carry")
	if need(&v.Form, "code"); !v.Form.OK() {
		return s.joinAgain(w, r, v)
	}
	text, qr, err := s.opts.Machine.Request(r.Context(), v.Form.Get("code"))
	if err != nil {
		return s.joinRefused(w, r, v, err)
	}
	s.sessions.change(who(r).session.token, func(x *session) { x.carry = &carry{text, qr} })
	http.Redirect(w, r, "/machine/request", http.StatusSeeOther)
	return nil
}

// RequestPage is the view of a request to be carried.
type RequestPage struct {
	Page
	Text  string
	Lines int
	Parts []int
}

func (s *Server) request(w http.ResponseWriter, r *http.Request) error {
	c := who(r).session.carry
	if c == nil { // another login, or the box started again: the code makes a new one
		http.Redirect(w, r, "/machine/carry", http.StatusSeeOther)
		return nil
	}
	v := &RequestPage{Page: s.page(r, "machine.request", ""), Text: c.text, Lines: min(24, strings.Count(c.text, "\n")+1)}
	for i := range c.qr {
		v.Parts = append(v.Parts, i+1)
	}
	s.show(w, r, http.StatusOK, "request", v)
	return nil
}

func (s *Server) requestQR(w http.ResponseWriter, r *http.Request) error {
	c := who(r).session.carry
	name, ok := strings.CutSuffix(r.PathValue("part"), ".png")
	n, err := strconv.Atoi(name)
	if !ok || err != nil || c == nil || n < 1 || n > len(c.qr) {
		return errGone
	}
	return drawQR(w, c.qr[n-1], 5)
}

func (s *Server) carried(w http.ResponseWriter, r *http.Request) error {
	v := s.joinView(r, "answer")
	if d, ok := s.draft(r); ok { // dozens of typed lines must outlive a lock
		v.Form, v.Draft = newForm(d), true
	}
	s.show(w, r, http.StatusOK, "join", v)
	return nil
}

// carriedSave takes the answer as text, as a file, or both. A file that is no text is
// taken as it is, and not shown again.
func (s *Server) carriedSave(w http.ResponseWriter, r *http.Request) error {
	v := s.joinView(r, "answer")
	text := v.Form.Get("answer")
	if r.MultipartForm != nil {
		for _, h := range r.MultipartForm.File["file"] {
			f, err := h.Open()
			if err != nil {
				return err
			}
			b, err := io.ReadAll(f) // the body is bounded
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			if bytes.ContainsAny(b, "\x00\x01\x02\x03\x04") { // not typed, so there is nothing to mend on the page
				return s.joined(w, r, v, s.opts.Machine.Answer(r.Context(), string(b)))
			}
			text = strings.TrimSpace(text + "\n" + strings.ToValidUTF8(string(b), "?"))
		}
	}
	if v.Form.Set("answer", text); text == "" {
		need(&v.Form, "answer")
		return s.joinAgain(w, r, v)
	}
	return s.joined(w, r, v, s.opts.Machine.Answer(r.Context(), text))
}

// RecoveryPage is the view of the page that makes a new recovery code, and shows it
// once.
type RecoveryPage struct {
	Page
	Form   Form
	Had    time.Time // when the code before was made
	Groups []string  // of the new code
	Box    string
}

func (s *Server) recoveryView(r *http.Request) *RecoveryPage {
	st := s.opts.Machine.State()
	v := &RecoveryPage{Page: s.page(r, "machine.recovery", ""), Form: newForm(nil), Had: st.Recovery, Box: st.Box}
	v.Hold, v.Asking = true, true
	return v
}

func (s *Server) recoveryCode(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Recovery == nil {
		return errGone
	}
	s.show(w, r, http.StatusOK, "recovery", s.recoveryView(r))
	return nil
}

// recoveryCodeSave answers with the code itself, not with a redirect: it is shown
// once and kept nowhere. A second press makes another code, and shows that.
func (s *Server) recoveryCodeSave(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Recovery == nil {
		return errGone
	}
	v, me := s.recoveryView(r), who(r).session.person
	var code string
	err := s.checked(r, me.ID, func() (err error) {
		code, err = s.opts.Recovery.NewRecoveryCode(r.Context(), me.ID, r.PostForm.Get("own"))
		return err
	})
	if err == nil {
		s.log.Info("new recovery code", "by", me.ID.String())
		v.Title, v.Groups = "machine.recovery-code", groupsOf(code)
		s.show(w, r, http.StatusOK, "recovery", v)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i := range v.Form.Errors {
		v.Form.Errors[i].Field = "own"
	}
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "recovery", v)
	return nil
}
