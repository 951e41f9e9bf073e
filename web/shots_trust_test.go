package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShotsOfTrust takes pictures of the pages of a locked box, of one that is not
// trusted yet, and of the machine's own pages.
func TestShotsOfTrust(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	last := ""
	serve := func(h http.Handler, err error) func(path string) chromedp.Action[chromedp.Void] {
		w.must(err)
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		last = srv.URL
		return func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(srv.URL + path) }
	}
	root, _ := fleet(t)
	trust := serve(NewTrust(TrustOpts{Log: w.log.Logger(), Facility: "Trạm y tế đảo Sò Biển", Trust: func() Trust {
		return Trust{URL: "https://tram-01.local/", Plain: "http://tram-01.local/", Root: root}
	}}))
	shot("70-trust", trust("/"), press("details:first-of-type summary"))
	early := serve(NewTrust(TrustOpts{Log: w.log.Logger(), Facility: "Trạm y tế đảo Sò Biển"}))
	shot("71-trust-early", early("/"))

	u := newUnlocker()
	open := func(u *fakeUnlocker) func(path string) chromedp.Action[chromedp.Void] {
		return serve(NewLocked(LockedOpts{Unlocker: u, Log: w.log.Logger(), Facility: "Trạm y tế đảo Sò Biển"}))
	}
	box := open(u)
	shot("72-locked", box("/"))
	shot("73-locked-pin", box("/pin/3"), typing("#pin", "111111"), press("main button"), wait("[data-errors]"))
	u.fails = &UnlockError{UnlockMistyped, []any{"groups", "2, 5"}}
	shot("74-recover", box("/recover"), typing("#code", "CFGHJ2 KLMNP3 QRTVX4 234567 89CFG5 HJKLM6"), press("summary"), press("main button[type=submit]"), wait("[data-errors]"))
	u.fails = nil
	shot("75-telephone", box("/telephone"))
	u.ways.Opening = true
	shot("76-opening", box("/"))
	u.ways = Ways{Erased: true}
	shot("77-erased", box("/"))
	u.ways = Ways{KeyFile: true}
	shot("78-keyfile", box("/"))
	u.ways = newUnlocker().ways
	for range wrongMax {
		res, err := http.PostForm(last+"/pin/3", url.Values{"pin": {"111111"}})
		w.must(err)
		w.must(res.Body.Close())
	}
	shot("79-slow", box("/pin/3"), typing("#pin", "111111"), press("main button"), wait(".cb-note"))

	shot("80-login-numbers", to("/login"))
	shot("81-machine-alone", to("/login/"+w.admin.String()+"?next=/machine"), typing("#pin", adminPIN), press("main button"), wait(".cb-pairs"))
	w.engine.fails = &MachineError{Key: MachineUnreachable}
	shot("82-join", to("/machine/join"), typing("#hub", "https://hub.example:8090"), typing("#code", "K7M2-Q9XZ"), press("main button"), wait("[data-errors]"))
	w.engine.fails = nil
	shot("83-carry", to("/machine/carry"))
	shot("84-request", typing("#code", "K7M2-Q9XZ"), press("main button"), wait("#request"))
	shot("85-machine-pending", to("/machine"))
	w.engine.fails = &MachineError{MachineLines, []any{"lines", "3, 7"}}
	shot("86-answer", to("/machine/answer"), typing("#answer", "001 ABCD EFGH"), press("main button[type=submit]"), wait("[data-errors]"))
	w.engine.fails = nil
	w.engine.enrolled()
	shot("87-machine", to("/machine"))
	shot("88-recovery", to("/machine/recovery"))
	shot("89-recovery-code", typing("#own", adminPIN), press("main button"), wait(".cb-print"))
	shot("90-person-number", to("/staff/"+w.admin.String()))
	shot("91-status", to("/status"))
	shot("92-trust-here", to("/trust"))
	shot("93-english", box("/"), press("button[name=lang]"), wait("html[lang=en]"))
}
