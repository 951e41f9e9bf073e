package web

import (
	"net/http"
	"time"
)

// Names of cookies. Over TLS each carries the prefix by which browsers refuse one
// that was set over plain HTTP or by another host.
const (
	sessionCookie = "clinicbox_session"
	browserCookie = "clinicbox_browser"
	langCookie    = "clinicbox_lang"

	hostPrefix = "__Host-"
)

func cookieName(r *http.Request, name string) string {
	if r.TLS != nil {
		return hostPrefix + name
	}
	return name
}

// newCookie makes a cookie for the way the request came: one of HTTPS never
// travels in clear, one of plain HTTP means nothing over HTTPS.
func newCookie(r *http.Request, name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(r, name), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
}

// readCookie returns the cookie's value, empty without one.
func readCookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}
