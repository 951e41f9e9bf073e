package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
	"clinicbox/internal/testtab"
	"clinicbox/peripherals/sim"
)

// running is a demo that a test drives as a person does, and sees behind.
type running struct {
	*Main
	said Announcement
}

// start runs the demo on free ports and in a folder of its own; the test stops it.
func start(t *testing.T) *running {
	t.Helper()
	dir := t.TempDir()
	var out bytes.Buffer
	m := &Main{Stdout: &out, Stderr: &out}
	said := filepath.Join(dir, "said.json")
	any := "127.0.0.1:0"
	if err := m.ParseFlags([]string{"-data", dir, "-json", said, "-listen", any, "-hub", any, "-bench", any}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("demo: %v", err)
		}
	})
	select {
	case <-m.Ready():
	case err := <-ended:
		ended <- err
		t.Fatalf("demo did not start: %v", err)
	}
	b, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Main: m}
	if err := json.Unmarshal(b, &r.said); err != nil {
		t.Fatal(err)
	}
	return r
}

// press is a button of the bench.
func (r *running) press(t testing.TB, path string, form url.Values) {
	t.Helper()
	resp, err := http.PostForm(r.said.Bench+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("bench %s: %s", path, resp.Status)
	}
}

func (r *running) scan(t testing.TB, payload string) {
	t.Helper()
	r.press(t, "scan", url.Values{"payload": {payload}})
}

// login goes from the list of people to today's list.
func (r *running) login(b *testtab.Tab, role string) {
	b.T.Helper()
	for _, s := range r.said.Staff {
		if s.Role == role {
			b.Open(r.said.Clinic + "login/" + s.ID)
			b.Fill("#pin", s.PIN)
			b.Follow("main button[type=submit]")
			b.Sees(s.Name)
			return
		}
	}
	b.T.Fatalf("nobody is %s", role)
}

// newcomer returns the n-th person with both cards whom the clinic does not know.
func (r *running) newcomer(t *testing.T, n int) AnnouncedCard {
	t.Helper()
	for _, c := range r.said.Cards {
		if c.New && c.Citizen != "" && c.Insurance != "" {
			if n--; n < 0 {
				return c
			}
		}
	}
	t.Fatal("too few newcomers")
	return AnnouncedCard{}
}

// slipsAfter waits until the printer has given out more than n slips.
func (r *running) slipsAfter(t testing.TB, n int) []sim.PrinterSlip {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, "a slip comes out", func() bool { return len(r.printer.Slips()) > n })
	return r.printer.Slips()
}

// codeOf reads the QR code on a slip, as a scanner would.
func codeOf(t testing.TB, s sim.PrinterSlip) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "slip.png")
	if err := os.WriteFile(path, s.PNG(2), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(testpeer.Need(t, "zbarimg"), "-q", "--nodbus", "--raw", path).Output()
	if err != nil {
		t.Fatalf("zbarimg: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "CB2/") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("no slip code on the paper, only %q", out)
	return ""
}

// wordsOf reads the words on a slip.
func wordsOf(t testing.TB, s sim.PrinterSlip) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "slip.png")
	if err := os.WriteFile(path, s.PNG(2), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(testpeer.Need(t, "tesseract"), path, "-", "-l", "vie", "--psm", "6").Output()
	if err != nil {
		t.Fatalf("tesseract: %v", err)
	}
	return string(out)
}

// TestStory is the whole of it: card, visit, slip, and the slip back on the
// scanner; with JavaScript and without; then a pulled link and the receipt.
func TestStory(t *testing.T) {
	r := start(t)
	for i, js := range []bool{true, false} {
		name := map[bool]string{true: "with-js", false: "without-js"}[js]
		t.Run(name, func(t *testing.T) {
			v := &visitor{running: r, b: testtab.New(t, testtab.Browser(t), testtab.Opts{Name: name, Width: 800, NoScripts: !js}), js: js, card: r.newcomer(t, i)}
			v.registers()
			v.measured()
			v.treated()
			v.signed()
			v.comesBack(v.printed())
			if js {
				v.legally(t)
			}
		})
	}
	t.Run("link", r.pulled)
}
