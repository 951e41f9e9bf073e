package desk_test

import (
	"errors"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

func (s *station) checkVisit(name string) desk.On {
	s.Helper()
	id := s.register(name)
	d := s.must(s.OpenVisit(s.Context(), call(s.nurse), desk.VisitInput{Patient: id, Type: clinic.VisitHealthCheck}))
	return desk.On{Patient: id, Visit: d.Visit}
}

func checkInput(on desk.On) desk.CheckInput {
	return desk.CheckInput{
		On: on, Purpose: "MDDK", Class: "PL2", Conclusion: "Đủ sức khỏe", Advice: "tập thể dục", Next: clinic.Date{Year: 2027, Month: 11, Day: 2},
		Parts: map[string]desk.CheckEntry{"PH01": {State: clinic.CheckNormal}, "PH12": {State: clinic.CheckFound, Words: "cận thị 2 độ"}, "PH11": {State: clinic.CheckNormal}},
	}
}

// TestHealthCheck: a part that nobody looked at is never normal; what is wrong is told; a
// signed check is amended with a reason, and prints only when it is signed.
func TestHealthCheck(t *testing.T) {
	s := bookStation(t)
	ctx := t.Context()
	on := s.checkVisit("Nguyễn Thị Mẫu")
	s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"weight": "62", "height": "160"}}))
	in := checkInput(on)
	for want, change := range map[string]func(*desk.CheckInput){
		"purpose":    func(x *desk.CheckInput) { x.Purpose = "" },
		"class":      func(x *desk.CheckInput) { x.Class = "PL9" },
		"conclusion": func(x *desk.CheckInput) { x.Conclusion = " " },
		"parts":      func(x *desk.CheckInput) { x.Parts = nil },
		"next":       func(x *desk.CheckInput) { x.Next = clinic.Date{Year: 2026, Month: 11, Day: 2} },
		"words.PH12": func(x *desk.CheckInput) {
			x.Parts = map[string]desk.CheckEntry{"PH12": {State: clinic.CheckFound}}
		},
	} {
		bad := in
		change(&bad)
		_, err := s.HealthCheck(ctx, call(s.doctor), bad)
		if refusals := desk.ErrorsOf(err); len(refusals) != 1 || refusals[0].Field != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	_, err := s.HealthCheck(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeNotAllowed, "")
	empty := s.visit(on)
	_, err = s.Sign(ctx, call(s.doctor), desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN, Seen: empty.Visit.Seen()})
	s.refused(err, desk.CodeSignIncomplete, "")
	print := desk.PrintInput{Patient: on.Patient, Visit: on.Visit}
	_, err = s.PrintCheck(ctx, call(s.nurse), print)
	s.refused(err, desk.CodeCheckNone, "")
	c := call(s.doctor)
	s.must(s.HealthCheck(ctx, c, in))
	if !s.must(s.HealthCheck(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	_, err = s.HealthCheck(ctx, call(s.doctor), in) // without the version that it changes
	s.refused(err, desk.CodeChanged, "")
	v := s.visit(on)
	body := clinic.BodyOf[clinic.HealthCheck](v.Visit.Doc(clinic.KindHealthCheck))
	if n := len(body.Left()); n == 0 || n != len(body.Parts)-3 || body.ClassName == "" || body.PurposeName == "" {
		t.Errorf("%d not examined of %d", n, len(body.Parts))
	}
	_, err = s.PrintCheck(ctx, call(s.nurse), print)
	s.refused(err, desk.CodeCheckUnsigned, "")
	s.sign(on)
	s.must(s.PrintCheck(ctx, call(s.nurse), print))
	text := s.slipText()
	for _, want := range []string{"KẾT LUẬN KHÁM SỨC KHỎE", "cận thị 2 độ", "Đủ sức khỏe", "Loại II", "24,2", "thừa cân", "Không khám", "không phải mẫu chính thức", "CB2/"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q:\n%s", want, text)
		}
	}
	s.must(s.PrintCheck(ctx, call(s.nurse), print))
	if !strings.Contains(s.slipText(), "BẢN IN LẠI") {
		t.Error("a reprint is not marked")
	}
	in.On = s.base(on, clinic.KindHealthCheck)
	in.Conclusion = "Đủ sức khỏe để làm việc"
	_, err = s.HealthCheck(ctx, call(s.doctor), in)
	s.refused(err, desk.CodeWhy, "why")
	in.Why = "viết thiếu"
	s.must(s.HealthCheck(ctx, call(s.doctor), in))
	_, err = s.PrintCheck(ctx, call(s.nurse), print)
	s.refused(err, desk.CodeCheckUnsigned, "")
}

// TestHealthCheckFaultsInPairs: failed and not saved, failed and saved.
func TestHealthCheckFaultsInPairs(t *testing.T) {
	for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		s := bookStation(t)
		on := s.checkVisit("A")
		c, in := call(s.doctor), checkInput(on)
		s.store.Plan(fault)
		if _, err := s.HealthCheck(t.Context(), c, in); !errors.Is(err, desktest.ErrFault) {
			t.Fatal(err)
		}
		d := s.must(s.HealthCheck(t.Context(), c, in))
		v := s.visit(on)
		if d.Again != (fault == desktest.FaultApplied) || len(v.Visit.Docs(clinic.KindHealthCheck)) != 1 {
			t.Errorf("fault %d: again %v, %d checks", fault, d.Again, len(v.Visit.Docs(clinic.KindHealthCheck)))
		}
	}
}

// TestCheckForMen: what is of women only is not asked of a man; what was found of a part
// stays when the purpose changes to one that does not ask it.
func TestCheckForMen(t *testing.T) {
	s := bookStation(t)
	on := s.checkVisit("A")
	in := checkInput(on)
	in.Parts = map[string]desk.CheckEntry{"PH09": {State: clinic.CheckFound, Words: "thoát vị bẹn"}}
	s.must(s.HealthCheck(t.Context(), call(s.doctor), in))
	in.On, in.Purpose = s.base(on, clinic.KindHealthCheck), "MDHS"
	s.must(s.HealthCheck(t.Context(), call(s.doctor), in))
	v := s.visit(on)
	body := clinic.BodyOf[clinic.HealthCheck](v.Visit.Doc(clinic.KindHealthCheck))
	found := false
	for _, p := range body.Parts {
		found = found || p.Code == "PH09" && p.Words == "thoát vị bẹn"
		if p.Code == "PH05" {
			t.Error("a part that the purpose does not ask")
		}
	}
	if !found {
		t.Error("what was found is gone")
	}
}
