package hubmain_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/authority"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
	"clinicbox/sync/mqttlink"
)

const facility = "22736"

func by() authority.By { return authority.By{Operator: "Vận hành Mẫu", Reason: "thử"} }

// trusted is a configuration with an authority.
func trusted(t *testing.T, dir string) hubmain.Config {
	t.Helper()
	cfg := conf(dir)
	cfg.Authority.Dir = filepath.Join(dir, "authority")
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func (r *running) invite(t *testing.T, box string) cert.Code {
	t.Helper()
	code, err := r.Invite(t.Context(), by(), hubtest.Invitation(facility, box))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func post(t *testing.T, addr string, body []byte) (int, []byte) {
	t.Helper()
	r, err := http.Post("http://"+addr+"/enrol", "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, b
}

// join brings a machine in over HTTP.
func join(t *testing.T, h *running, code cert.Code) *hubtest.Machine {
	t.Helper()
	m := hubtest.NewMachine(code)
	status, answer := post(t, h.WebAddr(), m.Request)
	if status != 200 {
		t.Fatal(status, string(answer))
	}
	if err := m.Accept(answer); err != nil {
		t.Fatal(err)
	}
	return m
}

// machine is a joined machine on the link.
type machine struct {
	*hubtest.Machine
	t    *testing.T
	box  *hubtest.Box
	link *mqttlink.Link
	mu   sync.Mutex
	cmd  [][]byte
}

// connect puts it on the broker that it was told, with its certificate.
func connect(t *testing.T, h *running, m *hubtest.Machine, client string) *machine {
	t.Helper()
	out := &machine{Machine: m, t: t, box: m.Box(h.Public())}
	l, err := mqttlink.New(mqttlink.Opts{
		Broker: m.Enrolled.Answer.Broker, TLS: m.LinkTLS("127.0.0.1"), ClientID: client, Logger: testlog.Logger(t),
		MinBackoff: 20 * time.Millisecond, MaxBackoff: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	out.link = l
	l.Handle("cb/1/"+m.Keys.Name+"/down", func(_ string, f []byte) { out.box.Handle(f) })
	l.Handle("cb/1/"+m.Keys.Name+"/cmd", func(_ string, f []byte) {
		out.mu.Lock()
		defer out.mu.Unlock()
		out.cmd = append(out.cmd, f)
	})
	out.box.Send = func(f []byte) { _ = l.Publish("cb/1/"+m.Keys.Name+"/up", f) }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	out.eventually("on the link", l.Up)
	return out
}

func (m *machine) eventually(what string, f func() bool) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 30*time.Second)
	defer cancel()
	testlog.Eventually(ctx, m.t, what, f)
}

func (m *machine) beat(obeyed uint64) {
	_ = m.link.Publish("cb/1/"+m.Keys.Name+"/beat", m.NextBeat(cert.StateOpen, obeyed))
}

// heard reports whether the centre's time came for this start.
func (m *machine) heard() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, raw := range m.cmd {
		if _, err := m.Enrolled.Trust.Time(raw, m.Keys.Name, m.Boot()); err == nil {
			return true
		}
	}
	return false
}

// ordered reports whether an order for this machine came.
func (m *machine) ordered(op cert.Op) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, raw := range m.cmd {
		if c, err := m.Enrolled.Trust.Command(raw, m.Enrolled.Box, 0); err == nil && c.Op == op {
			return true
		}
	}
	return false
}

// TestTrustEndToEnd: a code, a box that joins over HTTP and connects with its
// certificate, its records, time and orders; then it is stolen.
func TestTrustEndToEnd(t *testing.T) {
	dir := t.TempDir()
	h := start(t, trusted(t, dir))
	m := connect(t, h, join(t, h, h.invite(t, "tram-01")), "tram-01")
	m.box.Record(300)
	m.box.Connect()
	synced(t, m.box)
	held(t, h, m.box)
	m.eventually("statements", func() bool { m.box.Tick(); return len(m.box.State().Down) >= 2 })
	m.beat(0)
	m.eventually("the centre's time", m.heard)
	if out := run(t, dir, "box", "show", "tram-01"); !bytes.Contains([]byte(out), []byte(m.Serial().String())) || !bytes.Contains([]byte(out), []byte("open")) {
		t.Error(out)
	}
	run(t, dir, "order", "-operator", "Mẫu", "tram-01", "lock") // in another process's place
	m.eventually("the order at once", func() bool { return m.ordered(cert.OpLock) })

	run(t, dir, "stolen", "-operator", "Mẫu", "tram-01")
	m.eventually("the order to erase", func() bool { m.beat(0); return m.ordered(cert.OpErase) })
	m.box.Record(50)
	m.box.Connect()
	m.eventually("up again with what is left", func() bool { return m.link.Up() && m.link.Stats().Connects > 1 })
	m.Reboot()
	m.eventually("time, though it is stolen", func() bool { m.beat(1); m.box.Tick(); return m.heard() })
	if ss, err := h.Streams(t.Context(), "tram-01"); err != nil || len(ss) != 1 || ss[0].Size != 300 {
		t.Fatalf("%+v %v", ss, err)
	}
}

// TestSuccessorTakesTheName while its predecessor is still there.
func TestSuccessorTakesTheName(t *testing.T) {
	dir := t.TempDir()
	h := start(t, trusted(t, dir))
	old := connect(t, h, join(t, h, h.invite(t, "tram-01")), "tram-01")
	old.box.Record(20)
	old.box.Connect()
	synced(t, old.box)
	run(t, dir, "stolen", "-operator", "Mẫu", "tram-01")
	old.eventually("cut", func() bool { return old.link.Stats().Connects > 1 || !old.link.Up() })
	next := join(t, h, h.invite(t, "tram-01"))
	thief := connect(t, h, old.Machine, old.Serial().String())
	m := connect(t, h, next, "tram-01")
	m.box.Record(30)
	m.box.Connect()
	synced(t, m.box)
	thief.eventually("the order to erase", func() bool { thief.beat(0); return thief.ordered(cert.OpErase) })
	if m.ordered(cert.OpErase) {
		t.Fatal("the successor obeys what was meant for the thief")
	}
	before := m.link.Stats().Connects
	m.beat(0)
	m.eventually("time", m.heard)
	if n := m.link.Stats().Connects; n != before {
		t.Fatalf("the thief throws the successor out: %d connections", n)
	}
	ss, err := h.Streams(t.Context(), "tram-01")
	if err != nil || len(ss) != 2 {
		t.Fatalf("%+v %v", ss, err)
	}
}

// TestEnrolAddress answers new boxes and nothing else.
func TestEnrolAddress(t *testing.T) {
	cfg := trusted(t, t.TempDir())
	cfg.Web.Enrol = "127.0.0.1:0"
	h := start(t, cfg)
	m := hubtest.NewMachine(h.invite(t, "tram-01"))
	status, answer := post(t, h.EnrolAddr(), m.Request)
	if status != 200 || m.Accept(answer) != nil {
		t.Fatal(status)
	}
	for _, path := range []string{"/", "/login", "/healthz", "/enrol"} {
		r, err := http.Get("http://" + h.EnrolAddr() + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode < 400 {
			t.Error(path, r.StatusCode)
		}
	}
	if status, _ := post(t, h.WebAddr(), hubtest.NewMachine(cert.NewCode()).Request); status != 404 {
		t.Error(status)
	}
}

// TestJoiningSurvivesACrash: the authority had answered, the box's row was not made.
func TestJoiningSurvivesACrash(t *testing.T) {
	cfg := trusted(t, t.TempDir())
	h := start(t, cfg)
	m := hubtest.NewMachine(h.invite(t, "tram-01"))
	answer, err := h.Authority().Enrol(t.Context(), by(), m.Request) // as if the power went here
	if err != nil {
		t.Fatal(err)
	}
	h.stop()
	h = start(t, cfg)
	if err := m.Accept(answer); err != nil {
		t.Fatal(err)
	}
	m.Enrolled.Answer.Broker = h.BrokerURL()
	on := connect(t, h, m, "tram-01")
	on.box.Record(10)
	on.box.Connect()
	synced(t, on.box)
	held(t, h, on.box)
}

func TestWithoutAnAuthority(t *testing.T) {
	h := start(t, conf(t.TempDir()))
	if status, body := post(t, h.WebAddr(), []byte("x")); status != 503 {
		t.Error(status, string(body))
	}
	if _, err := h.Invite(t.Context(), by(), hubtest.Invitation(facility, "a")); err == nil {
		t.Error("invited")
	}
}
