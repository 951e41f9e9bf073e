package serialport

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tarm/serial"
)

// Idle is the read time-out of the port, and the longest that Close takes to end a
// Read. tarm/serial tells it as io.EOF, and an unplugged adapter as io.EOF at once,
// for ever; without a time-out a read cannot be ended at all.
const Idle = 200 * time.Millisecond

// ErrUnplugged is returned by Read when the adapter is gone.
var ErrUnplugged = errors.New("serial line is gone")

// ErrBusy means that a write of an earlier connection still hangs in the system.
var ErrBusy = errors.New("serial line still hangs in an earlier write")

// port is what tarm/serial gives. Its writes cannot be ended from outside.
type port interface {
	io.ReadWriteCloser
	Flush() error // throws away what is under way in both directions
}

// Line opens one port after the other, never two at a time: a hanging write holds
// a thread of the system, so there is at most one of them.
type Line struct {
	open func() (port, error)
	mu   sync.Mutex
	hung <-chan struct{} // closed when an abandoned port is shut at last; nil = none
}

// New is the serial line at path, 8N1. It opens nothing yet.
func New(path string, baud int) *Line {
	return &Line{open: func() (port, error) {
		return serial.OpenPort(&serial.Config{Name: path, Baud: baud, ReadTimeout: Idle})
	}}
}

// Dial opens the port and throws away what earlier connections left in it. It
// returns ErrBusy while a write of the connection before hangs.
func (l *Line) Dial(context.Context) (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hung != nil {
		select {
		case <-l.hung:
			l.hung = nil
		default:
			return nil, ErrBusy
		}
	}
	p, err := l.open()
	if err != nil {
		return nil, err
	}
	_ = p.Flush() // answers to questions of an earlier connection
	return &Conn{line: l, port: p, closed: make(chan struct{})}, nil
}

// Conn gives a port deadlines and a Close that works. One goroutine may read and
// another write.
type Conn struct {
	line     *Line
	port     port
	deadline time.Time // of writes; one goroutine writes
	closed   chan struct{}

	mu     sync.Mutex
	shut   bool
	under  int            // writes in the system
	writes sync.WaitGroup // the same, to wait for; none is added once shut
}

// Read returns when bytes came, the port is closed or the adapter was unplugged.
func (c *Conn) Read(b []byte) (int, error) {
	for quick := 0; ; {
		began := time.Now()
		n, err := c.port.Read(b)
		select {
		case <-c.closed:
			return n, os.ErrClosed
		default:
		}
		if n > 0 || (err != nil && !errors.Is(err, io.EOF)) {
			return n, err
		}
		if time.Since(began) >= Idle/2 {
			quick = 0
		} else if quick++; quick >= 3 { // a signal may end one read early
			return 0, ErrUnplugged
		}
	}
}

// SetWriteDeadline bounds the writes that follow.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

// Write returns at the deadline, though the system's write may go on: then the
// line stays shut until that is back.
func (c *Conn) Write(b []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	came := make(chan result, 1)
	own := append([]byte(nil), b...) // may outlive the caller's
	c.mu.Lock()
	if c.shut {
		c.mu.Unlock()
		return 0, os.ErrClosed
	}
	c.under++
	c.writes.Go(func() {
		n, err := c.port.Write(own)
		c.mu.Lock()
		c.under--
		c.mu.Unlock()
		came <- result{n, err}
	})
	c.mu.Unlock()
	var late <-chan time.Time
	if !c.deadline.IsZero() {
		timer := time.NewTimer(time.Until(c.deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case r := <-came:
		return r.n, r.err
	case <-late:
		return 0, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, os.ErrClosed
	}
}

// Close ends a waiting Read within Idle. A write that hangs in the system is
// left behind with its port, which waits for it; throwing away what is under way
// makes room for its chunk, which is smaller than the system's buffer, so that it
// may come back.
func (c *Conn) Close() error {
	c.mu.Lock()
	again := c.shut
	c.shut = true
	if !again && c.under > 0 {
		_ = c.port.Flush() // now: once it closes, its descriptor may be another's
	}
	c.mu.Unlock()
	if again {
		return os.ErrClosed
	}
	close(c.closed)
	done := make(chan error, 1)
	back := make(chan struct{})
	go func() {
		err := c.port.Close()
		c.writes.Wait()
		done <- err
		close(back)
	}()
	timer := time.NewTimer(2 * Idle)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		c.line.abandon(back)
		return ErrBusy
	}
}

func (l *Line) abandon(shut <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hung = shut
}
