package web

import (
	"fmt"
	"maps"
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

// infants registers children of three months without a visit; the clock stands at the
// 22nd of November 2026.
func (b *browser) infants(n int) (paths []string) {
	b.w.t.Helper()
	for i := range n {
		v := url.Values{
			"name": {fmt.Sprintf("Lò Thị Bé %c%c", 'A'+i/26, 'A'+i%26)}, "birth.day": {"20"}, "birth.month": {"8"}, "birth.year": {"2026"},
			"sex": {"2"}, "guardian": {"Lò Văn Ba"}, "do": {"only"},
		}
		a := b.send("/register", v)
		if a.status != http.StatusSeeOther {
			b.w.t.Fatalf("register: %d %s", a.status, a.text())
		}
		paths = append(paths, a.location[:42])
	}
	return paths
}

// openBatches says what is open today.
func (b *browser) openBatches() {
	b.w.t.Helper()
	a := b.send("/vaccines", url.Values{
		"place": {"Nhà văn hóa thôn Đông"}, "batch.DPTVGBHIB": {"ab-1207"}, "expiry.DPTVGBHIB": {"03/2027"}, "batch.BOPV": {"P77"}, "expiry.BOPV": {"270630"},
	})
	if a.status != http.StatusSeeOther {
		b.w.t.Fatalf("session: %d %s", a.status, a.text())
	}
}

// filled returns what a page's main form holds when nothing but the given is changed: a
// browser's way, without JavaScript.
func filled(a answer) url.Values {
	v := url.Values{}
	_, form, _ := strings.Cut(a.body, `data-keep="1"`)
	form, _, _ = strings.Cut(form, "</form>")
	selected := ""
	for _, tag := range regexp.MustCompile(`<(input|select|option)([^>]*)>`).FindAllStringSubmatch(form, -1) {
		name := attribute(tag[2], "name")
		switch {
		case tag[1] == "select":
			selected = name
		case tag[1] == "option":
			if strings.Contains(tag[2], " selected") {
				v.Set(selected, attribute(tag[2], "value"))
			}
		case strings.Contains(tag[2], `type="radio"`) || strings.Contains(tag[2], `type="checkbox"`):
			if strings.Contains(tag[2], " checked") {
				v.Add(name, attribute(tag[2], "value"))
			}
		default:
			v.Set(name, attribute(tag[2], "value"))
		}
	}
	return v
}

func attribute(tag, name string) string {
	_, rest, _ := strings.Cut(tag, " "+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// given opens a child's visit from the list and saves what the form offers: three taps.
func (b *browser) given(child string, change url.Values) (visit string) {
	b.w.t.Helper()
	a := b.post(child+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {child[10:]}, "type": {"7"}, "then": {"immunise"}}) // tap: is here
	if a.status != http.StatusSeeOther || !strings.HasSuffix(a.location, "/immunise") {
		b.w.t.Fatalf("open: %d %s %s", a.status, a.location, a.text())
	}
	form := filled(b.get(a.location))
	form.Set("asked", "none") // tap: no sign
	form.Set("do", "save")    // tap: save
	maps.Copy(form, change)
	if a := b.post(a.location, form); a.status != http.StatusSeeOther || a.location != "/vaccines" {
		b.w.t.Fatalf("save: %d %s %s", a.status, a.location, a.text())
	}
	return strings.TrimSuffix(a.location, "/immunise")
}

// TestVaccinationStory takes fifty children through a morning by the pages: each needs
// four taps from the list, and every list says where they stand.
func TestVaccinationStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	children := nurse.infants(50)
	if a := nurse.get("/vaccines"); !strings.Contains(a.text(), "Đến hạn tiêm (0)") && !strings.Contains(a.text(), "Đến hạn tiêm (50)") {
		t.Fatalf("the list: %s", a.text())
	}
	nurse.openBatches()
	visits := make([]string, len(children))
	for i, child := range children {
		visits[i] = nurse.given(child, nil)
	}
	list := nurse.get("/vaccines")
	for _, want := range []string{"Đang theo dõi (50)", "còn 30 phút", "DPT-VGB-Hib", "AB-1207", "Nhà văn hóa thôn Đông"} {
		if !strings.Contains(list.text(), want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	visit := nurse.get(visits[3])
	for _, want := range []string{"Hẹn khám lại", "Bại liệt uống", "hạn 30/06/2027", "đùi trái", "Đã hỏi: không có dấu hiệu nào"} {
		if !strings.Contains(visit.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, visit.text())
		}
	}
	w.clock.Add(31 * time.Minute)
	if a := nurse.get("/vaccines"); strings.Count(a.text(), "đủ 30 phút") != 50 {
		t.Errorf("%d are over", strings.Count(a.text(), "đủ 30 phút"))
	}
	for _, v := range visits[1:] { // tap: may go
		form := url.Values{"act": {clinic.NewID().String()}, "patient": {v[10:42]}, "visit": {v[50:]}}
		if a := nurse.post(v+"/watched", form); a.status != http.StatusSeeOther || a.location != "/vaccines" {
			t.Fatalf("watched: %d %s", a.status, a.text())
		}
	}
	a := nurse.send(visits[0]+"/reaction", url.Values{"seen": {"some"}, "sign": {"breathless", "rash"}, "care": {"Adrenalin, chuyển tuyến"}, "do": {"save"}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("reaction: %d %s", a.status, a.text())
	}
	if a := nurse.get("/vaccines"); !strings.Contains(a.text(), "Xong (50)") || !strings.Contains(a.text(), "Tai biến nặng") || strings.Contains(a.text(), "Ký xác nhận") {
		t.Errorf("nurse's list: %s", a.text())
	}
	undoADose(t, nurse, visits[5], children[5])
	page := doctor.get("/vaccines")
	form := url.Values{"act": {page.hidden().Get("act")}, "pin": {"000000"}}
	for _, m := range regexp.MustCompile(`name="visit" value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		if len(strings.Fields(m[1])) == 3 {
			form.Add("visit", m[1])
		}
	}
	if len(form["visit"]) != 50 {
		t.Fatalf("%d visits to sign", len(form["visit"]))
	}
	if a := doctor.post("/vaccines/sign", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "PIN không đúng") {
		t.Errorf("wrong PIN: %d %s", a.status, a.text())
	}
	form.Set("pin", doctorPIN)
	if a := doctor.post("/vaccines/sign", form); a.status != http.StatusSeeOther {
		t.Fatalf("sign: %d %s", a.status, a.text())
	}
	if a := doctor.get(visits[7]); !strings.Contains(a.text(), "Đã ký") {
		t.Errorf("the visit is not signed: %s", a.text())
	}
	w.log.Absent("Lò Thị", "Adrenalin", doctorPIN)
}

// undoADose takes back a dose that was written down for the wrong child.
func undoADose(t *testing.T, b *browser, visit, child string) {
	t.Helper()
	if a := b.get(child + "/vaccines"); !strings.Contains(a.text(), "Đã tiêm (2)") {
		t.Errorf("before: %s", a.text())
	}
	form := filled(b.get(visit + "/immunise"))
	if form.Get("dose.DPT1") != "yes" || form.Get("dose.OPV1") != "yes" || form.Get("expiry.DPT1") != "31/03/2027" {
		t.Fatalf("the form shows what was saved: %v", form)
	}
	form.Del("dose.OPV1")
	form.Set("do", "save")
	if a := b.post(visit+"/immunise", form); a.status != http.StatusSeeOther {
		t.Fatalf("correction: %d %s", a.status, a.text())
	}
	if a := b.get(child + "/vaccines"); !strings.Contains(a.text(), "Đã tiêm (1)") {
		t.Errorf("after: %s", a.text())
	}
	if a := b.get(visit + "/versions/immunise"); strings.Count(a.text(), "Bại liệt uống") != 1 {
		t.Errorf("the old version is not kept: %s", a.text())
	}
}

// TestVaccineDoubts: what is unusual interrupts, and is saved once it is confirmed.
func TestVaccineDoubts(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	nurse.openBatches()
	child := nurse.infants(1)[0]
	visit := nurse.given(child, nil)
	form := filled(nurse.get(visit + "/immunise"))
	for name, value := range map[string]string{"dose.SOI1": "yes", "batch.SOI1": "M1", "expiry.SOI1": "x", "do": "save"} {
		form.Set(name, value)
	}
	if a := nurse.post(visit+"/immunise", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Ghi hạn dùng") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	form.Set("expiry.SOI1", "12/2026")
	a := nurse.post(visit+"/immunise", form)
	if a.status != http.StatusConflict || !strings.Contains(a.text(), "Sởi: còn sớm") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	form.Set("confirmed", "early.SOI")
	form.Set("do", "confirm")
	if a := nurse.post(visit+"/immunise", form); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	// A paper book, with a day that cannot be, and right.
	past := url.Values{"place": {"Trạm y tế xã bên"}, "day.LAO1": {"31/02/2026"}}
	if a := nurse.send(child+"/vaccines", past); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "31/02/2026") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	past.Set("day.LAO1", "25/08/2026")
	if a := nurse.send(child+"/vaccines", past); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	card := nurse.get(child + "/vaccines")
	if !strings.Contains(card.text(), "Trạm y tế xã bên") || !strings.Contains(card.text(), "Bỏ phần ghi nhầm: 25/08/2026: LAO1") {
		t.Fatalf("%s", card.text())
	}
	base := regexp.MustCompile(`name="base" value="([0-9a-f]{64})"`).FindStringSubmatch(card.body)[1]
	back := url.Values{"base": {base}, "why": {"sổ của em nó"}, "act": {clinic.NewID().String()}, "patient": {child[10:]}}
	if a := nurse.post(child+"/vaccines", back); a.status != http.StatusSeeOther || strings.Contains(nurse.get(child+"/vaccines").text(), "Trạm y tế xã bên") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	w.log.Absent("Lò Thị", "sổ của em")
}

// TestVisitTypeStory: the kind is chosen with one tap, decides the pages, and is changed.
func TestVisitTypeStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	v := person("Phạm Thị Loại", "056161012345")
	v.Set("type", "7")
	a := nurse.send("/register", v)
	page := nurse.get(a.location)
	if !strings.Contains(page.text(), "Tiêm chủng") || strings.Contains(page.body, a.location+"/vitals") || !strings.Contains(page.body, a.location+"/immunise") {
		t.Fatalf("%d %s", a.status, page.text())
	}
	form := url.Values{"act": {clinic.NewID().String()}, "patient": {a.location[10:42]}, "visit": {a.location[50:]}, "type": {"0"}}
	if b := nurse.post(a.location+"/type", form); b.status != http.StatusSeeOther {
		t.Fatalf("%d %s", b.status, b.text())
	}
	if page := nurse.get(a.location); !strings.Contains(page.body, a.location+"/vitals") || strings.Contains(page.body, a.location+"/immunise") {
		t.Errorf("%s", page.text())
	}
}

// vaccinePages adds the pages of a session in all its states.
func vaccinePages(nurse, doctor *browser, pages map[string]answer) {
	pages["vaccines new"] = nurse.get("/vaccines")
	children := nurse.infants(4)
	nurse.openBatches()
	pages["vaccines refused"] = nurse.send("/vaccines", url.Values{"batch.BOPV": {"x"}, "expiry.BOPV": {"01/2020"}})
	visits := []string{nurse.given(children[0], nil), nurse.given(children[1], nil)}
	postponed := url.Values{"outcome": {"2"}, "note": {"sốt"}, "dose.DPT1": nil, "dose.OPV1": nil}
	visits = append(visits, nurse.given(children[2], postponed))
	nurse.send(visits[0]+"/reaction", url.Values{"seen": {"some"}, "sign": {"shock"}, "do": {"save"}})
	pages["vaccines"], pages["vaccines doctor"] = nurse.get("/vaccines"), doctor.get("/vaccines")
	pages["vaccines pin"] = doctor.post("/vaccines/sign", url.Values{"act": {clinic.NewID().String()}, "pin": {"1"}, "visit": {strings.Join([]string{visits[0][10:42], visits[0][50:], "x"}, " ")}})
	form := filled(nurse.get(visits[1] + "/immunise"))
	form.Set("batch.DPT1", "")
	form.Set("do", "save")
	pages["immunise refused"] = nurse.post(visits[1]+"/immunise", form)
	form.Set("batch.DPT1", "B")
	form.Set("expiry.DPT1", "01/2020")
	pages["immunise doubts"] = nurse.post(visits[1]+"/immunise", form)
	for i, v := range visits {
		for _, step := range []string{"", "/immunise", "/reaction", "/check"} {
			pages[fmt.Sprintf("vaccines %d %s", i, step)] = doctor.get(v + step)
		}
	}
	nurse.send(children[3]+"/vaccines", url.Values{"day.LAO1": {"25/08/2026"}})
	pages["vaccine card"], pages["vaccine card refused"] = nurse.get(children[3]+"/vaccines"), nurse.send(children[3]+"/vaccines", url.Values{"day.DPT1": {"x"}})
}

// TestShotsOfVaccines takes pictures of a morning, in both languages.
func TestShotsOfVaccines(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	children := nurse.infants(8)
	nurse.openBatches()
	nurse.given(children[0], nil)
	w.clock.Add(12 * time.Minute)
	nurse.given(children[1], nil)
	w.clock.Add(20 * time.Minute)
	visit := nurse.given(children[2], nil)
	nurse.send(visit+"/reaction", url.Values{"seen": {"some"}, "sign": {"high-fever"}, "note": {"39,2 °C"}, "care": {"Hạ sốt"}, "do": {"save"}})
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("v-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-list", c.to("/vaccines"))
		shot("02-open", c.to("/vaccines"), press("details summary"))
		shot("03-immunise", c.to("/vaccines"), press("button[value=immunise]"), wait("#questions"))
		shot("04-asked", press("label[for=asked-none]"))
		shot("05-saved", press("button[value=save]"), wait(".cb-lines"))
		shot("06-visit", c.to(visit))
		shot("07-reaction", c.to(visit+"/reaction"))
		shot("08-card", c.to(children[2]+"/vaccines"))
		shot("09-register", c.to("/register"))
	}
}
