package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// told has the centre answer the latest question about a patient.
func (w *world) told(patient string, s clinic.Summary) {
	w.t.Helper()
	id, err := clinic.ParseID(patient[len("/patients/"):])
	w.must(err)
	page, err := w.desk.PatientPage(w.t.Context(), w.nurse, id)
	w.must(err)
	if q := page.Away.Open; q != nil {
		s.Asked = q.Leaf[:]
	}
	now, _ := w.clock.Now()
	w.must(w.store.Receive(clinic.ID{}, clinic.Draft{Kind: clinic.KindSummary, Subject: id, Event: now, Body: &s}))
}

// invented is what the centre may know of somebody.
func invented(day clinic.Date) clinic.Summary {
	return clinic.Summary{
		Asked: make([]byte, 32), Outcome: clinic.SummaryFound, AllergiesAsked: true, Left: 3,
		Places:     []clinic.Place{{Code: "22801", Name: "Trạm Y tế xã Đá Bạc", Last: day.AddDays(-20)}, {Code: "22014", Name: "Trung tâm Y tế khu vực Sò Biển"}},
		Allergies:  []clinic.PastAllergy{{Allergy: clinic.Allergy{Substance: "Penicillin", Reaction: "nổi mề đay", Severe: true}, Place: 1, Since: day.AddDays(-900)}},
		Medicines:  []clinic.PastMedicine{{Line: clinic.DrugLine{Medicine: "AML5", Name: "Amlodipin", Strength: "5 mg", Unit: "viên", Dose: 1000, Times: 1, Days: 30, ATC: "C08CA01", When: "sáng"}, Start: day.AddDays(-20)}, {Line: clinic.DrugLine{Medicine: "X", Name: "Paracetamol", Unit: "viên", Days: 3}, Start: day.AddDays(-20), Unsigned: true}},
		Problems:   []clinic.PastProblem{{Code: "I10", Last: day.AddDays(-20), Times: 14}, {Code: "E11.9", Last: day.AddDays(-200), Times: 1, Place: 1}},
		Visits:     []clinic.PastVisit{{Day: day.AddDays(-20), Codes: []string{"I10"}, Type: clinic.VisitOutpatient}, {Day: day.AddDays(-200), Codes: []string{"E11.9", "I10"}, Place: 1}},
		Doses:      []clinic.PastDose{{Vaccine: "UV", Name: "Uốn ván", Day: day.AddDays(-4000)}},
		Programmes: []clinic.PastProgramme{{Code: "THA", Since: day.AddDays(-1000)}},
	}
}

// TestAskElsewhere: with consent the centre is asked from the registration and from the
// patient's page; the page says where the question is, and shows the answer when it comes,
// with what it says of allergies on every page.
func TestAskElsewhere(t *testing.T) {
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	v := person("Phạm Thị Sương", "056161012345")
	v.Set("do", "only")
	patient := w.done(nurse.send("/register", v)).location
	page := nurse.get(patient)
	if !strings.Contains(page.body, "Người bệnh đồng ý – hỏi trung tâm") || strings.Contains(page.body, "data-await") {
		t.Fatal(page.text())
	}
	if a := nurse.asks(patient, url.Values{"do": {"emergency"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an emergency without a word: %d", a.status)
	}
	if a := nurse.asks(patient, url.Values{"do": {"friend"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("nobody's consent: %d", a.status)
	}
	w.done(nurse.asks(patient, url.Values{"do": {"person"}}))
	page = nurse.get(patient)
	if !strings.Contains(page.body, "chưa gửi được") || !strings.Contains(page.body, "data-await") || strings.Contains(page.body, "Người bệnh đồng ý – hỏi trung tâm") {
		t.Fatal(page.text())
	}
	mark := nurse.get(patient + "/elsewhere?watch=1").body
	if !strings.Contains(page.body, `data-mark="`+mark+`"`) {
		t.Errorf("the page waits for another mark than %q", mark)
	}
	w.told(patient, invented(clinic.DateOf(w.today())))
	if again := nurse.get(patient + "/elsewhere?watch=1").body; again == mark {
		t.Error("an answer that no page hears of")
	}
	page = nurse.get(patient)
	for _, want := range []string{"Penicillin", "[nơi khác]", "Trạm Y tế xã Đá Bạc", "Amlodipin", "I10", "Uốn ván", "còn 3 dòng"} {
		if !strings.Contains(strings.ToLower(page.text()), strings.ToLower(want)) {
			t.Errorf("%q is not on the page:\n%s", want, page.text())
		}
	}
	if find := nurse.get(patient + "/edit"); !strings.Contains(find.text(), "Penicillin") {
		t.Error("the banner of other pages does not say what is known elsewhere")
	}
}

// TestAskAtRegistration: one tick on the form asks in the same act.
func TestAskAtRegistration(t *testing.T) {
	w := newWorld(t, time.Hour).serve()
	nurse := w.login(w.nurse, nursePIN)
	v := person("Phạm Thị Sương", "056161012345")
	v.Set("ask", "yes")
	visit := w.done(nurse.send("/register", v)).location
	if page := nurse.get(visit[:42]); !strings.Contains(page.text(), "chưa gửi được") {
		t.Error(page.text())
	}
	w.told(visit[:42], clinic.Summary{Asked: make([]byte, 32), Outcome: clinic.SummaryProtected})
	if page := nurse.get(visit[:42]); !strings.Contains(page.text(), "gọi điện cho trung tâm") {
		t.Error(page.text())
	}
}

func (w *world) today() time.Time {
	now, _ := w.clock.Now()
	return now
}

// asks presses a button of the patient's page that asks the centre.
func (b *browser) asks(patient string, v url.Values) answer {
	b.w.t.Helper()
	v.Set("act", clinic.NewID().String())
	v.Set("patient", patient[len("/patients/"):])
	return b.post(patient+"/elsewhere", v)
}

// awayPages are the states of a question to the centre.
func (w *world) awayPages(nurse *browser, pages map[string]answer) {
	w.t.Helper()
	v := person("Phạm Thị Nơi Khác", "")
	v.Set("do", "only")
	patient := w.done(nurse.send("/register", v)).location
	w.done(nurse.asks(patient, url.Values{"do": {"guardian"}}))
	pages["away unsent"] = nurse.get(patient)
	pages["away no words"] = nurse.asks(patient, url.Values{"do": {"emergency"}})
	day := clinic.DateOf(w.today())
	found, veiled, died := invented(day), invented(day), invented(day)
	veiled.Veil()
	died.Died, died.Medicines[0].Start = day.AddDays(-5), clinic.Date{}
	for name, s := range map[string]clinic.Summary{
		"found": found, "veiled": veiled, "died": died,
		"nobody": {Outcome: clinic.SummaryNobody}, "unsure": {Outcome: clinic.SummaryUnsure}, "protected": {Outcome: clinic.SummaryProtected},
	} {
		if s.Asked == nil {
			s.Asked = make([]byte, 32)
		}
		w.told(patient, s)
		pages["away "+name] = nurse.get(patient)
	}
	id, err := clinic.ParseID(patient[len("/patients/"):])
	w.must(err)
	w.must(w.store.Receive(clinic.ID{7}, clinic.Draft{Kind: clinic.KindAsked, Subject: id, Event: w.today(), Body: &clinic.Asked{Consent: clinic.ConsentEmergency, Words: "ngất", Code: "22801"}}))
	pages["away given"] = nurse.get(patient + "/looks")
}
