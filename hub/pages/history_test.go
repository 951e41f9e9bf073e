package pages_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
	"clinicbox/internal/cert"
	"clinicbox/internal/spoken"
)

func jar(t *testing.T) http.CookieJar {
	t.Helper()
	j, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestHistory(t *testing.T) {
	s := trusted(t)
	m := s.trust.join("tram-01")
	for i := range 60 {
		by := s.trust.By
		by.Reason = fmt.Sprintf("lần %d <b>", i)
		if err := s.trust.Note(t.Context(), by, "answer", "tram-01 "+m.Serial().String()); err != nil {
			t.Fatal(err)
		}
	}
	_, body := s.get("/history")
	has(t, body, "lần 59 &lt;b&gt;", "Answered by telephone", "Vận hành Mẫu", m.Serial().String()[:8], "Older")
	if strings.Contains(body, "lần 5 ") {
		t.Error("all on one page")
	}
	_, body = s.get("/history?before=" + between(t, body, "?before=", `"`))
	has(t, body, "lần 5 ", "A box came in", "New issuing key")

	code, body := s.post("/history/verify", nil)
	head, err := s.trust.Head(t.Context())
	if code != 200 || err != nil {
		t.Fatal(code, err)
	}
	has(t, body, "The whole history verifies", head.Hash.String(), fmt.Sprint(head.Seq))

	_, file := s.get("/history/history.txt")
	if got, err := cert.VerifyHistory(s.trust.Authority.Root(), lines(file)); err != nil || got != head {
		t.Error("the auditor's file:", got, err)
	}
	has(t, file, "# clinicbox history 1", cert.Fingerprint(s.trust.Authority.Root()))
}

// lines reads the auditor's file.
func lines(file string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for line := range strings.Lines(file) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
			if !yield(raw, err) {
				return
			}
		}
	}
}

// TestTamperingIsShown changes, exchanges and cuts off entries behind the
// authority's back.
func TestTamperingIsShown(t *testing.T) {
	for name, tamper := range map[string]func(*trust){
		"changed": func(c *trust) {
			c.store.Tamper("history", historyKey(3), func(b []byte) []byte { b[len(b)-3] ^= 1; return b })
		},
		"exchanged": func(c *trust) {
			first := c.store.Rows()["history\x00"+historyKey(2)]
			c.store.Tamper("history", historyKey(3), func([]byte) []byte { return first })
		},
		"cut off": func(c *trust) { c.store.Remove("history", historyKey(4)) },
		"hole":    func(c *trust) { c.store.Remove("history", historyKey(2)) },
		"garbage": func(c *trust) { c.store.Tamper("history", historyKey(4), func([]byte) []byte { return []byte("x") }) },
	} {
		t.Run(name, func(t *testing.T) {
			s := trusted(t)
			s.trust.join("tram-01")
			tamper(s.trust)
			code, body := s.post("/history/verify", nil)
			if code != 200 || strings.Contains(body, "The whole history verifies") {
				t.Fatal(code)
			}
			has(t, body, "does NOT verify", "It verifies up to line")
		})
	}
}

func TestTelephone(t *testing.T) {
	s := trusted(t)
	s.trust.join("tram-01")
	s.trust.calls.challenge, s.trust.calls.answer = spoken.New(2), spoken.New(6)
	_, body := s.get("/telephone")
	has(t, body, "tram-01")
	_, body = s.get("/telephone/tram-01")
	has(t, body, "0203 000 0000", "call the station back")
	form := url.Values{"key": {s.key("/telephone/tram-01")}, "challenge": {s.trust.calls.challenge.Reveal()}}
	code, body := s.post("/telephone/tram-01", form)
	if code != 422 {
		t.Fatal(code)
	}
	has(t, body, "Give a reason", "Confirm that you called back", s.trust.calls.challenge.Reveal())
	form.Set("reason", "trưởng trạm, đã gọi lại")
	form.Set("sure", "yes")
	wrong := spoken.New(2).Reveal()
	for challenge, word := range map[string]string{wrong[:12] + "2": "Mistyped", wrong: "left no answer", "x": "mistyped"} {
		form.Set("challenge", challenge)
		if code, body = s.post("/telephone/tram-01", form); code != 409 {
			t.Error(challenge, code)
		}
		if challenge != wrong[:12]+"2" || wrong[12] != '2' {
			has(t, body, word)
		}
	}
	form.Set("challenge", strings.ToLower(s.trust.calls.challenge.Reveal()))
	code, body = s.post("/telephone/tram-01", form)
	if code != 200 {
		t.Fatal(code)
	}
	for _, g := range strings.Split(s.trust.calls.answer.Reveal(), "-") {
		has(t, body, "<li>"+g+"</li>")
	}
	_, body = s.post("/telephone/tram-01", form) // a second click: the same page once more
	has(t, body, "the last time")
	if n := s.trust.count("answer"); n != 1 {
		t.Error("answered", n)
	}
	if code, _ = s.get("/telephone/nobody"); code != 404 {
		t.Error(code)
	}
	if _, err := s.trust.Stolen(t.Context(), s.trust.By, "tram-01", 1); err != nil {
		t.Fatal(err)
	}
	_, body = s.get("/telephone/tram-01")
	has(t, body, "There is no answer")
	form.Set("key", "another")
	if code, _ = s.post("/telephone/tram-01", form); code != 422 || s.trust.count("answer") != 1 {
		t.Error("a thief was answered", code)
	}
}

// TestOperatorsEnd: an operator who ended is out at once, also with an old cookie.
func TestOperatorsEnd(t *testing.T) {
	s := openSite(t, true)
	mau := hub.Operator{Name: "Nguyễn Thị Mẫu", Token: sha256.Sum256([]byte("token-of-mau-12345678")), Added: dbtest.At(1)}
	if err := s.db.AddOperator(t.Context(), mau); err != nil {
		t.Fatal(err)
	}
	code, body := s.post("/login", url.Values{"token": {"token-of-mau-12345678 "}})
	if code != 200 {
		t.Fatal(code)
	}
	has(t, body, mau.Name)
	as, err := s.db.Alarms(t.Context(), "tram-03", 1)
	if err != nil || len(as) != 1 {
		t.Fatal(as, err)
	}
	s.post("/boxes/tram-03/ack", url.Values{"alarm": {fmt.Sprintf("%d:%d", as[0].ID, as[0].Count)}})
	_, body = s.get("/boxes/tram-03")
	has(t, body, mau.Name+"</span></td>")
	if err := s.db.EndOperator(t.Context(), mau.Name, dbtest.At(60)); err != nil {
		t.Fatal(err)
	}
	if _, body = s.get("/certs"); !strings.Contains(body, `name="token"`) {
		t.Error("an ended operator's session goes on")
	}
	if code, _ = s.post("/login", url.Values{"token": {"token-of-mau-12345678"}}); code != 403 {
		t.Error("an ended operator logged in", code)
	}
	s.enter()
	s.now = s.now.Add(13 * time.Hour)
	if _, body = s.get("/"); !strings.Contains(body, `name="token"`) {
		t.Error("a session without end")
	}
}

func TestWrongTokensAreLimited(t *testing.T) {
	s := newSite(t)
	for range 10 {
		if code, _ := s.post("/login", url.Values{"token": {"wrong"}}); code != 403 {
			t.Fatal(code)
		}
	}
	code, body := s.post("/login", url.Values{"token": {token}})
	if code != 429 || !strings.Contains(body, "Hãy đợi") {
		t.Fatal("tries are not limited", code)
	}
	req, _ := http.NewRequest("GET", s.URL+"/", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != 429 || r.Header.Get("Retry-After") == "" {
		t.Error("a program may guess", r.StatusCode, err)
	}
	r.Body.Close()
	s.now = s.now.Add(11 * time.Second)
	s.enter()
}
