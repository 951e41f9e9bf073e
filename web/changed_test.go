package web

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestChangedIsTheDocumentOfTheForm: of several documents of a kind, a form that was filled
// in before somebody saved is about the one that it corrects, and overwrites no other.
func TestChangedIsTheDocumentOfTheForm(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	w.beds()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := w.stayed(nurse, doctor, "Trần Thị Lưu", "H001")
	w.done(nurse.send(visit+"/care", url.Values{"course": {"còn sốt"}, "do": {"save"}}))
	first := visit + "/care" + regexp.MustCompile(`\?of=[0-9a-zA-Z_-]+`).FindString(nurse.get(visit+"/care").body)
	correct := func(b *browser, page answer, course string) answer {
		v := page.hidden()
		maps.Copy(v, keys(visit))
		v.Set("act", clinic.NewID().String())
		v.Set("course", course)
		v.Set("do", "save")
		return b.post(visit+"/care", v)
	}
	page := nurse.get(first)
	w.done(correct(doctor, doctor.get(first), "đỡ sốt"))
	w.clock.Add(time.Minute)
	w.done(doctor.send(visit+"/care", url.Values{"course": {"ngủ được"}, "do": {"save"}}))
	a := correct(nurse, page, "hết sốt")
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "đỡ sốt") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	w.done(correct(nurse, a, "hết sốt"))
	sheet := nurse.get(visit + "/care").text()
	if !strings.Contains(sheet, "hết sốt") || !strings.Contains(sheet, "ngủ được") {
		t.Errorf("another line was overwritten: %s", sheet)
	}
}
