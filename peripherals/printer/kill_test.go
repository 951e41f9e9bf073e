package printer_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

var errKilled = errors.New("process is dead")

// life is one run of the program: it dies at a chosen step. From then on nothing
// that it does reaches the queue or the printer. Steps lie before and after each
// change of the queue and before, within and after each write to the printer.
type life struct {
	queue *printer.MemQueue
	sim   *sim.Printer

	mu     sync.Mutex
	left   int // steps to live
	died   bool
	cancel context.CancelFunc
}

func (l *life) step() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left--; l.left < 0 && !l.died {
		l.died = true
		l.cancel()
	}
	return !l.died
}

func (l *life) Put(id string, job []byte) error {
	return l.change(func() error { return l.queue.Put(id, job) })
}

func (l *life) Delete(id string) error {
	return l.change(func() error { return l.queue.Delete(id) })
}

func (l *life) Each(f func(string, []byte) error) error { return l.queue.Each(f) }

func (l *life) change(do func() error) error {
	if !l.step() {
		return errKilled
	}
	if err := do(); err != nil {
		return err
	}
	if !l.step() {
		return errKilled
	}
	return nil
}

func (l *life) dial(ctx context.Context) (printer.Conn, error) {
	near, far := net.Pipe()
	go l.sim.Attach(far)()
	return &mortalConn{near, l}, nil
}

type mortalConn struct {
	net.Conn
	life *life
}

func (c *mortalConn) Write(b []byte) (int, error) {
	for _, half := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
		if !c.life.step() {
			_ = c.Close()
			return 0, errKilled
		}
		if _, err := c.Conn.Write(half); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// run lives until it dies or the queue is empty, and reports whether it died.
func (l *life) run(t *testing.T, rest time.Duration) bool {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.cancel = cancel
	dev := printer.New("pipe", l.dial, printer.DefaultOpts())
	s := printer.NewSpooler(l, dev, printer.DefaultSpoolOpts(printer.Width58))
	var end sync.WaitGroup
	end.Go(func() { _ = s.Run(ctx) })
	// Who asked for the slip and got no answer asks again after the restart.
	_ = s.Submit(ctx, "1", note("A"), false)
	time.Sleep(rest)
	cancel()
	end.Wait()
	return l.died
}

// The program is killed at every step of a print, and again at every fifth step
// of the next one; at last it may live. The printer goes on with what it has.
func TestKilledAnywhere(t *testing.T) {
	for _, rows := range []int{0, 300} {
		for _, rest := range []time.Duration{time.Millisecond, time.Minute} {
			t.Run(fmt.Sprintf("%d rows a second, dead for %v", rows, rest), func(t *testing.T) {
				runs := 0
				for first := 0; ; first++ {
					died := killed(t, rows, rest, first, 1<<30)
					runs++
					if !died {
						break
					}
					for second := first % 5; second < 60 && !testing.Short(); second += 5 {
						killed(t, rows, rest, first, second)
						runs++
					}
				}
				if runs < 20 {
					t.Fatalf("only %d runs", runs)
				}
				t.Logf("%d runs", runs)
			})
		}
	}
}

func killed(t *testing.T, rows int, rest time.Duration, steps ...int) (died bool) {
	synctest.Test(t, func(t *testing.T) {
		p := sim.NewPrinter(sim.PrinterOpts{RowsPerSecond: rows})
		defer p.Close()
		q := &printer.MemQueue{}
		for i, n := range append(steps, 1<<30, 1<<30) {
			l := &life{queue: q, sim: p, left: n}
			wait := rest
			if n == 1<<30 {
				wait = 2 * time.Minute
			}
			dead := l.run(t, wait)
			died = died || i == 0 && dead
		}
		if live(q) != 0 {
			t.Fatalf("killed at %v: still queued", steps)
		}
		n := count(t, p, note("A"))
		if n.whole < 1 || n.started > 1 || n.whole-n.marked > 1 {
			t.Fatalf("killed at %v: lost, or twice unmarked: %+v", steps, n)
		}
		if r := p.Report(); len(r.Violations) > 0 {
			t.Fatalf("killed at %v: %+v", steps, r)
		}
	})
	return died
}
