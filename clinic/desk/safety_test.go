package desk_test

import (
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/safety"
	"clinicbox/clinic/starting"
)

// rules gives the station the starting medicines and the rows of the safety checks.
func (s *station) rules() {
	s.Helper()
	rows, err := starting.Rows()
	if err != nil {
		s.Fatal(err)
	}
	var drafts []clinic.Draft
	for _, r := range rows {
		if r.Rule != nil || r.Catalog == clinic.CatalogMedicine || strings.HasPrefix(r.Code, "N18") {
			drafts = append(drafts, clinic.Draft{Kind: clinic.KindCatalogRow, Body: &r})
		}
	}
	if err := s.store.Fill(drafts...); err != nil {
		s.Fatal(err)
	}
}

// writes prescribes code, dose, times and days, as often as there are.
func (s *station) writes(on desk.On, reason string, lines ...[4]string) error {
	s.Helper()
	in := desk.PrescriptionInput{On: s.base(on, clinic.KindPrescribe)}
	for _, l := range lines {
		in.Lines = append(in.Lines, desk.DrugInput{Medicine: l[0], Dose: l[1], Times: l[2], Days: l[3]})
	}
	_, err := s.Prescribe(s.Context(), call(s.doctor), in)
	if reason == "" {
		return err
	}
	for _, e := range desk.ErrorsOf(err) {
		if e.Code == desk.CodeDrugSafety {
			in.Overrides = append(in.Overrides, clinic.Override{Finding: e.Args["finding"], Reason: reason})
		}
	}
	_, err = s.Prescribe(s.Context(), call(s.doctor), in)
	return err
}

// stops fails unless the prescription was refused by the rule.
func (s *station) stops(err error, rule string) map[string]string {
	s.Helper()
	var rules []string
	for _, e := range desk.ErrorsOf(err) {
		if e.Code == desk.CodeDrugSafety {
			got, _, _ := strings.Cut(e.Args["finding"], "|")
			if rules = append(rules, got); got == rule {
				return e.Args
			}
		}
	}
	s.Fatalf("stopped by %v (%v), want %s", rules, err, rule)
	return nil
}

// says returns the rules that the visit's page shows of prescriptions that wait.
func (s *station) says(on desk.On) string {
	s.Helper()
	var out []string
	for _, found := range s.visit(on).Safety {
		for _, f := range found {
			out = append(out, f.Severity.String()+":"+f.Rule)
		}
	}
	return strings.Join(out, " ")
}

func (s *station) person(birth clinic.Date, sex clinic.Sex) clinic.ID {
	s.Helper()
	in := somebody("Trần Thị Bịa " + strings.Repeat("A", int(birth.Year)%7+1))
	in.Birth, in.Sex = birth, sex
	return s.must(s.Register(s.Context(), call(s.nurse), in)).Patient
}

func (s *station) ready(patient clinic.ID) desk.On {
	s.Helper()
	d, err := s.OpenVisit(s.Context(), call(s.nurse), desk.VisitInput{Patient: patient, Another: true})
	on := desk.On{Patient: patient, Visit: s.must(d, err).Visit}
	s.exam(on, "ho")
	s.must(s.Diagnose(s.Context(), call(s.doctor), desk.DiagnosisInput{On: on, Main: "J00"}))
	return on
}

func old() clinic.Date { return clinic.Date{Year: 1960, Month: 5, Day: 1} }

// TestMedicinesOfOtherVisitsCount: what another prescription gave is taken until its days
// are over, also when it stands under another ID of the person.
func TestMedicinesOfOtherVisitsCount(t *testing.T) {
	s := newStation(t)
	s.rules()
	p, twin := s.person(old(), clinic.SexMale), s.person(old().AddDays(400), clinic.SexMale)
	first := s.ready(p)
	if err := s.writes(first, "", [4]string{"SIMVA20", "1", "1", "28"}); err != nil {
		t.Fatal(err)
	}
	s.sign(first)
	s.at(5, 8, 0)
	clari := [4]string{"CLARI500", "1", "2", "7"}
	if err := s.writes(s.ready(twin), "", clari); err != nil {
		t.Fatal("somebody else's medicine counts:", err)
	}
	second := s.ready(p)
	args := s.stops(s.writes(second, "", clari), "STATIN-MACRO")
	if !strings.Contains(args["vi"], "đơn trước, đến 29/11/2026") || !strings.Contains(args["en"], "until 29/11/2026") || !strings.Contains(args["vi"], "5948") {
		t.Errorf("%v", args)
	}
	s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: p, Other: twin, Same: true, Why: "một người"}))
	s.stops(s.writes(s.ready(twin), "", clari), "STATIN-MACRO")
	s.at(29, 8, 0)
	if err := s.writes(s.ready(p), "", clari); err != nil {
		t.Fatal("a prescription that is over still counts:", err)
	}
}

// TestOwnVersionsDoNotCount: what a prescription said before it was corrected is taken by
// nobody; a reason that was given stays given; another finding needs its own.
func TestOwnVersionsDoNotCount(t *testing.T) {
	s := newStation(t)
	s.rules()
	on := s.ready(s.person(old(), clinic.SexMale))
	clari, simva, colch := [4]string{"CLARI500", "1", "2", "7"}, [4]string{"SIMVA20", "1", "1", "28"}, [4]string{"COLCH1", "1", "1", "3"}
	if err := s.writes(on, "", simva); err != nil {
		t.Fatal(err)
	}
	if err := s.writes(on, "", clari); err != nil {
		t.Fatal("the version before counts:", err)
	}
	s.stops(s.writes(on, "", clari, simva), "STATIN-MACRO")
	if err := s.writes(on, "ngừng simvastatin 7 ngày", clari, simva); err != nil {
		t.Fatal(err)
	}
	if err := s.writes(on, "", clari, [4]string{"SIMVA20", "1", "1", "30"}); err != nil {
		t.Fatal("the reason is forgotten:", err)
	}
	v := s.visit(on)
	rx := clinic.BodyOf[clinic.Prescription](v.Visit.Doc(clinic.KindPrescribe))
	if len(rx.Overrides) != 1 || rx.Overrides[0].Reason != "ngừng simvastatin 7 ngày" || !strings.Contains(rx.Overrides[0].Words, "tiêu cơ vân") {
		t.Fatalf("%+v", rx.Overrides)
	}
	s.stops(s.writes(on, "", clari, simva, colch), "COLCH-MACRO")
	if got := s.says(on); got != "interrupt:STATIN-MACRO" {
		t.Errorf("the page says %s", got)
	}
	s.sign(on)
	if got := s.says(on); got != "" {
		t.Errorf("of what is signed the page says %s", got)
	}
	v, err := s.VisitPage(t.Context(), s.cashier, on.Patient, on.Visit)
	if err != nil || v.Safety != nil {
		t.Errorf("a cashier sees %v, %v", v.Safety, err)
	}
}

// TestOtherPrescriptionAfterwards: two visits of one day write one each; the second is
// written before the first is signed.
func TestOtherPrescriptionAfterwards(t *testing.T) {
	s := newStation(t)
	s.rules()
	p := s.person(old(), clinic.SexMale)
	one := s.ready(p)
	two := s.ready(p)
	if err := s.writes(one, "", [4]string{"SIMVA20", "1", "1", "28"}); err != nil {
		t.Fatal(err)
	}
	if err := s.writes(two, "đã dặn ngừng simvastatin", [4]string{"CLARI500", "1", "2", "7"}); err != nil {
		t.Fatal(err)
	}
	e := s.refused(s.signs(one), desk.CodeSignSafety, "")
	if !strings.Contains(e.Args["vi"], "Clarithromycin") {
		t.Error(e.Args)
	}
	s.sign(two) // there the reason stands
}

// TestWeightOfAnEarlierVisit: a child's dose is looked at with the last weight, and asked
// for without one.
func TestWeightOfAnEarlierVisit(t *testing.T) {
	s := newStation(t)
	s.rules()
	p := s.person(clinic.Date{Year: 2022, Month: 10, Day: 1}, clinic.SexMale) // four years
	para := [4]string{"PARA500", "1", "4", "3"}
	on := s.ready(p)
	if err := s.writes(on, "", para); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); got != "warn:ASK-WEIGHT" {
		t.Errorf("without a weight: %s", got)
	}
	s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"weight": "16"}}))
	if got := s.says(on); got != "interrupt:PARA-CH" {
		t.Errorf("with 16 kg: %s", got)
	}
	s.refused(s.signs(on), desk.CodeSignSafety, "")
	s.at(20, 8, 0)
	args := s.stops(s.writes(s.ready(p), "", para), "PARA-CH")
	if !strings.Contains(args["vi"], "nặng 16 kg (đo 02/11/2026): 31,2 mg/kg mỗi lần, 125 mg/kg mỗi ngày") {
		t.Error(args)
	}
	s.at(300, 8, 0)
	on = s.ready(p)
	s.stops(s.writes(on, "", para), "PARA-CH")
	if err := s.writes(on, "đã cân lại, 17 kg, uống nửa viên", para); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); !strings.Contains(got, "ASK-WEIGHT") {
		t.Errorf("an old weight is not asked for again: %s", got)
	}
}

// TestPregnancyIsAsked: not asked is said, yes stops, and the weeks go on.
func TestPregnancyIsAsked(t *testing.T) {
	s := newStation(t)
	s.rules()
	p := s.person(clinic.Date{Year: 1998, Month: 1, Day: 1}, clinic.SexFemale)
	ena, ibu := [4]string{"ENA10", "1", "1", "3"}, [4]string{"IBU400", "1", "3", "3"}
	says := func(on desk.On, pregnant clinic.Answer, weeks string) {
		t.Helper()
		s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Pregnant: pregnant, Weeks: weeks}))
	}
	on := s.ready(p)
	if err := s.writes(on, "", ena); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); got != "warn:ASK-PREG" {
		t.Error(got)
	}
	says(on, clinic.AnswerNo, "")
	if got := s.says(on); got != "" {
		t.Error(got)
	}
	s.at(10, 8, 0)
	on = s.ready(p)
	if err := s.writes(on, "", ena); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); got != "warn:ASK-PREG" {
		t.Errorf("no, said ten days ago, is not no today: %s", got)
	}
	says(on, clinic.AnswerYes, "")
	if got := s.says(on); got != "interrupt:PREG-RAS" {
		t.Error(got)
	}
	if err := s.writes(on, "", ibu); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); got != "warn:ASK-WEEKS" {
		t.Error(got)
	}
	says(on, clinic.AnswerYes, "25")
	if got := s.says(on); got != "warn:PREG-NSAID2" {
		t.Error(got)
	}
	s.at(32, 8, 0)
	s.stops(s.writes(s.ready(p), "", ibu), "PREG-NSAID3") // 28 weeks now
	s.at(200, 8, 0)
	on = s.ready(p)
	if err := s.writes(on, "", ibu); err != nil {
		t.Fatal("she gave birth long ago:", err)
	}
	s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Breastfeeding: clinic.AnswerYes}))
	if err := s.writes(on, "", [4]string{"DOXY100", "1", "2", "7"}); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); !strings.Contains(got, "BF-TETRA") {
		t.Error(got)
	}
	for _, weeks := range []string{"0", "43", "x", "-1"} {
		_, err := s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Pregnant: clinic.AnswerYes, Weeks: weeks})
		s.refused(err, desk.CodeWeeks, "weeks")
	}
	_, err := s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Pregnant: clinic.AnswerNo, Weeks: "12"})
	s.refused(err, desk.CodeWeeks, "weeks")
}

// TestKidneys: creatinine is typed with the measurements, counts for a year and says
// what it was made of; where the kidneys are ill and nothing is known, it is asked for.
func TestKidneys(t *testing.T) {
	s := newStation(t)
	s.rules()
	p := s.person(clinic.Date{Year: 1950, Month: 1, Day: 1}, clinic.SexMale)
	metf := [4]string{"METF500", "1", "2", "28"}
	on := s.ready(p)
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: s.base(on, clinic.KindDiagnosis), Main: "N18.9"}))
	if err := s.writes(on, "", metf); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); got != "note:ASK-EGFR" {
		t.Error(got)
	}
	_, err := s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"creatinine": "2"}})
	s.refused(err, desk.CodeImpossible, "creatinine") // mg/dL
	s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"creatinine": "250"}, Confirmed: []string{"creatinine"}}))
	if got := s.says(on); got != "interrupt:REN-METF30" {
		t.Error(got)
	}
	s.refused(s.signs(on), desk.CodeSignSafety, "")
	s.at(30, 8, 0)
	args := s.stops(s.writes(s.ready(p), "", metf), "REN-METF30")
	if !strings.Contains(args["vi"], "mức lọc cầu thận 22 (CKD-EPI 2021, creatinin 250 µmol/L ngày 02/11/2026)") {
		t.Error(args)
	}
	s.at(400, 8, 0)
	on = s.ready(p)
	if err := s.writes(on, "", metf); err != nil {
		t.Fatal(err)
	}
	if got := s.says(on); got != "note:ASK-EGFR" {
		t.Errorf("a value of last year: %s", got)
	}
	s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
		Catalog: clinic.CatalogLabTest, Code: clinic.TestCreatinine, Name: "Creatinin", Unit: clinic.UnitCreatinine, Value: "0", From: clinic.Date{Year: 2020, Month: 1, Day: 1},
	}})
	order := s.must(s.Order(t.Context(), call(s.doctor), desk.OrderInput{On: on, Tests: []string{clinic.TestCreatinine}})).Records[0].Leaf
	s.must(s.EnterResult(t.Context(), call(s.nurse), desk.ResultInput{
		Patient: on.Patient, Order: order, Values: []desk.ResultEntry{{Test: clinic.TestCreatinine, Text: "250"}},
	}))
	if got := s.says(on); got != "interrupt:REN-METF30" {
		t.Errorf("the result of a sample is not looked at: %s", got)
	}
}

// TestIllnessOfAnEarlierVisit: what was diagnosed once is known.
func TestIllnessOfAnEarlierVisit(t *testing.T) {
	s := newStation(t)
	s.rules()
	s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogICD10, Code: "J45.9", Name: "Hen", From: old()}})
	p := s.person(old(), clinic.SexMale)
	on := s.open(p)
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: on, Main: "J45.9"}))
	s.at(300, 8, 0)
	s.stops(s.writes(s.ready(p), "", [4]string{"PROPRA40", "1", "2", "28"}), "ASTHMA-BETA")
}

// TestConfirmedAsBefore: an entry of an earlier version names the medicine whose allergy
// was gone past; it is signed without asking again, for that and no more.
func TestConfirmedAsBefore(t *testing.T) {
	s := newStation(t)
	s.rules()
	p := s.person(old(), clinic.SexMale)
	s.asked(p, clinic.Allergy{Substance: "Amoxicilin"})
	line := func(code string) clinic.DrugLine {
		return clinic.DrugLine{Medicine: code, Name: code, Dose: 1000, Times: 2, Days: 5, Quantity: 10_000}
	}
	on := s.ready(p)
	s.put(clinic.Draft{Kind: clinic.KindPrescribe, Subject: p, Visit: on.Visit, Body: &clinic.Prescription{
		Lines: []clinic.DrugLine{line("AMOX500")}, Confirmed: []string{"AMOX500"},
	}})
	if err := s.signs(on); err != nil {
		t.Fatal(err)
	}
	s.at(30, 8, 0)
	on = s.ready(p)
	s.put(clinic.Draft{Kind: clinic.KindPrescribe, Subject: p, Visit: on.Visit, Body: &clinic.Prescription{
		Lines: []clinic.DrugLine{line("AMOX500"), line("SIMVA20"), line("CLARI500")}, Confirmed: []string{"AMOX500"},
	}})
	s.refused(s.signs(on), desk.CodeSignSafety, "")
}

// TestFindingsWhileTyping: the form is looked at before it is saved, as far as it goes.
func TestFindingsWhileTyping(t *testing.T) {
	s := newStation(t)
	s.rules()
	on := s.ready(s.person(old(), clinic.SexMale))
	found, err := s.Findings(t.Context(), s.doctor, desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{
		{Medicine: "SIMVA20", Dose: "một"}, {Medicine: "CLARI500"}, {}, {Medicine: "KHONGCO"},
	}})
	if err != nil || len(found) == 0 || found[0].Rule != "STATIN-MACRO" {
		t.Fatalf("%v, %v", found, err)
	}
	if _, err := s.Findings(t.Context(), s.nurse, desk.PrescriptionInput{On: on}); desk.ErrorsOf(err) == nil {
		t.Error("a nurse prescribes")
	}
}

// TestRowFromTheCentre: a rule that came this morning counts, a bad one does not stop
// the others.
func TestRowFromTheCentre(t *testing.T) {
	s := newStation(t)
	s.rules()
	on := s.ready(s.person(old(), clinic.SexMale))
	lines := [][4]string{{"PARA500", "1", "3", "3"}, {"BETAH16", "1", "2", "3"}}
	if err := s.writes(on, "", lines...); err != nil {
		t.Fatal(err)
	}
	rule := clinic.CatalogRow{
		Catalog: clinic.CatalogInteraction, Code: "CENTRE-1", Name: "Thử", English: "Try", From: old(), Version: "1", Source: "Công văn 1",
		Rule: &clinic.Rule{Kind: "pair", A: "N02BE01", B: "N07CA01", Severity: "interrupt"},
	}
	bad := rule
	bad.Code, bad.Rule = "CENTRE-0", &clinic.Rule{Kind: "pair", A: "?", B: "N07CA01", Severity: "interrupt"}
	for _, r := range []*clinic.CatalogRow{&bad, &rule} {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: r})
	}
	s.refused(s.signs(on), desk.CodeSignSafety, "")
	if got := s.says(on); got != safety.Interrupt.String()+":CENTRE-1" {
		t.Error(got)
	}
}
