package proof

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/internal/testlog"
)

// member is somebody who works at the station.
type member struct{ name, role, pin string }

func team() []member {
	return []member{
		{"Nguyễn Văn Thử", "doctor", "730185"},
		{"Trần Thị Mẫu", "doctor", "204816"},
		{"Lê Văn Đảo", "doctor", "618273"},
		{"Phạm Thị Sóng", "doctor", "492750"},
	}
}

// program builds clinicbox as it is delivered and returns its path.
func program(t testing.TB, env ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "clinicbox")
	c := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", bin, "clinicbox/cmd/clinicbox")
	c.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// station is a box's configuration on disk and the program that runs it.
type station struct {
	t      testing.TB
	bin    string
	dir    string // of the configuration; data is below it
	config string
	log    *testlog.Log
}

// newStation writes a configuration for a box in dir and adds people by the real
// command. more is added to the file.
func newStation(t testing.TB, bin, dir, more string, people ...member) *station {
	t.Helper()
	s := attach(t, bin, dir)
	text := "[data]\ndir = \"data\"\n[facility]\ncode = \"56999\"\nname = \"Trạm Y tế xã Yến Xa\"\n" +
		"[box]\nname = \"tram-01\"\ntrust_clock = true\n[web]\nlisten = \"127.0.0.1:0\"\n" + more
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range people {
		if out, err := s.command(m.pin+"\n", "staff", "-name", m.name, "-role", m.role); err != nil {
			t.Fatal(err, out)
		}
	}
	return s
}

// attach is a station whose configuration is in dir.
func attach(t testing.TB, bin, dir string) *station {
	t.Helper()
	return &station{t: t, bin: bin, dir: dir, config: filepath.Join(dir, "box.toml"), log: testlog.New(t)}
}

// command runs a command of the program to its end.
func (s *station) command(stdin, name string, args ...string) (string, error) {
	c := exec.CommandContext(s.t.Context(), s.bin, append([]string{name, "-config", s.config}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), err
}

// clean runs check and fails the test unless it finds nothing.
func (s *station) clean() {
	s.t.Helper()
	if out, err := s.command("", "check"); err != nil || !strings.Contains(out, "clean") {
		s.t.Fatalf("check: %v\n%s", err, out)
	}
}

// running is a box as a process.
type running struct {
	*exec.Cmd
	url   string        // after ready
	ready chan struct{} // closed when pages are served, or never
	ended chan struct{} // closed when the process is gone
	err   error         // after ended
}

// start starts the box. Its address comes once pages are served.
func (s *station) start(env ...string) *running {
	s.t.Helper()
	r := &running{Cmd: exec.Command(s.bin, "run", "-config", s.config), ready: make(chan struct{}), ended: make(chan struct{})}
	r.Stderr, r.Env = s.log, append(os.Environ(), env...)
	out, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	r.Stdout = w
	if err := r.Start(); err != nil {
		s.t.Fatal(err)
	}
	_ = w.Close()
	go func() {
		defer out.Close()
		if line, err := bufio.NewReader(out).ReadString('\n'); err == nil {
			r.url = strings.TrimSpace(line)
			close(r.ready)
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	go func() {
		r.err = r.Wait()
		close(r.ended)
	}()
	s.t.Cleanup(r.kill)
	return r
}

// serve starts the box and waits until it serves.
func (s *station) serve() *running {
	s.t.Helper()
	r := s.start()
	select {
	case <-r.ready:
	case <-r.ended:
		s.t.Fatalf("the box ended before it served: %v\n%s", r.err, s.log)
	}
	return r
}

// kill ends the box as a power cut does: at once.
func (r *running) kill() {
	_ = r.Process.Kill() // it may be gone already
	<-r.ended
}

// stop ends the box as systemd does.
func (r *running) stop() error {
	_ = r.Process.Signal(os.Interrupt)
	<-r.ended
	return r.err
}
