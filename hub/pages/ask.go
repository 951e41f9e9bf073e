package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/registrar"
	"clinicbox/internal/cert"
	"clinicbox/internal/spoken"
)

// maxReason bytes fit a line of the history.
const maxReason = 200

// fact is a line of what a page is about.
type fact struct{ Label, Value string }

// option is one of several to choose from.
type option struct{ Value, Label, Hint string }

// askView asks before something is done that the history keeps: what happens, why,
// and for what cannot be undone the name typed again.
type askView struct {
	*page
	Back    string
	Facts   []fact
	Points  []string // keys: what happens
	Final   bool     // cannot be undone
	Choices []option
	Since   bool   // asks from when on
	Ever    bool   // there is no choice any more: from the start
	Retype  string // must be typed
	Go      string // key of the button
	Key     string // of the form

	Choice, From, Typed, Reason string
	Wrong                       []wrong
	Problem                     string // key
}

// Is reports whether the field must be corrected.
func (v *askView) Is(field string) bool { return isWrong(v.Wrong, field) }

func isWrong(ws []wrong, field string) bool {
	for _, w := range ws {
		if w.Field == field {
			return true
		}
	}
	return false
}

// take reads the form and says what is wrong with it.
func (v *askView) take(f url.Values) {
	v.Key, v.Choice, v.From, v.Typed = f.Get("key"), f.Get("choice"), f.Get("from"), strings.TrimSpace(f.Get("typed"))
	v.Reason = strings.TrimSpace(f.Get("reason"))
	bad := func(when bool, field, message string) {
		if when {
			v.Wrong = append(v.Wrong, wrong{field, message})
		}
	}
	known := len(v.Choices) == 0
	for _, c := range v.Choices {
		known = known || c.Value == v.Choice
	}
	bad(!known, "choice", "ask.err.choice")
	bad(v.Since && v.From != "now" && v.From != "ever", "from", "ask.err.from")
	if m := reasonProblem(v.Reason, true); m != "" {
		bad(true, "reason", m)
	}
	bad(v.Retype != "" && v.Typed != v.Retype, "typed", "ask.err.typed")
}

// reasonProblem returns the key of what is wrong with a reason.
func reasonProblem(s string, needed bool) string {
	switch {
	case needed && s == "":
		return "ask.err.reason"
	case len(s) > maxReason || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00"):
		return "ask.err.long"
	}
	return ""
}

// job is a page that asks, and what it does. do returns where to go then.
type job struct {
	view *askView
	do   func(ctx context.Context, by authority.By) (to string, err error)
}

// ask serves a job: GET shows it, POST does it once. A second sending of the same
// form leads where the first did.
func (s *server) ask(build func(r *http.Request) (*job, error)) http.HandlerFunc {
	return s.trusted(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			s.fail(w, r, err)
			return
		}
		j, err := build(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v := j.view
		if r.Method != http.MethodPost {
			v.Key = rand.Text()
			s.render(w, http.StatusOK, "ask.html", v)
			return
		}
		if v.take(r.PostForm); len(v.Wrong) > 0 {
			s.render(w, http.StatusUnprocessableEntity, "ask.html", v)
			return
		}
		to, err := s.once.do(callerOf(r), v.Key, s.Now(), func() (string, error) {
			return j.do(r.Context(), authority.By{Operator: callerOf(r).name, Reason: v.Reason})
		})
		if v.Problem = problem(err); v.Problem != "" {
			s.render(w, http.StatusConflict, "ask.html", v)
			return
		} else if err != nil {
			s.fail(w, r, err)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
}

// trusted lets a page be seen only when there is an authority.
func (s *server) trusted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Trust == nil {
			p := s.page(r, "notrust.title")
			s.render(w, http.StatusServiceUnavailable, "notrust.html", &p)
			return
		}
		next(w, r)
	}
}

// problem returns the key of words for an error that an operator can do something
// about; empty for others.
func problem(err error) string {
	for _, p := range []struct {
		err error
		key string
	}{
		{authority.ErrUsed, "why.used"},
		{authority.ErrExpired, "why.expired"},
		{authority.ErrExists, "why.exists"},
		{authority.ErrKey, "why.key"},
		{cert.ErrCode, "why.code"},
		{cert.ErrNotProvisional, "why.decided"},
		{cert.ErrVoucher, "why.voucher"},
		{cert.ErrRevoked, "why.revoked"},
		{cert.ErrOtherFacility, "why.facility"},
		{cert.ErrSignature, "why.signature"},
		{cert.ErrIssuer, "why.issuer"},
		{cert.ErrVersion, "why.version"},
		{registrar.ErrProblem, "why.problem"},
		{hub.ErrNoAnswer, "why.noanswer"},
		{hub.ErrStolen, "tel.stolen"},
		{spoken.ErrCode, "why.mistyped"},
		{cert.ErrKind, "why.kind"},
		{cert.ErrForm, "why.form"},
	} {
		if errors.Is(err, p.err) {
			return p.key
		}
	}
	return ""
}
