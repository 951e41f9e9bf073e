package outbox

import (
	"context"
	"math"
	"time"

	"clinicbox/sync/wire"
)

// comingGap is how often the number of what is still to come is kept on the way down.
const comingGap = 30 * time.Second

// takesSets says in a session's start that sets are taken, and what was received so far:
// a hub that gave more gives it again.
func (r *runner) takesSets(s *wire.Start) {
	if r.opts.Intake == nil {
		return
	}
	s.Features |= wire.FeatureSets
	if r.all = !r.opts.Intake.Whole(); !r.all {
		s.Received = min(r.opts.Intake.Size(), r.untold)
	}
}

// take makes entries of the hub durable. How many there were before is kept while the hub
// was not told in this run: after a copy was put back, what is taken in then, by a stick
// say, would stand for what was lost.
func (r *runner) take(ctx context.Context, es []wire.Salted) error {
	if r.opts.Intake != nil && !r.knows && r.untold == nothing {
		n := r.opts.Intake.Size()
		if err := r.opts.Intake.SaveUntold(n, true); err != nil {
			return err
		}
		r.untold = n
	}
	return r.opts.Applier.Apply(ctx, es)
}

// nothing was received that the hub was not told of.
const nothing = math.MaxUint64

// stated is called when the hub answered in a session that said what was received.
func (r *runner) stated() {
	if r.knows = true; r.opts.Intake == nil || r.untold == nothing {
		return
	}
	if err := r.opts.Intake.SaveUntold(0, false); err != nil {
		r.log.Error("that the hub knows what was received is not kept", "error", err) // it is told again
		return
	}
	r.untold = nothing
}

func (r *runner) loadUntold() {
	r.untold = nothing
	if r.opts.Intake == nil {
		return
	}
	n, is, err := r.opts.Intake.LoadUntold()
	if err != nil {
		r.log.Error("what the hub was told is not known", "error", err)
	} else if is {
		r.untold = n
	}
}

// set takes entries that have no place in a stream: durable first, then the answer. A
// crash in between brings them again, which is harmless.
func (r *runner) set(ctx context.Context, signed wire.SignedSet) {
	s, err := signed.Verify(r.opts.Hub.Identity)
	if err != nil || s.Box != r.opts.Box || r.opts.Intake == nil {
		r.log.Warn("a set not for this box and hub", "error", err)
		return
	}
	if err := r.take(ctx, s.Entries); err != nil {
		r.log.Error("a set not stored", "error", err)
		r.show(func(s *shown) { s.problems.apply = true })
		return
	}
	r.show(func(sh *shown) { sh.problems.apply, sh.coming = false, s.Left })
	r.keepComing(s.Left)
	r.seal(wire.SetAck{IDs: []wire.Epoch{s.ID}, Received: r.opts.Intake.Size()})
}

// keepComing keeps how many entries are to come, at once when they begin and end.
func (r *runner) keepComing(n uint64) {
	if !r.all && (n == r.kept || n > 0 && r.kept > 0 && time.Since(r.comingAt) < comingGap) {
		return
	}
	if err := r.opts.Intake.SaveComing(n, r.all); err != nil {
		r.log.Error("how much is to come is not kept", "error", err)
		return
	}
	r.kept, r.comingAt, r.all = n, time.Now(), false
}

func (r *runner) loadComing() {
	if r.opts.Intake == nil {
		return
	}
	n, err := r.opts.Intake.LoadComing()
	if err != nil {
		r.log.Error("how much is to come is not known", "error", err)
		return
	}
	r.kept = n
	r.show(func(s *shown) { s.coming = n })
}
