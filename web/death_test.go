package web

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
)

// died registers somebody whose death is to be recorded.
func (b *browser) died(name string) (visit string) {
	b.w.t.Helper()
	v := person(name, "")
	v.Set("type", "10")
	return b.send("/register", v).location
}

// deathForm is a filled form.
func deathForm() url.Values {
	return url.Values{
		"day.day": {"21"}, "day.month": {"11"}, "day.year": {"2026"}, "time": {"23:40"}, "place": {"2"}, "cause": {"J18.9", "I10"}, "since.0": {"3 ngày"}, "since.1": {"10 năm"}, "do": {"save"},
	}
}

// TestDeathStory: the chain of causes is looked up and put in order, the record refuses
// new visits in words, and a mistake opens it again.
func TestDeathStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.died("Phạm Thị Sương")
	a := doctor.send(visit+"/death", url.Values{"do": {"pick.I10"}, "place": {"2"}})
	if a.status != http.StatusOK || !strings.Contains(a.text(), "Nguyên nhân trực tiếp") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := doctor.send(visit+"/death", url.Values{"do": {"save"}, "place": {"2"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "ít nhất một nguyên nhân") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := doctor.send(visit+"/death", deathForm()); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page := doctor.get(visit)
	for _, want := range []string{"J18.9", "3 ngày", "Tại nhà", "Chưa báo ai", "23:40"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, page.text())
		}
	}
	doctor.sign(visit)
	if a := doctor.get(visit); !strings.Contains(a.text(), "Đã ký") {
		t.Errorf("%s", a.text())
	}
	a = nurse.get(visit[:42])
	if !strings.Contains(a.text(), "Người này đã mất ngày 21/11/2026") || strings.Contains(a.text(), "Mở lượt khám") {
		t.Errorf("%s", a.text())
	}
	open := url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "do": {"another"}}
	if a := nurse.post(visit[:42]+"/visits", open); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "đã ghi tử vong") {
		t.Errorf("%d %s", a.status, a.text())
	}
	back := deathForm()
	back.Set("mistake", "yes")
	if a := doctor.send(visit+"/death", back); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Ghi lý do sửa") {
		t.Errorf("%d %s", a.status, a.text())
	}
	back.Set("why", "nhầm người")
	if a := doctor.send(visit+"/death", back); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := doctor.get(visit + "/versions/death"); !strings.Contains(a.text(), "nhầm người") || !strings.Contains(a.text(), "J18.9") {
		t.Errorf("versions: %s", a.text())
	}
	open.Set("act", clinic.NewID().String())
	if a := nurse.post(visit[:42]+"/visits", open); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.text())
	}
	w.log.Absent("Sương", "nhầm người", "J18.9")
}

// deathPages adds the pages of a death.
func deathPages(nurse, doctor *browser, pages map[string]answer) {
	visit := nurse.died("Lê Văn Khuất")
	pages["death new"], pages["death picked"] = doctor.get(visit+"/death"), doctor.send(visit+"/death", url.Values{"do": {"pick.I10"}, "cause": {"J18.9"}, "other": {"E11.9"}})
	pages["death refused"] = doctor.send(visit+"/death", url.Values{"do": {"save"}, "cause": {"J18.9", "J18.9"}})
	doctor.send(visit+"/death", deathForm())
	pages["death saved"], pages["death visit"], pages["death patient"] = doctor.get(visit+"/death"), doctor.get(visit), nurse.get(visit[:42])
	pages["death check"] = doctor.get(visit + "/check")
	pages["death no visit"] = nurse.post(visit[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "do": {"another"}})
}

// TestShotsOfDeath takes pictures of it, in both languages.
func TestShotsOfDeath(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, 24*time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit, fresh := nurse.died("Phạm Thị Sương"), nurse.died("Lê Văn Khuất")
	doctor.send(visit+"/death", deathForm())
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("d-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-looked-up", c.to(fresh+"/death"), typing("#q", "viem phoi"), wait("#found button"))
		shot("02-picked", press("#found button"), wait("ol.cb-lines"))
		shot("03-visit", c.to(visit))
		shot("04-change", c.to(visit+"/death"))
		shot("05-patient", c.to(visit[:42]))
	}
}
