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
	"clinicbox/clinic/desk"
)

// beds puts three beds into the catalogue.
func (w *world) beds() {
	w.t.Helper()
	for _, code := range []string{"H001", "H002", "H003"} {
		row := clinic.CatalogRow{Catalog: clinic.CatalogBed, Code: code, Name: "Giường " + code[3:], Parent: "phòng lưu", From: clinic.Date{Year: 2026, Month: 1, Day: 1}}
		_, err := w.store.Act(w.t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
			return []clinic.Draft{{Kind: clinic.KindCatalogRow, Body: &row}}, nil
		})
		w.must(err)
	}
}

// typed opens a visit of a kind for somebody new.
func (b *browser) typed(name, kind string) (visit string) {
	b.w.t.Helper()
	v := person(name, "")
	v.Set("type", kind)
	a := b.send("/register", v)
	if !strings.Contains(a.location, "/visits/") {
		b.w.t.Fatalf("%d %s", a.status, a.text())
	}
	return a.location
}

// done fails unless the form was taken.
func (w *world) done(a answer) answer {
	w.t.Helper()
	if a.status != http.StatusSeeOther {
		w.t.Fatalf("%d %s", a.status, a.text())
	}
	return a
}

// keys are the hidden fields of a form about a visit.
func keys(visit string) url.Values {
	return url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "visit": {visit[50:82]}}
}

// press sends a form of a visit that has no page of its own.
func (b *browser) press(visit, path string, more url.Values) answer {
	b.w.t.Helper()
	v := keys(visit)
	for k, x := range more {
		v[k] = x
	}
	return b.post(visit+path, v)
}

// emergency presses the first page's button.
func (b *browser) emergency() (visit string) {
	b.w.t.Helper()
	return b.w.done(b.post("/emergency", url.Values{"act": {clinic.NewID().String()}})).location
}

// TestEmergencyStory: one press, care, a signature over what is there; the first page
// counts the hours until the commune was told.
func TestEmergencyStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	nurse.opened("Người Đến Trước", "")
	act := url.Values{"act": {clinic.NewID().String()}}
	visit := w.done(nurse.post("/emergency", act)).location
	if again := nurse.post("/emergency", act); again.location != visit {
		t.Errorf("pressed twice, opened twice: %s", again.location)
	}
	page := nurse.get(visit)
	for _, want := range []string{"Chưa phân loại", "Nguy kịch", "Đo sinh hiệu"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, page.text())
		}
	}
	w.done(nurse.press(visit, "/triage", url.Values{"level": {"1"}}))
	today := nurse.get("/")
	first, second := strings.Index(today.body, visit), strings.Index(today.text(), "Người Đến Trước")
	if text := today.text(); first < 0 || second < strings.Index(text, "Nguy kịch: xử trí ngay") || !strings.Contains(text, "Còn 48 giờ") {
		t.Errorf("the first page: %s", text)
	}
	w.done(nurse.send(visit+"/vitals", url.Values{"pulse": {"110"}, "do": {"save"}, "confirmed": {"pulse"}}))
	w.done(doctor.send(visit+"/exam", url.Values{"reason": {"bất tỉnh ngoài đường"}, "do": {"save"}}))
	doctor.sign(visit)
	if a := doctor.get(visit); !strings.Contains(a.text(), "Đã ký") {
		t.Errorf("%s", a.text())
	}
	w.clock.Add(50 * time.Hour)
	nurse, doctor = w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	if a := nurse.get("/"); !strings.Contains(a.text(), "Quá hạn 3 giờ") {
		t.Errorf("%s", a.text())
	}
	if a := nurse.send(visit+"/notice", url.Values{"to": {"1"}, "do": {"save"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("nobody was told: %d", a.status)
	}
	w.done(nurse.send(visit+"/notice", url.Values{"to": {"1"}, "told": {"Ông Trực Ban"}, "how": {"gọi điện"}, "do": {"save"}}))
	if a := nurse.get("/"); strings.Contains(a.text(), "Còn phải báo") {
		t.Errorf("%s", a.text())
	}
	if a := doctor.get(visit); !strings.Contains(a.text(), "Ủy ban nhân dân xã: Ông Trực Ban") || !strings.Contains(a.text(), "Đã ký") {
		t.Errorf("%s", a.text())
	}
	w.log.Absent("Ông Trực Ban", "bất tỉnh")
}

// stayed opens a stay with a bed, a diagnosis and a signed prescription.
func (w *world) stayed(nurse, doctor *browser, name, bed string) (visit string) {
	w.t.Helper()
	visit = nurse.typed(name, "2")
	w.done(nurse.send(visit+"/stay", url.Values{"bed": {bed}, "reason": {"theo dõi sốt"}, "do": {"save"}}))
	w.done(nurse.send(visit+"/vitals", url.Values{"temperature": {"39,2"}, "pulse": {"100"}, "do": {"save"}, "confirmed": {"temperature", "pulse"}}))
	w.done(doctor.send(visit+"/exam", url.Values{"reason": {"sốt cao"}, "do": {"save"}}))
	w.done(doctor.send(visit+"/diagnosis", url.Values{"main": {"J18.9"}, "do": {"save"}}))
	w.done(doctor.send(visit+"/prescription", url.Values{"medicine.0": {"PARA500"}, "dose.0": {"1"}, "times.0": {"3"}, "days.0": {"3"}, "do": {"save"}}))
	doctor.sign(visit)
	return visit
}

// TestStayStory: three days at the station over two midnights.
func TestStayStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	w.beds()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := w.stayed(nurse, doctor, "Trần Thị Lưu", "H001")
	other := nurse.typed("Lê Văn Sau", "2")
	if a := nurse.send(other+"/stay", url.Values{"bed": {"H001"}, "do": {"save"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "đang có người khác nằm") {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if a := nurse.get("/beds"); !strings.Contains(a.text(), "Trống 2 trong 3 giường") || !strings.Contains(a.text(), "Trần Thị Lưu") {
		t.Fatalf("%s", a.text())
	}
	sheet := nurse.get(visit + "/care")
	give := url.Values{"medicine": {"PARA500"}, "seen": {"0"}, "do": {"given"}}
	if !strings.Contains(sheet.text(), "Chưa cho lần nào") {
		t.Fatalf("%s", sheet.text())
	}
	w.done(nurse.press(visit, "/give", give))
	w.done(doctor.press(visit, "/give", give)) // from a page that shows none
	if a := doctor.get(visit + "/care"); !strings.Contains(a.text(), "vừa được người khác ghi") || !strings.Contains(a.text(), "1 lần") || strings.Contains(a.text(), "2 lần") {
		t.Errorf("%s", a.text())
	}
	give.Set("seen", "1")
	give.Set("do", "refused")
	w.done(nurse.press(visit, "/give", give))
	if a := nurse.get(visit + "/care"); !strings.Contains(a.text(), "Ghi vì sao không cho") {
		t.Errorf("%s", a.text())
	}
	give.Set("why", "nôn")
	w.done(nurse.press(visit, "/give", give))
	w.clock.Add(20 * time.Hour)
	nurse, doctor = w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	w.done(nurse.send(visit+"/vitals?again=1", url.Values{"temperature": {"37,1"}, "do": {"save"}}))
	w.done(nurse.send(visit+"/care", url.Values{"course": {"ngủ được"}, "done": {"lau mát"}, "do": {"save"}}))
	moved := nurse.get(visit + "/stay")
	w.done(nurse.send(visit+"/stay", url.Values{"bed": {"H003"}, "do": {"save"}}))
	old := keys(visit)
	old.Set("from", moved.hidden().Get("from"))
	old.Set("bed", "H002")
	old.Set("do", "save")
	if a := doctor.post(visit+"/stay", old); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "H003") {
		t.Errorf("a move from a bed that the patient left: %d %s", a.status, a.text())
	}
	if a := nurse.get(visit + "/care"); !strings.Contains(a.body, "<svg class=\"cb-chart\"") || !strings.Contains(a.text(), "lau mát") || !strings.Contains(a.text(), "nôn") {
		t.Errorf("%s", a.text())
	}
	w.clock.Add(24 * time.Hour)
	nurse, doctor = w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	if a := nurse.get(visit[:42]); !strings.Contains(a.body, visit) || strings.Contains(a.text(), "Mở lượt khám") {
		t.Errorf("the patient in bed is offered another visit: %s", a.text())
	}
	if a := nurse.get("/"); !strings.Contains(a.text(), "Giường (1)") {
		t.Errorf("%s", a.text())
	}
	out := url.Values{"result": {"2"}, "way": {"2"}, "treatment": {"hạ sốt"}, "advice": {"tái khám nếu sốt"}, "do": {"save"}}
	if a := doctor.send(visit+"/discharge", out); a.status != http.StatusUnprocessableEntity {
		t.Errorf("sent on, and nobody says where: %d", a.status)
	}
	out.Set("to", "Trung tâm Y tế Mẫu")
	w.done(doctor.send(visit+"/discharge", out))
	doctor.sign(visit)
	page := doctor.get(visit)
	for _, want := range []string{"3 ngày nằm lưu", "Chuyển tuyến theo chuyên môn: Trung tâm Y tế Mẫu", "Đã ký", "Phiếu chăm sóc (3 dòng)"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the visit lacks %q: %s", want, page.text())
		}
	}
	before := len(w.papers.Docs)
	w.done(nurse.press(visit, "/discharge/print", nil))
	if docs := w.papers.Docs; len(docs) != before+1 {
		t.Errorf("%d papers", len(docs))
	}
	if a := nurse.get("/beds"); strings.Contains(a.text(), "Trần Thị Lưu") {
		t.Errorf("%s", a.text())
	}
	w.log.Absent("Trần Thị Lưu", "lau mát", "nôn")
}

// TestHomeStory: from the list of whom to see to the visit, and where it was.
func TestHomeStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	v := person("Võ Thị Xa", "")
	v.Set("address", "Thôn Ngoài, xã Mẫu")
	visit := w.done(nurse.send("/register", v)).location
	w.done(doctor.send(visit+"/exam", url.Values{"reason": {"đau lưng"}, "do": {"save"}}))
	w.done(doctor.send(visit+"/diagnosis", url.Values{"main": {"I10"}, "do": {"save"}}))
	w.done(doctor.send(visit+"/appointment", url.Values{"in": {"date"}, "due.day": {"23"}, "due.month": {"11"}, "due.year": {"2026"}, "do": {"save"}}))
	doctor.sign(visit)
	page := nurse.get("/round?village=thon+ngoai")
	if !strings.Contains(page.text(), "Võ Thị Xa") || strings.Contains(nurse.get("/round?village=thon+trong").text(), "Võ Thị Xa") {
		t.Fatalf("%s", page.text())
	}
	form := url.Values{"act": {clinic.NewID().String()}}
	w.done(nurse.post("/round", form))
	if a := nurse.get("/round"); !strings.Contains(a.text(), "Chọn ít nhất một người") {
		t.Errorf("%s", a.text())
	}
	form.Set("person", visit[10:42])
	before := len(w.papers.Docs)
	w.done(nurse.post("/round", form))
	w.done(nurse.post("/round", form))
	if n := len(w.papers.Docs) - before; n != 1 {
		t.Errorf("pressed twice, printed %d", n)
	}
	home := nurse.post(visit[:42]+"/visits", url.Values{"act": {clinic.NewID().String()}, "patient": {visit[10:42]}, "type": {"3"}, "do": {"another"}, "then": {"vitals"}})
	w.done(home)
	at := strings.TrimSuffix(home.location, "/vitals")
	trip := nurse.get(at + "/trip")
	if !strings.Contains(trip.body, "Thôn Ngoài, xã Mẫu") {
		t.Errorf("%s", trip.text())
	}
	if a := nurse.send(at+"/trip", url.Values{"place": {"1"}, "minutes": {"lâu"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "nhiều nhất 1440") {
		t.Errorf("%d %s", a.status, a.text())
	}
	w.done(nurse.send(at+"/trip", url.Values{"place": {"1"}, "minutes": {"45"}, "with": {w.nurse.String(), w.doctor.String()}}))
	old := keys(at)
	old.Set("base", trip.hidden().Get("base"))
	old.Set("place", "2")
	old.Set("where", "Thôn khác")
	if a := nurse.post(at+"/trip", old); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an old form: %d %s", a.status, a.text())
	}
	if a := nurse.get(at); !strings.Contains(a.text(), "Tại nhà: Thôn Ngoài, xã Mẫu") || !strings.Contains(a.text(), "45 phút") {
		t.Errorf("%s", a.text())
	}
	w.log.Absent("Võ Thị Xa", "Thôn Ngoài")
}

// TestLateLine: after the discharge the care sheet takes a line of before it, and gives
// no medicine; a form that was open comes back with its words.
func TestLateLine(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	w.beds()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := w.stayed(nurse, doctor, "Trần Thị Lưu", "H001")
	w.clock.Add(time.Hour)
	w.done(doctor.send(visit+"/discharge", url.Values{"result": {"1"}, "way": {"1"}, "treatment": {"hạ sốt"}, "do": {"save"}}))
	w.clock.Add(time.Hour)
	if a := nurse.get(visit + "/care"); strings.Contains(a.text(), "Cho thuốc") {
		t.Errorf("a dose is offered: %s", a.text())
	}
	a := nurse.send(visit+"/care", url.Values{"course": {"ngủ được"}, "do": {"save"}})
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, ">ngủ được</textarea>") || !strings.Contains(a.body, `href="#time"`) {
		t.Fatalf("%d %s", a.status, a.text())
	}
	now, _ := w.clock.Now()
	at := strings.Split(now.Add(-90*time.Minute).In(clinic.ICT).Format("15:04 2 1 2006"), " ")
	w.done(nurse.send(visit+"/care", url.Values{"course": {"ngủ được"}, "time": {at[0]}, "day.day": {at[1]}, "day.month": {at[2]}, "day.year": {at[3]}, "do": {"save"}}))
	if a := nurse.get(visit + "/care"); !strings.Contains(a.text(), "ngủ được") {
		t.Errorf("%s", a.text())
	}
}

// TestBedInWords: without a catalogue the error leads to the field in which the bed is
// typed.
func TestBedInWords(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	visit := nurse.typed("Trần Thị Lưu", "2")
	if a := nurse.send(visit+"/stay", url.Values{"bed": {"other"}, "do": {"save"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `name="bed" value="other"`) || !strings.Contains(a.body, `href="#other"`) || !strings.Contains(a.body, `id="other"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestRoundKeepsTicks: who ticks too many gets the list back as it was.
func TestRoundKeepsTicks(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	v := person("Võ Thị Xa", "")
	v.Set("address", "Thôn Ngoài, xã Mẫu")
	visit := w.done(nurse.send("/register", v)).location
	w.done(doctor.send(visit+"/appointment", url.Values{"in": {"date"}, "due.day": {"23"}, "due.month": {"11"}, "due.year": {"2026"}, "do": {"save"}}))
	form := url.Values{"act": {clinic.NewID().String()}, "village": {"thôn ngoài"}, "person": {visit[10:42]}}
	for range desk.MostRound {
		form.Add("person", clinic.NewID().String())
	}
	a := nurse.post("/round", form)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Đã chọn quá nhiều") || !strings.Contains(a.body, `value="`+visit[10:42]+`" checked`) || strings.Count(a.body, `value="thôn ngoài"`) != 2 {
		t.Errorf("%d %s", a.status, a.body)
	}
	form.Del("person")
	if a := nurse.post("/round", form); a.location != "/round?village=th%C3%B4n+ngo%C3%A0i" {
		t.Errorf("%d %s", a.status, a.location)
	}
}

// TestTripKeepsWhoWent: a correction does not drop who is no longer offered.
func TestTripKeepsWhoWent(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse := w.login(w.nurse, nursePIN)
	at := nurse.typed("Võ Thị Xa", "3")
	w.done(nurse.send(at+"/trip", url.Values{"place": {"1"}, "with": {w.nurse.String(), w.tech.String()}}))
	if a := nurse.get(at + "/trip"); !strings.Contains(a.body, `value="`+w.tech.String()+`" checked`) || strings.Contains(a.body, w.admin.String()) {
		t.Errorf("%s", a.body)
	}
}

// stayPages adds the pages of emergencies, stays and rounds.
func stayPages(w *world, nurse, doctor *browser, pages map[string]answer) {
	w.beds()
	pages["beds empty"], pages["round empty"] = nurse.get("/beds"), nurse.get("/round?village=khong+co")
	visit := nurse.emergency()
	pages["emergency visit"], pages["emergency notice"] = nurse.get(visit), nurse.get(visit+"/notice")
	pages["emergency notice refused"] = nurse.send(visit+"/notice", url.Values{"do": {"save"}})
	nurse.press(visit, "/triage", url.Values{"level": {"2"}})
	pages["emergency today"] = nurse.get("/")
	nurse.send(visit+"/notice", url.Values{"to": {"2"}, "told": {"Bà Mẫu"}, "do": {"save"}})
	pages["emergency told"] = nurse.get(visit + "/notice")
	stay := w.stayed(nurse, doctor, "Nguyễn Thị Nằm", "H002")
	pages["stay bed"], pages["stay discharge new"] = nurse.get(stay+"/stay"), doctor.get(stay+"/discharge")
	nurse.press(stay, "/give", url.Values{"medicine": {"PARA500"}, "seen": {"0"}, "do": {"given"}})
	nurse.send(stay+"/vitals?again=1", url.Values{"temperature": {"37"}, "do": {"save"}})
	nurse.send(stay+"/care", url.Values{"course": {"đỡ"}, "done": {"lau mát"}, "do": {"save"}})
	pages["stay care"], pages["stay visit"], pages["stay beds"] = nurse.get(stay+"/care"), nurse.get(stay), nurse.get("/beds")
	pages["stay care line"] = nurse.get(stay + "/care" + regexp.MustCompile(`\?of=[0-9a-zA-Z_-]+`).FindString(pages["stay care"].body))
	pages["stay discharge refused"] = doctor.send(stay+"/discharge", url.Values{"do": {"save"}})
	doctor.send(stay+"/discharge", url.Values{"result": {"1"}, "way": {"1"}, "treatment": {"hạ sốt"}, "do": {"save"}})
	pages["stay discharged"], pages["stay over"] = doctor.get(stay), nurse.get(stay+"/care")
	pages["stay discharge change"] = doctor.get(stay + "/discharge")
	home := nurse.typed("Lý Thị Xa", "3")
	pages["home trip"], pages["home trip refused"] = nurse.get(home+"/trip"), nurse.send(home+"/trip", url.Values{"place": {"2"}, "where": {""}})
	nurse.send(home+"/trip", url.Values{"place": {"2"}, "where": {"Thôn 3"}, "minutes": {"30"}})
	pages["home visit"], pages["round"] = nurse.get(home), nurse.get("/round")
}

// TestShotsOfStay takes pictures of them, in both languages.
func TestShotsOfStay(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, 24*time.Hour).serve()
	w.beds()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.emergency()
	nurse.press(visit, "/triage", url.Values{"level": {"1"}})
	nurse.opened("Người Đến Trước", "")
	stay := w.stayed(nurse, doctor, "Trần Thị Lưu", "H001")
	nurse.press(stay, "/give", url.Values{"medicine": {"PARA500"}, "seen": {"0"}, "do": {"given"}})
	w.clock.Add(2 * time.Hour)
	nurse.send(stay+"/vitals?again=1", url.Values{"temperature": {"37,9"}, "pulse": {"88"}, "do": {"save"}})
	nurse.send(stay+"/care", url.Values{"course": {"đỡ sốt, ăn được"}, "done": {"lau mát"}, "do": {"save"}})
	home := nurse.typed("Võ Thị Xa", "3")
	doctor.send(home+"/appointment", url.Values{"in": {"date"}, "due.day": {"23"}, "due.month": {"11"}, "due.year": {"2026"}, "do": {"save"}})
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("s-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		for _, p := range [][2]string{
			{"01-emergency", visit},
			{"02-notice", visit + "/notice"},
			{"03-beds", "/beds"},
			{"04-bed", stay + "/stay"},
			{"05-care", stay + "/care"},
			{"06-stay", stay},
			{"07-discharge", stay + "/discharge"},
			{"08-round", "/round"},
			{"09-trip", home + "/trip"},
			{"10-home", home},
		} {
			shot(p[0], c.to(p[1]))
		}
	}
}
