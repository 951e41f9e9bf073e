package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// asks asks the centre about somebody.
func (s *station) asks(by, patient clinic.ID, c clinic.Consent, words string) (desk.Done, error) {
	return s.AskElsewhere(s.Context(), call(by), desk.AskInput{Patient: patient, Consent: c, Words: words})
}

func (s *station) away(patient clinic.ID) desk.Elsewhere {
	s.Helper()
	p, err := s.PatientPage(s.Context(), s.nurse, patient)
	if err != nil {
		s.Fatal(err)
	}
	return p.Away
}

// hears has the centre's answer to a question come down.
func (s *station) hears(patient clinic.ID, question clinic.Leaf, b clinic.Summary) {
	s.Helper()
	b.Asked = question[:]
	if err := s.store.Receive(clinic.ID{}, clinic.Draft{Kind: clinic.KindSummary, Subject: patient, Event: s.hour(), Body: &b}); err != nil {
		s.Fatal(err)
	}
}

// TestAskElsewhere: a question is one entry with the consent in it, asked once while it
// waits; what comes back counts until a later answer says otherwise.
func TestAskElsewhere(t *testing.T) {
	s := newStation(t)
	p := s.register("Nguyễn Thị Mẫu")
	if a := s.away(p); a.State != desk.AskNone || a.Now != nil {
		t.Fatalf("%+v", a)
	}
	d := s.must(s.asks(s.nurse, p, clinic.ConsentPerson, "không ghi"))
	q := d.Records[0]
	if b := q.Body.(*clinic.Asked); b.Consent != clinic.ConsentPerson || b.Words != "" || b.Code != "22736" || b.Name != "Trạm Y tế Mẫu" || q.Author != s.nurse {
		t.Fatalf("%+v", b)
	}
	if again := s.must(s.asks(s.doctor, p, clinic.ConsentPerson, "")); !again.Again || again.Records[0].Leaf != q.Leaf {
		t.Error("asked twice while the first waits")
	}
	if a := s.away(p); a.State != desk.AskUnsent || a.Open == nil || a.Open.Leaf != q.Leaf {
		t.Fatalf("%+v", a)
	}
	s.hears(p, q.Leaf, clinic.Summary{
		Outcome: clinic.SummaryFound, Places: []clinic.Place{{Code: "22801"}},
		Allergies: []clinic.PastAllergy{{Allergy: clinic.Allergy{Substance: "Paracetamol", Severe: true}}},
	})
	file, err := s.PatientPage(t.Context(), s.nurse, p)
	if err != nil || file.Away.State != desk.AskAnswered || file.Away.Old || len(file.Allergies.Heard) != 1 || len(file.Allergies.Items) != 0 || file.Allergies.State != clinic.AllergiesNotAsked {
		t.Fatalf("%+v %+v %v", file.Away, file.Allergies, err)
	}
	s.clock.Add(40 * 24 * time.Hour)
	if a := s.away(p); !a.Old {
		t.Error("an answer of 40 days ago is not old")
	}
	next := s.must(s.asks(s.nurse, p, clinic.ConsentPerson, "")).Records[0]
	s.hears(p, next.Leaf, clinic.Summary{Outcome: clinic.SummaryNobody})
	file, err = s.PatientPage(t.Context(), s.nurse, p)
	if err != nil || file.Away.Now.Outcome != clinic.SummaryNobody || len(file.Allergies.Heard) != 0 {
		t.Errorf("what was another person's still counts: %+v %v", file.Allergies, err)
	}
}

// TestAskRefused: no consent, no reason, nobody's right, nobody: nothing is asked.
func TestAskRefused(t *testing.T) {
	s := newStation(t)
	p := s.register("Nguyễn Thị Mẫu")
	before := s.store.Len()
	for name, x := range map[string]struct {
		by, patient clinic.ID
		consent     clinic.Consent
		words       string
		want        desk.Code
	}{
		"no consent":                  {s.nurse, p, 0, "", desk.CodeRequired},
		"a consent of later programs": {s.nurse, p, 9, "", desk.CodeRequired},
		"an emergency without words":  {s.nurse, p, clinic.ConsentEmergency, " ", desk.CodeRequired},
		"a cashier's emergency":       {s.cashier, p, clinic.ConsentEmergency, "ngất", desk.CodeNotAllowed},
		"a technician":                {s.technician, p, clinic.ConsentPerson, "", desk.CodeNotAllowed},
		"nobody":                      {s.nurse, clinic.ID{99}, clinic.ConsentPerson, "", desk.CodeNoPatient},
		"long words":                  {s.nurse, p, clinic.ConsentEmergency, strings.Repeat("x", 300), desk.CodeTooLong},
	} {
		if _, err := s.asks(x.by, x.patient, x.consent, x.words); !errors.Is(err, &desk.Error{Code: x.want}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.store.Len() != before {
		t.Error("something was saved")
	}
	s.must(s.asks(s.nurse, p, clinic.ConsentPerson, ""))
	if d := s.must(s.asks(s.nurse, p, clinic.ConsentEmergency, "ngất")); d.Again {
		t.Error("an emergency waits behind a question that nobody answered")
	}
}

// TestProtectedRecordIsNotAsked: who has not opened it does not ask in its name.
func TestProtectedRecordIsNotAsked(t *testing.T) {
	g := newGuarded(t)
	if _, err := g.asks(g.nurse, g.on.Patient, clinic.ConsentPerson, ""); !errors.Is(err, &desk.Error{Code: desk.CodeProtected}) {
		t.Error(err)
	}
	if _, _, err := g.Asking(t.Context(), g.nurse, g.on.Patient); !errors.Is(err, &desk.Error{Code: desk.CodeProtected}) {
		t.Error(err)
	}
}

// TestElsewhereInChecks: an allergy and a medicine that the centre told stop what does not
// go with them, though the codes of the other facility's list mean something else here.
func TestElsewhereInChecks(t *testing.T) {
	s := newStation(t)
	p := s.register("Nguyễn Thị Mẫu")
	open := s.must(s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: p}))
	on := desk.On{Patient: p, Visit: open.Visit}
	rx := desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "3", Days: "5"}}}
	before, err := s.Findings(t.Context(), s.doctor, rx)
	if err != nil {
		t.Fatal(err)
	}
	q := s.must(s.asks(s.nurse, p, clinic.ConsentPerson, "")).Records[0]
	s.hears(p, q.Leaf, clinic.Summary{
		Outcome: clinic.SummaryFound, Places: []clinic.Place{{Code: "22801"}},
		Allergies: []clinic.PastAllergy{{Allergy: clinic.Allergy{Substance: "Paracetamol", Severe: true}}},
		Medicines: []clinic.PastMedicine{{Line: clinic.DrugLine{Medicine: "PARA", Name: "Amlodipin", ATC: "C08CA01", Days: 30, Unit: "viên"}, Start: clinic.DateOf(s.hour())}},
	})
	after, err := s.Findings(t.Context(), s.doctor, rx)
	if err != nil {
		t.Fatal(err)
	}
	stops := 0
	for _, f := range after {
		if f.Interrupting() {
			stops++
		}
		if strings.Contains(f.Vi, "Amlodipin") {
			t.Errorf("another medicine of that code: %s", f.Vi)
		}
	}
	if stops == 0 || len(after) <= len(before) {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

// TestWhoSawIt: a question of another facility that the centre sent tells who was told,
// on the page of looks; it is none of ours.
func TestWhoSawIt(t *testing.T) {
	s := newStation(t)
	p := s.register("Nguyễn Thị Mẫu")
	err := s.store.Receive(clinic.ID{88}, clinic.Draft{Kind: clinic.KindAsked, Subject: p, Event: s.hour(), Body: &clinic.Asked{Consent: clinic.ConsentGuardian, Code: "22801", Name: "Trạm Đá Bạc"}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.LooksAt(t.Context(), s.nurse, p, desk.LookFilter{})
	if err != nil || len(v.Given) != 1 || v.Given[0].Body.(*clinic.Asked).Name != "Trạm Đá Bạc" {
		t.Fatalf("%+v %v", v.Given, err)
	}
	if a := s.away(p); a.State != desk.AskNone {
		t.Errorf("%+v", a)
	}
}

// TestNoBoxAnswers: an answer that was recorded, not received, says nothing.
func TestNoBoxAnswers(t *testing.T) {
	s := newStation(t)
	p := s.register("Nguyễn Thị Mẫu")
	s.put(clinic.Draft{Kind: clinic.KindSummary, Subject: p, Body: &clinic.Summary{Outcome: clinic.SummaryFound, Allergies: []clinic.PastAllergy{{Allergy: clinic.Allergy{Substance: "x"}}}}})
	if a := s.away(p); a.Now != nil || a.State != desk.AskNone {
		t.Errorf("%+v", a)
	}
}

// hour is the time of the station's clock.
func (s *station) hour() time.Time {
	now, _ := s.clock.Now()
	return now
}
