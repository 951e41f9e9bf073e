package health_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/device/health"
)

func codes(r *health.Registry) []string {
	out := []string{}
	for _, s := range r.States() {
		out = append(out, s.Code)
	}
	return out
}

func TestCauseHidesEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := health.New(time.Now, health.Box())
		set := func(want []string, code string, failing bool) {
			t.Helper()
			r.Set(code, failing)
			time.Sleep(time.Hour)
			if got := codes(r); !slices.Equal(got, want) {
				t.Fatalf("%s=%v: %v, want %v", code, failing, got, want)
			}
		}
		set([]string{"printer.stopped"}, health.PrinterStopped, true)
		set([]string{"printer.paper"}, health.PrinterPaper, true)
		set([]string{"printer.absent"}, health.PrinterAbsent, true)
		if h := r.States()[0].Hides; !slices.Equal(h, []string{"printer.paper", "printer.stopped"}) {
			t.Fatalf("hidden: %v", h)
		}
		set([]string{"printer.absent"}, health.PrinterPaper, false)
		set([]string{"printer.stopped"}, health.PrinterAbsent, false)
		set([]string{"store.failed", "printer.stopped"}, health.StoreFailed, true)
		set([]string{"store.failed", "printer.stopped", "something.new"}, "something.new", true)
	})
}

func TestYoungCausesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := health.New(time.Now, health.Box())
		r.Set(health.LinkDown, true)
		r.Set(health.HubSilent, true)
		if got := codes(r); len(got) != 0 {
			t.Fatalf("a link that drops for a second worries people: %v", got)
		}
		time.Sleep(2 * time.Minute)
		r.Set(health.LinkDown, true) // said again: the time stays
		if s := r.States(); len(s) != 1 || time.Since(s[0].Since) != 2*time.Minute {
			t.Fatalf("%+v", s)
		}
		r.Set(health.LinkDown, false)
		r.Set(health.LinkDown, true)
		if got := codes(r); len(got) != 0 {
			t.Fatalf("a new failure took the old one's age: %v", got)
		}
	})
}

func TestCyclesEnd(t *testing.T) {
	r := health.New(time.Now, []health.Cause{
		{Code: "a", Hides: []string{"b"}},
		{Code: "b", Hides: []string{"c"}},
		{Code: "c", Hides: []string{"a"}},
	})
	r.Set("a", true)
	r.Set("c", true)
	r.States() // would not return
}

func TestBoxCausesAreWhole(t *testing.T) {
	known := map[string]bool{}
	for _, c := range health.Box() {
		if known[c.Code] || c.VI == "" || c.EN == "" || health.Worst([]health.State{{Severity: c.Severity}}) != c.Severity {
			t.Errorf("%s: twice, or without words or severity", c.Code)
		}
		known[c.Code] = true
	}
	for _, c := range health.Box() {
		for _, h := range c.Hides {
			if !known[h] {
				t.Errorf("%s hides %s, which nobody knows", c.Code, h)
			}
		}
	}
}

func TestHandler(t *testing.T) {
	for _, tt := range []struct {
		set    string
		status string
		code   int
	}{
		{"", "ok", http.StatusOK},
		{health.KeysDevelopment, "ok", http.StatusOK},
		{health.PrinterPaper, "degraded", http.StatusOK},
		{health.StoreFailed, "failed", http.StatusServiceUnavailable},
	} {
		r := health.New(time.Now, health.Box())
		if tt.set != "" {
			r.Set(tt.set, true)
		}
		w := httptest.NewRecorder()
		r.Handler("tram-01", "v1").ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		var rep health.Report
		if err := json.NewDecoder(w.Body).Decode(&rep); err != nil {
			t.Fatal(err)
		}
		if rep.Status != tt.status || w.Code != tt.code || rep.Box != "tram-01" || rep.Causes == nil {
			t.Errorf("%s: %d %+v", tt.set, w.Code, rep)
		}
	}
}
