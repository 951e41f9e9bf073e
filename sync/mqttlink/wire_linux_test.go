package mqttlink

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"clinicbox/internal/testpeer"
)

const alone = "CLINICBOX_OWN_NETWORK"

// TestAgreesWithTheInterface compares what the link says that it cost with what the
// interface counted, in a network of its own where nothing else speaks: small and large
// messages both ways, TLS, pings, and a connection that was cut and made again.
func TestAgreesWithTheInterface(t *testing.T) {
	if os.Getenv(alone) == "" {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAgreesWithTheInterface$", "-test.v")
		c.Env = append(os.Environ(), alone+"=1")
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		out, err := c.CombinedOutput()
		if errors.Is(err, fs.ErrPermission) {
			testpeer.Lacks(t, "no rights to a network of its own")
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}
	loopback(t)
	dir := t.TempDir()
	pool := certificates(t, dir)
	b := newBroker(t, "allow_anonymous true", "certfile "+filepath.Join(dir, "cert.pem"), "keyfile "+filepath.Join(dir, "key.pem"))
	o := quick(b.addr(), "box")
	o.Broker = "ssl://" + b.addr()
	o.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	before := interfaceBytes(t)
	l, got := run(t, o, "echo")
	eventually(t, "up", l.Up)
	for i := range 60 {
		size := []int{60, 200, 700, 9000, 16 << 10}[i%5]
		if err := l.Publish("echo", make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the echo", func() bool { return len(got.all()) == i+1 })
		if i == 30 {
			b.stop()
			eventually(t, "down", func() bool { return !l.Up() })
			b.start()
			eventually(t, "up again", l.Up)
		}
	}
	agree := func() (said, counted int64) {
		s := l.Stats()
		return s.WireUp + s.WireDown, interfaceBytes(t) - before
	}
	said, counted := agree()
	s := l.Stats()
	t.Logf("the link says %d bytes (%d of TLS and MQTT), the interface %d: %+.2f%%", said, s.BytesUp+s.BytesDown, counted, 100*float64(said-counted)/float64(counted))
	if d := said - counted; d > counted/20 || d < -counted/20 {
		t.Errorf("more than 5%% apart: %d and %d", said, counted)
	}
}

// TestEstimate: without the kernel's counters the estimate stands within a tenth of them.
func TestEstimate(t *testing.T) {
	b := newBroker(t)
	l, got := run(t, quick(b.addr(), "box"), "echo")
	eventually(t, "up", l.Up)
	for i := range 40 {
		if err := l.Publish("echo", make([]byte, []int{60, 700, 5000}[i%3])); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the echo", func() bool { return len(got.all()) == i+1 })
	}
	l.mu.Lock()
	c := l.conn
	l.mu.Unlock()
	up, down := c.wire()
	c.mu.Lock()
	guess := c.bytesUp + c.bytesDown + (c.sent+c.got)*c.header
	c.mu.Unlock()
	if k := up + down; guess < k*9/10 || guess > k*5/4 {
		t.Errorf("estimated %d, the kernel says %d", guess, k)
	}
}

// loopback brings up the one interface that a new network has, with the packets of 4G.
func loopback(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for _, set := range []struct {
		req uint
		f   func(*unix.Ifreq)
	}{
		{unix.SIOCSIFMTU, func(r *unix.Ifreq) { r.SetUint32(1400) }},
		{unix.SIOCSIFFLAGS, func(r *unix.Ifreq) { r.SetUint16(unix.IFF_UP) }},
	} {
		r, err := unix.NewIfreq("lo")
		if err != nil {
			t.Fatal(err)
		}
		set.f(r)
		if err := unix.IoctlIfreq(fd, set.req, r); err != nil {
			t.Fatal(err)
		}
	}
}

// interfaceBytes is what the interface has sent: over loopback that is both sides.
func interfaceBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "lo:"); ok {
			if f := strings.Fields(rest); len(f) > 8 {
				n, err := strconv.ParseInt(f[8], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatal(fmt.Errorf("no loopback"))
	return 0
}
