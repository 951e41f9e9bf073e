package web

import (
	"net/http"
	"strings"
)

const (
	bodyLimit   = 64 << 10 // the largest form is a prescription of 30 lines: 12 KB
	headerLimit = 16 << 10
)

// policy allows what comes from the box itself and nothing else: no inline script
// or style, no frame, no form that posts elsewhere.
const policy = "default-src 'self'; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// strict are the headers of every answer, by name.
func strict() map[string]string {
	return map[string]string{
		"Content-Security-Policy": policy,
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
		// Not no-referrer: with it browsers send "Origin: null", and on plain HTTP,
		// where Sec-Fetch-Site is absent, every form would be refused.
		"Referrer-Policy":                   "same-origin",
		"Permissions-Policy":                "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), browsing-topics=()",
		"Cross-Origin-Opener-Policy":        "same-origin",
		"Cross-Origin-Resource-Policy":      "same-origin",
		"Origin-Agent-Cluster":              "?1",
		"X-Permitted-Cross-Domain-Policies": "none",
		"X-DNS-Prefetch-Control":            "off",
		"X-Robots-Tag":                      "noindex",
		"Cache-Control":                     "no-store", // assets set their own
	}
}

// remembered keeps a browser from the plain address once it has been here over
// HTTPS. A browser offers no way round a bad certificate then, which is meant.
const remembered = "max-age=31536000"

// guard puts the headers on every answer, refuses requests that another site
// started, and limits bodies.
func guard(next http.Handler, refused http.HandlerFunc) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(refused)
	inner := cross.Handler(next)
	headers := strict()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range headers {
			h.Set(name, value)
		}
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", remembered)
		}
		if !takesFile(r) { // then whoever knows the person does: takeFile
			r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		}
		if r.TLS != nil && r.Method != http.MethodGet && strings.HasPrefix(r.Header.Get("Origin"), "http://") {
			refused(w, r) // the check compares hosts only; anybody on the Wi-Fi can play the plain one
			return
		}
		inner.ServeHTTP(w, r)
	})
}
