package hubmain_test

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clinicbox/cmd/internal/hubmain"
)

// TestOperators adds and ends people beside a running centre.
func TestOperators(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hub.toml")
	text := "[data]\ndir=\"data\"\nkeys=\"hub.keys\"\n[broker]\nlisten=\"127.0.0.1:0\"\n[web]\nlisten=\"127.0.0.1:0\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		p := hubmain.Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
		err := p.ParseFlags(append([]string{"operator", "-config", path}, args...))
		if err == nil {
			err = p.Run(t.Context())
		}
		return p.Report(err), out.String() + errs.String()
	}
	h := start(t, conf(dir))
	enters := func(token string) bool {
		t.Helper()
		r, err := newClient(t).PostForm("http://"+h.WebAddr()+"/login", url.Values{"token": {token}})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode == 200
	}
	if code, out := run("end", "first"); code != hubmain.ExitFailure || !strings.Contains(out, "last operator") {
		t.Fatal(code, out)
	}
	code, out := run("add", "Nguyễn Thị Mẫu")
	token := regexp.MustCompile(`[A-Z2-7]{26}`).FindString(out)
	if code != 0 || token == "" {
		t.Fatal(code, out)
	}
	if !enters(token) || !enters(h.Token()) {
		t.Fatal("an operator is not let in")
	}
	if code, out := run("add", "Nguyễn Thị Mẫu"); code == 0 || strings.Contains(out, "once:") {
		t.Error(code, out)
	}
	if code, out = run("end", "first"); code != 0 {
		t.Fatal(code, out)
	}
	if code, out = run("list"); code != 0 || !strings.Contains(out, "Nguyễn Thị Mẫu") || !strings.Contains(out, "ended") || strings.Contains(out, token) {
		t.Error(code, out)
	}
	first := h.Token()
	for range 2 {
		if enters(first) || !enters(token) {
			t.Error("the first operator's token still works, or the other's does not")
		}
		h.stop()
		if err := os.Remove(filepath.Join(dir, "data", "operator.token")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		h = start(t, conf(dir))
		if h.Token() != "" {
			t.Error("a new token for somebody who ended")
		}
	}
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}
