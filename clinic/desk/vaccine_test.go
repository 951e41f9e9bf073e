package desk_test

import (
	"fmt"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/starting"
)

// vaccines puts the starting vaccines and schedule into a station.
func (s *station) vaccines() {
	s.Helper()
	rows, err := starting.Rows(clinic.CatalogVaccine, clinic.CatalogSchedule)
	if err != nil {
		s.Fatal(err)
	}
	for i := range rows {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i]})
	}
}

// child registers somebody born so many months ago.
func (s *station) child(n, months int) clinic.ID {
	s.Helper()
	birth := clinic.Date{Year: 2026, Month: 11, Day: 2}.AddDays(-31 * months)
	in := desk.PatientInput{Different: true, Patient: clinic.Patient{Name: fmt.Sprintf("Bé Thứ %c%c", 'A'+n/26, 'A'+n%26), Sex: clinic.SexMale, Birth: birth}}
	return s.must(s.Register(s.Context(), call(s.nurse), in)).Patient
}

func (s *station) vaccineVisit(patient clinic.ID) desk.On {
	s.Helper()
	d := s.must(s.OpenVisit(s.Context(), call(s.nurse), desk.VisitInput{Patient: patient, Type: clinic.VisitVaccination}))
	return desk.On{Patient: patient, Visit: d.Visit}
}

func (s *station) vaccineDay() desk.VaccineDay {
	s.Helper()
	v, err := s.VaccineDay(s.Context(), s.nurse)
	if err != nil {
		s.Fatal(err)
	}
	return v
}

func pentavalent() desk.DoseInput {
	return desk.DoseInput{Code: "DPT1", Vaccine: "DPTVGBHIB", Batch: "ab 12", Expiry: clinic.MonthEnd(2027, 3), Site: "thigh-left"}
}

// TestFiftyChildren takes fifty children through a morning: all are on the list, none is
// lost between the lists, and one PIN signs what was given.
func TestFiftyChildren(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	ctx := t.Context()
	for i := range 50 {
		s.child(i, 2+i%3)
	}
	s.child(51, 0) // born today: the first doses are due
	day := s.vaccineDay()
	if len(day.Due)+len(day.Late) != 51 || len(day.Wait)+len(day.Watch)+len(day.Done) != 0 || len(day.Bad) != 0 {
		t.Fatalf("%d due, %d late", len(day.Due), len(day.Late))
	}
	batch := clinic.VaccineBatch{Vaccine: "DPTVGBHIB", Batch: "AB12", Expiry: clinic.MonthEnd(2027, 3)}
	s.must(s.SaveSession(ctx, call(s.nurse), desk.SessionInput{Place: "Nhà văn hóa", Batches: []clinic.VaccineBatch{batch}}))
	_, err := s.SaveSession(ctx, call(s.nurse), desk.SessionInput{Place: "chỗ khác"}) // another tablet, an old page
	s.refused(err, desk.CodeChanged, "")
	var sign []desk.SignInput
	for i, row := range append(day.Due, day.Late...) {
		if row.Due[0].Code == "LAO1" && len(row.Due) == 2 {
			continue // the newborn
		}
		on := s.vaccineVisit(row.Patient)
		in := desk.ImmuniseInput{On: on, Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{pentavalent()}, Next: clinic.Date{Year: 2026, Month: 12, Day: 2}}
		c := call(s.nurse)
		done := s.must(s.Immunise(ctx, c, in))
		if again := s.must(s.Immunise(ctx, c, in)); !again.Again || len(done.Records) != 2 || desk.SlipOf(done) == "" {
			t.Fatal("a double press gives twice, or no slip was made")
		}
		if i%10 == 0 {
			s.clock.Add(time.Minute)
		}
		sign = append(sign, desk.SignInput{Patient: on.Patient, Visit: on.Visit})
	}
	day = s.vaccineDay()
	if len(day.Watch) != 50 || len(day.Due)+len(day.Late) != 1 || day.Watch[0].Left > day.Watch[49].Left || day.Session.Place != "Nhà văn hóa" {
		t.Fatalf("%d watched, %d due", len(day.Watch), len(day.Due))
	}
	s.clock.Add(31 * time.Minute)
	for i, row := range s.vaccineDay().Watch {
		if row.Left > 0 {
			t.Fatalf("%d minutes are left", row.Left)
		}
		in := desk.ReactionInput{On: desk.On{Patient: row.Patient, Visit: row.Visit}, Reaction: clinic.Reaction{None: true}}
		if i == 7 {
			in.Reaction = clinic.Reaction{Signs: []string{"breathless"}, Care: "adrenalin, chuyển tuyến"}
		}
		s.must(s.Reaction(ctx, call(s.nurse), in))
	}
	day = s.vaccineDay()
	severe := 0
	for i := range sign {
		v := s.visit(desk.On{Patient: sign[i].Patient, Visit: sign[i].Visit})
		sign[i].Seen = v.Visit.Seen()
		if r := clinic.BodyOf[clinic.Reaction](v.Visit.Doc(clinic.KindReaction)); r.Severe {
			severe++
		}
	}
	if len(day.Done) != 50 || severe != 1 {
		t.Fatalf("%d done, %d severe", len(day.Done), severe)
	}
	_, err = s.SignAll(ctx, call(s.nurse), desk.SignAllInput{Visits: sign, PIN: "739105"})
	s.refused(err, desk.CodeNotAllowed, "")
	changed := append([]desk.SignInput(nil), sign...)
	changed[49].Seen = "something else"
	_, err = s.SignAll(ctx, call(s.doctor), desk.SignAllInput{Visits: changed, PIN: doctorPIN})
	s.refused(err, desk.CodeSignSeen, "")
	if v := s.visit(desk.On{Patient: sign[0].Patient, Visit: sign[0].Visit}); v.Visit.State == clinic.VisitSigned {
		t.Fatal("some were signed though one could not be")
	}
	done := s.must(s.SignAll(ctx, call(s.doctor), desk.SignAllInput{Visits: sign, PIN: doctorPIN}))
	if len(done.Records) != 50 {
		t.Errorf("%d signatures", len(done.Records))
	}
	for _, row := range s.vaccineDay().Done {
		if row.State != clinic.VisitSigned || row.Sign != "" {
			t.Errorf("%+v", row)
		}
	}
}

// TestDoseDoubts: what is not as the schedule wants is asked about, once for each.
func TestDoseDoubts(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	ctx := t.Context()
	id := s.child(0, 1) // a month old: too young
	on := s.vaccineVisit(id)
	in := desk.ImmuniseInput{On: on, Outcome: clinic.OutcomeGiven, Asked: true, Signs: []string{"fever"}, Doses: []desk.DoseInput{pentavalent()}}
	in.Doses[0].Expiry = clinic.MonthEnd(2026, 10)
	_, err := s.Immunise(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeDoseSigns, "signs")
	s.refused(err, desk.CodeDoseEarly, "batch.0")
	s.refused(err, desk.CodeDoseOver, "batch.0")
	in.Confirmed = []string{"signs", "early.DPTVGBHIB"}
	_, err = s.Immunise(ctx, call(s.nurse), in)
	if got := desk.ErrorsOf(err); len(got) != 1 || got[0].Code != desk.CodeDoseOver {
		t.Fatalf("%v", err)
	}
	in.Confirmed = append(in.Confirmed, "over.DPTVGBHIB")
	s.must(s.Immunise(ctx, call(s.nurse), in))
	page := s.visit(on)
	body := clinic.BodyOf[clinic.Immunised](page.Visit.Doc(clinic.KindImmunised))
	if len(body.Confirmed) != 3 || body.Doses[0].Batch != "AB 12" || body.Doses[0].Route != "tiêm bắp" || body.Time != "08:00" {
		t.Errorf("%+v", body)
	}
	for name, bad := range map[desk.Code]desk.ImmuniseInput{
		desk.CodeDoseAsk:     {On: on, Outcome: clinic.OutcomeGiven, Doses: []desk.DoseInput{pentavalent()}},
		desk.CodeDoseOutcome: {On: on, Outcome: clinic.OutcomePostpone, Note: "sốt", Doses: []desk.DoseInput{pentavalent()}},
		desk.CodeRequired:    {On: on, Outcome: clinic.OutcomePostpone},
		desk.CodeDoseBatch:   {On: on, Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{{Code: "DPT1", Vaccine: "DPTVGBHIB", Site: "mouth"}}},
		desk.CodeDoseNone:    {On: on, Outcome: clinic.OutcomeGiven, Asked: true},
	} {
		_, err := s.Immunise(ctx, call(s.nurse), bad)
		s.refused(err, name, "")
	}
	wrong := pentavalent()
	wrong.Vaccine = "BOPV" // does not count for DPT
	_, err = s.Immunise(ctx, call(s.nurse), desk.ImmuniseInput{On: s.base(on, clinic.KindImmunised), Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{wrong}})
	s.refused(err, desk.CodeDoseVaccine, "vaccine.0")

	// The visit cannot end as if nothing had happened; a correction takes the dose back.
	_, err = s.EndVisit(ctx, call(s.doctor), desk.EndInput{Patient: id, Visit: on.Visit, Why: "nhầm"})
	s.refused(err, desk.CodeDoseThere, "")
	s.must(s.Immunise(ctx, call(s.nurse), desk.ImmuniseInput{On: s.base(on, clinic.KindImmunised), Outcome: clinic.OutcomeGiven, Asked: true}))
	card, err := s.VaccineCard(ctx, s.nurse, id)
	if err != nil || len(card.Given) != 0 {
		t.Fatalf("%+v %v", card.Given, err)
	}
	s.must(s.EndVisit(ctx, call(s.nurse), desk.EndInput{Patient: id, Visit: on.Visit, Why: "nhầm"}))
}

// TestPastDoses: a paper book is written down, counts for what is due, and is taken back.
func TestPastDoses(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	ctx := t.Context()
	id := s.child(0, 5)
	at := func(day int) clinic.Date { return clinic.Date{Year: 2026, Month: 8, Day: day} }
	in := desk.PastDosesInput{Patient: id, Doses: []desk.PastDose{{"DPT1", at(3)}, {"OPV1", at(3)}, {"LAO1", at(1)}}}
	c := call(s.nurse)
	done := s.must(s.PastDoses(ctx, c, in))
	if len(done.Records) != 2 {
		t.Fatalf("%d entries", len(done.Records))
	}
	if !s.must(s.PastDoses(ctx, c, in)).Again {
		t.Error("the form twice saves twice")
	}
	other := in
	other.Doses = in.Doses[:2]
	_, err := s.PastDoses(ctx, c, other)
	s.refused(err, desk.CodeFormStale, "")
	_, err = s.PastDoses(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeDoseTwice, "day.DPT1")
	for _, day := range []clinic.Date{{Year: 2027, Month: 1, Day: 1}, {Year: 2019, Month: 1, Day: 1}, {Year: 2026, Month: 8}} {
		_, err = s.PastDoses(ctx, call(s.nurse), desk.PastDosesInput{Patient: id, Doses: []desk.PastDose{{"DPT2", day}}})
		s.refused(err, desk.CodeDoseDay, "day.DPT2")
	}
	card, err := s.VaccineCard(ctx, s.nurse, id)
	if err != nil || len(card.Given) != 3 || len(card.Past) != 2 || card.Given[0].Code != "LAO1" {
		t.Fatalf("%+v %v", card.Given, err)
	}
	for _, row := range append(s.vaccineDay().Due, s.vaccineDay().Late...) {
		for _, d := range row.Due {
			if d.Code == "DPT1" || d.Code == "LAO1" {
				t.Errorf("%s is due though the paper shows it", d.Code)
			}
		}
	}
	base := card.Past[0].Leaf()
	_, err = s.TakeBackDoses(ctx, call(s.nurse), desk.TakeBackInput{Patient: id, Base: base})
	s.refused(err, desk.CodeRequired, "why")
	s.must(s.TakeBackDoses(ctx, call(s.nurse), desk.TakeBackInput{Patient: id, Base: base, Why: "sổ của em"}))
	_, err = s.TakeBackDoses(ctx, call(s.nurse), desk.TakeBackInput{Patient: id, Base: base, Why: "sổ của em"})
	s.refused(err, desk.CodeChanged, "")
	if card, _ := s.VaccineCard(ctx, s.nurse, id); len(card.Given) != 2 || len(card.Past) != 1 {
		t.Errorf("%+v", card.Given)
	}
}

// TestVisitType: a kind that was chosen by mistake is set anew, and nothing else changes.
func TestVisitType(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Nguyễn Văn Loại"))
	before := s.visit(on)
	c := call(s.nurse)
	in := desk.TypeInput{Patient: on.Patient, Visit: on.Visit, Type: clinic.VisitVaccination}
	s.must(s.ChangeType(t.Context(), c, in))
	if !s.must(s.ChangeType(t.Context(), c, in)).Again || !s.must(s.ChangeType(t.Context(), call(s.nurse), in)).Again {
		t.Error("the same again is written again")
	}
	after := s.visit(on)
	if after.Visit.Type() != clinic.VisitVaccination || after.Row.Type != clinic.VisitVaccination || after.Row.Key != before.Row.Key ||
		after.Row.Queue != before.Row.Queue || !after.Row.Opened.Equal(before.Row.Opened) || after.Visit.State != clinic.VisitWaiting {
		t.Errorf("%+v, %+v", before.Row, after.Row)
	}
	in.Type = 0
	s.must(s.ChangeType(t.Context(), call(s.nurse), in))
	if got := s.visit(on); got.Visit.Type() != 0 || got.Row.Type != 0 {
		t.Errorf("%d %d", got.Visit.Type(), got.Row.Type)
	}
	in.Type = 99
	_, err := s.ChangeType(t.Context(), call(s.nurse), in)
	s.refused(err, desk.CodeRequired, "type")
}

// TestProtectedChild: who it is stands on the lists, what was given does not.
func TestProtectedChild(t *testing.T) {
	s := newStation(t)
	s.vaccines()
	due, here := s.child(0, 3), s.child(1, 3)
	on := s.vaccineVisit(here)
	s.must(s.Immunise(t.Context(), call(s.nurse), desk.ImmuniseInput{On: on, Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{pentavalent()}}))
	for _, id := range []clinic.ID{due, here} {
		if err := s.Protect(t.Context(), call(s.admin), desk.ProtectInput{Patient: id, On: true, Why: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	day := s.vaccineDay()
	rows := append(append(day.Due, day.Late...), day.Wait...)
	if len(rows) != 2 || len(day.Watch)+len(day.Done) != 0 {
		t.Fatalf("%+v", day)
	}
	for _, row := range rows {
		if !row.Closed || row.Name == "" || row.Birth.Month != 0 || len(row.Due)+len(row.Doses) != 0 || row.Outcome != 0 {
			t.Errorf("%+v", row)
		}
	}
}
