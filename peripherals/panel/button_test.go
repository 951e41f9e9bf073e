package panel_test

import (
	"encoding/binary"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/testlog"
	"clinicbox/peripherals/panel"
)

const ms = time.Millisecond

// eventBytes are input_event records as the kernel gives them to a program.
func eventBytes(kind, code uint16, value int32) []byte {
	b := make([]byte, 2*bits.UintSize/8, 24) // the time, which nobody reads
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, code)
	return binary.NativeEndian.AppendUint32(b, uint32(value))
}

func key(value int32) []byte { return append(eventBytes(1, 116, value), eventBytes(0, 0, 0)...) }

// wire is an input device that a test plugs and unplugs, in a bubble.
type wire struct {
	mu  sync.Mutex
	w   *io.PipeWriter
	in  *io.PipeReader
	err error // of opening while it is unplugged
}

func (w *wire) open(string) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.in == nil {
		return nil, w.err
	}
	return w.in, nil
}

func (w *wire) plug() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in, w.w = io.Pipe()
}

func (w *wire) unplug(reading, opening error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.w.CloseWithError(reading)
	w.in, w.err = nil, opening
}

func (w *wire) send(t *testing.T, b []byte) {
	t.Helper()
	if _, err := w.w.Write(b); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func wired(w *wire) func(*bench) {
	return func(b *bench) {
		w.plug()
		b.opts.Button = &panel.Events{Path: "event0", Key: 116, Open: w.open}
	}
}

func TestPresses(t *testing.T) {
	type step struct {
		wait time.Duration
		down bool
	}
	for name, c := range map[string]struct {
		steps []step
		want  string
	}{
		"short":                            {[]step{{0, true}, {200 * ms, false}}, "230ms short"},
		"twice":                            {[]step{{0, true}, {200 * ms, false}, {300 * ms, true}, {200 * ms, false}}, "230ms short, 730ms short"},
		"long, told while held":            {[]step{{0, true}, {5 * time.Second, false}}, "3s long"},
		"just not long":                    {[]step{{0, true}, {2999 * ms, false}}, "3.029s short"},
		"held for ever":                    {[]step{{0, true}, {time.Hour, true}}, "3s long"},
		"long, then short":                 {[]step{{0, true}, {4 * time.Second, false}, {time.Second, true}, {100 * ms, false}}, "3s long, 5.13s short"},
		"chatter going down":               {[]step{{0, true}, {2 * ms, false}, {3 * ms, true}, {200 * ms, false}}, "235ms short"},
		"chatter going up":                 {[]step{{0, true}, {200 * ms, false}, {5 * ms, true}, {5 * ms, false}}, "240ms short"},
		"a gap in a long press":            {[]step{{0, true}, {time.Second, false}, {20 * ms, true}, {4 * time.Second, false}}, "3s long"},
		"a gap when it becomes long":       {[]step{{0, true}, {2990 * ms, false}, {20 * ms, true}, {time.Second, false}}, "3.01s long"},
		"let go when it would become long": {[]step{{0, true}, {2990 * ms, false}, {time.Second, false}}, "3.02s short"},
		"a spike":                          {[]step{{0, true}, {10 * ms, false}}, ""},
		"let go only":                      {[]step{{0, false}, {time.Second, false}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			run(t, wired(w), func(b *bench, _ *panel.Dev) {
				b.taken("")
				for _, s := range c.steps {
					after(s.wait)
					w.send(t, key(map[bool]int32{true: 1, false: 0}[s.down]))
				}
				after(time.Minute)
				if got := strings.Join(b.pressed(), ", "); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestChatterIsNoPress(t *testing.T) {
	w := &wire{}
	run(t, wired(w), func(b *bench, _ *panel.Dev) {
		for i := range int32(5000) {
			w.send(t, key(i%2))
			after(7 * ms)
		}
		same(t, b.pressed())
	})
}

func TestEventsCutAnywhere(t *testing.T) {
	for size := 1; size <= 60; size++ {
		w := &wire{}
		run(t, wired(w), func(b *bench, _ *panel.Dev) {
			send := func(all []byte) {
				for len(all) > 0 {
					n := min(size, len(all))
					w.send(t, all[:n])
					all = all[n:]
				}
			}
			send(key(1))
			send(key(2)) // the repeat
			after(100 * ms)
			send(key(0))
			after(time.Second)
			if got := b.pressed(); len(got) != 1 {
				t.Errorf("reads of %d bytes: %v", size, got)
			}
		})
	}
}

func TestEventsThatAreNoPress(t *testing.T) {
	for name, events := range map[string][]byte{
		"another key":      append(eventBytes(1, 30, 1), eventBytes(0, 0, 0)...),
		"a switch":         eventBytes(5, 116, 1),
		"a movement":       eventBytes(2, 116, 1),
		"a value of later": eventBytes(1, 116, 7),
		"only a repeat":    eventBytes(1, 116, 2),
		"lost events":      append(key(1), eventBytes(0, 3, 0)...),
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			run(t, wired(w), func(b *bench, _ *panel.Dev) {
				w.send(t, events)
				after(time.Minute)
				w.send(t, key(0))
				after(time.Minute)
				same(t, b.pressed())
			})
		})
	}
}

func TestButtonPulledOutInAPress(t *testing.T) {
	w := &wire{}
	run(t, wired(w), func(b *bench, d *panel.Dev) {
		if got := d.Status().Button; got != panel.There {
			t.Error(got)
		}
		w.send(t, key(1))
		after(time.Second)
		w.unplug(syscall.ENODEV, fs.ErrNotExist)
		after(time.Minute)
		same(t, b.pressed())
		if got := d.Status().Button; got != panel.Absent {
			t.Error(got)
		}
		w.plug()
		after(b.opts.RetryMax)
		b.taken("")
		w.send(t, key(1))
		after(100 * ms)
		w.send(t, key(0))
		after(time.Second)
		same(t, b.pressed(), "130ms short")
		after(time.Minute)
		w.unplug(syscall.ENODEV, fs.ErrNotExist)
		after(ms)
		w.plug() // after a long time of work the first try comes soon again
		after(b.opts.Retry)
		if got := d.Status().Button; got != panel.There {
			t.Error(got)
		}
		w.unplug(io.EOF, fs.ErrPermission)
		after(time.Minute)
		if got := d.Status().Button; got != panel.Denied {
			t.Error(got)
		}
	})
}

// A device that opens and breaks again and again fills no log and costs no time;
// once it holds, it counts.
func TestButtonWithABadPlug(t *testing.T) {
	log := testlog.New(t)
	var opens, mended atomic.Int32
	prepare := func(b *bench) {
		b.opts.Log = log.Logger()
		b.opts.Button = &panel.Events{Open: func(string) (io.ReadCloser, error) {
			opens.Add(1)
			r, w := io.Pipe()
			if mended.Load() == 0 {
				w.CloseWithError(syscall.ENODEV)
			}
			return r, nil
		}}
	}
	run(t, prepare, func(b *bench, d *panel.Dev) {
		after(time.Hour)
		if lines := strings.Count(log.String(), "panel part"); opens.Load() > 800 || lines > 4 {
			t.Errorf("%d opens, %d lines in an hour", opens.Load(), lines)
		}
		if got := d.Status().Button; got != panel.Absent {
			t.Error(got)
		}
		mended.Store(1)
		after(10*time.Second + ms)
		if got := d.Status().Button; got != panel.There {
			t.Error(got)
		}
	})
}

// While the box is busy with a press, the next one waits and stays what it was.
func TestPressWhileTheBoxIsBusy(t *testing.T) {
	w := &wire{}
	run(t, func(b *bench) { wired(w)(b); b.busy = 20 * time.Second }, func(b *bench, _ *panel.Dev) {
		for range 3 {
			w.send(t, key(1))
			after(100 * ms)
			w.send(t, key(0))
			after(4 * time.Second)
		}
		after(5 * time.Minute)
		got := b.pressed()
		for _, p := range got {
			if !strings.HasSuffix(p, " short") {
				t.Errorf("%v", got)
			}
		}
		if len(got) != 3 {
			t.Errorf("%v", got)
		}
	})
}

func TestLevelButton(t *testing.T) {
	for name, low := range map[string]bool{"active high": false, "active low": true} {
		up, down := "0\n", "1\n"
		if low {
			up, down = down, up
		}
		t.Run(name, func(t *testing.T) {
			prepare := func(b *bench) {
				b.put("gpio17/value", down) // stuck, or held since before the start
				b.opts.Button = &panel.Level{Path: b.path("gpio17/value"), ActiveLow: low}
			}
			run(t, prepare, func(b *bench, d *panel.Dev) {
				after(time.Minute)
				same(t, b.pressed())
				b.put("gpio17/value", up)
				after(time.Second)
				same(t, b.pressed())
				b.taken("")
				b.put("gpio17/value", down)
				after(100 * ms)
				b.put("gpio17/value", up)
				after(time.Second)
				b.put("gpio17/value", down)
				after(4 * time.Second)
				if got := strings.Join(b.pressed(), ", "); got != "155ms short, 4.125s long" {
					t.Error(got)
				}
				b.unplug("gpio17")
				after(time.Second)
				if got := d.Status().Button; got != panel.Absent {
					t.Error(got)
				}
				b.put("gpio17/value", "garbage")
				after(time.Minute)
				if got := d.Status().Button; got != panel.Failed {
					t.Error(got)
				}
				b.put("gpio17/value", up)
				after(b.opts.RetryMax)
				if got := d.Status().Button; got != panel.There || len(b.pressed()) != 2 {
					t.Error(got, b.pressed())
				}
			})
		})
	}
}

func TestButtonAtAPath(t *testing.T) {
	if _, ok := panel.NewButton("/sys/class/gpio/gpio17/value").(*panel.Level); !ok {
		t.Error("a value file is a level")
	}
	if _, ok := panel.NewButton("/dev/input/by-path/platform-button-event").(*panel.Events); !ok {
		t.Error("a device is a stream")
	}
}

// A real FIFO goes through the real way of opening: not waiting for a writer, and
// ended by Halt while it is silent.
func TestButtonOverFIFO(t *testing.T) {
	b := newBench(t)
	path := b.path("event0")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	b.opts.Button = panel.NewButton(path)
	b.opts.Bounce, b.opts.Long, b.opts.Retry, b.opts.RetryMax = time.Nanosecond, ms, ms, ms
	d := panel.New(b.opts, b)
	done := make(chan error, 1)
	go func() { done <- d.Run(t.Context()) }()
	hand, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer hand.Close()
	if _, err := hand.Write(key(1)); err != nil { // told while it is down
		t.Fatal(err)
	}
	testlog.Eventually(t.Context(), t, "a press", func() bool { return len(b.pressed()) > 0 })
	if err := d.Halt(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-t.Context().Done():
	}
	if got := b.pressed(); len(got) != 1 || !strings.HasSuffix(got[0], " long") {
		t.Errorf("%v", got)
	}
}
