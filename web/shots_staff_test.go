package web

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// TestShotsOfStaff takes pictures of the pages about people, PINs and slips.
func TestShotsOfStaff(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	admin := w.login(w.admin, adminPIN)
	fresh := admin.add(newcomer())
	v := newcomer()
	v.Set("name", "Bùi Văn Nghỉ")
	gone := admin.add(v)
	v.Set("left", "yes")
	admin.send(gone+"/edit", v)
	for range 11 {
		w.browser().post(strings.Replace(fresh, "staff", "login", 1), url.Values{"pin": {"000001"}})
	}
	nurse := w.login(w.nurse, nursePIN)
	patient := nurse.opened("Phạm Thị Sương", "056161012345")[:42]
	nurse.send(patient+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}, "reaction.0": {"mề đay"}, "severe.0": {"yes"}})
	nurse.send(patient+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Amoxicilin"}, "severe.0": {""}, "why": {"hỏi lại người nhà"}})
	w.queue.jobs = waiting()
	w.box.devices[1] = Device{Name: "printer.name", State: "printer.held", Person: true, Waiting: 2}

	w.old(2015, "J06.9")
	w.old(2001, "F32.0")
	shut, _ := w.old(2014, "J06.9")
	w.shut(shut)

	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("50-pin-locked", to(strings.Replace(fresh, "staff", "login", 1)), typing("#pin", "111111"), press("main button"), wait("[data-errors]"))
	shot("51-staff", to("/login/"+w.admin.String()+"?next=/staff"), typing("#pin", adminPIN), press("main button"), wait(".cb-list"))
	shot("51b-retention", to("/retention"), press("summary"))
	shot("52-person-locked", to(fresh), press("summary"))
	shot("53-person-new", to("/staff/new"))
	shot("54-person-errors", typing("#pin", "447788"), typing("#again", "447789"), press("main form[data-keep] button"), wait("[data-errors]"))
	shot("55-person-edit", to(fresh+"/edit"))
	shot("56-unlock", to(fresh+"/unlock"))
	shot("57-newpin", to(fresh+"/newpin"))
	shot("58-own-pin", to("/staff/pin"), typing("#own", "000001"), typing("#pin", "482957"), typing("#again", "482957"), press("main button"), wait("[data-errors]"))
	shot("59-status-held", to("/status"))
	shot("60-drop", to("/printing/b2/drop"))
	shot("61-allergies", to(patient+"/allergies"))
	shot("62-allergy-versions", to(patient+"/allergies/versions"))
	w.queue.jobs = nil
	w.box.devices[1] = Device{Name: "printer.name", State: "printer.unconfirmed", OK: true, Unsure: true, More: "printer.unconfirmed.do"}
	shot("63-status-unconfirmed", to("/status"))
	shot("64-status-english", press("button[name=lang]"), wait("html[lang=en]"))
}
