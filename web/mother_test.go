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

// expectant registers a woman of 28 and opens a visit of the kind.
func (b *browser) expectant(name, kind string) (visit string) {
	b.w.t.Helper()
	v := person(name, "")
	v.Set("birth.year", "1998")
	v.Set("type", kind)
	v.Set("phone", "0900 000 009")
	a := b.send("/register", v)
	if a.status != http.StatusSeeOther {
		b.w.t.Fatalf("register: %d %s", a.status, a.text())
	}
	return a.location
}

// pregnancyForm is the form of a pregnancy in its 30th week on 22 November 2026.
func pregnancyForm(visit string) url.Values {
	return url.Values{
		"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "from": {visit[50:]},
		"lmp.day": {"30"}, "lmp.month": {"4"}, "lmp.year": {"2026"}, "gravida": {"2"}, "para": {"1001"}, "risk": {"scar"},
	}
}

// withChild records the pregnancy.
func (b *browser) withChild(visit string) {
	b.w.t.Helper()
	if a := b.post(visit[:42]+"/pregnancy", pregnancyForm(visit)); a.status != http.StatusSeeOther || a.location != visit {
		b.w.t.Fatalf("pregnancy: %d %s %s", a.status, a.location, a.text())
	}
}

func antenatalForm() url.Values {
	return url.Values{
		"danger": {"none"}, "weight": {"58,5"}, "systolic": {"145"}, "diastolic": {"92"}, "fundus": {"28"}, "heart": {"142"}, "hb": {"10,4"},
		"lie": {"1"}, "protein": {"3"}, "oedema": {"1"}, "tetanus": {"2"}, "iron": {"30"}, "next.day": {"6"}, "next.month": {"12"}, "next.year": {"2026"}, "do": {"save"},
	}
}

// TestAntenatalStory: a woman comes for the first time, her pregnancy is recorded once,
// the examination says in words what to do, and the list calls her when she is late.
func TestAntenatalStory(t *testing.T) {
	w := newWorld(t, 100*24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.expectant("Phạm Thị Sương", "5")
	if a := nurse.get(visit[:42]); !strings.Contains(a.text(), "không có nghĩa là không có thai") {
		t.Errorf("%s", a.text())
	}
	a := nurse.send(visit+"/antenatal", antenatalForm())
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Chưa ghi thai kỳ") || !strings.Contains(a.body, `value="145"`) {
		t.Fatalf("%d %s", a.status, a.text())
	}
	bad := pregnancyForm(visit)
	bad.Set("lmp.year", "2027")
	if a := nurse.post(visit[:42]+"/pregnancy", bad); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Xem lại năm") || !strings.Contains(a.body, `value="1001"`) {
		t.Errorf("%d %s", a.status, a.text())
	}
	nurse.withChild(visit)
	if a := nurse.get(visit + "/antenatal"); !strings.Contains(a.text(), "29 tuần 3 ngày") || !strings.Contains(a.text(), "04/02/2027") || !strings.Contains(a.text(), "mổ tử cung") {
		t.Errorf("%s", a.text())
	}
	mixed := antenatalForm()
	mixed["signs"] = []string{"bleeding"}
	if a := nurse.send(visit+"/antenatal", mixed); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Chọn lại") {
		t.Errorf("%d %s", a.status, a.text())
	}
	if a := nurse.send(visit+"/antenatal", antenatalForm()); a.status != http.StatusSeeOther || a.location != visit {
		t.Fatalf("%d %s %s", a.status, a.location, a.text())
	}
	page := doctor.get(visit)
	for _, want := range []string{"145/92 mmHg và có đạm niệu: tiền sản giật", "Chuyển tuyến ngay", "Hb 104 g/L (dưới 110)", "Chưa đủ mũi uốn ván", "58,5 kg", "06/12/2026"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, page.text())
		}
	}
	doctor.sign(visit)
	list := nurse.get("/mothers")
	if !strings.Contains(list.text(), "Phạm Thị Sương") || !strings.Contains(list.text(), "tiền sản giật") || !strings.Contains(list.text(), "Quyết định 4128") || !strings.Contains(list.body, `<details class="govuk-details" open>`) {
		t.Errorf("%s", list.text())
	}
	w.clock.Add(20 * 24 * time.Hour)
	list = nurse.get("/mothers")
	if !strings.Contains(list.text(), "trễ 6 ngày") {
		t.Errorf("%s", list.text())
	}
	came := url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "type": {"5"}, "then": {"antenatal"}}
	if a := nurse.post(visit[:42]+"/visits", came); a.status != http.StatusSeeOther || !strings.HasSuffix(a.location, "/antenatal") {
		t.Fatalf("%d %s", a.status, a.location)
	} else if next := nurse.get(a.location); !strings.Contains(next.text(), "Lần trước 22/11/2026") || !strings.Contains(next.text(), "32 tuần 2 ngày") {
		t.Errorf("%s", next.text())
	}
	w.clock.Add(60 * 24 * time.Hour)
	if a := nurse.get("/mothers"); !strings.Contains(a.text(), "quá 6 ngày") {
		t.Errorf("%s", a.text())
	}
	page = nurse.get(visit[:42] + "/pregnancy")
	_, base, _ := strings.Cut(page.body, `name="base" value="`)
	end := pregnancyForm(visit)
	end.Set("base", base[:64])
	end.Set("end", "5")
	end.Set("ended.day", "1")
	end.Set("ended.month", "2")
	end.Set("ended.year", "2027")
	if a := nurse.post(visit[:42]+"/pregnancy", end); a.status != http.StatusSeeOther || strings.Contains(nurse.get("/mothers").text(), "Sương") {
		t.Errorf("%d %s", a.status, a.text())
	}
	if a := nurse.get(visit[:42] + "/pregnancy"); !strings.Contains(a.text(), "Sinh ở nơi khác 01/02/2027") {
		t.Errorf("%s", a.text())
	}
	w.log.Absent("Sương", "tiền sản giật")
}

// deliveryForm is the form of twins, the second born dead.
func deliveryForm() url.Values {
	return url.Values{
		"day.day": {"22"}, "day.month": {"11"}, "day.year": {"2026"}, "time": {"5h10"}, "mode": {"1"}, "lie": {"1"}, "place": {"1"},
		"attendant": {"Lê Thị Đỡ"}, "children": {"2"}, "mother": {"1"}, "blood": {"600"}, "placenta": {"1"}, "perineum": {"3"},
		"state.1": {"1"}, "sex.1": {"1"}, "grams.1": {"2,1"}, "length.1": {"44"}, "apgar1.1": {"7"}, "apgar5.1": {"9"}, "vitamin.1": {"1"}, "hepb.1": {"1"}, "breast.1": {"1"},
		"state.2": {"3"}, "sex.2": {"2"}, "grams.2": {"1500"}, "time.2": {"5:25"}, "do": {"save"},
	}
}

// tap presses the button that makes the record of a child.
func (b *browser) tap(visit, n string) answer {
	return b.post(visit+"/born/"+n, url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "visit": {visit[50:]}})
}

// TestDeliveryStory: twins, one born dead: a tap each makes their records, the death is
// there for a doctor to complete, the certificate is signed, printed and replaced.
func TestDeliveryStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.expectant("Phạm Thị Sương", "6")
	nurse.withChild(visit)
	if a := nurse.send(visit+"/delivery", url.Values{"children": {"1"}, "time": {"5:10"}, "do": {"children.2"}}); a.status != http.StatusOK || !strings.Contains(a.body, `name="sex.2"`) || !strings.Contains(a.body, `value="5:10"`) {
		t.Fatalf("%d", a.status)
	}
	missing := deliveryForm()
	missing.Del("sex.2")
	if a := nurse.send(visit+"/delivery", missing); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#sex.2"`) {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.send(visit+"/delivery", deliveryForm()); a.status != http.StatusSeeOther || a.location != visit {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page := nurse.get(visit)
	for _, want := range []string{"05:10", "29 tuần 3 ngày", "Mất 600 ml máu: băng huyết", "Bé 1: nặng 2100 g", "Chết trong chuyển dạ", "Lập hồ sơ bé", "Bác sĩ, y sĩ lập hồ sơ"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, page.text())
		}
	}
	if a := nurse.get(visit + "/delivery"); strings.Contains(a.text(), "Chưa ghi thai kỳ") || !strings.Contains(a.text(), "04/02/2027") {
		t.Errorf("the pregnancy that it ended is not there: %s", a.text())
	}
	if a := nurse.get("/mothers"); strings.Contains(a.text(), "Sương") {
		t.Errorf("still followed: %s", a.text())
	}
	if a := nurse.tap(visit, "1"); a.location != visit {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.get(visit); !strings.Contains(a.text(), "Con bà PHẠM THỊ SƯƠNG 1/2") || !strings.Contains(a.text(), "Chưa ghi mũi viêm gan B, BCG") {
		t.Errorf("%s", a.text())
	}
	dead := doctor.tap(visit, "2").location
	if !strings.HasSuffix(dead, "/death") {
		t.Fatal(dead)
	}
	if a := doctor.get(dead); !strings.Contains(a.body, `value="05:25"`) || !strings.Contains(a.text(), "P95") {
		t.Errorf("%s", a.text())
	}
	doctor.sign(strings.TrimSuffix(dead, "/death"))
	if a := doctor.get(visit); !strings.Contains(a.text(), "đã ghi tử vong") {
		t.Errorf("%s", a.text())
	}
	certificate(t, nurse, doctor, visit)
	for _, b := range []*browser{nurse, doctor} {
		if a := b.get(visit[:42]); !strings.Contains(a.text(), "Con bà PHẠM THỊ SƯƠNG 2/2") {
			t.Errorf("%s", a.text())
		}
	}
	w.log.Absent("Sương", "SƯƠNG", "Lê Thị Đỡ")
}

// certificate writes, signs, prints and replaces the first child's.
func certificate(t *testing.T, nurse, doctor *browser, visit string) {
	t.Helper()
	form := nurse.get(visit + "/certificate")
	for _, want := range []string{`value="Lê Thị Đỡ"`, `value="Thôn Bãi Sau, xã Sò Biển"`, `id="n-1" value="1" checked`, `name="births" value="2"`} {
		if !strings.Contains(form.body, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if strings.Contains(form.body, `id="n-2"`) {
		t.Error("a certificate for a child that was born dead")
	}
	in := url.Values{"n": {"1"}, "name": {"Trần Văn Bé"}, "father": {"Trần Văn Cha"}, "address": {"Thôn Bãi Sau"}, "place": {"Trạm"}, "attendant": {"Lê Thị Đỡ"}, "births": {"2"}, "alive": {"2"}, "do": {"save"}}
	if a := nurse.send(visit+"/certificate", in); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page := doctor.get(visit)
	if !strings.Contains(page.text(), "Ký xác nhận rồi mới in") {
		t.Errorf("%s", page.text())
	}
	doctor.sign(visit)
	page = nurse.get(visit)
	_, rest, _ := strings.Cut(page.body, `name="number" value="`)
	number, _, _ := strings.Cut(rest, `"`)
	printing := url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "visit": {visit[50:]}, "number": {number}}
	if a := nurse.post(visit+"/birth/print", printing); a.status != http.StatusSeeOther || !strings.Contains(nurse.get(visit).text(), "Đã gửi giấy chứng sinh đến máy in") {
		t.Errorf("%d %s", a.status, a.text())
	}
	if docs := nurse.w.papers.Docs; len(docs) != 1 || docs[0].Form != "birth" {
		t.Errorf("%+v", docs)
	}
	edit := nurse.get(visit + "/certificate")
	_, rest, _ = strings.Cut(edit.body, `name="base" value="`)
	in.Set("base", rest[:64])
	in.Set("father", "Trần Văn Cha Đúng")
	if a := nurse.send(visit+"/certificate", in); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Ghi lý do sửa") {
		t.Errorf("%d %s", a.status, a.text())
	}
	in.Set("why", "sai tên cha")
	if a := nurse.send(visit+"/certificate", in); a.status != http.StatusSeeOther || !strings.Contains(nurse.get(visit).text(), "Cấp thay giấy "+number) {
		t.Errorf("%d %s", a.status, a.text())
	}
	if a := nurse.get(visit + "/versions/certificate"); !strings.Contains(a.text(), "sai tên cha") || !strings.Contains(a.text(), number) {
		t.Errorf("%s", a.text())
	}
}

// motherPages adds the pages of pregnancy and birth.
func motherPages(nurse, doctor *browser, pages map[string]answer) {
	pages["mothers none"] = nurse.get("/mothers")
	visit := nurse.expectant("Vũ Thị Thơm", "5")
	pages["antenatal without"], pages["pregnancy new"] = nurse.get(visit+"/antenatal"), nurse.get(visit[:42]+"/pregnancy")
	pages["pregnancy refused"] = nurse.post(visit[:42]+"/pregnancy", url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "para": {"1"}})
	scan := pregnancyForm(visit)
	scan.Set("scan.day", "1")
	scan.Set("scan.month", "7")
	scan.Set("scan.year", "2026")
	scan.Set("scanweeks", "12")
	nurse.post(visit[:42]+"/pregnancy", scan)
	pages["pregnancy"], pages["mothers"], pages["antenatal new"] = nurse.get(visit[:42]+"/pregnancy"), nurse.get("/mothers"), nurse.get(visit+"/antenatal")
	worse := antenatalForm()
	worse.Set("danger", "some")
	worse["signs"] = []string{"bleeding", "movements"}
	nurse.send(visit+"/antenatal", worse)
	pages["antenatal saved"], pages["antenatal visit"], pages["antenatal check"] = nurse.get(visit+"/antenatal"), nurse.get(visit), doctor.get(visit+"/check")
	pages["mother"] = nurse.get(visit[:42])
	birth := nurse.expectant("Đỗ Thị Lan", "6")
	pages["delivery new"] = nurse.get(birth + "/delivery")
	pages["delivery refused"] = nurse.send(birth+"/delivery", url.Values{"children": {"2"}, "do": {"save"}})
	form := deliveryForm()
	form.Set("mother", "4")
	nurse.send(birth+"/delivery", form)
	pages["delivery saved"], pages["delivery visit"], pages["delivery doctor"] = nurse.get(birth+"/delivery"), nurse.get(birth), doctor.get(birth)
	nurse.tap(birth, "1")
	pages["certificate"] = nurse.get(birth + "/certificate")
	pages["certificate refused"] = nurse.send(birth+"/certificate", url.Values{"n": {"1"}, "do": {"save"}})
	nurse.send(birth+"/certificate", url.Values{"n": {"1"}, "address": {"Thôn Bãi Sau"}, "place": {"Trạm"}, "attendant": {"Lê Thị Đỡ"}, "do": {"save"}})
	pages["certificate saved"], pages["certificate visit"] = nurse.get(birth+"/certificate"), doctor.get(birth)
	pages["certificate nobody"] = nurse.get(nurse.expectant("Ngô Thị Cúc", "6") + "/certificate")
}

// TestShotsOfMothers takes pictures of them, in both languages.
func TestShotsOfMothers(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, 100*24*time.Hour).serve()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.expectant("Phạm Thị Sương", "5")
	fresh := nurse.expectant("Lê Thị Mơ", "5")
	birth := nurse.expectant("Trần Thị Ngát", "6")
	for _, v := range []string{visit, birth} {
		nurse.withChild(v)
	}
	nurse.send(visit+"/antenatal", antenatalForm())
	doctor.send(birth+"/delivery", deliveryForm())
	nurse.tap(birth, "1")
	nurse.send(birth+"/certificate", url.Values{"n": {"1"}, "name": {"Trần Văn Bé"}, "address": {"Thôn Bãi Sau"}, "place": {"Trạm"}, "attendant": {"Lê Thị Đỡ"}, "do": {"save"}})
	doctor.sign(birth)
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("m-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-list", c.to("/mothers"))
		shot("02-pregnancy-new", c.to(fresh[:42]+"/pregnancy"))
		shot("03-pregnancy", c.to(visit[:42]+"/pregnancy"))
		shot("04-antenatal", c.to(visit+"/antenatal"))
		shot("05-antenatal-visit", c.to(visit))
		shot("06-patient", c.to(visit[:42]))
		shot("07-delivery", c.to(birth+"/delivery"))
		shot("08-delivery-visit", c.to(birth))
		shot("09-certificate", c.to(birth+"/certificate"))
	}
}

// TestOldFormOfPregnancy: a form that was filled before somebody else saved changes that
// pregnancy at the next press, and is never a new one; so does a draft of it.
func TestOldFormOfPregnancy(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.expectant("Phạm Thị Sương", "5")
	nurse.withChild(visit)
	at := visit[:42] + "/pregnancy"
	old := pregnancyForm(visit)
	old.Set("base", hiddenValue(nurse.get(at), "base"))
	other := pregnancyForm(visit)
	other.Set("base", old.Get("base"))
	other.Set("end", "5")
	other.Set("ended.day", "20")
	other.Set("ended.month", "11")
	other.Set("ended.year", "2026")
	if a := doctor.post(at, other); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	old.Set("note", "hẹn siêu âm")
	old.Set("gravida", "99") // a refusal that does not look at the record keeps the base
	if a := nurse.post(at, old); a.status != http.StatusUnprocessableEntity || hiddenValue(a, "base") != old.Get("base") {
		t.Errorf("%d: an old form turned into a new pregnancy: %q", a.status, hiddenValue(a, "base"))
	}
	if a := nurse.get(at); hiddenValue(a, "base") != old.Get("base") || !strings.Contains(a.text(), "hẹn siêu âm") || !strings.Contains(a.body, `<p class="cb-note__title">`) {
		t.Errorf("the draft lost what it changes, or does not say that it is one: %s", a.text())
	}
	old.Set("gravida", "3")
	a := nurse.post(at, old)
	now := hiddenValue(a, "base")
	if a.status != http.StatusUnprocessableEntity || now == "" || now == old.Get("base") {
		t.Fatalf("%d %q", a.status, now)
	}
	old.Set("base", now)
	old.Set("act", clinic.NewID().String())
	if a := nurse.post(at, old); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.text())
	}
	if a := nurse.get(at); strings.Contains(a.body, "/pregnancy?of=") || !strings.Contains(nurse.get("/mothers").text(), "Sương") {
		t.Errorf("%s", a.text())
	}
}

// TestBirthIsTakenBackWithErrors: what is wrong with the form of a birth that never was
// does not matter, and the page says that it is taken back.
func TestBirthIsTakenBackWithErrors(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	visit := nurse.expectant("Phạm Thị Sương", "6")
	nurse.withChild(visit)
	nurse.send(visit+"/delivery", deliveryForm())
	form := deliveryForm()
	form.Set("base", hiddenValue(nurse.get(visit+"/delivery"), "base"))
	form.Set("blood", "nhiều")
	form.Set("mistake", "yes")
	form.Set("why", "nhầm người")
	if a := nurse.send(visit+"/delivery", form); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.text())
	}
	if a := nurse.get("/mothers"); !strings.Contains(a.text(), "Sương") {
		t.Error("the pregnancy is not open again")
	}
}

// TestExaminationBefore: that of an earlier pregnancy, or of a visit that ended unseen, is
// not the last one of this pregnancy; the day of birth still has its pregnancy.
func TestExaminationBefore(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.expectant("Phạm Thị Sương", "5")
	nurse.withChild(visit)
	nurse.send(visit+"/antenatal", antenatalForm())
	came := func(kind string) string {
		v := url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "type": {kind}, "do": {"another"}}
		return nurse.post(visit[:42]+"/visits", v).location
	}
	next := came("5")
	if a := nurse.get(next + "/antenatal"); !strings.Contains(a.text(), "Lần trước") {
		t.Fatalf("%s", a.text())
	}
	nurse.send(came("6")+"/delivery", deliveryForm())
	if a := nurse.get(next + "/antenatal"); strings.Contains(a.text(), "Chưa ghi thai kỳ") || !strings.Contains(a.text(), "29 tuần 3 ngày") {
		t.Errorf("on the day of birth: %s", a.text())
	}
	if a := doctor.press(visit, "/end", url.Values{"reason": {"mistake"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.get(next + "/antenatal"); strings.Contains(a.text(), "Lần trước") {
		t.Errorf("of a visit that ended unseen: %s", a.text())
	}
	nurse.send(next+"/antenatal", antenatalForm())
	w.clock.Add(300 * 24 * time.Hour)
	again := pregnancyForm(visit)
	again.Set("lmp.month", "6")
	again.Set("lmp.year", "2027")
	if a := nurse.post(visit[:42]+"/pregnancy", again); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.get(came("5") + "/antenatal"); strings.Contains(a.text(), "Lần trước") || strings.Contains(a.text(), "Chưa ghi thai kỳ") {
		t.Errorf("of the pregnancy before: %s", a.text())
	}
}

// TestOpenPregnancyIsShown: the page opens the pregnancy that goes on, also when a later
// one, a mistake, was recorded after it.
func TestOpenPregnancyIsShown(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	visit := nurse.expectant("Phạm Thị Sương", "5")
	at := visit[:42] + "/pregnancy"
	nurse.withChild(visit)
	first := hiddenValue(nurse.get(at), "base")
	change := func(base, end string) {
		t.Helper()
		v := pregnancyForm(visit)
		v.Set("base", base)
		v.Set("end", end)
		v.Set("why", "nhầm")
		if a := nurse.post(at, v); a.status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.status, a.text())
		}
	}
	change(first, "6")
	nurse.withChild(visit)
	change(hiddenValue(nurse.get(at), "base"), "6")
	page := nurse.get(at)
	links := regexp.MustCompile(`pregnancy\?of=(\w+)`).FindAllStringSubmatch(page.body, -1)
	if len(links) != 2 || hiddenValue(page, "base") != "" {
		t.Fatalf("%v %s", links, page.text())
	}
	change(links[1][1], "")
	if a := nurse.get(at); hiddenValue(a, "base") == "" || strings.Contains(a.body, "of="+hiddenValue(a, "base")) {
		t.Errorf("a new form although one goes on: %s", a.text())
	}
}

// TestNoButtonForAnOldCertificate: what the birth says otherwise since is not offered to
// the printer.
func TestNoButtonForAnOldCertificate(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.expectant("Phạm Thị Sương", "6")
	nurse.send(visit+"/delivery", deliveryForm())
	nurse.tap(visit, "1")
	nurse.send(visit+"/certificate", url.Values{"n": {"1"}, "address": {"Thôn Bãi Sau"}, "place": {"Trạm"}, "attendant": {"Lê Thị Đỡ"}, "do": {"save"}})
	doctor.sign(visit)
	if a := nurse.get(visit); !strings.Contains(a.body, "/birth/print") {
		t.Fatalf("%s", a.text())
	}
	form := deliveryForm()
	form.Set("base", hiddenValue(nurse.get(visit+"/delivery"), "base"))
	form.Set("grams.1", "2,2")
	form.Set("why", "cân lại")
	if a := nurse.send(visit+"/delivery", form); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.get(visit); strings.Contains(a.body, "/birth/print") || !strings.Contains(a.text(), "cấp lại") {
		t.Errorf("%s", a.text())
	}
}
