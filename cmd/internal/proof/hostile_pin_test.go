package proof

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// guess types a wrong PIN so many times; each answer must say that it was wrong.
func (h *hostileBox) guess(n int, send func(pin string) page) {
	h.t.Helper()
	for i := range n {
		p := send("00000" + string(rune('0'+i%10)))
		if p.status != http.StatusUnprocessableEntity {
			h.t.Fatalf("wrong PIN: %d %.300s", p.status, p.text())
		}
		h.inWords("a wrong PIN", "vi", p, "pin.wrong")
	}
}

// TestElevenWrongPINs guesses at log-in: pauses, then a lock, which a restart of the
// box does not open.
func TestElevenWrongPINs(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	h.pause.Store(int64(time.Hour))
	v := h.comes()
	s := h.staff[hostileDoctor]
	login := func(pin string) page {
		return v.post("/login/"+s.ID.String(), url.Values{"pin": {pin}, "next": {"/find"}})
	}
	h.guess(5, login)
	v.refused([]ask{{"a sixth PIN at once, the right one", func() page { return login(s.PIN) }, 422, "pin.wait", []string{`value="/find"`}}})
	h.restart() // buys no try: five are counted, and the pause begins anew
	v = h.comes()
	v.refused([]ask{{"the right one after a restart", func() page { return login(s.PIN) }, 422, "pin.wait", nil}})
	h.pause.Store(0)
	h.restart()
	v = h.comes()
	h.guess(4, login)
	if p := login("000009"); !strings.Contains(p.text(), "0 lần") {
		t.Errorf("the tenth does not say that none is left: %.300s", p.text())
	}
	locked := []ask{
		{"an eleventh", func() page { return login("000010") }, 422, "pin.strangers", nil},
		{"the right one when it is too late", func() page { return login(s.PIN) }, 422, "pin.strangers", nil},
		{"a PIN of a thousand digits", func() page { return login(strings.Repeat("7", 1000)) }, 422, "pin.strangers", nil},
	}
	v.refused(locked)
	h.restart()
	v = h.comes()
	v.refused(locked)
	h.goesOn(h.login(hostileNurse)) // nobody else is locked out
	// A colleague opens it, and that is recorded.
	colleague, unlock := h.login(hostileColleague), "/staff/"+s.ID.String()+"/unlock"
	before := h.entries()
	f := colleague.form(unlock, nil)
	for name := range f {
		if f.Get(name) == "" {
			f.Set(name, h.staff[hostileColleague].PIN) // the one field to fill in
		}
	}
	if p := colleague.post(unlock, f); p.status != http.StatusSeeOther || h.entries() != before+1 {
		t.Fatalf("unlock: %d %.300s", p.status, p.text())
	}
	h.goesOn(h.login(hostileDoctor))
	h.log.Absent(s.PIN, "00000", s.Name)
}

// TestWrongPINsAtSigning guesses at the signature, and at a locked screen.
func TestWrongPINsAtSigning(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	v := h.login(hostileDoctor)
	visit := v.queued("Mai Thị Ký")
	v.saves(visit+"/exam", url.Values{"reason": {"đau lưng"}, "do": {"save"}})
	v.saves(visit+"/diagnosis", url.Values{"main": {"J06.9"}, "do": {"save"}})
	sign := func(pin string) page {
		return v.post(visit+"/sign", v.form(visit+"/check", url.Values{"pin": {pin}}))
	}
	before := h.entries()
	h.guess(9, sign)
	v.post("/lock", url.Values{"next": {visit + "/exam"}})
	kept := v.post(visit+"/exam", url.Values{"patient": {strings.Split(visit, "/")[2]}, "reason": {"viết khi đã khóa"}})
	if !strings.HasPrefix(kept.location, "/lock") {
		t.Fatalf("a locked session saves: %d %q", kept.status, kept.location)
	}
	unlock := func(pin string) page {
		return v.post("/unlock", url.Values{"pin": {pin}, "next": {visit + "/exam"}})
	}
	if p := unlock("000000"); !strings.Contains(p.text(), "0 lần") {
		t.Errorf("the tenth wrong PIN, at the locked screen: %.300s", p.text())
	}
	s := h.staff[hostileDoctor]
	v.refused([]ask{{"the right PIN at the locked screen", func() page { return unlock(s.PIN) }, 422, "pin.locked", nil}})
	if p := v.get(visit); p.status != http.StatusSeeOther {
		t.Errorf("a locked session reads: %d", p.status)
	}
	if h.entries() != before {
		t.Error("something was signed or saved")
	}
	// What was typed waits for the person.
	err := h.desk.Unlock(t.Context(), desk.Call{Act: clinic.NewID(), By: h.staff[hostileColleague].ID}, s.ID, h.staff[hostileColleague].PIN)
	if err != nil {
		t.Fatal(err)
	}
	if p := unlock(s.PIN); p.location != visit+"/exam" {
		t.Fatalf("unlock leads to %d %q", p.status, p.location)
	}
	if p := v.get(visit + "/exam"); !strings.Contains(p.body, "viết khi đã khóa") {
		t.Error("what was typed while the screen was locked is lost")
	}
	if p := sign(s.PIN); p.status != http.StatusSeeOther {
		t.Fatalf("sign: %d %.300s", p.status, p.text())
	}
	h.log.Absent(s.PIN, "Mai Thị", "đau lưng", "viết khi")
}
