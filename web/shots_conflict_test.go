package web

import (
	"net/url"
	"os"
	"testing"
	"time"
)

// TestShotsConflict takes pictures of the pages of what boxes wrote apart.
func TestShotsConflict(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse, b := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "056161012345")
	b.examined(visit)
	nurse.send(visit[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}})
	w.fork(b, visit)
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("120-today", to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
	shot("121-conflicts", to("/conflicts"))
	shot("122-choose", to(visit[:42]+"/choose"))
	shot("123-choose-doc", to(visit+"/versions/exam"))
	shot("124-patient", to(visit[:42]))
	shot("125-find", to("/find"))
}
