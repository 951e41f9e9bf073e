package web

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"clinicbox/clinic"
)

var heldField = regexp.MustCompile(`<input type="hidden" name="([a-z0-9.]+)" value="([^"]*)">`)

// carried returns every hidden field of a page, as a browser sends them.
func (a answer) carried() url.Values {
	v := url.Values{}
	for _, m := range heldField.FindAllStringSubmatch(main(a.body), -1) {
		v.Add(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// answers presses a button of the page that asks about a number.
func (b *browser) answers(asked answer, path, do, why string) answer {
	b.w.t.Helper()
	v := asked.carried()
	v.Set("do", do)
	v.Set("heldwhy", why)
	return b.post(path, v)
}

// claimed registers A with a number and asks for it for B.
func claimed(t *testing.T) (w *world, b *browser, a string, asked answer) {
	t.Helper()
	w = newWorld(t, 0)
	b = w.login(w.nurse, nursePIN)
	a = b.opened("Nguyễn Thị Mẫu", "034161012345")[:42]
	v := person("Lê Thị Khác", "034161012345")
	v.Set("phone", "0900 000 007")
	if asked = b.send("/register", v); asked.status != http.StatusConflict {
		t.Fatalf("%d %s", asked.status, asked.text())
	}
	return w, b, a, asked
}

func TestHeldNumberWaits(t *testing.T) {
	w, b, a, asked := claimed(t)
	for _, want := range []string{"Nguyễn Thị Mẫu", "đang ở hồ sơ dưới đây", "Những gì đã nhập được giữ lại"} {
		if !strings.Contains(asked.text(), want) {
			t.Errorf("the question does not say %q", want)
		}
	}
	done := b.answers(asked, "/register", "unsure", "")
	if done.status != http.StatusSeeOther || !strings.Contains(done.location, "/visits/") {
		t.Fatalf("%d %s", done.status, done.text())
	}
	page := b.get(done.location[:42])
	for _, want := range []string{"Lê Thị Khác", "0900 000 007", "034161012345", "chờ xác minh", "Mã tạm", "đang mang cùng số thẻ"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the new record does not say %q", want)
		}
	}
	if !strings.Contains(page.body, done.location[:42]+"/same/"+a[10:]) {
		t.Error("nothing leads to the comparison")
	}
	if again := b.answers(asked, "/register", "unsure", ""); again.location != done.location {
		t.Errorf("the second press went to %s", again.location)
	}
	w.log.Absent("034161012345", "Khác", "0900 000 007")
}

func TestHeldNumberEndsWithAReason(t *testing.T) {
	w, b, a, asked := claimed(t)
	before := w.store.Len()
	empty := b.answers(asked, "/register", "end", " ")
	if empty.status != http.StatusConflict || !strings.Contains(empty.text(), "Ghi vì sao") || !strings.Contains(empty.body, `value="0900 000 007"`) || w.store.Len() != before {
		t.Fatalf("without a reason: %d %s", empty.status, empty.text())
	}
	done := b.answers(empty, "/register", "end", "gõ nhầm một số")
	if done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.text())
	}
	if page := b.get(a); !strings.Contains(page.text(), "Số cũ (1)") || !strings.Contains(page.text(), "gõ nhầm một số") || !strings.Contains(page.text(), "dùng đến 21/11/2026") {
		t.Errorf("the other record: %s", page.text())
	}
	if page := b.get(done.location[:42]); !strings.Contains(page.text(), "034161012345") || strings.Contains(page.text(), "chờ xác minh") {
		t.Errorf("the new record: %s", page.text())
	}
}

// TestHeldBySamePerson: what was typed goes on in the record that is there.
func TestHeldBySamePerson(t *testing.T) {
	w, b, a, asked := claimed(t)
	before := w.store.Len()
	there := b.answers(asked, "/register", "same."+a[10:], "")
	if there.location != a+"/edit" || w.store.Len() != before {
		t.Fatalf("%d %s", there.status, there.location)
	}
	form := b.get(there.location)
	if !strings.Contains(form.body, `value="Lê Thị Khác"`) || !strings.Contains(form.body, `value="0900 000 007"`) {
		t.Error("what was typed is lost")
	}
	v := form.carried()
	maps.Copy(v, person("Nguyễn Thị Mẫu", "034161012345"))
	v.Set("phone", "0900 000 007")
	if saved := b.post(there.location, v); saved.status != http.StatusSeeOther {
		t.Fatalf("%d %s", saved.status, saved.text())
	}
	if page := b.get(a); !strings.Contains(page.text(), "0900 000 007") {
		t.Error("not saved")
	}
}

// TestSamePersonLosesNothing: nothing that was typed is dropped because the record lacks
// it, nothing that the record has goes because it was not typed, and a record whose
// details can no longer be read is typed in again.
func TestSamePersonLosesNothing(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	mother := b.bears()
	child := b.send(mother+"/child", infant()).location[:42]
	lost := b.opened("Trần Mất Tên", "056161066666")[:42]
	id, _ := clinic.ParseID(lost[10:])
	w.loseDetails(id)
	for path, want := range map[string][]string{
		child: {`value="TE1562212345678"`, `value="056196012345"`}, // the card, and the mother's number
		lost:  {`value="Nguyễn Văn Bé"`, `value="TE1562212345678"`},
	} {
		typed := person("Nguyễn Văn Bé", "")
		typed.Set("insurance", "TE1562212345678")
		typed.Set("do", "same."+path[10:])
		there := b.send("/register", typed)
		if there.location != path+"/edit" {
			t.Errorf("%d %s", there.status, there.text())
			continue
		}
		for _, value := range want {
			if !strings.Contains(main(b.get(there.location).body), value) {
				t.Errorf("%s is lost", value)
			}
		}
	}
}

func TestHeldNumberInACorrection(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	a := b.opened("Nguyễn Thị Mẫu", "034161012345")[:42]
	other := b.opened("Lê Thị Khác", "")[:42]
	asked := b.send(other+"/edit", person("Lê Thị Khác", "034161012345"))
	if asked.status != http.StatusConflict || !strings.Contains(asked.body, other+"/same/"+a[10:]) {
		t.Fatalf("%d %s", asked.status, asked.text())
	}
	if back := b.answers(asked, other+"/edit", "back", ""); back.status != http.StatusOK || !strings.Contains(back.body, `value="034161012345"`) {
		t.Errorf("back: %d", back.status)
	}
	if done := b.answers(asked, other+"/edit", "end", "thẻ của Khác"); done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.text())
	}
	if page := b.get(other); !strings.Contains(page.text(), "Số định danh 034161012345") || !strings.Contains(page.text(), "Số cũ (1)") {
		t.Errorf("number or ended code are missing: %s", page.text())
	}
}

func TestHeldByAClosedRecord(t *testing.T) {
	g := newGuarded(t)
	asked := g.nurses.send("/register", person("Lê Thị Khác", "056161012345"))
	if asked.status != http.StatusConflict || strings.Contains(asked.body, `value="end"`) || strings.Contains(asked.body, "same.") || !strings.Contains(asked.text(), "được bảo vệ") {
		t.Fatalf("%d %s", asked.status, asked.text())
	}
	v := asked.carried()
	v.Set("do", "end")
	v.Set("heldwhy", "gõ nhầm")
	if a := g.nurses.post("/register", v); a.status == http.StatusSeeOther && strings.Contains(a.location, "/visits/") {
		t.Error("a number ended in a record that is closed")
	}
	if a := g.nurses.answers(asked, "/register", "unsure", ""); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.text())
	}
}

// TestUnknownPatient: one press, and the name when there is one.
func TestUnknownPatient(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	a := b.send("/register", url.Values{"do": {"unknown"}})
	if a.status != http.StatusSeeOther || !strings.Contains(a.location, "/visits/") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	at := a.location[:42]
	if page := b.get(at); !strings.Contains(page.text(), clinic.UnknownName) || !strings.Contains(page.text(), "Quá 48 giờ") {
		t.Errorf("%s", page.text())
	}
	if second := b.send("/register", url.Values{"do": {"unknown"}, "sex": {"1"}}); second.location == a.location || second.status != http.StatusSeeOther {
		t.Errorf("the second of an accident: %d %s", second.status, second.text())
	}
	printed := b.post(at+"/code", url.Values{"act": {clinic.NewID().String()}, "patient": {at[10:]}})
	if docs := w.papers.Docs; printed.status != http.StatusSeeOther || len(docs) != 1 || docs[0].Form != "temporary" {
		t.Fatalf("the slip: %d, %d papers", printed.status, len(docs))
	}
	if a := b.send(at+"/edit", url.Values{"name": {""}, "sex": {"2"}, "phone": {""}}); a.status != http.StatusSeeOther {
		t.Errorf("still nobody, and a woman: %d %s", a.status, a.text())
	}
	if a := b.send(at+"/edit", person("Phạm Thị Nhớ", "056161012345")); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	page := b.get(at)
	if !strings.Contains(page.text(), "Phạm Thị Nhớ") || strings.Contains(page.text(), "Quá 48 giờ") || !strings.Contains(page.text(), "Số cũ (1)") || strings.Contains(page.body, at+"/code") {
		t.Errorf("%s", page.text())
	}
	none := b.post(at+"/code", url.Values{"act": {clinic.NewID().String()}, "patient": {at[10:]}})
	if none.status != http.StatusSeeOther || len(w.papers.Docs) != 1 || !strings.Contains(b.get(at).text(), "không còn dùng mã tạm") {
		t.Error("a code that ended is printed")
	}
}

// TestCardOfTheSameNumber: a card that was issued anew, scanned on the patient's page.
func TestCardOfTheSameNumber(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	card := clinic.Patient{
		Name: "Võ Thị Ánh", Birth: clinic.Date{Year: 1990, Month: 9, Day: 5}, Sex: clinic.SexFemale, Address: "Thôn Đông",
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056190004321"}}, Issued: clinic.Date{Year: 2021, Month: 5, Day: 1},
	}
	w.scans["old"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: card}
	card.Issued, card.Address = clinic.Date{Year: 2026, Month: 10, Day: 10}, "Thôn Tây"
	w.scans["new"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: card}
	scan := w.web.scans.add([]byte("old"), true).String()
	v := person("Võ Thị Ánh", "056190004321")
	maps.Copy(v, url.Values{"scan": {scan}, "birth.day": {"5"}, "birth.month": {"9"}, "birth.year": {"1990"}})
	at := b.send("/register", v).location[:42]
	scan = w.web.scans.add([]byte("new"), true).String()
	page := b.get(at + "?scan=" + scan)
	if !strings.Contains(page.text(), "Ngày cấp thẻ") || !strings.Contains(page.body, at+"/edit?scan="+scan) {
		t.Fatalf("that the card is another is not said: %s", page.text())
	}
	form := b.get(at + "/edit?scan=" + scan)
	if !strings.Contains(form.body, `value="Thôn Tây"`) {
		t.Error("the form is not filled from the card")
	}
	v = form.carried()
	maps.Copy(v, url.Values{"name": {"Võ Thị Ánh"}, "birth.day": {"5"}, "birth.month": {"9"}, "birth.year": {"1990"}, "sex": {"2"}, "citizen": {"056190004321"}, "address": {"Thôn Tây"}})
	if a := b.post(at+"/edit", v); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	scan = w.web.scans.add([]byte("old"), true).String() // found again in a drawer
	v = b.get(at + "/edit?scan=" + scan).carried()
	maps.Copy(v, url.Values{"name": {"Võ Thị Ánh"}, "birth.day": {"5"}, "birth.month": {"9"}, "birth.year": {"1990"}, "sex": {"2"}, "citizen": {"056190004321"}, "address": {"Thôn Tây"}, "phone": {"0900 000 008"}})
	if a := b.post(at+"/edit", v); a.status != http.StatusSeeOther || strings.Contains(b.get(at+"?scan="+w.web.scans.add([]byte("new"), true).String()).text(), "Ngày cấp thẻ") {
		t.Errorf("the old card counts as a new one: %d", a.status)
	}
	page = b.get(at)
	for _, want := range []string{"Thôn Tây", "từ 10/10/2026", "Số cũ (1)", "dùng đến 09/10/2026"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
