package enrol_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/hub/enrol"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
)

type world struct {
	t      *testing.T
	store  *authoritytest.Memory
	centre *hubtest.Centre
	h      http.Handler
	now    time.Time
	joined int
	fail   error
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: authoritytest.NewMemory(), now: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}
	w.centre = hubtest.NewCentre(t.Context(), w.store, func() time.Time { return w.now })
	w.h = enrol.New(enrol.Options{Authority: w.centre.Authority, Now: func() time.Time { return w.now }, Joined: func(context.Context) error {
		w.joined++
		return w.fail
	}})
	return w
}

func (w *world) invite(box string) cert.Code {
	w.t.Helper()
	c, err := w.centre.Invite(w.t.Context(), w.centre.By, hubtest.Invitation("22736", box))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) post(body []byte, change ...func(*http.Request)) (int, []byte) {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	r := httptest.NewRequest(http.MethodPost, "/enrol", bytes.NewReader(body))
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	b, _ := io.ReadAll(rec.Body)
	return rec.Code, b
}

func TestEnrol(t *testing.T) {
	w := newWorld(t)
	m := hubtest.NewMachine(w.invite("tram-01"))
	code, answer := w.post(m.Request)
	if code != 200 {
		t.Fatal(code, string(answer))
	}
	if err := m.Accept(answer); err != nil || m.Keys.Name != "tram-01" {
		t.Fatal(err)
	}
	if code, again := w.post(m.Request); code != 200 || !bytes.Equal(again, answer) || w.joined != 2 {
		t.Fatal("the same request again", code, w.joined)
	}
	w.fail = errors.New("disk full")
	if code, _ := w.post(m.Request); code != 503 {
		t.Fatal("answered though the box would not be let in", code)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	used := w.invite("a")
	if code, _ := w.post(hubtest.NewMachine(used).Request); code != 200 {
		t.Fatal(code)
	}
	ended := w.invite("b")
	w.invite("b")
	good := hubtest.NewMachine(w.invite("c"))
	if err := good.Accept(second(w.post(good.Request))); err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(hubtest.NewMachine(w.invite("d")).Request)
	flipped[100] ^= 1
	for name, c := range map[string]struct {
		body []byte
		want int
		word string
	}{
		"unknown code":                   {hubtest.NewMachine(cert.NewCode()).Request, 404, "does not know"},
		"used by another box":            {hubtest.NewMachine(used).Request, 409, "another box"},
		"replaced by a newer invitation": {hubtest.NewMachine(ended).Request, 410, "expired"},
		"nothing":                        {nil, 400, "cannot be read"},
		"garbage":                        {bytes.Repeat([]byte("x"), 2000), 400, "cannot be read"},
		"an answer":                      {second(w.post(good.Request)), 400, "not a request"},
		"a changed one":                  {flipped, 400, ""},
		"a proof of another code":        {proofOf(good.Request, hubtest.NewMachine(w.invite("e")).Request), 404, "does not know"},
		"too large":                      {make([]byte, enrol.MaxBody+1), 413, "too large"},
	} {
		code, body := w.post(c.body)
		if code != c.want || !strings.Contains(string(body), c.word) || strings.Contains(string(body), "cert:") {
			t.Errorf("%s: %d %q", name, code, body)
		}
	}
	w.now = w.now.Add(400 * 24 * time.Hour)
	w.store.Fail(authoritytest.NotApplied, 0)
	late := hubtest.NewMachine(w.invite2("f"))
	if code, body := w.post(late.Request); code != 200 {
		t.Error(code, string(body))
	}
	none := enrol.New(enrol.Options{})
	rec := httptest.NewRecorder()
	none.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/enrol", nil))
	if rec.Code != 503 {
		t.Error("without an authority:", rec.Code)
	}
}

// invite2 asks again after a failure.
func (w *world) invite2(box string) cert.Code {
	w.t.Helper()
	inv := hubtest.Invitation("22736", box)
	if _, err := w.centre.Invite(w.t.Context(), w.centre.By, inv); !errors.Is(err, authoritytest.ErrFault) {
		w.t.Fatal(err)
	}
	return w.invite(box)
}

func second(_ int, b []byte) []byte { return b }

// proofOf puts another request's proof behind a request.
func proofOf(request, other []byte) []byte {
	return append(bytes.Clone(request[:len(request)-32]), other[len(other)-32:]...)
}

func TestFaultKeepsTheCode(t *testing.T) {
	for _, f := range []authoritytest.Fault{authoritytest.NotApplied, authoritytest.Applied} {
		w := newWorld(t)
		m := hubtest.NewMachine(w.invite("a"))
		w.store.Fail(f, 0)
		if code, body := w.post(m.Request); code != 503 || !strings.Contains(string(body), "still good") {
			t.Fatal(code, string(body))
		}
		if err := m.Accept(second(w.post(m.Request))); err != nil {
			t.Error(f, err)
		}
	}
}

// counting counts what reaches the authority.
type counting struct{ n int }

// Enrol implements enrol.Authority.
func (c *counting) Enrol(context.Context, authority.By, []byte) ([]byte, error) {
	c.n++
	return nil, cert.ErrCode
}

func TestRates(t *testing.T) {
	now := time.Now()
	c := &counting{}
	h := enrol.New(enrol.Options{Authority: c, Now: func() time.Time { return now }})
	ask := func(remote, forwarded string) int {
		r := httptest.NewRequest(http.MethodPost, "/enrol", strings.NewReader("x"))
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	for range 100 {
		ask("203.0.113.7:1", "")
	}
	if c.n != 10 || ask("203.0.113.7:2", "198.51.100.1") != 429 {
		t.Fatalf("one address reached the authority %d times", c.n)
	}
	if ask("203.0.113.8:1", "") != 404 || ask("127.0.0.1:1", "198.51.100.2") != 404 {
		t.Fatal("others are kept out")
	}
	for i := range 100 {
		ask(fmt.Sprintf("[2001:db8::%x]:1", i), "") // one subnet is one guesser
	}
	if c.n != 22 {
		t.Fatalf("%d", c.n)
	}
	for i := range 10_000 {
		ask(fmt.Sprintf("198.18.%d.%d:1", i/250, i%250), "")
	}
	if c.n > 42 {
		t.Fatalf("all together reached the authority %d times at once", c.n)
	}
	now = now.Add(time.Hour)
	if ask("203.0.113.7:3", "") != 404 {
		t.Fatal("not let in after an hour")
	}
}
