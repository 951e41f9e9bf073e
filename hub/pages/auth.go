package pages

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clinicbox/hub"
)

const (
	cookieName = "clinichub"
	langCookie = "clinichub_lang"
	cookieLife = 12 * time.Hour
)

// Operators is what the pages ask of who may use them.
type Operators interface {
	// Operator returns who has the name, in service or ended, or hub.ErrOperator.
	Operator(ctx context.Context, name string) (hub.Operator, error)
	// OperatorOf returns who is in service with that token (its SHA-256), or
	// hub.ErrOperator.
	OperatorOf(ctx context.Context, token [32]byte) (hub.Operator, error)
}

// caller is who asks. session tells apart two log-ins of one person.
type caller struct{ name, session string }

type callerKey struct{}

// callerOf returns who asks; nobody on the routes that are open.
func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

// guard lets only operators pass, but for the open routes. Programs give the token
// as a bearer, people log in.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, p := range open() {
			if r.URL.Path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(r.URL.Path, p) {
				next.ServeHTTP(w, r)
				return
			}
		}
		c, err := s.identify(r)
		switch {
		case errors.Is(err, errTooMany):
			s.tooMany(w, r)
		case errors.Is(err, hub.ErrOperator):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case err != nil:
			s.fail(w, r, err)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
		}
	})
}

// errTooMany: the address must wait before it tries another token.
var errTooMany = errors.New("hub/pages: too many wrong tokens")

// identify finds who asks, or returns hub.ErrOperator.
func (s *server) identify(r *http.Request) (caller, error) {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		o, err := s.try(r, t)
		return caller{o.Name, "bearer " + o.Name}, err
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return caller{}, hub.ErrOperator
	}
	return s.readCookie(r.Context(), c.Value)
}

// try looks a token up, within the limit of the address.
func (s *server) try(r *http.Request, token string) (hub.Operator, error) {
	from := addressOf(r.RemoteAddr)
	if s.tries.wait(from, s.Now()) > 0 {
		return hub.Operator{}, errTooMany
	}
	o, err := s.Operators.OperatorOf(r.Context(), sha256.Sum256([]byte(token)))
	if errors.Is(err, hub.ErrOperator) {
		s.tries.wrong(from, s.Now())
		s.Log.Warn("operator refused", "addr", from.String())
	}
	return o, err
}

// cookie holds the name, the session, its end and a MAC under our secret and the
// operator's token: it survives a restart of the hub, and ends with the operator or
// with the token.
func (s *server) cookie(o hub.Operator, until time.Time) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(o.Name)) + "." + rand.Text() + "." + strconv.FormatInt(until.Unix(), 10)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(o, text))
}

func (s *server) mac(o hub.Operator, text string) []byte {
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte("clinichub operator cookie v2\x00"))
	m.Write(o.Token[:])
	m.Write([]byte(text))
	return m.Sum(nil)
}

func (s *server) readCookie(ctx context.Context, v string) (caller, error) {
	f := strings.Split(v, ".")
	if len(f) != 4 {
		return caller{}, hub.ErrOperator
	}
	name, err := base64.RawURLEncoding.DecodeString(f[0])
	mac, err2 := base64.RawURLEncoding.DecodeString(f[3])
	end, err3 := strconv.ParseInt(f[2], 10, 64)
	if err != nil || err2 != nil || err3 != nil || s.Now().Unix() >= end {
		return caller{}, hub.ErrOperator
	}
	o, err := s.Operators.Operator(ctx, string(name))
	if err != nil {
		return caller{}, err
	}
	if !o.Ended.IsZero() || !hmac.Equal(mac, s.mac(o, strings.Join(f[:3], "."))) {
		return caller{}, hub.ErrOperator
	}
	return caller{o.Name, f[1]}, nil
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	s.render(w, http.StatusOK, "login.html", &loginView{page: s.page(r, "login.title")})
}

func (s *server) enter(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.errorPage(w, r, http.StatusBadRequest, "err.toolarge")
		return
	}
	o, err := s.try(r, strings.TrimSpace(r.PostFormValue("token")))
	switch {
	case errors.Is(err, errTooMany):
		s.tooMany(w, r)
		return
	case errors.Is(err, hub.ErrOperator):
		s.render(w, http.StatusForbidden, "login.html", &loginView{page: s.page(r, "login.title"), Wrong: true})
		return
	case err != nil:
		s.fail(w, r, err)
		return
	}
	s.Log.Info("operator logged in", "who", o.Name)
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: s.cookie(o, s.Now().Add(cookieLife)), Path: "/", MaxAge: int(cookieLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// tooMany tells how long to wait.
func (s *server) tooMany(w http.ResponseWriter, r *http.Request) {
	d := s.tries.wait(addressOf(r.RemoteAddr), s.Now())
	n := int(d.Seconds()) + 1
	w.Header().Set("Retry-After", strconv.Itoa(n))
	s.render(w, http.StatusTooManyRequests, "login.html", &loginView{page: s.page(r, "login.title"), Wait: n})
}

func (s *server) leave(w http.ResponseWriter, r *http.Request) {
	s.once.end(callerOf(r))
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// language sets the cookie and goes back to the page, on this server only.
func (s *server) language(w http.ResponseWriter, r *http.Request) {
	lang, back := r.PostFormValue("lang"), r.PostFormValue("back")
	if _, ok := s.words[lang]; ok {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.Contains(back, `\`) {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
