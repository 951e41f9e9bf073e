package desk_test

import (
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// herbs puts a few rows of traditional medicine into the catalogues.
func (s *station) herbs() {
	s.Helper()
	s.drugs()
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	for _, r := range []clinic.CatalogRow{
		{Catalog: clinic.CatalogTradIllness, Code: "YTHONG", Name: "Yêu thống", Applies: "J00"},
		{Catalog: clinic.CatalogTradIllness, Code: "KHAC", Name: "Bệnh khác", Applies: "M54.5"},
		{Catalog: clinic.CatalogService, Code: "CHAM", Name: "Điện châm", Flags: clinic.FlagTraditional, Unit: "lần", Price: 70_000},
		{Catalog: clinic.CatalogMedicine, Code: "DOCHOAT", Name: "Độc hoạt", Flags: "generic traditional herb", Unit: "g"},
		{Catalog: clinic.CatalogMedicine, Code: "PHUTU", Name: "Phụ tử chế", Flags: "generic traditional herb toxic", Unit: "g"},
		{Catalog: clinic.CatalogMedicine, Code: "HOAN", Name: "Lục vị hoàn", Flags: "generic traditional", Unit: "hộp"},
	} {
		r.From = from
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &r})
	}
}

func traditional(on desk.On) desk.TraditionalInput {
	return desk.TraditionalInput{On: on, Days: []string{"7"}, Traditional: clinic.Traditional{
		Look: "lưỡi nhợt", Touch: "mạch trầm", Illness: "YTHONG", Syndrome: "can thận hư", Method: "bổ can thận",
		Principles: []clinic.Principle{7, 4, 7}, Treatments: []clinic.Treatment{{Service: "CHAM", Points: "thận du"}},
	}}
}

// TestTraditional: what is missing is named, a form that comes back writes nothing, an old
// form is told, and a change of what is signed needs a reason.
func TestTraditional(t *testing.T) {
	s := newStation(t)
	s.herbs()
	ctx, on := t.Context(), s.ready(s.register("A"))
	in := traditional(on)
	for code, x := range map[desk.Code]struct {
		field  string
		change func(*desk.TraditionalInput)
	}{
		desk.CodeRequired:  {"illness", func(x *desk.TraditionalInput) { x.Illness = "" }},
		desk.CodeTradNone:  {"illness", func(x *desk.TraditionalInput) { x.Illness = "KHONG" }},
		desk.CodeDrugRange: {"course.CHAM", func(x *desk.TraditionalInput) { x.Days = []string{"0"} }},
		desk.CodeTooMany:   {"illness", func(x *desk.TraditionalInput) { x.Days = nil }},
	} {
		bad := in
		x.change(&bad)
		_, err := s.Traditional(ctx, call(s.doctor), bad)
		s.refused(err, code, x.field)
	}
	bad := in
	bad.Treatments = []clinic.Treatment{{Service: "KHAM"}}
	_, err := s.Traditional(ctx, call(s.doctor), bad)
	s.refused(err, desk.CodeTradNone, "course.KHAM")
	_, err = s.Traditional(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeNotAllowed, "")

	c := call(s.doctor)
	done := s.must(s.Traditional(ctx, c, in))
	b := done.Records[0].Body.(*clinic.Traditional)
	if b.Name != "Yêu thống" || b.Treatments[0].Name != "Điện châm" || len(b.Principles) != 2 || b.Principles[0] != clinic.PrincipleInside {
		t.Errorf("%+v", b)
	}
	if !s.must(s.Traditional(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	changed := in
	changed.Method = "khu phong"
	_, err = s.Traditional(ctx, call(s.doctor), changed)
	s.refused(err, desk.CodeChanged, "")
	s.sign(on)
	page := s.visit(on)
	changed.Base = page.Visit.Doc(clinic.KindTraditional).Leaf()
	_, err = s.Traditional(ctx, call(s.doctor), changed)
	s.refused(err, desk.CodeWhy, "why")
	changed.Why = "ghi nhầm"
	s.must(s.Traditional(ctx, call(s.doctor), changed))

	help, err := s.TraditionalHelp(ctx, s.doctor, on)
	if err != nil || len(help.Treatments) != 1 || len(help.Illnesses) != 1 || help.Illnesses[0].Code != "YTHONG" {
		t.Errorf("%v %+v", err, help)
	}
}

// TestHerbs: herbs are grams a packet and packets once for all, on a prescription of their
// own whose paper says so; what a packet makes of them is what stock hands out.
func TestHerbs(t *testing.T) {
	s := newStation(t)
	s.herbs()
	ctx, on := t.Context(), s.ready(s.register("A"))
	herb := func(code, grams string) desk.DrugInput { return desk.DrugInput{Medicine: code, Dose: grams} }
	in := desk.PrescriptionInput{On: on, Packets: "7", Preparation: "sắc 3 bát còn 1 bát", Lines: []desk.DrugInput{herb("DOCHOAT", "12"), herb("PHUTU", "6")}}
	for code, x := range map[desk.Code]struct {
		field  string
		change func(*desk.PrescriptionInput)
	}{
		desk.CodeRxApart: {"lines.1.medicine", func(x *desk.PrescriptionInput) {
			x.Lines = []desk.DrugInput{herb("DOCHOAT", "12"), drug("PARA", "1", "3", "5")}
		}},
		desk.CodeHerbDose:  {"lines.0.dose", func(x *desk.PrescriptionInput) { x.Lines = []desk.DrugInput{drug("DOCHOAT", "12", "2", "7")} }},
		desk.CodeHerbNone:  {"packets", func(x *desk.PrescriptionInput) { x.Lines = []desk.DrugInput{drug("PARA", "1", "3", "5")} }},
		desk.CodeDrugRange: {"packets", func(x *desk.PrescriptionInput) { x.Packets = "-1" }},
	} {
		bad := in
		x.change(&bad)
		_, err := s.Prescribe(ctx, call(s.doctor), bad)
		s.refused(err, code, x.field)
	}
	bare := in
	bare.Packets, bare.Preparation, bare.Lines = "", "", []desk.DrugInput{drug("DOCHOAT", "12", "1", "7")}
	_, err := s.Prescribe(ctx, call(s.doctor), bare)
	s.refused(err, desk.CodeHerbPackets, "packets")

	for _, packets := range []string{"", "0"} { // as the page sends herbs
		bare := in
		bare.Packets = packets
		_, err := s.Prescribe(ctx, call(s.doctor), bare)
		if all := desk.ErrorsOf(err); len(all) != 1 || all[0].Field != "packets" {
			t.Errorf("%q packets: %v", packets, err)
		}
	}
	pills := in // a ready medicine beside herbs says how often itself
	pills.Lines = append(slices.Clone(in.Lines), desk.DrugInput{Medicine: "HOAN", Dose: "1"})
	_, err = s.Prescribe(ctx, call(s.doctor), pills)
	if all := desk.ErrorsOf(err); len(all) != 2 || all[0].Field != "lines.2.times" || all[1].Field != "lines.2.days" {
		t.Errorf("a medicine without times: %v", err)
	}

	s.must(s.rx(on, "", drug("PARA", "1", "3", "5"))) // beside a prescription of the other kind
	c := call(s.doctor)
	done := s.must(s.Prescribe(ctx, c, in))
	rx := done.Records[0].Body.(*clinic.Prescription)
	if !strings.HasSuffix(rx.Code, "-T") || rx.Packets != 7 || rx.Lines[0].Medicine != "PHUTU" || rx.Lines[1].Quantity != 84_000 || !rx.Lines[1].Herb {
		t.Fatalf("%+v", rx)
	}
	if !s.must(s.Prescribe(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	s.sign(on)
	if err := s.prints(on, rx.Code); err != nil {
		t.Fatal(err)
	}
	got := s.lastPaper()
	for _, want := range []string{"ĐƠN THUỐC Y HỌC CỔ TRUYỀN", "1. Phụ tử chế", "06 g", "2. Độc hoạt", "12 g", "07 thang", "Cách sắc, uống: sắc 3 bát còn 1 bát"} {
		if !strings.Contains(strings.ReplaceAll(got, "\u00a0", " "), want) {
			t.Errorf("%q is not on the paper: %s", want, got)
		}
	}
}
