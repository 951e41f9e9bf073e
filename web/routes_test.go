package web

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
)

// publicList is the list that a reviewer reads: nothing else answers without login.
func publicList() []string {
	return []string{
		"GET /assets/", "GET /favicon.ico", "GET /healthz", "GET /lock", "GET /login", "GET /login/{person}",
		"GET /trust", "GET /trust/clinicbox-root.crt", "GET /trust/clinicbox-root.pem", "GET /trust/qr.png",
		"POST /draft", "POST /language", "POST /login/{person}", "POST /logout", "POST /unlock",
	}
}

func TestPublicRoutes(t *testing.T) {
	w := newWorld(t, 0)
	if got := slices.Sorted(maps.Keys(w.web.publicRoutes())); !slices.Equal(got, publicList()) {
		t.Errorf("routes without login:\n%s", strings.Join(got, "\n"))
	}
}

var hole = regexp.MustCompile(`\{[a-z]+\}`)

// address makes a path of a pattern with random IDs in its holes.
func address(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	path = strings.ReplaceAll(path, "{list}", "icd10")
	return method, hole.ReplaceAllStringFunc(path, func(string) string { return clinic.NewID().String() })
}

// form carries the IDs of a path, so that only access is in question.
func formOf(path string) url.Values {
	v := url.Values{}
	parts := strings.Split(path, "/")
	if len(parts) > 2 && parts[1] == "patients" {
		v.Set("patient", parts[2])
	}
	if len(parts) > 4 {
		v.Set("visit", parts[4])
	}
	return v
}

func TestNothingWithoutLogin(t *testing.T) {
	w := newWorld(t, 0)
	stranger, tech := w.browser(), w.login(w.tech, techPIN)
	for pattern := range w.web.recordRoutes() {
		method, path := address(pattern)
		ask := func(b *browser) answer {
			if method == http.MethodPost {
				return b.post(path, formOf(path))
			}
			return b.get(path)
		}
		a := ask(stranger)
		script := path == "/events" || strings.HasPrefix(path, "/suggest/")
		if script && a.status != http.StatusUnauthorized || !script && (a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login")) {
			t.Errorf("%s without login: %d %s", pattern, a.status, a.location)
		}
		if a := ask(tech); a.status != http.StatusForbidden {
			t.Errorf("%s as technician: %d", pattern, a.status)
		}
	}
	for pattern := range w.web.staffRoutes() {
		method, path := address(pattern)
		a := stranger.get(path)
		if method == http.MethodPost {
			a = stranger.post(path, nil)
		}
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login") {
			t.Errorf("%s without login: %d %s", pattern, a.status, a.location)
		}
	}
	if a := tech.get("/status"); a.status != http.StatusOK || strings.Contains(a.body, "cb-nav") {
		t.Errorf("technician's status page: %d", a.status)
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	before := w.store.Len()
	for _, h := range []http.Header{
		{"Origin": {"http://evil.test"}},
		{"Origin": {"null"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
	} {
		v := person("Người Lạ", "")
		v.Set("act", clinic.NewID().String())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://box.test/register", strings.NewReader(v.Encode()))
		w.must(err)
		req.Header = h
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := b.do(req); a.status != http.StatusForbidden || !strings.Contains(a.text(), "Chưa lưu gì") {
			t.Errorf("%v: %d", h, a.status)
		}
	}
	if w.store.Len() != before {
		t.Error("a refused form was saved")
	}
}

func TestErrorPages(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	long := url.Values{"name": {strings.Repeat("a", bodyLimit)}}
	none := clinic.NewID().String()
	for _, c := range []struct {
		name   string
		a      answer
		status int
		words  string
	}{
		{"no page", b.get("/nothing"), 404, "Không có trang này"},
		{"no patient", b.get("/patients/" + none), 404, "Không có hồ sơ này"},
		{"bad ID", b.get("/patients/1;DROP"), 404, "Không có trang này"},
		{"method", b.post("/status", nil), 405, "theo cách đó"},
		{"too large", b.post("/register", long), 413, "Chưa lưu phần này"},
		{"bad form", b.post("/register?%zz", nil), 400, "Không đọc được"},
		{"old asset", b.get("/assets/clinicbox.000000000000.css"), 404, "Không có trang này"},
	} {
		if c.a.status != c.status || !strings.Contains(c.a.text(), c.words) || !strings.Contains(c.a.body, "cb-strip") {
			t.Errorf("%s: %d, want %d with %q: %s", c.name, c.a.status, c.status, c.words, c.a.text())
		}
		if c.a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", c.name)
		}
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t, 0)
	b := w.browser()
	if a := b.get("/healthz"); a.status != http.StatusOK || a.body != "ok\n" {
		t.Errorf("healthy: %d %q", a.status, a.body)
	}
	w.box.notReady = []string{"store.rebuilding"}
	if a := b.get("/healthz"); a.status != http.StatusServiceUnavailable || a.body != "store.rebuilding\n" {
		t.Errorf("not ready: %d %q", a.status, a.body)
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "/find", "//evil.test", "/\\evil", "http://evil.test/", "/a?b", "javascript:1", "/%0d%0aX"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s)
		u, err := url.Parse(got)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") || err == nil && u.Host != "" {
			t.Errorf("localPath(%q) = %q", s, got)
		}
	})
}
