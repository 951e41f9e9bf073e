package web

import (
	"net/url"
	"os"
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestShotsAway takes pictures of what the patient's page shows of other facilities.
func TestShotsAway(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	v := person("Phạm Thị Sương", "056161012345")
	v.Set("do", "only")
	patient := w.done(nurse.send("/register", v)).location
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("140-today", to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
	shot("141-register", to("/register"))
	shot("142-ask", to(patient))
	w.done(nurse.asks(patient, url.Values{"do": {"person"}}))
	shot("143-unsent", to(patient))
	w.told(patient, invented(clinic.DateOf(w.today())))
	shot("144-told", to(patient+"?told="+clinic.NewID().String()))
	w.told(patient, clinic.Summary{Asked: make([]byte, 32), Outcome: clinic.SummaryNobody})
	shot("145-nobody", to(patient+"?told="+clinic.NewID().String()))
}
