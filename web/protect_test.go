package web

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// hiddenWords are what a protected record must not show, but its bill to a cashier.
func hiddenWords() []string {
	return []string{
		"056161012345", "Thôn Bãi Kín", "bí mật", "J06.9", "I10", "Paracetamol", "37,2", "128/78", "Uống nhiều nước", "H22736",
	}
}

// guarded is an invented station with a protected patient.
type guarded struct {
	*world
	visit          string // address
	patient        string
	cashier        *browser
	nurses, doctor *browser
	admin          *browser
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	w := newWorld(t, 0)
	g := &guarded{world: w, nurses: w.login(w.nurse, nursePIN), doctor: w.login(w.doctor, doctorPIN), admin: w.login(w.admin, adminPIN)}
	v := newcomer()
	v.Set("name", "Phạm Thu Ngân")
	v.Set("role", "3")
	id, err := clinic.ParseID(g.admin.add(v)[len("/staff/"):])
	w.must(err)
	g.cashier = w.login(id, freshPIN)
	form := person("Phạm Thị Sương", "056161012345")
	form.Set("address", "Thôn Bãi Kín")
	form.Set("reason", "bí mật lúc đến")
	a := g.nurses.send("/register", form)
	g.visit, g.patient = a.location, a.location[:42]
	g.doctor.examined(g.visit)
	g.doctor.send(g.visit+"/exam", url.Values{"reason": {"bí mật"}, "finding": {"bí mật khám"}, "do": {"save"}})
	g.nurses.send(g.patient+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}, "severe.0": {"yes"}})
	w.scans["card"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: clinic.Patient{
		Name: "Phạm Thị Sương", Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056161012345"}},
	}}
	g.protect()
	return g
}

func (g *guarded) protect() {
	g.t.Helper()
	if a := g.admin.send(g.patient+"/protect", url.Values{"why": {"làm ở trạm"}, "do": {"on"}}); a.status != http.StatusSeeOther {
		g.t.Fatalf("protect: %d %s", a.status, a.text())
	}
}

// reason opens the record in a browser.
func (b *browser) reason(patient string, v url.Values) answer {
	b.w.t.Helper()
	return b.send(patient+"/open", v)
}

// at fills a route's pattern with the protected patient.
func (g *guarded) at(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	leaf := strings.Repeat("0", 64)
	if v, err := g.leaf(); err == nil {
		leaf = v
	}
	return method, strings.NewReplacer(
		"{$}", "", "{patient}", g.patient[10:], "{visit}", g.visit[50:], "{step}", "exam", "{list}", "icd10", "{leaf}", leaf,
		"{person}", g.world.doctor.String(), "{scan}", g.web.scans.add([]byte("card"), true).String(),
	).Replace(path)
}

// leaf names the appointment of the visit.
func (g *guarded) leaf() (string, error) {
	patient, err := clinic.ParseID(g.patient[10:])
	g.must(err)
	leaf := ""
	err = g.store.View(g.t.Context(), func(r desk.Reader) error {
		records, err := r.Records(patient)
		for _, rec := range records {
			if rec.Kind == clinic.KindAppointment {
				leaf = leafText(rec.Leaf)
			}
		}
		return err
	})
	return leaf, err
}

// TestNoRouteShowsAProtectedRecord asks every route that shows patients, as each
// role: a page that comes later cannot forget.
func TestNoRouteShowsAProtectedRecord(t *testing.T) {
	oneByOne(t)
	g := newGuarded(t)
	ask := func(b *browser, method, path string) answer {
		if method == http.MethodPost {
			v := formOf(path)
			for name, value := range map[string]string{
				"act": clinic.NewID().String(), "q": "suong", "pin": doctorPIN, "why": "x", "reason": "x", "code": "card", "do": "save",
				"name": "Phạm Thị Sương", "birth.day": "2", "birth.month": "3", "birth.year": "1961", "sex": "2",
			} {
				v.Set(name, value)
			}
			return b.post(path, v)
		}
		return b.get(path)
	}
	asked := 0
	for pattern := range g.web.recordRoutes() {
		if pattern == "GET /events" { // never ends; its words come from FromScan
			continue
		}
		method, path := g.at(pattern)
		for name, b := range map[string]*browser{"nurse": g.nurses, "doctor": g.doctor, "cashier": g.cashier, "admin": g.admin} {
			if strings.HasSuffix(pattern, "/open") && method == http.MethodPost || strings.HasSuffix(pattern, "/protect") && method == http.MethodPost {
				continue // open the record; have tests of their own
			}
			a := ask(b, method, path)
			asked++
			for _, word := range hiddenWords() {
				billing := name == "cashier" && strings.HasPrefix(path, g.visit) && word == "Paracetamol"
				sums := strings.Contains(pattern, " /books/month") && word == "Paracetamol" // of all patients, naming nobody
				if strings.Contains(a.body, word) && !billing && !sums {
					t.Errorf("%s shows %q to the %s: %d", pattern, word, name, a.status)
				}
			}
			if a.status >= 500 {
				t.Errorf("%s as %s: %d %s", pattern, name, a.status, a.text())
			}
		}
	}
	for pattern := range g.web.staffRoutes() {
		if method, path := g.at(pattern); method == http.MethodGet {
			if a := g.admin.get(path); slices.ContainsFunc(hiddenWords(), func(s string) bool { return strings.Contains(a.body, s) }) {
				t.Errorf("%s shows words of a record", pattern)
			}
		}
	}
	g.doctor.reason(g.patient, url.Values{"reason": {"1"}, "words": {"đang khám"}})
	shown := 0
	for pattern := range g.web.recordRoutes() {
		if method, path := g.at(pattern); method == http.MethodGet && pattern != "GET /events" {
			if a := g.doctor.get(path); slices.ContainsFunc(hiddenWords(), func(s string) bool { return strings.Contains(a.body, s) }) {
				shown++
			}
		}
	}
	if asked < 150 || shown < 8 {
		t.Errorf("%d questions were asked; %d routes show something of a record that is open", asked, shown)
	}
}

// TestOpeningStory: interruption, refusals, open for the person, loud for the others.
func TestOpeningStory(t *testing.T) {
	g := newGuarded(t)
	a := g.doctor.get(g.visit)
	want := g.patient + "/open?next=" + url.QueryEscape(g.visit)
	if a.status != http.StatusSeeOther || a.location != want {
		t.Fatalf("%d %s", a.status, a.location)
	}
	a = g.doctor.get(a.location)
	for _, words := range []string{"Phạm Thị Sương", "1961", "Penicillin", "được bảo vệ", "Cấp cứu"} {
		if !strings.Contains(a.text(), words) {
			t.Errorf("the page before the record does not say %q", words)
		}
	}
	before := g.store.Len()
	for name, c := range map[string]struct {
		v     url.Values
		words string
	}{
		"no reason":     {url.Values{"words": {"đang khám"}}, "Chọn lý do"},
		"no words":      {url.Values{"reason": {"1"}}, "Ghi vài từ"},
		"nonsense":      {url.Values{"reason": {"99"}, "words": {"x"}}, "Chọn lý do"},
		"not to choose": {url.Values{"reason": {"6"}, "words": {"x"}}, "Chọn lý do"},
		"wraps around":  {url.Values{"reason": {"257"}, "words": {"x"}}, "Chọn lý do"},
	} {
		if a := g.doctor.reason(g.patient, c.v); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), c.words) {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
	}
	if g.store.Len() != before {
		t.Error("a refused opening was recorded")
	}
	for name, b := range map[string]*browser{"cashier": g.cashier, "admin": g.admin} {
		v := url.Values{"reason": {"1"}, "words": {"tò mò"}, "patient": {g.patient[10:]}, "act": {clinic.NewID().String()}}
		if a := b.post(g.patient+"/open", v); a.status < 400 || b.get(g.patient).status != http.StatusSeeOther {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := g.doctor.reason(g.patient, url.Values{"reason": {"2"}, "next": {g.visit}}); a.status != http.StatusSeeOther || a.location != g.visit {
		t.Fatalf("%d %s %s", a.status, a.location, a.text())
	}
	if a := g.doctor.get(g.visit); !strings.Contains(a.text(), "bí mật khám") || !strings.Contains(a.text(), "trong 2 giờ") {
		t.Errorf("opened: %d %s", a.status, a.text())
	}
	if a := g.nurses.get(g.visit); a.status != http.StatusSeeOther {
		t.Errorf("open to a colleague: %d", a.status)
	}
	g.loud(t)
	g.doctor.post("/logout", nil)
	if a := g.login(g.world.doctor, doctorPIN).get(g.visit); a.status != http.StatusSeeOther {
		t.Errorf("open after the session ended: %d", a.status)
	}
	g.log.Absent("Sương", g.patient[10:], "Penicillin")
}

// loud looks at where the opening shows.
func (g *guarded) loud(t *testing.T) {
	t.Helper()
	if a := g.nurses.get(g.patient + "/looks"); !strings.Contains(a.text(), "Mở hồ sơ được bảo vệ") || !strings.Contains(a.text(), "Cấp cứu") {
		t.Errorf("looks: %d %s", a.status, a.text())
	}
	if a := g.nurses.get("/staff"); strings.Contains(a.text(), "chưa ai xác nhận") {
		t.Error("nurses are told to acknowledge")
	}
	a := g.admin.get("/staff")
	_, form, ok := strings.Cut(a.body, `name="opened" value="`)
	if !ok || !strings.Contains(a.text(), "chưa ai xác nhận") || strings.Contains(a.text(), "Sương") {
		t.Fatalf("staff: %s", a.text())
	}
	if a := g.admin.get("/"); !strings.Contains(a.text(), "chưa ai xác nhận (1)") {
		t.Errorf("the administrator's first page: %s", a.text())
	}
	if a := g.nurses.get("/"); strings.Contains(a.text(), "chưa ai xác nhận") {
		t.Error("the nurse's first page asks to acknowledge")
	}
	leaf, _, _ := strings.Cut(form, `"`)
	v := url.Values{"opened": {leaf}, "act": {clinic.NewID().String()}}
	if a := g.doctor.post("/staff/opened", v); a.status != http.StatusForbidden {
		t.Errorf("a doctor acknowledges: %d", a.status)
	}
	if a := g.admin.post("/staff/opened", url.Values{"opened": {"x"}}); a.status != http.StatusBadRequest {
		t.Errorf("nonsense: %d", a.status)
	}
	if a := g.admin.post("/staff/opened", v); a.status != http.StatusSeeOther {
		t.Fatalf("acknowledge: %d %s", a.status, a.text())
	}
	if a := g.admin.get("/staff"); strings.Contains(a.text(), "chưa ai xác nhận") {
		t.Error("it is acknowledged and still asked for")
	}
	if a := g.nurses.get(g.patient + "/looks"); !strings.Contains(a.text(), "Đỗ Thị Quản đã xác nhận lúc") {
		t.Errorf("looks: %s", a.text())
	}
}

// TestTwoTabsAndAProtection: what was typed before the protection comes back after
// the reason; both tabs of a person are open then.
func TestTwoTabsAndAProtection(t *testing.T) {
	g := newGuarded(t)
	g.admin.send(g.patient+"/protect", url.Values{"why": {"nhầm"}, "do": {"off"}})
	form := g.doctor.get(g.visit + "/exam").hidden()
	g.protect()
	form.Set("patient", g.patient[10:])
	form.Set("visit", g.visit[50:])
	form.Set("reason", "bí mật")
	form.Set("finding", "gõ trước khi khóa")
	form.Set("do", "save")
	a := g.doctor.post(g.visit+"/exam", form)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, g.patient+"/open") {
		t.Fatalf("%d %s", a.status, a.location)
	}
	if a := g.doctor.post(g.visit+"/sign", form); a.location != g.patient+"/open?next="+url.QueryEscape(g.visit) {
		t.Errorf("a form without a page of its own leads back to %s", a.location)
	}
	g.doctor.reason(g.patient, url.Values{"reason": {"1"}, "words": {"đang khám"}})
	for range 2 {
		if a := g.doctor.get(g.visit + "/exam"); !strings.Contains(a.body, "gõ trước khi khóa") {
			t.Errorf("what was typed is gone: %d %s", a.status, a.text())
		}
	}
	if a := g.doctor.get(g.patient); !strings.Contains(a.text(), "Bạn đang xem vì đã ghi lý do") {
		t.Errorf("the open record does not say that it is protected: %s", a.text())
	}
}

// TestClosedRecordCanQueue: the desk puts a protected patient in the queue without
// opening the record.
func TestClosedRecordCanQueue(t *testing.T) {
	g := newGuarded(t)
	g.clock.Add(24 * time.Hour)
	v := url.Values{"act": {clinic.NewID().String()}, "patient": {g.patient[10:]}}
	a := g.cashier.post(g.patient+"/visits", v)
	if a.status != http.StatusSeeOther || !strings.Contains(a.location, "/visits/") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := g.nurses.get("/"); !strings.Contains(a.text(), "Phạm Thị Sương Hồ sơ được bảo vệ") {
		t.Errorf("the list: %s", a.text())
	}
}

// TestLooksRights: who may see whose looks.
func TestLooksRights(t *testing.T) {
	g := newGuarded(t)
	of := func(id clinic.ID) string { return "/staff/" + id.String() + "/looks" }
	tech := g.login(g.tech, techPIN)
	for _, c := range []struct {
		b      *browser
		path   string
		status int
	}{
		{g.admin, of(g.world.doctor), 200},
		{g.admin, of(g.world.admin), 200},
		{g.doctor, of(g.world.doctor), 200},
		{g.doctor, of(g.nurse), 403},
		{g.nurses, of(g.world.doctor), 403},
		{tech, of(g.tech), 403},
		{tech, g.patient + "/looks", 403},
		{g.cashier, g.patient + "/looks", 200},
		{g.cashier, g.patient + "/protect", 403},
		{g.nurses, g.patient + "/protect", 403},
		{g.admin, "/staff/x/looks", 404},
		{g.admin, of(clinic.NewID()), 403},
		{g.admin, g.patient + "/looks?by=x&days=-1&before=zz", 200},
	} {
		if a := c.b.get(c.path); a.status != c.status {
			t.Errorf("%s: %d, want %d", c.path, a.status, c.status)
		}
	}
	g.must(g.desk.Views().Flush(t.Context()))
	if a := g.admin.get(of(g.world.doctor) + "?days=31"); !strings.Contains(a.text(), "1 người bệnh") || !strings.Contains(a.text(), "Phạm Thị Sương") {
		t.Errorf("the doctor's looks: %s", a.text())
	}
	if a := g.nurses.get(g.patient + "/looks?by=" + g.world.doctor.String() + "&days=7"); !strings.Contains(a.text(), "BS. Trần Văn Biển · 08:30") {
		t.Errorf("looks of one person: %s", a.text())
	}
}

// guardedPages adds the pages of protected records and of looks.
func guardedPages(w *world, pages map[string]answer) {
	nurse, doctor, admin := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN), w.login(w.admin, adminPIN)
	visit := nurse.opened("Lâm Thị Kín", "")
	p := visit[:42]
	nurse.send(p+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}, "severe.0": {"yes"}})
	pages["protect"] = doctor.get(p + "/protect")
	pages["protect refused"] = doctor.send(p+"/protect", url.Values{"do": {"on"}})
	doctor.send(p+"/protect", url.Values{"why": {"làm ở trạm"}, "do": {"on"}})
	pages["protect end"] = admin.get(p + "/protect")
	pages["closed"], pages["closed to admin"] = doctor.get(p+"/open"), admin.get(p+"/open")
	pages["closed refused"] = doctor.reason(p, url.Values{})
	pages["find closed"] = nurse.post("/find", url.Values{"q": {"kin"}})
	doctor.reason(p, url.Values{"reason": {"1"}, "words": {"đang khám"}})
	pages["opened"] = doctor.get(p)
	for range 60 {
		w.clock.Add(11 * time.Minute)
		nurse.get(p + "/looks")
		w.must(w.desk.Views().Flush(w.t.Context()))
	}
	pages["looks"], pages["looks none"] = nurse.get(p+"/looks"), nurse.get(p+"/looks?by="+w.tech.String())
	pages["looks by"], pages["staff opened"] = admin.get("/staff/"+w.doctor.String()+"/looks"), admin.get("/staff")
	pages["looks by none"] = admin.get("/staff/" + w.tech.String() + "/looks?days=31")
	w.clock.Add(-60 * 11 * time.Minute)
}

// TestShotsOfLooks takes pictures of protected records and of who looked.
func TestShotsOfLooks(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	g := newGuarded(t)
	g.serve()
	c := newCamera(t, g.world, dir)
	shot, to := c.shot, c.to
	shot("70-closed", to("/login/"+g.world.doctor.String()+"?next="+g.visit), typing("#pin", doctorPIN), press("main button"), wait("#reason-1"))
	shot("71-closed-errors", press("main form button.govuk-button"), wait("[data-errors]"))
	shot("72-today-closed", to("/"))
	shot("73-opened", to(g.patient+"/open"), press("label[for=reason-1]"), typing("#words", "Đang khám"), press("main form button.govuk-button"), wait(".cb-head"))
	g.must(g.desk.Views().Flush(t.Context()))
	shot("74-looks", to(g.patient+"/looks"))
	shot("75-protect-end", to(g.patient+"/protect"))
	shot("76-staff-opened", to("/login/"+g.world.admin.String()+"?next=/staff"), typing("#pin", adminPIN), press("main button"), wait(".cb-list"))
	shot("77-looks-by", to("/staff/"+g.world.doctor.String()+"/looks"))
	shot("78-looks-english", to(g.patient+"/looks"), press("button[name=lang]"), wait("html[lang=en]"))
}
