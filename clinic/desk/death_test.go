package desk_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestDeath: after a death no visit opens and nobody is called; what belongs to older
// visits can still be written; a mistake is taken back, and both versions stay.
func TestDeath(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	id := s.register("Nguyễn Văn Mất")
	s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogProgramme, Code: "THA", Name: "THA", From: clinic.Date{Year: 2020, Month: 1, Day: 1}, Limits: "systolic<140", Minimum: 30}})
	s.must(s.Enrol(ctx, call(s.nurse), desk.EnrolInput{Patient: id, Programme: "THA"}))
	before := s.open(id)
	due := clinic.Date{Year: 2026, Month: 11, Day: 9}
	s.must(s.Appoint(ctx, call(s.doctor), desk.AppointInput{On: before, Due: due}))
	d := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: id, Type: clinic.VisitDeath, Another: true}))
	on := desk.On{Patient: id, Visit: d.Visit}
	in := desk.DeathInput{On: on, Death: clinic.Death{
		Day: clinic.Date{Year: 2026, Month: 11, Day: 1}, Time: "6h05", Place: clinic.DiedHome, Chain: []clinic.Cause{{Code: "j00", Since: "3 ngày"}, {Code: "I10", Since: "10 năm"}},
	}}
	for code, change := range map[desk.Code]func(*desk.DeathInput){
		desk.CodeDeathDay:   func(x *desk.DeathInput) { x.Day = clinic.Date{Year: 2027, Month: 1, Day: 1} },
		desk.CodeDeathCause: func(x *desk.DeathInput) { x.Chain = nil },
		desk.CodeRequired:   func(x *desk.DeathInput) { x.Place = 0 },
		desk.CodeHour:       func(x *desk.DeathInput) { x.Time = "25:00" },
		desk.CodeICDNone:    func(x *desk.DeathInput) { x.Chain = []clinic.Cause{{Code: "Q99.9"}} },
		desk.CodeICDTwice:   func(x *desk.DeathInput) { x.Others = []string{"I10"} },
		desk.CodeTooMany:    func(x *desk.DeathInput) { x.Chain = make([]clinic.Cause, 5) },
		desk.CodeNothing:    func(x *desk.DeathInput) { x.Mistake = true },
	} {
		bad := in
		change(&bad)
		_, err := s.Death(ctx, call(s.doctor), bad)
		s.refused(err, code, "")
	}
	_, err := s.Death(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeNotAllowed, "")
	if rows, err := s.Due(ctx, s.nurse, due, due); err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	c := call(s.doctor)
	s.must(s.Death(ctx, c, in))
	if !s.must(s.Death(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	_, err = s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: id, Another: true})
	s.refused(err, desk.CodeDied, "")
	if rows, err := s.Due(ctx, s.nurse, due, due); err != nil || len(rows) != 0 {
		t.Error("the family is called about an appointment:", rows, err)
	}
	if p, err := s.ProgrammePage(ctx, s.nurse, "THA"); err != nil || p.In != 0 {
		t.Error("somebody who died is followed:", p.In, err)
	}
	again := in
	again.On = before
	_, err = s.Death(ctx, call(s.doctor), again)
	s.refused(err, desk.CodeDied, "")
	s.must(s.Exam(ctx, call(s.doctor), desk.ExamInput{On: before, Exam: clinic.Exam{Reason: "ghi bổ sung"}})) // a late entry

	_, err = s.EndVisit(ctx, call(s.doctor), desk.EndInput{Patient: id, Visit: on.Visit, Why: "nhầm"})
	s.refused(err, desk.CodeDied, "")
	page := s.visit(on)
	s.must(s.Sign(ctx, call(s.doctor), desk.SignInput{Patient: id, Visit: on.Visit, PIN: doctorPIN, Seen: page.Visit.Seen()}))
	if page := s.visit(on); page.Visit.State != clinic.VisitSigned || page.ICD["I10"].Name == "" {
		t.Errorf("state %d", page.Visit.State)
	}
	back := desk.DeathInput{On: s.base(on, clinic.KindDeath), Death: clinic.Death{Mistake: true}}
	_, err = s.Death(ctx, call(s.doctor), back)
	s.refused(err, desk.CodeWhy, "why")
	back.Why = "nhầm người"
	s.must(s.Death(ctx, call(s.doctor), back))
	s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: id, Another: true}))
	if rows, err := s.Due(ctx, s.nurse, due, due); err != nil || len(rows) != 1 {
		t.Error(rows, err)
	}
	if p, err := s.ProgrammePage(ctx, s.nurse, "THA"); err != nil || p.In != 1 {
		t.Error(p.In, err)
	}
}
