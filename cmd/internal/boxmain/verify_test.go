package boxmain

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
	"clinicbox/device/config"
	"clinicbox/internal/cert"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/testpeer"
	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
	"clinicbox/store"
)

// verifyWorld is a stopped box with a visit: an examination that is signed and was
// corrected since, vital signs under a signature that does not fit, an appointment.
type verifyWorld struct {
	*testing.T
	config              string
	stdin               string // opens the box
	patient, guarded    clinic.ID
	doctor, visit       clinic.ID
	exam, fixed         clinic.Record
	vitals, appointment clinic.Record
	signed, bent        clinic.Record
	kin, link           clinic.Record  // of guarded
	paper               clinic.PaperQR // of the appointment
}

// newVerifyWorld is a development box, which needs no PIN.
func newVerifyWorld(t *testing.T) *verifyWorld {
	t.Helper()
	w := &verifyWorld{T: t, config: write(t, ""), patient: clinic.ID{0xa1, 2, 3}, guarded: clinic.ID{0xb2, 2, 3}}
	withStore(t, w.config, func(v *vault) error { return v.loadKey(t.Context(), true) }, w.fill)
	return w
}

// fill records the visit.
func (w *verifyWorld) fill(s *store.Store) {
	w.Helper()
	t := w.T
	w.doctor, w.visit = clinic.NewID(), clinic.NewID()
	slip := must[string](t)(clinic.NewSlip("22736", "a", 12))
	key := keyFrom(1)
	act := func(d clinic.Draft) clinic.Record {
		if d.Subject.IsZero() {
			d.Subject, d.Visit = w.patient, w.visit
		}
		saved, err := s.Act(t.Context(), clinic.NewID(), w.doctor, func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{d}, nil })
		if err != nil {
			t.Fatal(err)
		}
		return saved.Records[0]
	}
	act(clinic.Draft{Kind: clinic.KindStaff, Subject: w.doctor, Body: &clinic.Staff{Name: "Trần Văn Thử", Title: "BS.", Role: clinic.RoleDoctor}})
	act(clinic.Draft{Kind: clinic.KindCredential, Subject: w.doctor, Body: &clinic.Credential{Request: requestOf(t, w.doctor, key)}})
	w.exam = act(clinic.Draft{Kind: clinic.KindExam, Body: &clinic.Exam{Reason: "bí mật lý do"}})
	w.signed = act(clinic.Draft{Kind: clinic.KindSigned, Body: signedBy(t, key, w.patient, w.visit, w.exam.Leaf)})
	w.fixed = act(clinic.Draft{Kind: clinic.KindExam, Corrects: w.exam.Leaf, Why: "bí mật vì sao", Body: &clinic.Exam{Reason: "bí mật khác"}})
	w.vitals = act(clinic.Draft{Kind: clinic.KindVitals, Body: &clinic.Vitals{Pulse: 72}})
	bent := signedBy(t, key, w.patient, w.visit, w.vitals.Leaf)
	bent.Sig[3] ^= 1
	w.bent = act(clinic.Draft{Kind: clinic.KindSigned, Body: bent})
	w.appointment = act(clinic.Draft{Kind: clinic.KindAppointment, Body: &clinic.Appointment{Slip: slip, Due: clinic.Date{Year: 2026, Month: 12, Day: 9}}})
	head, err := Witness{s}.Head()
	if err != nil {
		t.Fatal(err)
	}
	w.paper = clinic.PaperQR{Leaf: w.appointment.Leaf[:], TreeHead: head, Record: w.patient, Slip: slip}
	w.kin = act(clinic.Draft{Kind: clinic.KindPatient, Subject: w.guarded, Body: &clinic.Patient{Name: "Trần Văn Kín"}})
	w.link = act(clinic.Draft{Kind: clinic.KindLink, Subject: w.patient, Body: &clinic.Link{Other: w.guarded[:], Same: true}})
}

// asks verifies.
func (w *verifyWorld) asks(args ...string) (code int, said string) {
	w.Helper()
	code, out, errs := clinicbox(w.T, w.stdin, append([]string{"verify", "-config", w.config}, args...)...)
	return code, out + errs
}

func (w *verifyWorld) wants(code int, args []string, lines ...string) {
	w.Helper()
	got, said := w.asks(args...)
	if got != code {
		w.Errorf("verify %q: %d\n%s", args, got, said)
	}
	for _, l := range lines {
		if !strings.Contains(said, l) {
			w.Errorf("verify %q lacks %q:\n%s", args, l, said)
		}
	}
	if strings.Contains(said, "bí mật") || strings.Contains(said, "Nguyễn Thị Mẫu") || strings.Contains(said, "Kín") {
		w.Errorf("verify %q tells what a record says:\n%s", args, said)
	}
}

// TestVerifyRecords: one record by each of its names, and what is said of it.
func TestVerifyRecords(t *testing.T) {
	commandAfterCommand(t)
	w := newVerifyWorld(t)
	const proven, fits = "proven under the checkpoint of", "fits, the centre has not confirmed"
	by := fmt.Sprintf("own:%d, BS. Trần Văn Thử", w.signed.Ref.Index)
	w.wants(ExitOK, []string{refText(w.exam.Ref)}, proven, "khám / exam", by, fits, fmt.Sprintf("CORRECTED by own:%d", w.fixed.Ref.Index), "record of: "+w.patient.String())
	w.wants(ExitOK, []string{fmt.Sprintf("%x", w.exam.Leaf)}, proven, by)
	w.wants(ExitOK, []string{fmt.Sprintf("%X", w.exam.Leaf[:8])}, proven, by)
	w.wants(ExitOK, []string{refText(w.fixed.Ref)}, proven, "signature: chưa có / none", "không đổi / unchanged")
	w.wants(ExitOK, []string{refText(w.signed.Ref)}, proven, "ký xác nhận / signed", fits)
	w.wants(ExitDamage, []string{refText(w.vitals.Ref)}, proven, "!  chữ ký không khớp", "NOT proven")
	w.wants(ExitDamage, []string{refText(w.bent.Ref)}, "!  chữ ký không khớp")
	w.wants(ExitOK, []string{w.paper.Slip}, proven, "hẹn khám lại / appointment")
	w.wants(ExitOK, []string{w.paper.String()}, proven, "this journal as it was with")

	bent := func(change func(*clinic.PaperQR)) []string {
		q := w.paper
		change(&q)
		return []string{q.String()}
	}
	w.wants(ExitOK, bent(func(q *clinic.PaperQR) { q.Log = [8]byte{9}; q.Root = make([]byte, 16) }), proven, "of another journal")
	w.wants(ExitDamage, bent(func(q *clinic.PaperQR) { q.Root = make([]byte, 16) }), "the journal is not what it was")
	w.wants(ExitDamage, bent(func(q *clinic.PaperQR) { q.Size += 99 }), "some are gone")
	w.wants(ExitDamage, bent(func(q *clinic.PaperQR) { q.Record = w.guarded }), "another patient's record")
	w.wants(ExitDamage, bent(func(q *clinic.PaperQR) { q.Leaf = make([]byte, 16) }), "NO such entry")
	w.wants(ExitDamage, []string{"own:99999"}, "NO such entry")
	w.wants(ExitDamage, []string{"in:0"}, "NO such entry")
	for _, usage := range [][]string{{"own:-1"}, {"abcd"}, {"x"}, {"own:1", "own:2"}, {"-patient", "x"}, {"-patient", w.patient.String(), "own:1"}} {
		w.wants(ExitUsage, usage)
	}
}

// TestVerifyPatient: every record under every ID of the person, for who may.
func TestVerifyPatient(t *testing.T) {
	commandAfterCommand(t)
	box := newExportWorld(t)
	w := &verifyWorld{T: t, config: box.config, stdin: box.as("administrator", adminPIN), patient: box.patient, guarded: box.guarded}
	box.with(w.fill)
	w.wants(ExitDamage, []string{"-patient", w.patient.String()},
		refText(w.exam.Ref)+" ", refText(w.appointment.Ref)+" ", "hành chính / patient", "bảo vệ hồ sơ / protection",
		"!  "+refText(w.vitals.Ref)+": chữ ký không khớp")
	w.wants(ExitDamage, []string{"-patient", clinic.NewID().String()}, "NO such entry")
	for _, role := range []string{"doctor", "technician"} {
		pin := map[string]string{"doctor": doctorPIN, "technician": technicianPIN}[role]
		if code, said := box.run(box.as(role, pin), "verify", "-patient", w.patient.String()); code == ExitOK || strings.Contains(said, "own:") {
			t.Errorf("%s: %d %s", role, code, said)
		}
		if code, said := box.run(box.as(role, pin), "verify", refText(w.exam.Ref)); code != ExitOK {
			t.Errorf("%s, one record: %d %s", role, code, said)
		}
	}
	if code, said := box.run("0\n"+box.code+"\n", "verify", "-patient", w.guarded.String()); code != ExitDamage || !strings.Contains(said, refText(w.exam.Ref)+" ") {
		t.Errorf("by the recovery code, from the linked ID: %d %s", code, said)
	}
	for _, c := range []struct{ what, stdin, ref, want string }{
		{"a doctor's proof", box.as("doctor", doctorPIN), refText(w.exam.Ref), "Only an administrator"},
		{"of a protected record", w.stdin, refText(w.kin.Ref), "-reason"},
		{"by the recovery code", "0\n" + box.code + "\n", refText(w.exam.Ref), "administrator's number"},
	} {
		if code, said := box.run(c.stdin, "export", "-record", c.ref, box.file("a.zip")); code == ExitOK || !strings.Contains(said, c.want) {
			t.Errorf("%s: %d %s", c.what, code, said)
		}
	}
	box.nothing()
}

// TestVerifyLog: the whole log is compared with what was signed, from the entries.
func TestVerifyLog(t *testing.T) {
	w := newVerifyWorld(t)
	w.wants(ExitDamage, nil, "the signature does not fit", "public key of the log: cb/tram-01/")
	_, said := w.asks()
	line := strings.TrimSpace(said[strings.Index(said, "cb/tram-01/"):])
	origin, key, err := checkpoint.ParseKeyLine(strings.Fields(line)[0])
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(filepath.Dir(w.config), "data", "own")
	note, err := os.ReadFile(filepath.Join(own, "checkpoint"))
	if err != nil || !strings.Contains(string(note), origin) || len(key) == 0 {
		t.Errorf("%s is not the log's name: %v", origin, err)
	}
	// The stored tree is not believed: with another one the proof still stands, and
	// the difference is told.
	hashes := must[[]byte](t)(os.ReadFile(filepath.Join(own, "hashes")))
	hashes[len(hashes)/2] ^= 1
	if err := os.WriteFile(filepath.Join(own, "hashes"), hashes, 0o600); err != nil {
		t.Fatal(err)
	}
	w.wants(ExitDamage, []string{refText(w.exam.Ref)}, "proven under the checkpoint of", "stored hashes are wrong")
	// One entry's bytes are flipped: it is named, and nothing is proven of it.
	w.flip(own)
	w.wants(ExitDamage, nil, "cannot be read")
}

// flip changes a byte in the middle of the last segment.
func (w *verifyWorld) flip(own string) {
	w.Helper()
	segs, err := filepath.Glob(filepath.Join(own, "*.seg"))
	if err != nil || len(segs) == 0 {
		w.Fatal(err)
	}
	b := must[[]byte](w.T)(os.ReadFile(segs[len(segs)-1]))
	b[len(bytes.TrimRight(b, "\x00"))/2] ^= 1 // the rest is room
	if err := os.WriteFile(segs[len(segs)-1], b, 0o600); err != nil {
		w.Fatal(err)
	}
}

// TestPrintedPaperIsProven: what a scanner reads from the paper proves the record.
func TestPrintedPaperIsProven(t *testing.T) {
	zbar := testpeer.Need(t, "zbarimg")
	w := newVerifyWorld(t)
	slip := paper.Appointment{Copy: 1, QR: w.paper.String(), Appointment: *w.appointment.Body.(*clinic.Appointment), Printed: time.Now()}
	for _, width := range []printer.Width{printer.Width58, printer.Width80} {
		b, err := printer.Render(slip.Doc(), width)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "slip.png")
		picture := sim.PrinterSlip{Width: b.Width, Height: b.Height, Pix: b.Pix}
		if err := os.WriteFile(name, picture.PNG(1), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), zbar, "-q", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		w.wants(ExitOK, []string{strings.TrimSpace(string(out))}, "this journal as it was with", "hẹn khám lại / appointment")
	}
}

// TestProofByCommands: one record leaves the box with its proof, and who knows the root
// of the fleet, or the log's key line, proves it on another machine.
func TestProofByCommands(t *testing.T) {
	commandAfterCommand(t)
	f := newFleet(t)
	w := &verifyWorld{T: t, config: write(t, ""), patient: clinic.ID{0xa1, 2, 3}, guarded: clinic.ID{0xb2, 2, 3}}
	f.joinBox(must[config.Box](t)(Load(w.config)))
	if code, _, said := clinicbox(t, adminPIN+"\n", "staff", "-config", w.config, "-name", "Lê Thị Quản Trị"); code != ExitOK {
		t.Fatal(code, said)
	}
	withStore(t, w.config, func(v *vault) error { return v.loadKey(t.Context(), false) }, w.fill)
	dir, print := t.TempDir(), cert.Fingerprint(f.Root())
	export := func(ref string) (code int, path, said string) {
		path = filepath.Join(dir, clinic.NewID().String()+".zip")
		code, out, errs := clinicbox(t, "1\n"+adminPIN+"\n", "export", "-config", w.config, "-record", ref, path)
		return code, path, out + errs
	}
	line, stranger := "", cert.Fingerprint(newFleet(t).Root())
	for _, c := range []struct {
		ref  string
		code int
		want []string
	}{
		{w.paper.String(), ExitOK, []string{"one entry", "hẹn khám lại / appointment", "proven under the checkpoint of", "không đổi / unchanged"}},
		{w.paper.Slip, ExitOK, []string{"hẹn khám lại / appointment"}},
		{fmt.Sprintf("%x", w.exam.Leaf), ExitOK, []string{"khám / exam", fmt.Sprintf("CORRECTED by own:%d", w.fixed.Ref.Index), "BS. Trần Văn Thử", "fits, the centre has not confirmed"}},
		{refText(w.vitals.Ref), ExitDamage, []string{"sinh hiệu / vitals", "!  chữ ký không khớp"}},
	} {
		code, path, said := export(c.ref)
		if code != ExitOK {
			t.Fatalf("%s: %d %s", c.ref, code, said)
		}
		line = regexp.MustCompile(`cb/tram-01/\S+`).FindString(said)
		for _, by := range [][]string{{"-root", print}, {"-key", line}} {
			code, out, errs := clinicbox(t, "", append(append([]string{"verify", "export"}, by...), path)...)
			if code != c.code || strings.Contains(out, "NOT KNOWN") {
				t.Errorf("%s by %s: %d %s%s", c.ref, by[0], code, out, errs)
			}
			for _, want := range append(c.want, "certified by: gốc / root "+print) {
				if !strings.Contains(out, want) {
					t.Errorf("%s: %q is missing in\n%s", c.ref, want, out)
				}
			}
			if strings.Contains(out, "bí mật") {
				t.Errorf("verify tells what a record says:\n%s", out)
			}
		}
		if text := unzipped(t, path); strings.Contains(text, "Nguyễn Thị Mẫu") || strings.Contains(text, "Kín") {
			t.Errorf("%s: the proof has more than the record", c.ref)
		}
		if code, _, said := clinicbox(t, "", "verify", "export", "-root", stranger, path); code != ExitDamage || !strings.Contains(said, "Another key") {
			t.Errorf("by another root: %d %s", code, said)
		}
		if code, _, said := clinicbox(t, adminPIN+"\n", "import", "-config", write(t, ""), "-name", "Ai Đó", path); code == ExitOK || !strings.Contains(said, "one patient or entry") {
			t.Errorf("imported: %d %s", code, said)
		}
	}
	w.papers(export, line)
	_, said := w.asks()
	if !strings.Contains(said, line) {
		t.Errorf("the log's key line is not %s: %s", line, said)
	}
	for ref, want := range map[string]string{
		"own:0": "no patient", "own:99999": "NO such entry", "in:7": "NO such entry", "abcdef": "REF", "0123456789abcdef": "32 digits",
		refText(w.link.Ref): "names two patients", strings.Repeat("ab", 32): "NO such entry", "H22736A00778O": "NO such entry",
	} {
		if code, path, said := export(ref); code == ExitOK || !strings.Contains(said, want) {
			t.Errorf("%s: %d %s", ref, code, said)
		} else if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: left a file", ref)
		}
	}
}

// papers shows a paper beside exports of its record, of another record, and of everything.
func (w *verifyWorld) papers(export func(ref string) (int, string, string), line string) {
	w.Helper()
	_, proof, _ := export(w.paper.Slip)
	_, other, _ := export(refText(w.exam.Ref))
	all := filepath.Join(filepath.Dir(proof), "all.zip")
	if code, _, said := clinicbox(w.T, "1\n"+adminPIN+"\n", "export", "-config", w.config, all); code != ExitOK {
		w.Fatal(code, said)
	}
	stranger, fixed, exam := w.paper, w.paper, w.paper
	stranger.Record = w.guarded
	fixed.Leaf, exam.Leaf = w.fixed.Leaf[:], w.exam.Leaf[:]
	foreign := w.paper
	foreign.Log = [8]byte{1}
	for _, c := range []struct {
		what  string
		paper clinic.PaperQR
		file  string
		code  int
		want  string
	}{
		{"of the record", w.paper, proof, ExitOK, "of this very journal"},
		{"in everything, with a broken signature elsewhere", w.paper, all, ExitDamage, "đúng / good: 1"},
		{"corrected, in everything", exam, all, ExitDamage, "CORRECTED by"},
		{"of another journal", foreign, proof, ExitOK, "only the leaf hash is compared"},
		{"beside another's proof", w.paper, other, ExitDamage, "NO such entry"},
		{"of the correction in the proof", fixed, other, ExitDamage, "not of the one that it proves"},
		{"of another patient", stranger, proof, ExitDamage, "another patient's record"},
	} {
		code, out, errs := clinicbox(w.T, "", "verify", "export", "-key", line, "-paper", c.paper.String(), c.file)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			w.Errorf("a paper %s: %d %s%s", c.what, code, out, errs)
		}
	}
	if code, _, _ := clinicbox(w.T, "", "verify", "export", "-paper", "x", proof); code != ExitUsage {
		w.Error("what is no paper is taken for one")
	}
}
