package web

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestShotsOfBooks takes pictures of registers and reports, in both languages.
func TestShotsOfBooks(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	nurse.diagnosed(doctor, "Vũ Thị Báo", "A97.0")
	doctor.send(nurse.diagnosed(doctor, "Nguyễn Văn Lâm", "J06.9")+"/prescription", w.medicine("paracetamol"))
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("b-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-books", c.to("/books"))
		shot("02-day", c.to("/books/day"))
		shot("03-month", c.to("/books/month"))
	}
}
