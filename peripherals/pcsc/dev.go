package pcsc

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Opts says where the daemon is and how patient the driver shall be.
type Opts struct {
	Socket   string        // of pcscd
	Answer   time.Duration // for an answer of the daemon, which may be starting readers
	Busy     time.Duration // for a card that another program may be using
	Transmit time.Duration // for an answer of a card, which may ask for more time
	Retry    time.Duration // first pause before connecting again; doubles up to RetryMax
	RetryMax time.Duration
	Dial     DialFunc     // nil dials Socket
	Log      *slog.Logger // nil logs nothing; APDUs are never logged
}

// DefaultOpts are right for Debian's pcscd.
func DefaultOpts() Opts {
	return Opts{
		Socket: "/run/pcscd/pcscd.comm", Answer: 10 * time.Second,
		Busy: 3 * time.Second, Transmit: 30 * time.Second,
		Retry: 250 * time.Millisecond, RetryMax: 5 * time.Second,
	}
}

// Kind says what happened.
type Kind uint8

// The kinds of Event.
const (
	ReaderCame Kind = 1
	ReaderWent Kind = 2
	CardIn     Kind = 3
	CardOut    Kind = 4
)

// String is a word for logs.
func (k Kind) String() string {
	switch k {
	case ReaderCame:
		return "reader came"
	case ReaderWent:
		return "reader went"
	case CardIn:
		return "card in"
	case CardOut:
		return "card out"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Event is a change at a reader.
type Event struct {
	Kind   Kind
	Reader string
	ATR    []byte // of CardIn; empty when the card does not answer (upside down)
}

// Reader is a reader and what is in it.
type Reader struct {
	Name string
	Card bool
	ATR  []byte // empty when the card does not answer
}

// State is the daemon's state for health pages.
type State struct {
	Cause   Cause
	Since   time.Time
	Readers int
	Err     error // of the last attempt; nil while connected
}

// Dev is the daemon with all its readers.
type Dev struct {
	opts  Opts
	ready chan struct{}
	halt  chan struct{}
	once  sync.Once
	slots []slot // as told to Run's handle; Run's goroutine only

	mu    sync.Mutex
	state State
}

// New prepares a client. The daemon need not run yet.
func New(opts Opts) *Dev {
	def := DefaultOpts()
	if opts.Socket == "" {
		opts.Socket = def.Socket
	}
	for _, d := range []struct{ have, def *time.Duration }{
		{&opts.Answer, &def.Answer},
		{&opts.Busy, &def.Busy},
		{&opts.Transmit, &def.Transmit},
		{&opts.Retry, &def.Retry},
		{&opts.RetryMax, &def.RetryMax},
	} {
		if *d.have <= 0 {
			*d.have = *d.def
		}
	}
	opts.RetryMax = max(opts.RetryMax, opts.Retry)
	if opts.Dial == nil {
		opts.Dial = dialUnix(opts.Socket)
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Dev{
		opts: opts, ready: make(chan struct{}), halt: make(chan struct{}),
		state: State{Cause: CauseStarting, Since: time.Now()},
	}
}

// String names the client in logs and task lists.
func (d *Dev) String() string { return "card readers " + d.opts.Socket }

// Ready is closed after the first attempt to connect: a box without a daemon must
// start too.
func (d *Dev) Ready() <-chan struct{} { return d.ready }

// State returns the present state.
func (d *Dev) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// Halt ends Run at once; open cards stay open. It may be called twice.
func (d *Dev) Halt() error {
	d.once.Do(func() { close(d.halt) })
	return nil
}

// Readers asks the daemon for its readers, at most 16. It needs no Run.
func (d *Dev) Readers(ctx context.Context) ([]Reader, error) {
	c, _, err := d.opts.open(ctx)
	if err != nil {
		return nil, err
	}
	defer c.nc.Close()
	slots, err := c.states(ctx, cmdStates)
	out := make([]Reader, 0, len(slots))
	for _, s := range slots {
		out = append(out, Reader{Name: s.name, Card: s.card, ATR: s.atr})
	}
	return out, err
}

// Run tells handle what is there and then every change, and connects again with
// growing pauses when the daemon goes away; its readers have then gone too. It
// returns nil when ctx ends or after Halt. handle runs on Run's goroutine and may
// open cards; what happens meanwhile is told afterwards, a card changed for
// another as out and in. Run may be called once.
func (d *Dev) Run(ctx context.Context, handle func(Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-d.halt:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() { d.set(CauseStopped, 0, nil) }()
	ready := sync.OnceFunc(func() { close(d.ready) })
	pause, seen := d.opts.Retry, false
	for ctx.Err() == nil {
		err := d.watch(ctx, handle, func() {
			pause, seen = d.opts.Retry, true
			ready()
		})
		if ctx.Err() != nil {
			break
		}
		d.tell(nil, handle)
		d.set(causeOf(err, seen), 0, err)
		ready()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, d.opts.RetryMax)
	}
	ready()
	return nil
}

// watch follows the readers over one connection until it fails. The daemon answers
// the request to wait with all states, so that nothing is missed in between, and
// with one more message at the first change, which ends the waiting.
func (d *Dev) watch(ctx context.Context, handle func(Event), works func()) error {
	c, _, err := d.opts.open(ctx)
	if err != nil {
		return err
	}
	defer c.nc.Close()
	for {
		slots, err := c.states(ctx, cmdWait)
		if err != nil {
			return err
		}
		cause := CauseConnected
		if len(slots) == 0 {
			cause = CauseNoReader
		}
		d.set(cause, len(slots), nil)
		works()
		d.tell(slots, handle)
		a, err := c.listen(ctx, sizeWait)
		if err != nil {
			return err
		}
		if err := status(a); err != nil && err != codeCancelled {
			return err
		}
	}
}

// tell hands over what changed since the last time.
func (d *Dev) tell(now []slot, handle func(Event)) {
	before := d.slots
	d.slots = now
	for _, e := range changes(before, now) {
		d.opts.Log.Info("card reader", "reader", e.Reader, "event", e.Kind.String())
		handle(e)
	}
}

// changes compares two looks at the readers.
func changes(before, now []slot) (out []Event) {
	for _, b := range before {
		n := find(now, b.name)
		same := n != nil && b.card == n.card && b.count == n.count && bytes.Equal(b.atr, n.atr)
		if b.card && !same {
			out = append(out, Event{Kind: CardOut, Reader: b.name})
		}
		if n == nil || n.count < b.count { // unplugged, and perhaps plugged in again
			out = append(out, Event{Kind: ReaderWent, Reader: b.name})
		}
	}
	for _, n := range now {
		b := find(before, n.name)
		if b == nil || n.count < b.count {
			out = append(out, Event{Kind: ReaderCame, Reader: n.name})
		}
		if n.card && (b == nil || !b.card || b.count != n.count || !bytes.Equal(b.atr, n.atr)) {
			out = append(out, Event{Kind: CardIn, Reader: n.name, ATR: n.atr})
		}
	}
	return out
}

// set notes a change of state and logs it once.
func (d *Dev) set(c Cause, readers int, err error) {
	d.mu.Lock()
	changed := d.state.Cause != c
	if changed {
		d.state.Cause, d.state.Since = c, time.Now()
	}
	d.state.Readers, d.state.Err = readers, err
	d.mu.Unlock()
	if changed {
		d.opts.Log.Info("card readers", "state", string(c))
	}
}
