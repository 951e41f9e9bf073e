package boxmain

import (
	"embed"
	"html/template"
	"net/http"
	"sync/atomic"
)

//go:embed opening.html
var openingFS embed.FS

var openingPage = template.Must(template.ParseFS(openingFS, "opening.html"))

// opening is what the box says while its records are being opened, which may take
// minutes after damage. /healthz answers 503 meanwhile.
type opening struct {
	done, total atomic.Uint64
	healthz     http.Handler
}

func newOpening(healthz http.Handler) *opening { return &opening{healthz: healthz} }

// Progress is a store.Options.Progress.
func (o *opening) Progress(done, total uint64) {
	o.done.Store(done)
	o.total.Store(total)
}

// Percent is how far the opening came, 0 when nothing is known.
func (o *opening) Percent() int {
	done, total := o.done.Load(), o.total.Load()
	if total == 0 {
		return 0
	}
	return int(min(done, total) * 100 / total)
}

func (o *opening) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" {
		o.healthz.ServeHTTP(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Cache-Control", "no-store")
	h.Set("Refresh", "2") // without JavaScript; a form that was sent is asked for again
	h.Set("Retry-After", "2")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = openingPage.Execute(w, o) // the client went away: nothing to do
}
