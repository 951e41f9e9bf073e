package outbox

import (
	"context"
	"time"

	"clinicbox/sync/wire"
)

const (
	seekHeads = 16            // roots in one question: five questions for a million entries
	turnGap   = 1 * time.Hour // between epochs that begin here: a hub gone wrong must not use up numbers
)

// alignment finds the size up to which our log is the hub's, takes back what the hub
// holds beyond it, and goes on in a new epoch from there.
type alignment struct {
	nonce wire.Nonce
	good  uint64 // our root at this size is the hub's
	bad   uint64 // the smallest size at which it is not, or that one side does not have
	heads []wire.Head
	next  uint64 // index of the next entry to be handed back, once good+1 is bad
	of    uint64 // good for which next counts
}

// seek begins an alignment after a receipt that is not of our tree. False: there is
// nobody who could do it, or it was done just now; a person has to look.
func (r *runner) seek(rec *wire.Receipt) bool {
	if r.opts.Line == nil || !r.does.Has(wire.FeatureAlign) || !r.turned.IsZero() && time.Since(r.turned) < turnGap {
		return false
	}
	// A cut alignment goes on where it was only if the logs part at the same place: it
	// is found anew, and costs a few questions.
	next, of := r.align.next, r.align.of
	r.align = alignment{bad: min(rec.Size, r.opts.Log.Size()) + 1, next: next, of: of}
	r.land()
	r.phase, r.starts, r.odd, r.quiet = aligning, 0, 0, 0
	r.show(func(s *shown) { s.linked = true; s.problems.refused = false })
	r.askAlign()
	return true
}

// askAlign asks the next question, or the last one again.
func (r *runner) askAlign() {
	a := &r.align
	if r.quiet == 0 {
		a.nonce = wire.NewNonce()
	}
	q := wire.Align{Epoch: r.opts.Epoch, Nonce: a.nonce}
	if a.good+1 < a.bad {
		heads, err := r.heads()
		if err != nil {
			r.log.Error("own tree not read", "error", err)
			r.show(func(s *shown) { s.problems.journal = true })
			r.diverge(true)
			return
		}
		a.heads, q.Heads = heads, heads
	} else {
		if a.heads = nil; a.of != a.good || a.next < a.good {
			a.next, a.of = a.good, a.good
		}
		q.From = a.next
	}
	r.seal(q)
	if a.heads == nil { // a slow link needs its time for an answer full of entries
		r.within(r.opts.Patience << r.quiet)
		return
	}
	r.expect()
}

// heads are our roots at sizes between good and bad.
func (r *runner) heads() (out []wire.Head, err error) {
	a := &r.align
	n := a.bad - a.good - 1
	for i := uint64(1); i <= min(n, seekHeads); i++ {
		size := a.good + (n*i+min(n, seekHeads)-1)/min(n, seekHeads)
		root, err := r.opts.Log.Root(size)
		if err != nil {
			return nil, err
		}
		out = append(out, wire.Head{Size: size, Root: root})
	}
	return out, nil
}

// aligned takes the answer.
func (r *runner) aligned(ctx context.Context, m wire.Aligned) {
	a := &r.align
	if r.phase == live {
		r.healed(ctx, m)
		return
	}
	if r.phase != aligning || m.Nonce != a.nonce || m.Epoch != r.opts.Epoch || a.nonce == (wire.Nonce{}) {
		return
	}
	r.quiet = 0
	switch {
	case a.heads != nil:
		r.narrow(m.Agrees)
	case m.First != a.next && len(m.Back) > 0:
		return // the answer to another question
	default:
		if err := r.takeBack(ctx, m.Back); err != nil {
			r.log.Error("entries handed back are not stored", "error", err)
			r.show(func(s *shown) { s.problems.apply = true })
			r.diverge(true) // again at the longest pause
			return
		}
		if a.next >= m.Size || len(m.Back) == 0 {
			r.newLine(ctx, m.Elsewhere)
			return
		}
	}
	r.askAlign()
}

// narrow moves the ends together by an answer: agreement at a size is agreement at all
// smaller ones.
func (r *runner) narrow(agrees uint64) {
	a := &r.align
	for _, h := range a.heads {
		if h.Size <= agrees {
			a.good = max(a.good, h.Size)
		} else {
			a.bad = min(a.bad, h.Size)
		}
	}
}

// takeBack makes durable what the hub handed back. It goes where everything goes that
// comes from elsewhere: the own journal only ever grows.
func (r *runner) takeBack(ctx context.Context, back []wire.Back) error {
	var got []wire.Salted
	for i := range back {
		if back[i].Bytes != nil {
			got = append(got, wire.Salted{Salt: back[i].Salt, Bytes: back[i].Bytes})
		}
	}
	if len(got) > 0 {
		if err := r.take(ctx, got); err != nil {
			return err
		}
	}
	r.align.next += uint64(len(back))
	r.show(func(s *shown) { s.problems.apply = false })
	return nil
}

// newLine begins the new epoch. What we recorded beyond the common entries goes up in it
// with the bytes, salts and leaf hashes that it always had.
func (r *runner) newLine(ctx context.Context, elsewhere uint64) {
	base := r.align.good
	r.turned = time.Now() // also when it fails: the next try is not soon
	epoch, branch, err := r.opts.Line.Turn(ctx, r.opts.Epoch, base, r.align.next-base+elsewhere)
	if err != nil {
		r.log.Error("no new epoch begun", "error", err)
		r.show(func(s *shown) { s.problems.journal = true })
		r.diverge(true)
		return
	}
	r.log.Warn("realigned with the hub", "common", base, "handed back", r.align.next-base, "own", r.opts.Log.Size())
	r.opts.Epoch, r.opts.Branch = epoch, branch
	r.align = alignment{}
	r.size, r.high, r.proven, r.ahead = 0, 0, 0, nil
	r.show(func(s *shown) {
		s.received, s.receipt = 0, nil
		s.problems.journal, s.problems.receded = false, false
	})
	r.quiet, r.starts = 0, 0
	r.land()
	r.greet()
}
