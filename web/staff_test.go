package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk/desktest"
)

const freshPIN = "482957"

func newcomer() url.Values {
	return url.Values{
		"name": {"Võ Thị Mới"}, "role": {"1"}, "title": {"ĐD."}, "licence": {"009876/KH-CCHN"},
		"pin": {freshPIN}, "again": {freshPIN},
	}
}

// add makes a person of the staff and returns the person's page.
func (b *browser) add(v url.Values) string {
	b.w.t.Helper()
	a := b.send("/staff/new", v)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/staff/") {
		b.w.t.Fatalf("add: %d %s %s", a.status, a.location, a.text())
	}
	return a.location
}

// TestStaffStory: somebody starts, changes role, leaves and comes back.
func TestStaffStory(t *testing.T) {
	w := newWorld(t, 0)
	admin := w.login(w.admin, adminPIN)
	at := admin.add(newcomer())
	id, err := clinic.ParseID(at[len("/staff/"):])
	w.must(err)
	b := w.login(id, freshPIN)
	change := func(v url.Values) answer {
		t.Helper()
		return admin.send(at+"/edit", v)
	}
	v := url.Values{"name": {"Võ Thị Mới"}, "role": {"3"}, "title": {""}, "licence": {""}, "left": {""}}
	if a := change(v); a.status != http.StatusSeeOther {
		t.Fatalf("change: %d %s", a.status, a.text())
	}
	if a := b.get("/staff"); !strings.Contains(a.text(), "Võ Thị Mới Thu ngân, dược") {
		t.Errorf("the open session does not know the new role: %s", a.text())
	}
	v.Set("left", "yes")
	if a := change(v); a.status != http.StatusSeeOther {
		t.Fatalf("leave: %d %s", a.status, a.text())
	}
	if a := b.get("/"); a.location != "/login" {
		t.Errorf("who left goes on working: %d %s", a.status, a.location)
	}
	if a := w.browser().get("/login"); strings.Contains(a.text(), "Võ Thị Mới") {
		t.Error("who left can choose their name")
	}
	if a := admin.get("/staff"); !strings.Contains(a.text(), "Đã nghỉ") {
		t.Error("who left is not on the list")
	}
	v.Set("left", "")
	if a := change(v); a.status != http.StatusSeeOther {
		t.Fatalf("return: %d %s", a.status, a.text())
	}
	if a := w.browser().post("/login/"+id.String(), url.Values{"pin": {freshPIN}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "chưa có mã PIN") {
		t.Errorf("the PIN outlived the leave: %d %s", a.status, a.text())
	}
	if a := admin.send(at+"/newpin", url.Values{"pin": {freshPIN}, "again": {freshPIN}, "own": {adminPIN}}); a.status != http.StatusSeeOther {
		t.Fatalf("a PIN after the return: %d %s", a.status, a.text())
	}
	w.login(id, freshPIN)
	if a := admin.get(at); !strings.Contains(a.text(), "Đã ghi lại (5)") || !strings.Contains(a.text(), "Thêm vào danh sách") {
		t.Errorf("history: %s", a.text())
	}
	w.log.Absent(freshPIN, adminPIN, "Mới")
}

// TestStaffFormRefusals: each says what is wrong, nothing is saved, what was typed
// is still there, and no PIN comes back.
func TestStaffFormRefusals(t *testing.T) {
	w := newWorld(t, 0)
	admin := w.login(w.admin, adminPIN)
	with := func(name, value string) url.Values {
		v := newcomer()
		v.Set(name, value)
		return v
	}
	for name, c := range map[string]struct {
		v     url.Values
		words string
	}{
		"no name":      {with("name", " "), "Nhập họ tên nhân viên"},
		"no role":      {with("role", ""), "Chọn vai trò"},
		"no such role": {with("role", "9"), "Chọn vai trò"},
		"not alike":    {with("again", "482958"), "Hai lần gõ không giống nhau"},
		"weak":         {url.Values{"name": {"Võ Thị Mới"}, "role": {"1"}, "pin": {"447788"}, "again": {"447788"}}, "dễ đoán"},
		"short":        {url.Values{"name": {"Võ Thị Mới"}, "role": {"1"}, "pin": {"12"}, "again": {"12"}}, "đúng 6 chữ số"},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.store.Len()
			a := admin.send("/staff/new", c.v)
			if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), c.words) || w.store.Len() != before {
				t.Fatalf("%d %s", a.status, a.text())
			}
			for _, field := range []string{"name", "title", "licence"} {
				if typed := strings.TrimSpace(c.v.Get(field)); typed != "" && !strings.Contains(a.body, `value="`+typed+`"`) {
					t.Errorf("%s is gone", field)
				}
			}
			if c.v.Get("pin") != "" && !strings.Contains(a.body, `id="pin-error"`) && !strings.Contains(a.body, `id="again-error"`) {
				t.Error("the next press would save without a PIN, and nothing says so")
			}
			for _, pin := range []string{c.v.Get("pin"), c.v.Get("again")} {
				if strings.Contains(a.body, `value="`+pin) {
					t.Error("a PIN is on the page")
				}
			}
		})
	}
	admin.post("/draft", url.Values{"draft": {"/staff/new"}, "name": {"Dở Dang"}, "pin": {freshPIN}, "again": {freshPIN}, "own": {adminPIN}})
	kept, ok := w.web.drafts.get("person "+w.admin.String(), "/staff/new")
	if !ok || kept.Get("name") != "Dở Dang" || len(kept) != 1 {
		t.Errorf("kept: %v", kept)
	}
	last := url.Values{"name": {"Đỗ Thị Quản"}, "role": {"1"}}
	if a := admin.send("/staff/"+w.admin.String()+"/edit", last); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "quản trị cuối cùng") {
		t.Errorf("the last administrator: %d %s", a.status, a.text())
	}
}

// TestStaffRights: what a role may not do is refused in words, by page and form.
func TestStaffRights(t *testing.T) {
	w := newWorld(t, 0)
	nurse, doctor, tech := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN), w.login(w.tech, techPIN)
	before := w.store.Len()
	of := func(id clinic.ID, page string) string { return "/staff/" + id.String() + page }
	for _, c := range []struct {
		b    *browser
		path string
	}{
		{nurse, "/staff/new"},
		{doctor, "/staff/new"},
		{tech, "/staff/new"},
		{doctor, of(w.nurse, "/edit")},
		{nurse, of(w.doctor, "/unlock")},
		{nurse, of(w.doctor, "/newpin")},
		{tech, of(w.nurse, "/newpin")},
		{doctor, of(w.doctor, "/unlock")},
		{doctor, of(w.doctor, "/newpin")},
		{doctor, of(w.admin, "/newpin")},
	} {
		if a := c.b.get(c.path); a.status != http.StatusForbidden {
			t.Errorf("GET %s: %d", c.path, a.status)
		}
		v := newcomer()
		v.Set("act", clinic.NewID().String())
		v.Set("own", doctorPIN)
		if a := c.b.post(c.path, v); a.status != http.StatusForbidden || !strings.Contains(a.text(), "vẫn còn nguyên") {
			t.Errorf("POST %s: %d %s", c.path, a.status, a.text())
		}
	}
	if w.store.Len() != before {
		t.Error("a refused form was saved")
	}
	if a := tech.get("/staff"); a.status != http.StatusOK || strings.Contains(a.body, "/staff/new") {
		t.Errorf("the technician's list: %d", a.status)
	}
	if a := nurse.get("/staff/" + clinic.NewID().String()); a.status != http.StatusForbidden {
		t.Errorf("nobody's page: %d", a.status)
	}
	if a := nurse.get("/staff/1;DROP"); a.status != http.StatusNotFound {
		t.Errorf("bad ID: %d", a.status)
	}
}

// TestOwnPIN: the old one is asked for, a second press changes nothing and is no
// wrong try, and a fault can be repeated.
func TestOwnPIN(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	form := func(own, pin, again string) url.Values {
		return url.Values{"own": {own}, "pin": {pin}, "again": {again}}
	}
	for name, c := range map[string]struct {
		v     url.Values
		words string
	}{
		"wrong":     {form("000001", freshPIN, freshPIN), "PIN không đúng"},
		"not alike": {form(nursePIN, freshPIN, "1"), "không giống nhau"},
		"weak":      {form(nursePIN, "123456", "123456"), "dễ đoán"},
	} {
		a := b.send("/staff/pin", c.v)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), c.words) || strings.Contains(a.body, `value="`+freshPIN) {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
	}
	v := form(nursePIN, freshPIN, freshPIN)
	v.Set("act", b.get("/staff/pin").hidden().Get("act"))
	w.store.Plan(desktest.FaultApplied)
	if a := b.post("/staff/pin", v); a.status != http.StatusInternalServerError {
		t.Fatalf("fault: %d", a.status)
	}
	for range 12 { // more than the lock allows wrong ones
		if a := b.post("/staff/pin", v); a.status != http.StatusSeeOther || a.location != "/staff" {
			t.Fatalf("press: %d %s", a.status, a.text())
		}
	}
	w.login(w.nurse, freshPIN)
	if a := b.get("/staff/" + w.nurse.String()); !strings.Contains(a.text(), "Tự đổi mã PIN") || !strings.Contains(a.text(), "Đã ghi lại (2)") {
		t.Errorf("history: %s", a.text())
	}
}

// TestUnlockFromTheWords follows what the locked message says.
func TestUnlockFromTheWords(t *testing.T) {
	w := newWorld(t, 0)
	stranger := w.browser()
	var a answer
	for range 11 {
		a = stranger.post("/login/"+w.nurse.String(), url.Values{"pin": {"000001"}})
	}
	unlock := "/staff/" + w.nurse.String() + "/unlock"
	next := "/login" + nextQuery(unlock)
	if !strings.Contains(a.text(), "bấm Mở khóa mã PIN") || !strings.Contains(a.body, `href="`+next+`"`) {
		t.Fatalf("locked: %s", a.text())
	}
	if l := stranger.get(next); !strings.Contains(l.body, "/login/"+w.doctor.String()+"?next=") {
		t.Fatalf("choice of the colleague: %s", l.text())
	}
	a = stranger.post("/login/"+w.doctor.String(), url.Values{"pin": {doctorPIN}, "next": {unlock}})
	if a.location != unlock {
		t.Fatalf("login leads to %s", a.location)
	}
	if a := stranger.get("/staff"); !strings.Contains(a.text(), "Mã PIN bị khóa") {
		t.Errorf("list: %s", a.text())
	}
	if a := stranger.send(unlock, url.Values{"own": {nursePIN}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("with another's PIN: %d", a.status)
	}
	if a := stranger.send(unlock, url.Values{"own": {doctorPIN}}); a.status != http.StatusSeeOther || a.location != "/staff/"+w.nurse.String() {
		t.Fatalf("unlock: %d %s", a.status, a.text())
	}
	if a := stranger.get("/staff/" + w.nurse.String()); !strings.Contains(a.text(), "Đã mở khóa mã PIN của Nguyễn Thị Hoa") || !strings.Contains(a.text(), "BS. Trần Văn Biển") {
		t.Errorf("after: %s", a.text())
	}
	w.login(w.nurse, nursePIN)
}

// TestResetIsTold: a colleague who forgot gets a new PIN, their open screen asks
// for it, and they are told until they change it.
func TestResetIsTold(t *testing.T) {
	w := newWorld(t, 0)
	forgetful, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	at := "/staff/" + w.nurse.String() + "/newpin"
	v := url.Values{"pin": {freshPIN}, "again": {freshPIN}, "own": {"000001"}}
	if a := doctor.send(at, v); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="own-error"`) || strings.Contains(a.body, freshPIN) {
		t.Fatalf("wrong own PIN: %d %s", a.status, a.text())
	}
	v.Set("own", doctorPIN)
	if a := doctor.send(at, v); a.status != http.StatusSeeOther {
		t.Fatalf("reset: %d %s", a.status, a.text())
	}
	if a := forgetful.get("/"); a.location != "/lock" {
		t.Errorf("the open screen goes on: %d %s", a.status, a.location)
	}
	told := func() bool {
		t.Helper()
		return strings.Contains(w.login(w.nurse, freshPIN).get("/").text(), "BS. Trần Văn Biển đã đặt lại mã PIN của bạn")
	}
	for range 2 { // at each log-in
		if !told() {
			t.Error("the person is not told")
		}
	}
	w.clock.Add(8 * 24 * time.Hour)
	if told() {
		t.Error("told for ever")
	}
	w.clock.Add(-8 * 24 * time.Hour)
	b := w.login(w.nurse, freshPIN)
	b.send("/staff/pin", url.Values{"own": {freshPIN}, "pin": {"591038"}, "again": {"591038"}})
	if a := w.login(w.nurse, "591038").get("/"); strings.Contains(a.text(), "đã đặt lại mã PIN") {
		t.Error("told after the change")
	}
	w.log.Absent(freshPIN, doctorPIN, "591038")
}
