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

// hypertensive registers somebody, diagnoses hypertension and takes them into the
// programme by the button that the visit offers.
func hypertensive(nurse, doctor *browser, name, systolic string) (visit string) {
	w := nurse.w
	w.t.Helper()
	v := person(name, "")
	v.Set("type", "9")
	v.Set("phone", "0912 000 111")
	a := nurse.send("/register", v)
	visit = a.location
	for step, form := range map[string]url.Values{
		"vitals":    {"systolic": {systolic}, "diastolic": {"80"}, "confirmed": {"systolic"}},
		"diagnosis": {"main": {"I10"}},
	} {
		form.Set("do", "save")
		if a := doctor.send(visit+"/"+step, form); a.status != http.StatusSeeOther {
			w.t.Fatalf("%s: %d %s", step, a.status, a.text())
		}
	}
	if a := nurse.get(visit); !strings.Contains(a.text(), "Đưa vào chương trình: Tăng huyết áp") || strings.Contains(a.text(), "Đái tháo đường") {
		w.t.Fatalf("the visit offers: %s", a.text())
	}
	a = nurse.post(visit[:42]+"/enrol", url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "programme": {"THA"}, "from": {visit[50:]}})
	if a.status != http.StatusSeeOther || a.location != visit {
		w.t.Fatalf("enrol: %d %s", a.status, a.text())
	}
	return visit
}

// TestChronicStory: from the diagnosis into the programme, to the list of whom to call,
// back to a visit with one tap, and out of the programme.
func TestChronicStory(t *testing.T) {
	w := newWorld(t, 100*24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := hypertensive(nurse, doctor, "Phạm Thị Sương", "150")
	held := hypertensive(nurse, doctor, "Nguyễn Văn Lâm", "128")
	if a := nurse.get(visit); strings.Contains(a.text(), "Đưa vào chương trình") {
		t.Errorf("offered again: %s", a.text())
	}
	if a := nurse.get(visit[:42]); !strings.Contains(a.text(), "Chưa đạt") || !strings.Contains(a.text(), "150 mmHg") || !strings.Contains(a.text(), "22/12/2026") {
		t.Errorf("patient: %s", a.text())
	}
	if a := nurse.get("/programmes/THA"); !strings.Contains(a.text(), "Đang theo dõi 2 Đạt mục tiêu 1 Chưa đạt 1") || !strings.Contains(a.text(), "140 mmHg") {
		t.Errorf("list: %s", a.text())
	}
	w.clock.Add(35 * 24 * time.Hour)
	a := nurse.get("/programmes/THA")
	if strings.Count(a.text(), "trễ 5 ngày") != 2 || !strings.Contains(a.body, `href="tel:0912 000 111"`) && !strings.Contains(a.body, "tel:0912") {
		t.Errorf("list: %s", a.text())
	}
	a = nurse.post(held[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {held[10:42]}, "type": {"9"}, "then": {"vitals"}})
	if a.status != http.StatusSeeOther || !strings.HasSuffix(a.location, "/vitals") {
		t.Fatalf("%d %s", a.status, a.location)
	}
	page := nurse.get(visit[:42])
	_, base, _ := strings.Cut(page.body, `name="base" value="`)
	leave := url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "programme": {"THA"}, "base": {base[:64]}}
	if a := nurse.post(visit[:42]+"/enrol", leave); a.status != http.StatusSeeOther || !strings.Contains(nurse.get(visit[:42]).text(), "ghi lý do") {
		t.Errorf("without a reason: %d", a.status)
	}
	leave.Set("why", "chuyển nhà")
	if a := nurse.post(visit[:42]+"/enrol", leave); a.status != http.StatusSeeOther || strings.Contains(nurse.get("/programmes/THA").text(), "Sương") {
		t.Errorf("left: %d %s", a.status, a.text())
	}
	w.log.Absent("Sương", "chuyển nhà")
}

// programmePages adds the pages of a programme.
func programmePages(nurse, doctor *browser, pages map[string]answer) {
	pages["programmes empty"] = nurse.get("/programmes")
	visit := hypertensiveIn(nurse, doctor)
	pages["programmes"], pages["programme"] = nurse.get("/programmes"), doctor.get("/programmes/DTD")
	pages["programme patient"], pages["programme visit"] = nurse.get(visit[:42]), nurse.get(visit)
}

// hypertensiveIn is hypertensive for pages in any language.
func hypertensiveIn(nurse, doctor *browser) string {
	v := person("Trần Thị Áp", "")
	v.Set("type", "9")
	visit := nurse.send("/register", v).location
	doctor.send(visit+"/vitals", url.Values{"systolic": {"160"}, "diastolic": {"80"}, "confirmed": {"systolic"}, "do": {"save"}})
	doctor.send(visit+"/diagnosis", url.Values{"main": {"I10"}, "do": {"save"}})
	nurse.post(visit[:42]+"/enrol", url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "programme": {"THA"}})
	return visit
}

// TestShotsOfProgrammes takes pictures of them, in both languages.
func TestShotsOfProgrammes(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, 100*24*time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := hypertensive(nurse, doctor, "Phạm Thị Sương", "150")
	w.clock.Add(35 * 24 * time.Hour)
	hypertensive(nurse, doctor, "Nguyễn Văn Lâm", "128")
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("c-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-list", c.to("/programmes/THA"))
		shot("02-patient", c.to(visit[:42]))
		shot("03-visit", c.to(visit))
	}
}
