// Package share lets the boxes of one facility have each other's patients: what one of
// them uploads is queued, as the very same entry, for the others. A box that comes later
// gets what is there, and a machine in another's place what that one had uploaded.
//
// Which facility a box is of says its certificate. Each stream is looked through once
// for each box; how far, and what was found, are kept in one transaction, so a restart
// at any point loses and repeats nothing. No bytes are copied.
package share

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"clinicbox/hub"
)

// Limits and pauses.
const (
	atOnce       = 500         // entries looked through in one transaction
	pairs        = 64          // streams in one read
	unreadAtOnce = 100         // of at most 16 KiB each
	maxErrors    = 8           // told of one look
	lookAll      = time.Minute // between looks at all boxes
	gather       = 200 * time.Millisecond
	afterError   = 5 * time.Second
)

// DB is what sharing asks of the database. Every change is durable on return.
type DB interface {
	// Sharing returns up to n streams that were not looked through to their end for a box
	// of the facility of the named one, those after the given one by box and stream; ""
	// means all boxes.
	Sharing(ctx context.Context, box string, after *hub.Sharing, n int) ([]hub.Sharing, error)
	StreamEntries(ctx context.Context, stream int64, from uint64, n int) ([]hub.Entry, error)
	// Share queues entries and moves on in one transaction; hub.ErrMoved when the stream
	// is not at s.Next for the box.
	Share(ctx context.Context, s *hub.Sharing, next uint64, es []hub.Share, unread []uint64) error
	// Unshared returns what could not be read; ShareRead takes it off that list.
	Unshared(ctx context.Context, after *hub.Unshared, n int) ([]hub.Unshared, error)
	ShareRead(ctx context.Context, s *hub.Sharing, index uint64, es []hub.Share) error
}

// Options of New. DB is needed.
type Options struct {
	DB   DB
	Sent func(box string) // something is queued for the box; must not wait. nil = nobody
	Now  func() time.Time
	Log  *slog.Logger
}

// Share is a task; see the package comment.
type Share struct {
	o     Options
	ready chan struct{}
	wake  chan struct{} // has room for one

	mu    sync.Mutex
	dirty map[string]bool // boxes that uploaded
}

// New prepares a Share.
func New(o Options) *Share {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Sent == nil {
		o.Sent = func(string) {}
	}
	return &Share{o: o, ready: make(chan struct{}), wake: make(chan struct{}, 1), dirty: map[string]bool{}}
}

// String names the task.
func (s *Share) String() string { return "share" }

// Ready is closed when the task runs.
func (s *Share) Ready() <-chan struct{} { return s.ready }

// Stored is told of every batch that was stored. It never waits.
func (s *Share) Stored(b *hub.Batch) { s.stir(b.Box) }

// Moved is told that boxes came, went or were replaced. It never waits.
func (s *Share) Moved() { s.stir("") }

func (s *Share) stir(box string) {
	s.mu.Lock()
	s.dirty[box] = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// later has the box looked at with what comes next.
func (s *Share) later(box string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[box] = true
}

// Run shares until ctx ends.
func (s *Share) Run(ctx context.Context) error {
	close(s.ready)
	s.stir("")
	pause, full := lookAll, time.Now().Add(lookAll)
	for {
		if time.Now().After(full) { // also while something is always new
			s.later("")
			full = time.Now().Add(lookAll)
		}
		t := time.NewTimer(min(pause, max(time.Until(full), gather)))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-s.wake:
			t.Reset(gather) // frames come in bursts
			select {
			case <-ctx.Done():
				t.Stop()
				return nil
			case <-t.C:
			}
		case <-t.C:
		}
		t.Stop()
		pause = lookAll
		if err := s.all(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("share", "err", err)
			pause = afterError
		}
	}
}

// all looks through what the dirty boxes' facilities have.
func (s *Share) all(ctx context.Context) error {
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = map[string]bool{}
	s.mu.Unlock()
	boxes := slices.Sorted(maps.Keys(dirty))
	var errs []error
	if dirty[""] {
		boxes = []string{""}
		errs = append(errs, s.Again(ctx))
	}
	for _, b := range boxes {
		if err := s.Look(ctx, b); err != nil {
			errs = append(errs, err)
			s.later(b)
		}
	}
	return errors.Join(errs...)
}

// Look looks once through every stream of the box's facility that has something new; box
// "" means all facilities. What comes meanwhile is told by Stored.
func (s *Share) Look(ctx context.Context, box string) error {
	var errs []error
	var after hub.Sharing
	for {
		todo, err := s.o.DB.Sharing(ctx, box, &after, pairs)
		if err != nil || len(todo) == 0 {
			return errors.Join(append(errs, err)...)
		}
		after = todo[len(todo)-1]
		for i := range todo {
			// One that fails does not stop the others.
			if err := s.look(ctx, &todo[i]); err != nil && len(errs) < maxErrors {
				errs = append(errs, err)
			}
		}
	}
}

// errMissing: the database tells of more entries than it has.
var errMissing = errors.New("share: entries of a stream are missing")

func (s *Share) look(ctx context.Context, p *hub.Sharing) error {
	for p.Next < p.Size {
		es, err := s.o.DB.StreamEntries(ctx, p.Stream, p.Next, atOnce)
		if err == nil && len(es) == 0 {
			err = errMissing
		}
		if err != nil {
			return err
		}
		var out []hub.Share
		var unread []uint64
		for i := range es {
			e := &es[i]
			if e.Bytes == nil {
				continue // a hole
			}
			rank, goes, read := s.verdict(e.Kind, e.Bytes, p.From == p.Box)
			switch {
			case !read:
				unread = append(unread, e.Index)
			case goes:
				out = append(out, hub.Share{Index: e.Index, Rank: rank})
			}
		}
		next := es[len(es)-1].Index + 1
		if err := s.o.DB.Share(ctx, p, next, out, unread); errors.Is(err, hub.ErrMoved) {
			return nil // the box is another machine now: looked at anew
		} else if err != nil {
			return err
		}
		p.Next = next
		if len(out) > 0 {
			s.o.Sent(p.Box)
		}
	}
	return nil
}

// Again looks once more at what no program could read so far.
func (s *Share) Again(ctx context.Context) error {
	var after hub.Unshared
	for {
		us, err := s.o.DB.Unshared(ctx, &after, unreadAtOnce)
		if err != nil || len(us) == 0 {
			return err
		}
		if err := s.again(ctx, us); err != nil {
			return err
		}
		after = us[len(us)-1]
	}
}

func (s *Share) again(ctx context.Context, us []hub.Unshared) error {
	for i := range us {
		u := &us[i]
		kind := u.Entry.Kind
		if kind == 0 {
			kind = kindOf(u.Entry.Bytes)
		}
		rank, goes, read := s.verdict(kind, u.Entry.Bytes, u.From == u.Box)
		if !read {
			continue
		}
		var out []hub.Share
		if goes {
			out = []hub.Share{{Index: u.Entry.Index, Rank: rank}}
		}
		if err := s.o.DB.ShareRead(ctx, &u.Sharing, u.Entry.Index, out); err != nil {
			return err
		}
		if goes {
			s.o.Sent(u.Box)
		}
	}
	return nil
}
