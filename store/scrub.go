package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"sync/atomic"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store/journal"
)

// Copies gives files of a second copy of the data directory, by their path in it
// with slashes, such as own/00000005.seg. An error means that there is none at hand.
// It may be called at the same time as the copy is written.
type Copies func(ctx context.Context, file string) ([]byte, error)

// ScrubOptions says how everything is read again. The zero value reads at full
// speed and mends what needs no copy.
type ScrubOptions struct {
	// Pass is how long one reading of everything takes, about.
	Pass time.Duration
	// Cold reads the medium; its Rate bounds what people at work notice.
	Cold durable.Cold
	// Copies helps where something is lost; nil is none.
	Copies Copies
	// More are other things to look at, at the end of each pass.
	More []Look
	// Mending is told, before anything is written, of a part that is about to be mended
	// and how many of its entries cannot be read; Found follows, unless a cut comes
	// between. May be nil.
	Mending func(part string, entries uint64)
	// Found is told of everything that was wrong, mended or not; may be nil.
	Found func(Finding)
}

// Look is something beside the records that is read with them. Check returns what is
// wrong; mended tells that it is right again.
type Look struct {
	Name  string
	Check func(ctx context.Context) (mended bool, err error)
}

// Finding is something that was wrong. It names no patient: who is concerned stands
// in the state and on the patient's page (desk.People.Lost).
type Finding struct {
	Part   string // such as own/00000005.seg
	Flaws  []journal.Flaw
	Err    error  // of what is no journal
	Mended bool   // all of it is right again
	Back   uint64 // entries that can be read again
}

// ScrubState tells how far the reading of everything came.
type ScrubState struct {
	Begun time.Time // of the pass in hand
	Done  time.Time // when the last whole one ended; zero for none
	Next  int       // step of the pass in hand
	Steps int
	Wrong int // findings of the pass in hand that are not mended
	Last  int // of the last whole pass
}

const (
	scrubBucket = "scrub"
	scrubKey    = "at"
)

// Scrubber reads everything that the store keeps, slowly, over and over. It is a
// task; Pass is the same at once.
type Scrubber struct {
	s *Store
	o ScrubOptions

	kept atomic.Pointer[ScrubState] // what a full disk did not take; nil = nothing
}

// Scrubber makes the task.
func (s *Store) Scrubber(o ScrubOptions) *Scrubber { return &Scrubber{s: s, o: o} }

// String names the task.
func (c *Scrubber) String() string { return "scrub" }

// State returns how far it came.
func (c *Scrubber) State() (st ScrubState, err error) {
	if kept := c.kept.Load(); kept != nil {
		return *kept, nil
	}
	v, err := c.s.state.Get(scrubBucket, scrubKey)
	if err == nil && v != nil && json.Unmarshal(v, &st) != nil {
		st = ScrubState{} // it begins anew
	}
	return st, err
}

// step is one thing to read.
type step struct {
	name string
	look func(ctx context.Context) (Finding, error)
}

func (c *Scrubber) steps() (out []step) {
	for _, kind := range []clinic.Journal{clinic.Own, clinic.In} {
		for n := range c.s.logOf(kind).Segments() {
			out = append(out, step{
				segmentName(kind, n),
				func(ctx context.Context) (Finding, error) { return c.segment(ctx, kind, n) },
			})
		}
	}
	out = append(
		out,
		step{"epoch", c.epoch}, step{ringName, c.ring}, step{"state.db", c.state}, step{filepath.Base(viewsPath("")), c.views},
	)
	out = append(out, step{"blobs", c.blobs})
	for _, l := range c.o.More {
		out = append(out, step{l.Name, func(ctx context.Context) (f Finding, err error) {
			f.Mended, f.Err = l.Check(ctx)
			return f, nil
		}})
	}
	return out
}

// Run reads one step after the other, so that a pass takes as long as was said. The
// position is durable: a start goes on where the stop was.
func (c *Scrubber) Run(ctx context.Context) error {
	for {
		steps := len(c.steps())
		t := time.NewTimer(max(c.o.Pass/time.Duration(steps), time.Second))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
		switch err := c.one(ctx); {
		case err == nil:
		case ctx.Err() != nil, errors.Is(err, ErrClosed):
			return nil
		case errors.Is(err, ErrFatal):
			return err
		default: // records go on without it; the next step may work
			c.s.log.Error("reading everything again", "err", err)
		}
	}
}

// Pass reads everything once, from the beginning.
func (c *Scrubber) Pass(ctx context.Context) (ScrubState, error) {
	if err := c.save(ScrubState{Begun: c.now()}); err != nil {
		return ScrubState{}, err
	}
	for {
		if err := c.one(ctx); err != nil {
			return ScrubState{}, err
		}
		if st, err := c.State(); err != nil || st.Next == 0 {
			return st, err
		}
	}
}

// Part does one step by the name of what it reads, out of turn.
func (c *Scrubber) Part(ctx context.Context, name string) error {
	for _, s := range c.steps() {
		if s.name == name {
			_, err := c.read(ctx, s)
			return err
		}
	}
	return nil
}

// read does a step and tells what it found.
func (c *Scrubber) read(ctx context.Context, s step) (right bool, err error) {
	f, err := s.look(ctx)
	if err != nil && (ctx.Err() != nil || errors.Is(err, ErrFatal) || errors.Is(err, ErrClosed)) {
		return false, fmt.Errorf("store: scrub %s: %w", s.name, err)
	}
	if err != nil { // what cannot be read at all is damage, too
		f.Err, f.Mended = errors.Join(f.Err, err), false
	}
	if f.Part = s.name; len(f.Flaws) == 0 && f.Err == nil {
		return true, nil
	}
	c.tell(f)
	return f.Mended, nil
}

func (c *Scrubber) now() time.Time {
	t, _ := c.s.o.Clock.Now()
	return t
}

func (c *Scrubber) save(st ScrubState) error {
	v, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if err = c.s.state.Put(scrubBucket, scrubKey, v); err == nil {
		c.kept.Store(nil)
	} else if refused(c.s.takes()) { // reading goes on; after a start some is read again
		c.kept.Store(&st)
		return nil
	}
	return err
}

// one does the next step.
func (c *Scrubber) one(ctx context.Context) error {
	st, err := c.State()
	if err != nil && !errors.Is(err, ErrState) {
		return err
	}
	steps := c.steps()
	if st.Next >= len(steps) || st.Next == 0 {
		st = ScrubState{Begun: c.now(), Done: st.Done, Last: st.Last}
	}
	right, err := c.read(ctx, steps[st.Next])
	if err != nil {
		return err
	}
	if !right {
		st.Wrong++
	}
	st.Steps = len(steps)
	if st.Next++; st.Next >= len(steps) {
		st.Next, st.Done, st.Last = 0, c.now(), st.Wrong
	}
	return c.save(st)
}

func (c *Scrubber) tell(f Finding) {
	log := c.s.log.With("part", f.Part, "mended", f.Mended)
	for _, x := range f.Flaws {
		log.Error("damage found", "what", string(x.Part), "first", x.First, "count", x.Count)
	}
	if f.Err != nil {
		log.Error("damage found", "err", f.Err)
	}
	if c.o.Found != nil {
		c.o.Found(f)
	}
}

// segment reads a segment and mends it as far as that goes.
func (c *Scrubber) segment(ctx context.Context, kind clinic.Journal, n int) (f Finding, err error) {
	j := c.s.logOf(kind)
	flaws, err := j.Scrub(n, c.local(ctx, kind))
	if err != nil || len(flaws) == 0 {
		return f, err
	}
	f.Flaws = flaws
	before := countBad(j.Quarantine())
	bad := badRefs(kind, j)
	c.s.holes.unknown(bad)
	if err := c.s.nameHoles(bad); err != nil {
		c.s.log.Error("entries that cannot be read are not named", "err", err)
	}
	c.mending(segmentName(kind, n), unreadable(flaws))
	if err := c.mend(ctx, kind, n, flaws); err != nil {
		if errors.Is(err, ErrFatal) || ctx.Err() != nil {
			return f, err
		}
		c.s.log.Warn("damage is not mended", "err", err)
	}
	left, err := j.Scrub(n, c.local(ctx, kind))
	f.Mended = len(left) == 0
	f.Back = before - min(before, countBad(j.Quarantine()))
	return f, err
}

// unreadable counts the entries that are lost by flaws.
func unreadable(flaws []journal.Flaw) (n uint64) {
	for _, x := range flaws {
		if x.Part == journal.PartFrame {
			n += x.Count
		}
	}
	return n
}

// local reads this journal's own folder.
func (c *Scrubber) local(ctx context.Context, kind clinic.Journal) journal.Source {
	dir := filepath.Join(c.s.o.Dir, folderOf(kind))
	return func(name string) ([]byte, error) {
		b, _, err := c.o.Cold.Read(ctx, filepath.Join(dir, name), 0)
		return b, err
	}
}

func (c *Scrubber) copies(ctx context.Context, kind clinic.Journal) journal.Source {
	if c.o.Copies == nil {
		return nil
	}
	return func(name string) ([]byte, error) { return c.o.Copies(ctx, path.Join(folderOf(kind), name)) }
}

func (c *Scrubber) mend(ctx context.Context, kind clinic.Journal, n int, flaws []journal.Flaw) error {
	var frames, header, beside bool
	for _, x := range flaws {
		header = header || x.Part == journal.PartHeader
		frames = frames || x.Part == journal.PartFrame
		beside = beside || x.Part == journal.PartOffsets || x.Part == journal.PartHashes
	}
	if frames || header {
		err := c.s.mend(ctx, mending{kind, n, header, journal.With{Local: c.quick().local(ctx, kind), Copy: c.copies(ctx, kind)}})
		if err != nil && !errors.Is(err, journal.ErrNoHelp) {
			return err
		}
	}
	if !beside {
		return nil
	}
	return c.s.between(ctx, func() error { return c.s.logOf(kind).MendBeside(n, c.quick().local(ctx, kind)) })
}

// quick reads as fast as it can: acts wait for it.
func (c *Scrubber) quick() *Scrubber {
	q := c.s.Scrubber(c.o)
	q.o.Cold.Rate = 0
	return q
}

// segmentName is a segment's file in the data directory, with slashes.
func segmentName(kind clinic.Journal, n int) string {
	return path.Join(folderOf(kind), fmt.Sprintf("%08d.seg", n))
}

func (c *Scrubber) mending(part string, entries uint64) {
	if c.o.Mending != nil && entries > 0 {
		c.o.Mending(part, entries)
	}
}

func (s *Store) logOf(kind clinic.Journal) *journal.Journal {
	if kind == clinic.In {
		return s.in
	}
	return s.own
}

func folderOf(kind clinic.Journal) string {
	if kind == clinic.In {
		return "in"
	}
	return "own"
}
