package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
)

// TestLockKeepsWhatWasTyped: the session rests too long, the form comes, the PIN
// brings the same page back with everything on it, and nothing was saved before.
func TestLockKeepsWhatWasTyped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5*time.Minute)
		b := w.login(w.doctor, doctorPIN)
		visit := b.opened("Phạm Thị Sương", "001161012345")
		page := b.get(visit + "/exam")
		v := page.hidden()
		v.Set("patient", visit[10:42])
		v.Set("visit", visit[50:])
		v.Set("finding", "Phổi có ran ẩm")
		v.Set("reason", "Khó thở")
		v.Set("do", "save")

		time.Sleep(6 * time.Minute)
		before := w.store.Len()
		a := b.post(visit+"/exam", v)
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/lock?next=") {
			t.Fatalf("locked post: %d %s", a.status, a.location)
		}
		lock := b.get(a.location)
		if !strings.Contains(lock.text(), "được giữ lại") || !strings.Contains(lock.text(), "BS. Trần Văn Biển") {
			t.Errorf("lock page: %s", lock.text())
		}
		if strings.Contains(lock.body, "Sương") || strings.Contains(lock.body, "ran ẩm") {
			t.Error("the lock page shows the patient")
		}
		if a := b.get(visit); a.status != http.StatusSeeOther {
			t.Errorf("a locked session reads: %d", a.status)
		}
		if a := b.post("/unlock", url.Values{"pin": {nursePIN}, "next": {visit + "/exam"}}); a.status != http.StatusUnprocessableEntity {
			t.Errorf("another's PIN unlocks: %d", a.status)
		}
		a = b.post("/unlock", url.Values{"pin": {doctorPIN}, "next": {visit + "/exam"}})
		if a.status != http.StatusSeeOther || a.location != visit+"/exam" {
			t.Fatalf("unlock: %d %s", a.status, a.location)
		}
		again := b.get(a.location)
		if !strings.Contains(again.body, "Phổi có ran ẩm") || !strings.Contains(again.text(), "Phần này chưa lưu") {
			t.Errorf("typed values are gone: %s", again.text())
		}
		if w.store.Len() != before {
			t.Error("a locked session saved something")
		}
		if a := b.send(visit+"/exam", url.Values{"reason": {"Khó thở"}, "finding": {"Phổi có ran ẩm"}, "do": {"save"}}); a.status != http.StatusSeeOther {
			t.Fatalf("save after unlock: %d %s", a.status, a.text())
		}
		if a := b.get(visit + "/exam"); strings.Contains(a.text(), "Phần này chưa lưu") {
			t.Error("the draft outlives its save")
		}
	})
}

// TestRestartKeepsWhatWasTyped: the box restarted, the session is gone, and the
// form comes from somebody nobody knows.
func TestRestartKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	w.web.sessions = newSessions(time.Hour)
	v := person("Lê Thị Mơ", "001161099999")
	v.Set("act", clinic.NewID().String())
	a := b.post("/register", v)
	if a.status != http.StatusSeeOther || a.location != "/login?next=%2Fregister" {
		t.Fatalf("post without session: %d %s", a.status, a.location)
	}
	a = b.post("/login/"+w.nurse.String(), url.Values{"pin": {nursePIN}, "next": {"/register"}})
	if a.location != "/register?draft=1" {
		t.Fatalf("after login: %s", a.location)
	}
	if a := b.get(a.location); !strings.Contains(a.body, "Lê Thị Mơ") {
		t.Error("typed values are gone")
	}
	// The next patient must not get them by accident.
	if a := b.get("/register"); strings.Contains(a.body, "Lê Thị Mơ") || !strings.Contains(a.text(), "Mở lại để làm tiếp") {
		t.Error("a new registration begins with another person's data")
	}
	if a := w.login(w.doctor, doctorPIN).get("/register?draft=1"); strings.Contains(a.body, "Lê Thị Mơ") {
		t.Error("another person sees the draft")
	}
}

// TestScriptSavesDraft: what a script sends while somebody types is there when the
// page is opened again; the lock does not stop the last of it.
func TestScriptSavesDraft(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	b.post("/lock", url.Values{"next": {visit}})
	if a := b.post("/draft", url.Values{"draft": {visit + "/exam"}, "finding": {"Bụng mềm"}, "pin": {doctorPIN}}); a.status != http.StatusNoContent {
		t.Fatalf("draft: %d", a.status)
	}
	if a := b.post("/draft", url.Values{"draft": {"/status"}}); a.status != http.StatusBadRequest {
		t.Errorf("draft of a page without a form: %d", a.status)
	}
	if a := w.browser().post("/draft", url.Values{"draft": {visit + "/exam"}}); a.status != http.StatusUnauthorized {
		t.Errorf("draft of a stranger: %d", a.status)
	}
	b.post("/unlock", url.Values{"pin": {doctorPIN}})
	if a := b.get(visit + "/exam"); !strings.Contains(a.body, "Bụng mềm") || strings.Contains(a.body, doctorPIN) {
		t.Error("draft is not as it was typed")
	}
	if a := b.post("/draft/forget", url.Values{"draft": {visit + "/exam"}}); a.location != visit+"/exam" {
		t.Errorf("forget: %d %s", a.status, a.location)
	}
	if a := b.get(visit + "/exam"); strings.Contains(a.body, "Bụng mềm") {
		t.Error("draft was not forgotten")
	}
}

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(5 * time.Minute)
		a := s.start(deskPerson("A"), "", place{})
		for range 3 { // somebody works: never locked
			time.Sleep(4 * time.Minute)
			if x, ok := s.get(a, place{}, true); !ok || x.locked {
				t.Fatal("a working session locked")
			}
		}
		for range 3 { // only the page's own events: nobody is there
			time.Sleep(2 * time.Minute)
			s.get(a, place{}, false)
		}
		if x, _ := s.get(a, place{}, true); !x.locked {
			t.Error("events kept a session open")
		}
		s.unlock(a, place{})
		b := s.start(deskPerson("B"), a, place{})
		if _, ok := s.get(a, place{}, true); ok || a == b {
			t.Error("a token survived a change of person")
		}
		time.Sleep(sessionLife + time.Minute)
		if _, ok := s.get(b, place{}, true); ok {
			t.Error("a session lives for ever")
		}
		for range sessionMax + 10 {
			s.start(deskPerson("C"), "", place{})
		}
		if len(s.live) > sessionMax {
			t.Errorf("%d sessions", len(s.live))
		}
	})
}

func TestScanBelongsToTheDesk(t *testing.T) {
	s := newSessions(time.Hour)
	a := s.start(deskPerson("A"), "", place{})
	if !s.atDesk(a) {
		t.Error("the only session is not the desk")
	}
	b := s.start(deskPerson("B"), "", place{})
	if s.atDesk(a) || s.atDesk(b) {
		t.Error("with two at work and no scan yet, a page would jump")
	}
	s.takeDesk(b)
	if s.atDesk(a) || !s.atDesk(b) {
		t.Error("the desk is not who took the last scan")
	}
	s.lock(b)
	if !s.atDesk(a) {
		t.Error("a locked screen holds the desk")
	}
}

func TestDraftsAreBounded(t *testing.T) {
	d := newDrafts()
	for i := range draftOwners + 20 {
		d.keep(strings.Repeat("x", i), "/register", url.Values{"a": {"b"}})
	}
	for i := range draftsPerOwner + 20 {
		d.keep("x", "/patients/"+strings.Repeat("y", i), url.Values{"a": {"b"}})
	}
	if len(d.owners) > draftOwners || len(d.owners["x"]) > draftsPerOwner {
		t.Errorf("%d owners, %d drafts", len(d.owners), len(d.owners["x"]))
	}
}
