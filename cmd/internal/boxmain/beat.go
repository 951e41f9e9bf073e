package boxmain

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/clock"
	"clinicbox/device/task"
	"clinicbox/internal/cert"
)

// How often a heartbeat goes out: an hour is 9 KB a day with the answer; a locked box
// waits for nothing else.
const (
	beatOpen   = time.Hour
	beatLocked = 10 * time.Minute
	beatFirst  = 15 * time.Second // doubled before each pause until the centre has answered once
)

// beats tells the centre that the box is there, and obeys its orders.
type beats struct {
	b     *Box
	boot  cert.Nonce
	n     uint64
	heard atomic.Bool // the centre's time, since the start
}

func newBeats(b *Box) *beats { return &beats{b: b, boot: cert.NewRequestID()} }

// run sends a beat when the link comes up, when the box's state changes, and now
// and then.
func (h *beats) run(ctx context.Context, ready func()) error {
	ready()
	gap := beatFirst
	for ctx.Err() == nil {
		changed := h.b.carrier.Changed()
		if h.b.carrier.Up() {
			h.send()
		}
		gap = h.next(gap)
		wait := time.NewTimer(gap + time.Duration(rand.Int64N(int64(gap)/4)))
		select {
		case <-ctx.Done():
		case <-changed:
			gap = beatFirst
		case <-h.b.stir:
			gap = beatFirst
		case <-wait.C:
		}
		wait.Stop()
	}
	return nil
}

// next doubles the pause up to the usual one; a centre that has not answered yet is
// asked sooner, for its time is wanted.
func (h *beats) next(gap time.Duration) time.Duration {
	usual := beatLocked
	if h.b.vault.open() {
		usual = beatOpen
	}
	if h.heard.Load() {
		return usual
	}
	return min(2*gap, usual)
}

func (h *beats) send() {
	h.n++
	raw, err := h.b.vault.id.Beat(cert.Beat{Boot: h.boot, N: h.n, State: h.b.state(), Agent: Version()})
	if err != nil {
		h.b.log.Error("no heartbeat", "err", err)
		return
	}
	// Lost or not: the next one says the same.
	_ = h.b.carrier.Link.Publish(topicBeat(h.b.cfg.Box.Name), raw)
}

// take gets what the centre says outside sessions: its time, or an order.
func (h *beats) take(_ string, raw []byte) {
	kind, err := cert.KindOf(raw)
	if err == nil {
		switch kind {
		case cert.KindTime:
			err = h.time(raw)
		case cert.KindCommand:
			err = h.order(raw)
		default:
			err = cert.ErrKind
		}
	}
	if e, ok := errors.AsType[*undone](err); ok {
		h.b.log.Error("an order of the centre failed; it comes again", "err", e.err)
		return
	}
	if err != nil && !errors.Is(err, cert.ErrReplayed) {
		h.b.log.Warn("not obeyed: a message that is not the centre's, or not for this box", "err", err)
	}
}

func (h *beats) time(raw []byte) error {
	t, err := h.b.vault.id.Time(raw, h.boot)
	if err != nil {
		return err
	}
	h.heard.Store(true)
	if c, ok := h.b.clock.(*clock.Clock); ok {
		c.Heard(t)
	}
	return h.b.vault.id.Raise(t)
}

// order obeys first and notes the number then: each may be done twice.
func (h *beats) order(raw []byte) error {
	id := h.b.vault.id
	c, err := id.Order(raw)
	if err != nil {
		return err
	}
	h.b.log.Warn("order of the centre", "op", int(c.Op), "seq", c.Seq)
	switch c.Op {
	case cert.OpLock:
		h.b.recordNow(event{what: clinic.MachineOrder, detail: "lock " + strconv.FormatUint(c.Seq, 10)})
		h.b.finish(errLock)
	case cert.OpBlock:
		h.b.recordNow(event{what: clinic.MachineOrder, detail: "block " + strconv.FormatUint(c.Seq, 10)})
		err = id.Block(true)
		h.b.finish(errLock)
	case cert.OpAllow:
		err = id.Block(false)
	case cert.OpErase:
		err = h.b.eraseNow()
	case cert.OpRevocations:
		err = id.Learn(c.Args)
	default: // a later program's: noted, so that it is not sent for ever
		h.b.log.Error("an order that this program does not know", "op", int(c.Op))
	}
	if err == nil {
		err = id.Obeyed(c.Seq)
		h.b.stirred()
	}
	if err != nil {
		return &undone{err}
	}
	return nil
}

// undone is an order of the centre that failed here.
type undone struct{ err error }

func (u *undone) Error() string { return "an order failed: " + u.err.Error() }
func (u *undone) Unwrap() error { return u.err }

// eraseNow destroys the keys on the disk, then ends the records that are open: a
// power cut between leaves nothing to open.
func (b *Box) eraseNow() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := b.vault.destroy(ctx)
	b.finish(errErased)
	return err
}

// recordNow writes what happened to the machine into the records, or keeps it for when
// they open.
func (b *Box) recordNow(e event) {
	b.ending.Lock()
	d := b.desk
	if b.end == nil || d == nil {
		b.events = append(b.events, e)
	}
	open := b.end != nil && d != nil
	b.ending.Unlock()
	if !open {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), task.DefaultGrace)
	defer cancel()
	if err := record(ctx, d, e); err != nil {
		b.log.Error("not recorded", "event", e.what, "err", err)
	}
}

func record(ctx context.Context, d *desk.Desk, e event) error {
	return d.NoteMachine(ctx, clinic.Machine{Event: e.what, Person: e.person, Detail: e.detail})
}
