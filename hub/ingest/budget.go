package ingest

import (
	"context"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// Spent is what a box told last of what its link has cost.
type Spent struct {
	wire.Budget
	At time.Time // zero: it told nothing since the centre started
}

// Spent returns what a box told last.
func (in *Ingest) Spent(name string) Spent {
	in.mu.Lock()
	defer in.mu.Unlock()
	if b := in.boxes[name]; b != nil {
		return b.spent
	}
	return Spent{}
}

// budget takes what the box told, and goes on with what waits no longer.
func (b *box) budget(ctx context.Context, m wire.Budget) {
	b.in.mu.Lock()
	b.spent = Spent{m, b.in.Now()}
	b.in.mu.Unlock()
	b.heldTo = 0
	b.pump(ctx)
	b.pumpSets(ctx)
}

// forgetWaits lets nothing wait any more that an earlier run of the box's program asked
// for: a program that was rolled back to one without a budget would never say otherwise.
// One that has a budget says what waits before anything goes out to it.
func (b *box) forgetWaits(s *wire.Start) {
	if n := len(b.up); n > 0 && b.up[n-1].start.Incarnation == s.Incarnation {
		return
	}
	b.in.mu.Lock()
	b.spent.Waits = nil
	b.in.mu.Unlock()
	b.heldTo = 0
}

// holds reports whether all that is queued for the box and not acknowledged waits for
// its next month. One urgent entry takes those before it along: the stream has an order.
func (b *box) holds(ctx context.Context, st *hub.DownState) bool {
	b.in.mu.Lock()
	told := b.spent.Budget
	b.in.mu.Unlock()
	if len(told.Waits) == 0 {
		return false
	}
	for at := max(b.heldTo, b.down.base); at < st.Last; {
		es, err := b.in.DB.Downs(ctx, b.name, at, downWindow)
		if err != nil || len(es) == 0 {
			return false // it goes out rather than never
		}
		for i := range es {
			r, err := entry.DecodeIf(es[i].Bytes, clinic.Ref{}, es[i].Leaf, func(clinic.Kind) bool { return false })
			if err != nil || !told.Holds(wire.ClassOf(r.Kind)) {
				return false
			}
		}
		at = es[len(es)-1].Seq
		b.heldTo = at
	}
	return true
}
