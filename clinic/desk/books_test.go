package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// dengue is a station whose catalogues know two diseases that must be reported.
func dengue(t *testing.T) *station {
	s := newStation(t)
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	for _, row := range []clinic.CatalogRow{
		{Catalog: clinic.CatalogICD10, Code: "A90", Name: "Sốt Dengue", From: from},
		{Catalog: clinic.CatalogICD10, Code: "B26.9", Name: "Quai bị", From: from},
		{Catalog: clinic.CatalogNotifiable, Code: "DENGUE", Name: "Sốt xuất huyết Dengue", Applies: "A90 A91", Flags: clinic.FlagNow, From: from},
		{Catalog: clinic.CatalogNotifiable, Code: "MUMPS", Name: "Quai bị", Applies: "B26", From: from},
	} {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row})
	}
	return s
}

func (s *station) alerts() []desk.AlertRow {
	s.Helper()
	rows, err := s.Alerts(s.Context(), s.nurse)
	if err != nil {
		s.Fatal(err)
	}
	return rows
}

// TestAlerts: a disease is reported in the act that diagnoses it, once, and taken back
// when the diagnosis is corrected; a fault in between leaves both or neither.
func TestAlerts(t *testing.T) {
	s := dengue(t)
	ctx := t.Context()
	on := s.open(s.register("Nguyễn Thị Bí Mật"))
	diagnose := func(on desk.On, main string, others ...string) (desk.Done, error) {
		return s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: on, Main: main, Others: others})
	}
	s.must(diagnose(on, "J00"))
	if n := len(s.alerts()); n != 0 {
		t.Fatalf("%d alerts of a cold", n)
	}
	s.must(diagnose(s.base(on, clinic.KindDiagnosis), "J00", "A90"))
	s.must(diagnose(s.base(on, clinic.KindDiagnosis), "A90", "B26.9"))
	rows := s.alerts()
	if len(rows) != 2 || rows[0].State != desk.AlertWaits {
		t.Fatalf("%d alerts", len(rows))
	}
	for _, a := range rows {
		if strings.Contains(strings.ToLower(a.Message), "bi mat") || len(a.Message) > 160 || !strings.Contains(a.Message, a.Alert.ICD) {
			t.Errorf("message: %s", a.Message)
		}
		if want := map[string]time.Duration{"DENGUE": 24 * time.Hour, "MUMPS": 48 * time.Hour}[a.Alert.Disease]; a.Until.Sub(a.Record.Event) != want {
			t.Errorf("%s within %v", a.Alert.Disease, a.Until.Sub(a.Record.Event))
		}
	}
	s.clock.Add(25 * time.Hour)
	if rows = s.alerts(); rows[0].Late == rows[1].Late {
		t.Error("one is late after 25 hours, the other is not")
	}
	_, err := s.TellAlert(ctx, call(s.nurse), desk.AlertToldInput{Patient: on.Patient, Visit: on.Visit, Alert: rows[0].Record.Leaf})
	s.refused(err, desk.CodeRequired, "how")
	_, err = s.TellAlert(ctx, call(s.nurse), desk.AlertToldInput{Patient: on.Patient, Visit: on.Visit, Alert: clinic.Leaf{9}, How: "x"})
	s.refused(err, desk.CodeNoVisit, "")
	told := desk.AlertToldInput{Patient: on.Patient, Visit: on.Visit, Alert: rows[0].Record.Leaf, How: "gọi trung tâm lúc 9 giờ"}
	s.must(s.TellAlert(ctx, call(s.nurse), told))
	if rows = s.alerts(); rows[0].State != desk.AlertWaits || rows[1].State != desk.AlertTold || rows[1].By != "Lê Thị Giả" {
		t.Errorf("%+v", rows)
	}
	s.must(diagnose(s.base(on, clinic.KindDiagnosis), "J00"))
	rows = s.alerts()
	v := s.visit(on)
	if len(rows) != 4 || v.Visit.Standing("DENGUE") != nil || v.Visit.Standing("MUMPS") != nil {
		t.Errorf("%d alerts after the diagnosis was corrected", len(rows))
	}
	s.must(diagnose(s.base(on, clinic.KindDiagnosis), "A90"))
	if v = s.visit(on); v.Visit.Standing("DENGUE") == nil {
		t.Error("the disease that came back is not reported")
	}
}

// TestAlertFaultsInPairs: a diagnosis that failed reported nothing; one that was saved
// although it failed reported once, also when the form comes again.
func TestAlertFaultsInPairs(t *testing.T) {
	for fault, want := range map[desktest.Fault]int{desktest.FaultNotApplied: 0, desktest.FaultApplied: 1} {
		s := dengue(t)
		on := s.open(s.register("A"))
		c := call(s.doctor)
		s.store.Plan(fault)
		in := desk.DiagnosisInput{On: on, Main: "A90"}
		if _, err := s.Diagnose(t.Context(), c, in); err == nil {
			t.Fatal("the fault did not come")
		}
		if n := len(s.alerts()); n != want {
			t.Errorf("fault %d: %d alerts", fault, n)
		}
		s.must(s.Diagnose(t.Context(), c, in))
		if n := len(s.alerts()); n != 1 {
			t.Errorf("fault %d: %d alerts after the form came again", fault, n)
		}
	}
}

// TestOldCasesAreNotNews: a paper of long ago that is entered late.
func TestOldCasesAreNotNews(t *testing.T) {
	s := dengue(t)
	on := s.open(s.register("A"))
	s.clock.Add(31 * 24 * time.Hour)
	s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: on, Main: "A90"}))
	if n := len(s.alerts()); n != 0 {
		t.Errorf("%d alerts of a case of last month", n)
	}
}

// TestMonthIsHandedIn: the figures that were seen are kept; what comes later is told as a
// difference, and changes nothing of them.
func TestMonthIsHandedIn(t *testing.T) {
	s := dengue(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	s.exam(on, "sốt")
	s.must(s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: on, Main: "A90"}))
	month := clinic.Date{Year: 2026, Month: 11, Day: 1}
	report := func() desk.MonthReport {
		m, err := s.MonthReport(ctx, s.nurse, month)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := report()
	_, err := s.HandIn(ctx, call(s.admin), desk.ReportInput{Month: month, Digest: m.Digest})
	s.refused(err, desk.CodeReportOpen, "")
	s.clock.Add(35 * 24 * time.Hour)
	_, err = s.HandIn(ctx, call(s.nurse), desk.ReportInput{Month: month, Digest: m.Digest})
	s.refused(err, desk.CodeNotAllowed, "")
	s.must(s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: s.base(on, clinic.KindDiagnosis), Main: "J00"}))
	_, err = s.HandIn(ctx, call(s.admin), desk.ReportInput{Month: month, Digest: m.Digest})
	s.refused(err, desk.CodeReportSeen, "")
	m = report()
	s.must(s.HandIn(ctx, call(s.admin), desk.ReportInput{Month: month, Digest: m.Digest}))
	if again := report(); len(again.Handed) != 1 || len(again.Changes) != 0 || again.Digest != m.Digest {
		t.Errorf("%+v", again)
	}
	s.must(s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: s.base(on, clinic.KindDiagnosis), Main: "I10"}))
	again := report()
	if len(again.Changes) != 2 || again.Handed[0].Body.(*clinic.Report).Lines()[0] != m.Lines[0] {
		t.Errorf("%+v", again.Changes)
	}
}

// TestMonthOfTwoBoxes: a month that another box of the station handed in is replaced only by
// who says so, and the report tells whose visits it counts.
func TestMonthOfTwoBoxes(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	id := s.register("A")
	s.exam(s.open(id), "sốt")
	other, day := clinic.NewID(), clinic.Date{Year: 2026, Month: 11, Day: 2}
	key, err := clinic.NewVisitKey("22736", "b", day, 3)
	if err != nil {
		t.Fatal(err)
	}
	month := clinic.Date{Year: 2026, Month: 11, Day: 1}
	theirs := clinic.NewReport(month, []clinic.ReportLine{{Key: clinic.ReportVisits, Value: 1}, {Key: clinic.ReportUsed, Of: "AMOX", Value: 5000}}, 9)
	theirs.Box, theirs.Books = "tram-02", []string{"b"}
	err = s.store.Receive(s.doctor,
		clinic.Draft{Kind: clinic.KindVisit, Subject: id, Visit: other, Body: &clinic.Visit{Key: key, Day: day, Queue: 3}},
		clinic.Draft{Kind: clinic.KindExam, Subject: id, Visit: other, Body: &clinic.Exam{Reason: "ho"}},
		clinic.Draft{Kind: clinic.KindReport, Subject: clinic.ReportsID(), Body: theirs})
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Add(35 * 24 * time.Hour)
	report := func() desk.MonthReport {
		m, err := s.MonthReport(ctx, s.nurse, month)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := report()
	if m.Other != "tram-02" || !slices.Equal(m.Books, []clinic.BookCount{{Book: "a", Visits: 1}, {Book: "b", Visits: 1}}) {
		t.Fatalf("%q %+v", m.Other, m.Books)
	}
	if slices.ContainsFunc(m.Changes, func(c clinic.ReportChange) bool { return c.Key == clinic.ReportUsed }) {
		t.Error("another box's shelves are compared with ours")
	}
	in := desk.ReportInput{Month: month, Digest: m.Digest}
	_, err = s.HandIn(ctx, call(s.admin), in)
	if e := s.refused(err, desk.CodeReportOther, "again"); e.Args["box"] != "tram-02" {
		t.Errorf("%+v", e)
	}
	in.Again = true
	done := s.must(s.HandIn(ctx, call(s.admin), in))
	if b := done.Records[0].Body.(*clinic.Report); done.Records[0].Corrects != m.Handed[0].Leaf || b.Box != "tram-01" || !slices.Equal(b.Books, []string{"a", "b"}) {
		t.Errorf("%+v", b)
	}
	if m = report(); m.Other != "" || len(m.Handed) != 2 || len(m.Changes) != 0 {
		t.Errorf("after it was replaced: %q, %d handed in, %+v", m.Other, len(m.Handed), m.Changes)
	}
}

// TestDayBook: the register tells what was done, and looking at it is a look.
func TestDayBook(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Nguyễn Thị Mẫu"))
	s.exam(on, "ho")
	s.diagnose(on)
	s.sign(on)
	flush := func() {
		t.Helper()
		if err := s.Views().Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	before := s.viewed(on.Patient)
	s.clock.Add(11 * time.Minute)
	b, err := s.DayBook(t.Context(), s.admin, clinic.Date{Year: 2026, Month: 11, Day: 2})
	if err != nil || len(b.Rows) != 1 {
		t.Fatal(err, len(b.Rows))
	}
	if r := b.Rows[0]; r.Name != "Nguyễn Thị Mẫu" || r.Main.Name == "" || r.Clinician != "Trần Văn Thử" || r.State != clinic.VisitSigned {
		t.Errorf("%+v", r)
	}
	flush()
	if s.viewed(on.Patient) != before+1 {
		t.Error("reading the register is no look")
	}
	if _, err := s.DayBook(t.Context(), s.technician, b.Day); err == nil {
		t.Error("a technician reads the register")
	}
}
