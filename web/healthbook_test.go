package web

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
)

// hiddenValue reads a hidden field of a page.
func hiddenValue(a answer, name string) string {
	m := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// button presses the button of a form without fields.
func (b *browser) button(path string) answer {
	b.w.t.Helper()
	v := url.Values{"act": {clinic.NewID().String()}, "patient": {path[10:42]}}
	if len(path) > 82 {
		v.Set("visit", path[50:82])
	}
	return b.post(path, v)
}

// bookForm is the form of the health book as a page was filled, with changes.
func bookForm(page answer, change map[string]string) url.Values {
	v := url.Values{"base": {hiddenValue(page, "base")}, "do": {"save"}}
	for _, m := range regexp.MustCompile(`name="was\.(\w+)" value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		v.Set("was."+m[1], m[2])
		v.Set(m[1], m[2])
	}
	for code, value := range change {
		v.Set(code, value)
	}
	return v
}

// measuredTwice registers somebody and measures them on two days.
func measuredTwice(nurse *browser, name string) (patient string) {
	w := nurse.w
	w.t.Helper()
	for i, values := range []url.Values{
		{"weight": {"58,4"}, "height": {"152"}, "systolic": {"150"}, "diastolic": {"95"}, "confirmed": {"systolic", "diastolic"}, "glucose": {"7,1"}},
		{"weight": {"57"}, "height": {"152"}, "systolic": {"132"}, "diastolic": {"84"}, "glucose": {"6,2"}},
	} {
		visit := ""
		if i == 0 {
			visit = nurse.send("/register", person(name, "")).location
			patient = visit[:42]
		} else {
			w.clock.Add(30 * 24 * time.Hour)
			a := nurse.post(patient+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {patient[10:]}, "do": {"another"}})
			visit = a.location
		}
		values.Set("do", "save")
		if a := nurse.send(visit+"/vitals", values); a.status != http.StatusSeeOther {
			w.t.Fatalf("vitals: %d %s", a.status, a.text())
		}
	}
	return patient
}

// TestBookStory: the book is filled in, changed by two people at the same time without
// losing a word of either, shows what was measured as picture and numbers, and prints.
func TestBookStory(t *testing.T) {
	w := newWorld(t, 100*24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	patient := measuredTwice(nurse, "Phạm Thị Sương")
	at := patient + "/book"
	first, second := nurse.get(at+"/edit"), doctor.get(at+"/edit")
	if a := nurse.send(at+"/edit", bookForm(first, map[string]string{"S3SMOK": "Đã bỏ", "S6HTN": "bố đẻ"})); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	a := doctor.send(at+"/edit", bookForm(second, map[string]string{"S3SMOK": "Có", "S4HEAR": "nghe kém tai trái"}))
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Người khác vừa ghi: Đã bỏ") || !strings.Contains(a.body, `value="bố đẻ"`) {
		t.Fatalf("an old form: %d %s", a.status, a.text())
	}
	again := bookForm(a, nil)
	again.Set("S3SMOK", "Có")
	again.Set("S4HEAR", "nghe kém tai trái")
	if again.Get("S6HTN") != "bố đẻ" {
		t.Fatalf("what the other wrote is not in the form: %v", again)
	}
	if a := doctor.send(at+"/edit", again); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := doctor.send(at+"/edit", bookForm(doctor.get(at+"/edit"), nil)); a.status != http.StatusSeeOther || !strings.Contains(doctor.get(at).text(), "Không có gì thay đổi") {
		t.Errorf("nothing changed: %d %s", a.status, a.text())
	}
	if a := nurse.send(at+"/edit", bookForm(nurse.get(at+"/edit"), map[string]string{"S2WEEKS": "99"})); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="S2WEEKS-error"`) {
		t.Errorf("%d %s", a.status, a.text())
	}
	past := url.Values{"about": {"2"}, "text": {"mổ ruột thừa"}, "year": {"1998"}, "source": {"1"}, "do": {"save"}}
	if a := nurse.send(at+"/past", past); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	past.Set("year", "sang năm")
	if a := nurse.send(at+"/past", past); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Để trống nếu không rõ") {
		t.Errorf("%d %s", a.status, a.text())
	}
	page := nurse.get(at)
	for _, want := range []string{"Có", "bố đẻ", "nghe kém tai trái", "mổ ruột thừa", "năm 1998", "Người bệnh kể", "57 kg", "58,4 kg", "132/84 mmHg", "150/95 mmHg", "7,1 mmol/L"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the book lacks %q: %s", want, page.text())
		}
	}
	if n := strings.Count(page.body, "<svg class=\"cb-chart\""); n < 4 {
		t.Errorf("%d charts", n)
	}
	leaf := regexp.MustCompile(`past\?of=(\w+)`).FindStringSubmatch(page.body)
	gone := url.Values{"base": {leaf[1]}, "do": {"gone"}}
	if a := nurse.send(at+"/past", gone); a.status != http.StatusUnprocessableEntity {
		t.Errorf("taken back without a reason: %d", a.status)
	}
	gone.Set("why", "nhầm người")
	if a := nurse.send(at+"/past", gone); a.status != http.StatusSeeOther || strings.Contains(nurse.get(at).text(), "mổ ruột thừa") {
		t.Errorf("%d %s", a.status, a.text())
	}
	nurse.bookPapers(at)
	if a := w.login(w.admin, adminPIN).get(at); a.status != http.StatusOK || strings.Contains(a.body, "/book/edit") {
		t.Errorf("the administrator is offered to change it: %d", a.status)
	}
	w.log.Absent("Sương", "bố đẻ", "nghe kém", "ruột thừa", "nhầm người")
}

// bookPapers prints the book on the slip printer and twice on A4.
func (b *browser) bookPapers(at string) {
	t := b.w.t
	t.Helper()
	if a := b.button(at + "/print"); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if n := len(b.w.papers.Docs); n != 1 || b.w.papers.Docs[0].Form != "healthbook" {
		t.Errorf("%d papers", n)
	}
	for i, mark := range []bool{false, true} {
		a := b.button(at + "/sheet")
		if a.status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.status, a.text())
		}
		sheet := b.get(a.location)
		if strings.Contains(sheet.text(), "BẢN IN LẠI") != mark || !strings.Contains(sheet.text(), "SỔ SỨC KHỎE") || !strings.Contains(sheet.body, "cb-qrcode") || !strings.Contains(sheet.text(), "bố đẻ") {
			t.Errorf("sheet %d: %s", i+1, sheet.text())
		}
	}
	if a := b.get(at + "/sheet/" + strings.Repeat("0", 64)); a.status != http.StatusNotFound {
		t.Errorf("a copy that nobody made: %d", a.status)
	}
}

// checkForm is a filled form of a health check.
func checkForm() url.Values {
	v := url.Values{"purpose": {"MDDK"}, "class": {"PL2"}, "conclusion": {"Đủ sức khỏe"}, "advice": {"Tập thể dục"}, "do": {"save"}}
	for _, code := range []string{"PH01", "PH02", "PH03", "PH13"} {
		v.Add("asked", code)
	}
	v.Set("part.PH12", "3")
	v.Set("words.PH12", "cận thị 2 độ")
	return v
}

// checkVisit registers somebody for a health check.
func (b *browser) checkVisit(name string) (visit string) {
	b.w.t.Helper()
	v := person(name, "")
	v.Set("type", "8")
	return b.send("/register", v).location
}

// TestHealthCheckStory: one tap takes what was not said as normal, what was found needs
// words, the conclusion is signed and printed, and what was not examined is told.
func TestHealthCheckStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.checkVisit("Phạm Thị Sương")
	if a := nurse.send(visit+"/vitals", url.Values{"do": {"save"}, "weight": {"62"}, "height": {"160"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	v := checkForm()
	v.Set("do", "normal")
	a := doctor.send(visit+"/healthcheck", v)
	if n := strings.Count(a.body, ` value="2" checked`); a.status != http.StatusOK || n != 4 || !strings.Contains(a.text(), "Thừa cân") {
		t.Fatalf("one tap: %d, %d normal: %s", a.status, n, a.text())
	}
	bad := checkForm()
	bad.Set("words.PH12", "")
	bad.Set("conclusion", "")
	if a := doctor.send(visit+"/healthcheck", bad); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="words.PH12-error"`) {
		t.Fatalf("%d %s", a.status, a.text())
	}
	v = checkForm()
	for _, code := range []string{"PH01", "PH02", "PH03", "PH13"} {
		v.Set("part."+code, "2")
	}
	if a := doctor.send(visit+"/healthcheck", v); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page := doctor.get(visit)
	for _, want := range []string{"cận thị 2 độ", "Đủ sức khỏe", "Loại II", "Tuần hoàn", "Chưa khám"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, page.text())
		}
	}
	if strings.Contains(page.text(), "In kết luận") {
		t.Error("offered to print before it is signed")
	}
	doctor.sign(visit)
	if a := nurse.get(visit); !strings.Contains(a.text(), "In kết luận khám sức khỏe") {
		t.Errorf("%s", a.text())
	}
	if a := nurse.button(visit + "/healthcheck/print"); a.status != http.StatusSeeOther || len(w.papers.Docs) != 1 || w.papers.Docs[0].Form != "healthcheck" {
		t.Errorf("%d, %d papers", a.status, len(w.papers.Docs))
	}
	v.Set("conclusion", "Đủ sức khỏe làm việc")
	if a := doctor.send(visit+"/healthcheck", v); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a signed check was changed without a reason: %d", a.status)
	}
	v.Set("base", hiddenValue(doctor.get(visit+"/healthcheck"), "base"))
	v.Set("why", "viết thiếu")
	if a := doctor.send(visit+"/healthcheck", v); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.text())
	}
	if a := doctor.get(visit + "/versions/healthcheck"); !strings.Contains(a.text(), "viết thiếu") || !strings.Contains(a.text(), "Đủ sức khỏe làm việc") {
		t.Errorf("versions: %s", a.text())
	}
	w.log.Absent("Sương", "cận thị", "viết thiếu")
}

// healthBookPages adds the pages of a health book and of a health check.
func healthBookPages(nurse, doctor *browser, pages map[string]answer) {
	patient := nurse.send("/register", person("Lê Thị Sổ", "")).location[:42]
	at := patient + "/book"
	pages["book empty"], pages["book edit"], pages["book past"] = nurse.get(at), nurse.get(at+"/edit"), nurse.get(at+"/past")
	old := bookForm(pages["book edit"], map[string]string{"S3SMOK": "Có"})
	nurse.send(at+"/edit", bookForm(pages["book edit"], map[string]string{"S3SMOK": "Không", "S6DM": "mẹ"}))
	pages["book old form"] = doctor.send(at+"/edit", old)
	pages["book past refused"] = nurse.send(at+"/past", url.Values{"do": {"save"}})
	nurse.send(at+"/past", url.Values{"about": {"1"}, "text": {"sốt rét"}, "source": {"2"}, "do": {"save"}})
	pages["book"] = nurse.get(at)
	if m := regexp.MustCompile(`past\?of=(\w+)`).FindStringSubmatch(pages["book"].body); m != nil {
		pages["book past change"] = nurse.get(at + "/past?of=" + m[1])
	}
	pages["book sheet"] = nurse.get(nurse.button(at + "/sheet").location)
	visit := nurse.checkVisit("Lê Văn Khám")
	pages["check new"] = doctor.get(visit + "/healthcheck")
	pages["check refused"] = doctor.send(visit+"/healthcheck", url.Values{"do": {"save"}, "part.PH01": {"3"}})
	doctor.send(visit+"/healthcheck", checkForm())
	pages["check saved"], pages["check visit"], pages["check check"] = doctor.get(visit+"/healthcheck"), doctor.get(visit), doctor.get(visit+"/check")
	doctor.sign(visit)
	pages["check signed"] = nurse.get(visit)
}

// TestShotsOfHealthBook takes pictures of both, in both languages, on a tablet and a phone.
func TestShotsOfHealthBook(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, 100*24*time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	patient := measuredTwice(nurse, "Phạm Thị Sương")
	at := patient + "/book"
	nurse.send(at+"/edit", bookForm(nurse.get(at+"/edit"), map[string]string{"S3SMOK": "Đã bỏ", "S6HTN": "bố đẻ", "S2WEEKS": "38", "S1CARE": "con gái"}))
	nurse.send(at+"/past", url.Values{"about": {"2"}, "text": {"mổ ruột thừa"}, "year": {"1998"}, "source": {"1"}, "do": {"save"}})
	sheet := nurse.button(at + "/sheet").location
	visit := nurse.checkVisit("Lê Văn Khám")
	nurse.send(visit+"/vitals", url.Values{"do": {"save"}, "weight": {"62"}, "height": {"160"}})
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("h-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-book", c.to(at))
		shot("02-edit", c.to(at+"/edit"))
		shot("03-past", c.to(at+"/past"))
		shot("04-sheet", c.to(sheet))
		shot("05-check", c.to(visit+"/healthcheck"))
		shot("06-old-form", c.to(at))
	}
	doctor.send(visit+"/healthcheck", checkForm())
	c.shot("h-vi-07-visit", c.to(visit))
}

// TestPastThatSomebodyTookBack: who changes a thing of the history that somebody else took
// back meanwhile is told so, and what was typed waits in the form of a new one.
func TestPastThatSomebodyTookBack(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	at := nurse.send("/register", person("Phạm Thị Sương", "")).location[:42] + "/book"
	nurse.send(at+"/past", url.Values{"about": {"2"}, "text": {"mổ ruột thừa"}, "source": {"1"}, "do": {"save"}})
	leaf := regexp.MustCompile(`past\?of=(\w+)`).FindStringSubmatch(nurse.get(at).body)[1]
	gone := url.Values{"base": {leaf}, "do": {"gone"}, "why": {"nhầm người"}}
	if a := doctor.send(at+"/past", gone); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	a := nurse.send(at+"/past", url.Values{"base": {leaf}, "about": {"2"}, "text": {"mổ ruột thừa vỡ"}, "source": {"1"}, "do": {"save"}})
	if a.status != http.StatusSeeOther || !strings.Contains(nurse.get(at).text(), "Người khác vừa bỏ mục tiền sử này") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	form := nurse.get(at + "/past")
	if !strings.Contains(form.text(), "mổ ruột thừa vỡ") || hiddenValue(form, "base") != "" {
		t.Errorf("what was typed is gone: %s", form.text())
	}
	if a := nurse.send(at+"/past", gone); a.status != http.StatusSeeOther || !strings.Contains(nurse.get(at).text(), "Không cần làm gì thêm") {
		t.Errorf("%d %s", a.status, a.text())
	}
}

// TestFindingsOfAnotherPurpose: what was found of a part stays on the page when the chosen
// purpose does not ask it, so that the correction keeps it.
func TestFindingsOfAnotherPurpose(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	doctor := w.login(w.doctor, doctorPIN)
	visit := doctor.checkVisit("Phạm Thị Sương")
	form := checkForm()
	form.Set("part.PH09", "3")
	form.Set("words.PH09", "thoát vị bẹn")
	form.Set("part.PH05", "1")
	form.Set("do", "parts")
	form.Set("purpose", "MDHS")
	a := doctor.send(visit+"/healthcheck", form)
	if !strings.Contains(a.body, `value="thoát vị bẹn"`) || strings.Contains(a.body, `name="words.PH05"`) {
		t.Errorf("%d %s", a.status, a.text())
	}
}
