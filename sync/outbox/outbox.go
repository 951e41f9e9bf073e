// Package outbox is the box's side of sync: it sends the own journal to the hub
// and takes in what the hub sends down. The journal is the queue, the hub's last
// receipt is the cursor, and the link is trusted with nothing: any frame may be
// lost, repeated, delayed or come in another order.
//
// Only a receipt marks entries as safe: signed by the hub, for this box and
// epoch, and naming the root that our own tree has at that size. The three truths
// that every page shows (saved, unsent, received) are computed here and nowhere
// else.
//
// A hub that is silent is asked with ever longer pauses by frames of some 100
// bytes; entries are sent only after it answered.
package outbox

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// Log is the own journal. Its methods are called from several goroutines.
type Log interface {
	// Size returns the number of durable entries.
	Size() uint64
	// Root returns the RFC 6962 tree head of the first size entries, size ≤ Size.
	Root(size uint64) ([32]byte, error)
	// Read returns consecutive entries that begin at from: at least one when from
	// < Size, else at most max and about maxBytes of them. An entry that cannot be
	// read is a hole (Bytes nil, Leaf set), not an error.
	Read(from uint64, max, maxBytes int) ([]wire.Raw, error)
	// Grown returns a channel that is closed when Size grows after the call.
	Grown() <-chan struct{}
}

// Link carries frames between this box and the hub.
type Link interface {
	// Publish hands a frame to the network and does not wait for it. Neither an
	// error nor its absence says whether the frame arrives.
	Publish(frame []byte) error
	// Up reports whether there is a connection.
	Up() bool
	// Changed returns a channel that is closed when Up changes after the call.
	Changed() <-chan struct{}
	// Frames returns what came from the hub: always the same channel, never closed.
	Frames() <-chan []byte
}

// Cursor is the place in the down stream: every entry of the epoch below Next is
// durable here.
type Cursor struct {
	Epoch wire.Epoch
	Next  uint64
	Last  wire.Nonce // first 16 bytes of the leaf hash of the entry before Next; zero = not known
}

// Known returns Last, or nil when that says nothing.
func (c Cursor) Known() []byte {
	if c.Next == 0 || c.Last == (wire.Nonce{}) {
		return nil
	}
	return c.Last[:]
}

// Keeper keeps the little that must survive a restart. What it saved is durable
// on return; an error leaves the old or the new value, both of which are right.
type Keeper interface {
	// Load returns the last saved values, zero when there are none.
	Load() (wire.SignedReceipt, Cursor, error)
	SaveReceipt(wire.SignedReceipt) error
	SaveCursor(Cursor) error
}

// Line is what is asked of the own journal when it turns out not to be what the hub
// holds: a copy was put back, the medium lied, or two boxes have one key.
type Line interface {
	// Turn begins a new epoch of the own journal, whose first base entries are those of
	// the epoch from, and returns it; one that was begun since from is returned as it
	// is. Back entries of the box, of the old epoch and of others, were not known here: they
	// may have given out numbers that would come next. It is durable on return. After an error, or a crash,
	// it was begun or not.
	Turn(ctx context.Context, from wire.Epoch, base, back uint64) (wire.Epoch, *wire.Branch, error)
	// Lacks returns the indexes of own entries that cannot be read here, ascending.
	Lacks() []uint64
	// GiveBack mends what it can with entries that the hub holds, by their index. Each
	// must prove itself.
	GiveBack(ctx context.Context, entries map[uint64]wire.Salted) error
}

// Applier takes in entries from the hub.
type Applier interface {
	// Apply makes the entries durable, all or none; those it has already are no
	// error. It is called again with the same entries after an error.
	Apply(ctx context.Context, entries []wire.Salted) error
}

// Intake knows what the box received beside the stream in sequence: sets, of which the
// hub remembers how long the box's journal of received entries was then.
type Intake interface {
	// Size returns how many received entries are durable.
	Size() uint64
	// Whole reports whether they can be read; if not, the hub is asked for all again.
	Whole() bool
	Coming
	Untold
}

// Untold keeps how many received entries there were before some came, as by courier,
// while the hub had not been told in that run how many there are. What it saved is durable
// on return.
type Untold interface {
	// LoadUntold returns that number, if there is one.
	LoadUntold() (n uint64, is bool, err error)
	SaveUntold(n uint64, is bool) error
}

// Coming keeps how much the hub still has for the box.
type Coming interface {
	// LoadComing returns how many entries the hub had for the box when it last said so.
	LoadComing() (uint64, error)
	// SaveComing keeps that. With asked it ends what Whole asked for: the hub was told.
	SaveComing(n uint64, asked bool) error
}

// Opts configures an Outbox. Zero timings take the defaults of DefaultOpts.
type Opts struct {
	Box      string             // name, as in topics
	Identity ed25519.PrivateKey // the box's
	HPKE     hpke.PrivateKey    // the box's
	Hub      keyfile.Public     // pinned
	Agent    string             // program version, told to the hub

	Epoch       wire.Epoch   // of the own journal
	Branch      *wire.Branch // where the epoch comes from; nil = nowhere
	Incarnation wire.Epoch   // of this opening
	Parent      wire.Epoch   // the opening before
	Tip         uint64       // size when this opening began

	Log     Log
	Link    Link
	Keeper  Keeper
	Applier Applier
	Intake  Intake // nil = takes no sets
	Line    Line   // nil: a journal that is not the hub's waits for a person
	// Cosigned keeps a checkpoint of the own journal that the centre cosigned (C2SP
	// tlog-cosignature, by wire.Witness): proof for others. After an error it is given
	// the next one. nil = nobody keeps them.
	Cosigned func(note []byte) error
	Logger   *slog.Logger
	Rand     func() float64 // for jitter; tests make it repeat

	// Spent is told of every frame that is sent or taken, with what is in it; it must not
	// wait. nil = nobody.
	Spent func(m wire.Message, bytes int)
	// Budget returns what the link has cost, for the hub; nil = it is not told.
	Budget func() wire.Budget

	// Naming tells how the box draws identifiers, and where it is: the centre rebuilds them
	// from a byte or two. nil = at random.
	Naming func() wire.Naming

	Window      int           // bytes sent and not yet receipted
	Frame       int           // bytes of one data frame
	Linger      time.Duration // wait of a first entry for those that follow it
	Quiet       time.Duration // wait of a visit's entries for its next ones; three times that in all
	Patience    time.Duration // silence of an asked hub before the first repeat
	MaxBackoff  time.Duration // longest pause between repeats
	Idle        time.Duration // silence after which the link is tried with little first
	SessionLife time.Duration // age at which a session is replaced
}

// DefaultOpts returns the timings. Window: twice what a link of 1 Mbit/s and 300
// ms holds, and well below bandwidth × ping timeout / 2 of the slowest (facts 5).
func DefaultOpts() Opts {
	return Opts{
		Window: 64 << 10, Frame: 16 << 10, Linger: 2 * time.Second, Quiet: 20 * time.Second, Patience: 10 * time.Second,
		MaxBackoff: 15 * time.Minute, Idle: 2 * time.Minute, SessionLife: 24 * time.Hour,
		Rand: rand.Float64, Logger: slog.New(slog.DiscardHandler),
	}
}

// Truths are what the box knows of where its records are, at one moment.
type Truths struct {
	Saved       uint64    // entries durable in this box
	Received    uint64    // of these, covered by the hub's last valid receipt
	Oldest      time.Time // when the oldest unsent one was recorded; zero when none
	Linked      bool      // the hub answered over the present connection
	LastReceipt time.Time // hub's time in the last valid receipt; zero when none
	Parked      uint64    // of the received, those that the hub cannot read yet
	Holes       uint64    // of the received, those of which the hub has the leaf hash only
	Coming      uint64    // entries that the hub has for this box beside its stream, as it last said
	Problem     string    // key of the message for people, "" when all is well
}

// Unsent returns how many entries the hub has not receipted.
func (t Truths) Unsent() uint64 { return t.Saved - t.Received }

// Outbox is a task: see Run.
type Outbox struct {
	opts  Opts
	ready chan struct{}
	ended chan struct{} // closed when Run returns
	carry chan carried
	run   runner

	mu      sync.Mutex // guards what follows
	shown   shown
	changed chan struct{}
}

// New checks the options and returns an Outbox that has not started.
func New(o Opts) (*Outbox, error) {
	if o.Log == nil || o.Link == nil || o.Keeper == nil || o.Applier == nil {
		return nil, errors.New("outbox: Log, Link, Keeper and Applier are needed")
	}
	if !keyfile.ValidName(o.Box) || o.HPKE == nil || o.Hub.HPKE == nil ||
		len(o.Identity) != ed25519.PrivateKeySize || len(o.Hub.Identity) != ed25519.PublicKeySize {
		return nil, errors.New("outbox: box name, its keys and the hub's are needed")
	}
	o.fill()
	b := &Outbox{opts: o, ready: make(chan struct{}), ended: make(chan struct{}), carry: make(chan carried), changed: make(chan struct{})}
	b.run = runner{Outbox: b, log: o.Logger.With("task", "outbox")}
	return b, nil
}

func (o *Opts) fill() {
	d := DefaultOpts()
	for _, f := range []struct{ v, d *int }{{&o.Window, &d.Window}, {&o.Frame, &d.Frame}} {
		if *f.v <= 0 {
			*f.v = *f.d
		}
	}
	for _, f := range []struct{ v, d *time.Duration }{
		{&o.Linger, &d.Linger},
		{&o.Quiet, &d.Quiet},
		{&o.Patience, &d.Patience},
		{&o.MaxBackoff, &d.MaxBackoff},
		{&o.Idle, &d.Idle},
		{&o.SessionLife, &d.SessionLife},
	} {
		if *f.v <= 0 {
			*f.v = *f.d
		}
	}
	if o.Rand == nil {
		o.Rand = d.Rand
	}
	if o.Logger == nil {
		o.Logger = d.Logger
	}
	o.Frame = min(o.Frame, o.Window, wire.MaxFrame)
}

// String names the task.
func (o *Outbox) String() string { return "outbox" }

// Ready is closed when the saved receipt is loaded and Truths can be believed.
func (o *Outbox) Ready() <-chan struct{} { return o.ready }

// Run sends and receives until ctx ends; it returns nil then. It may run once.
func (o *Outbox) Run(ctx context.Context) error {
	defer close(o.ended)
	if err := o.run.load(); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	close(o.ready)
	return o.run.loop(ctx)
}
