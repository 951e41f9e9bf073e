package printer_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

// told fails unless the spooler says this of an idle printer.
func told(t *testing.T, s *printer.Spooler, state printer.State, cause printer.Cause) {
	t.Helper()
	if st := s.Status(); st.State != state || st.Cause != cause || (cause != "") == st.Since.IsZero() {
		t.Fatalf("%+v, want %s %q", st, state, cause)
	}
}

// TestIdlePrinterIsAsked: nothing is printed, and what is said of the printer is
// true all the same: half a minute after a fault, a few seconds after its end.
func TestIdlePrinterIsAsked(t *testing.T) {
	for _, m := range []struct {
		name  string
		apply func(*sim.Printer)
		cause printer.Cause
	}{
		{"no paper", func(p *sim.Printer) { p.SetPaper(false) }, printer.PaperOut},
		{"cover", func(p *sim.Printer) { p.SetFault(sim.PrinterFault{Cover: true}) }, printer.CoverOpen},
		{"silent", func(p *sim.Printer) { p.SetFault(sim.PrinterFault{Silent: true}) }, printer.Unknown},
		{"half", func(p *sim.Printer) { p.SetFault(sim.PrinterFault{Half: true}) }, printer.Unknown},
	} {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
				s, stop := spool(t, &printer.MemQueue{}, d.dev)
				defer stop()
				synctest.Wait()
				told(t, s, printer.Idle, "")
				m.apply(d.Printer)
				time.Sleep(40 * time.Second)
				told(t, s, printer.Idle, m.cause)
				mend(d.Printer)
				time.Sleep(14 * time.Second)
				told(t, s, printer.Idle, "")
				m.apply(d.Printer)
				s.Retry() // somebody wants to know it now
				time.Sleep(9 * time.Second)
				told(t, s, printer.Idle, m.cause)
				mend(d.Printer)
				submit(t, s, "1", note("A"))
				time.Sleep(9 * time.Second)
				told(t, s, printer.Idle, "")
				if len(d.Slips()) != 1 {
					t.Fatal("the slip did not come out")
				}
				clean(t, d.Printer)
			})
		})
	}
}

// TestNoSuchPrinter: a printer that is not there at the start is said so before
// anybody prints.
func TestNoSuchPrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		var off atomic.Bool
		off.Store(true)
		opts := printer.DefaultOpts()
		dev := printer.New("x", func(ctx context.Context) (printer.Conn, error) {
			if off.Load() {
				return nil, errors.New("no such device")
			}
			return pipe(d.Printer)(ctx)
		}, opts)
		told(t, printer.NewSpooler(&printer.MemQueue{}, dev, printer.DefaultSpoolOpts(printer.Width58)), printer.Asking, "")
		s, stop := spool(t, &printer.MemQueue{}, dev)
		defer stop()
		synctest.Wait()
		told(t, s, printer.Idle, printer.Unreachable)
		off.Store(false)
		time.Sleep(6 * time.Second)
		told(t, s, printer.Idle, "")
	})
}

// TestPrinterThatNeverSaysIsNotCalledReady: configured without status, it is
// connected to and nothing more is claimed.
func TestPrinterThatNeverSaysIsNotCalledReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := printer.DefaultOpts()
		opts.Status = printer.StatusNone
		d := newDesk(t, sim.PrinterOpts{}, opts)
		d.SetFault(sim.PrinterFault{Silent: true})
		s, stop := spool(t, &printer.MemQueue{}, d.dev)
		defer stop()
		time.Sleep(time.Minute)
		told(t, s, printer.Idle, "")
		if st := s.Status(); !st.Blind || st.Unproven {
			t.Fatalf("%+v", st)
		}
		submit(t, s, "1", note("A"))
		time.Sleep(time.Minute)
		if st := s.Status(); !st.Blind || !st.Unproven {
			t.Fatalf("%+v", st)
		}
	})
}

// watched is a printer that notices two callers at a time.
type watched struct {
	t     *testing.T
	busy  atomic.Bool
	asks  atomic.Int32
	hangs atomic.Bool // Status answers only when it is broken off
}

func (w *watched) String() string { return "watched" }
func (w *watched) Tells() bool    { return true }

func (w *watched) alone() func() {
	if w.busy.Swap(true) {
		w.t.Error("two callers at a time")
	}
	return func() { w.busy.Store(false) }
}

func (w *watched) Status(ctx context.Context) (printer.Status, error) {
	defer w.alone()()
	w.asks.Add(1)
	if w.hangs.Load() {
		<-ctx.Done()
		return printer.Status{}, &printer.Fault{Cause: printer.Stopped}
	}
	select {
	case <-time.After(time.Second):
		return printer.Status{}, nil
	case <-ctx.Done():
		return printer.Status{}, &printer.Fault{Cause: printer.Stopped}
	}
}

func (w *watched) PrintSlip(_ context.Context, s printer.Slip) (printer.Result, error) {
	defer w.alone()()
	<-time.After(3 * time.Minute)
	return printer.Result{Proof: printer.ProofPaper}, s.Begin()
}

// TestAskingIsCheapAndNeverInTheWay: two questions a minute, none while it prints,
// and a slip does not wait for the answer of a printer that gives none.
func TestAskingIsCheapAndNeverInTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{t: t}
		s, stop := spool(t, &printer.MemQueue{}, w)
		defer stop()
		time.Sleep(time.Hour)
		if n := w.asks.Load(); n < 100 || n > 121 {
			t.Fatalf("%d questions in an hour", n)
		}
		submit(t, s, "1", note("A"))
		submit(t, s, "2", note("B"))
		synctest.Wait()
		before := w.asks.Load()
		time.Sleep(6*time.Minute + time.Second)
		if n := w.asks.Load(); n != before || s.Status().Jobs != 0 {
			t.Fatalf("%d questions while it printed, %+v", n-before, s.Status())
		}
		w.hangs.Store(true)
		time.Sleep(time.Minute)
		submit(t, s, "3", note("C"))
		time.Sleep(3*time.Minute + time.Millisecond)
		if st := s.Status(); st.Jobs != 0 {
			t.Fatalf("a slip waited for an answer: %+v", st)
		}
	})
}

// TestJobsAreListed: what waits, what is held and what cannot be read, without a
// word of what stands on it.
func TestJobsAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		q := &printer.MemQueue{}
		if err := q.Put("garbage", []byte("\xff")); err != nil {
			t.Fatal(err)
		}
		s, stop := spool(t, q, d.dev)
		defer stop()
		d.SetFault(sim.PrinterFault{ResetAfter: 5000})
		submit(t, s, "1", note("A"))
		submit(t, s, "2", note("B"))
		time.Sleep(time.Hour)
		jobs := s.Jobs()
		if len(jobs) != 3 || !jobs[0].Bad || !jobs[1].Held || !jobs[1].Started || jobs[1].Form != "note" || jobs[2].Held || jobs[2].ID != "2" {
			t.Fatalf("%+v", jobs)
		}
		mend(d.Printer)
		if err := s.Drop("1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if jobs := s.Jobs(); len(jobs) != 1 || !jobs[0].Bad {
			t.Fatalf("%+v", jobs)
		}
		if n := len(d.Slips()); n == 0 {
			t.Fatal("the slip behind the dropped one did not come out")
		}
	})
}

// TestDropAsksAnew: the only job is dropped while the printer is broken; what is
// said of the printer then is its own word.
func TestDropAsksAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		s, stop := spool(t, &printer.MemQueue{}, d.dev)
		defer stop()
		d.SetPaper(false)
		submit(t, s, "1", note("A"))
		time.Sleep(time.Minute)
		synctest.Wait() // between two tries
		if err := s.Drop("1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		told(t, s, printer.Idle, printer.PaperOut)
		d.SetPaper(true)
		time.Sleep(6 * time.Second)
		told(t, s, printer.Idle, "")
	})
}
