package outbox

import (
	"context"
	"time"

	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// receipt takes the hub's word of what it stores.
func (r *runner) receipt(signed wire.SignedReceipt) {
	rec, err := signed.Verify(r.opts.Hub.Identity)
	if err != nil || rec.Box != r.opts.Box || rec.Epoch != r.opts.Epoch {
		r.log.Warn("receipt not for this box, epoch and hub", "error", err)
		return
	}
	r.believe(signed, &rec)
}

// believe takes a receipt that was verified.
func (r *runner) believe(signed wire.SignedReceipt, rec *wire.Receipt) {
	agrees, err := r.agrees(rec)
	if err != nil {
		r.log.Error("own tree not read", "error", err)
		r.show(func(s *shown) { s.problems.journal = true })
		return
	}
	fresh := r.phase == asking && rec.Answers(r.ask)
	if !agrees {
		if !fresh || !r.seek(rec) {
			r.diverge(fresh)
		}
		return
	}
	before := r.size
	switch {
	case rec.Size > r.size, fresh:
		r.settle(rec)
		if r.size == before {
			break
		}
		if err := r.opts.Keeper.SaveReceipt(signed); err != nil {
			r.log.Error("receipt not kept", "error", err) // asked for again after a restart
		}
	case rec.Size == r.size && len(r.flight) > 0 && r.phase == live && time.Since(r.askAt) > r.opts.Patience/8:
		r.query() // frames reach the hub and one before them did not
		return
	}
	r.prove(rec)
	if fresh {
		r.answered()
	}
	r.advance()
}

// brief takes a receipt that leaves out what we know. When it does not fit, a whole one
// tells why.
func (r *runner) brief(b wire.BriefReceipt) {
	if b.Size <= r.opts.Log.Size() {
		root, err := r.opts.Log.Root(b.Size)
		if err != nil {
			r.log.Error("own tree not read", "error", err)
			r.show(func(s *shown) { s.problems.journal = true })
			return
		}
		if signed, err := b.Whole(r.opts.Box, r.opts.Epoch, root); err == nil {
			if rec, err := signed.Verify(r.opts.Hub.Identity); err == nil {
				r.believe(signed, &rec)
				return
			}
		}
	}
	if r.phase == live && time.Since(r.askAt) > r.opts.Patience/8 {
		r.query()
	}
}

// prove has the checkpoint kept that a receipt cosigns, unless a newer one was. It
// stands on our own tree: the receipt agrees with that.
func (r *runner) prove(rec *wire.Receipt) {
	if rec.Size <= r.proven || len(rec.Cosigned) == 0 {
		return
	}
	if r.opts.Cosigned != nil {
		note, err := rec.Note(r.opts.Identity, r.opts.Hub.Identity)
		if err == nil {
			err = r.opts.Cosigned(note)
		}
		if err != nil {
			r.log.Warn("cosigned checkpoint not kept", "size", rec.Size, "error", err)
			return
		}
	}
	r.proven = rec.Size
}

// agrees reports whether our tree has the receipt's root at its size.
func (r *runner) agrees(rec *wire.Receipt) (bool, error) {
	if rec.Size > r.opts.Log.Size() {
		r.setDiverged(rec, "hub stores more than we have")
		return false, nil
	}
	root, err := r.opts.Log.Root(rec.Size)
	if err != nil {
		return false, err
	}
	if root != rec.Root {
		r.setDiverged(rec, "hub's root is not ours")
		return false, nil
	}
	return true, nil
}

func (r *runner) setDiverged(rec *wire.Receipt, why string) {
	r.mu.Lock()
	known := r.shown.problems.diverged
	r.mu.Unlock()
	if !known {
		r.log.Error("diverged from the hub: nothing is sent", "why", why, "receipt", rec.Size, "own", r.opts.Log.Size())
	}
	r.show(func(s *shown) { s.problems.diverged = true })
}

// diverge stops sending; the hub is asked again at the longest pause, in case a
// person mended it.
func (r *runner) diverge(fresh bool) {
	r.land()
	if fresh || r.phase == live {
		r.phase, r.starts, r.odd, r.quiet = asking, 0, 0, 0
		r.ask = wire.NewNonce() // of the Ping to come: no answer to an old one counts
		r.within(r.opts.MaxBackoff)
		r.show(func(s *shown) { s.linked = true; s.problems.refused = false })
	}
}

// settle makes a receipt that agrees with our tree the truth.
func (r *runner) settle(rec *wire.Receipt) {
	if rec.Size < r.size {
		r.log.Error("hub lost what it had receipted: sending it again", "had", r.size, "has", rec.Size)
	}
	if rec.Size > r.size {
		r.stalls = 0
	}
	r.size, r.ahead = rec.Size, rec.Ahead
	r.high = max(r.high, rec.Size)
	kept := *rec
	r.show(func(s *shown) {
		s.received, s.receipt = kept.Size, &kept
		s.problems.receded = r.size < r.high
		s.problems.parked = len(kept.Parked) > 0
		s.problems.holes = len(kept.Holes) > 0
	})
}

// answered is called when the hub answered our Ping: the talk may go on from the
// size that it named.
func (r *runner) answered() {
	r.phase, r.starts, r.odd = live, 0, 0
	r.stated()
	r.land()
	if r.tried {
		r.tried = false
		r.stalls++ // settle sets it back when the hub stored something
	}
	if r.stalled() {
		r.hold = time.Now().Add(min(r.opts.MaxBackoff, r.opts.Patience<<min(r.stalls-patient, 16)))
	}
	r.show(func(s *shown) { s.linked = true; s.problems.diverged, s.problems.refused = false, false })
}

// advance drops from flight what is receipted and renews the patience for what
// is not.
func (r *runner) advance() {
	if r.phase != live {
		return
	}
	n := 0
	for n < len(r.flight) && r.flight[n].next <= r.size {
		r.bytes -= r.flight[n].bytes
		r.widen(&r.flight[n])
		n++
	}
	if n == 0 && len(r.flight) > 0 {
		return // no progress
	}
	if n > 0 {
		r.batch.arrived(r.opts.Frame)
	}
	r.flight = append(r.flight[:0], r.flight[n:]...)
	r.sent = max(r.sent, r.size)
	r.quiet, r.due = 0, time.Time{}
	if len(r.flight) > 0 {
		r.expect()
	}
}

// down applies what the hub sends, in order: durable first, then the cursor, then
// the answer. A crash in between brings the same entries again, which is harmless.
func (r *runner) down(ctx context.Context, signed wire.SignedDown) {
	d, err := signed.Verify(r.opts.Hub.Identity)
	if err != nil || d.Box != r.opts.Box || d.Epoch != r.downEpoch {
		r.log.Warn("down data not for this box, epoch and hub", "error", err)
		return
	}
	c := r.place()
	if d.First > c.Next || d.Next() <= c.Next {
		r.acknowledge(false) // a gap, or a repeat: say where we are
		return
	}
	if r.apply(ctx, c, &d) == nil {
		r.acknowledge(true)
	}
}

// apply makes entries durable that begin at the place, or before it, and then the place
// after them.
func (r *runner) apply(ctx context.Context, c Cursor, d *wire.Down) error {
	if err := r.take(ctx, d.Entries[c.Next-d.First:]); err != nil {
		r.log.Error("down data not stored", "error", err)
		r.show(func(s *shown) { s.problems.apply = true })
		return err
	}
	last := d.Entries[len(d.Entries)-1]
	leaf := entry.LeafHash(entry.Salt(last.Salt), last.Bytes)
	c.Next, c.Last = d.Next(), wire.Nonce(leaf[:16])
	if err := r.opts.Keeper.SaveCursor(c); err != nil {
		r.log.Error("down cursor not kept", "error", err)
		r.show(func(s *shown) { s.problems.apply = true })
		return err
	}
	r.cursor = c
	r.show(func(s *shown) { s.problems.apply = false })
	return nil
}

// place returns the cursor in the hub's present epoch. The session's start named
// it, signed over our nonce: an old epoch cannot be played back.
func (r *runner) place() Cursor {
	if r.cursor.Epoch == r.downEpoch {
		return r.cursor
	}
	return Cursor{Epoch: r.downEpoch}
}

// acknowledge says how far we are. Unless news, not more often than the hub may
// reasonably repeat.
func (r *runner) acknowledge(news bool) {
	if r.opener == nil || r.sealer == nil || r.phase == offline {
		return
	}
	if r.told.by != r.sealer {
		r.tellBudget() // before the hub is told where to go on
	}
	c := r.place()
	if !news && c == r.acked && time.Since(r.ackAt) < r.opts.Patience/4 {
		return
	}
	r.acked, r.ackAt = c, time.Now()
	ack := wire.DownAck{Epoch: c.Epoch, Next: c.Next}
	if r.does.Has(wire.FeatureAlign) {
		ack.Last = c.Known()
	}
	r.seal(ack)
}
