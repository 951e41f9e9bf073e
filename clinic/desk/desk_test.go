package desk_test

import (
	"errors"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
)

// station is a desk with everything behind it, at 08:00 of 2 November 2026.
type station struct {
	*testing.T
	*desk.Desk
	store  *desktest.Store
	clock  *desktest.Clock
	pins   *desktest.Pins
	papers *desktest.Papers
	scans  desktest.Scans
	doctor, nurse, cashier,
	technician, admin clinic.ID
}

const doctorPIN = "480257"

var _ desk.Witness = (*desktest.Store)(nil)

func newStation(t *testing.T) *station {
	t.Helper()
	s := &station{
		T: t, clock: desktest.NewClock(time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT)),
		pins: desktest.NewPins(), papers: &desktest.Papers{}, scans: desktest.Scans{},
		doctor: clinic.ID{1}, nurse: clinic.ID{2}, cashier: clinic.ID{3}, technician: clinic.ID{4}, admin: clinic.ID{5},
	}
	s.store = desktest.NewStore(s.clock)
	var err error
	s.Desk, err = desk.New(desk.Options{
		Store: s.store, Clock: s.clock, Pins: s.pins, Papers: s.papers, Scans: s.scans, Witness: s.store,
		Fold: fold.String, NFC: nil,
		Site: desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế Mẫu", Box: "tram-01", Book: "a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetUp(t.Context(), s.seeds()); err != nil {
		t.Fatal(err)
	}
	s.catalog()
	return s
}

func (s *station) seeds() []desk.StaffSeed {
	p := func(id clinic.ID, name string, r clinic.Role, pin string) desk.StaffSeed {
		return desk.StaffSeed{ID: id, Staff: clinic.Staff{Name: name, Role: r}, PIN: pin}
	}
	return []desk.StaffSeed{
		p(s.doctor, "Trần Văn Thử", clinic.RoleDoctor, doctorPIN), p(s.nurse, "Lê Thị Giả", clinic.RoleNurse, "739105"),
		p(s.cashier, "Phạm Văn Bịa", clinic.RoleCashier, ""), p(s.technician, "Kỹ Thuật", clinic.RoleTechnician, "110358"),
		p(s.admin, "Quản Trị", clinic.RoleAdministrator, "271904"),
	}
}

func (s *station) catalog() {
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	rows := []clinic.CatalogRow{
		{Catalog: clinic.CatalogICD10, Code: "I10", Name: "Tăng huyết áp", Version: "v1"},
		{Catalog: clinic.CatalogICD10, Code: "J00", Name: "Viêm mũi họng cấp", Version: "v1"},
		{Catalog: clinic.CatalogICD10, Code: "A09", Name: "Tiêu chảy", To: clinic.Date{Year: 2026, Month: 10, Day: 31}},
		{Catalog: clinic.CatalogMedicine, Code: "AMOX", Name: "Amoxicilin", English: "Amoxicillin", Unit: "viên", Strength: "500 mg", Route: "uống", ATC: "J01CA04", Price: 1000},
		{Catalog: clinic.CatalogMedicine, Code: "PARA", Name: "Paracetamol", English: "Paracetamol", Unit: "viên", Route: "uống", ATC: "N02BE01", Price: 500},
		{Catalog: clinic.CatalogService, Code: "KHAM", Name: "Khám bệnh", Unit: "lần", Price: 36500},
	}
	for i := range rows {
		rows[i].From = from
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i]})
	}
}

func (s *station) put(d clinic.Draft) {
	s.Helper()
	_, err := s.store.Act(s.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{d}, nil })
	if err != nil {
		s.Fatal(err)
	}
}

func call(by clinic.ID) desk.Call { return desk.Call{Act: clinic.NewID(), By: by} }

// must fails the test on an error and returns what was done.
func (s *station) must(d desk.Done, err error) desk.Done {
	s.Helper()
	if err != nil {
		s.Fatalf("refused: %v", err)
	}
	return d
}

// refused fails the test unless err holds a refusal with the code (and field).
func (s *station) refused(err error, code desk.Code, field string) *desk.Error {
	s.Helper()
	for _, e := range desk.ErrorsOf(err) {
		if e.Code == code && (field == "" || e.Field == field) {
			return e
		}
	}
	s.Fatalf("got %v, want %s at %q", err, code, field)
	return nil
}

func somebody(name string) desk.PatientInput {
	return desk.PatientInput{Patient: clinic.Patient{Name: name, Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1990, Month: 5, Day: 1}}}
}

// register makes a patient; open queues one.
func (s *station) register(name string) clinic.ID {
	s.Helper()
	return s.must(s.Register(s.Context(), call(s.nurse), somebody(name))).Patient
}

func (s *station) open(patient clinic.ID) desk.On {
	s.Helper()
	d := s.must(s.OpenVisit(s.Context(), call(s.nurse), desk.VisitInput{Patient: patient}))
	return desk.On{Patient: patient, Visit: d.Visit}
}

// visit reads the visit's page.
func (s *station) visit(on desk.On) desk.VisitView {
	s.Helper()
	v, err := s.VisitPage(s.Context(), s.doctor, on.Patient, on.Visit)
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// base returns on with the current version of the kind as base.
func (s *station) base(on desk.On, k clinic.Kind) desk.On {
	s.Helper()
	v := s.visit(on)
	if d := v.Visit.Doc(k); d != nil {
		on.Base = d.Leaf()
	}
	return on
}

func (s *station) exam(on desk.On, reason string) desk.Done {
	s.Helper()
	return s.must(s.Exam(s.Context(), call(s.doctor), desk.ExamInput{On: on, Exam: clinic.Exam{Reason: reason}}))
}

func (s *station) diagnose(on desk.On) {
	s.Helper()
	s.must(s.Diagnose(s.Context(), call(s.doctor), desk.DiagnosisInput{On: on, Main: "i10", Others: []string{"J00", ""}}))
}

func (s *station) sign(on desk.On) {
	s.Helper()
	v := s.visit(on)
	s.must(s.Sign(s.Context(), call(s.doctor), desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN, Seen: v.Visit.Seen()}))
}

func (s *station) appoint(on desk.On, days int) desk.Done {
	s.Helper()
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}.AddDays(days)
	return s.must(s.Appoint(s.Context(), call(s.doctor), desk.AppointInput{On: on, Due: day, Hour: "08:30"}))
}

// The whole story of one visit, and the next one that its slip brings.
func TestOneVisit(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	if p, err := s.Login(ctx, desk.LoginInput{Person: s.doctor, PIN: doctorPIN}); err != nil || p.Role != clinic.RoleDoctor {
		t.Fatal(p, err)
	}
	p := s.register("Nguyễn Thị Mẫu")
	on := s.open(p)
	s.must(s.SetAllergies(ctx, call(s.nurse), desk.AllergiesInput{Patient: p, Asked: true}))
	s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"pulse": "72", "temperature": "37,2"}}))
	s.exam(on, "ho")
	s.diagnose(on)
	s.must(s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{
		{Medicine: "PARA", Dose: "1", Times: "3", Days: "5", When: "sau ăn"}, {}, {Medicine: "AMOX", Dose: "1/2", Times: "2", Days: "7"},
	}}))
	s.must(s.Bill(ctx, call(s.cashier), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM"}, {Code: "PARA", Quantity: "15"}}}))
	slip := desk.SlipOf(s.appoint(on, 14))
	s.sign(on)
	s.must(s.PrintAppointment(ctx, call(s.nurse), desk.PrintInput{Patient: on.Patient, Visit: on.Visit}))

	v := s.visit(on)
	rx := clinic.BodyOf[clinic.Prescription](v.Visit.Doc(clinic.KindPrescribe))
	bill := clinic.BodyOf[clinic.Bill](v.Visit.Doc(clinic.KindBill))
	dx := clinic.BodyOf[clinic.Diagnosis](v.Visit.Doc(clinic.KindDiagnosis))
	switch {
	case v.Visit.State != clinic.VisitSigned, len(v.Visit.Signed) != 1, len(v.Visit.Papers) != 1:
		t.Fatalf("state %d", v.Visit.State)
	case rx.Lines[0].Quantity != 15_000, rx.Lines[1].Quantity != 7000, rx.Lines[0].Name != "Paracetamol", rx.Code != "22736a000001-C":
		t.Fatalf("%+v", rx)
	case bill.Total() != 36500+15*500:
		t.Fatalf("bill %v", bill.Total())
	case dx.Main != "I10" || dx.Release != "v1" || v.ICD["I10"].Name == "" || len(dx.Others) != 1:
		t.Fatalf("%+v", dx)
	case v.Visit.Visit.Key != "22736a2611020001", v.Patient.Allergies.State != clinic.AllergiesNoneKnown, len(s.papers.Docs) != 1:
		t.Fatal("visit key, allergies or paper")
	}

	s.clock.Add(14 * 24 * time.Hour)
	s.scans["slip"] = clinic.Scan{Kind: clinic.ScanSlip, Slip: slip}
	res, err := s.FromScan(ctx, s.nurse, []byte("slip"))
	if err != nil || res.Answer != desk.ScanArrives || res.Hits[0].ID != p {
		t.Fatalf("%+v, %v", res.Answer, err)
	}
	next := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: p, Slip: slip, Source: clinic.SourceSlip}))
	if len(next.Records) != 2 || next.Visit == on.Visit {
		t.Fatal("the slip was not used up")
	}
	res, err = s.FromScan(ctx, s.nurse, []byte("slip"))
	if err != nil || res.Answer != desk.ScanKnown || res.Paper != desk.PaperUsed || res.Hits[0].ID != p {
		t.Fatalf("a used slip does not lead to its patient: %+v, %v", res.Answer, err)
	}
}

func TestUntrustedClock(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("A"))
	s.exam(on, "ho")
	s.diagnose(on)
	s.appoint(on, 14)
	s.clock.Trust(false)
	n := s.store.Len()
	v := s.visit(on)
	_, err := s.Sign(t.Context(), call(s.doctor), desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN, Seen: v.Visit.Seen()})
	s.refused(err, desk.CodeClockUntrusted, "")
	_, err = s.PrintAppointment(t.Context(), call(s.nurse), desk.PrintInput{Patient: on.Patient, Visit: on.Visit})
	s.refused(err, desk.CodeClockUntrusted, "")
	if s.store.Len() != n || len(s.papers.Docs) != 0 {
		t.Fatal("something dated was written")
	}
	other := s.open(s.register("B")) // notes are taken
	s.exam(other, "sốt")
	if v := s.visit(other); v.Visit.Doc(clinic.KindExam).Current().Record.Trusted {
		t.Fatal("the note claims a trusted time")
	}
}

func TestFaultsInPairs(t *testing.T) {
	for _, f := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		s := newStation(t)
		p := s.register("A")
		c := call(s.nurse)
		n := s.store.Len()
		s.store.Plan(f)
		_, err := s.OpenVisit(t.Context(), c, desk.VisitInput{Patient: p})
		if !errors.Is(err, desktest.ErrFault) || desk.ErrorsOf(err) != nil {
			t.Fatalf("%v", err)
		}
		d := s.must(s.OpenVisit(t.Context(), c, desk.VisitInput{Patient: p}))
		if d.Again != (f == desktest.FaultApplied) || s.store.Len() != n+1 || d.Visit.IsZero() {
			t.Fatalf("fault %d: %+v, %d entries", f, d, s.store.Len()-n)
		}
	}
}
