package hubmain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
	"clinicbox/sync/mqttlink"
)

func conf(dir string) hubmain.Config {
	return hubmain.Config{
		Data:   hubmain.Data{Dir: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "hub.keys")},
		Broker: hubmain.Broker{Listen: "127.0.0.1:0"}, Web: hubmain.Web{Listen: "127.0.0.1:0"},
	}
}

// running is a hub and the way to stop it.
type running struct {
	*hubmain.Hub
	stop func()
}

func start(t *testing.T, cfg hubmain.Config) *running {
	t.Helper()
	h, err := hubmain.Open(t.Context(), cfg, testlog.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	select {
	case <-h.Ready():
	case err := <-done:
		t.Fatal(err)
	}
	stopped := false
	r := &running{Hub: h, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := errors.Join(<-done, h.Close()); err != nil {
			t.Error(err)
		}
	}}
	t.Cleanup(r.stop)
	return r
}

// plug joins a box to a broker by a link of its own, as cmd does.
func plug(t *testing.T, b *hubtest.Box, o mqttlink.Opts) (unplug func()) {
	t.Helper()
	o.ClientID, o.Logger = b.Keys.Name, testlog.Logger(t)
	o.MinBackoff, o.MaxBackoff = 20*time.Millisecond, 200*time.Millisecond
	l, err := mqttlink.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l.Handle("cb/1/"+b.Keys.Name+"/down", func(_ string, f []byte) { b.Handle(f) })
	b.Send = func(f []byte) { _ = l.Publish("cb/1/"+b.Keys.Name+"/up", f) }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	stopped := false
	unplug = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(unplug)
	return unplug
}

// synced lets a box tick until it holds a receipt for everything.
func synced(t *testing.T, b *hubtest.Box) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	last := time.Now()
	testlog.Eventually(ctx, t, "the receipt for everything", func() bool {
		if time.Since(last) > 150*time.Millisecond {
			last = time.Now()
			b.Tick()
		}
		return b.Synced()
	})
	if bad := b.State().Bad; len(bad) > 0 {
		t.Fatal(bad)
	}
}

func held(t *testing.T, h *running, b *hubtest.Box) {
	t.Helper()
	ss, err := h.Streams(t.Context(), b.Keys.Name)
	if err != nil || len(ss) != 1 || ss[0].Size != b.Size() || ss[0].Root != b.Root(b.Size()) {
		t.Fatalf("%+v %v, want %d entries and the box's root", ss, err, b.Size())
	}
	if as, err := h.Alarms(t.Context(), ""); err != nil || len(as) > 0 {
		t.Fatalf("%+v %v", as, err)
	}
}

// TestEndToEnd sends 3,000 entries through a real broker while the hub is stopped
// and started in the middle.
func TestEndToEnd(t *testing.T) {
	dir := t.TempDir()
	h := start(t, conf(dir))
	if want := []string{"broker", "ingest", "share", "mqtt", "web", "patients", "summaries"}; !slices.Equal(h.Tasks(), want) {
		t.Fatal(h.Tasks())
	}
	b := hubtest.NewBox("tram-01", h.Public())
	b.PerFrame = 50
	if err := h.AddBox(t.Context(), b.Keys.Public()); err != nil {
		t.Fatal(err)
	}
	b.Record(3000)
	cfg := conf(dir)
	cfg.Broker.Listen = h.BrokerAddr() // the box knows one address
	plug(t, b, mqttlink.Opts{Broker: "tcp://" + h.BrokerAddr()})
	b.Connect()
	for i := range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		testlog.Eventually(ctx, t, "some receipts", func() bool {
			b.Tick()
			return b.State().Receipt.Size >= uint64(500*(i+1))
		})
		cancel()
		h.stop()
		h = start(t, cfg)
	}
	synced(t, b)
	held(t, h, b)
	if r := b.State().Receipts; r < 2 {
		t.Fatal(r)
	}
	h.stop()
	out := run(t, dir, "check")
	if !strings.Contains(out, "tram-01") || !strings.Contains(out, "3000") || !strings.Contains(out, "clean") {
		t.Fatal(out)
	}
}

// TestBoxAndPushBesideARunningHub uses the commands in another process's place.
func TestBoxAndPushBesideARunningHub(t *testing.T) {
	dir := t.TempDir()
	h := start(t, conf(dir))
	b := hubtest.NewBox("tram-01", h.Public())
	b.Record(10)
	plug(t, b, mqttlink.Opts{Broker: "tcp://" + h.BrokerAddr()})
	b.Connect()
	if err := h.AddBox(t.Context(), b.Keys.Public()); err != nil {
		t.Fatal(err)
	}
	synced(t, b)
	held(t, h, b)
	file := filepath.Join(dir, "rows.json")
	rows := `[{"catalog":"medicine","code":"PARA500","name":"Paracetamol 500 mg","from":"2026-01-01","price":500},
		{"catalog":"icd10","code":"J00","name":"Viêm mũi họng cấp","english":"Acute nasopharyngitis","from":"2026-01-01","to":"2030-12-31"}]`
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "push", "-all", "-sure", file)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	// Two rows, and the ends of those that they follow.
	testlog.Eventually(ctx, t, "four rows at the box", func() bool { return len(b.State().Down) == 4 })
	if out := run(t, dir, "box", "list"); !strings.Contains(out, "tram-01\t10") {
		t.Fatal(out)
	}
}

func TestPagesServe(t *testing.T) {
	h := start(t, conf(t.TempDir()))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	testlog.Eventually(ctx, t, "healthz", func() bool {
		r, err := c.Get("http://" + h.WebAddr() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode == 200
	})
	r, err := c.PostForm("http://"+h.WebAddr()+"/login", url.Values{"token": {h.Token()}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 200 || r.Request.URL.Path != "/" {
		t.Fatal(r.StatusCode, r.Request.URL)
	}
}

func TestSecondHubIsRefused(t *testing.T) {
	dir := t.TempDir()
	h := start(t, conf(dir))
	if _, err := hubmain.Open(t.Context(), conf(dir), testlog.Logger(t)); !errors.Is(err, hubmain.ErrLocked) {
		t.Fatal(err)
	}
	token, public := h.Token(), h.Public().String()
	h.stop()
	if h = start(t, conf(dir)); h.Token() != token || h.Public().String() != public {
		t.Fatal("token or keys changed in a restart")
	}
	for _, f := range []string{"data/operator.token", "hub.keys"} {
		if i, err := os.Stat(filepath.Join(dir, f)); err != nil || i.Mode().Perm() != 0o600 {
			t.Error(f, i, err)
		}
	}
}

func TestBrokerUsers(t *testing.T) {
	dir := t.TempDir()
	cfg := conf(dir)
	cfg.Broker.UsersFile = filepath.Join(dir, "users")
	if err := os.WriteFile(cfg.Broker.UsersFile, []byte("# boxes\ntram-01:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := start(t, cfg)
	b := hubtest.NewBox("tram-01", h.Public())
	if err := h.AddBox(t.Context(), b.Keys.Public()); err != nil {
		t.Fatal(err)
	}
	b.Record(5)
	unplug := plug(t, b, mqttlink.Opts{Broker: "tcp://" + h.BrokerAddr(), Username: "tram-01", Password: "secret"})
	b.Connect()
	synced(t, b)
	unplug()
	for _, bad := range []string{"tram-01", "hub:x", "Tram:x", ":x", "a:"} {
		if err := os.WriteFile(cfg.Broker.UsersFile, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		c := cfg
		c.Data.Dir = filepath.Join(dir, "other")
		if _, err := hubmain.Open(t.Context(), c, testlog.Logger(t)); !errors.Is(err, hubmain.ErrUsers) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestMosquitto runs the hub on Debian's broker.
func TestMosquitto(t *testing.T) {
	bin := testpeer.Need(t, "mosquitto")
	dir := t.TempDir()
	addr := mosquitto(t, bin, dir)
	cfg := conf(dir)
	cfg.Broker.URL = "tcp://" + addr
	h := start(t, cfg)
	b := hubtest.NewBox("tram-01", h.Public())
	if err := h.AddBox(t.Context(), b.Keys.Public()); err != nil {
		t.Fatal(err)
	}
	b.Record(3000)
	plug(t, b, mqttlink.Opts{Broker: "tcp://" + addr})
	b.Connect()
	synced(t, b)
	held(t, h, b)
	h.stop()
	b.Record(100)
	h = start(t, cfg)
	synced(t, b)
	held(t, h, b)
}

// mosquitto starts one on a free port. Its log names the port it got; it knows no
// port 0, so a few are tried.
func mosquitto(t *testing.T, bin, dir string, lines ...string) string {
	t.Helper()
	if len(lines) == 0 {
		lines = []string{"allow_anonymous true"}
	}
	for try := range 20 {
		port := 20_000 + (os.Getpid()*7+try*991)%20_000
		file := filepath.Join(dir, "mosquitto.conf")
		text := fmt.Sprintf("listener %d 127.0.0.1\n%s\npersistence false\n", port, strings.Join(lines, "\n"))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		log := testlog.New(t)
		c := exec.CommandContext(ctx, bin, "-c", file, "-v")
		c.Stderr, c.Stdout = log, log
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cancel(); _ = c.Wait() })
		limit, done := context.WithTimeout(t.Context(), 10*time.Second)
		testlog.Eventually(limit, t, "mosquitto", func() bool {
			return strings.Contains(log.String(), "running") || strings.Contains(log.String(), "Error")
		})
		done()
		if strings.Contains(log.String(), "running") {
			return fmt.Sprintf("127.0.0.1:%d", port)
		}
	}
	t.Fatal("no free port for mosquitto")
	return ""
}

// run runs a command of the program over a configuration file in dir and returns
// its output.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, args...)
	if err != nil {
		t.Fatal(args, err)
	}
	return out
}

func try(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	return feed(t, dir, "", args...)
}

// feed is try with input.
func feed(t *testing.T, dir, input string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(dir, "hub.toml")
	text := "[data]\ndir = \"data\"\nkeys = \"hub.keys\"\n[broker]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := &hubmain.Program{Stdin: strings.NewReader(input), Stdout: &out, Stderr: testlog.New(t)}
	all := args
	if args[0] != "root" {
		all = append([]string{args[0]}, append([]string{"-config", file}, args[1:]...)...)
	}
	if err := p.ParseFlags(all); err != nil {
		return "", err
	}
	err := p.Run(t.Context())
	return out.String(), err
}

func TestCommands(t *testing.T) {
	dir := t.TempDir()
	line := strings.TrimSpace(run(t, dir, "keys"))
	if p, err := keyfile.ParsePublic(line); err != nil || p.Name != "hub" || run(t, dir, "keys") != line+"\n" {
		t.Fatal(line, err)
	}
	bad := filepath.Join(dir, "bad.json")
	for _, c := range []struct {
		rows string
		args []string
	}{
		{args: []string{"box", "add", "a", "a:x:y"}},
		{args: []string{"box", "remove"}},
		{args: []string{"push", bad}},
		{args: []string{"push", "-all", "-box", "a", bad}},
		{args: []string{"push", "-all", filepath.Join(dir, "none")}},
		{rows: `[]`, args: []string{"push", "-all", bad}},
		{rows: `{`, args: []string{"push", "-all", bad}},
		{rows: `[{"catalog":"icd10","code":"J00","name":"x"}]`, args: []string{"push", "-all", bad}},
		{rows: `[{"catalog":"icd10","code":"J00","name":"x","from":"2026-02-30"}]`, args: []string{"push", "-all", bad}},
		{rows: `[{"catalog":"icd10","code":"J00","nmae":"x","from":"2026-02-01"}]`, args: []string{"push", "-all", bad}},
		{rows: `[{"catalog":"icd10","code":"J00","name":"x","from":"2026-02-01"}]`, args: []string{"push", "-box", "nobody", bad}},
		{args: []string{"nothing"}},
	} {
		if err := os.WriteFile(bad, []byte(c.rows), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := try(t, dir, c.args...); err == nil {
			t.Errorf("%v %s: no error", c.args, c.rows)
		} else if hubmain.Words(err) == "" {
			t.Errorf("%v: no words", c.args)
		}
	}
	if out := run(t, dir, "check"); !strings.Contains(out, "clean") {
		t.Fatal(out)
	}
}

func TestSampleConfigIsGood(t *testing.T) {
	var out bytes.Buffer
	p := &hubmain.Program{Stdout: &out}
	if err := errors.Join(p.ParseFlags([]string{"config"}), p.Run(t.Context())); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hub.toml")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := hubmain.Load(file); err != nil || c.Web.Listen != "127.0.0.1:8090" || !filepath.IsAbs(c.Data.Keys) {
		t.Fatalf("%+v %v", c, err)
	}
	for text, want := range map[string]string{
		"": "data.dir", "[data]\ndir='x'\n[broker]\nurl='tcp://h:1'\nusers_file='u'": "hub.toml:5: broker.users_file",
		"[data]\ndir='x'\n[web]\nlisten='8090'": "web.listen", "[data]\ndri='x'": "dri",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := hubmain.Load(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestProgramServes runs the whole command until it is told to stop.
func TestProgramServes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hub.toml")
	if err := os.WriteFile(file, []byte("[data]\ndir='d'\n[broker]\nlisten='127.0.0.1:0'\n[web]\nlisten='127.0.0.1:0'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := testlog.New(t)
	p := &hubmain.Program{Stdout: out, Stderr: testlog.New(t), Started: func(*hubmain.Hub) { cancel() }}
	if err := p.ParseFlags([]string{"serve", "-config", file}); err != nil {
		t.Fatal(err)
	}
	if code := p.Report(p.Run(ctx)); code != 0 {
		t.Fatal(code)
	}
	if s := out.String(); !strings.Contains(s, "http://127.0.0.1:") || !strings.Contains(s, "tcp://127.0.0.1:") || !strings.Contains(s, "operator token") {
		t.Fatal(s)
	}
}
