package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

const number = "034190012345"

func withNumber(name string, ids ...clinic.Identifier) desk.PatientInput {
	in := somebody(name)
	in.Identifiers = ids
	return in
}

func citizen(v string) clinic.Identifier {
	return clinic.Identifier{System: clinic.SystemCitizen, Value: v}
}

func TestRegisterRefusals(t *testing.T) {
	s := newStation(t)
	in := func(change func(*desk.PatientInput)) desk.PatientInput {
		p := somebody("Nguyễn Thị Mẫu")
		change(&p)
		return p
	}
	n := s.store.Len()
	for _, c := range []struct {
		change func(*desk.PatientInput)
		code   desk.Code
		field  string
	}{
		{func(p *desk.PatientInput) { p.Name = "" }, desk.CodeRequired, "name"},
		{func(p *desk.PatientInput) { p.Name = " \n " }, desk.CodeRequired, "name"},
		{func(p *desk.PatientInput) { p.Name = "12345" }, desk.CodeName, "name"},
		{func(p *desk.PatientInput) { p.Name = "A|B" }, desk.CodeName, "name"},
		{func(p *desk.PatientInput) { p.Name = "A\x00B" }, desk.CodeText, "name"},
		{func(p *desk.PatientInput) { p.Name = "A\u202eB" }, desk.CodeText, "name"},
		{func(p *desk.PatientInput) { p.Name = "\xff" }, desk.CodeText, "name"},
		{func(p *desk.PatientInput) { p.Name = strings.Repeat("ễ", 101) }, desk.CodeTooLong, "name"},
		{func(p *desk.PatientInput) { p.Birth = clinic.Date{} }, desk.CodeRequired, "birth"},
		{func(p *desk.PatientInput) { p.Birth = clinic.Date{Year: 2026, Month: 2, Day: 30} }, desk.CodeBirth, "birth"},
		{func(p *desk.PatientInput) { p.Birth = clinic.Date{Year: 2026, Month: 11, Day: 3} }, desk.CodeBirth, "birth"},
		{func(p *desk.PatientInput) { p.Birth.Year = 1800 }, desk.CodeBirth, "birth"},
		{func(p *desk.PatientInput) { p.Birth = clinic.Date{Year: 1990, Day: 5} }, desk.CodeBirth, "birth"},
		{func(p *desk.PatientInput) { p.Sex = 0 }, desk.CodeSex, "sex"},
		{func(p *desk.PatientInput) { p.Sex = 9 }, desk.CodeSex, "sex"},
		{func(p *desk.PatientInput) { p.Identifiers = []clinic.Identifier{citizen("0341900123456")} }, desk.CodeValue, "identifiers.0"},
		{func(p *desk.PatientInput) {
			p.Identifiers = []clinic.Identifier{{}, {System: clinic.SystemInsurance, Value: "1"}}
		}, desk.CodeValue, "identifiers.1"},
		{func(p *desk.PatientInput) { p.Issued = clinic.Date{Year: 2020, Month: 13} }, desk.CodeValue, "issued"},
		{func(p *desk.PatientInput) {
			p.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: number, Facility: strings.Repeat("x", 99)}}
		}, desk.CodeTooLong, "identifiers.0"},
		{func(p *desk.PatientInput) { p.Identifiers = make([]clinic.Identifier, 21) }, desk.CodeTooMany, "identifiers"},
	} {
		_, err := s.Register(t.Context(), call(s.nurse), in(c.change))
		s.refused(err, c.code, c.field)
	}
	_, err := s.Register(t.Context(), call(s.nurse), desk.PatientInput{})
	if len(desk.ErrorsOf(err)) != 3 {
		t.Fatalf("an empty form names %d fields", len(desk.ErrorsOf(err)))
	}
	if s.store.Len() != n {
		t.Fatal("a refused patient was written")
	}
}

func TestUnknownPatientGetsATemporaryCode(t *testing.T) {
	s := newStation(t)
	in := desk.PatientInput{Patient: clinic.Patient{Name: "Không rõ tên", Source: clinic.SourceUnknown}}
	d := s.must(s.Register(t.Context(), call(s.nurse), in))
	id := d.Records[0].Body.(*clinic.Patient).Identifiers[0]
	if id.System != clinic.SystemTemporary || id.Value[0] != 'T' {
		t.Fatalf("%+v", id)
	}
	hits, err := s.Find(t.Context(), s.nurse, strings.ToLower(id.Value))
	if err != nil || len(hits) != 1 || hits[0].ID != d.Patient || hits[0].Why != desk.ByNumber {
		t.Fatalf("%+v, %v", hits, err)
	}
}

func TestDuplicatesAreOffered(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	first := s.must(s.Register(ctx, call(s.nurse), withNumber("Nguyễn Thị Hòa", citizen(number)))).Patient
	_, err := s.Register(ctx, call(s.nurse), withNumber("Trần Khác", citizen("034 190 012 345")))
	if e := s.refused(err, desk.CodeDuplicates, ""); len(e.Found) != 1 || e.Found[0].ID != first || e.Found[0].Why != desk.ByNumber {
		t.Fatalf("%+v", e.Found)
	}
	sameName := somebody("NGUYỄN THỊ HOÀ") // other tone placement, upper case
	sameName.Birth = clinic.Date{Year: 1990}
	_, err = s.Register(ctx, call(s.nurse), sameName)
	if e := s.refused(err, desk.CodeDuplicates, ""); len(e.Found) != 1 || e.Found[0].Why != desk.ByBirth {
		t.Fatalf("%+v", e.Found)
	}
	other := somebody("Nguyễn Thị Hòa")
	other.Birth.Year = 1991
	s.must(s.Register(ctx, call(s.nurse), other)) // another birth date: nobody to offer
	sameName.Different = true
	s.must(s.Register(ctx, call(s.nurse), sameName))
}

func TestChangePatient(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	a := s.must(s.Register(ctx, call(s.nurse), withNumber("A", citizen(number))))
	b := s.must(s.Register(ctx, call(s.nurse), somebody("B")))
	in := withNumber("B mới", citizen(number))
	in.ID, in.Different = b.Patient, true // who is another person does not get the number
	_, err := s.ChangePatient(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeChanged, "") // from no version at all
	in.Base = b.Records[0].Leaf
	_, err = s.ChangePatient(ctx, call(s.nurse), in)
	if e := s.refused(err, desk.CodeNumberTaken, "identifiers"); e.Found[0].ID != a.Patient {
		t.Fatal("who has the number is not named")
	}
	moved := withNumber("A", citizen("034190099999"))
	moved.ID, moved.Base, moved.Why = a.Patient, a.Records[0].Leaf, "cấp lại số"
	d := s.must(s.ChangePatient(ctx, call(s.nurse), moved))
	ids := d.Records[0].Body.(*clinic.Patient).Identifiers
	if len(ids) != 2 || ids[0].Value != number || ids[0].To.String() != "01/11/2026" || d.Records[0].Corrects != a.Records[0].Leaf {
		t.Fatalf("%+v", ids)
	}
	s.must(s.ChangePatient(ctx, call(s.nurse), in)) // the number is free now
	_, err = s.ChangePatient(ctx, call(s.nurse), moved)
	s.refused(err, desk.CodeChanged, "") // from a version that is not current
	moved.Base = d.Records[0].Leaf
	n := s.store.Len()
	if d := s.must(s.ChangePatient(ctx, call(s.nurse), moved)); !d.Again || s.store.Len() != n {
		t.Fatal("a form that changes nothing wrote an entry")
	}
	phone := moved // a number that both hold already does not stand in the way
	phone.Phone = "0200 123 456"
	s.put(clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.ID{77}, Body: &clinic.Patient{Name: "Hộp kia", Folded: "hop kia", Identifiers: []clinic.Identifier{citizen("034190099999")}}})
	s.must(s.ChangePatient(ctx, call(s.nurse), phone))
	ghost := withNumber("C")
	ghost.ID = clinic.ID{99}
	_, err = s.ChangePatient(ctx, call(s.nurse), ghost)
	s.refused(err, desk.CodeNoPatient, "")
	page, err := s.PatientPage(ctx, s.nurse, a.Patient)
	if err != nil || len(page.Versions) != 3 || page.Age.Years != 36 {
		t.Fatalf("%+v, %v", page.Age, err)
	}
}

func TestFind(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	card := clinic.Identifier{System: clinic.SystemInsurance, Value: "XD2220123456789"}
	p := s.must(s.Register(ctx, call(s.nurse), withNumber("Đặng Thị Ánh", citizen(number), card))).Patient
	for _, q := range []string{"dang anh", "Đặng", number, "034 190 012 345", "xd2220123456789", "0123456789"} {
		if hits, err := s.Find(ctx, s.nurse, q); err != nil || len(hits) != 1 || hits[0].ID != p {
			t.Errorf("%q: %d hits, %v", q, len(hits), err)
		}
	}
	for _, q := range []string{"", "không có ai", "034190012346", "XD2220123456780", "H22736A000012"} {
		if hits, err := s.Find(ctx, s.nurse, q); err != nil || len(hits) != 0 {
			t.Errorf("%q: %d hits, %v", q, len(hits), err)
		}
	}
	for _, q := range []string{"0341900123456", "123456", "12345678901234567890"} {
		_, err := s.Find(ctx, s.nurse, q)
		if e := s.refused(err, desk.CodeNumberLength, "q"); e.Args["digits"] == "" {
			t.Errorf("%q: how many digits is not said", q)
		}
	}
	_, err := s.Find(ctx, s.nurse, strings.Repeat("a", 300))
	s.refused(err, desk.CodeTooLong, "q")
}

func TestScans(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	scan := func(p clinic.Patient) desk.ScanResult {
		t.Helper()
		s.scans["card"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: p, Doubts: []string{"scan.sex-differs"}}
		res, err := s.FromScan(ctx, s.nurse, []byte("card"))
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	card := withNumber("Nguyễn Thị Mẫu", citizen(number), clinic.Identifier{System: clinic.SystemOldID, Value: "012345678"}).Patient
	res := scan(card)
	if res.Answer != desk.ScanNew || res.Form.Name != card.Name || res.Form.Source != clinic.SourceCitizenQR || len(res.Doubts) != 1 {
		t.Fatalf("%+v", res)
	}
	a := s.must(s.Register(ctx, call(s.nurse), res.Form)).Patient
	if res = scan(card); res.Answer != desk.ScanKnown || res.Hits[0].ID != a || res.Form.ID != a || len(res.Differs) != 0 {
		t.Fatalf("%+v", res)
	}
	changed := card
	changed.Birth, changed.Sex, changed.Address = clinic.Date{Year: 1991}, clinic.SexMale, "đảo khác"
	if res = scan(changed); res.Answer != desk.ScanKnown || len(res.Differs) != 3 || len(res.Doubts) != 3 {
		t.Fatalf("%v %v", res.Differs, res.Doubts)
	}
	changed.Name = "Tên Khác" // now it is somebody else: the number was given anew, or typed wrong once
	if res = scan(changed); res.Answer != desk.ScanConflict || len(res.Differs) != 4 || !res.Form.ID.IsZero() {
		t.Fatalf("%v %v", res.Answer, res.Differs)
	}
	twin := withNumber("Ai Đó", citizen(number))
	twin.Different = true
	_, err := s.Register(ctx, call(s.nurse), twin)
	s.refused(err, desk.CodeDuplicates, "")
	twin.Folded = "ai do" // of another box
	s.put(clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.ID{78}, Body: &twin.Patient})
	if res = scan(card); res.Answer != desk.ScanConflict || len(res.Hits) != 2 {
		t.Fatalf("%+v", res)
	}
	_, err = s.FromScan(ctx, s.nurse, []byte("half a code"))
	s.refused(err, desk.CodeScanUnknown, "")
	slip, _ := clinic.NewSlip("22736", "b", 1) // of another box
	s.scans["slip"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: slip}
	_, err = s.FromScan(ctx, s.nurse, []byte("slip"))
	s.refused(err, desk.CodeScanSlipNone, "")
	s.scans["slip"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: slip, Record: a}
	if res, err = s.FromScan(ctx, s.nurse, []byte("slip")); err != nil || res.Answer != desk.ScanKnown || res.Hits[0].ID != a {
		t.Fatalf("%+v, %v", res.Answer, err)
	}
	s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a, Slip: slip}))
}

func TestFormerHolderIsNotTheHolder(t *testing.T) {
	s := newStation(t)
	old := citizen(number)
	old.To = clinic.Date{Year: 2025, Month: 1, Day: 1}
	a := s.must(s.Register(t.Context(), call(s.nurse), withNumber("A", old))).Patient
	s.scans["n"] = clinic.Scan{Kind: clinic.ScanNumber, Patient: clinic.Patient{Identifiers: []clinic.Identifier{citizen(number)}}}
	res, err := s.FromScan(t.Context(), s.nurse, []byte("n"))
	if err != nil || res.Answer != desk.ScanConflict || res.Hits[0].ID != a || res.Hits[0].Why != desk.ByOld {
		t.Fatalf("%+v, %v", res, err)
	}
}

func TestAllergies(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	p := s.register("A")
	set := func(in desk.AllergiesInput) (desk.Done, error) {
		in.Patient = p
		return s.SetAllergies(ctx, call(s.nurse), in)
	}
	_, err := set(desk.AllergiesInput{})
	s.refused(err, desk.CodeAllergyNeeds, "asked")
	_, err = set(desk.AllergiesInput{Items: []clinic.Allergy{{Reaction: "nổi mẩn"}}})
	s.refused(err, desk.CodeRequired, "items.0.substance")
	_, err = set(desk.AllergiesInput{Items: make([]clinic.Allergy, 31)})
	s.refused(err, desk.CodeTooMany, "items")
	s.must(set(desk.AllergiesInput{Items: []clinic.Allergy{{Substance: "amoxicillin"}, {}}}))
	_, err = set(desk.AllergiesInput{Asked: true}) // a tab that still shows "not asked"
	s.refused(err, desk.CodeChanged, "")

	on := s.open(p)
	rx := desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "1", Days: "1"}, {Medicine: "AMOX", Dose: "1", Times: "2", Days: "5"}}}
	_, err = s.Prescribe(ctx, call(s.doctor), rx)
	e := s.refused(err, desk.CodeDrugSafety, "lines.1.medicine")
	if !strings.Contains(e.Args["en"], "amoxicillin") || !strings.Contains(e.Args["vi"], "Dị ứng") {
		t.Fatal(e.Args)
	}
	rx.Overrides = []clinic.Override{{Finding: e.Args["finding"]}}
	_, err = s.Prescribe(ctx, call(s.doctor), rx)
	s.refused(err, desk.CodeDrugSafety, "lines.1.medicine") // no reason
	rx.Overrides[0].Reason = "không còn thuốc khác"
	d := s.must(s.Prescribe(ctx, call(s.doctor), rx))
	got := d.Records[0].Body.(*clinic.Prescription).Overrides
	if len(got) != 1 || got[0].Reason != "không còn thuốc khác" || got[0].Finding != e.Args["finding"] || !strings.Contains(got[0].Words, "Amoxicilin") {
		t.Fatalf("why the warning was gone past is not recorded: %+v", got)
	}
}

func TestStaff(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	n := s.store.Len()
	if err := s.SetUp(ctx, s.seeds()); err != nil || s.store.Len() != n {
		t.Fatalf("a second set-up wrote %d entries, %v", s.store.Len()-n, err)
	}
	nobody := desk.StaffInput{Staff: clinic.Staff{Name: "", Role: 9}, PIN: "123456"}
	_, err := s.SaveStaff(ctx, call(s.admin), nobody)
	for _, c := range []desk.Code{desk.CodeStaffName, desk.CodeStaffRole, desk.CodePINWeak} {
		s.refused(err, c, "")
	}
	_, err = s.SaveStaff(ctx, call(s.nurse), desk.StaffInput{Staff: clinic.Staff{Name: "X", Role: clinic.RoleDoctor}})
	s.refused(err, desk.CodeNotAllowed, "")
	_, err = s.SaveStaff(ctx, call(s.admin), desk.StaffInput{Person: s.admin, Staff: clinic.Staff{Name: "X", Role: clinic.RoleNurse}})
	s.refused(err, desk.CodeStaffLast, "")
	c := call(s.admin)
	add := desk.StaffInput{Staff: clinic.Staff{Name: "Mới", Role: clinic.RoleNurse}, PIN: "395817"}
	s.pins.Err = errors.New("disk") // the person is saved, the PIN is not
	if _, err := s.SaveStaff(ctx, c, add); err == nil || desk.ErrorsOf(err) != nil {
		t.Fatal(err)
	}
	s.pins.Err = nil
	id, err := s.SaveStaff(ctx, c, add) // the same form again completes it
	if err != nil {
		t.Fatal(err)
	}
	if p, err := s.Login(ctx, desk.LoginInput{Person: id, PIN: "395817"}); err != nil || p.Name != "Mới" {
		t.Fatal(p, err)
	}
	people, err := s.Staff(ctx)
	if err != nil || len(people) != 6 {
		t.Fatalf("%d people, %v", len(people), err)
	}
	if err := s.ChangePIN(ctx, call(id), "395817", "000000"); s.refused(err, desk.CodePINWeak, "pin") == nil {
		t.Fatal()
	}
	s.refused(s.ChangePIN(ctx, call(id), "395818", "582931"), desk.CodePINWrong, "pin")
	if err := s.ChangePIN(ctx, call(id), "395817", "582931"); err != nil {
		t.Fatal(err)
	}
}

func TestPINs(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	_, err := s.Login(ctx, desk.LoginInput{Person: s.cashier, PIN: "111222"})
	s.refused(err, desk.CodePINUnset, "pin")
	for i := range 10 {
		_, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: "000000"})
		if e := s.refused(err, desk.CodePINWrong, "pin"); i == 0 && e.Args["left"] != "9" {
			t.Fatal(e.Args)
		}
	}
	_, err = s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: "739105"})
	s.refused(err, desk.CodePINLocked, "pin")
	s.refused(s.Unlock(ctx, call(s.cashier), s.nurse, "x"), desk.CodeNotAllowed, "")
	s.refused(s.Unlock(ctx, call(s.doctor), s.doctor, doctorPIN), desk.CodePINHelp, "")
	s.refused(s.Unlock(ctx, call(s.doctor), s.nurse, "000000"), desk.CodePINWrong, "pin")
	n := s.store.Len()
	if err := s.Unlock(ctx, call(s.doctor), s.nurse, doctorPIN); err != nil || s.store.Len() != n+1 {
		t.Fatalf("%v, %d entries tell of it", err, s.store.Len()-n)
	}
	if _, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: "739105"}); err != nil {
		t.Fatal(err)
	}
	s.pins.Err = errors.New("disk")
	if _, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: "739105"}); err == nil || desk.ErrorsOf(err) != nil {
		t.Fatal("a failed check let somebody in, or was told as a wrong PIN")
	}
}

func TestTodayAndDue(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	a, b, c := s.open(s.register("A")), s.open(s.register("B")), s.open(s.register("C"))
	s.exam(a, "ho")
	s.must(s.EndVisit(ctx, call(s.nurse), desk.EndInput{Patient: b.Patient, Visit: b.Visit, Why: "về"}))
	day, err := s.Today(ctx, s.nurse)
	if err != nil || len(day.Rows) != 3 || day.Next != 2 || day.Rows[2].ID != c.Visit || day.Rows[2].Name != "C" {
		t.Fatalf("%+v, %v", day, err)
	}
	if day.Rows[0].State != clinic.VisitOpen || day.Rows[1].State != clinic.VisitClosed || day.Rows[2].State != clinic.VisitWaiting {
		t.Fatalf("%+v", day.Rows)
	}
	s.appoint(a, 10)
	s.appoint(s.base(a, clinic.KindAppointment), 12)
	due, err := s.Due(ctx, s.nurse, day.Day, day.Day.AddDays(30))
	if err != nil || len(due) != 1 || due[0].Name != "A" || due[0].AppointmentRow.Due != day.Day.AddDays(12) {
		t.Fatalf("%+v, %v", due, err)
	}
	page, err := s.PatientPage(ctx, s.doctor, a.Patient)
	if err != nil || len(page.Open) != 1 || len(page.Today) != 1 || page.Today[0].ID != a.Visit {
		t.Fatalf("%+v, %v", page.Open, err)
	}
	s.clock.Add(24 * time.Hour)
	if next, err := s.Today(ctx, s.nurse); err != nil || len(next.Rows) != 0 || next.Next != -1 {
		t.Fatalf("%+v, %v", next, err)
	}
	d := s.open(c.Patient)
	if v := s.visit(d); v.Visit.Visit.Queue != 1 || v.Visit.Visit.Key != "22736a2611030001" {
		t.Fatalf("%+v", v.Visit.Visit)
	}
}

// TestSetUpAfterACut: the power went between a person's entry and the PIN. The command
// given again, with another ID as it draws one each time, makes no second person.
func TestSetUpAfterACut(t *testing.T) {
	s := newStation(t)
	ctx := s.Context()
	half := desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: "Nguyễn Văn Nửa", Role: clinic.RoleNurse}}
	if err := s.SetUp(ctx, []desk.StaffSeed{half}); err != nil {
		t.Fatal(err)
	}
	again := half
	again.ID, again.PIN = clinic.NewID(), "730185"
	other := again
	other.ID, other.Role = clinic.NewID(), clinic.RoleDoctor
	for range 2 {
		if err := s.SetUp(ctx, []desk.StaffSeed{again, other}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Staff(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range all {
		if p.Name == half.Name {
			n++
		}
	}
	if n != 3 { // the one of before, the doctor of that name, and the second call's: he has a PIN by now
		t.Errorf("%d people of that name", n)
	}
	if _, err := s.Login(ctx, desk.LoginInput{Person: half.ID, PIN: again.PIN}); err != nil {
		t.Error(err)
	}
}
