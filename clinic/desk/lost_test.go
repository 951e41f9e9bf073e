package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
)

// lose makes the latest record of the kind unreadable, of a patient's or of a visit's.
func (s *station) lose(patient clinic.ID, kind clinic.Kind) {
	s.Helper()
	var last clinic.Leaf
	err := s.store.View(s.Context(), func(r desk.Reader) error {
		records, err := r.Records(patient)
		for _, rec := range records {
			if rec.Kind == kind {
				last = rec.Leaf
			}
		}
		return err
	})
	if err != nil || !s.store.Lose(last) {
		s.Fatal("nothing to lose", err)
	}
}

// prescribed writes one medicine.
func (s *station) prescribed(on desk.On, medicine string) error {
	in := desk.PrescriptionInput{On: s.base(on, clinic.KindPrescribe), Lines: []desk.DrugInput{
		{Medicine: medicine, Dose: "1", Times: "2", Days: "3"},
	}}
	_, err := s.Prescribe(s.Context(), call(s.doctor), in)
	return err
}

func (s *station) asked(patient clinic.ID, items ...clinic.Allergy) {
	s.Helper()
	p, err := s.PatientPage(s.Context(), s.doctor, patient)
	if err != nil {
		s.Fatal(err)
	}
	s.must(s.SetAllergies(s.Context(), call(s.doctor), desk.AllergiesInput{Patient: patient, Asked: true, Items: items, Tips: p.Allergies.Tips}))
}

func (s *station) signs(on desk.On) error {
	s.Helper()
	v := s.visit(on)
	_, err := s.Sign(s.Context(), call(s.doctor), desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN, Seen: v.Visit.Seen()})
	return err
}

// TestNoMedicineOnLostAllergies: while nobody knows what the patient must not get nothing
// is prescribed and no prescription is signed; what is heard then counts.
func TestNoMedicineOnLostAllergies(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Sương"))
	s.asked(on.Patient, clinic.Allergy{Substance: "Paracetamol"})
	s.exam(on, "ho")
	s.diagnose(on)
	if err := s.prescribed(on, "AMOX"); err != nil {
		t.Fatal(err)
	}
	s.lose(on.Patient, clinic.KindAllergies)
	s.refused(s.prescribed(on, "PARA"), desk.CodeAllergiesLost, "")
	s.refused(s.prescribed(on, "AMOX"), desk.CodeAllergiesLost, "") // nor is the one that is saved told to be right
	s.refused(s.signs(on), desk.CodeAllergiesLost, "")
	s.asked(on.Patient, clinic.Allergy{Substance: "Amoxicilin"})
	s.refused(s.signs(on), desk.CodeSignSafety, "")
	if err := s.prescribed(on, "PARA"); err != nil {
		t.Fatal(err)
	}
	if err := s.signs(on); err != nil {
		t.Fatal(err)
	}
}

// TestEveryPrescriptionIsLookedAt: two boxes wrote one each; the older one harms as much.
func TestEveryPrescriptionIsLookedAt(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Sương"))
	s.exam(on, "ho")
	s.diagnose(on)
	for _, m := range []string{"AMOX", "PARA"} {
		s.put(clinic.Draft{Kind: clinic.KindPrescribe, Subject: on.Patient, Visit: on.Visit, Body: &clinic.Prescription{
			Lines: []clinic.DrugLine{{Medicine: m, Name: m, Quantity: 1000}},
		}})
		s.clock.Add(time.Second)
	}
	s.asked(on.Patient, clinic.Allergy{Substance: "Amoxicilin"})
	s.refused(s.signs(on), desk.CodeSignSafety, "")
}

// TestAskedAgainIsEnough: a lost version of which not even the name is known is not asked
// for for ever, and one of an unknown kind neither.
func TestAskedAgainIsEnough(t *testing.T) {
	p := clinic.ID{1}
	at := func(minute int) uint64 {
		return clinic.HLCAt(time.Date(2026, 11, 2, 8, minute, 0, 0, clinic.ICT))
	}
	version := func(minute int, corrects clinic.Leaf, merges ...[]byte) clinic.Record {
		return clinic.Record{
			Kind: clinic.KindAllergies, Subject: p, Leaf: clinic.Leaf{byte(minute)}, HLC: at(minute), Corrects: corrects,
			Body: &clinic.Allergies{Asked: true, Merges: merges},
		}
	}
	hole := func(minute int, kind clinic.Kind, leaf clinic.Leaf) clinic.Hole {
		r := clinic.Record{HLC: at(minute)}
		return clinic.Hole{Leaf: leaf, Kind: kind, Recorded: r.Recorded()}
	}
	lost := clinic.Leaf{99}
	for name, tt := range map[string]struct {
		records []clinic.Record
		hole    clinic.Hole
		lost    bool
		tips    int
	}{
		"never asked again":               {nil, hole(1, clinic.KindAllergies, lost), true, 1},
		"an unknown kind":                 {nil, hole(1, 0, lost), true, 1},
		"another kind":                    {nil, hole(1, clinic.KindExam, lost), false, 0},
		"asked before":                    {[]clinic.Record{version(1, clinic.Leaf{})}, hole(2, clinic.KindAllergies, lost), true, 2},
		"asked again":                     {[]clinic.Record{version(3, lost)}, hole(2, clinic.KindAllergies, lost), false, 1},
		"asked again, unknown kind":       {[]clinic.Record{version(3, clinic.Leaf{}, lost[:])}, hole(2, 0, lost), false, 1},
		"by a box that did not know":      {[]clinic.Record{version(3, clinic.Leaf{})}, hole(2, clinic.KindAllergies, lost), true, 2},
		"nameless, asked before":          {[]clinic.Record{version(1, clinic.Leaf{})}, hole(2, clinic.KindAllergies, clinic.Leaf{}), true, 1},
		"nameless, asked again":           {[]clinic.Record{version(3, clinic.Leaf{})}, hole(2, clinic.KindAllergies, clinic.Leaf{}), false, 1},
		"nameless and kindless, asked so": {[]clinic.Record{version(3, clinic.Leaf{})}, hole(2, 0, clinic.Leaf{}), false, 1},
	} {
		f := clinic.FoldPatient(p, tt.records)
		f.Lose([]clinic.Hole{tt.hole})
		if f.Allergies.Lost != tt.lost || len(f.Allergies.Tips) != tt.tips {
			t.Errorf("%s: lost %v, %d tips", name, f.Allergies.Lost, len(f.Allergies.Tips))
		}
	}
}

// TestLostDetails: a patient of whom not even the name can be read is there all the same,
// with what can be read, and can be typed in again.
func TestLostDetails(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	in := somebody("Nguyễn Thị Mẫu")
	in.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034190012345"}}
	p := s.must(s.Register(ctx, call(s.nurse), in)).Patient
	on := s.open(p)
	s.asked(p, clinic.Allergy{Substance: "Penicillin"})
	s.appoint(on, 7)
	s.lose(p, clinic.KindPatient)
	page, err := s.PatientPage(ctx, s.nurse, p)
	if err != nil || !page.NoDetails || len(page.Allergies.Items) != 1 || len(page.Visits) != 1 || len(page.Lost) != 1 {
		t.Fatalf("%+v, %v", page.PatientFile, err)
	}
	if day, err := s.Today(ctx, s.nurse); err != nil || len(day.Rows) != 1 || day.Rows[0].Patient != p {
		t.Errorf("%+v, %v", day, err)
	}
	if hits, err := s.Find(ctx, s.nurse, "034190012345"); err != nil || len(hits) != 1 || hits[0].ID != p {
		t.Errorf("the number finds %d people, %v", len(hits), err)
	}
	_, err = s.PrintAppointment(ctx, call(s.nurse), desk.PrintInput{Patient: p, Visit: on.Visit})
	s.refused(err, desk.CodeLost, "")
	s.exam(on, "ho") // work goes on
	again := somebody("Nguyễn Thị Mẫu")
	again.ID = p
	_, err = s.ChangePatient(ctx, call(s.nurse), again)
	s.refused(err, desk.CodeChanged, "")
	again.Base, _ = page.LostDetails()
	s.must(s.ChangePatient(ctx, call(s.nurse), again))
	if page, err = s.PatientPage(ctx, s.nurse, p); err != nil || page.NoDetails || page.Now.Name != "Nguyễn Thị Mẫu" {
		t.Errorf("%+v, %v", page.Now, err)
	}
	if _, err := s.PatientPage(ctx, s.nurse, clinic.ID{7, 7}); err == nil {
		t.Error("nobody is a patient")
	}
	s.lose(s.nurse, clinic.KindStaff)
	_, err = s.PatientPage(ctx, s.doctor, s.nurse)
	s.refused(err, desk.CodeNoPatient, "")
}

// TestPaperTellsOfWhatIsLost: a diagnosis that cannot be read is not printed as none, and
// an appointment that was made is not "none".
func TestPaperTellsOfWhatIsLost(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Sương"))
	s.exam(on, "ho")
	s.diagnose(on)
	s.appoint(on, 7)
	printed := func() string {
		t.Helper()
		s.must(s.PrintAppointment(t.Context(), call(s.nurse), desk.PrintInput{Patient: on.Patient, Visit: on.Visit}))
		return words(s.papers.Docs[len(s.papers.Docs)-1])
	}
	const none, lost = "Bệnh kèm theo không có", "Bệnh kèm theo không đọc được"
	if got := printed(); strings.Contains(got, none) || strings.Contains(got, lost) || !strings.Contains(got, "I10") {
		t.Fatal(got)
	}
	s.lose(on.Patient, clinic.KindDiagnosis)
	if got := printed(); strings.Contains(got, none) || !strings.Contains(got, lost) || strings.Contains(got, "chưa ghi") {
		t.Error(got)
	}
	s.lose(on.Patient, clinic.KindAppointment)
	_, err := s.PrintAppointment(t.Context(), call(s.nurse), desk.PrintInput{Patient: on.Patient, Visit: on.Visit})
	s.refused(err, desk.CodeLost, "")
}

func words(d paper.Doc) string {
	var out []string
	for _, b := range d.Blocks {
		out = append(out, fmt.Sprint(b))
	}
	return strings.Join(strings.Fields(strings.NewReplacer("{", " ", "}", " ").Replace(strings.Join(out, "\n"))), " ")
}

// TestLostBillOfAProtectedRecord: who takes the money is told that a bill was there.
func TestLostBillOfAProtectedRecord(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("Sương"))
	s.exam(on, "ho")
	s.must(s.Bill(ctx, call(s.nurse), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM"}}}))
	s.lose(on.Patient, clinic.KindExam)
	s.lose(on.Patient, clinic.KindBill)
	if err := s.Protect(ctx, call(s.doctor), desk.ProtectInput{Patient: on.Patient, On: true, Why: "x"}); err != nil {
		t.Fatal(err)
	}
	v, err := s.VisitPage(ctx, s.cashier, on.Patient, on.Visit)
	if err != nil || len(v.Visit.MayLack) != 1 || v.Visit.MayLack[0].Kind != clinic.KindBill {
		t.Errorf("%+v, %v", v.Visit.MayLack, err)
	}
}

// TestVisitOfWhichNothingIsLeft still tells that something was there.
func TestVisitOfWhichNothingIsLeft(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Sương"))
	s.lose(on.Patient, clinic.KindVisit)
	if v := s.visit(on); len(v.Visit.MayLack) != 1 || v.Visit.Patient != on.Patient {
		t.Errorf("%+v", v.Visit)
	}
}

// TestLostAllergiesOnEveryPage: pages that show allergies beside something else say it too.
func TestLostAllergiesOnEveryPage(t *testing.T) {
	s := newStation(t)
	p, q := s.register("Sương"), s.register("Biển")
	s.asked(p)
	s.lose(p, clinic.KindAllergies)
	looks, err := s.LooksAt(t.Context(), s.nurse, p, desk.LookFilter{})
	if err != nil || !looks.Allergies.Lost {
		t.Errorf("who looked: %+v, %v", looks.Allergies, err)
	}
	two, err := s.Compare(t.Context(), s.nurse, p, q)
	if err != nil || !two.Left.Allergies.Lost || len(two.Left.Lost) != 1 || len(two.Right.Lost) != 0 {
		t.Errorf("compared: %+v, %v", two.Left, err)
	}
	shut, err := s.Closed(t.Context(), s.nurse, p)
	if err != nil || !shut.Allergies.Lost {
		t.Errorf("closed: %+v, %v", shut.Allergies, err)
	}
}

// TestUnreadableProtectionEnds: a record that only a lost entry closes can be opened to
// all again.
func TestUnreadableProtectionEnds(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	p := s.register("Sương")
	protect := func(on bool) {
		if err := s.Protect(ctx, call(s.doctor), desk.ProtectInput{Patient: p, On: on, Why: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	protect(true)
	s.lose(p, clinic.KindProtection)
	_, err := s.PatientPage(ctx, s.nurse, p)
	s.refused(err, desk.CodeProtected, "")
	protect(false)
	if _, err := s.PatientPage(ctx, s.nurse, p); err != nil {
		t.Error(err)
	}
}

// TestRetentionOfWhatCannotBeRead: a visit whose diagnosis is lost is kept as long as any
// rule says, and one that a link protects tells no rule.
func TestRetentionOfWhatCannotBeRead(t *testing.T) {
	s := newStation(t)
	for code, years := range map[string]int{"KEEP10": 10, "KEEP20": 20} {
		applies := map[int]string{10: "*", 20: "F"}[years]
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogRetention, Code: code, Name: code, From: clinic.Date{Year: 2020, Month: 1, Day: 1}, Years: years, Applies: applies,
		}})
	}
	old := func(n int) (p, visit clinic.ID) {
		p, visit = s.register(fmt.Sprint("Xưa ", string(rune('A'+n)))), clinic.NewID()
		day := clinic.Date{Year: 2010, Month: 5, Day: n}
		s.put(clinic.Draft{Kind: clinic.KindVisit, Subject: p, Visit: visit, Body: &clinic.Visit{Key: fmt.Sprintf("22736a1005%02d0001", n), Day: day, Queue: 1}})
		s.put(clinic.Draft{Kind: clinic.KindDiagnosis, Subject: p, Visit: visit, Body: &clinic.Diagnosis{Main: "J00"}})
		return p, visit
	}
	_, whole := old(1)
	torn, _ := old(2)
	bare, _ := old(3)
	linked, open := old(4)
	guarded, _ := old(5)
	s.lose(torn, clinic.KindDiagnosis)
	s.lose(bare, clinic.KindDiagnosis)
	s.lose(bare, clinic.KindVisit)
	s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: linked, Other: guarded, Same: true}))
	if err := s.Protect(t.Context(), call(s.doctor), desk.ProtectInput{Patient: guarded, On: true, Why: "x"}); err != nil {
		t.Fatal(err)
	}
	due, _, err := s.RetentionDue(t.Context(), s.admin)
	if err != nil {
		t.Fatal(err)
	}
	var plain, shut []clinic.ID
	for _, y := range due {
		for _, v := range y.Visits {
			if y.Until.IsZero() {
				shut = append(shut, v.Visit)
			} else {
				plain = append(plain, v.Visit)
			}
		}
	}
	if !slices.Equal(plain, []clinic.ID{whole}) || len(shut) != 2 || !slices.Contains(shut, open) {
		t.Errorf("due are %d with their rule and %d without", len(plain), len(shut))
	}
}

func (s *station) recordsOf(subject clinic.ID) (out []clinic.Record) {
	s.Helper()
	err := s.store.View(s.Context(), func(r desk.Reader) (err error) {
		out, err = r.Records(subject)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}
