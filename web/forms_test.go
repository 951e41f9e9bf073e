package web

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

func deskPerson(name string) desk.Person {
	return desk.Person{ID: clinic.NewID(), Staff: clinic.Staff{Name: name, Role: clinic.RoleNurse}}
}

func TestDoubleSubmitSavesOnce(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	v := person("Lê Thị Mơ", "001161099999")
	maps.Copy(v, b.get("/register").hidden())
	first, before := b.post("/register", v), w.store.Len()
	second := b.post("/register", v)
	if first.status != http.StatusSeeOther || first.location != second.location {
		t.Fatalf("first %d %s, second %d %s %s", first.status, first.location, second.status, second.location, second.text())
	}
	if w.store.Len() != before {
		t.Errorf("the second press wrote %d entries", w.store.Len()-before)
	}
}

// TestFaultThenRetry: the store fails, whether it saved or not; the form comes
// back, and pressing the same button again saves exactly once.
func TestFaultThenRetry(t *testing.T) {
	for name, fault := range map[string]desktest.Fault{"not applied": desktest.FaultNotApplied, "applied": desktest.FaultApplied} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 0)
			b := w.login(w.doctor, doctorPIN)
			visit := b.opened("Phạm Thị Sương", "001161012345")
			v := b.get(visit + "/exam").hidden()
			v.Set("patient", visit[10:42])
			v.Set("visit", visit[50:])
			v.Set("reason", "Đau bụng")
			v.Set("do", "save")
			w.store.Plan(fault)
			a := b.post(visit+"/exam", v)
			if a.status != http.StatusInternalServerError || !strings.Contains(a.text(), "quay lại") {
				t.Fatalf("fault: %d %s", a.status, a.text())
			}
			if a := b.post(visit+"/exam", v); a.status != http.StatusSeeOther {
				t.Fatalf("retry: %d %s", a.status, a.text())
			}
			if n := strings.Count(b.get(visit).text(), "Đau bụng"); n == 0 {
				t.Error("not saved")
			}
			if a := b.get(visit); strings.Contains(a.text(), "Bản cũ") {
				t.Error("saved twice")
			}
		})
	}
}

func TestTwoTabsTwoPatients(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	one := b.opened("Phạm Thị Sương", "001161012345")
	two := b.opened("Nguyễn Văn Lâm", "001061000123")
	before := w.store.Len()
	for _, mixed := range []url.Values{
		{"patient": {two[10:42]}, "visit": {one[50:]}},
		{"patient": {one[10:42]}, "visit": {two[50:]}},
		{"patient": {one[10:42]}},
		{},
	} {
		mixed.Set("act", clinic.NewID().String())
		mixed.Set("reason", "Ho")
		mixed.Set("do", "save")
		if a := b.post(one+"/exam", mixed); a.status != http.StatusConflict || !strings.Contains(a.text(), "lẫn hai người bệnh") {
			t.Errorf("%v: %d %s", mixed, a.status, a.text())
		}
	}
	// An address that joins one patient with another's visit.
	cross := one[:50] + two[50:]
	if a := b.get(cross + "/exam"); a.status != http.StatusConflict {
		t.Errorf("mixed address: %d %s", a.status, a.text())
	}
	if w.store.Len() > before+4 { // views may be noted, documents not
		t.Errorf("%d entries written", w.store.Len()-before)
	}
}

// TestTypedValuesSurviveErrors sends what no form may accept and looks for every
// word of it on the page that comes back.
func TestTypedValuesSurviveErrors(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	patient := visit[:42]
	drug := w.code(clinic.CatalogMedicine, "paracetamol")
	for _, c := range []struct {
		name, path string
		v          url.Values
		status     int
		words      string
	}{
		{"13 digits", "/register", url.Values{"name": {"Lê A"}, "birth.year": {"1980"}, "sex": {"1"}, "citizen": {"0010610001234"}}, 422, "đúng 12 chữ số"},
		{"impossible date", "/register", url.Values{"name": {"Lê A"}, "birth.day": {"31"}, "birth.month": {"2"}, "birth.year": {"1980"}, "sex": {"1"}}, 422, "không có trong lịch"},
		{"born tomorrow", "/register", url.Values{"name": {"Lê A"}, "birth.day": {"23"}, "birth.month": {"11"}, "birth.year": {"2026"}, "sex": {"1"}}, 422, "Ngày sinh không hợp lý"},
		{"no name", "/register", url.Values{"birth.year": {"1980"}, "sex": {"1"}, "address": {"Thôn \"Đông\" <b>"}}, 422, "Nhập họ tên"},
		{"same number", "/register", url.Values{"name": {"Lê A"}, "birth.year": {"1980"}, "sex": {"1"}, "citizen": {"001161012345"}}, 409, "Có phải người này không"},
		{"same name and birth", "/register", url.Values{"name": {"pham thi suong"}, "birth.day": {"2"}, "birth.month": {"3"}, "birth.year": {"1961"}, "sex": {"2"}}, 409, "cùng họ tên và ngày sinh"},
		{"edit", patient + "/edit", url.Values{"name": {"12345"}, "birth.year": {"1961"}, "sex": {"2"}, "address": {"Đường mới"}}, 422, "chỉ gồm chữ"},
		{"allergies", patient + "/allergies", url.Values{"known": {"yes"}, "reaction.0": {"nổi mề đay"}}, 422, "Ghi tên thuốc"},
		{"allergies unanswered", patient + "/allergies", url.Values{"substance.0": {"Penicillin"}}, 422, "Chọn Có hoặc Không"},
		{"vitals impossible", visit + "/vitals", url.Values{"temperature": {"370"}, "pulse": {"80"}}, 422, "không thể có"},
		{"vitals unusual", visit + "/vitals", url.Values{"temperature": {"39,6"}, "pulse": {"80"}}, 409, "ít gặp"},
		{"vitals words", visit + "/vitals", url.Values{"pulse": {"tám mươi"}}, 422, "Không phải là số"},
		{"vitals half a pressure", visit + "/vitals", url.Values{"systolic": {"120"}}, 422, "cả hai số"},
		{"exam without reason", visit + "/exam", url.Values{"finding": {"Tim đều"}}, 422, "bắt buộc"},
		{"diagnosis of nothing", visit + "/diagnosis", url.Values{"text": {"chưa rõ"}}, 422, "bắt buộc"},
		{"diagnosis unknown", visit + "/diagnosis", url.Values{"main": {"Q99.99"}, "text": {"chưa rõ"}}, 422, "Q99.99"},
		{"diagnosis not chosen", visit + "/diagnosis", url.Values{"q": {"viêm"}}, 422, "Chọn một bệnh"},
		{"dose in words", visit + "/prescription", url.Values{"medicine.0": {drug}, "dose.0": {"một"}, "times.0": {"3"}, "days.0": {"5"}}, 422, "Không phải là số"},
		{"thousandfold dose", visit + "/prescription", url.Values{"medicine.0": {drug}, "dose.0": {"1.500"}, "times.0": {"3"}, "days.0": {"5"}}, 422, "dấu chấm"},
		{"bill of nothing", visit + "/bill", url.Values{}, 422, "Chưa nhập gì"},
		{"bill quantity", visit + "/bill", url.Values{"code.0": {w.code(clinic.CatalogService, "kham")}, "quantity.0": {"-3"}}, 422, "số âm"},
		{"appointment yesterday", visit + "/appointment", url.Values{"due.day": {"21"}, "due.month": {"11"}, "due.year": {"2026"}, "note": {"nhịn ăn"}}, 422, "sau hôm nay"},
		{"appointment half a date", visit + "/appointment", url.Values{"due.day": {"21"}, "note": {"nhịn ăn"}}, 422, "không có trong lịch"},
		{"appointment hour", visit + "/appointment", url.Values{"in": {"20261129"}, "hour": {"25:99"}}, 422, "08:30"},
		{"end without a reason", visit + "/end", url.Values{"why": {"mất điện"}}, 422, "Chọn lý do"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.store.Len()
			if c.v.Get("do") == "" {
				c.v.Set("do", "save")
			}
			a := b.send(c.path, c.v)
			if a.status != c.status || !strings.Contains(a.text(), c.words) {
				t.Fatalf("%d, want %d with %q: %s", a.status, c.status, c.words, a.text())
			}
			for name, values := range c.v {
				if name != "do" && !strings.Contains(a.body, html.EscapeString(values[0])) && !strings.Contains(a.body, strings.ReplaceAll(html.EscapeString(values[0]), "&#34;", "&#34;")) {
					t.Errorf("%s: %q is gone", name, values[0])
				}
			}
			if strings.Contains(a.body, "[") && missing.MatchString(a.text()) {
				t.Errorf("words are missing: %v", missing.FindAllString(a.text(), -1))
			}
			if w.store.Len() != before {
				t.Error("something was saved")
			}
		})
	}
}

// TestConfirmUnusual: an unusual value is asked about once, then saved.
func TestConfirmUnusual(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	v := url.Values{"temperature": {"39,6"}, "do": {"save"}}
	a := b.send(visit+"/vitals", v)
	if a.status != http.StatusConflict || !strings.Contains(a.body, `name="confirmed" value="temperature"`) {
		t.Fatalf("unusual: %d %s", a.status, a.text())
	}
	v.Set("do", "back")
	if a := b.send(visit+"/vitals", v); a.status != http.StatusOK || !strings.Contains(a.body, "39,6") {
		t.Errorf("back: %d", a.status)
	}
	v.Set("do", "confirm")
	v.Set("confirmed", "temperature")
	if a := b.send(visit+"/vitals", v); a.status != http.StatusSeeOther || a.location != visit {
		t.Errorf("confirmed: %d %s %s", a.status, a.location, a.text())
	}
}

// TestChangedMeanwhile: two doctors have the same page open; the second sees what
// the first saved and keeps what was typed.
func TestChangedMeanwhile(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	form := func(reason string) url.Values {
		v := b.get(visit + "/exam").hidden()
		v.Set("patient", visit[10:42])
		v.Set("visit", visit[50:])
		v.Set("reason", reason)
		v.Set("do", "save")
		return v
	}
	mine, theirs := form("Đau đầu"), form("Chóng mặt")
	if a := b.post(visit+"/exam", theirs); a.status != http.StatusSeeOther {
		t.Fatalf("first: %d", a.status)
	}
	a := b.post(visit+"/exam", mine)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Chóng mặt") || !strings.Contains(a.body, "Đau đầu") {
		t.Fatalf("second: %d %s", a.status, a.text())
	}
	again := a.hidden()
	again.Set("patient", visit[10:42])
	again.Set("visit", visit[50:])
	again.Set("reason", "Đau đầu")
	again.Set("do", "save")
	if a := b.post(visit+"/exam", again); a.status != http.StatusSeeOther {
		t.Errorf("knowing save: %d %s", a.status, a.text())
	}
	if a := b.get(visit); !strings.Contains(a.text(), "Bản cũ (1)") {
		t.Error("the other version is not one tap away")
	}
}

// TestLinesWithoutScript adds, changes and removes lines with plain buttons.
func TestLinesWithoutScript(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	a := b.send(visit+"/prescription", url.Values{"q": {"para"}, "do": {"search"}})
	if !strings.Contains(a.body, `value="pick.`) {
		t.Fatalf("search finds nothing: %s", a.text())
	}
	one, two := w.code(clinic.CatalogMedicine, "paracetamol"), w.code(clinic.CatalogMedicine, "amoxicilin")
	a = b.send(visit+"/prescription", url.Values{"medicine.0": {one}, "dose.0": {"½"}, "do": {"pick." + two}})
	if !strings.Contains(a.body, `name="medicine.1" value="`+two) || !strings.Contains(a.body, `value="½"`) {
		t.Errorf("second line: %s", a.text())
	}
	a = b.send(visit+"/prescription", url.Values{"medicine.0": {one}, "medicine.1": {two}, "dose.1": {"2"}, "do": {"drop.0"}})
	if !strings.Contains(a.body, `name="medicine.0" value="`+two) || strings.Contains(a.body, one+`"`) || !strings.Contains(a.body, `value="2"`) {
		t.Errorf("dropped line: %s", a.body)
	}
	a = b.send(visit+"/diagnosis", url.Values{"main": {"J06.9"}, "other": {"I10"}, "do": {"main.I10"}})
	if !strings.Contains(a.body, `name="main" value="I10"`) || !strings.Contains(a.body, `name="other" value="J06.9"`) {
		t.Errorf("main diagnosis: %s", a.text())
	}
}
