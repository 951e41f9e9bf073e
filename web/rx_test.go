package web

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
	"clinicbox/internal/testpeer"
)

// small registers a child of two years with a guardian and opens a visit.
func (b *browser) small(name string) string {
	b.w.t.Helper()
	v := person(name, "")
	v.Set("birth.day", "20")
	v.Set("birth.month", "5")
	v.Set("birth.year", "2024")
	a := b.send("/register", v)
	if a.status != http.StatusSeeOther {
		b.w.t.Fatalf("register: %d %s", a.status, a.text())
	}
	return a.location
}

// keys are the hidden fields of a form on the visit's page.
func (b *browser) keys(visit string) url.Values {
	v := b.get(visit).hidden()
	parts := strings.Split(visit, "/")
	v.Set("patient", parts[2])
	v.Set("visit", parts[4])
	return v
}

func (b *browser) signs(visit string) answer {
	v := b.get(visit + "/check").hidden()
	parts := strings.Split(visit, "/")
	v.Set("patient", parts[2])
	v.Set("visit", parts[4])
	v.Set("pin", doctorPIN)
	return b.post(visit+"/sign", v)
}

// TestPrescriptionOfAChildOnThePages: from a usual dose to the paper, without script. What
// is missing is asked before the signature, and nothing typed is lost meanwhile.
func TestPrescriptionOfAChildOnThePages(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.small("Đỗ Bé Na")
	for name, v := range map[string]url.Values{
		"exam": {"reason": {"Sốt"}, "finding": {"Họng đỏ"}}, "diagnosis": {"main": {"J06.9"}},
	} {
		v.Set("do", "save")
		if a := b.send(visit+"/"+name, v); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, a.status, a.text())
		}
	}
	page := b.send(visit+"/prescription", url.Values{"do": {"pick.IBUSY"}})
	if !strings.Contains(page.text(), "Trẻ dưới 72 tháng tuổi") || !strings.Contains(page.text(), "chưa cân lần khám này") || strings.Contains(page.body, "take.") {
		t.Fatalf("%d %s", page.status, page.text())
	}
	b.send(visit+"/vitals?again=1", url.Values{"weight": {"11,5"}, "do": {"save"}})
	page = b.send(visit+"/prescription", url.Values{"do": {"pick.IBUSY"}})
	take := `take.0.5 ml x 3 x 3; sau ăn`
	if !strings.Contains(page.body, `value="`+take+`"`) || !strings.Contains(page.text(), "mỗi lần 5 ml, ngày 3 lần, 3 ngày, sau ăn") || !strings.Contains(page.text(), "11,5 kg") {
		t.Fatalf("no usual dose: %s", page.text())
	}
	page = b.send(visit+"/prescription", url.Values{"medicine.0": {"IBUSY"}, "advice": {"Uống nhiều nước"}, "do": {take}})
	for _, want := range []string{`value="5 ml"`, `value="3"`, `value="sau ăn"`, "Uống nhiều nước"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("%s is not filled in: %s", want, page.text())
		}
	}
	rx := url.Values{"medicine.0": {"IBUSY"}, "dose.0": {"5 viên"}, "times.0": {"3"}, "days.0": {"5"}, "when.0": {"sau ăn"}, "do": {"save"}}
	if a := b.send(visit+"/prescription", rx); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Thuốc này tính theo chai") || !strings.Contains(a.body, `value="5 viên"`) {
		t.Fatalf("%d %s", a.status, a.text())
	}
	rx.Set("dose.0", "5 ml")
	if a := b.send(visit+"/prescription", rx); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := b.get(visit + "/check"); !strings.Contains(a.text(), "02 chai") || !strings.Contains(a.text(), "cần 75 ml, chai 60 ml") || !strings.Contains(a.text(), "Mã đơn 22736a000001-C") {
		t.Errorf("%s", a.text())
	}
	if a := b.signs(visit); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "cần tên người đưa trẻ đến khám") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	rx.Set("companion", "Đỗ Thị Mẹ")
	if a := b.send(visit+"/prescription", rx); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := b.signs(visit); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	v := b.keys(visit)
	v.Set("code", "22736a000002-C")
	for range 2 { // a double press prints once
		if a := b.post(visit+"/rx/print", v); a.status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.status, a.text())
		}
	}
	if len(w.papers.Docs) != 1 || w.papers.Docs[0].Form != "prescription" {
		t.Fatalf("%d papers", len(w.papers.Docs))
	}
	if a := b.get(visit); !strings.Contains(a.text(), "In lại đơn thuốc") || !strings.Contains(a.text(), "Đã in 1 lần") || !strings.Contains(a.text(), "thay đơn 22736a000001-C") {
		t.Errorf("%s", a.text())
	}
	v = b.keys(visit)
	v.Set("code", "22736a000001-C")
	b.post(visit+"/rx/print", v)
	if a := b.get(visit); !strings.Contains(a.text(), "Đơn này đã có đơn khác thay") || len(w.papers.Docs) != 1 {
		t.Errorf("%s", a.text())
	}
}

// TestPrescriptionsApart: a psychotropic stands on a prescription of its own, each is
// changed by itself, and the bill takes both.
func TestPrescriptionsApart(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	b.examined(visit, "bill", "prescription")
	mixed := url.Values{
		"medicine.0": {"PARA500"}, "dose.0": {"1"}, "times.0": {"3"}, "days.0": {"5"},
		"medicine.1": {"DIAZ5"}, "dose.1": {"1"}, "times.1": {"1"}, "days.1": {"5"}, "do": {"save"},
	}
	if a := b.send(visit+"/prescription", mixed); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "kê ở đơn riêng") || !strings.Contains(a.body, "DIAZ5") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	one := func(code, days string) url.Values {
		return url.Values{"medicine.0": {code}, "dose.0": {"1"}, "times.0": {"1"}, "days.0": {days}, "do": {"save"}}
	}
	if a := b.send(visit+"/prescription", one("PARA500", "5")); a.status != http.StatusSeeOther {
		t.Fatal(a.text())
	}
	if a := b.get(visit); !strings.Contains(a.body, visit+"/prescription?again=1") {
		t.Error("no way to a second prescription")
	}
	if a := b.send(visit+"/prescription?again=1", one("DIAZ5", "11")); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Tối đa 10 ngày") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := b.send(visit+"/prescription?again=1", one("DIAZ5", "10")); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	a := b.get(visit)
	if !strings.Contains(a.text(), "22736a000001-C") || !strings.Contains(a.text(), "22736a000002-H") {
		t.Fatal(a.text())
	}
	of := a.body[strings.Index(a.body, "/prescription?of=")+len("/prescription?of="):]
	of = of[:strings.IndexByte(of, '"')]
	if a = b.get(visit + "/prescription?of=" + of); !strings.Contains(a.text(), "Paracetamol") || strings.Contains(a.text(), "Diazepam") {
		t.Errorf("the first prescription cannot be changed: %s", a.text())
	}
	if a = b.send(visit+"/bill", url.Values{"do": {"drugs"}}); !strings.Contains(a.body, "DIAZ5") || !strings.Contains(a.body, "PARA500") {
		t.Errorf("the bill takes %s", a.text())
	}
}

// TestPrescriptionInABrowser: a child's syrup from a usual dose to the printed paper, in a
// real browser with JavaScript.
func TestPrescriptionInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is slow")
	}
	testpeer.Need(t, "chromium")
	w := newWorld(t, time.Hour).serve()
	b := w.login(w.doctor, doctorPIN)
	visit := b.small("Đỗ Bé Na")
	for name, v := range map[string]url.Values{"vitals": {"weight": {"11,5"}}, "exam": {"reason": {"Sốt"}}, "diagnosis": {"main": {"J06.9"}}} {
		v.Set("do", "save")
		if a := b.send(visit+"/"+name, v); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, a.status, a.text())
		}
	}
	ctx, cancel := newBrowser(t)
	defer cancel()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		step, late := context.WithTimeout(ctx, 20*time.Second)
		defer late()
		if err := chromedp.Do(step, actions...); err != nil {
			t.Fatal(err)
		}
	}
	to := func(path string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(w.http.URL + path) }
	do(to("/login/"+w.doctor.String()+"?next="+visit+"/prescription"), typing("#pin", doctorPIN), press("main button"), wait("#q"))
	do(typing("#q", "ibusy"), wait("#found button"), press("#found button"), wait("button[value^=take]"))
	do(press("button[value^=take]"), wait("#dose\\.0[value='5 ml']"), typing("#companion", "Đỗ Thị Mẹ"), press("button[value=save]"), wait(".cb-note--good"))
	do(to(visit+"/check"), typing("#pin", doctorPIN), press("main form button"), wait("form[action$='/rx/print']"))
	do(to(visit), wait("form[action$='/rx/print']")) // without the note of signing, which would be taken for that of printing
	do(press("form[action$='/rx/print'] button"), wait(".cb-note--good"))
	if len(w.papers.Docs) != 1 {
		t.Fatalf("%d papers", len(w.papers.Docs))
	}
	var paper strings.Builder
	for _, x := range w.papers.Docs[0].Blocks {
		paper.WriteString(strings.ReplaceAll(x.Text+" "+x.Value+"\n", "\u00a0", " "))
	}
	for _, want := range []string{"Mã đơn: 22736a000001-C", "Tháng tuổi 30 tháng", "Cân nặng 11,5 kg", "Đỗ Thị Mẹ", "01 chai", "mỗi lần 5 ml"} {
		if !strings.Contains(paper.String(), want) {
			t.Errorf("%q is not on the paper:\n%s", want, paper.String())
		}
	}
}

// TestShotsOfPrescriptions takes pictures of the pages about prescriptions.
func TestShotsOfPrescriptions(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	b := w.login(w.doctor, doctorPIN)
	adult := b.opened("Phạm Thị Sương", "001161012345")
	b.examined(adult)
	if a := b.signs(adult); a.status != http.StatusSeeOther {
		t.Fatal(a.text())
	}
	child := b.small("Đỗ Bé Na")
	b.send(child+"/vitals", url.Values{"weight": {"11,5"}, "temperature": {"38,5"}, "confirmed": {"temperature"}, "do": {"save"}})
	b.send(child+"/exam", url.Values{"reason": {"Sốt"}, "do": {"save"}})
	b.send(child+"/diagnosis", url.Values{"main": {"J06.9"}, "do": {"save"}})
	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to
	shot("100-rx-pick", to("/login/"+w.doctor.String()+"?next="+child+"/prescription"), typing("#pin", doctorPIN), press("main button"), wait("#q"), typing("#q", "ibusy"), wait("#found button"))
	shot("101-rx-doses", press("#found button"), wait("#dose\\.0"))
	shot("102-rx-filled", press("button[value^=take]"), wait("#dose\\.0[value='5 ml']"))
	shot("103-rx-check", press("button[value=save]"), wait(".cb-note--good"), to(child+"/check"), wait("#pin"))
	shot("104-rx-sign-refused", typing("#pin", doctorPIN), press("main form button"), wait("[data-errors]"))
	shot("105-rx-visit", to(adult), wait("form[action$='/rx/print']"))
	shot("106-rx-printed", press("form[action$='/rx/print'] button"), wait(".cb-note--good"))
	shot("107-rules", to("/catalogs/interaction?q=simvastatin"), wait(".cb-lines"))
	shot("108-rule", to("/catalogs/"+clinic.CatalogInteraction+"/rows/STATIN-MACRO"), wait(".cb-pairs"))
	shot("109-rx-english", to(child+"/prescription"), press("button[name=lang]"), wait("html[lang=en]"))
}
