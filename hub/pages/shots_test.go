package pages_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
	"clinicbox/internal/spoken"
)

// fleet is a small one with something of everything.
func (s *site) fleet() (first, old *hubtest.Machine, waiting, serial string) {
	s.t.Helper()
	c, ctx := s.trust, s.t.Context()
	first, old = c.join("tram-01"), c.join("tram-02")
	s.now = s.now.Add(time.Minute)
	inv := invitation("tram-02")
	inv.Replaces = "tram-02"
	c.Join(ctx, inv)
	inv = invitation("tram-03")
	inv.Facility.Code, inv.Facility.Name, inv.Facility.Site = "22801", "Trạm Y tế xã Núi Mẫu", "Điểm trạm bản Trên"
	third := c.Join(ctx, inv)
	lost := c.join("luu-dong-01")
	c.beats.say(first, cert.StateOpen, 0, s.now.Add(-20*time.Minute))
	c.beats.say(third, cert.StateBlocked, 0, s.now.Add(-9*time.Hour))
	c.beats.say(lost, cert.StateLocked, 0, s.now.Add(-26*time.Hour))
	ok := func(_ []byte, err error) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	by := authority.By{Operator: "Nguyễn Thị Mẫu", Reason: "trạm trưởng báo mất hộp trên thuyền, đã gọi lại số của trạm"}
	ok(c.Stolen(ctx, by, "luu-dong-01", 77))
	ok(c.Command(ctx, by, "tram-01", authority.Order{Op: cert.OpBlock}))
	ok(c.Command(ctx, by, "tram-01", authority.Order{Op: cert.OpAllow}))
	c.beats.say(first, cert.StateOpen, 1, s.now.Add(-20*time.Minute))
	if _, err := c.Invite(ctx, by, invitation("tram-05")); err != nil {
		s.t.Fatal(err)
	}
	key, raw, voucher := c.admin()
	nurse, doctor, gone := hubtest.NewPerson("22736", clinic.RoleNurse), hubtest.NewPerson("22736", clinic.RoleDoctor), hubtest.NewPerson("22736", clinic.RoleCashier)
	c.keys.bring(nurse, "tram-01", s.now.Add(-2*time.Hour))
	waiting = c.keys.bring(doctor, "tram-01", s.now.Add(-time.Hour), doctor.Vouch(key, voucher, 1), raw)
	ok(c.Certify(ctx, by, gone.Request))
	people, err := c.Authority.People(ctx, "22736")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range people {
		if p.Person == gone.ID {
			serial = p.Serial.String()
			if err := c.Revoke(ctx, by, cert.Revoked{Serial: p.Serial, Reason: cert.ReasonLeft, From: uint64(s.now.UnixMilli()) << 16}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return first, old, waiting, serial
}

// TestTrustScreenshots writes pictures to the folder in CLINICHUB_SHOTS.
func TestTrustScreenshots(t *testing.T) {
	dir := os.Getenv("CLINICHUB_SHOTS")
	if dir == "" {
		t.Skip("CLINICHUB_SHOTS is not set")
	}
	s := openSite(t, true)
	first, old, waiting, serial := s.fleet()
	s.trust.calls.challenge, s.trust.calls.answer = spoken.New(2), spoken.New(6)
	actx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.Headless, chromedp.NoSandbox)
	defer cancel()
	ctx, cancel := chromedp.NewContext(actx)
	defer cancel()
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(what, err)
		}
	}
	keep := func(name string) {
		t.Helper()
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "trust-"+name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	width := int64(1280)
	shot := func(name, path string) {
		t.Helper()
		do(name, chromedp.EmulateViewport(width, 800), chromedp.Navigate(s.URL+path), chromedp.WaitReady(chromedp.CSS("#main")))
		keep(name)
	}
	send := func(name, selector string) {
		t.Helper()
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
			t.Fatal(name, err)
		}
		keep(name)
	}
	fill := func(v url.Values) {
		t.Helper()
		for k := range v {
			do(k, chromedp.SetValue(chromedp.CSS("[name="+k+"]"), v.Get(k)))
		}
	}
	do("log in", chromedp.Navigate(s.URL+"/"), chromedp.SetValue(chromedp.CSS("#token"), token), chromedp.Submit(chromedp.CSS("#token")), chromedp.WaitVisible(chromedp.CSS(".sum")))
	m := s.machineFor("tram-06")
	for _, lang := range []string{"vi", "en"} {
		s.lang(ctx, lang)
		n := "-" + lang
		shot("certs"+n, "/certs")
		shot("cert"+n, "/certs/"+first.Serial().String())
		shot("cert-old"+n, "/certs/"+old.Serial().String())
		shot("lock"+n, "/certs/"+first.Serial().String()+"/lock")
		shot("stolen"+n, "/certs/"+first.Serial().String()+"/stolen")
		shot("revoke"+n, "/certs/"+first.Serial().String()+"/revoke")
		send("revoke-wrong"+n, "button.go")
		shot("invitations"+n, "/invitations")
		shot("replace"+n, "/invitations/new?replaces=tram-01")
		shot("invite"+n, "/invitations/new")
		send("invite-wrong"+n, "button.go")
		fill(inviteForm("tram-1" + lang[:1]))
		send("code"+n, "main button.go")
		shot("people-all"+n, "/people")
		shot("people"+n, "/people/22736")
		shot("ratify"+n, "/people/22736/waiting/"+waiting+"/ratify")
		shot("end"+n, "/people/22736/"+serial+"/revoke")
		shot("history"+n, "/history")
		send("history-good"+n, "main button.go")
		shot("callers"+n, "/telephone")
		shot("call"+n, "/telephone/tram-01")
		fill(url.Values{"reason": {"trưởng trạm, đã gọi lại"}, "challenge": {s.trust.calls.challenge.Reveal()}})
		do("sure", chromedp.Click(chromedp.CSS("[name=sure]")))
		send("spoken"+n, "main button.go")
		shot("carried"+n, "/carried")
		text, _ := cert.Text(m.Request)
		fill(url.Values{"text": {text[:200] + "X" + text[201:]}})
		send("carried-wrong"+n, "main button.go")
		fill(url.Values{"text": {text}})
		send("answer"+n, "main button.go")
	}
	width = 420
	for name, path := range map[string]string{"certs": "/certs", "cert": "/certs/" + first.Serial().String(), "people": "/people/22736", "call": "/telephone/tram-01", "invite": "/invitations/new", "history": "/history"} {
		shot("phone-"+name, path)
	}
	s.trust.store.Tamper("history", historyKey(3), func(b []byte) []byte { b[len(b)-3] ^= 1; return b })
	width = 1280
	shot("history-x", "/history")
	send("history-bad", "main button.go")
}

// machineFor has a request for a box that is invited behind the pages' back.
func (s *site) machineFor(box string) *hubtest.Machine {
	s.t.Helper()
	code, err := s.trust.Invite(s.t.Context(), s.trust.By, invitation(box))
	if err != nil {
		s.t.Fatal(err)
	}
	return hubtest.NewMachine(code)
}
