package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
)

// trusted is a site with an authority, the operator logged in, in English.
func trusted(t *testing.T) *site {
	t.Helper()
	s := openSite(t, true)
	s.enter()
	s.english()
	return s
}

func (s *site) english() { s.post("/lang", url.Values{"lang": {"en"}, "back": {"/push"}}) }

// key is the hidden key of a form.
func (s *site) key(path string) string {
	s.t.Helper()
	code, body := s.get(path)
	if code != 200 {
		s.t.Fatal(path, code)
	}
	return between(s.t, body, `name="key" value="`, `"`)
}

func TestWithoutAnAuthority(t *testing.T) {
	s := newSite(t)
	s.enter()
	for _, path := range []string{"/certs", "/invitations", "/invitations/new", "/carried", "/people", "/history", "/telephone", "/certs/x/lock"} {
		if code, body := s.get(path); code != 503 || !strings.Contains(body, "khóa cấp chứng thư") {
			t.Error(path, code)
		}
	}
}

func TestOrders(t *testing.T) {
	s := trusted(t)
	m := s.trust.join("tram-01")
	s.trust.beats.say(m, cert.StateOpen, 0, s.now.Add(-5*time.Minute))
	at := "/certs/" + m.Serial().String()
	_, body := s.get("/certs")
	has(t, body, "tram-01", "Trạm Y tế xã Đảo Mẫu", "Open", "In service", at)
	_, body = s.get(at)
	has(t, body, "0203 000 0000", "5 min ago", "Lock the box", "1.2.0", "Records received")
	if strings.Contains(body, "Orders given") {
		t.Error("orders before any")
	}

	form := url.Values{"key": {s.key(at + "/lock")}, "reason": {""}}
	code, body := s.post(at+"/lock", form)
	if code != 422 || s.trust.count("command 1") != 0 {
		t.Fatal(code)
	}
	has(t, body, "Give a reason", `value="`+form.Get("key")+`"`)
	form.Set("reason", "thử khóa")
	for range 3 { // two clicks, and the browser once more
		if code, body = s.post(at+"/lock", form); code != 200 {
			t.Fatal(code)
		}
	}
	has(t, body, "The order to lock was given", "Orders given", "Waits for the box")
	if n := s.trust.count("command 1"); n != 1 {
		t.Errorf("%d orders of one form", n)
	}
	if h := s.trust.last(); h.Operator != "first" || h.Detail != "thử khóa" {
		t.Errorf("%+v", h)
	}
	s.trust.beats.say(m, cert.StateLocked, 1, s.now.Add(-4*time.Hour))
	_, body = s.get(at)
	has(t, body, "Obeyed", "Locked", "Nothing for more than 3 hours")

	form = url.Values{"key": {s.key(at + "/erase")}, "reason": {"thử"}, "typed": {"tram-1"}}
	if code, body = s.post(at+"/erase", form); code != 422 || s.trust.count("command 4") != 0 {
		t.Error("erased without the name", code)
	}
	has(t, body, "Type it exactly")
	form.Set("typed", "tram-01")
	s.post(at+"/erase", form)
	if s.trust.count("command 4") != 1 {
		t.Error("not erased")
	}
	for _, path := range []string{"/certs/" + strings.Repeat("0", 32), "/certs/tram-01", "/certs/%2e%2e", at + "/poison", "/certs/x/lock"} {
		if code, _ := s.get(path); code != 404 {
			t.Error(path, code)
		}
	}
}

// TestStolen: what was received stays good, the order to erase waits, and the
// successor of the name is not touched by what is done to the old machine.
func TestStolen(t *testing.T) {
	s := trusted(t)
	m := s.trust.join("tram-01")
	s.now = s.now.Add(time.Minute)
	inv := invitation("tram-01")
	inv.Replaces = "tram-01"
	next := s.trust.Join(t.Context(), inv)
	at := "/certs/" + m.Serial().String()
	_, body := s.get(at)
	has(t, body, "Another machine has this name now", "Replaced", next.Serial().String()[:8])
	form := url.Values{"key": {s.key(at + "/stolen")}, "reason": {"mất trộm đêm qua"}, "typed": {"tram-01"}}
	for range 2 {
		s.post(at+"/stolen", form)
	}
	old, err := s.trust.Box(t.Context(), m.Serial().String())
	if err != nil || old.Revoked == nil || old.Revoked.Reason != cert.ReasonStolen || old.Revoked.Size != 12841 || old.Orders != 1 {
		t.Fatalf("%+v %v", old.Revoked, err)
	}
	if b, err := s.trust.Box(t.Context(), "tram-01"); err != nil || b.Serial != next.Serial() || b.Revoked != nil || b.Orders != 0 {
		t.Fatalf("the successor: %+v %v", b, err)
	}
	_, body = s.get(at)
	has(t, body, "Stolen", "12,841", "Erase")
	_, body = s.get("/telephone/tram-01")
	has(t, body, "Show the answer") // of the successor
}

func TestRevokeABox(t *testing.T) {
	s := trusted(t)
	m := s.trust.join("luu-dong-01")
	at := "/certs/" + m.Serial().String()
	form := url.Values{"key": {s.key(at + "/revoke")}, "reason": {"thử"}, "typed": {"luu-dong-01"}}
	code, body := s.post(at+"/revoke", form)
	if code != 422 {
		t.Fatal(code)
	}
	has(t, body, "Choose why", "Choose from when on")
	form.Set("choice", "error")
	form.Set("from", "ever")
	for range 2 {
		if code, body = s.post(at+"/revoke", form); code != 200 {
			t.Fatal(code)
		}
	}
	has(t, body, "The certificate was revoked", "as if it had never been good")
	if s.trust.count("revoke") != 1 {
		t.Error("written twice")
	}
	if code, _ := s.get(at + "/revoke"); code != 404 {
		t.Error("revoked twice", code)
	}
	_, body = s.get("/certs")
	has(t, body, "Certificates that ended (1)", "Issued by mistake")
}

func TestPeople(t *testing.T) {
	s := trusted(t)
	m := s.trust.join("tram-01")
	adminKey, adminRaw, adminSerial := s.trust.admin()
	nurse, doctor, cashier := hubtest.NewPerson("22736", clinic.RoleNurse), hubtest.NewPerson("22736", clinic.RoleDoctor), hubtest.NewPerson("22736", clinic.RoleCashier)
	bare := s.trust.keys.bring(nurse, m.Keys.Name, s.now)
	vouched := s.trust.keys.bring(doctor, m.Keys.Name, s.now, doctor.Vouch(adminKey, adminSerial, 1), adminRaw)
	bad := s.trust.keys.bring(cashier, m.Keys.Name, s.now, cashier.Vouch(adminKey, adminSerial, 1), adminRaw)
	_, body := s.get("/people")
	has(t, body, "22736", "○ 3")
	_, body = s.get("/people/22736")
	has(t, body, nurse.ID.String()[:8], "Nurse", "New request", "Provisional", adminSerial.String()[:8], "Administrator")

	at := "/people/22736/waiting/"
	for path, want := range map[string]int{at + bare + "/ratify": 404, at + vouched + "/certify": 404, at + "00/certify": 404, "/people/99999": 404} {
		if code, _ := s.get(path); code != want {
			t.Error(path, code)
		}
	}
	send := func(digest, task string, more url.Values) string {
		t.Helper()
		path := at + digest + "/" + task
		form := url.Values{"key": {s.key(path)}, "reason": {"trạm đã xác nhận"}}
		for k := range more {
			form[k] = more[k]
		}
		s.post(path, form)
		code, body := s.post(path, form)
		if code != 200 {
			t.Fatal(path, code)
		}
		return body
	}
	has(t, send(bare, "certify", nil), "Certified")
	has(t, send(vouched, "ratify", nil), "Ratified", "No key is waiting"[:0])
	has(t, send(bad, "reject", url.Values{"typed": {cashier.ID.String()[:8]}}), "Rejected", "No key is waiting", "no signature is good")
	if s.trust.count("certify") != 2 || s.trust.count("ratify") != 1 || s.trust.count("reject") != 1 {
		t.Error("not once each")
	}

	people, err := s.trust.Authority.People(t.Context(), "22736")
	if err != nil || len(people) != 4 {
		t.Fatal(people, err)
	}
	var serial string
	for _, p := range people {
		if p.Person == nurse.ID {
			serial = p.Serial.String()
		}
	}
	path := "/people/22736/" + serial + "/revoke"
	form := url.Values{"key": {s.key(path)}, "reason": {"nghỉ việc"}, "choice": {"left"}, "from": {"now"}, "typed": {nurse.ID.String()[:8]}}
	for range 2 {
		_, body = s.post(path, form)
	}
	has(t, body, "Revoked.", "Left", "what was signed before is still good")
	form = url.Values{"key": {s.key(path)}, "reason": {"khóa lộ"}, "choice": {"stolen"}, "from": {"ever"}, "typed": {nurse.ID.String()[:8]}}
	_, body = s.post(path, form)
	has(t, body, "Stolen")
	if s.trust.count("revoke") != 2 {
		t.Error(s.trust.count("revoke"))
	}
	if code, _ := s.get(path); code != 404 {
		t.Error("nothing is left to revoke", code)
	}
}

// TestTurnDown: of a bare request there is no certificate to reject.
func TestTurnDown(t *testing.T) {
	s := trusted(t)
	s.trust.join("tram-01")
	d := s.trust.keys.bring(hubtest.NewPerson("22736", clinic.RoleNurse), "tram-01", s.now)
	path := "/people/22736/waiting/" + d + "/reject"
	form := url.Values{"key": {s.key(path)}, "reason": {"không ai ở trạm biết người này"}}
	s.post(path, form)
	_, body := s.post(path, form)
	has(t, body, "Rejected.", "No key is waiting")
	form.Set("key", "another")
	_, body = s.post(path, form)
	has(t, body, "decided before")
	if s.trust.count("turn down") != 1 {
		t.Error("not once")
	}
}

func TestRefusalsAreSaid(t *testing.T) {
	s := trusted(t)
	s.trust.join("tram-01")
	vKey, vRaw, vSerial := s.trust.admin()
	p := hubtest.NewPerson("22736", clinic.RoleNurse)
	d := s.trust.keys.bring(p, "tram-01", s.now, p.Vouch(vKey, vSerial, 9), vRaw)
	if err := s.trust.Revoke(t.Context(), authority.By{Operator: "x"}, cert.Revoked{Serial: vSerial, Reason: cert.ReasonStolen}); err != nil {
		t.Fatal(err)
	}
	path := "/people/22736/waiting/" + d + "/ratify"
	code, body := s.post(path, url.Values{"key": {s.key(path)}, "reason": {"thử"}})
	if code != 409 {
		t.Fatal(code)
	}
	has(t, body, "Nothing has changed", "Who vouched may not vouch for this key, or was revoked")
}

// TestEveryPageInBothLanguages asks for each page, and for each with nothing filled
// in, and looks for words that are missing.
func TestEveryPageInBothLanguages(t *testing.T) {
	s := openSite(t, true)
	s.enter()
	first, old, waiting, serial := s.fleet()
	m := s.machineFor("tram-06")
	if _, err := s.trust.Enrol(t.Context(), s.trust.By, m.Request); err != nil {
		t.Fatal(err)
	}
	b, err := s.trust.Box(t.Context(), "tram-06")
	if err != nil {
		t.Fatal(err)
	}
	at, person := "/certs/"+first.Serial().String(), "/people/22736"
	forms := []string{
		at + "/lock", at + "/block", at + "/allow", at + "/erase", at + "/stolen", at + "/revoke", person + "/waiting/" + waiting + "/ratify",
		person + "/waiting/" + waiting + "/reject", person + "/waiting/" + s.trust.keys.all[0].Digest + "/certify", person + "/waiting/" + s.trust.keys.all[0].Digest + "/reject",
		person + "/" + serial + "/revoke", "/invitations/new", "/telephone/tram-01", "/carried",
	}
	pages := append([]string{
		"/", "/boxes/tram-03", "/push", "/certs", at, "/certs/" + old.Serial().String(), "/invitations", "/invitations/new?replaces=tram-01",
		"/carried/" + b.Serial.String(), "/people", person, "/people/22801", "/history", "/telephone", "/telephone/luu-dong-01", "/telephone/tram-03",
		"/invitations/code/gone", "/telephone/tram-01/gone",
	}, forms...)
	for _, task := range []string{"lock", "block", "allow", "erase", "stolen", "revoke"} {
		pages = append(pages, at+"?done="+task)
	}
	for _, task := range []string{"certify", "ratify", "reject", "end", "already", "<nothing>"} {
		pages = append(pages, person+"?done="+task)
	}
	for _, lang := range []string{"vi", "en"} {
		s.post("/lang", url.Values{"lang": {lang}, "back": {"/push"}})
		for _, path := range pages {
			code, body := s.get(path)
			if code != 200 && code != 410 {
				t.Error(lang, path, code)
			}
			has(t, body, `<html lang="`+lang+`"`, "<h1")
		}
		for _, path := range append(forms, "/history/verify") {
			code, body := s.post(path, nil)
			if code != 422 && path != "/history/verify" {
				t.Error(lang, path, code)
			}
			has(t, body, "<h1")
		}
	}
	before := s.trust.last()
	if before.Action != "enrol" {
		t.Error("looking has done something:", before.Action)
	}
}
