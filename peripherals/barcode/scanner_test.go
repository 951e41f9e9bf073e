package barcode_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/testpeer"
	"clinicbox/peripherals/barcode"
	"clinicbox/peripherals/sim"
)

// fakePort behaves as tarm's port does: data at once, EOF after the wait when
// idle, EOF at once for ever after a hang-up, and a Read that Close cannot end.
type fakePort struct {
	data   chan []byte
	gone   chan struct{} // closed = hung up
	wait   time.Duration
	closed atomic.Bool
}

func (p *fakePort) Read(b []byte) (int, error) {
	select {
	case <-p.gone:
		return 0, io.EOF
	case d := <-p.data:
		return copy(b, d), nil
	case <-time.After(p.wait):
		return 0, io.EOF
	}
}

func (p *fakePort) Write([]byte) (int, error) { return 0, errors.New("scanners are not written to") }

func (p *fakePort) Close() error {
	p.closed.Store(true)
	return nil
}

// bench is a driver whose ports a test plugs and unplugs.
type bench struct {
	mu    sync.Mutex
	port  *fakePort
	err   error // of opening while port is nil
	opens atomic.Int32
	got   []string
}

func (b *bench) open(_ string, _ int, wait time.Duration) (io.ReadWriteCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opens.Add(1)
	if b.port == nil {
		return nil, b.err
	}
	b.port.wait = wait
	return b.port, nil
}

func (b *bench) plug() *fakePort {
	p := &fakePort{data: make(chan []byte, 10), gone: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.port = p
	return p
}

func (b *bench) unplug(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.port.gone)
	b.port, b.err = nil, err
}

func (b *bench) codes() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

func (b *bench) handle(raw []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, string(raw))
}

// start runs a driver in the bubble; the test ends it with the returned function.
func start(t *testing.T, b *bench) (*barcode.Dev, func()) {
	t.Helper()
	o := barcode.DefaultOpts()
	o.Device, o.Open = "fake", b.open
	dev, err := barcode.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- dev.Run(ctx, b.handle) }()
	return dev, func() {
		t.Helper()
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(began); took > 200*time.Millisecond {
			t.Errorf("Run ended after %v", took)
		}
		if c := dev.State().Cause; c != barcode.CauseStopped {
			t.Errorf("state after the end: %s", c)
		}
	}
}

func TestDevSilenceEndsACode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{}
		p := b.plug()
		dev, stop := start(t, b)
		defer stop()
		<-dev.Ready()
		for _, s := range []string{"first\r", "sec", "ond"} {
			p.data <- []byte(s)
			time.Sleep(10 * time.Millisecond)
		}
		if got := b.codes(); !slices.Equal(got, []string{"first"}) {
			t.Fatalf("before the silence: %q", got)
		}
		time.Sleep(150 * time.Millisecond)
		if got := b.codes(); !slices.Equal(got, []string{"first", "second"}) {
			t.Fatalf("after the silence: %q", got)
		}
		if s := dev.State(); !s.Connected() || s.Scans != 2 {
			t.Errorf("state %+v", s)
		}
	})
}

func TestDevUnplugAndReplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{}
		p := b.plug()
		dev, stop := start(t, b)
		defer stop()
		p.data <- []byte("half of a co")
		time.Sleep(20 * time.Millisecond)
		b.unplug(fs.ErrNotExist)
		time.Sleep(time.Second)
		if s := dev.State(); s.Cause != barcode.CauseUnplugged || s.Err == nil || !p.closed.Load() {
			t.Fatalf("unplugged: %+v, closed %v", s, p.closed.Load())
		}
		time.Sleep(time.Minute)
		if n := b.opens.Load(); n > 40 {
			t.Errorf("%d attempts to open in a minute", n)
		}
		p = b.plug()
		time.Sleep(2 * time.Second) // RetryMax
		if s := dev.State(); !s.Connected() {
			t.Fatalf("replugged: %+v", s)
		}
		p.data <- []byte("whole\r\n")
		time.Sleep(time.Millisecond)
		if got := b.codes(); !slices.Equal(got, []string{"whole"}) {
			t.Errorf("got %q: the half must be gone", got)
		}
	})
}

// TestDevOneEarlyEOF: a timer that fires early is no unplugging.
func TestDevOneEarlyEOF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{}
		p := b.plug()
		dev, stop := start(t, b)
		defer stop()
		for range 50 {
			p.data <- nil // Read returns 0 at once
			time.Sleep(120 * time.Millisecond)
		}
		if s := dev.State(); !s.Connected() || b.opens.Load() != 1 {
			t.Errorf("state %+v after %d opens", s, b.opens.Load())
		}
	})
}

func TestDevCauses(t *testing.T) {
	for err, want := range map[error]barcode.Cause{
		fs.ErrNotExist:                    barcode.CauseNoDevice,
		fs.ErrPermission:                  barcode.CausePermission,
		errors.New("not a tty"):           barcode.CauseNotSerial,
		&fs.PathError{Err: syscall.EBUSY}: barcode.CauseBusy,
		&fs.PathError{Err: syscall.ENXIO}: barcode.CauseNoDevice,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &bench{err: err}
			dev, stop := start(t, b)
			defer stop()
			<-dev.Ready() // a box without its scanner starts too
			synctest.Wait()
			if s := dev.State(); s.Cause != want || !errors.Is(s.Err, err) {
				t.Errorf("%v: state %+v, want %s", err, s, want)
			}
		})
	}
}

func TestDevHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := barcode.DefaultOpts()
		o.Device, o.Open = "fake", (&bench{err: fs.ErrNotExist}).open
		dev, err := barcode.New(o)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Hour)
			dev.Halt()
			dev.Halt()
		}()
		if err := dev.Run(t.Context(), func([]byte) {}); err != nil {
			t.Error(err)
		}
	})
	if _, err := barcode.New(barcode.DefaultOpts()); !errors.Is(err, barcode.ErrNoDevice) {
		t.Errorf("no device: %v", err)
	}
}

// TestDevOnTerminal drives the real port of tarm/serial on a pseudo-terminal.
func TestDevOnTerminal(t *testing.T) {
	s, err := sim.NewScanner(t.TempDir())
	if err != nil {
		testpeer.Lacks(t, "no pseudo-terminals here: "+err.Error())
	}
	defer s.Close()
	var logs bytes.Buffer
	o := barcode.DefaultOpts()
	o.Gap = 2 * time.Second // a busy machine pauses between the pieces, too
	o.Device, o.Log = s.Path(), slog.New(slog.NewTextHandler(&logs, nil))
	dev, err := barcode.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	codes := make(chan string, 1000)
	done := make(chan error, 1)
	go func() { done <- dev.Run(ctx, func(b []byte) { codes <- string(b) }) }()
	<-dev.Ready()
	expect := func(what, want string) {
		t.Helper()
		select {
		case got := <-codes:
			if got != want {
				t.Fatalf("%s: got %q", what, got)
			}
		case <-ctx.Done():
			t.Fatalf("%s: nothing arrived; state %+v", what, dev.State())
		}
	}
	scan := func(what, want string, as sim.Shape) {
		t.Helper()
		if err := s.ScanAs(chip, as); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		expect(what, want)
	}
	scan("CR", chip, sim.Shape{Suffix: "\r"})
	scan("CRLF", chip, sim.Shape{Suffix: "\r\n"})
	scan("silence", chip, sim.Shape{})
	scan("pieces", chip, sim.Shape{Suffix: "\n", Chunk: 7, Pause: time.Millisecond})
	scan("AIM", "]Q1"+chip, sim.Shape{Prefix: "]Q1", Suffix: "\r"})
	scan("half", chip[:30], sim.Shape{Cut: 30, Suffix: "\r"})
	for round := range 3 {
		if err := s.Unplug(); err != nil {
			t.Fatal(err)
		}
		until(ctx, t, "unplugged", func() bool { return dev.State().Cause == barcode.CauseUnplugged })
		if err := s.Scan(chip); !errors.Is(err, sim.ErrUnplugged) {
			t.Fatalf("scan without a cable: %v", err)
		}
		if err := s.Plug(); err != nil {
			t.Fatal(err)
		}
		// Scanned before the driver noticed the cable: the terminal keeps it.
		if round == 0 {
			scan("at once", chip, sim.Shape{Suffix: "\r"})
		}
		until(ctx, t, "plugged", func() bool { return dev.State().Connected() })
	}
	for range 200 { // about 60 KB with nobody pausing
		if err := s.Scan(chip); err != nil {
			t.Fatal(err)
		}
		expect("storm", chip)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if strings.Contains(logs.String(), "0791") || !strings.Contains(logs.String(), "unplugged") {
		t.Errorf("log: %s", logs.String())
	}
}

// until polls a condition of the real world.
func until(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never %s", what)
		}
	}
}
