package web

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShotsOfTraditional takes pictures of a visit of traditional medicine, in both
// languages.
func TestShotsOfTraditional(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	v := person("Lý Thị Mẫu", "")
	v.Set("type", "4")
	visit := nurse.send("/register", v).location
	doctor.send(visit+"/exam", url.Values{"reason": {"đau lưng"}, "do": {"save"}})
	doctor.send(visit+"/diagnosis", url.Values{"main": {"M54.5"}, "do": {"save"}})
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("y-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-traditional", c.to(visit+"/traditional"))
		if lang == "vi" { // the form is kept, and the illness with it
			shot("02-chosen", press("button[value='pick.YTHONG']"), wait("button[value='drop.YTHONG']"))
		}
		shot("03-herbs", c.to(visit+"/prescription"), typing("#q", "độc hoạt\r"), wait(".cb-suggest button"), press(".cb-suggest button"), wait("#packets"))
	}
	doctor.send(visit+"/traditional", url.Values{"do": {"save"}, "look": {"lưỡi nhợt"}, "illness": {"YTHONG"}, "principle": {"4", "7"}, "course.XOABOP": {"7"}, "points.XOABOP": {"thắt lưng"}})
	doctor.send(visit+"/prescription", url.Values{"do": {"save"}, "medicine.0": {"DOCHOAT"}, "dose.0": {"12"}, "packets": {"7"}})
	c.shot("y-en-04-visit", c.to(visit))
}
