package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// infant is the form of a boy born here this morning.
func infant() url.Values {
	return url.Values{
		"sex": {"1"}, "birth.day": {"22"}, "birth.month": {"11"}, "birth.year": {"2026"}, "birthtime": {"0605"}, "borngrams": {"3,2"},
		"born": {"1"}, "place": {"1/1"},
	}
}

// bears registers a mother and returns the address of her record.
func (b *browser) bears() string {
	b.w.t.Helper()
	v := person("Nguyễn Thị Mẹ", "056196012345")
	v.Set("birth.year", "1996")
	v.Set("phone", "0900 000 001")
	a := b.send("/register", v)
	if a.status != http.StatusSeeOther {
		b.w.t.Fatalf("register: %d %s", a.status, a.text())
	}
	return a.location[:42]
}

// TestNewbornStory: from the mother's page, without a name, found by hers, named later.
func TestNewbornStory(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	mother := b.bears()
	if a := b.get(mother); !strings.Contains(a.body, mother+"/child") {
		t.Fatal("the mother's page offers nothing")
	}
	form := b.get(mother + "/child")
	for _, want := range []string{"Nguyễn Thị Mẹ", `name="birth.day" value="22"`} {
		if !strings.Contains(form.body, want) {
			t.Errorf("the form lacks %q", want)
		}
	}
	v := form.hidden()
	maps.Copy(v, infant())
	v.Set("patient", mother[10:])
	a := b.post(mother+"/child", v)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/patients/") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	child := a.location
	if again := b.post(mother+"/child", v); again.location != child {
		t.Errorf("the second press went to %s: %d %s", again.location, again.status, again.text())
	}
	page := b.get(child)
	for _, want := range []string{"Con bà NGUYỄN THỊ MẸ", "2 giờ tuổi", "06:05", "3.200 g", "Tại trạm", "Mẹ: Nguyễn Thị Mẹ", "0900 000 001", "Mã tạm", "T22736A"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the child's page does not say %q", want)
		}
	}
	if a := b.get(mother); !strings.Contains(a.text(), "Con bà NGUYỄN THỊ MẸ") || !strings.Contains(a.body, child) {
		t.Error("the mother's page does not show the child")
	}
	if a := b.post("/find", url.Values{"q": {"nguyen thi me"}}); !strings.Contains(a.body, child) || strings.Contains(a.body, "/same/") {
		t.Error("her name does not find the child, or offers both as one")
	}
	edit := b.get(child + "/edit")
	if strings.Contains(edit.body, `value="Con b`) || !strings.Contains(edit.body, `value="3200"`) || strings.Contains(edit.body, "newborn") {
		t.Errorf("the form that names the child: %s", edit.text())
	}
	named := url.Values{
		"name": {"Trần Bảo Châu"}, "birth.day": {"22"}, "birth.month": {"11"}, "birth.year": {"2026"}, "sex": {"1"}, "birthtime": {"06:15"}, "borngrams": {"3250"},
		"address": {"Thôn Đông"}, "phone": {"0900 000 001"}, "guardian": {"Nguyễn Thị Mẹ"},
	}
	if a := b.send(child+"/edit", named); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page = b.get(child)
	for _, want := range []string{"Trần Bảo Châu", "06:15", "3.250 g", "Thông tin trước đây (2)", "Con bà NGUYỄN THỊ MẸ"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the named child's page does not say %q", want)
		}
	}
	if a := b.post("/find", url.Values{"q": {"con ba nguyen thi me"}}); !strings.Contains(a.body, child) || !strings.Contains(a.text(), "Con bà Nguyễn Thị Mẹ") {
		t.Error("the old name finds the child no more")
	}
	w.log.Absent("Bảo Châu", "NGUYỄN THỊ MẸ", "0900 000 001")
}

// TestUnnamedChildStaysSo: a correction of its weight gives it no name.
func TestUnnamedChildStaysSo(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	child := b.send(b.bears()+"/child", infant()).location
	v := url.Values{"name": {""}, "birth.day": {"22"}, "birth.month": {"11"}, "birth.year": {"2026"}, "sex": {"1"}, "birthtime": {"06:05"}, "borngrams": {"2900"}}
	if a := b.send(child+"/edit", v); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := b.get(child); !strings.Contains(a.text(), "2.900 g") || !strings.Contains(a.text(), "Con bà NGUYỄN THỊ MẸ") {
		t.Errorf("%s", a.text())
	}
}

// TestMotherOfAChildWhoIsThere: a child who came before her is joined with its mother by
// her number, corrected, and parted again.
func TestMotherOfAChildWhoIsThere(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	mother, woman := b.bears(), person("Lê Thị Khác", "056191054321")
	woman.Set("birth.year", "1991")
	other := b.send("/register", woman).location[:42]
	kid := person("Trần An", "")
	maps.Copy(kid, url.Values{"birth.year": {"2025"}, "sex": {"1"}})
	child := b.send("/register", kid).location[:42]
	save := func(number string) answer {
		kid.Set("mother", number)
		return b.send(child+"/edit", kid)
	}
	for _, c := range []struct{ number, of string }{{"056196012345", mother}, {"056191054321", other}, {"", ""}, {"056 196 012 345", mother}} {
		if a := save(c.number); a.status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", c.number, a.status, a.text())
		}
		page := b.get(child)
		if strings.Contains(page.text(), "Mẹ:") != (c.of != "") || c.of != "" && !strings.Contains(page.body, c.of) {
			t.Errorf("%q: the page leads to another mother", c.number)
		}
		if form := b.get(child + "/edit"); !strings.Contains(form.body, `value="`+strings.ReplaceAll(c.number, " ", "")+`"`) {
			t.Errorf("%q is not in the form", c.number)
		}
	}
	before := w.store.Len()
	for _, number := range []string{"056196099999", "Nguyễn", "1234567"} {
		if a := save(number); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Không có hồ sơ nào") || !strings.Contains(a.body, `href="#mother"`) {
			t.Errorf("%s: %d %s", number, a.status, a.text())
		}
	}
	if grown := b.get(mother + "/edit"); strings.Contains(grown.body, `name="mother"`) {
		t.Error("a grown woman is asked for her mother")
	}
	if w.store.Len() != before {
		t.Error("a refused mother was saved")
	}
}

// TestTwinsOneAfterTheOther: after the first the form is there for the second, and after
// the second nothing is left to enter.
func TestTwinsOneAfterTheOther(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	mother := b.bears()
	v := infant()
	v.Set("place", "1/2")
	a := b.send(mother+"/child", v)
	if !strings.HasPrefix(a.location, mother+"/child?after=") {
		t.Fatalf("after the first: %d %s", a.status, a.location)
	}
	next := b.get(a.location)
	for _, want := range []string{`value="2/2" checked`, `value="1" checked><label for="born-1"`, `name="birth.day" value="22"`} {
		if !strings.Contains(next.body, want) {
			t.Errorf("the form for the second lacks %q", want)
		}
	}
	v.Set("place", "2/2")
	v.Set("birth.day", "21") // before midnight, as it turns out
	v.Set("birthtime", "23:50")
	second := b.send(mother+"/child", v)
	if strings.Contains(second.location, "child") {
		t.Fatalf("after the second: %s", second.location)
	}
	page := b.get(second.location)
	if !strings.Contains(page.text(), "Con bà NGUYỄN THỊ MẸ 2/2") || !strings.Contains(page.text(), "Sinh đôi, bé thứ 2") || strings.Contains(page.text(), "Có thể trùng") {
		t.Errorf("the second: %s", page.text())
	}
	third := infant() // by somebody who saw nothing of it
	dup := b.send(mother+"/child", third)
	if dup.status != http.StatusConflict || !strings.Contains(dup.text(), "Mẹ này đã có bé") || !strings.Contains(dup.body, `value="different"`) {
		t.Fatalf("one more at that hour: %d %s", dup.status, dup.text())
	}
	if !strings.Contains(dup.body, `action="`+mother+`/child"`) || !strings.Contains(dup.body, `name="borngrams" value="3,2"`) {
		t.Error("what was typed is not kept, or goes elsewhere")
	}
}

func TestNewbornRefusals(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	mother := b.bears()
	man := person("Trần Văn Cha", "")
	man.Set("sex", "1")
	father := b.send("/register", man).location[:42]
	if a := b.get(father); strings.Contains(a.body, "/child") {
		t.Error("a man's page offers to register his newborn")
	}
	small := person("Trần Thị Nhỏ", "")
	small.Set("birth.year", "2019")
	girl := b.send("/register", small).location[:42]
	before := w.store.Len()
	for name, c := range map[string]struct {
		at, field, value, words, link string
	}{
		"nothing":      {mother, "sex", "", "Chọn giới tính", "#sex"},
		"tomorrow":     {mother, "birth.day", "23", "Ngày sinh không hợp lý", "#birth"},
		"no day":       {mother, "birth.day", "", "Nhập đủ ngày", "#birth"},
		"in an hour":   {mother, "birthtime", "09:31", "Giờ sinh không đúng", "#birthtime"},
		"no hour":      {mother, "birthtime", "", "Nhập giờ sinh", "#birthtime"},
		"35 g":         {mother, "borngrams", "35", "400 đến 8000 gam", "#borngrams"},
		"35 kg":        {mother, "borngrams", "35,0", "400 đến 8000 gam", "#borngrams"},
		"a heavy word": {mother, "borngrams", "nặng", "Không phải là số", "#borngrams"},
		"third of two": {mother, "place", "3/2", "Thứ tự không hợp", "#place"},
		"no place":     {mother, "place", "x", "Chọn một bé", "#place"},
		"nowhere":      {mother, "born", "", "Chọn nơi sinh", "#born"},
		"before her":   {mother, "birth.year", "1995", "Ngày sinh không hợp lý", "#birth"},
		"of a girl":    {girl, "name", "Bé", "mẹ 7 tuổi", "#birth"},
		"of a man":     {father, "name", "Bé", "không thể là mẹ", ""},
	} {
		v := infant()
		v.Set("name", "Tên Đã Gõ")
		v.Set(c.field, c.value)
		a := b.send(c.at+"/child", v)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), c.words) || c.link != "" && !strings.Contains(a.body, `href="`+c.link+`"`) {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
		if c.field != "name" && !strings.Contains(a.body, "Tên Đã Gõ") || c.link != "" && !strings.Contains(a.body, `id="`+c.link[1:]) {
			t.Errorf("%s: what was typed is lost, or the error leads nowhere", name)
		}
	}
	if w.store.Len() != before {
		t.Error("a refused child was saved")
	}
}

// TestNewbornInABrowser registers twins as a nurse does.
func TestNewbornInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	w := newWorld(t, time.Hour).serve()
	mother := w.login(w.nurse, nursePIN).bears()
	c := newCamera(t, w, t.TempDir())
	c.shot("login", c.to("/login/"+w.nurse.String()), typing("#pin", nursePIN), press("main button"), wait(".cb-tiles"))
	c.shot("form", c.to(mother+"/child"), press("label[for=sex-2]"), typing("#birthtime", "0605"), typing("#borngrams", "2950"),
		press("label[for=born-1]"), press(`label[for="place-1/2"]`), press("main form[data-keep] .cb-actions button"), wait(`[id="place-2/2"]:checked + label`))
	c.shot("second", press("label[for=sex-1]"), typing("#birthtime", "0615"), press("main form[data-keep] .cb-actions button"), wait(".cb-pairs"))
	text, err := chromedp.Run(c.ctx, chromedp.Text(chromedp.CSS("body")))
	w.must(err)
	if !strings.Contains(text, "Con bà NGUYỄN THỊ MẸ 2/2") {
		t.Error(text)
	}
}
