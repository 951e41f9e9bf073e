package desk_test

import (
	"errors"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/clinic/paper"
)

func TestOpenVisit(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	a, b := s.register("A"), s.register("B")
	on := s.open(a)
	_, err := s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a})
	if e := s.refused(err, desk.CodeAlreadyQueued, ""); e.Visit != on.Visit {
		t.Fatal("the visit that waits is not named")
	}
	s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a, Another: true}))
	for _, c := range []struct {
		in    desk.VisitInput
		code  desk.Code
		field string
	}{
		{desk.VisitInput{Patient: clinic.ID{99}}, desk.CodeNoPatient, ""},
		{desk.VisitInput{Patient: b, Insurance: "XD2"}, desk.CodeValue, "insurance"},
		{desk.VisitInput{Patient: b, Slip: "nonsense"}, desk.CodeScanSlipNone, "slip"},
		{desk.VisitInput{Patient: b, Reason: strings.Repeat("x", 501)}, desk.CodeTooLong, "reason"},
	} {
		_, err := s.OpenVisit(ctx, call(s.nurse), c.in)
		s.refused(err, c.code, c.field)
	}
	slip := desk.SlipOf(s.appoint(on, 14))
	_, err = s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: b, Slip: slip})
	s.refused(err, desk.CodeSlipOther, "slip")
	s.appoint(s.base(on, clinic.KindAppointment), 15)
	_, err = s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a, Slip: slip, Another: true})
	s.refused(err, desk.CodeScanSlipVoid, "slip")
	valid := clinic.BodyOf[clinic.Appointment](s.doc(on, clinic.KindAppointment)).Slip
	used := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a, Slip: valid, Another: true}))
	_, err = s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a, Slip: valid, Another: true})
	if e := s.refused(err, desk.CodeScanSlipUsed, "slip"); e.Visit != used.Visit { // single use
		t.Fatal("the visit that used the slip is not named")
	}
}

func (s *station) doc(on desk.On, k clinic.Kind) *clinic.Document {
	s.Helper()
	v := s.visit(on)
	return v.Visit.Doc(k)
}

func TestEndVisit(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	end := func(why string) error {
		_, err := s.EndVisit(ctx, call(s.nurse), desk.EndInput{Patient: on.Patient, Visit: on.Visit, Why: why})
		return err
	}
	s.refused(end(" "), desk.CodeRequired, "why")
	if err := end("về"); err != nil {
		t.Fatal(err)
	}
	s.refused(end("về"), desk.CodeVisitEnded, "")
	for name, act := range s.everyAct(on) {
		if name != "print" {
			t.Log(name)
			s.refused(act(call(s.doctor)), desk.CodeVisitEnded, "")
		}
	}
	on = s.open(s.register("B"))
	s.exam(on, "ho")
	s.diagnose(on)
	s.sign(on)
	s.refused(end("về"), desk.CodeVisitSigned, "")
}

func TestVitals(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	save := func(on desk.On, confirmed string, kv ...string) (desk.Done, error) {
		values := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			values[kv[i]] = kv[i+1]
		}
		return s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: values, Confirmed: strings.Fields(confirmed)})
	}
	for _, c := range []struct {
		kv    []string
		code  desk.Code
		field string
	}{
		{nil, desk.CodeNothing, ""},
		{[]string{"pulse", "abc"}, desk.CodeValue, "pulse"},
		{[]string{"temperature", "370"}, desk.CodeImpossible, "temperature"},
		{[]string{"spo2", "101"}, desk.CodeImpossible, "spo2"},
		{[]string{"pulse", "130"}, desk.CodeUnusual, "pulse"},
		{[]string{"systolic", "120"}, desk.CodePressurePair, "diastolic"},
		{[]string{"diastolic", "80"}, desk.CodePressurePair, "systolic"},
		{[]string{"systolic", "80", "diastolic", "120"}, desk.CodePressureOrder, "systolic"},
	} {
		_, err := save(on, "", c.kv...)
		s.refused(err, c.code, c.field)
	}
	_, err := save(on, "temperature", "temperature", "370") // impossible stays impossible
	if e := s.refused(err, desk.CodeImpossible, "temperature"); e.Args["value"] != "370" || e.Args["high"] != "44" || e.Args["unit"] != "°C" {
		t.Fatal(e.Args)
	}
	_, err = save(on, "pulse", "pulse", "130", "temperature", "38,5") // each field is confirmed by itself
	s.refused(err, desk.CodeUnusual, "temperature")
	d := s.must(save(on, "pulse temperature spo2", "pulse", "130", "temperature", "38,5"))
	v := d.Records[0].Body.(*clinic.Vitals)
	if v.Pulse != 130 || v.Temperature != 385 || len(v.Confirmed) != 2 {
		t.Fatalf("%+v", v)
	}
	s.must(save(on, "", "pulse", "80")) // measured again
	fix := on
	fix.Base = d.Records[0].Leaf
	s.must(save(fix, "", "pulse", "103"))
	view := s.visit(on)
	if docs := view.Visit.Docs(clinic.KindVitals); len(docs) != 2 || len(docs[0].Versions) != 2 {
		t.Fatalf("%d measurements", len(docs))
	}
	_, err = save(fix, "", "pulse", "104")
	s.refused(err, desk.CodeChanged, "")
}

func TestNotesAreChecked(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	n := s.store.Len()
	dx := func(main string, others ...string) error {
		_, err := s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: on, Main: main, Others: others})
		return err
	}
	rx := func(lines ...desk.DrugInput) error {
		_, err := s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: lines})
		return err
	}
	drug := func(dose, times, days, quantity string) error {
		return rx(desk.DrugInput{Medicine: "PARA", Dose: dose, Times: times, Days: days, Quantity: quantity})
	}
	bill := func(lines ...desk.BillLineInput) error {
		_, err := s.Bill(ctx, call(s.cashier), desk.BillInput{On: on, Lines: lines})
		return err
	}
	due := func(d clinic.Date, hour string) error {
		_, err := s.Appoint(ctx, call(s.doctor), desk.AppointInput{On: on, Due: d, Hour: hour})
		return err
	}
	exam := func(reason string) error {
		_, err := s.Exam(ctx, call(s.doctor), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: reason}})
		return err
	}
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	ok := desk.DrugInput{Medicine: "PARA", Dose: "1", Times: "1", Days: "1"}
	for i, c := range []struct {
		err   error
		code  desk.Code
		field string
	}{
		{exam(""), desk.CodeRequired, "reason"},
		{exam("\x1b[2J"), desk.CodeText, "reason"},
		{exam(strings.Repeat("ễ", 1701)), desk.CodeTooLong, "reason"},
		{dx(""), desk.CodeRequired, "main"},
		{dx("xyz"), desk.CodeICDForm, "main"},
		{dx("Z99"), desk.CodeICDNone, "main"},
		{dx("A09"), desk.CodeICDNone, "main"}, // closed before the visit's day
		{dx("I10", "I10"), desk.CodeICDTwice, "others.0"},
		{dx("I10", "J00", "j00"), desk.CodeICDTwice, "others.1"},
		{dx("I10", "", "Z99"), desk.CodeICDNone, "others.0"},
		{dx("I10", "A00", "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "B00", "B01", "B02", "B03"), desk.CodeTooMany, "others"},
		{rx(), desk.CodeNothing, "lines"},
		{rx(desk.DrugInput{Medicine: "?", Dose: "1", Times: "1", Days: "1"}), desk.CodeDrugNone, "lines.0.medicine"},
		{rx(ok, ok), desk.CodeDrugTwice, "lines.1.medicine"},
		{drug("", "1", "1", ""), desk.CodeValue, "lines.0.dose"},
		{drug("1.500", "1", "1", ""), desk.CodeValue, "lines.0.dose"},
		{drug("0", "1", "1", ""), desk.CodeDrugRange, "lines.0.dose"},
		{drug("-1", "1", "1", ""), desk.CodeValue, "lines.0.dose"},
		{drug("1", "1/2", "1", ""), desk.CodeDrugRange, "lines.0.times"},
		{drug("1", "25", "1", ""), desk.CodeDrugRange, "lines.0.times"},
		{drug("1", "1", "91", ""), desk.CodeDrugRange, "lines.0.days"},
		{drug("1000", "24", "90", ""), desk.CodeDrugRange, "lines.0.dose"},
		{drug("", "", "", "x"), desk.CodeValue, "lines.0.quantity"},
		{drug("", "", "", "99999"), desk.CodeDrugRange, "lines.0.quantity"},
		{bill(), desk.CodeNothing, "lines"},
		{bill(desk.BillLineInput{Code: "?"}), desk.CodeBillNone, "lines.0.code"},
		{bill(desk.BillLineInput{Code: "KHAM", Quantity: "0"}), desk.CodeBillRange, "lines.0.quantity"},
		{bill(desk.BillLineInput{Quantity: "1"}), desk.CodeRequired, "lines.0.code"},
		{due(clinic.Date{}, ""), desk.CodeValue, "due"},
		{due(clinic.Date{Year: 2026, Month: 12}, ""), desk.CodeValue, "due"},
		{due(clinic.Date{Year: 2027, Month: 2, Day: 29}, ""), desk.CodeValue, "due"},
		{due(day, ""), desk.CodeDuePast, "due"},
		{due(day.AddDays(-1), ""), desk.CodeDuePast, "due"},
		{due(day.AddDays(401), ""), desk.CodeDueFar, "due"},
		{due(day.AddDays(1), "8:30"), desk.CodeHour, "hour"},
		{due(day.AddDays(1), "25:00"), desk.CodeHour, "hour"},
	} {
		t.Log("case", i)
		s.refused(c.err, c.code, c.field)
	}
	if s.store.Len() != n {
		t.Fatal("a refused note was written")
	}
	if err := drug("", "", "", "2"); err != nil { // two bottles
		t.Fatal(err)
	}
}

// The largest forms that are let in must fit an entry.
func TestLargestForms(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	long := strings.Repeat("ễ", 1700)
	s.must(s.Exam(ctx, call(s.doctor), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: long, History: long, Finding: long}}))
	var lines []desk.DrugInput
	for i := range 20 {
		code := string(rune('A'+i)) + "X"
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogMedicine, Code: code, Name: strings.Repeat("ễ", 40), Unit: "viên", Strength: strings.Repeat("m", 60),
			From: clinic.Date{Year: 2026, Month: 1, Day: 1},
		}})
		lines = append(lines, desk.DrugInput{Medicine: code, Dose: "1", Times: "1", Days: "1", Route: strings.Repeat("ễ", 60), When: strings.Repeat("ễ", 60)})
	}
	s.must(s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: lines, Advice: strings.Repeat("ễ", 1000)}))
	items := make([]clinic.Allergy, 30)
	for i := range items {
		items[i] = clinic.Allergy{Substance: strings.Repeat("ễ", 60), Reaction: strings.Repeat("ễ", 60), Severe: true}
	}
	s.must(s.SetAllergies(ctx, call(s.nurse), desk.AllergiesInput{Patient: on.Patient, Items: items}))
}

func TestSign(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	sign := func(by clinic.ID, pin, seen string) error {
		_, err := s.Sign(ctx, call(by), desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: pin, Seen: seen})
		return err
	}
	s.exam(on, "ho")
	v := s.visit(on)
	s.refused(sign(s.doctor, doctorPIN, v.Visit.Seen()), desk.CodeSignIncomplete, "")
	s.diagnose(on)
	v = s.visit(on)
	seen := v.Visit.Seen()
	s.refused(sign(s.doctor, "000000", seen), desk.CodePINWrong, "pin")
	s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"pulse": "70"}}))
	s.refused(sign(s.doctor, doctorPIN, seen), desk.CodeSignSeen, "") // not what the doctor looked at
	s.refused(sign(s.doctor, doctorPIN, ""), desk.CodeSignSeen, "")
	v = s.visit(on)
	if err := sign(s.doctor, doctorPIN, v.Visit.Seen()); err != nil {
		t.Fatal(err)
	}
	s.refused(sign(s.doctor, doctorPIN, v.Visit.Seen()), desk.CodeSignNothing, "")
	v = s.visit(on)
	if body := v.Visit.Signed[0].Record.Body.(*clinic.Signed); len(body.Leaves) != 3 || body.Method != 1 {
		t.Fatalf("%d documents are signed", len(body.Leaves))
	}
}

func TestAmend(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	first := s.exam(on, "ho")
	second := s.base(on, clinic.KindExam)
	s.must(s.Exam(ctx, call(s.doctor), desk.ExamInput{On: second, Exam: clinic.Exam{Reason: "ho, sốt"}})) // before signing: no reason
	s.diagnose(on)
	s.sign(on)
	edit := s.base(on, clinic.KindExam)
	change := func(on desk.On, reason string) (desk.Done, error) {
		return s.Exam(ctx, call(s.doctor), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: reason}})
	}
	_, err := change(edit, "đau ngực")
	s.refused(err, desk.CodeWhy, "why")
	edit.Why = "ghi nhầm"
	_, err = change(on, "đau ngực") // a form that shows no earlier version
	s.refused(err, desk.CodeChanged, "")
	stale := edit
	stale.Base = first.Records[0].Leaf
	_, err = change(stale, "đau ngực")
	s.refused(err, desk.CodeChanged, "")
	n := s.store.Len()
	if d := s.must(change(edit, "ho, sốt")); !d.Again || s.store.Len() != n {
		t.Fatal("an unchanged form of a signed document wrote a version")
	}
	d := s.must(change(edit, "đau ngực"))
	if r := d.Records[0]; r.Corrects != edit.Base || r.Why != "ghi nhầm" {
		t.Fatalf("%+v", r)
	}
	v := s.visit(on)
	doc := v.Visit.Doc(clinic.KindExam)
	if v.Visit.State != clinic.VisitAmended || doc.State != clinic.DocAmended || len(doc.Versions) != 3 || len(v.Visit.Unsigned()) != 1 {
		t.Fatalf("%+v", doc.State)
	}
	s.sign(on)
	if v := s.visit(on); v.Visit.State != clinic.VisitSigned || len(v.Visit.Signed) != 2 {
		t.Fatal("a second signature does not confirm the amendment")
	}
}

func TestAppointmentVersions(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("A"))
	first := desk.SlipOf(s.appoint(on, 7))
	edit := s.base(on, clinic.KindAppointment)
	second := desk.SlipOf(s.appoint(edit, 14))
	if first == second || first == "" {
		t.Fatalf("%q, then %q", first, second)
	}
	s.scans["old"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: first}
	res, err := s.FromScan(t.Context(), s.nurse, []byte("old"))
	if err != nil || res.Answer != desk.ScanKnown || res.Paper != desk.PaperReplaced || res.Hits[0].ID != on.Patient {
		t.Fatalf("a replaced slip does not lead to its patient: %+v, %v", res.Answer, err)
	}
	s.must(s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: on.Patient, Slip: second, Another: true}))
	edit = s.base(on, clinic.KindAppointment)
	_, err = s.Appoint(t.Context(), call(s.doctor), desk.AppointInput{On: edit, Due: clinic.Date{Year: 2026, Month: 12, Day: 24}})
	s.refused(err, desk.CodeAppointUsed, "")
}

func TestPrint(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	in := desk.PrintInput{Patient: on.Patient, Visit: on.Visit}
	_, err := s.PrintAppointment(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeAppointNone, "")
	s.diagnose(on)
	slip := desk.SlipOf(s.appoint(on, 7))
	c := call(s.nurse)
	s.papers.Err = errors.New("full")
	_, err = s.PrintAppointment(ctx, c, in)
	s.refused(err, desk.CodePrintQueue, "")
	s.papers.Err = nil
	for range 3 { // the same form again: the same copy, once
		s.must(s.PrintAppointment(ctx, c, in))
	}
	if len(s.papers.Docs) != 1 || marked(s.papers.Docs[0]) {
		t.Fatalf("%d papers", len(s.papers.Docs))
	}
	d := s.must(s.PrintAppointment(ctx, call(s.nurse), in))
	if p := d.Records[0].Body.(*clinic.Paper); p.Copy != 2 || p.Code != slip || !marked(s.papers.Docs[1]) {
		t.Fatalf("%+v", p)
	}
	for _, b := range s.papers.Docs[0].Blocks {
		if b.Kind != paper.KindQR {
			continue
		}
		q, err := clinic.ParsePaperQR(b.Text)
		v := s.visit(on)
		leaf := v.Visit.Doc(clinic.KindAppointment).Leaf()
		if err != nil || q.Slip != slip || q.Record != on.Patient || string(q.Leaf) != string(leaf[:16]) || q.Size == 0 || q.Log != [8]byte{1} {
			t.Fatalf("%+v, %v", q, err)
		}
	}
	if err := s.PrintTest(ctx, call(s.technician)); err != nil || s.papers.Docs[2].Form != "test" {
		t.Fatal(err)
	}
	s.appoint(s.base(on, clinic.KindAppointment), 9)
	d = s.must(s.PrintAppointment(ctx, call(s.nurse), in))
	if p := d.Records[0].Body.(*clinic.Paper); p.Copy != 1 {
		t.Fatal("the first paper of a new appointment is called a reprint")
	}
}

func marked(d paper.Doc) bool { return d.Blocks[0].Text == paper.ReprintMark }

func TestPrintFaults(t *testing.T) {
	for _, f := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		s := newStation(t)
		on := s.open(s.register("A"))
		s.appoint(on, 7)
		c, in := call(s.nurse), desk.PrintInput{Patient: on.Patient, Visit: on.Visit}
		s.store.Plan(f)
		if _, err := s.PrintAppointment(t.Context(), c, in); !errors.Is(err, desktest.ErrFault) || len(s.papers.Docs) != 0 {
			t.Fatalf("%v, %d papers", err, len(s.papers.Docs))
		}
		d := s.must(s.PrintAppointment(t.Context(), c, in))
		if p := d.Records[0].Body.(*clinic.Paper); p.Copy != 1 || len(s.papers.Docs) != 1 || marked(s.papers.Docs[0]) {
			t.Fatalf("fault %d: %+v, %d papers", f, p, len(s.papers.Docs))
		}
	}
}
