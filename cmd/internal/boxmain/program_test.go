package boxmain

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicbox/device/config"
	"clinicbox/device/health"
	"clinicbox/internal/testlog"
)

// asProgram makes this test binary behave as clinicbox, so that tests run it as a
// process of its own.
const asProgram = "CLINICBOX_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	p := &Program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := p.ParseFlags(os.Args[1:])
	if err == nil {
		err = p.Run(context.Background())
	}
	os.Exit(p.Report(err))
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// write makes a configuration in a fresh folder and returns its path.
func write(t testing.TB, more string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "box.toml")
	text := "[data]\ndir = \"data\"\n[facility]\ncode = \"22736\"\nname = \"Trạm Y tế xã Đảo Mẫu\"\n" +
		"[box]\nname = \"tram-01\"\ntrust_clock = true\n[web]\nlisten = \"127.0.0.1:0\"\n" + more
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// clinicbox runs a command to its end.
func clinicbox(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	_ = c.Run() // the exit code tells
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// start runs the box as a process and returns its address once pages are served.
func start(t testing.TB, config string) (url string, process *exec.Cmd, log *testlog.Log) {
	t.Helper()
	log = testlog.New(t)
	c := exec.Command(os.Args[0], "run", "-config", config)
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stderr = log
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the box ended before it served: %v", err)
	}
	return strings.TrimSpace(url), c, log
}

func TestRealProgram(t *testing.T) {
	config := write(t, "")
	url, process, log := start(t, config)
	code, body := get(t, url+"healthz")
	var rep health.Report
	if err := json.Unmarshal([]byte(body), &rep); err != nil || code != http.StatusOK || rep.Box != "tram-01" {
		t.Fatalf("healthz: %d %s", code, body)
	}
	if !slices.ContainsFunc(rep.Causes, func(s health.State) bool { return s.Code == health.KeysDevelopment }) {
		t.Errorf("nobody says that the key is for development: %s", body)
	}
	if code, body := get(t, url); code != http.StatusOK || !strings.Contains(body, "Trạm Y tế xã Đảo Mẫu") {
		t.Errorf("first page: %d %.300s", code, body)
	}
	code, _, said := clinicbox(t, "", "run", "-config", config)
	if code != ExitFailure || !strings.Contains(said, "đang chạy") || !strings.Contains(said, "already running") {
		t.Errorf("second instance: %d %s", code, said)
	}
	if code, _, said := clinicbox(t, "", "check", "-config", config); code != ExitFailure || !strings.Contains(said, "already running") {
		t.Errorf("check beside a running box: %d %s", code, said)
	}
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Fatalf("stop: %v\n%s", err, log)
	}
	if code, out, said := clinicbox(t, "", "check", "-config", config); code != ExitOK || !strings.Contains(out, "clean") {
		t.Errorf("check: %d %s%s", code, out, said)
	}
}

func TestKilledProgramOpensAgain(t *testing.T) {
	config := write(t, "")
	_, process, _ := start(t, config)
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait()
	url, process, log := start(t, config) // with the probe of the views, in a child
	if code, _ := get(t, url+"healthz"); code != http.StatusOK {
		t.Error(code)
	}
	_ = process.Process.Signal(os.Interrupt)
	if err := process.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if strings.Contains(log.String(), "suspect") {
		t.Errorf("the probe refused good views:\n%s", log)
	}
	if code, out, _ := clinicbox(t, "", "check", "-config", config); code != ExitOK {
		t.Error(out)
	}
}

func TestFirstPerson(t *testing.T) {
	config := write(t, "")
	const name = "Lê Thị Quản Trị"
	for _, bad := range []struct{ pin, role string }{{"123456\n", "administrator"}, {"", "administrator"}, {"12a456\n", "doctor"}, {"839201\n", "boss"}} {
		if code, _, said := clinicbox(t, bad.pin, "staff", "-config", config, "-name", name, "-role", bad.role); code != ExitUsage {
			t.Errorf("%q, %s: %d %s", bad.pin, bad.role, code, said)
		}
	}
	code, out, said := clinicbox(t, "839201\n", "staff", "-config", config, "-name", name)
	if code != ExitOK || !strings.Contains(out, name) {
		t.Fatalf("%d %s%s", code, out, said)
	}
	url, process, log := start(t, config)
	if code, body := get(t, url); code != http.StatusOK || !strings.Contains(body, name) {
		t.Errorf("the person cannot be chosen at log-in: %d", code)
	}
	_ = process.Process.Signal(syscall.SIGTERM)
	if err := process.Wait(); err != nil {
		t.Error(err)
	}
	log.Absent(name, "839201")
}

func TestUsage(t *testing.T) {
	config := write(t, "[scanner]\nbaud = \"fast\"\n[lgo]\n")
	for _, tt := range []struct {
		args []string
		code int
		want []string
	}{
		{nil, ExitOK, []string{"clinicbox run -config FILE", "chạy hộp", "run the box"}},
		{[]string{"--help"}, ExitOK, []string{"clinicbox check"}},
		{[]string{"version"}, ExitOK, []string{"clinicbox ", "go1."}},
		{[]string{"frobnicate"}, ExitUsage, []string{`"frobnicate"`}},
		{[]string{"run"}, ExitUsage, []string{"clinicbox run -config FILE"}},
		{[]string{"run", "-config", config, "extra"}, ExitUsage, []string{`"extra"`}},
		{[]string{"run", "-colour", "red"}, ExitUsage, []string{"colour"}},
		{[]string{"run", "-config", config}, ExitUsage, []string{"box.toml:12: scanner.baud: must be written as", "box.toml:13: lgo: unknown section"}},
		{[]string{"check", "-config", config + ".none"}, ExitFailure, []string{"no such file"}},
		{[]string{"check", "-config", write(t, "")}, ExitFailure, []string{"no such file"}}, // no key, no records: nothing is made
	} {
		code, out, said := clinicbox(t, "", tt.args...)
		if code != tt.code {
			t.Errorf("%q: exit %d, want %d: %s%s", tt.args, code, tt.code, out, said)
		}
		for _, w := range tt.want {
			if !strings.Contains(out+said, w) {
				t.Errorf("%q: %q is missing in %s%s", tt.args, w, out, said)
			}
		}
	}
}

func TestMissingStorageKeyIsNotMadeAnew(t *testing.T) {
	config := write(t, "")
	clinicbox(t, "839201\n", "staff", "-config", config, "-name", "A")
	dir := filepath.Dir(config)
	for _, names := range [][]string{{"storage.key"}, {"data/keys/slots", "data/keys/slots.copy"}} {
		for _, name := range names {
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".gone")); err != nil {
				t.Fatal(err)
			}
		}
		if code, _, said := clinicbox(t, "", "run", "-config", config); code != ExitFailure || !strings.Contains(said, "storage key") {
			t.Errorf("%d %s", code, said)
		}
		if _, err := os.Stat(filepath.Join(dir, names[0])); err == nil {
			t.Errorf("%s was made anew beside records of the old one", names[0])
		}
		for _, name := range names {
			if err := os.Rename(filepath.Join(dir, name+".gone"), filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if code, out, said := clinicbox(t, "", "check", "-config", config); code != ExitOK {
		t.Error(out, said)
	}
}

func TestSampleIsRead(t *testing.T) {
	_, sample, _ := clinicbox(t, "", "config")
	path := filepath.Join(t.TempDir(), "box.toml")
	text := strings.NewReplacer(`dir = ""`, `dir = "d"`, `code = ""`, `code = "22736"`, "\nname = \"\"", "\nname = \"a\"").Replace(sample)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	all := strings.NewReplacer("# broker = \"\"", "broker = \"\"", "# baud", "baud", "# width", "width", "# listen", "listen", "# level", "level", "# trust_clock", "trust_clock").Replace(text)
	if err := os.WriteFile(path, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Fatalf("defaults do not pass their own rules: %v\n%s", err, all)
	}
}

func TestNamesFollowConfiguration(t *testing.T) {
	base := []string{"store", "scrub", "set-up", "record views", "watch", "web"}
	for _, tt := range []struct {
		name string
		set  func(*config.Box)
		want []string
	}{
		{"nothing attached", func(*config.Box) {}, base},
		{"printer", func(c *config.Box) { c.Printer.Address = "tcp:h:1" }, slices.Insert(slices.Clone(base), 2, "printer")},
		{"scanner", func(c *config.Box) { c.Scanner.Device = "/dev/x" }, slices.Insert(slices.Clone(base), 5, "scanner")},
		{"second medium", func(c *config.Box) { c.Copy.Dir = "/media/copy" }, slices.Insert(slices.Clone(base), 2, "copy")},
		{"centre, not joined", func(c *config.Box) { c.Hub.Broker = "tcp://h:1" }, base},
	} {
		var c config.Box
		tt.set(&c)
		if got := New(Options{Config: c, Log: quiet()}).Names(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	cfg := must[config.Box](t)(Load(write(t, "")))
	newFleet(t).joinBox(cfg)
	b := New(Options{Config: cfg, Log: quiet()})
	b.vault = opened1(t, cfg)
	if got, want := b.Names(), append([]string{"link", "heartbeat"}, slices.Insert(slices.Clone(base), 4, "outbox", "budget", "courier")...); !slices.Equal(got, want) {
		t.Errorf("joined: %q, want %q", got, want)
	}
}

func TestBoxInProcess(t *testing.T) {
	cfg, err := Load(write(t, "[hub]\nbroker = \"tcp://127.0.0.1:1\"\n"+
		"[scanner]\ndevice = \"/nowhere/scanner\"\n[printer]\naddress = \"tcp:127.0.0.1:1\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	newFleet(t).joinBox(cfg)
	v := opened1(t, cfg)
	if err := errors.Join(v.loadKey(t.Context(), false), v.rotate(t.Context(), quiet())); err != nil {
		t.Fatal(err)
	}
	v.close()
	b := New(Options{Config: cfg, Log: testlog.Logger(t)})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	select {
	case <-b.Ready():
	case err := <-done:
		t.Fatal(err)
	}
	// Nothing is plugged in, and the box works: that is a remark, not a failure.
	testlog.Eventually(ctx, t, "the watch to look once", func() bool {
		code, body := get(t, b.URL()+"healthz")
		return code == http.StatusOK && strings.Contains(body, health.KeysDevelopment)
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, f := range column(section(t, "files")) {
		if strings.Contains(f, "_file") || strings.HasPrefix(f, "keys/trust") || strings.HasPrefix(f, "keys/tries") || strings.HasPrefix(f, "seal.") {
			continue // keys, outside of the folder
		}
		pattern := strings.NewReplacer("NNNNNNNN", "*", "-N", "-*").Replace(f)
		if strings.HasSuffix(f, ".idx") || strings.HasPrefix(f, "in/") {
			continue // once a segment is full, or something was received
		}
		if f == "restoring" || f == "restored" || strings.Contains(f, "rewound") || strings.HasPrefix(f, "blobs/") || strings.HasSuffix(f, ".stale") {
			continue // after a restore, with the first blob, after damage
		}
		if m, _ := filepath.Glob(filepath.Join(cfg.Data.Dir, pattern)); len(m) == 0 {
			t.Errorf("docs/architecture.md names the file %s, which a box does not make", f)
		}
	}
	undocumented(t, cfg.Data.Dir)
}

// undocumented fails for files of the data directory that the table lacks.
func undocumented(t *testing.T, dir string) {
	t.Helper()
	var patterns []string
	for _, f := range column(section(t, "files")) {
		patterns = append(patterns, strings.NewReplacer("NNNNNNNN", "*", "-N", "-*", "XX/NAME", "*/*").Replace(f))
	}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if !slices.ContainsFunc(patterns, func(p string) bool { ok, _ := filepath.Match(p, rel); return ok }) {
			t.Errorf("the file %s is not in docs/architecture.md", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// commandAfterCommand skips a test that runs one program after the other, each of
// which stretches a PIN: it takes long under the race detector, which finds nothing
// where nothing runs beside something else.
func commandAfterCommand(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs one program after the other; left to the full run")
	}
}
