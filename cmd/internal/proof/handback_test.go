package proof

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/db"
	"clinicbox/internal/entry"
	"clinicbox/internal/testlog"
)

// centre is clinichub as a process, with what it keeps.
type centre struct {
	t           *testing.T
	bin, config string
	dir, url    string
}

// newCentre builds and starts a centre that may certify boxes.
func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{t: t, dir: t.TempDir()}
	c.bin, c.config = filepath.Join(c.dir, "clinichub"), filepath.Join(c.dir, "hub.toml")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", c.bin, "clinicbox/cmd/clinichub")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	text := "[data]\ndir = \"data\"\n[broker]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n"
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := hubmain.MakeAuthority(filepath.Join(c.dir, "authority"), "Tỉnh Mẫu"); err != nil {
		t.Fatal(err)
	}
	serve := exec.Command(c.bin, "serve", "-config", c.config)
	serve.Stderr = testlog.New(t)
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Kill()
		_ = serve.Wait()
	})
	lines := bufio.NewScanner(out)
	for c.url == "" && lines.Scan() {
		_, c.url, _ = strings.Cut(lines.Text(), "operator pages: ")
	}
	if c.url == "" {
		t.Fatal("the centre does not serve")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return c
}

// command runs a command beside the running centre.
func (c *centre) command(name string, args ...string) string {
	c.t.Helper()
	out, err := exec.CommandContext(c.t.Context(), c.bin, append([]string{name, "-config", c.config}, args...)...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// held is how many entries of the one box the centre has.
func (c *centre) held() int {
	c.t.Helper()
	_, rest, _ := strings.Cut(c.command("box", "list"), "tram-01\t")
	text, _, _ := strings.Cut(rest, "\t")
	n, _ := strconv.Atoi(text) // none before the box is known
	return n
}

// events counts what the box told of itself.
func (c *centre) events(what string) (n int) {
	c.t.Helper()
	d, err := db.Open(c.t.Context(), filepath.Join(c.dir, "data", "hub.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer d.Close()
	found, err := d.MachineEvents(c.t.Context(), "tram-01", 100)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range found {
		rec, err := entry.Decode(f.Bytes, clinic.Ref{}, f.Leaf)
		if m, ok := rec.Body.(*clinic.Machine); ok && err == nil && m.Event == what {
			n++
		}
	}
	return n
}

// recorded is how many entries check counts.
func (s *station) recorded() int {
	s.t.Helper()
	out, _ := s.command("", "check")
	m := regexp.MustCompile(`(\d+)  mục đã ghi tại hộp`).FindStringSubmatch(out)
	if m == nil {
		s.t.Fatal(out)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// bend damages entries of the box's first segment by their order in it.
func (s *station) bend(places ...int) {
	s.t.Helper()
	path := filepath.Join(s.dir, "data", "own", "00000000.seg")
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	var at []int // where frames begin
	for off := 0; ; {
		i := bytes.Index(b[off:], []byte("CBF"))
		if i < 0 {
			break
		}
		at, off = append(at, off+i), off+i+3
	}
	for _, p := range places {
		b[at[p]+40] ^= 1
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// TestTheCentreHandsBack: what a card lost, and the centre had received, is carried back
// in a file that only this box opens, and is there again, as the centre hears. A file
// that is cut, or of another box, changes nothing.
func TestTheCentreHandsBack(t *testing.T) {
	c := newCentre(t)
	bin := program(t)
	join := func(name string) *station {
		s := newStation(t, bin, t.TempDir(), "", team()...)
		said := strings.Fields(c.command("invite", "-operator", "Vận hành Mẫu", "-facility", "56999", "-station", "Trạm Y tế xã Yến Xa", "-box", name))
		if out, err := s.command(said[len(said)-1]+"\n", "enrol", "-hub", strings.TrimSuffix(c.url, "/")); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return s
	}
	s := join("tram-01")
	// send runs the box until the centre has what it had recorded before.
	send := func() {
		t.Helper()
		n := s.recorded()
		box := s.serve()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		testlog.Eventually(ctx, t, "the receipt", func() bool { return c.held() >= n })
		if err := box.stop(); err != nil {
			t.Fatal(err)
		}
	}
	send()
	send() // also what the first run recorded
	s.clean()
	s.bend(1, 3)
	if out, err := s.command("", "check"); err == nil || strings.Count(out, "cannot be read") != 2 {
		t.Fatalf("check: %v\n%s", err, out)
	}
	file := filepath.Join(t.TempDir(), "tram-01.entries")
	if out := c.command("entries", "-operator", "Vận hành Mẫu", "tram-01", "-out", file); !strings.Contains(out, "0 holes") {
		t.Error(out)
	}
	if out := c.command("history"); !strings.Contains(out, "entries") {
		t.Errorf("the history of operators does not have it:\n%s", out)
	}
	sealed, err := os.ReadFile(file)
	if err != nil || bytes.Contains(sealed, []byte(team()[0].name)) {
		t.Fatal("a name lies open in the file, or ", err)
	}
	mend := func(from string) (string, error) { return s.command("", "mend", "-from", from) }
	cut := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(cut, sealed[:len(sealed)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := mend(cut); err == nil || !strings.Contains(out, "lacks its end") {
		t.Errorf("a cut file: %v\n%s", err, out)
	}
	other := join("tram-02")
	if out, err := other.command("", "mend", "-from", file); err == nil || !strings.Contains(out, "for another box") {
		t.Errorf("another box: %v\n%s", err, out)
	}
	if out, err := mend(file); err != nil || !strings.Contains(out, "2  mục đã đọc lại được") || !strings.Contains(out, "sạch / clean") {
		t.Fatalf("%v\n%s", err, out)
	}
	s.clean()
	send()
	send()
	if mended, damaged := c.events(clinic.MachineMended), c.events(clinic.MachineDamaged); mended != 1 || damaged != 1 {
		t.Errorf("the centre heard of %d repairs and %d losses", mended, damaged)
	}
}
