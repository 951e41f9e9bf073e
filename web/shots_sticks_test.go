package web

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShotsOfSticks takes pictures of the pages of sticks and of the month's bytes, in
// both languages.
func TestShotsOfSticks(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("u-"+lang+"-"+name, do...) }
		w.sticks.sticks, w.budget.spent = nil, Spent{}
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-no-stick", c.to("/sticks"))
		w.sticks.sticks, w.budget.spent = plugged(), nearlyUsed()
		shot("02-sticks", c.to("/sticks"))
		shot("03-budget", c.to("/budget"))
		shot("04-status", c.to("/status"))
	}
}
