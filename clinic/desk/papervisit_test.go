package desk_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// paperVisit opens a visit of yesterday morning that the doctor wrote and the nurse types.
func (s *station) paperVisit(patient clinic.ID) desk.PaperVisitInput {
	return desk.PaperVisitInput{Patient: patient, At: time.Date(2026, 11, 1, 9, 30, 0, 0, clinic.ICT), By: s.doctor, Reason: "mất điện"}
}

// TestPaperVisit: the visit stands at its own time with who wrote it, beside who typed it
// and when; nobody waits for it, and its papers say so.
func TestPaperVisit(t *testing.T) {
	s := newStation(t)
	patient := s.register("Nguyễn Thị Mẫu")
	in := s.paperVisit(patient)
	c := call(s.nurse)
	done := s.must(s.OpenPaperVisit(t.Context(), c, in))
	if again := s.must(s.OpenPaperVisit(t.Context(), c, in)); !again.Again || again.Visit != done.Visit {
		t.Error("the same form opens two")
	}
	on := desk.On{Patient: patient, Visit: done.Visit}
	if today, err := s.Today(t.Context(), s.nurse); err != nil || len(today.Rows) != 0 {
		t.Fatalf("it waits in the queue: %+v %v", today, err)
	}
	s.open(patient) // and the patient can come today
	s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"pulse": "77"}}))
	s.must(s.Exam(t.Context(), call(s.nurse), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: "sốt"}}))
	s.must(s.Diagnose(t.Context(), call(s.nurse), desk.DiagnosisInput{On: on, Main: "J00"}))
	s.must(s.Appoint(t.Context(), call(s.doctor), desk.AppointInput{On: on, Due: clinic.Date{Year: 2026, Month: 11, Day: 16}}))
	v := s.visit(on)
	for _, d := range v.Visit.Documents {
		r := d.Current().Record
		if !r.Event.Equal(in.At) || !r.Recorded().Equal(time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT)) {
			t.Errorf("%v: was %v, entered %v", r.Kind, r.Event, r.Recorded())
		}
	}
	by, ok := v.Visit.Visit.After.Author()
	if !ok || by != s.doctor || v.Visit.Opened.Author != s.nurse || v.Row.Day != (clinic.Date{Year: 2026, Month: 11, Day: 1}) || !strings.Contains(v.Row.Key, "2611010001") {
		t.Errorf("%+v %+v", v.Visit.Visit, v.Row)
	}
	_, err := s.Prescribe(t.Context(), call(s.nurse), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "3", Days: "5"}}})
	s.refused(err, desk.CodeNotAllowed, "")
	work, err := s.PaperWork(t.Context(), s.nurse)
	if err != nil || len(work.Open) != 1 || work.Open[0].ID != on.Visit || len(work.Writers) != 2 {
		t.Fatalf("%+v %v", work, err)
	}
	s.must(s.PrintAppointment(t.Context(), call(s.nurse), desk.PrintInput{Patient: patient, Visit: on.Visit}))
	text := ""
	for _, b := range s.papers.Docs[0].Blocks {
		text += b.Text + "\n"
	}
	if !strings.Contains(text, "Ghi lại từ phiếu giấy: Trần Văn Thử, lúc 08:00") {
		t.Error(text)
	}
	s.sign(on)
	if work, _ := s.PaperWork(t.Context(), s.nurse); len(work.Open) != 0 {
		t.Error("a signed one is still to do")
	}
	if v := s.visit(on); v.Visit.State != clinic.VisitSigned || v.Visit.Signed[0].By != s.doctor || v.Visit.Signed[0].Record.Event.Equal(in.At) {
		t.Errorf("%+v", v.Visit.Signed)
	}
	page, err := s.PatientPage(t.Context(), s.doctor, patient)
	if err != nil || len(page.Visits) != 2 || page.Visits[1].ID != on.Visit {
		t.Errorf("the visits are not in the order in which they were: %v", err)
	}
}

// TestPaperVisitRefusals: no time that cannot be, nobody who cares for no patient, and the
// same paper once.
func TestPaperVisitRefusals(t *testing.T) {
	s := newStation(t)
	patient := s.register("Nguyễn Thị Mẫu")
	try := func(change func(*desk.PaperVisitInput)) error {
		in := s.paperVisit(patient)
		change(&in)
		_, err := s.OpenPaperVisit(t.Context(), call(s.nurse), in)
		return err
	}
	s.refused(try(func(in *desk.PaperVisitInput) { in.At = time.Date(2026, 11, 2, 8, 1, 0, 0, clinic.ICT) }), desk.CodePaperFuture, "at")
	s.refused(try(func(in *desk.PaperVisitInput) { in.At = time.Time{} }), desk.CodeRequired, "at")
	s.refused(try(func(in *desk.PaperVisitInput) { in.At = time.Date(1999, 1, 1, 8, 1, 0, 0, clinic.ICT) }), desk.CodeRequired, "at")
	s.refused(try(func(in *desk.PaperVisitInput) { in.By = s.cashier }), desk.CodePaperBy, "by")
	s.refused(try(func(in *desk.PaperVisitInput) { in.By = clinic.ID{} }), desk.CodePaperBy, "by")
	s.refused(try(func(in *desk.PaperVisitInput) { in.Patient = clinic.ID{77} }), desk.CodeNoPatient, "")
	baby := somebody("Trần Bé Mới")
	baby.Birth = clinic.Date{Year: 2026, Month: 11, Day: 2}
	born := s.must(s.Register(t.Context(), call(s.nurse), baby)).Patient
	s.refused(try(func(in *desk.PaperVisitInput) { in.Patient = born }), desk.CodePaperUnborn, "at")
	if err := try(func(*desk.PaperVisitInput) {}); err != nil {
		t.Fatal(err)
	}
	e := s.refused(try(func(*desk.PaperVisitInput) {}), desk.CodeAlreadyQueued, "")
	if e.Visit.IsZero() {
		t.Error("which visit?")
	}
	for _, by := range []clinic.ID{s.technician, s.admin} {
		_, err := s.OpenPaperVisit(t.Context(), call(by), s.paperVisit(patient))
		s.refused(err, desk.CodeNotAllowed, "")
	}
	s.clock.Trust(false)
	s.refused(try(func(in *desk.PaperVisitInput) { in.At = in.At.Add(-time.Hour) }), desk.CodeClockUntrusted, "")
	s.clock.Trust(true)
	left := desk.StaffInput{Person: s.doctor, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor, Left: true}}
	if _, err := s.SaveStaff(t.Context(), call(s.admin), left); err != nil {
		t.Fatal(err)
	}
	if err := try(func(in *desk.PaperVisitInput) { in.At = in.At.Add(-time.Hour) }); err != nil {
		t.Error("who left wrote papers too:", err)
	}
}
