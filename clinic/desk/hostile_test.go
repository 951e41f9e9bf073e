package desk_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// at moves the clock to a time of 2 November 2026 or of a day after it.
func (s *station) at(days, hour, minute int) {
	s.Helper()
	now, _ := s.clock.Now()
	s.clock.Add(time.Date(2026, 11, 2+days, hour, minute, 0, 0, clinic.ICT).Sub(now))
}

// Midnight sends nobody home.
func TestVisitOverMidnight(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	forgotten := s.open(s.register("Sáng"))
	s.at(0, 23, 50)
	p := s.register("Đêm")
	on := s.open(p)
	seen := s.open(s.register("Khuya"))
	s.exam(seen, "đau")
	s.diagnose(seen)
	s.sign(seen)
	s.at(1, 0, 20)
	day, err := s.Today(ctx, s.doctor)
	if err != nil || len(day.Rows) != 1 || day.Rows[0].ID != on.Visit || day.Next != 0 || day.Day.Day != 3 {
		t.Fatalf("%+v, %v", day, err)
	}
	_, err = s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: p})
	if e := s.refused(err, desk.CodeAlreadyQueued, ""); e.Visit != on.Visit {
		t.Fatal("another visit than the one that goes on")
	}
	if page, err := s.PatientPage(ctx, s.nurse, p); err != nil || len(page.Today) != 1 {
		t.Fatalf("%+v, %v", page.Today, err)
	}
	next := s.open(s.register("Sớm"))
	if day, err = s.Today(ctx, s.doctor); err != nil || len(day.Rows) != 2 || day.Rows[1].ID != next.Visit || day.Rows[1].Queue != 1 {
		t.Fatalf("%+v, %v", day.Rows, err)
	}
	s.at(1, 8, 30) // who was forgotten does not stand before those who come now
	if day, err = s.Today(ctx, s.doctor); err != nil || len(day.Rows) != 1 || day.Rows[0].ID != next.Visit {
		t.Fatalf("%+v, %v", day.Rows, err)
	}
	s.open(forgotten.Patient)
}

// What cannot be seen does not make two names of one, and a picture is no name.
func TestNamesAreWhatIsSeen(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	a := s.register("Nguyễn Thị Mẫu")
	for _, name := range []string{"Nguyễn\u200b Thị Mẫu", "\ufeffNguyễn Thị Mẫu\u3164", "Nguyễn Thị\u2028Mẫu", "Nguyễn\u00ad\u00a0Thị Mẫu"} {
		_, err := s.Register(ctx, call(s.nurse), somebody(name))
		if e := s.refused(err, desk.CodeDuplicates, ""); e.Found[0].ID != a {
			t.Errorf("%q", name)
		}
	}
	for _, name := range []string{"Lan 🌸", "\u3164", "Lan ✔", "A" + strings.Repeat("\u0301", 20), "Mẫu = 2", "Ⅳ½", "Lan \ue000", "<b>Lan</b>", "Lan٣"} {
		_, err := s.Register(ctx, call(s.nurse), somebody(name))
		if len(desk.ErrorsOf(err)) == 0 {
			t.Errorf("%q is taken for a name", name)
		}
	}
	for _, name := range []string{"H’Linh Niê", "K'Brêh", "Y-Bhăm Ê\u0306ban", "Nguyễn Thị Ẩn (con)", "O`Neill", "Đỗ Q."} {
		s.register(name)
	}
}

// An allergy that somebody hears of after the prescription stops the signature until
// a doctor looked at the medicine again.
func TestAllergyHeardAfterThePrescription(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	p := s.register("A")
	on := s.open(p)
	s.exam(on, "ho")
	s.diagnose(on)
	rx := desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "AMOX", Dose: "1", Times: "2", Days: "5"}}}
	s.must(s.Prescribe(ctx, call(s.doctor), rx))
	s.must(s.SetAllergies(ctx, call(s.nurse), desk.AllergiesInput{Patient: p, Items: []clinic.Allergy{{Substance: "amoxicilin"}}}))
	sign := func() error {
		v := s.visit(on)
		_, err := s.Sign(ctx, call(s.doctor), desk.SignInput{Patient: p, Visit: on.Visit, PIN: doctorPIN, Seen: v.Visit.Seen()})
		return err
	}
	if e := s.refused(sign(), desk.CodeSignSafety, ""); !strings.Contains(e.Args["vi"], "Amoxicillin (Amoxicilin) 500 mg") {
		t.Fatal(e.Args)
	}
	rx.On = s.base(on, clinic.KindPrescribe)
	_, err := s.Prescribe(ctx, call(s.doctor), rx) // as it was: asked, not "nothing changed"
	e := s.refused(err, desk.CodeDrugSafety, "lines.0.medicine")
	rx.Overrides = []clinic.Override{{Finding: e.Args["finding"], Reason: "đã dùng nhiều lần, chỉ buồn nôn"}}
	s.must(s.Prescribe(ctx, call(s.doctor), rx))
	if err := sign(); err != nil {
		t.Fatal(err)
	}
}

// A board without a battery wakes up in 1970.
func TestClockOf1970(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	p := s.register("A")
	now, _ := s.clock.Now()
	s.clock.Trust(false)
	s.clock.Add(time.Unix(60, 0).Sub(now))
	on := s.open(p)
	adult := map[string]string{"weight": "58", "height": "160", "systolic": "130", "diastolic": "80"}
	s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: adult}))
	s.exam(on, "ho")
	if v := s.visit(on); v.Months != -1 {
		t.Errorf("the patient is %d months old", v.Months)
	}
	if day, err := s.Today(ctx, s.nurse); err != nil || len(day.Rows) != 1 {
		t.Errorf("%+v, %v", day, err)
	}
	s.clock.Add(now.Sub(time.Unix(60, 0))) // somebody set it, nobody vouches for it
	if v := s.visit(s.open(s.register("B"))); v.Months != 36*12+6 {
		t.Errorf("with a clock that did not fall back %d months", v.Months)
	}
}

// A page that comes back after something changed is not answered as signed.
func TestOldSignatureIsNoNewOne(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	s.exam(on, "ho")
	s.diagnose(on)
	v := s.visit(on)
	in, c := desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN, Seen: v.Visit.Seen()}, call(s.doctor)
	s.must(s.Sign(ctx, c, in))
	if d := s.must(s.Sign(ctx, c, in)); !d.Again {
		t.Fatal("signed twice")
	}
	change := s.base(on, clinic.KindExam)
	change.Why = "bổ sung"
	s.must(s.Exam(ctx, call(s.doctor), desk.ExamInput{On: change, Exam: clinic.Exam{Reason: "ho ra máu"}}))
	v = s.visit(on)
	in.Seen = v.Visit.Seen()
	_, err := s.Sign(ctx, c, in)
	s.refused(err, desk.CodeFormStale, "")
}

// What a doctor wrote and did not sign is not locked away by a nurse.
func TestNurseEndsNoExamination(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("A"))
	s.exam(on, "ho")
	end := desk.EndInput{Patient: on.Patient, Visit: on.Visit, Why: "nhầm"}
	_, err := s.EndVisit(t.Context(), call(s.nurse), end)
	s.refused(err, desk.CodeNotAllowed, "")
	s.must(s.EndVisit(t.Context(), call(s.doctor), end))
}

// A paper that names another record than its number does is not believed.
func TestSlipThatNamesTwoPatients(t *testing.T) {
	s := newStation(t)
	on, other := s.open(s.register("A")), s.register("B")
	slip := desk.SlipOf(s.appoint(on, 7))
	s.scans["forged"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: slip, Record: other}
	res, err := s.FromScan(t.Context(), s.nurse, []byte("forged"))
	if err != nil || res.Answer != desk.ScanConflict || len(res.Hits) != 2 {
		t.Fatalf("%+v, %v", res.Answer, err)
	}
	_, err = s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: other, Slip: slip})
	s.refused(err, desk.CodeSlipOther, "slip")
	s.scans["right"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: slip, Record: on.Patient}
	if res, err = s.FromScan(t.Context(), s.nurse, []byte("right")); err != nil || res.Answer != desk.ScanArrives {
		t.Fatalf("%+v, %v", res.Answer, err)
	}
}
