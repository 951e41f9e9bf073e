package modem

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/serialport"
)

// Dial opens the modem's command port. Its Read returns when bytes came, the port was
// closed, or the modem is gone; silence is no error. A port that has SetWriteDeadline
// has its writes bounded by it.
type Dial func(ctx context.Context) (io.ReadWriteCloser, error)

// Opts says where the modem is and how patient the driver shall be. Zero durations are
// those of DefaultOpts.
type Opts struct {
	Device    string      // for logs and lists
	Interface string      // network interface for counters, "" = none
	NetDir    string      // where the system lists interfaces
	PIN       redact.Text // "" = the card shall need none
	PINs      PINs        // nil = no PIN is tried
	Access    Access

	Answer   time.Duration // how long a plain command may take
	Slow     time.Duration // the same for one that asks the network
	Poll     time.Duration // between two looks at signal and registration
	Sweep    time.Duration // between two looks for messages that were not announced
	Patience time.Duration // without a network before the first try to mend it
	Longest  time.Duration // between two such tries
	Retry    time.Duration // before the port is opened again; doubles up to RetryMax
	RetryMax time.Duration
	Partial  time.Duration // how long a message of several parts may lack some

	// Power takes the modem's power away and gives it back; nil = cannot be done.
	Power func(ctx context.Context) error
	// Outbox and Inbox are where messages come from and go; nil = none are.
	Outbox Outbox
	Inbox  Inbox
	Log    *slog.Logger // nil logs nothing
}

// DefaultOpts are the values for a USB modem with a box that lives on it.
func DefaultOpts() Opts {
	return Opts{
		NetDir: "/sys/class/net",
		Answer: 5 * time.Second, Slow: time.Minute, Poll: 10 * time.Second, Sweep: 5 * time.Minute,
		Patience: 3 * time.Minute, Longest: time.Hour,
		Retry: time.Second, RetryMax: 30 * time.Second, Partial: time.Hour,
	}
}

// State is what panel and pages show.
type State struct {
	Cause      Cause
	Since      time.Time // of the cause
	Bars       Bars
	DBm        int    // 0 = not known
	Operator   string // name, or code of one that is not listed
	Technology string // "2G" to "5G", "" = not known
	Roaming    bool
	Address    string
	APN        string
	IMEI       string // of the modem
	ICCID      string // of the card
	Counters   Counters
	Mended     int // tries to bring it back since it worked last
}

// Online reports whether the network can be used.
func (s State) Online() bool { return s.Cause == Online }

var (
	// ErrPIN is returned by New for a PIN that no card has.
	ErrPIN = errors.New("modem: a PIN has 4 to 8 digits")
	// ErrAccess is returned for an access point with signs that none has.
	ErrAccess = errors.New("modem: access point with impossible signs")
)

// Dev is a modem.
type Dev struct {
	opts   Opts
	dial   Dial
	ready  chan struct{}
	halt   chan struct{}
	wake   chan struct{}
	once   sync.Once
	first  sync.Once
	meter  meter
	ladder ladder
	inbox  inbox

	mu     sync.Mutex
	state  State
	access Access
	turn   int // counts changes of access
}

// NewSerial is a modem at a serial device, best under /dev/serial/by-id.
func NewSerial(device string, baud int, opts Opts) (*Dev, error) {
	opts.Device = device
	line := serialport.New(device, baud)
	return New(func(ctx context.Context) (io.ReadWriteCloser, error) {
		c, err := line.Dial(ctx)
		if err != nil {
			return nil, err // not c: a nil pointer in an interface is not nil
		}
		return c, nil
	}, opts)
}

// New prepares a modem; it need not be there yet.
func New(dial Dial, opts Opts) (*Dev, error) {
	if pin := opts.PIN.Reveal(); pin != "" && (len(pin) < 4 || len(pin) > 8 || strings.Trim(pin, "0123456789") != "") {
		return nil, ErrPIN
	}
	if !opts.Access.valid() {
		return nil, ErrAccess
	}
	def := DefaultOpts()
	for _, f := range []struct {
		have *time.Duration
		def  time.Duration
	}{
		{&opts.Answer, def.Answer},
		{&opts.Slow, def.Slow},
		{&opts.Poll, def.Poll},
		{&opts.Sweep, def.Sweep},
		{&opts.Patience, def.Patience},
		{&opts.Longest, def.Longest},
		{&opts.Retry, def.Retry},
		{&opts.RetryMax, def.RetryMax},
		{&opts.Partial, def.Partial},
	} {
		if *f.have <= 0 {
			*f.have = f.def
		}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	d := &Dev{
		opts: opts, dial: dial, access: opts.Access,
		ready: make(chan struct{}), halt: make(chan struct{}), wake: make(chan struct{}, 1),
		state:  State{Cause: Starting, Since: time.Now(), Bars: -1},
		ladder: ladder{patience: opts.Patience, longest: opts.Longest, hook: opts.Power != nil},
	}
	if opts.Interface != "" {
		d.meter.dir = filepath.Join(opts.NetDir, opts.Interface, "statistics")
	}
	return d, nil
}

// String names the modem in logs and task lists.
func (d *Dev) String() string { return "modem " + d.opts.Device }

// Ready is closed after the first look at the modem: a box without one must start too.
func (d *Dev) Ready() <-chan struct{} { return d.ready }

// State returns the present state.
func (d *Dev) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Poke tells that the outbox may have something, or that somebody wants news.
func (d *Dev) Poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// SetAccess uses another access point from now on, until the program ends.
func (d *Dev) SetAccess(a Access) error {
	if !a.valid() {
		return ErrAccess
	}
	d.mu.Lock()
	d.access = a
	d.turn++
	d.mu.Unlock()
	d.Poke()
	return nil
}

// Halt ends Run. It may be called twice.
func (d *Dev) Halt() error {
	d.once.Do(func() { close(d.halt) })
	return nil
}

// Run serves the modem until ctx ends or Halt, then it returns nil. It may be called
// once.
func (d *Dev) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-d.halt:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer d.set(Stopped)
	pause := d.opts.Retry
	for ctx.Err() == nil {
		began := time.Now()
		d.visit(ctx)
		d.first.Do(func() { close(d.ready) })
		if time.Since(began) > d.opts.RetryMax {
			pause = d.opts.Retry
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, d.opts.RetryMax)
	}
	return nil
}

// visit opens the port and serves the modem until it is gone or silent.
func (d *Dev) visit(ctx context.Context) {
	port, err := d.dial(ctx)
	if err != nil {
		d.set(causeOf(err))
		return
	}
	s := &session{dev: d, fresh: true}
	s.chat = newChat(port, d.opts.Answer, s.heard)
	defer s.chat.close()
	err = s.serve(ctx)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, errRestart):
		d.set(Restarting)
	case errors.Is(err, errSilent):
		d.set(Silent)
		d.powerCycle(ctx, d.ladder.step(time.Now(), true))
	default:
		d.set(Absent)
	}
}

func causeOf(err error) Cause {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV):
		return Absent
	case errors.Is(err, fs.ErrPermission):
		return Permission
	case errors.Is(err, serialport.ErrBusy):
		return Silent // an earlier write still hangs
	}
	return NotSerial
}

func (d *Dev) powerCycle(ctx context.Context, r rung) {
	if r != power {
		return
	}
	d.opts.Log.Warn("modem: power off and on")
	d.update(func(s *State) { s.Mended++ })
	if err := d.opts.Power(ctx); err != nil {
		d.opts.Log.Error("modem: power", "err", err)
	}
}

func (d *Dev) update(f func(*State)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.state)
}

// set notes the cause. Without a modem, nothing is known of its network.
func (d *Dev) set(c Cause) {
	counters := d.meter.read()
	d.mu.Lock()
	st := &d.state
	news := st.Cause != c
	if news {
		st.Cause, st.Since = c, time.Now()
	}
	st.Counters = counters
	switch c {
	case Online:
		st.Mended = 0
	case Searching, Denied, NoAddress:
		st.Address = ""
	default:
		st.Bars, st.DBm, st.Operator, st.Technology, st.Roaming, st.Address = -1, 0, "", "", false, ""
	}
	d.mu.Unlock()
	if news {
		d.opts.Log.Info("modem", "device", d.opts.Device, "state", string(c))
	}
}
