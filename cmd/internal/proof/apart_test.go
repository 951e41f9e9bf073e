package proof

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"clinicbox/internal/testpeer"
)

// apart is a way to the broker that leads over a loopback interface of its own, in a
// network namespace of its own, with packets of 1,500 bytes: what its counters say is
// what the connection costs, headers and acknowledgements included, and nothing else.
type apart struct {
	do    chan func() // runs in the namespace
	near  net.Listener
	inner net.Listener
	wg    sync.WaitGroup
}

// newApart leads to target. It is skipped where no namespace may be made.
func newApart(b *testing.B, target string) *apart {
	b.Helper()
	a := &apart{do: make(chan func())}
	made := make(chan error, 1)
	go a.thread(made)
	if err := <-made; err != nil {
		testpeer.Lacks(b, "no network namespace here, needs root and ip: "+err.Error())
	}
	var err, err2 error
	a.near, err = net.Listen("tcp", "127.0.0.1:0")
	a.in(func() { a.inner, err2 = net.Listen("tcp", "127.0.0.1:0") })
	if err = errors.Join(err, err2); err != nil {
		b.Fatal(err)
	}
	a.wg.Go(func() {
		a.relay(a.near, func() (conn net.Conn, err error) {
			a.in(func() { conn, err = net.Dial("tcp", a.inner.Addr().String()) })
			return conn, err
		})
	})
	a.wg.Go(func() { a.relay(a.inner, func() (net.Conn, error) { return net.Dial("tcp", target) }) })
	b.Cleanup(func() {
		a.near.Close()
		a.inner.Close()
		a.wg.Wait()
		close(a.do)
	})
	return a
}

// thread is the one thread that lives in the namespace. It ends with it.
func (a *apart) thread(made chan<- error) {
	runtime.LockOSThread() // never unlocked: nobody else shall run on it
	err := unix.Unshare(unix.CLONE_NEWNET)
	for _, args := range [][]string{{"link", "set", "lo", "up", "mtu", "1500"}, {"link", "set", "lo", "gso_max_segs", "1"}} {
		if err == nil {
			err = exec.Command("ip", args...).Run()
		}
	}
	made <- err
	if err != nil {
		return
	}
	for f := range a.do {
		f()
	}
}

func (a *apart) in(f func()) {
	done := make(chan struct{})
	a.do <- func() { f(); close(done) }
	<-done
}

func (a *apart) relay(ln net.Listener, dial func() (net.Conn, error)) {
	for {
		x, err := ln.Accept()
		if err != nil {
			return // closed
		}
		y, err := dial()
		if err != nil {
			x.Close()
			continue
		}
		a.wg.Go(func() { pourAll(y, x) })
		a.wg.Go(func() { pourAll(x, y) })
	}
}

func pourAll(dst, src net.Conn) {
	defer dst.Close()
	defer src.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if _, werr := dst.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

// counted is what the interface has carried: bytes of IP packets both ways, packets.
func (a *apart) counted(t testing.TB) (n, packets int64) {
	t.Helper()
	var text []byte
	var err error
	a.in(func() { text, err = os.ReadFile("/proc/thread-self/net/dev") })
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("lo:")); ok {
			f := bytes.Fields(rest)
			n, err = strconv.ParseInt(string(f[0]), 10, 64)
			packets, _ = strconv.ParseInt(string(f[1]), 10, 64)
		}
	}
	if err != nil || n == 0 && packets != 0 {
		t.Fatalf("%s: %v", text, err)
	}
	return n, packets
}
