package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// severe is a prescription that does harm: a statin with a macrolide.
func severe() url.Values {
	return url.Values{
		"medicine.0": {"SIMVA20"}, "dose.0": {"1"}, "times.0": {"1"}, "days.0": {"28"}, "when.0": {"tối"},
		"medicine.1": {"CLARI500"}, "dose.1": {"1"}, "times.1": {"2"}, "days.1": {"7"}, "advice": {"Uống nhiều nước"}, "do": {"save"},
	}
}

// carried is every hidden field of a page, as a browser sends them back.
func carried(a answer) url.Values {
	v := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
		v.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return v
}

// TestSevereFindingNeedsAReason: without script, in both languages, nothing typed is lost;
// the reason stands with the prescription.
func TestSevereFindingNeedsAReason(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	before := w.store.Len()
	a := b.send(visit+"/prescription", severe())
	for _, want := range []string{"Đơn thuốc có thể nguy hiểm", "Simvastatin 20 mg", "tiêu cơ vân", "Nguồn: QĐ 5948/QĐ-BYT", "Vì sao vẫn kê?"} {
		if a.status != http.StatusConflict || !strings.Contains(a.text(), want) {
			t.Fatalf("%d, want %q: %s", a.status, want, a.text())
		}
	}
	form := carried(a)
	form.Set("do", "confirm")
	a = b.post(visit+"/prescription", form)
	if a.status != http.StatusConflict || !strings.Contains(a.text(), "Chưa ghi lý do") || w.store.Len() > before+2 { // looks aside
		t.Fatalf("without a reason: %d %s", a.status, a.text())
	}
	back := carried(a)
	back.Set("do", "back")
	if p := b.post(visit+"/prescription", back); p.status != http.StatusOK || !strings.Contains(p.body, `value="tối"`) || !strings.Contains(p.body, "Uống nhiều nước") {
		t.Errorf("what was typed is gone: %d %s", p.status, p.text())
	}
	form = carried(a)
	form.Set("reason.0", "ngừng simvastatin 7 ngày <b>")
	form.Set("do", "confirm")
	if a = b.post(visit+"/prescription", form); a.status != http.StatusSeeOther {
		t.Fatalf("with a reason: %d %s", a.status, a.text())
	}
	for lang, words := range map[string][]string{
		"vi": {"Nguy hiểm", "Vẫn kê:", "tiêu cơ vân", "Lý do:", "ngừng simvastatin 7 ngày &lt;b&gt;"},
		"en": {"Danger", "Prescribed nevertheless:", "rhabdomyolysis", "Reason:", "Source:"},
	} {
		w.lang = lang
		for _, word := range words {
			if a = b.get(visit + "/check"); !strings.Contains(a.text(), word) {
				t.Errorf("%s: the page to sign lacks %q: %s", lang, word, a.text())
			}
		}
	}
}

// TestFindingsBeforeSaving: adding a medicine by a plain button shows what the checks
// say; what is not severe saves without a question.
func TestFindingsBeforeSaving(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	a := b.send(visit+"/prescription", url.Values{"medicine.0": {"SIMVA20"}, "do": {"pick.CLARI500"}})
	if a.status != http.StatusOK || !strings.Contains(a.text(), "Nguy hiểm") || !strings.Contains(a.text(), "tiêu cơ vân") {
		t.Errorf("%d %s", a.status, a.text())
	}
	a = b.send(visit+"/prescription", url.Values{
		"medicine.0": {"OME20"}, "dose.0": {"1"}, "times.0": {"1"}, "days.0": {"14"},
		"medicine.1": {"PANTO40"}, "dose.1": {"1"}, "times.1": {"1"}, "days.1": {"14"}, "do": {"save"},
	})
	if a.status != http.StatusSeeOther {
		t.Fatalf("a warning stops: %d %s", a.status, a.text())
	}
	if a = b.get(visit + "/prescription"); !strings.Contains(a.text(), "Cẩn thận") || !strings.Contains(a.text(), "Hai thuốc ức chế bơm proton") {
		t.Errorf("the warning is not shown: %s", a.text())
	}
}

// TestPregnancyOnThePage: asked of women only, kept, and shown; a prescription says what
// must be asked and leads there.
func TestPregnancyOnThePage(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	young := person("Lê Thị Trẻ", "056198012345")
	young.Set("birth.year", "1998")
	a := b.send("/register", young)
	visit := a.location
	if old := b.opened("Phạm Thị Sương", "001161012345"); strings.Contains(b.get(old+"/vitals").body, `name="pregnant"`) {
		t.Error("a woman of 65 is asked")
	}
	rx := url.Values{"medicine.0": {"ENA10"}, "dose.0": {"1"}, "times.0": {"1"}, "days.0": {"28"}, "do": {"save"}}
	if a = b.send(visit+"/prescription", rx); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a = b.get(visit + "/check"); !strings.Contains(a.text(), "hãy hỏi có thai hay không") || !strings.Contains(a.body, `href="`+visit+`/vitals?again=1"`) {
		t.Errorf("not asked: %s", a.text())
	}
	a = b.send(visit+"/vitals?again=1", url.Values{"pregnant": {"1"}, "weeks": {"99"}, "do": {"save"}})
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "1 đến 42 tuần") || !strings.Contains(a.body, `value="99"`) {
		t.Errorf("99 weeks: %d %s", a.status, a.text())
	}
	if a = b.send(visit+"/vitals?again=1", url.Values{"pregnant": {"1"}, "weeks": {"10"}, "do": {"save"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a = b.get(visit + "/check"); !strings.Contains(a.text(), "Có thai: Có, 10 tuần") || !strings.Contains(a.text(), "hại thận thai") {
		t.Errorf("%s", a.text())
	}
}
