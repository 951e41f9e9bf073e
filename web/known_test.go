package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestGuessesFromATabletLockThatTabletOut: who guesses from a browser of their own
// locks out browsers like it; the nurse goes on in the one that she uses, and both
// sides read what to do.
func TestGuessesFromATabletLockThatTabletOut(t *testing.T) {
	w := newWorld(t, 0)
	own := w.login(w.nurse, nursePIN)
	at := "/login/" + w.nurse.String()
	tablet := w.browser()
	for range 10 {
		tablet.post(at, url.Values{"pin": {"000001"}})
	}
	if a := tablet.post(at, url.Values{"pin": {nursePIN}}); a.status == http.StatusSeeOther || !strings.Contains(a.text(), "máy lạ") {
		t.Fatalf("the eleventh: %d %s", a.status, a.text())
	}
	if a := w.browser().post(at, url.Values{"pin": {nursePIN}}); a.status == http.StatusSeeOther {
		t.Error("another unknown browser may go on guessing")
	}
	if a := own.get("/staff"); !strings.Contains(a.text(), "Mã PIN bị khóa với máy lạ") {
		t.Errorf("nobody sees it: %s", a.text())
	}
	own.post("/logout", nil)
	if a := own.post(at, url.Values{"pin": {nursePIN}}); a.status != http.StatusSeeOther {
		t.Errorf("the nurse is locked out of her own browser: %d %s", a.status, a.text())
	}
	// The mark of one person is none for another, and a changed one is none at all.
	name := knownCookie(w.nurse)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, c := range own.client.Jar.Cookies(&url.URL{Scheme: own.scheme, Host: "box.test", Path: "/"}) {
		if c.Name == name {
			r.AddCookie(c)
			r.AddCookie(&http.Cookie{Name: knownCookie(w.doctor), Value: c.Value})
		}
	}
	if !w.web.familiar(r, w.nurse) || w.web.familiar(r, w.doctor) {
		t.Error("the mark does not belong to the nurse alone")
	}
	bad, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	bad.AddCookie(&http.Cookie{Name: name, Value: strings.Repeat("00", 48)})
	if w.web.familiar(bad, w.nurse) {
		t.Error("a forged mark counts")
	}
}
