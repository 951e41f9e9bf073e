package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/internal/entry"
	"clinicbox/internal/invent"
	"clinicbox/store"
)

// command runs a command of the box's program.
func command(t *testing.T, stdin string, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	p := &boxmain.Program{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &out}
	err := p.ParseFlags(args)
	if err == nil {
		err = p.Run(t.Context())
	}
	return p.Report(err), out.String()
}

func good(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	code, said := command(t, stdin, args...)
	if code != boxmain.ExitOK {
		t.Fatalf("%q: %d %s", args, code, said)
	}
	return said
}

// configured writes the configuration of a box without devices.
func configured(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "box.toml")
	text := fmt.Sprintf("[data]\ndir = \"data\"\n[facility]\ncode = %q\nname = %q\n[box]\nname = \"tram-mau\"\ntrust_clock = true\n[web]\nlisten = \"127.0.0.1:0\"\n",
		invent.FacilityCode, invent.FacilityName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// month fills a box with the past month of the invented clinic.
func month(t *testing.T) (path string, p past) {
	t.Helper()
	path = configured(t)
	cfg, err := boxmain.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	gen := invent.NewOn(7, clinic.DateOf(now).AddDays(-seedDays))
	p = past{cfg: cfg, team: newTeam(), now: now}
	for range seedPatients + newcomers {
		p.people = append(p.people, gen.Patient())
	}
	if err := p.seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path, p
}

// patients opens a stopped box and returns what its pages are made of, by patient.
func patients(t *testing.T, path string) map[clinic.ID][]clinic.Record {
	t.Helper()
	cfg, err := boxmain.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	key, err := boxmain.StorageKey(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Dir: cfg.Data.Dir, Key: key, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	raws, err := s.Own().Read(0, 1<<30, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	out := map[clinic.ID][]clinic.Record{}
	err = s.View(context.Background(), func(r desk.Reader) error {
		for i := range raws {
			e, err := entry.Decode(raws[i].Bytes, clinic.Ref{}, raws[i].Leaf)
			if err == nil && e.Kind == clinic.KindPatient {
				out[e.Subject], err = r.Records(e.Subject)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unzip returns the files of an export.
func unzip(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

// lines returns the lines of one journal in an export.
func lines(files map[string]string, journal string) (out []string) {
	for l := range strings.Lines(files["entries.jsonl"]) {
		if strings.HasPrefix(l, `{"journal":"`+journal+`"`) {
			out = append(out, l)
		}
	}
	return out
}

// TestMonthIsExportedAndImported: a month of the clinic leaves by the real command, is
// verified by ours and by the verifier that shares nothing with us, makes another box
// that is the same, and leaves that one with the same entries.
func TestMonthIsExportedAndImported(t *testing.T) {
	from, p := month(t)
	dir := t.TempDir()
	admin := "1\n" + p.team.of(clinic.RoleAdministrator).PIN + "\n"
	a, b := filepath.Join(dir, "a.zip"), filepath.Join(dir, "b.zip")
	before := patients(t, from)
	said := good(t, admin, "export", "-config", from, a)
	key := regexp.MustCompile(`key of the box: (\S{44})`).FindStringSubmatch(said)[1]
	verdict := good(t, "", "verify", "export", "-key", key, a)
	if !strings.Contains(verdict, " 0 hỏng / broken") || strings.Contains(verdict, " 0 đúng") {
		t.Error(verdict)
	}
	outside := exec.CommandContext(t.Context(), "go", "run", "clinicbox/scripts/verifyexport", "-key", key, a)
	if out, err := outside.CombinedOutput(); err != nil || !strings.Contains(string(out), "GOOD: everything") {
		t.Errorf("the independent verifier: %v %s", err, out)
	}
	to := configured(t)
	good(t, "739164\n", "import", "-config", to, "-name", "Đỗ Thị Kế Nhiệm", "-key", key, a)
	if said := good(t, "", "check", "-config", to); !strings.Contains(said, "clean") {
		t.Error(said)
	}
	after := patients(t, to)
	if len(before) < seedPatients || !reflect.DeepEqual(before, after) {
		t.Fatalf("%d patients, %d after the import, or other records", len(before), len(after))
	}
	list := regexp.MustCompile(`(?m)^(\d+)  Đỗ Thị Kế Nhiệm$`)
	_, menu := command(t, "9\n", "export", "-config", to, b)
	good(t, list.FindStringSubmatch(menu)[1]+"\n739164\n", "export", "-config", to, b)
	x, y := unzip(t, a), unzip(t, b)
	own := lines(x, "own")
	if again := lines(y, "own"); len(again) <= len(own) || !slices.Equal(again[:len(own)], own) || !slices.Equal(lines(x, "in"), lines(y, "in")) {
		t.Error("the export of the import has other entries")
	}
	for kind, least := range map[clinic.Kind]int{clinic.KindReceived: 2, clinic.KindDispensed: seedDays} {
		if n := strings.Count(x["entries.jsonl"], fmt.Sprintf(`"kind":%q,`, kind.String())); n < least {
			t.Errorf("%d entries of %v", n, kind)
		}
	}
	t.Logf("%d entries, %d KB", len(own), len(x["entries.jsonl"])>>10)
}

// TestPatientsExportHasNobodyElse: one patient's export of that month has no name,
// number or identifier of anybody else who was there.
func TestPatientsExportHasNobodyElse(t *testing.T) {
	from, p := month(t)
	all := patients(t, from)
	var one clinic.ID
	for id, records := range all {
		if one.IsZero() || len(records) > len(all[one]) {
			one = id // who was there most
		}
	}
	path := filepath.Join(t.TempDir(), "one.zip")
	good(t, "1\n"+p.team.of(clinic.RoleAdministrator).PIN+"\n", "export", "-config", from, "-patient", one.String(), path)
	verdict := good(t, "", "verify", "export", path)
	if !strings.Contains(verdict, "one patient") {
		t.Error(verdict)
	}
	var text strings.Builder
	for _, f := range unzip(t, path) {
		text.WriteString(f)
	}
	seen := text.String()
	mine := nameOf(all[one])
	if !strings.Contains(seen, mine.Name) || strings.Count(seen, `"subject":"`+one.String()+`"`) < len(all[one]) {
		t.Error("the patient's own records are not all there")
	}
	for id, records := range all {
		if id == one {
			continue
		}
		other := nameOf(records)
		if other.Name != mine.Name && strings.Contains(seen, `"`+other.Name+`"`) || strings.Contains(seen, id.String()) {
			t.Fatal("somebody else is in a patient's export")
		}
		for _, n := range other.Identifiers {
			if strings.Contains(seen, n.Value) {
				t.Fatal("somebody else's number is in a patient's export")
			}
		}
	}
}

func nameOf(records []clinic.Record) *clinic.Patient {
	for _, r := range slices.Backward(records) {
		if p, ok := r.Body.(*clinic.Patient); ok {
			return p
		}
	}
	return &clinic.Patient{}
}
