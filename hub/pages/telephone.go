package pages

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/spoken"
)

type callersView struct {
	page
	Rows []certRow
}

// callers lets the operator choose whose box cannot be opened.
func (s *server) callers(w http.ResponseWriter, r *http.Request) {
	v := &callersView{page: s.page(r, "tel.title")}
	all, err := s.certRows(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	last := ""
	for _, c := range all { // of each name the latest certificate stands first
		if c.Facility.Box != last {
			v.Rows = append(v.Rows, c)
		}
		last = c.Facility.Box
	}
	s.render(w, http.StatusOK, "callers.html", v)
}

// callView asks who calls, and takes the challenge.
type callView struct {
	*page
	certRow
	Open      bool     // the box said so lately: why would anybody call?
	Questions []string // keys
	Challenge string
	Reason    string
	Sure      bool
	Key       string
	Wrong     []wrong
	Groups    []int // of the challenge that were mistyped
	Problem   string
}

// Is reports whether the field must be corrected.
func (v *callView) Is(field string) bool { return isWrong(v.Wrong, field) }

func (s *server) callOf(r *http.Request) (*callView, error) {
	b, err := s.Trust.Box(r.Context(), r.PathValue("box"))
	if err != nil {
		return nil, err
	}
	if b.Facility.Box != r.PathValue("box") { // a serial
		return nil, authority.ErrMissing
	}
	beats, err := s.Trust.Beats.Beats(r.Context())
	if err != nil {
		return nil, err
	}
	p := s.page(r, "tel.title")
	v := &callView{page: &p, certRow: s.certRow(b, beats[b.Serial.String()])}
	v.Open = cert.State(v.Beat.State) == cert.StateOpen && !v.Silent
	v.Questions = []string{"tel.q.back", "tel.q.who", "tel.q.why", "tel.q.box", "tel.q.list"}
	return v, nil
}

func (s *server) callForm(w http.ResponseWriter, r *http.Request) {
	v, err := s.callOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Key = rand.Text()
	s.render(w, http.StatusOK, "call.html", v)
}

// call opens what the box left and leads to the page with the words.
func (s *server) call(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.callOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v.take(r.PostForm); v.Stolen || len(v.Wrong) > 0 {
		s.render(w, http.StatusUnprocessableEntity, "call.html", v)
		return
	}
	who, box := callerOf(r), v.Facility.Box
	to, err := s.once.do(who, v.Key, s.Now(), func() (string, error) {
		text, err := s.Trust.Telephone.Answer(r.Context(), authority.By{Operator: who.name, Reason: v.Reason}, box, v.Challenge)
		if err != nil {
			return "", err
		}
		return "/telephone/" + url.PathEscape(box) + "/" + s.once.keep(who, "answer "+box, text, s.Now()), nil
	})
	if bad, ok := errors.AsType[*spoken.Error](err); ok {
		v.Groups = bad.Groups
	}
	if v.Problem = problem(err); v.Problem != "" {
		s.render(w, http.StatusConflict, "call.html", v)
		return
	} else if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (v *callView) take(f url.Values) {
	v.Key, v.Challenge, v.Sure = f.Get("key"), strings.TrimSpace(strings.ToValidUTF8(f.Get("challenge"), "?")), f.Get("sure") == "yes"
	v.Reason = strings.TrimSpace(f.Get("reason"))
	if m := reasonProblem(v.Reason, true); m != "" {
		v.Wrong = append(v.Wrong, wrong{"reason", m})
	}
	if !v.Sure {
		v.Wrong = append(v.Wrong, wrong{"sure", "tel.err.sure"})
	}
	if v.Challenge == "" || len(v.Challenge) > 100 {
		v.Wrong = append(v.Wrong, wrong{"challenge", "tel.err.challenge"})
	}
}

type spokenView struct {
	page
	Box    string
	Groups []string
	Left   int
}

func (s *server) spokenAnswer(w http.ResponseWriter, r *http.Request) {
	box := r.PathValue("box")
	kept, left, ok := s.once.show(callerOf(r), "answer "+box, r.PathValue("id"), s.Now())
	text, _ := kept.(string)
	if !ok {
		p := s.page(r, "gone.title")
		s.render(w, http.StatusGone, "gone.html", &goneView{page: p, Message: "gone.answer", Back: "/telephone", BackTo: "tel.title"})
		return
	}
	s.render(w, http.StatusOK, "spoken.html", &spokenView{page: s.page(r, "spoken.title"), Box: box, Groups: strings.Split(text, "-"), Left: left})
}
