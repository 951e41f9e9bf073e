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
	"github.com/chromedp/chromedp/kb"

	"clinicbox/clinic"
	"clinicbox/internal/testpeer"
)

// doubled is an invented station where one woman stands twice.
type doubled struct {
	*world
	nurses, doctors *browser
	a, b            string // addresses of the visits; a has shown a card
}

func newDoubled(t testing.TB, w *world, number ...string) *doubled {
	t.Helper()
	number = append(number, "056161012345")
	d := &doubled{world: w, nurses: w.login(w.nurse, nursePIN), doctors: w.login(w.doctor, doctorPIN)}
	d.a = d.nurses.opened("Phạm Thị Sương", number[0])
	again := person("Phạm Thị Sương", "")
	again.Set("reason", "đau lưng")
	again.Set("do", "different")
	r := d.nurses.send("/register", again)
	again = person("Phạm Thị Sương", "")
	again.Set("do", "different")
	d.b = r.location
	if r.status != http.StatusSeeOther || !strings.Contains(d.b, "/visits/") {
		t.Fatal(r.status, r.location, r.text())
	}
	d.nurses.send(d.a[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Aspirin"}})
	d.nurses.send(d.b[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}, "severe.0": {"yes"}})
	return d
}

func (d *doubled) pair() string { return d.b[:42] + "/same/" + d.a[10:42] }

// answer sends the form as the page made it.
func (d *doubled) answer(b *browser, path string, with url.Values) answer {
	d.t.Helper()
	v := b.get(path).hidden()
	v.Set("patient", path[10:42])
	for k, x := range with {
		v[k] = x
	}
	return b.post(path, v)
}

func TestLinkAndPart(t *testing.T) {
	d := newDoubled(t, newWorld(t, 0))
	if a := d.nurses.get(d.b[:42]); !strings.Contains(a.body, d.pair()) {
		t.Fatal("the patient's page gives no hint")
	}
	if a := d.nurses.post("/find", url.Values{"q": {"suong"}}); strings.Count(a.body, "/same/") != 2 {
		t.Error("the list gives no hint")
	}
	page := d.nurses.get(d.pair())
	for _, want := range []string{"056161012345", "Aspirin", "Penicillin", "đau lưng", "Không, hai người khác nhau"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the question does not show %s", want)
		}
	}
	a := d.answer(d.nurses, d.pair(), url.Values{"do": {"yes"}, "why": {"người nhà xác nhận"}})
	if a.status != http.StatusSeeOther || a.location != d.a[:42] {
		t.Fatal(a.status, a.location, a.text())
	}
	if a := d.nurses.get(d.b[:42]); a.status != http.StatusSeeOther || a.location != d.a[:42]+"?was=1" {
		t.Fatal(a.status, a.location)
	}
	whole := d.nurses.get(d.a[:42] + "?was=1")
	for _, want := range []string{"của một hồ sơ đã gộp", "đọc chung 2 hồ sơ", "người nhà xác nhận", d.a, d.b, "Aspirin", "Penicillin"} {
		if !strings.Contains(whole.body, want) {
			t.Errorf("the person's page does not show %s", want)
		}
	}
	// Work goes on under both addresses.
	for _, visit := range []string{d.a, d.b} {
		if a := d.nurses.get(visit); a.status != http.StatusOK || !strings.Contains(a.body, "Penicillin") || !strings.Contains(a.body, "Aspirin") {
			t.Errorf("%d: not both allergies", a.status)
		}
		if a := d.doctors.send(visit+"/exam", url.Values{"reason": {"ho"}, "do": {"save"}}); a.status != http.StatusSeeOther {
			t.Error(a.status, a.text())
		}
	}
	for _, page := range []string{"/edit", "/allergies", "/allergies/versions", "/looks"} {
		for _, of := range []string{d.a, d.b} {
			if a := d.nurses.get(of[:42] + page); a.status != http.StatusOK {
				t.Errorf("%s: %d", page, a.status)
			}
		}
	}
	if a := d.nurses.post(d.b[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {d.b[10:42]}}); a.status != http.StatusConflict {
		t.Errorf("a second visit: %d", a.status)
	}
	apart := d.a[:42] + "/apart/" + d.b[10:42]
	if a := d.answer(d.doctors, apart, nil); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Ghi lý do tách") {
		t.Error(a.status, a.text())
	}
	if a := d.answer(d.doctors, apart, url.Values{"why": {"hai chị em"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	for of, not := range map[string]string{d.a: "Penicillin", d.b: "Aspirin"} {
		a := d.nurses.get(of[:42])
		if a.status != http.StatusOK || strings.Contains(a.body, not) || !strings.Contains(a.body, "hai chị em") || strings.Contains(a.body, "Có thể trùng") {
			t.Errorf("after parting: %d", a.status)
		}
	}
	if a := d.answer(d.doctors, apart, url.Values{"why": {"x"}}); a.status != http.StatusNotFound {
		t.Errorf("parted twice: %d", a.status)
	}
	d.log.Absent("Sương", "056161012345", "hai chị em")
}

// TestEditOfALinkedPersonIsOfOneRecord: numbers of the other record stay there, so that
// parting gives back what was.
func TestEditOfALinkedPersonIsOfOneRecord(t *testing.T) {
	d := newDoubled(t, newWorld(t, 0))
	other := person("Phạm Thị Sương", "056161012345")
	other.Set("insurance", "DN4560000000001")
	other.Set("do", "save")
	a, _ := clinic.ParseID(d.a[10:42])
	b, _ := clinic.ParseID(d.b[10:42])
	d.answer(d.nurses, d.pair(), url.Values{"do": {"yes"}})
	if r := d.nurses.send(d.a[:42]+"/edit", other); r.status != http.StatusSeeOther {
		t.Fatal(r.status, r.text())
	}
	d.answer(d.nurses, d.a[:42]+"/apart/"+d.b[10:42], url.Values{"why": {"nhầm"}})
	mine, err := d.desk.PatientPage(t.Context(), d.nurse, a)
	d.must(err)
	theirs, err := d.desk.PatientPage(t.Context(), d.nurse, b)
	d.must(err)
	for _, n := range mine.Now.Identifiers {
		if theirs.Now.Holds(n.System, n.Value, clinic.Date{Year: 2026, Month: 11, Day: 22}) {
			t.Errorf("a number of the other record stayed: %+v", n)
		}
	}
}

// The answers of a cashier, of an old page, and about a protected record.
func TestAnswersThatDoNotCount(t *testing.T) {
	w := newWorld(t, 0)
	d := newDoubled(t, w)
	v := newcomer()
	v.Set("role", "3")
	id, err := clinic.ParseID(w.login(w.admin, adminPIN).add(v)[len("/staff/"):])
	w.must(err)
	cashier := w.login(id, freshPIN)
	if a := cashier.get(d.pair()); a.status != http.StatusOK || strings.Contains(a.body, `value="yes"`) {
		t.Error("the cashier is asked")
	}
	old := d.nurses.get(d.pair()).hidden()
	old.Set("do", "yes")
	old.Set("patient", d.b[10:42])
	if a := cashier.post(d.pair(), old); a.status == http.StatusSeeOther {
		t.Error("the cashier answered")
	}
	if a := d.answer(d.doctors, d.pair(), url.Values{"do": {"no"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status, a.text())
	}
	old.Set("act", clinic.NewID().String())
	if a := d.nurses.post(d.pair(), old); a.status == http.StatusSeeOther {
		t.Error("an old page undid another answer")
	}
	if a := d.nurses.get(d.b[:42]); strings.Contains(a.body, "Có thể trùng") {
		t.Error("the page asks again")
	}
	w.login(w.admin, adminPIN).send(d.a[:42]+"/protect", url.Values{"why": {"x"}, "do": {"on"}})
	a := d.nurses.get(d.pair())
	if a.status != http.StatusOK || strings.Contains(a.body, "056161012345") || strings.Contains(a.body, "Aspirin") || strings.Contains(a.body, `value="yes"`) {
		t.Error("the question shows a protected record")
	}
	fresh := d.nurses.get(d.pair()).hidden()
	fresh.Set("do", "yes")
	fresh.Set("patient", d.b[10:42])
	fresh.Set("act", clinic.NewID().String())
	if a := d.nurses.post(d.pair(), fresh); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "bảo vệ") {
		t.Errorf("a protected record was linked: %d %s", a.status, a.location)
	}
}

// TestLinkInABrowser answers and parts with the keyboard alone, and takes pictures in
// both languages when CLINICBOX_WEB_SHOTS names a folder.
func TestLinkInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	testpeer.Need(t, "chromium")
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	w := newWorld(t, time.Hour).serve()
	d := newDoubled(t, w)
	if dir == "" {
		dir = t.TempDir()
	}
	c := newCamera(t, w, dir)
	h := &hands{t: t, ctx: c.ctx}
	step, late := context.WithTimeout(c.ctx, 20*time.Second)
	defer late()
	w.must(chromedp.Do(step, c.to("/login/"+w.nurse.String()), typing("#pin", nursePIN), press("main button"), wait(".cb-tiles")))
	c.shot("m1-hint", c.to(d.b[:42]))
	c.shot("m2-list", c.to("/find"), typing("#q", "suong"), press("main button"), wait(".cb-list"))
	c.shot("m3-same", c.to(d.pair()))
	h.fill("#why", "cùng chồng, cùng thôn")
	h.reach("button[value=yes]")
	h.do(chromedp.KeyEvent(kb.Enter), wait("#linked"))
	c.shot("m4-linked")
	c.shot("m5-apart", c.to(d.a[:42]+"/apart/"+d.b[10:42]))
	h.fill("#why", "hai chị em")
	h.reach("main form button")
	h.do(chromedp.KeyEvent(kb.Enter), wait("#linked"))
	c.shot("m6-parted")
	c.shot("m7-en-same", press("button[name=lang]"), wait("html[lang=en]"), c.to(d.pair()))
	c.shot("m8-en-parted", c.to(d.a[:42]))
}
