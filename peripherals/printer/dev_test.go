package printer_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic/paper"
	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

// desk is a printer's simulator and the driver, joined by a pipe inside a
// synctest bubble.
type desk struct {
	*sim.Printer
	dev *printer.Dev
}

func newDesk(t *testing.T, so sim.PrinterOpts, po printer.Opts) *desk {
	p := sim.NewPrinter(so)
	t.Cleanup(func() { p.Close() })
	return &desk{p, printer.New("pipe", pipe(p), po)}
}

func pipe(p *sim.Printer) printer.Dialer {
	return func(context.Context) (printer.Conn, error) {
		near, far := net.Pipe()
		go p.Attach(far)()
		return near, nil
	}
}

// clean fails the test if the printer saw anything that no printer should see.
func clean(t *testing.T, p *sim.Printer) {
	t.Helper()
	if r := p.Report(); len(r.Violations) > 0 || r.Unknown > 0 || r.Lost > 0 {
		t.Errorf("the printer complains: %+v", r)
	}
}

// holds tells how often the slip's dots stand on the paper.
func holds(s sim.PrinterSlip, b *printer.Bitmap) int { return bytes.Count(s.Pix, b.Pix) }

func TestWhatIsSentIsWhatComesOut(t *testing.T) {
	for _, w := range []printer.Width{printer.Width58, printer.Width80} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, sim.PrinterOpts{Width: int(w), RowsPerSecond: 400}, printer.DefaultOpts())
			b := render(t, slip(), w)
			for range 2 {
				if err := d.dev.Print(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			slips := d.Slips()
			if len(slips) != 2 || !bytes.HasPrefix(slips[0].Pix, b.Pix) || !bytes.HasPrefix(slips[1].Pix, b.Pix) {
				t.Fatalf("%d slips", len(slips))
			}
			clean(t, d.Printer)
		})
	}
}

// outcome is what a fault must lead to.
type outcome struct {
	name    string
	so      sim.PrinterOpts
	po      func(*printer.Opts)
	fault   sim.PrinterFault
	noPaper bool
	cause   printer.Cause
	touched bool
	result  printer.Result
}

func outcomes() []outcome {
	none := func(o *printer.Opts) { o.Status = printer.StatusNone }
	paperOK := printer.Result{Proof: printer.ProofPaper}
	slow := sim.PrinterOpts{RowsPerSecond: 300}
	return []outcome{
		{name: "well", result: paperOK},
		{name: "slow", so: sim.PrinterOpts{RowsPerSecond: 100}, result: paperOK},
		{name: "small buffer", so: sim.PrinterOpts{RowsPerSecond: 300, Buffer: 4096}, result: paperOK},
		{name: "tells by itself", so: sim.PrinterOpts{RowsPerSecond: 300, ASB: true}, result: paperOK},
		{name: "near end", fault: sim.PrinterFault{NearEnd: true}, result: printer.Result{Proof: printer.ProofPaper, NearEnd: true}},
		{name: "no GS r", so: slow, fault: sim.PrinterFault{NoQueue: true}, result: printer.Result{Proof: printer.ProofTime}},
		{name: "silent, as configured", so: slow, po: none, fault: sim.PrinterFault{Silent: true}, result: printer.Result{Proof: printer.ProofSent}},
		{
			name: "loses what exceeds its buffer, as configured", so: sim.PrinterOpts{RowsPerSecond: 300, Buffer: 4096, Lossy: true},
			po: func(o *printer.Opts) { o.Buffer = 4096 }, result: paperOK,
		},
		{
			name: "silent and loses, as configured", so: sim.PrinterOpts{RowsPerSecond: 300, Buffer: 4096, Lossy: true},
			po:    func(o *printer.Opts) { o.Buffer, o.Status = 4096, printer.StatusNone },
			fault: sim.PrinterFault{Silent: true}, result: printer.Result{Proof: printer.ProofSent},
		},

		{name: "no paper before", noPaper: true, cause: printer.PaperOut},
		{name: "cover open before", fault: sim.PrinterFault{Cover: true}, cause: printer.CoverOpen},
		{name: "silent", fault: sim.PrinterFault{Silent: true}, cause: printer.Unknown},
		{name: "half a status byte", fault: sim.PrinterFault{Half: true}, cause: printer.Unknown},
		{name: "takes nothing", fault: sim.PrinterFault{StopAfter: 1}, cause: printer.Unknown},
		{name: "hangs up at once", fault: sim.PrinterFault{ResetAfter: 1}, cause: printer.Broken},

		{name: "paper ends in row 1", so: slow, fault: sim.PrinterFault{PaperRows: 1}, cause: printer.PaperOut, touched: true},
		{name: "paper ends midway", so: slow, fault: sim.PrinterFault{PaperRows: 700}, cause: printer.PaperOut, touched: true},
		{name: "paper ends midway, at once", fault: sim.PrinterFault{PaperRows: 700}, cause: printer.PaperOut, touched: true},
		{name: "paper ends midway, no GS r", so: slow, fault: sim.PrinterFault{PaperRows: 700, NoQueue: true}, cause: printer.PaperOut, touched: true},
		{name: "paper ends midway, told unasked", so: sim.PrinterOpts{RowsPerSecond: 300, ASB: true}, fault: sim.PrinterFault{PaperRows: 700}, cause: printer.PaperOut, touched: true},
		{name: "paper ends in the last row", so: slow, fault: sim.PrinterFault{PaperRows: 1275}, cause: printer.PaperOut, touched: true},
		{name: "knife stuck", so: slow, fault: sim.PrinterFault{CutterJam: true}, cause: printer.Cutter, touched: true},
		{name: "stops taking bytes", so: slow, fault: sim.PrinterFault{StopAfter: 20000}, cause: printer.Stalled, touched: true},
		{name: "stops taking bytes, silent", so: slow, po: none, fault: sim.PrinterFault{StopAfter: 20000, Silent: true}, cause: printer.Stalled, touched: true},
		{name: "hangs up midway", so: slow, fault: sim.PrinterFault{ResetAfter: 20000}, cause: printer.Broken, touched: true},
		{name: "hangs up before the answer", so: slow, fault: sim.PrinterFault{ResetAfter: 61200}, cause: printer.Broken, touched: true},
	}
}

func TestEveryFaultHasItsCause(t *testing.T) {
	for _, c := range outcomes() {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.check(t) })
		})
	}
}

func (c outcome) check(t *testing.T) {
	opts := printer.DefaultOpts()
	if c.po != nil {
		c.po(&opts)
	}
	d := newDesk(t, c.so, opts)
	d.SetFault(c.fault)
	d.SetPaper(!c.noPaper)
	d.SetFault(c.fault)
	b := render(t, slip(), printer.Width58)
	began := 0
	r, err := d.dev.PrintSlip(t.Context(), printer.Slip{Bitmap: b, Begin: func() error { began++; return nil }})
	if printer.CauseOf(err) != c.cause {
		t.Fatalf("%v, want %q", err, c.cause)
	}
	if err == nil {
		time.Sleep(10 * time.Second) // a printer that only took the bytes is still at it
		slips := d.Slips()
		if len(slips) != 1 || holds(slips[0], b) != 1 || r != c.result || began != 1 {
			t.Fatalf("%d slips, %+v, began %d times", len(slips), r, began)
		}
		clean(t, d.Printer)
		return
	}
	f, _ := errors.AsType[*printer.Fault](err)
	if f.Touched != c.touched || (began == 1) != c.touched {
		t.Fatalf("touched %v, begun %d times, want %v", f.Touched, began, c.touched)
	}
	if d.Pending() > 0 && !f.Touched {
		t.Fatal("there are dots on paper that it does not know of")
	}
}

// Without the option, a printer that loses bytes must not pass for having printed.
func TestLostBytesAreNotedBySomebody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{RowsPerSecond: 300, Buffer: 4096, Lossy: true}, printer.DefaultOpts())
		if err := d.dev.Print(t.Context(), render(t, slip(), printer.Width58)); err == nil {
			t.Fatal("printed, with bytes lost:", d.Report().Lost)
		}
	})
}

func TestNothingIsPrintedWhenBeginFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		want := errors.New("disk full")
		_, err := d.dev.PrintSlip(t.Context(), printer.Slip{
			Bitmap: render(t, slip(), printer.Width58), Begin: func() error { return want },
		})
		synctest.Wait()
		if !errors.Is(err, want) || d.Pending() > 0 || len(d.Slips()) > 0 {
			t.Fatal(err, d.Pending())
		}
	})
}

func TestStopMidway(t *testing.T) {
	for name, stop := range map[string]func(context.CancelFunc, *desk){
		"context": func(cancel context.CancelFunc, _ *desk) { cancel() },
		"halt":    func(_ context.CancelFunc, d *desk) { _ = d.dev.Halt() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, sim.PrinterOpts{RowsPerSecond: 100}, printer.DefaultOpts())
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(3*time.Second, func() { stop(cancel, d) })
				began := time.Now()
				err := d.dev.Print(ctx, render(t, slip(), printer.Width58))
				if printer.CauseOf(err) != printer.Stopped || time.Since(began) > 3*time.Second {
					t.Fatal(err, time.Since(began))
				}
			})
		})
	}
}

func TestUnreachable(t *testing.T) {
	refused := errors.New("connection refused")
	d := printer.New("x", func(context.Context) (printer.Conn, error) { return nil, refused }, printer.DefaultOpts())
	err := d.Print(t.Context(), render(t, slip(), printer.Width58))
	if printer.CauseOf(err) != printer.Unreachable || !errors.Is(err, refused) {
		t.Fatal(err)
	}
}

func TestDialTakesNoLongerThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := printer.New("x", func(ctx context.Context) (printer.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, printer.DefaultOpts())
		began := time.Now()
		_, err := d.Status(t.Context())
		if printer.CauseOf(err) != printer.Unreachable || time.Since(began) != printer.DefaultOpts().Connect {
			t.Fatal(err, time.Since(began))
		}
	})
}

// The rest of a slip that failed must not come out in front of the reprint.
func TestAgainClearsWhatThePrinterHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{RowsPerSecond: 300}, printer.DefaultOpts())
		d.SetFault(sim.PrinterFault{PaperRows: 300})
		b := render(t, slip(), printer.Width58)
		if err := d.dev.Print(t.Context(), b); printer.CauseOf(err) != printer.PaperOut {
			t.Fatal(err)
		}
		if _, err := d.dev.PrintSlip(t.Context(), printer.Slip{Bitmap: b, Again: true}); printer.CauseOf(err) != printer.PaperOut {
			t.Fatal(err)
		}
		d.SetPaper(true)
		if _, err := d.dev.PrintSlip(t.Context(), printer.Slip{Bitmap: b, Again: true}); err != nil {
			t.Fatal(err)
		}
		slips := d.Slips()
		if len(slips) != 2 || !slips[0].Torn || slips[0].Height != 300 || !bytes.HasPrefix(slips[1].Pix, b.Pix) {
			t.Fatalf("%d slips", len(slips))
		}
		clean(t, d.Printer)
	})
}

func TestStatusAndDrawer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		if st, err := d.dev.Status(t.Context()); err != nil || st != (printer.Status{}) {
			t.Fatal(st, err)
		}
		d.SetFault(sim.PrinterFault{NearEnd: true})
		if st, err := d.dev.Status(t.Context()); err != nil || !st.NearEnd {
			t.Fatal(st, err)
		}
		d.SetCover(true)
		if st, err := d.dev.Status(t.Context()); printer.CauseOf(err) != printer.CoverOpen || !st.CoverOpen {
			t.Fatal(st, err)
		}
		d.SetCover(false)
		if err := d.dev.OpenDrawer(t.Context()); err != nil {
			t.Fatal(err)
		}
		clean(t, d.Printer)
	})
}

func TestFaultsTellNoPatientData(t *testing.T) {
	for _, c := range outcomes() {
		f := &printer.Fault{Cause: c.cause, Touched: c.touched}
		if strings.Contains(f.Error(), "NGUY") {
			t.Fatal(f)
		}
	}
}

func TestTwoSlipsInOneDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, sim.PrinterOpts{}, printer.DefaultOpts())
		doc := paper.Doc{Blocks: []paper.Block{paper.Text("một"), paper.Cut(), paper.Text("hai")}}
		if err := d.dev.Print(t.Context(), render(t, doc, printer.Width58)); err != nil {
			t.Fatal(err)
		}
		if n := len(d.Slips()); n != 2 {
			t.Fatalf("%d slips", n)
		}
		clean(t, d.Printer)
	})
}
