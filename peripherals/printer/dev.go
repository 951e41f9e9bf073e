package printer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// StatusMode says whether the printer answers status questions.
type StatusMode uint8

// The modes.
const (
	// StatusAsk is the default: no answer means that nothing is known, and a slip
	// counts as printed only when the printer says so.
	StatusAsk StatusMode = 0
	// StatusNone is for printers that never answer: a slip counts as printed when
	// all its bytes were taken, and the queue says that this is all it knows.
	StatusNone StatusMode = 1
)

// Opts tells how to treat a printer.
type Opts struct {
	Status StatusMode
	// Buffer > 0 tells that the printer loses what exceeds so many bytes: bands are
	// made smaller and the next is sent when the printer has worked off the last.
	Buffer int

	Connect time.Duration // to open the connection
	Answer  time.Duration // for one status answer
	Write   time.Duration // for one chunk to be taken
	Poll    time.Duration // between questions while it prints
	Settle  time.Duration // more than the paper needs, before nothing is wrong any more

	Chunk          int // bytes written at a time
	RowsPerSecond  int // of the slowest printer
	BytesPerSecond int // of the line; 0 = no matter
}

// DefaultOpts is right for a desk printer on a network or USB.
func DefaultOpts() Opts {
	return Opts{
		Connect: 5 * time.Second, Answer: 2 * time.Second, Write: 10 * time.Second,
		Poll: 500 * time.Millisecond, Settle: 2 * time.Second,
		Chunk: 4096, RowsPerSecond: 200,
	}
}

// Conn is an open way to a printer. Close ends a Read or Write that waits. A Write
// past its deadline returns os.ErrDeadlineExceeded. A Conn that also has
// CloseWrite() error is told that way that no more will come; one that has
// PaperOut() (out, known bool) is asked when the printer itself does not answer.
type Conn interface {
	io.ReadWriteCloser
	SetWriteDeadline(t time.Time) error
}

// Dialer opens the way to a printer.
type Dialer func(ctx context.Context) (Conn, error)

// Proof says how a print is known to have ended well.
type Proof uint8

// From weak to strong.
const (
	ProofSent  Proof = 1 // all bytes were taken; nothing more is known
	ProofTime  Proof = 2 // no fault during the time that the paper needs (printers without GS r)
	ProofPaper Proof = 3 // the printer answered after the last row that it has paper and no fault
)

// Slip is a job for Dev.
type Slip struct {
	Bitmap *Bitmap
	// Again tells that an earlier try failed midway: what the printer still holds
	// of it is thrown away first.
	Again bool
	// Begin is called when the printer is ready, before the first byte that may
	// leave a dot; nothing is printed if it fails. May be nil.
	Begin func() error
}

// Result is what is known after a print.
type Result struct {
	Proof   Proof
	NearEnd bool // the roll should be changed soon
}

// Dev is a printer. It opens the way for each job and keeps nothing between jobs.
type Dev struct {
	name string
	dial Dialer
	opts Opts
	one  sync.Mutex // one job at a time
	life context.Context
	halt context.CancelFunc
}

// New makes a Dev for a way of one's own, as for tests and other buses. The
// printer is not touched before the first job: it may be switched on later.
func New(name string, dial Dialer, opts Opts) *Dev {
	d := &Dev{name: name, dial: dial, opts: opts}
	d.life, d.halt = context.WithCancel(context.Background())
	return d
}

// String names the printer by its address.
func (d *Dev) String() string { return "printer(" + d.name + ")" }

// Halt breaks off the running job, if any, and every later one.
func (d *Dev) Halt() error {
	d.halt()
	return nil
}

// Print prints a bitmap and returns when the printer has confirmed it. The error
// is a *Fault.
func (d *Dev) Print(ctx context.Context, b *Bitmap) error {
	_, err := d.PrintSlip(ctx, Slip{Bitmap: b})
	return err
}

// PrintSlip prints a job. The error is a *Fault unless Begin's.
func (d *Dev) PrintSlip(ctx context.Context, job Slip) (Result, error) {
	var r Result
	err := d.with(ctx, func(ctx context.Context, s *session) (err error) {
		r, err = s.print(ctx, job)
		return err
	})
	return r, err
}

// Tells is false for a printer that never answers.
func (d *Dev) Tells() bool { return d.opts.Status != StatusNone }

// Status asks the printer how it is, without printing. One that never answers is
// only connected to.
func (d *Dev) Status(ctx context.Context) (Status, error) {
	var st Status
	err := d.with(ctx, func(ctx context.Context, s *session) error {
		if !d.Tells() {
			return s.sensor()
		}
		err := s.check(ctx)
		st = s.seen
		return err
	})
	return st, err
}

// OpenDrawer kicks the cash drawer at the printer's connector.
func (d *Dev) OpenDrawer(ctx context.Context) error {
	return d.with(ctx, func(ctx context.Context, s *session) error {
		if err := s.write(ctx, cmdDrawer()); err != nil {
			return err
		}
		return s.finish(ctx, len(cmdDrawer()))
	})
}

// with runs f over a fresh connection, which ends with ctx or Halt.
func (d *Dev) with(ctx context.Context, f func(context.Context, *session) error) error {
	d.one.Lock()
	defer d.one.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	dialing, done := context.WithTimeout(ctx, d.opts.Connect)
	defer done()
	conn, err := d.dial(dialing)
	if err != nil {
		if ctx.Err() != nil {
			return &Fault{Cause: Stopped, Err: ctx.Err()}
		}
		return &Fault{Cause: Unreachable, Err: fmt.Errorf("connect: %w", err)}
	}
	s := newSession(conn, d.opts)
	defer s.close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	return f(ctx, s)
}
