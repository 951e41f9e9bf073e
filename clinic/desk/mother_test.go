package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/clinic/starting"
)

func on2026(month, day int) clinic.Date { return clinic.Date{Year: 2026, Month: month, Day: day} }

// pregnant is a ward whose mother is in the 30th week: the last period began 206 days
// before 2 November 2026.
func pregnant(t *testing.T) *ward {
	t.Helper()
	w := newWard(t)
	rows, err := starting.Rows(clinic.CatalogAntenatal)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		w.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i]})
	}
	w.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogICD10, Code: "P95", Name: "Chết thai", From: on2026(1, 1)}})
	w.must(w.SavePregnancy(t.Context(), call(w.nurse), desk.PregnancyInput{Patient: w.mother, Pregnancy: clinic.Pregnancy{LMP: on2026(4, 10), Gravida: 2, Para: "1-0-0-1"}}))
	return w
}

// expects returns the pregnancy that is open, and the leaf of its version.
func (w *ward) expects() (*clinic.Pregnancy, clinic.Leaf) {
	w.Helper()
	p := w.page(w.mother)
	open := p.OpenPregnancies()
	if len(open) != 1 {
		w.Fatal("open pregnancies:", len(open))
	}
	return clinic.BodyOf[clinic.Pregnancy](open[0]), open[0].Leaf()
}

func (w *ward) comes(kind clinic.VisitType) desk.On {
	w.Helper()
	d := w.must(w.OpenVisit(w.Context(), call(w.nurse), desk.VisitInput{Patient: w.mother, Type: kind, Another: true}))
	return desk.On{Patient: w.mother, Visit: d.Visit}
}

func (w *ward) list() desk.Mothers {
	w.Helper()
	m, err := w.Mothers(w.Context(), w.nurse)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// TestPregnancyIsRecordedOnce: what cannot be is refused, a second one too, both ways of
// dating stay, an old form writes nothing, a mistake needs a reason.
func TestPregnancyIsRecordedOnce(t *testing.T) {
	w := pregnant(t)
	ctx := t.Context()
	good := desk.PregnancyInput{Patient: w.mother, Pregnancy: clinic.Pregnancy{LMP: on2026(4, 10)}}
	for name, tc := range map[string]struct {
		code   desk.Code
		field  string
		change func(*desk.PregnancyInput)
	}{
		"second":     {desk.CodePregnancyOpen, "", func(*desk.PregnancyInput) {}},
		"future":     {desk.CodePregnancyDate, "lmp", func(x *desk.PregnancyInput) { x.LMP = on2026(11, 3) }},
		"no date":    {desk.CodePregnancyDating, "lmp", func(x *desk.PregnancyInput) { x.LMP = clinic.Date{} }},
		"scan alone": {desk.CodeRequired, "scanweeks", func(x *desk.PregnancyInput) { x.Scan = on2026(6, 1) }},
		"scan age":   {desk.CodePregnancyDate, "scanweeks", func(x *desk.PregnancyInput) { x.Scan, x.ScanAge = on2026(6, 1), 400 }},
		"para":       {desk.CodePregnancyPara, "para", func(x *desk.PregnancyInput) { x.Para = "101" }},
		"gravida":    {desk.CodeImpossible, "gravida", func(x *desk.PregnancyInput) { x.Gravida = 21 }},
		"risk":       {desk.CodeRequired, "risk", func(x *desk.PregnancyInput) { x.Risks = []string{"luck"} }},
		"ended new":  {desk.CodeNothing, "", func(x *desk.PregnancyInput) { x.Ended, x.End = on2026(11, 1), clinic.EndAbortion }},
		"old form":   {desk.CodeChanged, "", func(x *desk.PregnancyInput) { x.Base = clinic.Leaf{9} }},
	} {
		in := good
		tc.change(&in)
		_, err := w.SavePregnancy(ctx, call(w.nurse), in)
		if e := w.refused(err, tc.code, tc.field); e == nil {
			t.Error(name)
		}
	}
	man := somebody("Trần Văn Nam")
	man.Sex = clinic.SexMale
	bad := good
	bad.Patient = w.must(w.Register(ctx, call(w.nurse), man)).Patient
	_, err := w.SavePregnancy(ctx, call(w.nurse), bad)
	w.refused(err, desk.CodeMotherMale, "")
	_, err = w.SavePregnancy(ctx, call(w.cashier), good)
	w.refused(err, desk.CodeNotAllowed, "")

	_, base := w.expects()
	scan := good
	scan.Base, scan.Scan, scan.ScanAge, scan.ByScan, scan.Gravida, scan.Para = base, on2026(6, 1), 66, true, 2, "1001"
	c := call(w.nurse)
	w.must(w.SavePregnancy(ctx, c, scan))
	if !w.must(w.SavePregnancy(ctx, c, scan)).Again {
		t.Error("pressed twice, saved twice")
	}
	p, newer := w.expects()
	if begin, _ := p.Begin(); begin != on2026(3, 27) || p.LMP != on2026(4, 10) || p.On != on2026(11, 2) {
		t.Errorf("%+v", p)
	}
	_, err = w.SavePregnancy(ctx, call(w.nurse), scan)
	w.refused(err, desk.CodeChanged, "")
	end := scan
	end.Base, end.End = newer, clinic.EndMistake
	_, err = w.SavePregnancy(ctx, call(w.nurse), end)
	w.refused(err, desk.CodeWhy, "why")
	end.Why = "nhầm người"
	w.must(w.SavePregnancy(ctx, call(w.nurse), end))
	if p := w.page(w.mother); len(p.OpenPregnancies()) != 0 || len(p.Pregnancies()[0].Versions) != 3 {
		t.Errorf("%+v", p.Pregnancies())
	}
	w.must(w.SavePregnancy(ctx, call(w.nurse), good))
}

// TestAntenatalVisits: the list calls who is late, an examination with the next date makes
// the slip in the same act, and what it found stands on the list.
func TestAntenatalVisits(t *testing.T) {
	w := pregnant(t)
	ctx := t.Context()
	if m := w.list(); len(m.Soon) != 1 || m.Soon[0].Expecting.Contact.Code != "KT3" || m.Soon[0].Expecting.Age != 206 || len(m.Schedule) != 4 {
		t.Fatalf("%+v", m)
	}
	on := w.comes(clinic.VisitAntenatal)
	in := desk.AntenatalInput{On: on, Next: on2026(11, 30), Antenatal: clinic.Antenatal{
		Weight: 580, Systolic: 145, Diastolic: 95, Fundus: 28, Heart: 140, Hb: 104, Protein: clinic.ProteinOne, Tetanus: clinic.TetanusSafe, Asked: true,
	}}
	for code, change := range map[desk.Code]func(*desk.AntenatalInput){
		desk.CodeAntenatalAsk:  func(x *desk.AntenatalInput) { x.Asked = false },
		desk.CodeImpossible:    func(x *desk.AntenatalInput) { x.Heart = 300 },
		desk.CodePressurePair:  func(x *desk.AntenatalInput) { x.Diastolic = 0 },
		desk.CodePressureOrder: func(x *desk.AntenatalInput) { x.Diastolic = 150 },
		desk.CodeDuePast:       func(x *desk.AntenatalInput) { x.Next = on2026(11, 1) },
		desk.CodeRequired:      func(x *desk.AntenatalInput) { x.Signs = []string{"luck"} },
		desk.CodeUnusual:       func(x *desk.AntenatalInput) { x.Weight = 1900 },
	} {
		bad := in
		change(&bad)
		_, err := w.Antenatal(ctx, call(w.nurse), bad)
		w.refused(err, code, "")
	}
	c := call(w.nurse)
	w.must(w.Antenatal(ctx, c, in))
	if !w.must(w.Antenatal(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	a := clinic.BodyOf[clinic.Antenatal](w.doc(on, clinic.KindAntenatal))
	if a.Age != 206 || a.Concerns()[0].Code != "preeclampsia" || clinic.BodyOf[clinic.Appointment](w.doc(on, clinic.KindAppointment)).Due != on2026(11, 30) {
		t.Errorf("%+v", a)
	}
	_, err := w.Antenatal(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeChanged, "")
	w.sign(on)
	if m := w.list(); len(m.Others) != 1 || m.Others[0].Expecting.Slip == "" || len(m.Others[0].Expecting.Concerns) != 2 || m.Others[0].Expecting.Visits != 1 {
		t.Errorf("%+v", m)
	}
	in.On, in.Hb = w.base(on, clinic.KindAntenatal), 100
	_, err = w.Antenatal(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeWhy, "why")
	w.clock.Add(30 * 24 * time.Hour)
	if m := w.list(); len(m.Late) != 1 || m.Late[0].Overdue != 2 {
		t.Errorf("%+v", m)
	}
	w.clock.Add(60 * 24 * time.Hour)
	if m := w.list(); len(m.Past) != 1 || m.Past[0].PastDue != 16 {
		t.Errorf("%+v", m)
	}
	other := w.register("Trần Thị Khác")
	d := w.must(w.OpenVisit(ctx, call(w.nurse), desk.VisitInput{Patient: other, Type: clinic.VisitAntenatal}))
	in.On = desk.On{Patient: other, Visit: d.Visit}
	_, err = w.Antenatal(ctx, call(w.nurse), in)
	w.refused(err, desk.CodePregnancyNone, "")
	if err := w.Protect(ctx, call(w.admin), desk.ProtectInput{Patient: w.mother, On: true, Why: "x"}); err != nil {
		t.Fatal(err)
	}
	if m := w.list(); m.Hidden != 1 || len(m.Past) != 0 {
		t.Errorf("that a protected record is of a pregnant woman is told: %+v", m)
	}
}

// twinBirth is the form of a birth of two, one of whom was born dead.
func twinBirth(on desk.On) desk.DeliveryInput {
	return desk.DeliveryInput{On: on, Delivery: clinic.Delivery{
		Day: on2026(11, 2), Time: "5h10", Mode: clinic.BirthNormal, Place: clinic.BirthHere, Attendant: "Lê Thị Giả", Mother: clinic.MotherWell, Blood: 300,
		Children: []clinic.Born{
			{Sex: clinic.SexMale, Grams: 2100, State: clinic.BornAlive, Apgar1: 8, Apgar5: 10, Vitamin: clinic.AnswerYes, HepB: clinic.AnswerYes, Breast: clinic.AnswerYes},
			{Sex: clinic.SexFemale, Grams: 1500, State: clinic.BornFresh, Time: "05:25", Apgar1: 1},
		},
	}}
}

// TestDelivery: the birth ends the pregnancy in its act, survives power cuts, makes the
// records of its children with a tap each, and opens the pregnancy again when it is taken
// back.
func TestDelivery(t *testing.T) {
	for name, fault := range map[string]desktest.Fault{"not applied": desktest.FaultNotApplied, "applied": desktest.FaultApplied} {
		t.Run(name, func(t *testing.T) {
			w := pregnant(t)
			ctx := t.Context()
			on := w.comes(clinic.VisitDelivery)
			c, in := call(w.nurse), twinBirth(on)
			w.store.Plan(fault)
			if _, err := w.Deliver(ctx, c, in); !errors.Is(err, desktest.ErrFault) {
				t.Fatal(err)
			}
			w.must(w.Deliver(ctx, c, in))
			page := w.page(w.mother)
			if len(page.OpenPregnancies()) != 0 || len(page.Pregnancies()[0].Versions) != 2 {
				t.Fatalf("%+v", page.Pregnancies())
			}
			p := clinic.BodyOf[clinic.Pregnancy](page.Pregnancies()[0])
			b := clinic.BodyOf[clinic.Delivery](w.doc(on, clinic.KindDelivery))
			if p.Ended != on2026(11, 2) || p.End != clinic.EndBirth || b.Age != 206 || b.Time != "05:10" || b.Children[1].Apgar1 != 0 || len(page.Births()) != 1 {
				t.Errorf("%+v %+v", p, b)
			}
			if m := w.list(); len(m.Past)+len(m.Late)+len(m.Soon)+len(m.Others) != 0 {
				t.Errorf("%+v", m)
			}
			tap := call(w.nurse)
			born := desk.BornInput{Patient: w.mother, Visit: on.Visit, N: 1}
			w.store.Plan(fault)
			if _, err := w.RegisterBorn(ctx, tap, born); !errors.Is(err, desktest.ErrFault) {
				t.Fatal(err)
			}
			child := w.must(w.RegisterBorn(ctx, tap, born))
			_, err := w.RegisterBorn(ctx, call(w.nurse), born)
			w.refused(err, desk.CodeBirthKept, "")
			if n := w.page(child.Patient).Now; n.Name != "Con bà NGUYỄN THỊ MẸ 1/2" || n.BornGrams != 2100 || n.BirthTime != "05:10" || n.Born != clinic.BornHere || !child.Visit.IsZero() {
				t.Errorf("%+v", n)
			}
			w.dead(on)
			w.change2(on)
		})
	}
}

// dead makes the record of the child that was born dead: with its death, in one act.
func (w *ward) dead(on desk.On) {
	w.Helper()
	ctx := w.Context()
	in := desk.BornInput{Patient: w.mother, Visit: on.Visit, N: 2}
	_, err := w.RegisterBorn(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeNotAllowed, "")
	d := w.must(w.RegisterBorn(ctx, call(w.doctor), in))
	doc, death := new(clinic.Document), new(clinic.Death)
	p := w.page(d.Patient)
	if doc, death = p.Died(); doc == nil || death.Day != on2026(11, 2) || death.Time != "05:25" || death.Chain[0].Code != "P95" || d.Visit.IsZero() || p.Now.Order != 2 {
		w.Fatalf("%+v %+v", doc, death)
	}
	_, err = w.OpenVisit(ctx, call(w.nurse), desk.VisitInput{Patient: d.Patient, Another: true})
	w.refused(err, desk.CodeDied, "")
	births, err := w.Births(ctx, w.nurse, w.mother, on.Visit)
	if err != nil || len(births) != 2 || births[0].Record == nil || births[0].Died || !births[1].Died {
		w.Fatalf("%+v %v", births, err)
	}
}

// change2 corrects the birth: the records of its children stay theirs.
func (w *ward) change2(on desk.On) {
	w.Helper()
	ctx := w.Context()
	before := clinic.BodyOf[clinic.Delivery](w.doc(on, clinic.KindDelivery))
	in := twinBirth(w.base(on, clinic.KindDelivery))
	in.Children = in.Children[:1]
	_, err := w.Deliver(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeBirthRecord, "children")
	in = twinBirth(in.On)
	in.Day, in.Children[0].Grams = on2026(11, 1), 2150
	w.must(w.Deliver(ctx, call(w.nurse), in))
	after := clinic.BodyOf[clinic.Delivery](w.doc(on, clinic.KindDelivery))
	p := w.page(w.mother)
	if string(after.Children[0].ID) != string(before.Children[0].ID) || clinic.BodyOf[clinic.Pregnancy](p.Pregnancies()[0]).Ended != on2026(11, 1) {
		w.Errorf("%+v", after)
	}
	_, err = w.EndVisit(ctx, call(w.doctor), desk.EndInput{Patient: w.mother, Visit: on.Visit, Why: "nhầm"})
	w.refused(err, desk.CodeBirthThere, "")
	pregnancy := desk.PregnancyInput{Patient: w.mother, Base: p.Pregnancies()[0].Leaf(), Pregnancy: clinic.Pregnancy{LMP: on2026(4, 10), Gravida: 2, Para: "1001"}}
	_, err = w.SavePregnancy(ctx, call(w.nurse), pregnancy)
	w.refused(err, desk.CodePregnancyBirth, "")
	back := desk.DeliveryInput{On: w.base(on, clinic.KindDelivery), Delivery: clinic.Delivery{Mistake: true}}
	_, err = w.Deliver(ctx, call(w.nurse), back)
	w.refused(err, desk.CodeWhy, "why")
	back.Why = "nhầm người"
	w.must(w.Deliver(ctx, call(w.nurse), back))
	if _, err := w.Births(ctx, w.nurse, w.mother, on.Visit); err != nil {
		w.Error(err)
	}
	p = w.page(w.mother)
	if b, _ := w.expects(); b.LMP != on2026(4, 10) || len(p.Births()) != 0 {
		w.Errorf("%+v", b)
	}
}

func TestDeliveryIsChecked(t *testing.T) {
	w := pregnant(t)
	on := w.comes(clinic.VisitDelivery)
	for name, tc := range map[string]struct {
		code   desk.Code
		field  string
		change func(*desk.DeliveryInput)
	}{
		"later today":  {desk.CodeBirthWhen, "time", func(x *desk.DeliveryInput) { x.Time = "9:00" }},
		"second later": {desk.CodeBirthWhen, "time", func(x *desk.DeliveryInput) { x.Children[1].Time = "4:00" }},
		"no time":      {desk.CodeHour, "time", func(x *desk.DeliveryInput) { x.Time = "" }},
		"no mode":      {desk.CodeRequired, "mode", func(x *desk.DeliveryInput) { x.Mode = 0 }},
		"no mother":    {desk.CodeRequired, "mother", func(x *desk.DeliveryInput) { x.Mother = 9 }},
		"nobody":       {desk.CodeRequired, "children", func(x *desk.DeliveryInput) { x.Children = nil }},
		"no sex":       {desk.CodeRequired, "sex.2", func(x *desk.DeliveryInput) { x.Children[1].Sex = 0 }},
		"no state":     {desk.CodeRequired, "state.1", func(x *desk.DeliveryInput) { x.Children[0].State = 0 }},
		"kilograms":    {desk.CodeImpossible, "grams.1", func(x *desk.DeliveryInput) { x.Children[0].Grams = 32_000 }},
		"apgar":        {desk.CodeImpossible, "apgar5.1", func(x *desk.DeliveryInput) { x.Children[0].Apgar5 = 12 }},
		"blood":        {desk.CodeImpossible, "blood", func(x *desk.DeliveryInput) { x.Blood = 9000 }},
		"nothing":      {desk.CodeNothing, "", func(x *desk.DeliveryInput) { x.Mistake = true }},
	} {
		in := twinBirth(on)
		tc.change(&in)
		_, err := w.Deliver(t.Context(), call(w.nurse), in)
		if e := w.refused(err, tc.code, tc.field); e == nil {
			t.Error(name)
		}
	}
	_, err := w.Deliver(t.Context(), call(w.cashier), twinBirth(on))
	w.refused(err, desk.CodeNotAllowed, "")
}

// TestBirthCertificate: a number of its own for each live child, confirmed before it is
// printed, replaced with a reason and another number, never edited.
func TestBirthCertificate(t *testing.T) {
	w := pregnant(t)
	ctx := t.Context()
	on := w.comes(clinic.VisitDelivery)
	w.must(w.Deliver(ctx, call(w.nurse), twinBirth(on)))
	in := desk.CertificateInput{On: on, N: 1, Name: "Nguyễn Văn Bé", Father: "Trần Văn Cha", Address: "Thôn Đông, xã Mẫu", Births: 2, Alive: 2, Place: "Trạm Y tế Mẫu", Attendant: "Lê Thị Giả"}
	_, err := w.CertifyBirth(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeBirthNoRecord, "")
	w.must(w.RegisterBorn(ctx, call(w.nurse), desk.BornInput{Patient: w.mother, Visit: on.Visit, N: 1}))
	still := in
	still.N = 2
	_, err = w.CertifyBirth(ctx, call(w.nurse), still)
	w.refused(err, desk.CodeBirthStill, "")
	bad := in
	bad.Address = ""
	_, err = w.CertifyBirth(ctx, call(w.nurse), bad)
	w.refused(err, desk.CodeCertMother, "address")
	c := call(w.nurse)
	w.must(w.CertifyBirth(ctx, c, in))
	if !w.must(w.CertifyBirth(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	_, err = w.CertifyBirth(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeCertThere, "")
	first := clinic.BodyOf[clinic.BirthCertificate](w.doc(on, clinic.KindBirthCertificate))
	if first.Number != "S22736A00001"+first.Number[12:] || first.Grams != 2100 || first.Children != 2 || !first.Under32 || first.Mother != "Nguyễn Thị Mẹ" || first.Writer != "Lê Thị Giả" {
		t.Errorf("%+v", first)
	}
	print := func(number string) error {
		_, err := w.PrintBirth(ctx, call(w.nurse), desk.BirthPrintInput{Patient: w.mother, Visit: on.Visit, Number: number})
		return err
	}
	w.refused(print(first.Number), desk.CodeCertUnsigned, "")
	w.refused(print("S1"), desk.CodeCertNone, "")
	w.sign(on)
	for _, want := range []string{"GIẤY CHỨNG SINH", "BẢN IN LẠI"} {
		if err := print(first.Number); err != nil {
			t.Fatal(err)
		}
		got := w.lastPaper()
		for _, want := range []string{want, first.Number, "Quyển số: A/2026", "NGUYỄN THỊ MẸ", "TRẦN VĂN CHA", "05:10 ngày 02/11/2026", "2100 g", "Sinh con dưới 32 tuần tuổi có", "không phải mẫu chính thức", "CB2/"} {
			if !strings.Contains(got, want) {
				t.Errorf("the paper lacks %q:\n%s", want, got)
			}
		}
	}
	born := twinBirth(w.base(on, clinic.KindDelivery))
	born.Children[0].Grams, born.Why = 2150, "cân lại"
	w.must(w.Deliver(ctx, call(w.nurse), born))
	births, err := w.Births(ctx, w.nurse, w.mother, on.Visit)
	if err != nil || !births[0].Differs || births[0].Copies != 2 {
		t.Errorf("%+v %v", births, err)
	}
	in.Base = births[0].Doc.Leaf()
	_, err = w.CertifyBirth(ctx, call(w.nurse), in)
	w.refused(err, desk.CodeWhy, "why")
	in.Why = "sai cân nặng"
	w.must(w.CertifyBirth(ctx, call(w.nurse), in))
	second := clinic.BodyOf[clinic.BirthCertificate](w.doc(on, clinic.KindBirthCertificate))
	if second.Replaces != first.Number || second.Number == first.Number || second.Grams != 2150 {
		t.Errorf("%+v", second)
	}
	w.refused(print(first.Number), desk.CodeCertReplaced, "")
	w.refused(print(second.Number), desk.CodeCertUnsigned, "")
	w.sign(on)
	if err := print(second.Number); err != nil || !strings.Contains(w.lastPaper(), "Cấp thay giấy số "+first.Number) {
		t.Error(err, w.lastPaper())
	}
}

// TestChildOfTheMothersPage: a child that was registered from her page is the birth's.
func TestChildOfTheMothersPage(t *testing.T) {
	w := pregnant(t)
	on := w.comes(clinic.VisitDelivery)
	in := twinBirth(on)
	in.Children = in.Children[:1]
	w.must(w.Deliver(t.Context(), call(w.nurse), in))
	id := w.born(nil)
	births, err := w.Births(t.Context(), w.nurse, w.mother, on.Visit)
	if err != nil || births[0].Record == nil || births[0].Record.ID != id {
		t.Fatalf("%+v %v", births, err)
	}
	_, err = w.RegisterBorn(t.Context(), call(w.nurse), desk.BornInput{Patient: w.mother, Visit: on.Visit, N: 1})
	w.refused(err, desk.CodeBirthKept, "")
}

// TestPrescriptionsKnowOfPregnancy: an open pregnancy answers for the woman, weeks
// included, until the birth; from then on she nurses; and that nothing is recorded never
// says that she is not with child.
func TestPrescriptionsKnowOfPregnancy(t *testing.T) {
	w := pregnant(t)
	w.rules()
	says := func(on desk.On, medicine, reason string) string {
		t.Helper()
		if err := w.writes(on, reason, [4]string{medicine, "1", "1", "3"}); err != nil {
			t.Fatal(err)
		}
		return w.says(on)
	}
	silent := w.ready(w.register("Trần Thị Lặng"))
	if got := says(silent, "ENA10", ""); !strings.Contains(got, "ASK-PREG") {
		t.Errorf("of silence the page says %q", got)
	}
	on := w.ready(w.mother)
	w.must(w.Vitals(t.Context(), call(w.nurse), desk.VitalsInput{On: on, Pregnant: clinic.AnswerNo}))
	got := says(on, "IBU400", "có chỉ định")
	if strings.Contains(got, "ASK-") || !strings.Contains(got, "interrupt:PREG-NSAID3") {
		t.Errorf("in week 29 the page says %q", got)
	}
	at := w.comes(clinic.VisitDelivery)
	w.must(w.Vitals(t.Context(), call(w.nurse), desk.VitalsInput{On: at, Pregnant: clinic.AnswerYes, Weeks: "29"}))
	w.must(w.Deliver(t.Context(), call(w.nurse), twinBirth(at)))
	w.at(3, 8, 0)
	after := w.ready(w.mother)
	if got := says(after, "ENA10", ""); !strings.Contains(got, "ASK-PREG") || strings.Contains(got, "interrupt") {
		t.Errorf("after the birth the page says %q", got)
	}
	if err := w.writes(after, "", [4]string{"DOXY100", "1", "2", "7"}); err != nil {
		t.Fatal(err)
	}
	if got := w.says(after); !strings.Contains(got, "BF-TETRA") {
		t.Errorf("that she nurses is not known: %q", got)
	}
	w.must(w.Vitals(t.Context(), call(w.nurse), desk.VitalsInput{On: after, Breastfeeding: clinic.AnswerNo, Pregnant: clinic.AnswerNo}))
	if got := w.says(after); got != "" {
		t.Errorf("what she says since counts: %q", got)
	}
}

// expectant gives the protected record a pregnancy, and the visit a birth that nobody
// signed with its certificate.
func (g *guarded) expectant() {
	p, v := g.on.Patient, g.on.Visit
	id := clinic.NewID()
	g.put(clinic.Draft{Kind: clinic.KindPregnancy, Subject: p, Body: &clinic.Pregnancy{On: on2026(11, 1), LMP: on2026(4, 10), Note: "bí mật thai"}})
	g.put(clinic.Draft{Kind: clinic.KindAntenatal, Subject: p, Visit: v, Body: &clinic.Antenatal{Age: 206, Note: "bí mật thai"}})
	g.put(clinic.Draft{Kind: clinic.KindDelivery, Subject: p, Visit: v, Body: &clinic.Delivery{
		Day: on2026(11, 1), Time: "10:00", Place: clinic.BirthHere, Note: "bí mật thai", Children: []clinic.Born{{ID: id[:], Sex: clinic.SexMale, State: clinic.BornAlive}},
	}})
	g.put(clinic.Draft{Kind: clinic.KindBirthCertificate, Subject: p, Visit: v, Body: &clinic.BirthCertificate{Number: "S1", Child: id[:], Mother: "bí mật thai"}})
}

// motherReadings are the methods about pregnancy and birth that answer with what is
// recorded.
func (g *guarded) motherReadings() map[string]func(by clinic.ID) (any, error) {
	ctx, p, v, on := g.Context(), g.on.Patient, g.on.Visit, g.on
	return map[string]func(by clinic.ID) (any, error){
		"SavePregnancy": func(by clinic.ID) (any, error) {
			return g.SavePregnancy(ctx, call(by), desk.PregnancyInput{Patient: p, Pregnancy: clinic.Pregnancy{LMP: on2026(5, 1)}})
		},
		"Antenatal": func(by clinic.ID) (any, error) {
			return g.Antenatal(ctx, call(by), desk.AntenatalInput{On: on, Antenatal: clinic.Antenatal{Asked: true}})
		},
		"Deliver": func(by clinic.ID) (any, error) { return g.Deliver(ctx, call(by), twinBirth(on)) },
		"RegisterBorn": func(by clinic.ID) (any, error) {
			return g.RegisterBorn(ctx, call(by), desk.BornInput{Patient: p, Visit: v, N: 1})
		},
		"Births": func(by clinic.ID) (any, error) { return g.Births(ctx, by, p, v) },
		"CertifyBirth": func(by clinic.ID) (any, error) {
			return g.CertifyBirth(ctx, call(by), desk.CertificateInput{On: on, N: 1, Address: "x", Place: "x", Attendant: "x"})
		},
		"PrintBirth": func(by clinic.ID) (any, error) {
			return g.PrintBirth(ctx, call(by), desk.BirthPrintInput{Patient: p, Visit: v, Number: "S1"})
		},
		"Mothers": func(by clinic.ID) (any, error) { return g.Mothers(ctx, by) },
	}
}

// TestExaminedOnTheDayOfBirth: an examination is corrected, and recorded, also after the
// birth of the same day, of an undated pregnancy too.
func TestExaminedOnTheDayOfBirth(t *testing.T) {
	for _, undated := range []bool{false, true} {
		w := pregnant(t)
		if undated {
			_, base := w.expects()
			w.must(w.SavePregnancy(t.Context(), call(w.nurse), desk.PregnancyInput{Patient: w.mother, Base: base, Undated: true}))
		}
		on := w.comes(clinic.VisitAntenatal)
		in := desk.AntenatalInput{On: on, Antenatal: clinic.Antenatal{Heart: 140, Asked: true}}
		w.must(w.Antenatal(t.Context(), call(w.nurse), in))
		w.must(w.Deliver(t.Context(), call(w.nurse), twinBirth(w.comes(clinic.VisitDelivery))))
		in.On, in.Heart = w.base(on, clinic.KindAntenatal), 150
		w.must(w.Antenatal(t.Context(), call(w.nurse), in))
		if a := clinic.BodyOf[clinic.Antenatal](w.doc(on, clinic.KindAntenatal)); a.Heart != 150 || a.Age != map[bool]int{false: 206}[undated] {
			t.Errorf("%+v", a)
		}
		w.at(3, 8, 0)
		in.On = w.comes(clinic.VisitAntenatal)
		_, err := w.Antenatal(t.Context(), call(w.nurse), in)
		w.refused(err, desk.CodePregnancyNone, "")
	}
}

// TestWrongBirthIsTakenBack: what could not be recorded today is taken back all the same.
func TestWrongBirthIsTakenBack(t *testing.T) {
	w := pregnant(t)
	on := w.comes(clinic.VisitDelivery)
	wrong := twinBirth(on).Delivery
	wrong.Day, wrong.Time = on2026(12, 24), "05:10" // by a clock that was wrong
	for i := range wrong.Children {
		id := clinic.NewID()
		wrong.Children[i].ID = id[:]
	}
	w.put(clinic.Draft{Kind: clinic.KindDelivery, Subject: w.mother, Visit: on.Visit, Body: &wrong})
	in := desk.DeliveryInput{On: w.base(on, clinic.KindDelivery), Delivery: clinic.Delivery{Mistake: true}}
	in.Why = "sai ngày"
	w.must(w.Deliver(t.Context(), call(w.nurse), in))
	if p := w.page(w.mother); len(p.Births()) != 0 {
		t.Error("the birth stands")
	}
}

// certified is a birth of two who live, the first with a signed certificate; card is her
// citizen number, typed another that the form says.
func certified(t *testing.T, card, typed string) (w *ward, on desk.On, in desk.CertificateInput) {
	t.Helper()
	w = pregnant(t)
	mother := w.page(w.mother)
	p := *mother.Now
	p.Issued = on2026(1, 5)
	p.Identifiers = append(p.Identifiers, clinic.Identifier{System: clinic.SystemCitizen, Value: card})
	w.put(clinic.Draft{Kind: clinic.KindPatient, Subject: w.mother, Body: &p})
	on = w.comes(clinic.VisitDelivery)
	birth := twinBirth(on)
	birth.Children[1] = birth.Children[0]
	w.must(w.Deliver(t.Context(), call(w.nurse), birth))
	for n := range 2 {
		w.must(w.RegisterBorn(t.Context(), call(w.nurse), desk.BornInput{Patient: w.mother, Visit: on.Visit, N: n + 1}))
	}
	in = desk.CertificateInput{On: on, N: 1, Citizen: typed, Address: "Thôn Đông, xã Mẫu", Place: "Trạm Y tế Mẫu", Attendant: "Lê Thị Giả"}
	w.must(w.CertifyBirth(t.Context(), call(w.nurse), in))
	w.sign(on)
	return w, on, in
}

// TestCertificateOfAnotherCard: the day of issue is that of the recorded card only.
func TestCertificateOfAnotherCard(t *testing.T) {
	const card, other = "001190000001", "001190000002"
	for typed, want := range map[string]clinic.Date{"": on2026(1, 5), card: on2026(1, 5), other: {}} {
		w, on, _ := certified(t, card, typed)
		if c := clinic.BodyOf[clinic.BirthCertificate](w.doc(on, clinic.KindBirthCertificate)); c.Issued != want || c.Citizen == "" {
			t.Errorf("%q: %s issued %v", typed, c.Citizen, c.Issued)
		}
	}
}

// TestCertificateOfAnotherBirth: the certificate of one child takes the place of that
// child's only, and it prints no more once the birth says something else or was taken back.
func TestCertificateOfAnotherBirth(t *testing.T) {
	w, on, in := certified(t, "001190000001", "")
	in.On, in.N = w.base(on, clinic.KindBirthCertificate), 2
	in.Why = "sai"
	_, err := w.CertifyBirth(t.Context(), call(w.nurse), in)
	w.refused(err, desk.CodeCertChild, "n")
	number := clinic.BodyOf[clinic.BirthCertificate](w.doc(on, clinic.KindBirthCertificate)).Number
	print := func() error {
		_, err := w.PrintBirth(t.Context(), call(w.nurse), desk.BirthPrintInput{Patient: w.mother, Visit: on.Visit, Number: number})
		return err
	}
	if err := print(); err != nil {
		t.Fatal(err)
	}
	birth := twinBirth(w.base(on, clinic.KindDelivery))
	birth.Children[1] = birth.Children[0]
	birth.Children[0].Grams, birth.Why = 2150, "cân lại"
	w.must(w.Deliver(t.Context(), call(w.nurse), birth))
	w.refused(print(), desk.CodeCertDiffers, "")
	birth.On = w.base(on, clinic.KindDelivery)
	birth.Mistake, birth.Why = true, "nhầm người"
	w.must(w.Deliver(t.Context(), call(w.nurse), birth))
	w.refused(print(), desk.CodeCertNoBirth, "")
}

// TestSecondChildOfABirth: a birth that was saved with one child, whose record is made, is
// corrected to twins: the second gets a record of its own.
func TestSecondChildOfABirth(t *testing.T) {
	w := pregnant(t)
	on := w.comes(clinic.VisitDelivery)
	in := twinBirth(on)
	in.Children[1].State = clinic.BornAlive
	one := in
	one.Children = in.Children[:1]
	w.must(w.Deliver(t.Context(), call(w.nurse), one))
	first := w.must(w.RegisterBorn(t.Context(), call(w.nurse), desk.BornInput{Patient: w.mother, Visit: on.Visit, N: 1}))
	in.On = w.base(on, clinic.KindDelivery)
	w.must(w.Deliver(t.Context(), call(w.nurse), in))
	second := w.must(w.RegisterBorn(t.Context(), call(w.nurse), desk.BornInput{Patient: w.mother, Visit: on.Visit, N: 2}))
	births, err := w.Births(t.Context(), w.nurse, w.mother, on.Visit)
	if err != nil || births[0].Record.ID != first.Patient || births[1].Record.ID != second.Patient || first.Patient == second.Patient {
		t.Errorf("%+v %v", births, err)
	}
}
