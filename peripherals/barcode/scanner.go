package barcode

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Opts says where the scanner is and how patient the driver shall be.
type Opts struct {
	Device string        // a path that survives replugging: /dev/serial/by-id/…, never ttyUSBn
	Baud   int           // USB-CDC scanners ignore it
	Gap    time.Duration // silence that ends a code; a serial port counts in 100 ms
	Retry  time.Duration // first pause before opening again; doubles up to RetryMax
	// RetryMax bounds the time from plugging in to the first scan.
	RetryMax time.Duration
	Open     OpenFunc     // nil opens a serial port
	Log      *slog.Logger // nil logs nothing; payloads are never logged
}

// DefaultOpts are the values for a scanner in USB-CDC or RS-232 mode.
func DefaultOpts() Opts {
	return Opts{
		Baud: 115200, Gap: 100 * time.Millisecond,
		Retry: 250 * time.Millisecond, RetryMax: 2 * time.Second,
	}
}

// Cause tells, as a stable key, why the scanner works or does not.
type Cause string

// The states of a scanner.
const (
	CauseStarting   Cause = "starting"
	CauseConnected  Cause = "connected"
	CauseUnplugged  Cause = "unplugged"  // worked and went away
	CauseNoDevice   Cause = "no-device"  // never seen since the start
	CausePermission Cause = "permission" // the program may not open it
	CauseBusy       Cause = "busy"       // another program holds it
	CauseNotSerial  Cause = "not-serial" // the path is no serial port, or it refuses the settings
	CauseStopped    Cause = "stopped"
)

// State is the scanner's state for health pages.
type State struct {
	Cause Cause
	Since time.Time
	Scans uint64 // codes handed over since the start
	Err   error  // of the last attempt to open or read; nil while connected
}

// Connected reports whether scans can arrive.
func (s State) Connected() bool { return s.Cause == CauseConnected }

// ErrNoDevice is returned by New when Opts names no device.
var ErrNoDevice = errors.New("barcode: no device configured")

// errUnplugged ends a session; the driver opens the port again.
var errUnplugged = errors.New("barcode: scanner unplugged")

// Dev is a scanner on a serial port.
type Dev struct {
	opts  Opts
	ready chan struct{}
	halt  chan struct{}
	once  sync.Once

	mu    sync.Mutex
	state State
}

// New prepares a scanner. The device need not be there yet: scanners are plugged
// in and out while the box runs.
func New(opts Opts) (*Dev, error) {
	if opts.Device == "" {
		return nil, ErrNoDevice
	}
	def := DefaultOpts()
	if opts.Baud == 0 {
		opts.Baud = def.Baud
	}
	if opts.Gap <= 0 {
		opts.Gap = def.Gap
	}
	if opts.Retry <= 0 {
		opts.Retry = def.Retry
	}
	opts.RetryMax = max(opts.RetryMax, opts.Retry)
	if opts.Open == nil {
		opts.Open = openSerial
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Dev{
		opts: opts, ready: make(chan struct{}), halt: make(chan struct{}),
		state: State{Cause: CauseStarting, Since: time.Now()},
	}, nil
}

// String names the scanner in logs and task lists.
func (d *Dev) String() string { return "barcode scanner " + d.opts.Device }

// Ready is closed after the first attempt to open the port: a box without its
// scanner must start too.
func (d *Dev) Ready() <-chan struct{} { return d.ready }

// State returns the present state.
func (d *Dev) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Halt ends Run, which returns nil within the gap. It may be called twice.
func (d *Dev) Halt() error {
	d.once.Do(func() { close(d.halt) })
	return nil
}

// Run opens the port, gives every code to handle as it came, and opens again with
// growing pauses when the scanner goes away. It returns nil when ctx ends or after
// Halt. handle runs on Run's goroutine: while it works nothing is read and the
// kernel's buffer holds what is scanned. Run may be called once.
func (d *Dev) Run(ctx context.Context, handle func(raw []byte)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-d.halt:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer d.set(CauseStopped, nil)
	ready := sync.OnceFunc(func() { close(d.ready) })
	pause, seen := d.opts.Retry, false
	for ctx.Err() == nil {
		port, err := d.opts.Open(d.opts.Device, d.opts.Baud, d.opts.Gap)
		if err == nil {
			pause, seen = d.opts.Retry, true
			d.set(CauseConnected, nil)
			ready()
			err = d.session(ctx, port, handle)
			d.set(CauseUnplugged, err)
		} else if cause := causeOf(err); seen && cause == CauseNoDevice {
			d.set(CauseUnplugged, err)
		} else {
			d.set(cause, err)
		}
		ready()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, d.opts.RetryMax)
	}
	return nil
}

// set notes a change of state and logs it once.
func (d *Dev) set(c Cause, err error) {
	d.mu.Lock()
	changed := d.state.Cause != c
	if changed {
		d.state.Cause, d.state.Since = c, time.Now()
	}
	d.state.Err = err
	d.mu.Unlock()
	if changed {
		d.opts.Log.Info("scanner", "device", d.opts.Device, "state", string(c))
	}
}

// session reads codes until ctx ends (nil) or the scanner is gone.
func (d *Dev) session(ctx context.Context, port io.ReadWriteCloser, handle func([]byte)) error {
	defer port.Close()
	var split Splitter
	code := func(raw []byte) {
		d.mu.Lock()
		d.state.Scans++
		d.mu.Unlock()
		handle(raw)
	}
	buf := make([]byte, 1024)
	early, quiet := 0, 0
	for ctx.Err() == nil {
		start := time.Now()
		n, err := port.Read(buf)
		if n > 0 {
			early, quiet = 0, 0
			split.Push(buf[:n], code)
			continue
		}
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err // half a code is dropped: it would look like another one
		case time.Since(start) >= d.opts.Gap/2:
			early = 0
			split.Idle(code)
			// A node can vanish while its file stays open and silent.
			if quiet++; quiet%20 == 0 && d.opts.isNode() && nodeGone(d.opts.Device) {
				return errUnplugged
			}
		default:
			// EOF at once, for ever, is how tarm shows a hang-up. One alone may be a
			// timer that ended early.
			if early++; early >= 3 {
				return errUnplugged
			}
		}
	}
	return nil
}

func (o *Opts) isNode() bool { return len(o.Device) > 0 && o.Device[0] == '/' }
