package desk_test

import (
	"fmt"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/starting"
)

// TestProgramme follows people with hypertension: who is due, late and controlled, and
// who left; the lists remember nothing that changed.
func TestProgramme(t *testing.T) {
	s := newStation(t)
	rows, err := starting.Rows(clinic.CatalogProgramme)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i]})
	}
	ctx := t.Context()
	var ids []clinic.ID
	for i := range 3 {
		id := s.register(fmt.Sprintf("Nguyễn Văn Bệnh %c", 'A'+i))
		ids = append(ids, id)
		c := call(s.nurse)
		s.must(s.Enrol(ctx, c, desk.EnrolInput{Patient: id, Programme: "THA"}))
		if !s.must(s.Enrol(ctx, c, desk.EnrolInput{Patient: id, Programme: "THA"})).Again || !s.must(s.Enrol(ctx, call(s.nurse), desk.EnrolInput{Patient: id, Programme: "THA"})).Again {
			t.Fatal("enrolled twice")
		}
	}
	_, err = s.Enrol(ctx, call(s.nurse), desk.EnrolInput{Patient: ids[0], Programme: "NONE"})
	s.refused(err, desk.CodeNoCatalog, "")
	_, err = s.ProgrammePage(ctx, s.nurse, "NONE")
	s.refused(err, desk.CodeNoCatalog, "")
	see := func() desk.Programme {
		t.Helper()
		p, err := s.ProgrammePage(ctx, s.nurse, "THA")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := see(); p.In != 3 || p.Unknown != 3 || len(p.Soon) != 3 {
		t.Fatalf("%+v", p)
	}
	for i, systolic := range []string{"150", "130"} {
		d := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: ids[i], Type: clinic.VisitChronic}))
		on := desk.On{Patient: ids[i], Visit: d.Visit}
		s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"systolic": systolic, "diastolic": "80"}, Confirmed: []string{"systolic"}}))
		if i == 1 {
			s.must(s.Appoint(ctx, call(s.doctor), desk.AppointInput{On: on, Due: clinic.Date{Year: 2026, Month: 11, Day: 20}}))
		}
	}
	if p := see(); p.Held != 1 || p.Not != 1 || p.Unknown != 1 || len(p.Soon) != 1 || len(p.Others) != 2 || p.Others[0].Followed.Slip == "" {
		t.Fatalf("%+v", p)
	}
	s.clock.Add(19 * 24 * time.Hour) // the 21st
	p := see()
	if len(p.Late) != 2 || p.Late[0].Patient != ids[2] || p.Late[0].Overdue != 19 || p.Late[1].Overdue != 1 || len(p.Others) != 1 {
		t.Fatalf("%+v", p)
	}
	base := p.Late[0].Followed.Enrol.Leaf()
	_, err = s.Enrol(ctx, call(s.nurse), desk.EnrolInput{Patient: ids[2], Programme: "THA", Base: base})
	s.refused(err, desk.CodeRequired, "why")
	s.must(s.Enrol(ctx, call(s.nurse), desk.EnrolInput{Patient: ids[2], Programme: "THA", Base: base, Why: "chuyển đi"}))
	_, err = s.Enrol(ctx, call(s.nurse), desk.EnrolInput{Patient: ids[2], Programme: "THA", Base: base, Why: "chuyển đi"})
	s.refused(err, desk.CodeChanged, "")
	if p := see(); p.In != 2 {
		t.Errorf("%+v", p)
	}
	if page, err := s.PatientPage(ctx, s.nurse, ids[2]); err != nil || len(page.Followed) != 0 || len(page.Programmes) != 2 {
		t.Errorf("%+v %v", page.Followed, err)
	}
	if err := s.Protect(ctx, call(s.admin), desk.ProtectInput{Patient: ids[0], On: true, Why: "x"}); err != nil {
		t.Fatal(err)
	}
	for _, row := range see().Others {
		if row.Patient == ids[0] && (!row.Closed || row.Name == "" || row.Phone != "" || len(row.Followed.Values) != 0 || row.Followed.Control != 0) {
			t.Errorf("%+v", row)
		}
	}
}
