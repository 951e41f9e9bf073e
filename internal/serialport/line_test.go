package serialport

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// trapPort behaves as tarm/serial was seen to: an idle read ends with io.EOF after
// its time-out, a read after unplugging at once; a write that nobody takes hangs,
// and Close waits for it.
type trapPort struct {
	mu        sync.Mutex
	unplugged bool
	hang      chan struct{} // a write waits for it; nil = takes all
	flushed   int
}

func (p *trapPort) Read([]byte) (int, error) {
	p.mu.Lock()
	gone := p.unplugged
	p.mu.Unlock()
	if !gone {
		time.Sleep(Idle)
	}
	return 0, io.EOF
}

func (p *trapPort) Write(b []byte) (int, error) {
	if p.hang != nil {
		<-p.hang
	}
	return len(b), nil
}

func (p *trapPort) Close() error {
	if p.hang != nil {
		<-p.hang
	}
	return nil
}

func (p *trapPort) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flushed++
	return nil
}

func (p *trapPort) flushes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flushed
}

func dialTrap(t *testing.T, p *trapPort) (*Line, *Conn) {
	t.Helper()
	l := &Line{open: func() (port, error) { return p, nil }}
	c, err := l.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l, c
}

func TestSerialUnplugIsNoIdleLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &trapPort{}
		_, c := dialTrap(t, p)
		time.AfterFunc(time.Hour, func() {
			p.mu.Lock()
			p.unplugged = true
			p.mu.Unlock()
		})
		began := time.Now()
		if _, err := c.Read(make([]byte, 8)); !errors.Is(err, ErrUnplugged) || time.Since(began) < time.Hour {
			t.Fatal(err, time.Since(began))
		}
		_ = c.Close()
	})
}

func TestSerialCloseEndsARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := dialTrap(t, &trapPort{})
		time.AfterFunc(time.Minute, func() { _ = c.Close() })
		began := time.Now()
		if _, err := c.Read(make([]byte, 8)); !errors.Is(err, os.ErrClosed) || time.Since(began) > time.Minute+Idle {
			t.Fatal(err, time.Since(began))
		}
		if err := c.Close(); !errors.Is(err, os.ErrClosed) {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
			t.Fatal(err)
		}
	})
}

// A write that hangs holds a thread: the line is not opened again beside it.
func TestSerialHangingWriteIsTheOnlyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &trapPort{hang: make(chan struct{})}
		l, c := dialTrap(t, p)
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		began := time.Now()
		if err := c.Close(); !errors.Is(err, ErrBusy) || time.Since(began) > time.Second || p.flushes() != 2 {
			t.Fatal(err, time.Since(began), p.flushes())
		}
		if _, err := l.Dial(t.Context()); !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
		close(p.hang)
		synctest.Wait()
		again, err := l.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = again.Close()
	})
}
