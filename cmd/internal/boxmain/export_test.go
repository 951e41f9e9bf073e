package boxmain

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/store"
)

// exportWorld is a box that number and PIN open, with two patients, of whom one is
// protected.
type exportWorld struct {
	*testing.T
	config           string
	dir              string            // for exports
	numbers          map[string]string // by role
	code             string            // on paper
	patient, guarded clinic.ID
}

const adminPIN, doctorPIN, technicianPIN = "839201", "571946", "264831"

func newExportWorld(t *testing.T) *exportWorld {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "serial-number")
	if err := os.WriteFile(secret, []byte("10000000abcdef01\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &exportWorld{
		T: t, config: write(t, "[seal]\nmethod = \"board\"\nboard = \""+secret+"\"\n"), dir: t.TempDir(),
		numbers: map[string]string{}, patient: clinic.ID{0xa1, 2, 3}, guarded: clinic.ID{0xb2, 2, 3},
	}
	said := w.good(adminPIN+"\n", "staff", "-name", "Lê Thị Quản Trị")
	w.code = regexp.MustCompile(`(?m)^    (\S.*)$`).FindStringSubmatch(said)[1]
	w.number("administrator", said)
	for role, pin := range map[string]string{"doctor": doctorPIN, "technician": technicianPIN} {
		w.number(role, w.good(pin+"\n"+w.as("administrator", adminPIN), "staff", "-name", "Người "+role, "-role", role))
	}
	w.with(func(s *store.Store) {
		drafts := []clinic.Draft{
			{Kind: clinic.KindPatient, Subject: w.patient, Body: &clinic.Patient{Name: "Nguyễn Thị Mẫu"}},
			{Kind: clinic.KindPatient, Subject: w.guarded, Body: &clinic.Patient{Name: "Trần Văn Kín"}},
			{Kind: clinic.KindProtection, Subject: w.guarded, Why: "người nhà làm ở trạm", Body: &clinic.Protection{On: true}},
		}
		_, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return drafts, nil })
		if err != nil {
			t.Fatal(err)
		}
	})
	return w
}

func (w *exportWorld) number(role, said string) {
	w.Helper()
	m := regexp.MustCompile(`unlock number: (\d+)`).FindStringSubmatch(said)
	if m == nil {
		w.Fatal(said)
	}
	w.numbers[role] = m[1]
}

// as is what somebody types to open the box.
func (w *exportWorld) as(role, pin string) string { return w.numbers[role] + "\n" + pin + "\n" }

// run runs a command of the box.
func (w *exportWorld) run(stdin, command string, args ...string) (code int, said string) {
	w.Helper()
	code, out, errs := clinicbox(w.T, stdin, append([]string{command, "-config", w.config}, args...)...)
	return code, out + errs
}

func (w *exportWorld) good(stdin, command string, args ...string) string {
	w.Helper()
	code, said := w.run(stdin, command, args...)
	if code != ExitOK {
		w.Fatalf("%s %q: %d %s", command, args, code, said)
	}
	return said
}

// file is a name for an export.
func (w *exportWorld) file(name string) string { return filepath.Join(w.dir, name) }

// with opens the stopped box's records.
func (w *exportWorld) with(do func(*store.Store)) {
	w.Helper()
	withStore(w.T, w.config, func(v *vault) error {
		owner, err := v.owner(w.numbers["administrator"])
		if err != nil {
			return err
		}
		return v.unlock(w.Context(), v.method(owner, adminPIN))
	}, do)
}

func withStore(t *testing.T, path string, unlock func(*vault) error, do func(*store.Store)) {
	t.Helper()
	v := opened1(t, must[config.Box](t)(Load(path)))
	defer v.close()
	if err := unlock(v); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), must[store.Options](t)(storeOptions(v, quiet())))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	do(s)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// machineEvents are what the box recorded of itself.
func machineEvents(t *testing.T, s *store.Store) (out []clinic.Machine) {
	t.Helper()
	err := s.View(t.Context(), func(r desk.Reader) error {
		records, err := r.Records(clinic.MachineSubject())
		for _, rec := range records {
			if m, ok := rec.Body.(*clinic.Machine); ok {
				out = append(out, *m)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// timesTold counts how often the box recorded something of itself.
func timesTold(t *testing.T, s *store.Store, what string) (n int) {
	t.Helper()
	for _, m := range machineEvents(t, s) {
		if m.Event == what {
			n++
		}
	}
	return n
}

func (w *exportWorld) exports() (n int) {
	w.with(func(s *store.Store) { n = timesTold(w.T, s, clinic.MachineExported) })
	return n
}

// nothing fails when an export or a part of one is there, or recorded.
func (w *exportWorld) nothing() {
	w.Helper()
	if es, err := os.ReadDir(w.dir); err != nil || len(es) > 0 {
		w.Errorf("refused exports left %v %v", es, err)
	}
	if n := w.exports(); n != 0 {
		w.Errorf("%d exports are recorded that there are not", n)
	}
}

// TestWhoMayExport: an administrator by number and PIN, or who has the recovery code;
// nobody else, and a protected record with a reason only. What leaves is recorded
// before it does; what is refused leaves nothing.
func TestWhoMayExport(t *testing.T) {
	commandAfterCommand(t)
	w := newExportWorld(t)
	admin := w.as("administrator", adminPIN)
	for _, c := range []struct {
		what, stdin, want string
		args              []string
	}{
		{"technician", w.as("technician", technicianPIN), "Only an administrator", []string{w.file("a.zip")}},
		{"doctor", w.as("doctor", doctorPIN), "Only an administrator", []string{w.file("a.zip")}},
		{"doctor, one patient", w.as("doctor", doctorPIN), "Only an administrator", []string{"-patient", w.patient.String(), w.file("a.zip")}},
		{"wrong PIN", w.as("administrator", doctorPIN), "Wrong number or PIN", []string{w.file("a.zip")}},
		{"nobody", "\n", "nothing was typed", []string{w.file("a.zip")}},
		{"recovery code, one patient", "0\n" + w.code + "\n", "administrator's number", []string{"-patient", w.patient.String(), w.file("a.zip")}},
		{"protected", admin, "-reason", []string{"-patient", w.guarded.String(), w.file("a.zip")}},
		{"unknown patient", admin, "no patient", []string{"-patient", clinic.ID{5}.String(), w.file("a.zip")}},
		{"no identifier", admin, "hexadecimal", []string{"-patient", "x", w.file("a.zip")}},
		{"no file", admin, "EXPORT.zip", nil},
		{"no such folder", admin, "no such file", []string{w.file("none/a.zip")}},
	} {
		if code, said := w.run(c.stdin, "export", c.args...); code == ExitOK || !strings.Contains(said, c.want) {
			t.Errorf("%s: %d %s", c.what, code, said)
		}
	}
	w.nothing()
	for name, c := range map[string]struct {
		stdin string
		args  []string
	}{
		"all.zip":     {admin, nil},
		"code.zip":    {"0\n" + w.code + "\n", nil},
		"one.zip":     {admin, []string{"-patient", w.patient.String()}},
		"guarded.zip": {admin, []string{"-patient", w.guarded.String(), "-reason", "người bệnh xin chuyển tuyến"}},
	} {
		said := w.good(c.stdin, "export", append(c.args, w.file(name))...)
		if !strings.Contains(said, "NOT encrypted") || !strings.Contains(said, "key of the box") {
			t.Errorf("%s: %s", name, said)
		}
		if info, err := os.Stat(w.file(name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if n := w.exports(); n != 4 {
		t.Errorf("%d of 4 exports are recorded", n)
	}
	w.with(func(s *store.Store) {
		for patient, opened := range map[clinic.ID]clinic.OpenReason{w.patient: 0, w.guarded: clinic.OpenAsked} {
			looks := looksAt(t, s, patient)
			if len(looks) != 1 || looks[0].Opened != opened {
				t.Errorf("looks at the record: %+v", looks)
			}
		}
	})
	if code, said := w.run(admin, "export", w.file("all.zip")); code != ExitFailure || !strings.Contains(said, "not written over") {
		t.Errorf("over another: %d %s", code, said)
	}
	if text := unzipped(t, w.file("one.zip")); !strings.Contains(text, "Nguyễn Thị Mẫu") || strings.Contains(text, "Kín") || strings.Contains(text, w.guarded.String()) {
		t.Error("one patient's export lacks the patient, or has another")
	}
}

func looksAt(t *testing.T, s *store.Store, patient clinic.ID) (out []desk.Look) {
	t.Helper()
	err := s.View(t.Context(), func(r desk.Reader) (err error) {
		out, _, err = r.Looks(patient, desk.LookQuery{Limit: 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestExportImportByCommands: the box is lost, its export is not. A new box takes it
// over, the person who imports logs in, and the numbers jump.
func TestExportImportByCommands(t *testing.T) {
	commandAfterCommand(t)
	w := newExportWorld(t)
	key := keyOf(t, w.good(w.as("administrator", adminPIN), "export", w.file("all.zip")))
	if code, out, said := clinicbox(t, "", "verify", "export", "-key", key, w.file("all.zip")); code != ExitOK || !strings.Contains(out, "good") || strings.Contains(out, "NOT KNOWN") {
		t.Fatal(code, out, said)
	}
	if code, out, _ := clinicbox(t, "", "verify", "export", w.file("all.zip")); code != ExitOK || !strings.Contains(out, "NOT KNOWN") {
		t.Error("no key, and nobody says so:", code, out)
	}
	other := strings.Repeat("A", 43) + "="
	if code, _, said := clinicbox(t, "", "verify", "export", "-key", other, w.file("all.zip")); code != ExitDamage || !strings.Contains(said, "Another key") {
		t.Error(code, said)
	}
	w.good(w.as("administrator", adminPIN), "export", "-patient", w.patient.String(), w.file("one.zip"))
	b, err := os.ReadFile(w.file("all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte("entries.jsonl"))+100] ^= 1 // within what is compressed
	if err := os.WriteFile(w.file("bad.zip"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	to := &exportWorld{T: t, config: write(t, ""), numbers: map[string]string{}}
	const pin, name = "739164", "Đỗ Thị Kế Nhiệm"
	for _, c := range []struct {
		what, want string
		args       []string
	}{
		{"damaged", "Nothing was taken", []string{"-name", name, w.file("bad.zip")}},
		{"one patient", "makes no box", []string{"-name", name, w.file("one.zip")}},
		{"another key", "Another key", []string{"-name", name, "-key", other, w.file("all.zip")}},
		{"no name", "usage", []string{w.file("all.zip")}},
		{"a folder", "no export", []string{"-name", name, w.dir}},
		{"nothing there", "no such file", []string{"-name", name, w.file("none.zip")}},
	} {
		if code, said := to.run(pin+"\n", "import", c.args...); code == ExitOK || !strings.Contains(said, c.want) {
			t.Errorf("%s: %d %s", c.what, code, said)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(to.config), "data")); err == nil {
			t.Errorf("%s: something was made", c.what)
		}
	}
	to.good(pin+"\n", "import", "-name", name, "-key", key, w.file("all.zip"))
	if said := to.good("", "check"); !strings.Contains(said, "clean") {
		t.Error(said)
	}
	if code, said := to.run(pin+"\n", "import", "-name", name, w.file("all.zip")); code != ExitFailure || !strings.Contains(said, "only an empty one") {
		t.Error("twice:", code, said)
	}
	withStore(t, to.config, func(v *vault) error { return v.loadKey(t.Context(), false) }, func(s *store.Store) {
		var events []string
		for _, m := range machineEvents(t, s) {
			events = append(events, m.Event)
			if m.Event == clinic.MachineRestored && m.Fresh == nil {
				t.Error("numbers do not jump")
			}
		}
		if got := fmt.Sprint(events); !strings.Contains(got, clinic.MachineRestored) || !strings.Contains(got, clinic.MachineImported) || !strings.Contains(got, clinic.MachineExported) {
			t.Error(got)
		}
	})
	url, process, log := start(t, to.config)
	if code, body := get(t, url); code != 200 || !strings.Contains(body, name) || !strings.Contains(body, "Lê Thị Quản Trị") {
		t.Errorf("who imported, or who was there before, cannot be chosen at log-in: %d", code)
	}
	if code, said := to.run("1\n"+pin+"\n", "export", w.file("running.zip")); code != ExitFailure || !strings.Contains(said, "already running") {
		t.Errorf("beside a running box: %d %s", code, said)
	}
	_ = process.Process.Signal(os.Interrupt)
	if err := process.Wait(); err != nil {
		t.Error(err)
	}
	log.Absent("Nguyễn Thị Mẫu", pin)
}

func keyOf(t *testing.T, said string) string {
	t.Helper()
	m := regexp.MustCompile(`key of the box: (\S{44})`).FindStringSubmatch(said)
	if m == nil {
		t.Fatal(said)
	}
	return m[1]
}

// TestImportGoesOnAfterACut: the keys of the new box were made, then the power went.
// The recovery code is on paper already; the same command brings the records.
func TestImportGoesOnAfterACut(t *testing.T) {
	commandAfterCommand(t)
	w := newExportWorld(t)
	w.good(w.as("administrator", adminPIN), "export", w.file("all.zip"))
	to := newExportWorld(t) // its keys
	data := filepath.Join(filepath.Dir(to.config), "data")
	for _, name := range []string{"own", "in", "epoch"} {
		if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
			t.Fatal(err)
		}
	}
	views, err := fs.Glob(os.DirFS(data), "views-*.db")
	if err != nil || len(views) != 1 || os.Remove(filepath.Join(data, views[0])) != nil {
		t.Fatal(views, err)
	}
	if err := os.MkdirAll(filepath.Join(data, "importing", "own"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, said := to.run(to.as("administrator", adminPIN), "check"); code == ExitOK {
		t.Errorf("half an import is clean: %s", said)
	}
	to.good("739164\n"+to.as("administrator", adminPIN), "import", "-name", "Đỗ Thị Kế Nhiệm", w.file("all.zip"))
	if said := to.good(to.as("administrator", adminPIN), "check"); !strings.Contains(said, "clean") {
		t.Error(said)
	}
}

// unzipped is all text of an export.
func unzipped(t *testing.T, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
