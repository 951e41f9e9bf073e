package outbox

import (
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// The problems, as keys of the message catalogues; the first that holds shows.
const (
	ProblemDiverged = "sync.diverged" // hub and box disagree on what was written: nothing is sent
	ProblemJournal  = "sync.journal"  // the own journal cannot be read
	ProblemApply    = "sync.apply"    // what the hub sent cannot be stored
	ProblemRefused  = "sync.refused"  // the hub does not accept this box, or is not the pinned one
	ProblemReceded  = "sync.receded"  // the hub lost what it had receipted; it is being sent again
	ProblemParked   = "sync.parked"   // the hub stores entries that it cannot read yet
	ProblemHoles    = "sync.holes"    // entries are lost here and reached the hub as hashes only
)

type problems struct{ diverged, journal, apply, refused, receded, parked, holes bool }

func (p problems) first() string {
	for _, x := range []struct {
		is  bool
		key string
	}{
		{p.diverged, ProblemDiverged},
		{p.journal, ProblemJournal},
		{p.apply, ProblemApply},
		{p.refused, ProblemRefused},
		{p.receded, ProblemReceded},
		{p.parked, ProblemParked},
		{p.holes, ProblemHoles},
	} {
		if x.is {
			return x.key
		}
	}
	return ""
}

// shown is what other goroutines see of the runner.
type shown struct {
	received uint64
	linked   bool
	receipt  *wire.Receipt
	coming   uint64
	problems problems

	oldest   time.Time // recorded time of entry oldestAt
	oldestAt uint64
	known    bool
}

// Truths returns the present state. It may be called from any goroutine.
func (o *Outbox) Truths() Truths {
	saved := o.opts.Log.Size()
	o.mu.Lock()
	defer o.mu.Unlock()
	s := &o.shown
	t := Truths{
		Saved: saved, Received: min(s.received, saved),
		Linked: s.linked, Problem: s.problems.first(), Coming: s.coming,
	}
	if s.receipt != nil {
		t.LastReceipt = s.receipt.At()
		t.Parked, t.Holes = count(s.receipt.Parked), count(s.receipt.Holes)
	}
	if t.Unsent() > 0 {
		t.Oldest = o.oldest(t.Received)
	}
	return t
}

func count(rs []wire.Range) (n uint64) {
	for _, r := range rs {
		n += r.To - r.From
	}
	return n
}

// Receipt returns the last valid receipt, for the pages that list what is parked
// or lost; ok is false when there is none.
func (o *Outbox) Receipt() (r wire.Receipt, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shown.receipt == nil {
		return r, false
	}
	return *o.shown.receipt, true
}

// Changed returns a channel that is closed when Truths changes for another reason
// than a new entry.
func (o *Outbox) Changed() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

// oldest returns when the entry at index was recorded; the caller holds mu. A
// hole has no time: the entry after it is as good.
func (o *Outbox) oldest(index uint64) time.Time {
	s := &o.shown
	if s.known && s.oldestAt == index {
		return s.oldest
	}
	raws, err := o.opts.Log.Read(index, 8, entry.MaxSize)
	if err != nil {
		return time.Time{}
	}
	for _, r := range raws {
		if r.Bytes == nil {
			continue
		}
		if rec, err := entry.Decode(r.Bytes, clinic.Ref{}, r.Leaf); err == nil {
			s.oldest, s.oldestAt, s.known = rec.Recorded(), index, true
			return s.oldest
		}
	}
	return time.Time{}
}

// show publishes the runner's state.
func (o *Outbox) show(f func(*shown)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.shown
	f(&o.shown)
	if before.received != o.shown.received || before.linked != o.shown.linked ||
		before.problems != o.shown.problems || before.coming != o.shown.coming || before.receipt != o.shown.receipt {
		close(o.changed)
		o.changed = make(chan struct{})
	}
}
