package health

import (
	"encoding/json"
	"net/http"
	"time"
)

// Report is the body of /healthz. It holds nothing about patients.
type Report struct {
	Status  string    `json:"status"` // "ok", "degraded" or "failed"
	Version string    `json:"version"`
	Box     string    `json:"box,omitempty"`
	Time    time.Time `json:"time"`
	Causes  []State   `json:"causes"`
}

// Handler serves the report: 200 while records can be made, degraded or not, and
// 503 when they cannot.
func (r *Registry) Handler(box, version string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		states := r.States()
		rep := Report{Status: "ok", Version: version, Box: box, Time: r.now().UTC().Truncate(time.Second), Causes: states}
		code := http.StatusOK
		switch Worst(states) {
		case Failure:
			rep.Status, code = "failed", http.StatusServiceUnavailable
		case Warning:
			rep.Status = "degraded"
		}
		if rep.Causes == nil {
			rep.Causes = []State{}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(rep) // the client went away: nothing to do
	})
}
