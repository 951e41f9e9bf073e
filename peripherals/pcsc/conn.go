package pcsc

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// conn is a connection to the daemon. After any error it is of no more use: half
// an answer may be on its way.
type conn struct {
	nc    net.Conn
	limit time.Duration // for an answer
}

// DialFunc opens a connection to the daemon.
type DialFunc func(ctx context.Context) (net.Conn, error)

func dialUnix(path string) DialFunc {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
}

// open connects, agrees on a version and makes a context, whose number it returns.
func (o *Opts) open(ctx context.Context) (*conn, uint32, error) {
	dialing, done := context.WithTimeout(ctx, o.Answer)
	defer done()
	nc, err := o.Dial(dialing)
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		return nil, 0, fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	c := &conn{nc: nc, limit: o.Answer}
	number, err := c.greet(ctx)
	if err != nil {
		nc.Close()
		return nil, 0, err
	}
	return c, number, nil
}

func (c *conn) greet(ctx context.Context) (uint32, error) {
	if err := c.agree(ctx); err != nil {
		return 0, err
	}
	a, err := c.call(ctx, message(cmdEstablish, words(scopeSystem, 0, 0), nil), sizeEstablish)
	if err != nil {
		return 0, err
	}
	return word(a, 4), status(a)
}

// agree offers the oldest version that is known, which newer daemons take too, and
// the daemon's own after a refusal. Without a common version the daemon would read
// messages wrongly, so both must say yes.
func (c *conn) agree(ctx context.Context) error {
	for minor := uint32(minMinor); ; {
		a, err := c.call(ctx, message(cmdVersion, words(major, minor, 0), nil), sizeVersion)
		if hungUp(err) {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if err != nil {
			return err
		}
		code, theirs := Code(word(a, 8)), word(a, 4)
		if code == codeOK {
			return nil
		}
		if code != codeServiceStopped || word(a, 0) != major || theirs <= minor || minor != minMinor {
			return fmt.Errorf("%w: %d.%d: %w", ErrVersion, word(a, 0), theirs, code)
		}
		minor = theirs
	}
}

// states asks for all readers.
func (c *conn) states(ctx context.Context, cmd uint32) ([]slot, error) {
	a, err := c.call(ctx, message(cmd, nil, nil), sizeStates)
	if err != nil {
		return nil, err
	}
	return decodeStates(a)
}

// call sends a message and reads an answer of so many bytes. It ends at once with
// ctx, whose error it then returns.
func (c *conn) call(ctx context.Context, msg []byte, answer int) ([]byte, error) {
	return c.within(ctx, c.limit, msg, answer)
}

// within is call with another limit.
func (c *conn) within(ctx context.Context, limit time.Duration, msg []byte, answer int) ([]byte, error) {
	return c.exchange(ctx, limit, func() ([]byte, error) {
		if err := c.write(msg); err != nil {
			return nil, err
		}
		return c.read(answer)
	})
}

// listen waits for bytes that the daemon sends by itself, without a limit of time.
func (c *conn) listen(ctx context.Context, n int) ([]byte, error) {
	return c.exchange(ctx, 0, func() ([]byte, error) { return c.read(n) })
}

func (c *conn) write(b []byte) error {
	if _, err := c.nc.Write(b); err != nil {
		return fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	return nil
}

func (c *conn) read(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.nc, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	return b, nil
}

// exchange runs do, whose reads and writes end after limit (0 = never) or with ctx.
func (c *conn) exchange(ctx context.Context, limit time.Duration, do func() ([]byte, error)) ([]byte, error) {
	var deadline time.Time
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	if err := c.nc.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDaemon, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.nc.SetDeadline(time.Unix(1, 0)) })
	b, err := do()
	if !stop() { // the deadline is or will be spoilt, even when the answer came
		return nil, ctx.Err()
	}
	return b, err
}

// status is the code at the end of most answers; nil for success.
func status(answer []byte) error {
	if code := Code(word(answer, len(answer)-4)); code != codeOK {
		return code
	}
	return nil
}
