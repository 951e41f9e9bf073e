// Package ingest takes what boxes send: it opens their sessions, checks every
// entry against the tree that is stored, stores frames whole, and only then says
// so in a signed receipt. It also sends the stream down to each box.
//
// Frames of one box are handled one after the other, those of different boxes
// side by side. Nothing that arrives can stop it: what cannot be used is
// counted, and raised as an alarm where a person should look.
package ingest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"log/slog"
	"strings"
	"sync"
	"time"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// Limits.
const (
	maxInbox      = 64        // frames waiting of one box; the box sends again what is dropped
	maxInboxBytes = 512 << 10 // bytes of them
	pollGap       = 5 * time.Second
	lookupGap     = time.Second            // between look-ups of unknown names
	announceGap   = 200 * time.Microsecond // 10,000 boxes in two seconds
	workers       = 4                      // SQLite has one writer; more only wait
)

// Options of New. All but Now and Log are needed.
type Options struct {
	DB       DB
	Link     Link
	Identity ed25519.PrivateKey // signs receipts, down frames and hub time
	HPKE     hpke.PrivateKey    // opens sessions
	Now      func() time.Time   // nil = time.Now
	Stored   func(*hub.Batch)   // told of what was stored; must not wait. nil = nobody
	Log      *slog.Logger
}

// Ingest is a task; see the package comment.
type Ingest struct {
	Options
	Counts Counts
	ready  chan struct{}
	slots  chan struct{}
	clock  hlc

	mu       sync.Mutex
	ctx      context.Context // of Run; nil outside
	running  sync.WaitGroup
	boxes    map[string]*box
	sessions map[wire.SessionID]string // whose each is
	lookup   time.Time                 // of an unknown name, the last one

	early      map[string]*early // by box
	earlyBytes int
}

// New prepares an Ingest. Run it, and hand it frames by Handle.
func New(o Options) *Ingest {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Ingest{
		Options: o, ready: make(chan struct{}), slots: make(chan struct{}, workers),
		boxes: map[string]*box{}, sessions: map[wire.SessionID]string{}, early: map[string]*early{},
	}
}

// Filter is the topic filter whose messages Handle takes.
const Filter = "cb/1/+/up"

// String names the task.
func (in *Ingest) String() string { return "ingest" }

// Ready is closed when frames are taken.
func (in *Ingest) Ready() <-chan struct{} { return in.ready }

// Run takes frames until ctx ends, and then finishes those that are being stored.
func (in *Ingest) Run(ctx context.Context) error {
	in.mu.Lock()
	in.ctx = ctx
	in.mu.Unlock()
	in.release(ctx) // before any state of a stream is in memory
	close(in.ready)
	tick := time.NewTicker(pollGap)
	defer tick.Stop()
	for {
		in.probe(ctx)
		in.pending(ctx)
		select {
		case <-ctx.Done():
			in.mu.Lock()
			in.ctx = nil // Handle starts nothing any more
			in.mu.Unlock()
			in.running.Wait()
			return nil
		case <-tick.C:
		}
	}
}

// probe tries to write after a failure: without frames nothing else would tell
// that the disk has room again.
func (in *Ingest) probe(ctx context.Context) {
	if _, trouble := in.Counts.Trouble(); !trouble {
		return
	}
	if err := in.DB.Probe(ctx, in.Now()); err != nil {
		in.failed(ctx, "probe", err)
		return
	}
	in.Counts.lastGoodness.Store(in.Now().UnixMilli())
}

// pending wakes the boxes that have something to be sent or sent again.
func (in *Ingest) pending(ctx context.Context) {
	names, err := in.DB.Pending(ctx)
	if err != nil {
		in.failed(ctx, "pending", err)
		return
	}
	for _, n := range names {
		in.wake(n)
	}
}

// Announce asks every box for its session. Call it when the link to the broker
// has come up: boxes that found nobody wait up to a quarter of an hour before they
// try again. It takes its time, so that a fleet does not answer all at once.
func (in *Ingest) Announce(ctx context.Context) {
	boxes, err := in.DB.Boxes(ctx)
	if err != nil {
		in.failed(ctx, "announce", err)
		return
	}
	tick := time.NewTicker(announceGap)
	defer tick.Stop()
	for i := range boxes {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		in.mu.Lock()
		if b := in.know(boxes[i]); b.row.Revoked == 0 {
			b.announce = true
			in.schedule(b)
		}
		in.mu.Unlock()
	}
}

// wake lets a box look after its stream down.
func (in *Ingest) wake(name string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if b := in.find(name); b != nil {
		b.woken = true
		in.schedule(b)
	}
}

// Handle takes one message from the broker. It never blocks on work: the frame
// waits in its box's queue, and is dropped when that is full.
func (in *Ingest) Handle(topic string, frame []byte) {
	in.Counts.Frames.Add(1)
	in.Counts.Bytes.Add(int64(len(frame)))
	name, ok := boxOf(topic)
	if !ok {
		in.Counts.Unknown.Add(1)
		return
	}
	if len(frame) > wire.MaxFrame {
		in.Counts.Garbage.Add(1)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	b := in.find(name)
	switch {
	case b == nil:
		in.Counts.Unknown.Add(1)
	case len(b.inbox) >= maxInbox || b.inboxBytes+len(frame) > maxInboxBytes:
		in.Counts.Dropped.Add(1)
	default:
		b.inbox = append(b.inbox, frame)
		b.inboxBytes += len(frame)
		in.schedule(b)
	}
}

func boxOf(topic string) (string, bool) {
	name, ok := strings.CutPrefix(topic, "cb/1/")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, "/up")
	return name, ok && hub.ValidBoxName(name)
}

// find returns the box's state. When the name is not known, the registry is read
// again, once in lookupGap whoever asks: who floods us with made-up names does not
// keep a new box out. in.mu is held.
func (in *Ingest) find(name string) *box {
	if b := in.boxes[name]; b != nil {
		return b
	}
	now := in.Now()
	if d := now.Sub(in.lookup); in.ctx == nil || d >= 0 && d < lookupGap {
		return nil
	}
	in.lookup = now
	rows, err := in.DB.Boxes(in.ctx)
	if err != nil {
		in.failed(in.ctx, "boxes", err)
		return nil
	}
	for i := range rows {
		in.know(rows[i])
	}
	return in.boxes[name]
}

// know makes the state of a registered box. in.mu is held.
func (in *Ingest) know(row hub.Box) *box {
	b := in.boxes[row.Name]
	if b == nil {
		b = newBox(in, row)
		in.boxes[row.Name] = b
	}
	return b
}

// Refresh reads the registry again: what is kept in memory of a box whose keys were
// exchanged, or whose certificate ended, is forgotten with its sessions.
func (in *Ingest) Refresh(ctx context.Context) error {
	rows, err := in.DB.Boxes(ctx)
	if err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for i := range rows {
		row := &rows[i]
		b := in.boxes[row.Name]
		if b == nil || b.row.Revoked == row.Revoked && b.row.Serial == row.Serial && b.row.Keys.Identity == row.Keys.Identity && bytes.Equal(b.row.Keys.HPKE, row.Keys.HPKE) {
			continue
		}
		b.gone.Store(true)
		in.dropEarly(row.Name)
		for _, s := range b.up {
			delete(in.sessions, s.ID())
		}
		delete(in.boxes, row.Name)
		if next := in.know(*row); row.Revoked == 0 {
			next.announce = true
			in.schedule(next)
		}
	}
	return nil
}

// schedule starts the box's goroutine unless it runs. in.mu is held.
func (in *Ingest) schedule(b *box) {
	if b.active || in.ctx == nil {
		return
	}
	b.active = true
	ctx := in.ctx
	in.running.Go(func() {
		select {
		case in.slots <- struct{}{}:
			b.drain(ctx)
			<-in.slots
		case <-ctx.Done():
			in.mu.Lock()
			b.active = false
			in.mu.Unlock()
		}
	})
}

// yield lets another box have its turn: one that floods us must not hold a worker.
func (in *Ingest) yield() {
	<-in.slots
	in.slots <- struct{}{}
}

// owner returns whose session it is.
func (in *Ingest) owner(id wire.SessionID) (string, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	name, ok := in.sessions[id]
	return name, ok
}

// failed counts and logs an error of the database; shutting down is none.
func (in *Ingest) failed(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	in.Counts.Failures.Add(1)
	in.Counts.failed.Store(in.Now().UnixMilli())
	in.Log.Error("database", "doing", what, "err", err)
}
