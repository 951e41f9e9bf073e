package web

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// TestShotsFamily takes pictures of the pages about mothers, children and numbers.
func TestShotsFamily(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	mother := nurse.bears()
	v := infant()
	v.Set("place", "1/2")
	nurse.send(mother+"/child", v)
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("61-today", to("/login/"+w.nurse.String()), typing("#pin", nursePIN), press("main button"), wait(".cb-tiles"))
	shot("62-newborn", to(mother+"/child"))
	shot("63-newborn-errors", press("main form[data-keep] .cb-actions button"), wait("[data-errors]"))
	v.Set("place", "2/2")
	child := nurse.send(mother+"/child", v).location
	shot("64-newborn-same", to(mother+"/child"), press("label[for=sex-2]"), typing("#birthtime", "0605"), press("label[for=born-1]"), press("main form[data-keep] .cb-actions button"), wait(".cb-list"))
	shot("65-mother", to(mother))
	shot("66-child", to(child))
	shot("67-child-edit", to(child+"/edit"))
	held := nurse.opened("Lê Thị Giữ", "056161012345")[:42]
	shot("68-held", to("/register"), typing("#name", "Trần Thị Khác"), typing("#birth\\.year", "1961"), press("label[for=sex-2]"), typing("#citizen", "056161012345"),
		press("main form[data-keep] .cb-actions button"), wait("#heldwhy"))
	shot("69-held-waits", press("button[value=unsure]"), wait(".cb-steps, .cb-card"))
	hits := nurse.post("/find", url.Values{"q": {"tran thi khac"}}).body
	at := hits[strings.Index(hits, "/patients/"):][:42]
	shot("70-held-patient", to(at))
	shot("71-register", to("/register"))
	shot("72-unknown", press("button[value=unknown]"), wait(".cb-patient"))
	hits = nurse.post("/find", url.Values{"q": {"chua ro ten"}}).body
	shot("73-unknown-patient", to(hits[strings.Index(hits, "/patients/"):][:42]))
	nurse.send(held+"/edit", person("Lê Thị Giữ", "056161054321"))
	shot("74-old-number", to(held), press(".govuk-details__summary"))
}
