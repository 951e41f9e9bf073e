package pages

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

const (
	cookieName = "clinichub"
	langCookie = "clinichub_lang"
	cookieLife = 12 * time.Hour
)

// guard lets only the operator pass, but for the open routes. Programs give the
// token as a bearer, people log in.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, p := range open() {
			if r.URL.Path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(r.URL.Path, p) {
				next.ServeHTTP(w, r)
				return
			}
		}
		if !s.isOperator(r) {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *server) isOperator(r *http.Request) bool {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.isToken(t)
	}
	c, err := r.Cookie(cookieName)
	return err == nil && s.validCookie(c.Value)
}

func (s *server) isToken(t string) bool {
	a, b := sha256.Sum256([]byte(t)), sha256.Sum256([]byte(s.Token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// cookie holds its end and a MAC under the token: it survives a restart of the
// hub, and a new token ends every session.
func (s *server) cookie(until time.Time) string {
	end := until.UTC().Format(time.RFC3339)
	return end + "." + base64.RawURLEncoding.EncodeToString(s.mac(end))
}

func (s *server) mac(end string) []byte {
	m := hmac.New(sha256.New, []byte(s.Token))
	m.Write([]byte("clinichub operator cookie v1\x00" + end))
	return m.Sum(nil)
}

func (s *server) validCookie(v string) bool {
	end, sig, ok := strings.Cut(v, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sig)
	if !ok || err != nil || !hmac.Equal(mac, s.mac(end)) {
		return false
	}
	t, err := time.Parse(time.RFC3339, end)
	return err == nil && s.Now().Before(t)
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	s.render(w, http.StatusOK, "login.html", &loginView{page: s.page(r, "login.title")})
}

func (s *server) enter(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.errorPage(w, r, http.StatusBadRequest, "err.toolarge")
		return
	}
	if !s.isToken(strings.TrimSpace(r.PostFormValue("token"))) {
		s.Log.Warn("operator log-in refused")
		s.render(w, http.StatusForbidden, "login.html", &loginView{page: s.page(r, "login.title"), Wrong: true})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: s.cookie(s.Now().Add(cookieLife)), Path: "/", MaxAge: int(cookieLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *server) leave(w http.ResponseWriter, r *http.Request) {
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
