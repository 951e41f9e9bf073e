package proof

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/internal/powercut"
	"clinicbox/internal/testpeer"
)

// TestPowerAtSetUp cuts the power at random moments while the real program makes a box
// out of an empty folder: identity, key slots and tries, journals, views and state, and
// its first person. Said the program that she was added, she logs in; otherwise the
// command is given again. Either way the box works and its check finds nothing.
func TestPowerAtSetUp(t *testing.T) {
	if !powercut.Supported() {
		testpeer.Lacks(t, "recording needs Linux on amd64 or arm64")
	}
	rnd := rand.New(rand.NewPCG(seed(t), 5))
	bin, dir := program(t), t.TempDir()
	newStation(t, bin, dir, "")
	who := team()[0]
	trace, err := powercut.Record(dir, staffCommand(t, bin, dir, who))
	if err != nil || !strings.Contains(trace.Said(trace.Moment), "added") {
		t.Fatal(err, trace.Said(trace.Moment))
	}
	t.Logf("%s; %d moments", trace.Summary(), trace.Moment)
	told := 0 // the first moment at which she was told
	for !strings.Contains(trace.Said(told), "added") {
		told++
	}
	cuts := 8
	if os.Getenv("CLINICBOX_SOAK") != "" {
		cuts = 100
	}
	again := 0
	for i := range cuts {
		from := 0
		if i%4 == 3 {
			from = told
		}
		c := powercut.Cut{At: from + rnd.IntN(trace.Moment+1-from), Sector: []int{512, 4096}[i%2], Seed: rnd.Uint64()}
		if text := os.Getenv("CLINICBOX_POWER_CUT"); text != "" {
			if c, err = powercut.ParseCut(text); err != nil {
				t.Fatal(err)
			}
		}
		added := strings.Contains(trace.Said(c.At), "added")
		if !added {
			again++
		}
		t.Run(c.String(), func(t *testing.T) { afterSetUp(t, bin, trace, c, who, added) })
	}
	t.Logf("%d cuts, in %d of them the person was not yet told to be added", cuts, again)
}

// staffCommand adds a person, whose PIN comes from a file.
func staffCommand(t *testing.T, bin, dir string, who member) *exec.Cmd {
	t.Helper()
	pin := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pin, []byte(who.pin+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(pin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	c := exec.Command(bin, "staff", "-config", filepath.Join(dir, "box.toml"), "-name", who.name, "-role", who.role)
	c.Stdin = f
	return c
}

func afterSetUp(t *testing.T, bin string, trace *powercut.Trace, c powercut.Cut, who member, added bool) {
	dir := t.TempDir()
	if err := trace.Rebuild(c, dir); err != nil {
		t.Fatal(err)
	}
	s := attach(t, bin, dir)
	if !added {
		if out, err := s.command(who.pin+"\n", "staff", "-name", who.name, "-role", who.role); err != nil {
			t.Fatal("the command, given again:", err, out)
		}
	}
	r := s.serve()
	w := &worker{t: t, who: who}
	if err := w.login(r.url); err != nil {
		t.Fatal(err)
	}
	if err := w.step(); err != nil {
		t.Fatal(err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err, s.log)
	}
	s.clean()
}
