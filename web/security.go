package web

import "net/http"

const (
	bodyLimit   = 64 << 10 // the largest form is a prescription of 30 lines: 12 KB
	headerLimit = 16 << 10
)

// policy allows what comes from the box itself and nothing else: no inline script
// or style, no frame, no form that posts elsewhere.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard puts the headers on every answer, refuses requests that another site
// started, and limits bodies.
func guard(next http.Handler, refused http.HandlerFunc) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(refused)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Not no-referrer: with it browsers send "Origin: null", and on plain HTTP,
		// where Sec-Fetch-Site is absent, every form would be refused.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store") // assets set their own
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		cross.Handler(next).ServeHTTP(w, r)
	})
}
