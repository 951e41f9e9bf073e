package web

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
)

// paperForm is the form of a paper of yesterday.
func (w *world) paperForm() url.Values {
	return url.Values{
		"act": {clinic.NewID().String()}, "when.day": {"21"}, "when.month": {"11"}, "when.year": {"2026"}, "at": {"09:30"},
		"by": {w.doctor.String()}, "reason": {"sốt 3 ngày"},
	}
}

// TestPaperStory: a nurse enters what the doctor wrote while the power was away, the
// doctor confirms it, and every page says who wrote, who typed and who confirmed.
func TestPaperStory(t *testing.T) {
	w := newWorld(t, time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	patient := nurse.opened("Nguyễn Thị Giấy", "056161000009")[:42]
	nurse.get("/").says(t, "Ghi lại phiếu giấy")
	nurse.get(patient+"/paper").says(t, "Người khám (người viết phiếu)", "Trần Văn Biển")
	form := w.paperForm()
	form.Set("patient", patient[10:])
	for field, bad := range map[string]string{"at": "25:00", "when.day": "", "by": w.tech.String(), "when.year": "2027"} {
		v := url.Values{}
		for name, value := range form {
			v[name] = value
		}
		v.Set(field, bad)
		if a := nurse.post(patient+"/paper", v); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "sốt 3 ngày") {
			t.Errorf("%s=%s: %d, or what was typed is lost", field, bad, a.status)
		}
	}
	visit := nurse.post(patient+"/paper", form).location
	if !strings.HasPrefix(visit, patient+"/visits/") {
		t.Fatal(visit)
	}
	form.Set("act", clinic.NewID().String())
	if a := nurse.post(patient+"/paper", form); a.location != visit {
		t.Errorf("the same paper makes another visit: %s", a.location)
	}
	for step, v := range map[string]url.Values{
		"vitals": {"pulse": {"88"}}, "exam": {"reason": {"sốt"}, "finding": {"họng đỏ"}}, "diagnosis": {"main": {"J06.9"}},
	} {
		v.Set("do", "save")
		if a := nurse.send(visit+"/"+step, v); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", step, a.status, a.text())
		}
	}
	nurse.get("/paper").says(t, "Nguyễn Thị Giấy", "Chưa ký")
	page := nurse.get(visit)
	page.says(t, "Ghi lại từ phiếu giấy", "Trên giấy: BS. Trần Văn Biển, lúc 09:30 21/11/2026.", "Nhập vào máy:", "Nguyễn Thị Hoa")
	doctor.get(visit+"/check").says(t, "Trên giấy: BS. Trần Văn Biển, lúc 09:30 21/11/2026.")
	doctor.sign(visit)
	doctor.get(visit).says(t, "xác nhận đã ghi lại đúng phiếu giấy")
	if a := nurse.get("/paper"); strings.Contains(a.body, "Nguyễn Thị Giấy") {
		t.Error("a confirmed paper is still to do")
	}
	list := nurse.get(patient).text()
	if i, j := strings.Index(list, "22/11/2026"), strings.Index(list, "21/11/2026"); i < 0 || j < i {
		t.Errorf("visits are not in the order in which they were: %d %d", i, j)
	}
}

// TestDowntimeForms: every empty form names the facility and the fields that the box asks
// for, in both languages.
func TestDowntimeForms(t *testing.T) {
	w := newWorld(t, time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	for _, name := range downtimeForms() {
		nurse.get("/forms/"+name).says(t, "Trạm y tế đảo Sò Biển", "không phải mẫu chính thức", "Họ và tên", "Người nhập vào máy")
	}
	if a := nurse.get("/forms/x"); a.status != http.StatusNotFound {
		t.Errorf("%d", a.status)
	}
}

// paperPages adds the pages about papers.
func paperPages(nurse *browser, pages map[string]answer) {
	patient := nurse.opened("Nguyễn Thị Giấy", "056161000009")[:42]
	pages["paper form"] = nurse.get(patient + "/paper")
	pages["paper refused"] = nurse.post(patient+"/paper", url.Values{"act": {clinic.NewID().String()}, "patient": {patient[10:]}})
	form := nurse.w.paperForm()
	form.Set("patient", patient[10:])
	visit := nurse.post(patient+"/paper", form).location
	nurse.send(visit+"/vitals", url.Values{"pulse": {"88"}, "do": {"save"}})
	pages["paper work"], pages["paper visit"] = nurse.get("/paper"), nurse.get(visit)
	for _, name := range downtimeForms() {
		pages["downtime "+name] = nurse.get("/forms/" + name)
	}
}

// TestShotsOfOldData takes pictures of the pages about old data and papers, and prints the
// empty forms.
func TestShotsOfOldData(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	nurse.opened("Lê Thị Giữ", "056161012345")
	book := t.TempDir() + "/sổ cũ.csv"
	w.must(os.WriteFile(book, []byte(oldHead+"1;Nguyễn Thị Mẫu;02/03/1961;nữ;;Penicilin\n2;Trần Văn Thử;45 tuổi;nam;;không\n3;Lê Thị Giữ;1961;nữ;056161012345;tôm\n4;Phạm Văn Sai;31/02/1960;nam;;\n5;1961;Đỗ Văn Đổi;nam;;\n6;Nguyễn Thị Mẫu;1961;nữ;;\n7;Vũ Thị Số;1970;nữ;5.6E+10;\n"), 0o600))
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("a0-old", to("/login/"+w.admin.String()+"?next=/old"), typing("#pin", adminPIN), press("main button"), wait(".cb-actions"))
	shot("a1-old-new", to("/old/patients/new"))
	shot("a2-old-questions", choose("#file", book), press("main button"), wait("fieldset"))
	shot("a3-old-answered", chromedp.SetValue(chromedp.CSS("#all-number"), "same"), chromedp.SetValue(chromedp.CSS("#all-name"), "other"), press("main form button"), wait("#confirm"))
	shot("a4-old-brought", press("label[for=confirm]"), press("main button[value=bring]"), wait(".cb-list"))
	shot("a5-old-one", press(".cb-list a"), wait(".govuk-button--warning"))
	shot("a6-old-one-english", press("button[name=lang]"), wait("html[lang=en]"))
	w.login(w.nurse, nursePIN)
	c = newCamera(t, w, dir)
	shot, to = c.shot, c.to
	visit := nurse.opened("Nguyễn Thị Giấy", "056161000009")
	shot("b0-paper-form", to("/login/"+w.nurse.String()+"?next="+visit[:42]+"/paper"), typing("#pin", nursePIN), press("main button"), wait("#by"))
	form := w.paperForm()
	form.Set("patient", visit[10:42])
	paper := nurse.post(visit[:42]+"/paper", form).location
	nurse.send(paper+"/exam", url.Values{"reason": {"sốt"}, "finding": {"họng đỏ"}, "do": {"save"}})
	shot("b1-paper-work", to("/paper"))
	shot("b2-paper-visit", to(paper))
	for _, name := range downtimeForms() {
		shot("b3-form-"+name, to("/forms/"+name))
		_, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		w.must(err)
		shot("b4-print-" + name)
		_, err = chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
		w.must(err)
	}
}
