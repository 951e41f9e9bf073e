package mqttlink

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/internal/testpeer"
)

// broker is Debian's mosquitto on a port of its own.
type broker struct {
	t    *testing.T
	conf string
	port int
	cmd  *exec.Cmd
}

func newBroker(t *testing.T, extra ...string) *broker {
	t.Helper()
	testpeer.Need(t, "mosquitto")
	b := &broker{t: t, port: freePort(t), conf: filepath.Join(t.TempDir(), "mosquitto.conf")}
	lines := append([]string{fmt.Sprintf("listener %d 127.0.0.1", b.port), "persistence false"}, extra...)
	if len(extra) == 0 {
		lines = append(lines, "allow_anonymous true")
	}
	if os.Geteuid() == 0 { // it would change to a user who may not read our files
		lines = append(lines, "user root")
	}
	if err := os.WriteFile(b.conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	b.start()
	return b
}

func (b *broker) start() {
	b.t.Helper()
	b.cmd = exec.Command(testpeer.Need(b.t, "mosquitto"), "-c", b.conf)
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	eventually(b.t, "broker listens", func() bool {
		c, err := net.Dial("tcp", b.addr())
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func (b *broker) stop() {
	if b.cmd != nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
		b.cmd = nil
	}
}

func (b *broker) addr() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// eventually polls a condition that a process outside fulfils.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-limit.C:
			t.Fatalf("waited for: %s", what)
		case <-tick.C:
		}
	}
}

// quick are timings for tests: the pauses are short, the logic is the same.
func quick(addr, id string) Opts {
	return Opts{
		Broker: "tcp://" + addr, ClientID: id, KeepAlive: time.Second, PingTimeout: time.Second,
		ConnectTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second,
		MinBackoff: 10 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
	}
}

// box collects what a handler gets.
type box struct {
	mu  sync.Mutex
	got []string
}

func (b *box) add(topic string, payload []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, topic+" "+string(payload))
}

func (b *box) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

func run(t *testing.T, o Opts, filters ...string) (*Link, *box) {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b := new(box)
	for _, f := range filters {
		l.Handle(f, b.add)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	<-l.Ready()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if l.Up() {
			t.Error("still up after the end")
		}
	})
	return l, b
}

func TestCarries(t *testing.T) {
	b := newBroker(t)
	hub, got := run(t, quick(b.addr(), "hub"), "cb/1/+/up")
	one, _ := run(t, quick(b.addr(), "box"), "cb/1/tram-01/down")
	eventually(t, "both up", func() bool { return hub.Up() && one.Up() })
	var want []string
	for i := range 200 {
		want = append(want, fmt.Sprintf("cb/1/tram-01/up %d", i))
		if err := one.Publish("cb/1/tram-01/up", fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "200 messages", func() bool { return len(got.all()) == 200 })
	if !slices.Equal(got.all(), want) {
		t.Fatal("the order changed")
	}
	s := one.Stats()
	if s.BytesUp < 200*20 || s.BytesDown == 0 || s.Published != 200 || s.Connects != 1 {
		t.Fatalf("%+v", s)
	}
	if err := one.Publish("cb/1/tram-01/up", make([]byte, MaxPayload+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}

func TestReconnects(t *testing.T) {
	b := newBroker(t)
	l, got := run(t, quick(b.addr(), "box"), "x")
	for i := range 3 {
		eventually(t, "up", l.Up)
		changed := l.Changed()
		b.stop()
		<-changed
		eventually(t, "down", func() bool { return !l.Up() })
		if err := l.Publish("x", []byte("lost")); !errors.Is(err, ErrDown) {
			t.Fatal(err)
		}
		eventually(t, "a refused port", func() bool {
			s := l.State()
			return s.Cause == CauseUnreachable && s.Tries > 2
		})
		b.start()
		eventually(t, "up again", l.Up)
		if s := l.State(); s.Cause != CauseNone || s.Tries != 0 {
			t.Fatalf("%+v", s)
		}
		if err := l.Publish("x", fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "subscribed again", func() bool { return len(got.all()) == i+1 })
	}
	if n := l.Stats().Connects; n != 4 {
		t.Fatalf("%d connections", n)
	}
}

func TestRetryEndsThePause(t *testing.T) {
	b := newBroker(t)
	b.stop()
	o := quick(b.addr(), "box")
	o.MinBackoff, o.MaxBackoff = time.Hour, 10*time.Hour
	l, _ := run(t, o, "x")
	eventually(t, "the first try", func() bool { return l.State().Tries == 1 })
	b.start()
	l.Retry()
	eventually(t, "up", l.Up)
}

func TestRefused(t *testing.T) {
	tests := map[string][]string{
		"nobody may connect": {"allow_anonymous false"},
	}
	for name, conf := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t, conf...)
			o := quick(b.addr(), "box")
			o.Username, o.Password = "tram-01", "wrong"
			l, _ := run(t, o, "x")
			eventually(t, "refused", func() bool { return l.State().Cause == CauseRefused && l.State().Tries > 1 })
		})
	}
}

// TestSubscriptionRefused plays a broker that takes the connection and not the
// subscription: mosquitto answers such a filter as if it were granted.
func TestSubscriptionRefused(t *testing.T) {
	addr := serve(t, func(c net.Conn) {
		if readPacket(c) == nil { // CONNECT
			return
		}
		_, _ = c.Write([]byte{0x20, 2, 0, 0})
		p := readPacket(c) // SUBSCRIBE
		if len(p) < 4 {
			return
		}
		_, _ = c.Write([]byte{0x90, 3, p[2], p[3], 0x80})
		_, _ = io.Copy(io.Discard, c)
	})
	l, _ := run(t, quick(addr, "box"), "x")
	eventually(t, "refused", func() bool { return l.State().Cause == CauseRefused })
}

// TestOneSubscriptionRefused plays a broker that leaves a box one of two topics.
func TestOneSubscriptionRefused(t *testing.T) {
	addr := serve(t, func(c net.Conn) {
		if readPacket(c) == nil { // CONNECT
			return
		}
		_, _ = c.Write([]byte{0x20, 2, 0, 0})
		p := readPacket(c) // SUBSCRIBE, of both in one round trip
		if len(p) < 12 {
			return
		}
		code := map[byte]byte{'x': 0x80}
		_, _ = c.Write([]byte{0x90, 4, p[2], p[3], code[p[6]], code[p[10]]})
		_, _ = c.Write([]byte{0x30, 4, 0, 1, 'y', '!'})
		_, _ = io.Copy(io.Discard, c)
	})
	l, got := run(t, quick(addr, "box"), "x", "y")
	eventually(t, "what is left", func() bool { return l.Up() && slices.Contains(got.all(), "y !") })
}

// TestSilentServer plays a port that takes a connection and never speaks.
func TestSilentServer(t *testing.T) {
	addr := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	o := quick(addr, "box")
	o.ConnectTimeout = 200 * time.Millisecond
	l, _ := run(t, o, "x")
	eventually(t, "given up twice", func() bool { return l.State().Cause == CauseUnreachable && l.State().Tries > 1 })
}

func TestBlackHole(t *testing.T) {
	b := newBroker(t)
	p := newProxy(t, b.addr())
	l, got := run(t, quick(p.addr, "box"), "x")
	eventually(t, "up", l.Up)
	p.swallow(true)
	eventually(t, "the loss is noticed", func() bool { return !l.Up() })
	p.swallow(false)
	eventually(t, "up again", l.Up)
	if err := l.Publish("x", []byte("a")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it carries", func() bool { return slices.Contains(got.all(), "x a") })
}

func TestSlowHandlerDropsAndDoesNotBlock(t *testing.T) {
	b := newBroker(t)
	o := quick(b.addr(), "box")
	o.QueueIn = 4
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	l.Handle("x", func(string, []byte) { <-gate })
	other := new(box)
	l.Handle("y", other.add)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	eventually(t, "up", l.Up)
	for range 50 {
		if err := l.Publish("x", []byte("m")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Publish("y", []byte("m")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other filter is served", func() bool { return len(other.all()) == 1 })
	if s := l.Stats(); s.DroppedIn < 50-4-1 || !l.Up() {
		t.Fatalf("%+v", s)
	}
	close(gate)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	pool := certificates(t, dir)
	b := newBroker(t, "allow_anonymous true", "certfile "+filepath.Join(dir, "cert.pem"), "keyfile "+filepath.Join(dir, "key.pem"))
	o := quick(b.addr(), "box")
	o.Broker = "ssl://" + b.addr()
	o.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	l, _ := run(t, o, "x")
	eventually(t, "up", l.Up)
	o.TLS, o.ClientID = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS13}, "other"
	wary, _ := run(t, o, "x")
	eventually(t, "an unknown authority", func() bool { return wary.State().Cause == CauseTLS })
	o.Broker, o.ClientID = "tcp://"+b.addr(), "plain"
	plain, _ := run(t, o, "x")
	eventually(t, "clear text is not answered", func() bool { return plain.State().Tries > 0 })
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []Opts{
		{ClientID: "a"},
		{Broker: "127.0.0.1:1883", ClientID: "a"},
		{Broker: "tcp://127.0.0.1", ClientID: "a"},
		{Broker: "ws://127.0.0.1:80", ClientID: "a"},
		{Broker: "tcp://127.0.0.1:1883"},
		{Broker: "tcp://127.0.0.1:1883", ClientID: "a", KeepAlive: time.Millisecond},
	} {
		if _, err := New(o); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: %v", o.Broker, err)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	l, err := New(Opts{Broker: "tcp://127.0.0.1:1", ClientID: "a", QueueOut: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Publish("x", nil); !errors.Is(err, ErrDown) {
		t.Fatal(err)
	}
	l.set(State{Up: true}) // nobody reads the queue
	for _, want := range []error{nil, nil, ErrFull} {
		if err := l.Publish("x", nil); !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
	}
	l.drain()
	if s := l.Stats(); s.DroppedOut != 4 {
		t.Fatalf("%+v", s)
	}
}

// TestQueueIsBoundedInBytes: a queue of thousands of small messages does not hold
// thousands of large ones; what left it makes room.
func TestQueueIsBoundedInBytes(t *testing.T) {
	l, err := New(Opts{Broker: "tcp://127.0.0.1:1", ClientID: "a", QueueOut: 4096, QueueBytes: 200 << 10})
	if err != nil {
		t.Fatal(err)
	}
	l.set(State{Up: true}) // nobody reads the queue
	big := make([]byte, MaxPayload)
	for range 2 {
		for i, want := range []error{nil, nil, nil, ErrFull, ErrFull} {
			if err := l.Publish("x", big); !errors.Is(err, want) {
				t.Fatalf("%d: %v, want %v", i, err, want)
			}
		}
		if err := l.Publish("x", []byte("small")); err != nil {
			t.Fatal(err)
		}
		l.drain()
	}
	if n := l.waitOut.Load(); n != 0 {
		t.Fatalf("%d bytes wait in an empty queue", n)
	}
}

// serve accepts connections on a free port until the test ends.
func serve(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				f(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return ln.Addr().String()
}

// readPacket reads a short MQTT packet whole.
func readPacket(c net.Conn) []byte {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil || head[1] >= 0x80 {
		return nil
	}
	b := make([]byte, head[1])
	if _, err := io.ReadFull(c, b); err != nil {
		return nil
	}
	return append(head, b...)
}

// proxy forwards to a broker, or swallows everything while connections stand.
type proxy struct {
	addr string
	mu   sync.Mutex
	hole bool
}

func newProxy(t *testing.T, to string) *proxy {
	p := new(proxy)
	p.addr = serve(t, func(c net.Conn) {
		up, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer up.Close()
		go p.copy(c, up)
		p.copy(up, c)
	})
	return p
}

func (p *proxy) swallow(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = on
}

func (p *proxy) copy(dst, src net.Conn) {
	b := make([]byte, 4096)
	for {
		n, err := src.Read(b)
		if err != nil {
			_ = dst.Close()
			return
		}
		p.mu.Lock()
		hole := p.hole
		p.mu.Unlock()
		if !hole {
			_, _ = dst.Write(b[:n])
		}
	}
}

// certificates writes a self-signed pair for 127.0.0.1.
func certificates(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: k}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}
