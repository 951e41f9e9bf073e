package hubmain_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
)

// browser is an operator's, logged in, in English.
type browser struct {
	t    *testing.T
	c    *http.Client
	base string
}

func browse(t *testing.T, h *running) *browser {
	t.Helper()
	b := &browser{t, newClient(t), "http://" + h.WebAddr()}
	b.post("/login", url.Values{"token": {h.Token()}})
	b.post("/lang", url.Values{"lang": {"en"}, "back": {"/certs"}})
	return b
}

func (b *browser) page(r *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		b.t.Fatal(r.Request.URL, r.StatusCode, err, string(text))
	}
	return string(text)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	return b.page(b.c.Get(b.base + path))
}

func (b *browser) post(path string, v url.Values) string {
	b.t.Helper()
	return b.page(b.c.PostForm(b.base+path, v))
}

// send fills in the form of a page, hidden key included.
func (b *browser) send(path string, v url.Values) string {
	b.t.Helper()
	if m := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(b.get(path)); m != nil {
		v.Set("key", m[1])
	}
	return b.post(path, v)
}

// TestOperatingByPages brings a box in without a link, locks it and reports it
// stolen, all by pages, with a real broker between.
func TestOperatingByPages(t *testing.T) {
	h := start(t, trusted(t, t.TempDir()))
	b := browse(t, h)
	body := b.send("/invitations/new", url.Values{"code": {facility}, "name": {"Trạm Y tế xã Mẫu"}, "box": {"tram-01"}, "book": {"a"}, "days": {"30"}})
	code, err := cert.ParseCode(regexp.MustCompile(`class="big">([^<]+)<`).FindStringSubmatch(body)[1])
	if err != nil {
		t.Fatal(err)
	}
	m := hubtest.NewMachine(code)
	text, err := cert.Text(m.Request)
	if err != nil {
		t.Fatal(err)
	}
	body = b.post("/carried", url.Values{"text": {text}})
	serial := regexp.MustCompile(`href="/carried/([0-9a-f]{32})/answer.bin"`).FindStringSubmatch(body)[1]
	if err := m.Accept([]byte(b.get("/carried/" + serial + "/answer.bin"))); err != nil {
		t.Fatal(err)
	}
	box := connect(t, h, m, "tram-01")
	box.beat(0)
	at := "/certs/" + serial
	box.eventually("the page shows the heartbeat", func() bool { return strings.Contains(b.get(at), "✓ Open") })
	if !strings.Contains(b.get(at), "/boxes/tram-01") {
		t.Error("the box has no row")
	}
	b.send(at+"/lock", url.Values{"reason": {"thử"}})
	box.eventually("the order reaches the box", func() bool { return box.ordered(cert.OpLock) })
	box.beat(1)
	box.eventually("the page shows that it obeyed", func() bool { return strings.Contains(b.get(at), "Obeyed") })
	body = b.send(at+"/stolen", url.Values{"reason": {"thử"}, "typed": {"tram-01"}})
	if !strings.Contains(body, "Reported as stolen") {
		t.Error(body)
	}
	box.eventually("the order to erase reaches the thief", func() bool { box.beat(1); return box.ordered(cert.OpErase) })
	body = b.post("/history/verify", nil)
	for _, want := range []string{"The whole history verifies", "Order: erase", "A box came in", "first"} {
		if !strings.Contains(body, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
}
