package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Cable is the link between the box and the broker: a TCP relay that a person can
// pull and put back. Pulled, it drops what runs through it and refuses the rest,
// as a modem without signal does.
type Cable struct {
	ln     net.Listener
	target string

	mu     sync.Mutex
	pulled bool
	conns  map[net.Conn]struct{}
}

// NewCable listens on a free port of loopback and relays to target (host:port).
func NewCable(target string) (*Cable, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cable: %w", err)
	}
	return &Cable{ln: ln, target: target, conns: map[net.Conn]struct{}{}}, nil
}

// Addr is where the box dials.
func (c *Cable) Addr() string { return c.ln.Addr().String() }

// String names the task.
func (c *Cable) String() string { return "cable to " + c.target }

// Ready is closed: the listener is open since NewCable.
func (c *Cable) Ready() <-chan struct{} { return closed() }

// Set pulls the cable (false) or puts it back (true).
func (c *Cable) Set(up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = !up
	if up {
		return
	}
	for conn := range c.conns {
		conn.Close()
	}
}

// Up reports whether the cable is in.
func (c *Cable) Up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.pulled
}

// Run relays until ctx ends.
func (c *Cable) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	stop := context.AfterFunc(ctx, func() {
		c.ln.Close()
		c.Set(false)
	})
	defer stop()
	for {
		conn, err := c.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cable: %w", err)
		}
		wg.Go(func() { c.relay(conn) })
	}
}

func (c *Cable) relay(near net.Conn) {
	defer near.Close()
	if !c.hold(near) {
		return
	}
	defer c.release(near)
	far, err := net.Dial("tcp", c.target)
	if err != nil {
		return // the broker is away: the box sees a closed connection
	}
	defer far.Close()
	if !c.hold(far) {
		return
	}
	defer c.release(far)
	var wg sync.WaitGroup
	wg.Go(func() { pour(far, near) })
	wg.Go(func() { pour(near, far) })
	wg.Wait()
}

// pour copies until either end closes, then closes both: half a link is none.
func pour(dst, src net.Conn) {
	_, _ = io.Copy(dst, src) // the reason does not matter: a cable has no errors
	dst.Close()
	src.Close()
}

func (c *Cable) hold(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulled {
		return false
	}
	c.conns[conn] = struct{}{}
	return true
}

func (c *Cable) release(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

func closed() <-chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}
