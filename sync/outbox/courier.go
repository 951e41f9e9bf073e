package outbox

import (
	"context"
	"errors"
	"time"

	"clinicbox/sync/wire"
)

// carried is something to do on the goroutine of the state machine.
type carried struct {
	do   func()
	done chan struct{}
}

// Carried says what became of entries of the hub that came by courier.
type Carried uint8

// What may become of them.
const (
	CarriedApplied Carried = iota + 1 // durable here
	CarriedKnown                      // they were
	CarriedEarly                      // those before them are missing
	CarriedOther                      // of another stream than the present one, or not of this hub
)

// ErrEnded tells that Run has ended: nothing is taken any more.
var ErrEnded = errors.New("outbox: ended")

// turn runs do between two steps of Run. It waits for Run to have begun, and is ErrEnded
// once that has ended.
func (o *Outbox) turn(ctx context.Context, do func()) error {
	c := carried{do, make(chan struct{})}
	select {
	case o.carry <- c:
	case <-o.ended:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	<-c.done
	return nil
}

// CarryReceipt takes a receipt that came by courier. It counts as one of the link does:
// a larger size is news, and only an answer to the present ping makes a size smaller.
func (o *Outbox) CarryReceipt(ctx context.Context, s wire.SignedReceipt) error {
	return o.turn(ctx, func() { o.run.receipt(s) })
}

// Place returns how far the stream down has come.
func (o *Outbox) Place(ctx context.Context) (c Cursor, err error) {
	err = o.turn(ctx, func() { c = o.run.cursor })
	return c, err
}

// CarryDown takes entries that came by courier, in a file that began with the start. An
// error is one of storing them.
func (o *Outbox) CarryDown(ctx context.Context, s wire.Start, m wire.SignedDown) (is Carried, err error) {
	terr := o.turn(ctx, func() { is, err = o.run.carriedDown(ctx, s, m) })
	if terr != nil {
		return 0, terr
	}
	return is, err
}

func (r *runner) carriedDown(ctx context.Context, s wire.Start, m wire.SignedDown) (Carried, error) {
	d, err := m.Verify(r.opts.Hub.Identity)
	if err != nil || d.Box != r.opts.Box || d.Epoch != s.Epoch {
		r.log.Warn("carried data not for this box, epoch and hub", "error", err)
		return CarriedOther, nil
	}
	c, ok := r.streamOf(&s)
	switch {
	case !ok:
		return CarriedOther, nil
	case d.First > c.Next:
		return CarriedEarly, nil
	case d.Next() <= c.Next:
		return CarriedKnown, nil
	}
	if err := r.apply(ctx, c, &d); err != nil {
		return 0, err
	}
	r.acknowledge(true)
	return CarriedApplied, nil
}

// streamOf returns the place in the stream that a file is of; false when that is not
// the present one. A file has no nonce of ours in it: of two streams the one is present
// that a session of the link named in this run, and else the one whose file the hub made
// no earlier than the last receipt that we know.
func (r *runner) streamOf(s *wire.Start) (Cursor, bool) {
	switch {
	case r.opener != nil && s.Epoch != r.downEpoch:
		return Cursor{}, false
	case s.Epoch == r.cursor.Epoch:
		return r.cursor, true
	case r.opener != nil, r.cursor == Cursor{}:
		return Cursor{Epoch: s.Epoch}, true
	}
	last, ok := r.Receipt()
	return Cursor{Epoch: s.Epoch}, !ok || !time.UnixMilli(s.Made).Before(last.At())
}
