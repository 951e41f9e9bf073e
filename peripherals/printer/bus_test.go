package printer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/peripherals/printer"
	"clinicbox/peripherals/sim"
)

// quick are time-outs for buses of the system, where time is real.
func quick() printer.Opts {
	o := printer.DefaultOpts()
	o.Answer, o.Write, o.Settle = time.Second, time.Second, 100*time.Millisecond
	return o
}

// eachBus runs f with a driver and a simulator on each bus.
func eachBus(t *testing.T, change func(*printer.Opts), f func(t *testing.T, d *desk)) {
	opts := quick()
	if change != nil {
		change(&opts)
	}
	t.Run("tcp", func(t *testing.T) {
		p := sim.NewPrinter(sim.PrinterOpts{})
		t.Cleanup(func() { p.Close() })
		addr, err := p.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f(t, &desk{p, printer.NewTCP(addr, opts)})
	})
	for name, open := range map[string]func(string) *printer.Dev{
		"serial": func(path string) *printer.Dev { return printer.NewSerial(path, 115200, opts) },
		"usb":    func(path string) *printer.Dev { return printer.NewUSB(path, opts) },
	} {
		t.Run(name, func(t *testing.T) {
			p := sim.NewPrinter(sim.PrinterOpts{})
			t.Cleanup(func() { p.Close() })
			path, err := p.OpenTerminal()
			if err != nil {
				t.Fatal(err)
			}
			f(t, &desk{p, open(path)})
		})
	}
}

func TestBuses(t *testing.T) {
	eachBus(t, nil, func(t *testing.T, d *desk) {
		b := render(t, slip(), printer.Width58)
		for range 2 {
			if err := d.dev.Print(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if slips := d.Slips(); len(slips) != 2 || holds(slips[0], b) != 1 || holds(slips[1], b) != 1 {
			t.Fatalf("%d slips", len(slips))
		}
		clean(t, d.Printer)
	})
}

func TestBusesWithoutPaper(t *testing.T) {
	eachBus(t, nil, func(t *testing.T, d *desk) {
		b := render(t, slip(), printer.Width58)
		d.SetPaper(false)
		if err := d.dev.Print(t.Context(), b); printer.CauseOf(err) != printer.PaperOut {
			t.Fatal(err)
		}
		d.SetPaper(true)
		d.SetFault(sim.PrinterFault{PaperRows: 400})
		err := d.dev.Print(t.Context(), b)
		if f, ok := errors.AsType[*printer.Fault](err); !ok || f.Cause != printer.PaperOut || !f.Touched {
			t.Fatal(err)
		}
	})
}

// A write that nobody takes ends at its deadline on every bus, and the bus is fit
// for use as soon as the printer is.
func TestBusesThatNobodyReads(t *testing.T) {
	eachBus(t, func(o *printer.Opts) { o.Write = 200 * time.Millisecond }, func(t *testing.T, d *desk) {
		b := render(t, slip(), printer.Width58)
		for range 7 { // more than any socket's buffer holds
			b.Pix = append(b.Pix, b.Pix...)
			b.Height *= 2
		}
		d.SetFault(sim.PrinterFault{StopAfter: 9000})
		err := d.dev.Print(t.Context(), b)
		if f, ok := errors.AsType[*printer.Fault](err); !ok || f.Cause != printer.Stalled || !f.Touched {
			t.Fatal(err)
		}
	})
}

func TestSilentBuses(t *testing.T) {
	eachBus(t, func(o *printer.Opts) { o.Status = printer.StatusNone }, func(t *testing.T, d *desk) {
		d.SetFault(sim.PrinterFault{Silent: true})
		b := render(t, note("A"), printer.Width58)
		if err := d.dev.Print(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return len(d.Slips()) == 1 })
	})
}

// eventually polls a condition that a process outside the test's clock fulfils.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("not within 10 s")
		}
	}
}

func TestDevicesThatAreNone(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*printer.Dev{
		printer.NewUSB(plain, quick()),
		printer.NewUSB(plain+"-missing", quick()),
		printer.NewSerial(plain, 9600, quick()),
		printer.NewSerial(plain+"-missing", 9600, quick()),
		printer.NewTCP("127.0.0.1:1", quick()),
	} {
		if err := d.Print(t.Context(), render(t, note("A"), printer.Width58)); printer.CauseOf(err) != printer.Unreachable {
			t.Errorf("%v: %v", d, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"tcp:127.0.0.1:9100":                      "printer(tcp:127.0.0.1:9100)",
		"tcp:printer.local":                       "printer(tcp:printer.local:9100)",
		"tcp:[::1]:9100?status=none":              "printer(tcp:[::1]:9100)",
		"serial:/dev/ttyUSB0":                     "printer(serial:/dev/ttyUSB0?baud=115200)",
		"serial:/dev/serial/by-id/usb-1:1.0":      "printer(serial:/dev/serial/by-id/usb-1:1.0?baud=115200)",
		"serial:/dev/ttyS0?baud=9600&buffer=4096": "printer(serial:/dev/ttyS0?baud=9600)",
		"/dev/usb/lp0":                            "printer(/dev/usb/lp0)",
		"/dev/usb/lp1?status=none":                "printer(/dev/usb/lp1)",
		"usb:/tmp/lp":                             "printer(/tmp/lp)",
	} {
		if d, err := printer.Open(address); err != nil || d.String() != want {
			t.Errorf("%s: %v, %v", address, d, err)
		}
	}
	for _, address := range []string{
		"", "tcp:", "tcp::9100", "tcp:host:0", "tcp:host:x", "tcp:host:99999", "tcp:a:b:c", "serial:", "serial:ttyUSB0",
		"ipp://host", "host:9100", "serial:/dev/ttyS0?baud=fast", "serial:/dev/ttyS0?baud=-1", "/dev/usb/lp0?status=maybe",
		"/dev/usb/lp0?colour=red", "/dev/usb/lp0?buffer=1", "/dev/usb/lp0?%zz",
	} {
		if _, err := printer.Open(address); !errors.Is(err, printer.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestSentBytesAreTheBitmaps(t *testing.T) {
	b := render(t, slip(), printer.Width80)
	sent := printer.Bytes(b)
	if !bytes.HasPrefix(sent, []byte("\x1b@\x1dv0\x00")) || !bytes.HasSuffix(sent, []byte("\x1dVB\x00")) {
		t.Fatalf("% x … % x", sent[:16], sent[len(sent)-8:])
	}
}
