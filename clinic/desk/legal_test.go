package desk_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/cms"
	"clinicbox/internal/cms/cmstest"
	"clinicbox/internal/fold"
)

// lawful is a station whose practitioner and facility have certificates of an
// invented authority.
type lawful struct {
	*station
	*cmstest.Station
}

func newLawful(t *testing.T, centre bool) *lawful {
	t.Helper()
	l := &lawful{newStation(t), cmstest.NewStation(t, "Trần Văn Thử", "001090000001", "Trạm Y tế Mẫu")}
	var err error
	l.Desk, err = desk.New(desk.Options{
		Store: l.store, Clock: l.clock, Pins: l.pins, Papers: l.papers, Scans: l.scans, Witness: l.store, Fold: fold.String,
		Site:  desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế Mẫu", Box: "tram-01", Book: "a"}},
		Legal: desk.Legal{Judge: l.Station.Judge().Judge, Decode: cms.Decode, Centre: centre},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// token signs a file as a token at the station's PC would.
func (l *lawful) token(content []byte, c *x509.Certificate) []byte {
	l.Helper()
	now, _ := l.clock.Now()
	return l.Token(content, c, now)
}

// signed is a visit with a prescription and an appointment, confirmed with the PIN.
func (l *lawful) signed() desk.On {
	l.Helper()
	on := l.open(l.register("Nguyễn Thị Mẫu"))
	l.exam(on, "ho")
	l.diagnose(on)
	l.must(l.Prescribe(l.Context(), call(l.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{
		{Medicine: "PARA", Dose: "1", Times: "3", Days: "5"},
	}}))
	l.appoint(on, 14)
	l.sign(on)
	return on
}

func (l *lawful) on(on desk.On, k clinic.Kind) desk.LegalOn {
	l.Helper()
	v := l.visit(on)
	return desk.LegalOn{Patient: on.Patient, Visit: on.Visit, Leaf: v.Visit.Doc(k).Leaf()}
}

func (l *lawful) file(on desk.LegalOn) []byte {
	l.Helper()
	name, b, err := l.LegalFile(l.Context(), l.doctor, on)
	if err != nil || !strings.HasSuffix(name, ".txt") || strings.Contains(name, "Mẫu") {
		l.Fatal(name, err)
	}
	return b
}

func (l *lawful) state(on desk.On, k clinic.Kind, want clinic.LegalState) *clinic.Legal {
	l.Helper()
	v := l.visit(on)
	legal := v.Visit.Doc(k).Current().Legal
	if legal.State != want {
		l.Fatalf("state %d, want %d", legal.State, want)
	}
	return legal
}

func (l *lawful) paper(on desk.On) string {
	l.Helper()
	l.must(l.PrintAppointment(l.Context(), call(l.nurse), desk.PrintInput{Patient: on.Patient, Visit: on.Visit}))
	var b strings.Builder
	for _, x := range l.papers.Docs[len(l.papers.Docs)-1].Blocks {
		b.WriteString(x.Text + "\n")
	}
	return b.String()
}

// The slip's way from the PIN over two tokens to a paper that needs no pen.
func TestTokensAtTheStation(t *testing.T) {
	l := newLawful(t, false)
	ctx := t.Context()
	on := l.signed()
	l.state(on, clinic.KindPrescribe, clinic.LegalNone)
	l.state(on, clinic.KindAppointment, clinic.LegalNone)
	if p := l.paper(on); !strings.Contains(p, "Chưa ký số: ký tên và đóng dấu trên giấy.") || strings.Contains(p, "ĐÃ KÝ SỐ") {
		t.Fatal(p)
	}
	slip := l.on(on, clinic.KindAppointment)
	l.must(l.AskLegal(ctx, call(l.doctor), slip, clinic.LegalAtStation))
	l.state(on, clinic.KindAppointment, clinic.LegalPending)
	if d := l.must(l.AskLegal(ctx, call(l.doctor), slip, clinic.LegalAtStation)); !d.Again {
		t.Error("asked twice")
	}
	content := l.file(slip)
	sig := l.token(content, l.Doctor)
	l.must(l.AttachLegal(ctx, call(l.doctor), slip, sig))
	if s := l.state(on, clinic.KindAppointment, clinic.LegalPending).Of(clinic.LegalPractitioner); s.Subject != "Trần Văn Thử" {
		t.Fatalf("%+v", s)
	}
	if d := l.must(l.AttachLegal(ctx, call(l.doctor), slip, sig)); !d.Again {
		t.Error("the same signature is recorded twice")
	}
	if p := l.paper(on); !strings.Contains(p, "Cơ sở chưa ký số: ký tên và đóng dấu trên giấy.") || strings.Count(p, "ĐÃ KÝ SỐ") != 1 {
		t.Fatal(p)
	}
	_, err := l.AttachLegal(ctx, call(l.doctor), slip, l.token(content, l.Doctor))
	l.refused(err, desk.CodeLegalDone, "signature")
	block := pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: l.token(content, l.Facility)})
	l.must(l.AttachLegal(ctx, call(l.doctor), slip, block))
	l.state(on, clinic.KindAppointment, clinic.LegalDone)
	if p := l.paper(on); strings.Contains(p, "hưa ký số") || strings.Count(p, "ĐÃ KÝ SỐ") != 2 || !strings.Contains(p, "Trạm Y tế Mẫu") {
		t.Fatal(p)
	}
	_, err = l.AskLegal(ctx, call(l.doctor), slip, clinic.LegalAtStation)
	l.refused(err, desk.CodeLegalDone, "")
	l.state(on, clinic.KindPrescribe, clinic.LegalNone) // another document
}

func TestCorrectionNeedsNewSignatures(t *testing.T) {
	l := newLawful(t, false)
	ctx := t.Context()
	on := l.signed()
	rx := l.on(on, clinic.KindPrescribe)
	content := l.file(rx)
	l.must(l.AttachLegal(ctx, call(l.doctor), rx, l.token(content, l.Doctor)))
	l.state(on, clinic.KindPrescribe, clinic.LegalDone)
	change := l.base(on, clinic.KindPrescribe)
	change.Why = "đổi liều"
	l.must(l.Prescribe(ctx, call(l.doctor), desk.PrescriptionInput{On: change, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "2", Days: "5"}}}))
	l.state(on, clinic.KindPrescribe, clinic.LegalNone)
	_, err := l.AttachLegal(ctx, call(l.doctor), rx, l.token(content, l.Doctor))
	l.refused(err, desk.CodeLegalOld, "")
	now := l.on(on, clinic.KindPrescribe)
	_, _, err = l.LegalFile(ctx, l.doctor, now)
	l.refused(err, desk.CodeLegalUnsigned, "")
	l.sign(on)
	_, err = l.AttachLegal(ctx, call(l.doctor), now, l.token(content, l.Doctor))
	if e := l.refused(err, desk.CodeLegalBad, "signature"); e.Args["problem"] != "legal.content" {
		t.Fatalf("%+v", e.Args)
	}
	l.must(l.AttachLegal(ctx, call(l.doctor), now, l.token(l.file(now), l.Doctor)))
	l.state(on, clinic.KindPrescribe, clinic.LegalDone)
	v := l.visit(on)
	if first := v.Visit.FindVersion(rx.Leaf); first.Legal.State != clinic.LegalDone {
		t.Error("what was signed by law is not any more")
	}
}

// With the centre's service one PIN asks for everything, in the same act.
func TestCentreIsAskedWithThePIN(t *testing.T) {
	l := newLawful(t, true)
	on := l.signed()
	for k, roles := range map[clinic.Kind]int{clinic.KindPrescribe: 1, clinic.KindAppointment: 2} {
		legal := l.state(on, k, clinic.LegalPending)
		if len(legal.Asked) != 1 || len(legal.Roles) != roles || !legal.Waits(clinic.LegalPractitioner) {
			t.Fatalf("%+v", legal)
		}
		a := legal.Asked[0].Body.(*clinic.LegalAsked)
		if a.Where != clinic.LegalAtCentre || !bytes.Equal(a.Person, l.doctor[:]) || legal.Asked[0].Act != l.visit(on).Visit.Signed[0].Record.Act {
			t.Fatalf("%+v", a)
		}
	}
	// The answer comes down as an entry of the centre's.
	slip := l.on(on, clinic.KindAppointment)
	content := l.file(slip)
	arrive := func(c *x509.Certificate, role clinic.LegalRole, sig []byte) {
		now, _ := l.clock.Now()
		l.put(clinic.Draft{Kind: clinic.KindLegalSigned, Subject: on.Patient, Visit: on.Visit, Body: &clinic.LegalSigned{
			Leaf: slip.Leaf[:], Role: role, Format: clinic.LegalCMS, Sig: sig, At: now.Unix(),
		}})
	}
	arrive(l.Doctor, clinic.LegalPractitioner, l.token(content, l.Doctor))
	arrive(l.Doctor, clinic.LegalFacility, l.token(content, l.Doctor)) // wrong role: loud, and counts for nothing
	if legal := l.state(on, clinic.KindAppointment, clinic.LegalPending); !legal.Broken {
		t.Fatal("a wrong signature is not loud")
	}
	arrive(l.Facility, clinic.LegalFacility, l.token(content, l.Facility))
	l.state(on, clinic.KindAppointment, clinic.LegalDone)
	if p := l.paper(on); strings.Count(p, "ĐÃ KÝ SỐ") != 2 {
		t.Fatal(p)
	}
	on2 := l.open(l.register("Lê Văn Thường")) // a visit without legal documents asks for nothing
	l.exam(on2, "ho")
	l.diagnose(on2)
	n := l.store.Len()
	l.sign(on2)
	if l.store.Len() != n+1 {
		t.Error("asked for nothing")
	}
}

func TestLegalRefusals(t *testing.T) {
	l := newLawful(t, false)
	ctx := t.Context()
	on := l.signed()
	rx := l.on(on, clinic.KindPrescribe)
	good := l.file(rx)
	exam := l.on(on, clinic.KindExam)
	other := l.open(l.register("Người Khác"))
	attach := func(by clinic.ID, on desk.LegalOn, b []byte) error {
		_, err := l.AttachLegal(ctx, call(by), on, b)
		return err
	}
	sig := l.token(good, l.Doctor)
	n := l.store.Len()
	l.refused(attach(l.nurse, rx, sig), desk.CodeNotAllowed, "")
	l.refused(attach(l.technician, rx, sig), desk.CodeNotAllowed, "")
	l.refused(attach(l.doctor, exam, sig), desk.CodeLegalNone, "")
	l.refused(attach(l.doctor, desk.LegalOn{Patient: on.Patient, Visit: on.Visit, Leaf: clinic.Leaf{1}}, sig), desk.CodeLegalNone, "")
	l.refused(attach(l.doctor, desk.LegalOn{Patient: other.Patient, Visit: on.Visit, Leaf: rx.Leaf}, sig), desk.CodeMixed, "")
	l.refused(attach(l.doctor, rx, []byte("  \n")), desk.CodeRequired, "signature")
	for problem, b := range map[string][]byte{
		"legal.form":    []byte("đây không phải chữ ký"),
		"legal.content": l.token([]byte("khác"), l.Doctor),
	} {
		if e := l.refused(attach(l.doctor, rx, b), desk.CodeLegalBad, "signature"); e.Args["problem"] != problem {
			t.Errorf("%s: %v", problem, e.Args)
		}
	}
	_, err := l.AskLegal(ctx, call(l.doctor), rx, clinic.LegalAtCentre)
	l.refused(err, desk.CodeLegalCentre, "")
	_, err = l.AskLegal(ctx, call(l.nurse), rx, clinic.LegalAtStation)
	l.refused(err, desk.CodeNotAllowed, "")
	_, _, err = l.LegalFile(ctx, l.nurse, rx)
	l.refused(err, desk.CodeNotAllowed, "")
	l.refused(attach(l.doctor, rx, l.token(good, l.Facility)), desk.CodeLegalDone, "") // a prescription has no stamp
	l.clock.Trust(false)
	l.refused(attach(l.doctor, rx, sig), desk.CodeClockUntrusted, "")
	if l.store.Len() != n {
		t.Error("a refusal left an entry")
	}
	plain := newStation(t)
	_, err = plain.AttachLegal(ctx, call(plain.doctor), rx, sig)
	if e := plain.refused(err, desk.CodeLegalBad, ""); e.Args["problem"] != "legal.unchecked" {
		t.Error(e.Args)
	}
}

func TestOtherSigner(t *testing.T) {
	l := newLawful(t, false)
	p := desk.Person{Staff: clinic.Staff{Name: "Trần Văn Thử"}}
	for name, want := range map[string]bool{"TRẦN VĂN THỬ": false, "Tran Van Thu": false, "BS Trần Văn Thử": false, "Lê Thị Giả": true, "": true} {
		if l.OtherSigner(p, name) != want {
			t.Errorf("%q", name)
		}
	}
}
