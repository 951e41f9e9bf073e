package desk_test

import (
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/fold"
)

// drugs puts medicines with flags, and what a prescription may be for, into the catalogues.
func (s *station) drugs() {
	s.Helper()
	row := func(catalog, code, name, flags, strength, unit string) *clinic.CatalogRow {
		return &clinic.CatalogRow{
			Catalog: catalog, Code: code, Name: name, Flags: flags, Strength: strength, Unit: unit,
			From: clinic.Date{Year: 2026, Month: 1, Day: 1}, To: clinic.Date{Year: 2026, Month: 12, Day: 31},
		}
	}
	days := func(code, applies, kind string, n int) *clinic.CatalogRow {
		r := row(clinic.CatalogRxDays, code, code, "", "", "")
		r.Applies, r.Rule = applies, &clinic.Rule{Kind: kind, Days: n}
		return r
	}
	usual := row(clinic.CatalogDosage, "D1", "Người lớn", "", "", "")
	usual.Parent, usual.Dosage, usual.Rule = "PARA", "1 x 3 x 3; khi sốt", &clinic.Rule{AgeFrom: 12 * 365}
	for _, r := range []*clinic.CatalogRow{
		row(clinic.CatalogMedicine, "DIAZ", "Diazepam", "generic psychotropic", "5 mg", "viên"),
		row(clinic.CatalogMedicine, "MOR", "Morphin", "generic narcotic", "10 mg", "ống"),
		row(clinic.CatalogMedicine, "COLCH", "Colchicin", "generic toxic", "1 mg", "viên"),
		row(clinic.CatalogMedicine, "SYR", "Siro", "generic", "120 mg/5 ml, 60 ml", "chai"),
		days("C", "*", "C", 30), days("LONG", "I10", "C", 90), days("H", "*", "H", 10), days("N", "*", "N", 7), usual,
	} {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: r})
	}
}

func (s *station) rx(on desk.On, companion string, lines ...desk.DrugInput) (desk.Done, error) {
	return s.Prescribe(s.Context(), call(s.doctor), desk.PrescriptionInput{On: on, Lines: lines, Companion: companion})
}

func drug(code, dose, times, days string) desk.DrugInput {
	return desk.DrugInput{Medicine: code, Dose: dose, Times: times, Days: days}
}

// codes are the valid prescriptions of the visit.
func (s *station) codes(on desk.On) (out []string) {
	v := s.visit(on)
	for _, d := range v.Visit.Docs(clinic.KindPrescribe) {
		out = append(out, clinic.BodyOf[clinic.Prescription](d).Code)
	}
	return out
}

func (s *station) prints(on desk.On, code string) error {
	_, err := s.PrintPrescription(s.Context(), call(s.nurse), desk.RxPrintInput{Patient: on.Patient, Visit: on.Visit, Code: code})
	return err
}

// lastPaper is what went to the printer last.
func (s *station) lastPaper() string {
	s.Helper()
	all := s.papers.Docs
	if len(all) == 0 {
		s.Fatal("nothing was printed")
	}
	var b strings.Builder
	for _, x := range all[len(all)-1].Blocks {
		b.WriteString(x.Text + " " + x.Value + "\n")
	}
	return strings.ReplaceAll(b.String(), "\u00a0", " ")
}

// TestRxOfAChild: weight of this visit and companion are asked before signing; until then
// the prescription is kept.
func TestRxOfAChild(t *testing.T) {
	s := newStation(t)
	s.drugs()
	p := s.person(clinic.Date{Year: 2024, Month: 5, Day: 20}, clinic.SexMale)
	on := s.ready(p)
	s.must(s.rx(on, "", drug("SYR", "5 ml", "3", "5")))
	err := s.signs(on)
	s.refused(err, desk.CodeRxWeight, "")
	s.refused(err, desk.CodeRxCompanion, "")
	s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"weight": "11,5"}}))
	s.must(s.rx(s.base(on, clinic.KindPrescribe), "Trần Thị Bà", drug("SYR", "5 ml", "3", "5")))
	if err := s.signs(on); err != nil {
		t.Fatal(err)
	}
	if err := s.prints(on, s.codes(on)[0]); err != nil {
		t.Fatal(err)
	}
	got := s.lastPaper()
	for _, want := range []string{"Tháng tuổi 29 tháng", "Cân nặng 11,5 kg", "Người đưa trẻ đến khám Trần Thị Bà", "02 chai", "(cần 75 ml, chai 60 ml)", "mỗi lần 5 ml"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the paper:\n%s", want, got)
		}
	}
	older := s.ready(s.person(clinic.Date{Year: 2020, Month: 11, Day: 2}, clinic.SexMale)) // 72 months today
	s.must(s.rx(older, "", drug("PARA", "1", "1", "1")))
	if err := s.signs(older); err != nil {
		t.Error("72 months:", err)
	}
}

// TestRxReplaced: a change is a new prescription that names the old one; the old paper
// says so, and cannot be printed again.
func TestRxReplaced(t *testing.T) {
	s := newStation(t)
	s.drugs()
	on := s.ready(s.register("A"))
	first := s.must(s.rx(on, "", drug("PARA", "1/2", "3", "5"))).Records[0]
	code := first.Body.(*clinic.Prescription).Code
	s.refused(s.prints(on, code), desk.CodeRxUnsigned, "")
	s.refused(s.prints(on, "22736a999999-C"), desk.CodeRxNone, "")
	s.sign(on)
	if err := s.prints(on, code); err != nil {
		t.Fatal(err)
	}
	if got := s.lastPaper(); !strings.Contains(got, "08 viên") || !strings.Contains(got, code) || strings.Contains(got, "BẢN IN LẠI") {
		t.Error(got)
	}
	if err := s.prints(on, code); err != nil {
		t.Fatal(err)
	}
	if got := s.lastPaper(); !strings.Contains(got, "BẢN IN LẠI") || !strings.Contains(got, "bản thứ 2") {
		t.Error(got)
	}
	change := s.base(on, clinic.KindPrescribe)
	_, err := s.rx(change, "", drug("PARA", "1", "3", "5"))
	s.refused(err, desk.CodeWhy, "why")
	change.Why = "đổi liều"
	second := s.must(s.rx(change, "", drug("PARA", "1", "3", "5"))).Records[0]
	b := second.Body.(*clinic.Prescription)
	if b.Replaces != code || b.Code == code || !slices.Equal(s.codes(on), []string{b.Code}) {
		t.Fatalf("%+v", b)
	}
	if res := s.paper(&first, nil); res.Paper != desk.PaperReplaced {
		t.Error("the old paper is", res.Paper)
	}
	if res := s.paper(&second, nil); res.Paper != desk.PaperHolds {
		t.Error("the new paper is", res.Paper)
	}
	s.refused(s.prints(on, code), desk.CodeRxReplaced, "")
	s.refused(s.prints(on, b.Code), desk.CodeRxUnsigned, "")
	s.sign(on)
	if err := s.prints(on, b.Code); err != nil {
		t.Fatal(err)
	}
	if got := s.lastPaper(); !strings.Contains(got, "Thay đơn "+code) || strings.Contains(got, "BẢN IN LẠI") {
		t.Error(got)
	}
}

// TestRxKinds: narcotics and psychotropics stand on prescriptions of their own, one of
// each kind in a visit; narcotics only where the catalogue says that patients stay.
func TestRxKinds(t *testing.T) {
	s := newStation(t)
	s.drugs()
	on := s.ready(s.register("A"))
	_, err := s.rx(on, "", drug("PARA", "1", "1", "1"), drug("DIAZ", "1", "1", "1"))
	s.refused(err, desk.CodeRxApart, "lines.1.medicine")
	s.must(s.rx(on, "", drug("PARA", "1", "1", "1")))
	_, err = s.rx(on, "", drug("AMOX", "1", "1", "1"))
	s.refused(err, desk.CodeChanged, "")
	_, err = s.rx(on, "", drug("DIAZ", "1", "1", "11"))
	s.refused(err, desk.CodeRxDays, "lines.0.days")
	s.must(s.rx(on, "", drug("DIAZ", "1", "1", "10")))
	_, err = s.rx(on, "", drug("MOR", "1", "1", "1"))
	s.refused(err, desk.CodeRxBeds, "lines.0.medicine")
	s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
		Catalog: clinic.CatalogFacility, Code: "22736", Name: "Trạm", Flags: clinic.FlagBeds, From: clinic.Date{Year: 2026, Month: 1, Day: 1},
	}})
	s.must(s.rx(on, "", drug("MOR", "1", "1", "7")))
	got := s.codes(on)
	slices.Sort(got)
	if strings.Join(got, " ") != "22736a000001-C 22736a000002-H 22736a000003-N" {
		t.Fatal(got)
	}
	hand := func() desk.HandView {
		v, err := s.HandPage(t.Context(), s.doctor, on.Patient, on.Visit)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := hand(); len(v.Lines) != 3 || v.Signed { // what is handed out is on all of them
		t.Errorf("%d lines, %v", len(v.Lines), v.Signed)
	}
	s.sign(on)
	if v := hand(); len(v.Lines) != 3 || !v.Signed {
		t.Errorf("%d lines, %v", len(v.Lines), v.Signed)
	}
	for i, want := range []string{"ĐƠN THUỐC", `ĐƠN THUỐC "H"`, `ĐƠN THUỐC "N"`} {
		if err := s.prints(on, got[i]); err != nil {
			t.Fatal(err)
		}
		if p := s.lastPaper(); !strings.Contains(p, want) || i == 2 && !strings.Contains(p, "07 ống (bảy ống)") {
			t.Errorf("%s: %s", got[i], p)
		}
	}
}

// TestRxDaysOfTheDiagnosis: 30 days, 90 for a long illness; a diagnosis that changes is
// seen before the signature, and a day without rules is said.
func TestRxDaysOfTheDiagnosis(t *testing.T) {
	s := newStation(t)
	s.drugs()
	on := s.ready(s.register("A"))
	_, err := s.rx(on, "", drug("PARA", "1", "1", "31"))
	if e := s.refused(err, desk.CodeRxDays, "lines.0.days"); e.Args["max"] != "30" {
		t.Error(e.Args)
	}
	dx := s.base(on, clinic.KindDiagnosis)
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: dx, Main: "I10"}))
	s.must(s.rx(on, "", drug("PARA", "1", "1", "90")))
	dx = s.base(on, clinic.KindDiagnosis)
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: dx, Main: "J00"}))
	s.refused(s.signs(on), desk.CodeRxDays, "")
	s.at(70, 8, 0) // the rows of this year are over, those of medicines go on
	_, err = s.rx(s.ready(s.register("B")), "", drug("PARA", "1", "1", "31"))
	if e := s.refused(err, desk.CodeRxDaysNone, "lines.0.days"); e.Args["max"] != "30" {
		t.Error(e.Args)
	}
}

func TestRxLines(t *testing.T) {
	s := newStation(t)
	s.drugs()
	on := s.ready(s.register("A"))
	_, err := s.rx(on, "", drug("PARA", "5 ml", "1", "1"))
	if e := s.refused(err, desk.CodeDrugMeasure, "lines.0.dose"); e.Args["measure"] != "ml" || e.Args["unit"] != "viên" {
		t.Error(e.Args)
	}
	_, err = s.rx(on, "", desk.DrugInput{Medicine: "PARA", Quantity: "-2"})
	s.refused(err, desk.CodeValue, "lines.0.quantity")
	lines := []desk.DrugInput{drug("PARA", "1", "3", "5"), drug("COLCH", "1/2", "1", "3"), drug("SYR", "5 ml", "2", "3")}
	s.must(s.rx(on, "", lines...))
	b := clinic.BodyOf[clinic.Prescription](s.doc(on, clinic.KindPrescribe))
	if b.Lines[0].Medicine != "COLCH" || b.Lines[1].Medicine != "PARA" || b.Lines[0].Quantity != 2000 || b.Lines[2].Quantity != 1000 || b.Lines[2].Pack != 60_000 {
		t.Fatalf("%+v", b.Lines)
	}
	if d := s.must(s.rx(s.base(on, clinic.KindPrescribe), "", lines...)); !d.Again {
		t.Error("the same lines in the order in which they were typed are another prescription")
	}
	lines[0].Days = "4"
	if d := s.must(s.rx(s.base(on, clinic.KindPrescribe), "", lines...)); d.Again {
		t.Error("a change is lost")
	}
}

// TestDoses: what the prescriber gave last comes first, of this diagnosis before any
// other; nobody is offered a dose of another age, or somebody else's.
func TestDoses(t *testing.T) {
	s := newStation(t)
	s.drugs()
	says := func(d *desk.Desk, by clinic.ID, on desk.On) string {
		t.Helper()
		hints, err := d.Doses(t.Context(), by, on, []string{"PARA", "AMOX"})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, h := range hints {
			out = append(out, h.Medicine+" "+h.Name+" "+clinic.Portion(h.Dose)+"×"+string(rune('0'+h.Times))+"×"+string(rune('0'+h.Days)))
		}
		return strings.Join(out, ", ")
	}
	a := s.ready(s.register("A"))
	if got := says(s.Desk, s.doctor, a); got != "PARA Người lớn 1×3×3" {
		t.Error(got)
	}
	s.must(s.rx(a, "", drug("PARA", "1/2", "2", "4")))
	b := s.ready(s.register("B"))
	if got := says(s.Desk, s.doctor, b); got != "PARA  1/2×2×4, PARA Người lớn 1×3×3" {
		t.Error(got)
	}
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: s.base(b, clinic.KindDiagnosis), Main: "I10"}))
	s.must(s.rx(b, "", drug("PARA", "1", "1", "9")))
	c := s.ready(s.register("C")) // J00, as A
	if got := says(s.Desk, s.doctor, c); got != "PARA  1/2×2×4, PARA Người lớn 1×3×3" {
		t.Error(got)
	}
	child := s.ready(s.person(clinic.Date{Year: 2020, Month: 1, Day: 1}, clinic.SexMale))
	if got := says(s.Desk, s.doctor, child); got != "" {
		t.Error("of an adult to a child:", got)
	}
	again, err := desk.New(desk.Options{ // after a restart
		Store: s.store, Clock: s.clock, Pins: s.pins, Papers: s.papers, Scans: s.scans, Witness: s.store, Fold: fold.String, Site: s.Site(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := says(again, s.doctor, c); got != "PARA  1/2×2×4, PARA Người lớn 1×3×3" {
		t.Error(got)
	}
	_, err = s.Doses(t.Context(), s.nurse, c, []string{"PARA"})
	s.refused(err, desk.CodeNotAllowed, "")
}

// TestReprintIsThePaper: a reprint says what the first one said, though the diagnosis was
// corrected since; a prescription that was never printed has the new one.
func TestReprintIsThePaper(t *testing.T) {
	s := newStation(t)
	s.drugs()
	on := s.ready(s.register("A"))
	s.must(s.rx(on, "", drug("PARA", "1", "3", "5")))
	s.must(s.rx(on, "", drug("DIAZ", "1", "1", "5")))
	s.sign(on)
	codes := s.codes(on)
	if err := s.prints(on, codes[0]); err != nil {
		t.Fatal(err)
	}
	changed := s.base(on, clinic.KindDiagnosis)
	changed.Why = "ghi nhầm"
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: changed, Main: "I10"}))
	s.sign(on)
	for i, want := range []string{"J00 Viêm mũi họng cấp", "I10 Tăng huyết áp"} {
		if err := s.prints(on, codes[i]); err != nil {
			t.Fatal(err)
		}
		if p := s.lastPaper(); !strings.Contains(p, want) {
			t.Errorf("%s lacks %q: %s", codes[i], want, p)
		}
	}
}
