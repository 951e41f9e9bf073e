package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

const (
	downBytes   = 40 << 10 // of entries in a frame, before compression
	downEntries = 128
	downWindow  = 512 // entries on the way, not acknowledged
	retryFirst  = 5 * time.Second
	roundTrip   = 2 * time.Second // of a bad link: what went out before it and is not acknowledged is lost
	retryMax    = 10 * time.Minute
	maxFlagged  = 8192 // parked entries or holes that a receipt looks at
)

// downSession is our session towards a box and how far the stream has gone in it.
type downSession struct {
	*wire.Sealer
	startAt time.Time
	nonce   wire.Nonce // of the box, that the session answers
	frame   []byte     // the start, for a box that asks again
	aligned bool       // the box has told where it is: nothing is sent before, for it could overtake the start
	base    uint64     // entries that the box has
	sent    uint64     // entries that are sent
	sentAt  time.Time  // the last sending
	retry   time.Time  // when to send again
	gap     time.Duration
}

// startDown starts our session to a box that gave a nonce. The same nonce again
// gets the same start.
func (b *box) startDown(ctx context.Context, n wire.Nonce) {
	now := b.in.Now()
	if d := now.Sub(b.down.startAt); d >= 0 && d < startGap {
		if n == b.down.nonce && b.down.Sealer != nil {
			b.publish(b.down.frame)
			b.owed = b.owed || len(b.up) > 0
		}
		return
	}
	if n != b.down.nonce || b.down.Sealer == nil {
		if err := b.newDown(ctx, n, now); err != nil {
			b.in.failed(ctx, "start session", err)
			return
		}
	}
	b.down.startAt = now
	b.publish(b.down.frame)
	b.owed = b.owed || len(b.up) > 0
	b.pump(ctx)
}

func (b *box) newDown(ctx context.Context, n wire.Nonce, now time.Time) error {
	to, err := b.in.HPKE.KEM().NewPublicKey(b.row.Keys.HPKE)
	if err != nil {
		return err
	}
	st, err := b.in.DB.DownState(ctx, b.name)
	if err != nil {
		return err
	}
	frame, sealer, err := wire.StartSession(to, b.in.Identity, wire.Start{
		Dir: wire.DirDown, Box: b.name, Epoch: wire.Epoch(st.Epoch), Tip: st.Last, Nonce: n, Reads: wire.Dictionaries(),
		Features: wire.FeatureAlign | wire.FeatureBudget,
	})
	if err != nil {
		return err
	}
	if len(b.up) > 0 {
		sealer.Compress(b.up[len(b.up)-1].start.Reads)
	}
	b.down = downSession{Sealer: sealer, startAt: now, nonce: n, frame: frame, base: st.Acked, sent: st.Acked}
	b.freshSets()
	b.down.gap, b.down.retry = retryFirst, now.Add(retryFirst) // for a box that does not tell
	return nil
}

// send seals a message to the box, or asks for the nonce that a session needs.
func (b *box) send(m wire.Message) bool {
	if b.down.Sealer == nil {
		b.ask(true)
		return false
	}
	f, err := b.down.Seal(m)
	if err != nil {
		b.in.Log.Error("seal", "box", b.name, "err", err)
		return false
	}
	b.publish(f)
	return true
}

// receipt signs and sends what is stored of the stream: it is read from the
// state that the last transaction left, or from the database.
func (b *box) receipt(ctx context.Context, echo *wire.Nonce) {
	if b.stream == nil {
		b.owed = false
		return
	}
	if echo == nil {
		echo = b.echo
	}
	if b.down.Sealer == nil {
		b.ask(true) // still owed: it goes out when the session has begun
		b.owed, b.owedFrom, b.echo = true, 0, echo
		return
	}
	b.owed, b.owedFrom, b.echo = false, 0, nil
	r, err := b.makeReceipt(ctx, echo)
	if err != nil {
		b.in.failed(ctx, "receipt", err)
		return
	}
	signed, err := r.Sign(b.in.Identity)
	if err != nil {
		b.in.Log.Error("sign receipt", "err", err)
		return
	}
	var m wire.Message = signed
	if brief, ok := signed.Brief(&r); ok && b.briefly() {
		m = brief
	}
	if b.send(m) {
		b.in.Counts.Receipts.Add(1)
	}
}

// briefly tells whether the box reads brief receipts.
func (b *box) briefly() bool {
	return len(b.up) > 0 && b.up[len(b.up)-1].start.Features.Has(wire.FeatureBrief)
}

func (b *box) makeReceipt(ctx context.Context, echo *wire.Nonce) (r wire.Receipt, err error) {
	if err := b.load(ctx); err != nil {
		return r, err
	}
	s := b.stream
	r = wire.Receipt{
		Box: b.name, Epoch: wire.Epoch(s.Epoch), Size: s.Size, Root: s.Root,
		Time: b.in.Now().UnixMilli(), Echo: echo, Ahead: b.in.ahead(b.name, s.Epoch, s.Size),
	}
	if s.Size == 0 {
		r.Root = emptyRoot()
	}
	if s.Size > 0 && s.Checkpoint.Size == s.Size { // we only vouch for what the box vouches for
		if err := r.Cosign(b.in.Identity, b.in.Now()); err != nil {
			return r, err
		}
	}
	if s.Parked+s.Holes == 0 {
		return r, nil
	}
	parked, holes, err := b.in.DB.Flagged(ctx, b.name, s.Epoch, maxFlagged)
	r.Parked, r.Holes = ranges(parked), ranges(holes)
	return r, err
}

// ranges joins ascending indexes.
func ranges(is []uint64) (out []wire.Range) {
	for _, i := range is {
		if n := len(out); n > 0 && out[n-1].To == i {
			out[n-1].To++
		} else {
			out = append(out, wire.Range{From: i, To: i + 1})
		}
	}
	return out
}

// downAck moves the window. The first one of a session tells where the box is,
// also when that is behind what it once had; a later one never steps back.
func (b *box) downAck(ctx context.Context, a wire.DownAck) {
	st, err := b.in.DB.DownState(ctx, b.name)
	if err != nil {
		b.in.failed(ctx, "down state", err)
		return
	}
	next := a.Next
	other := false
	if hub.Epoch(a.Epoch) == st.Epoch {
		if other, err = b.otherDown(ctx, &a, &st); err != nil {
			b.in.failed(ctx, "downs", err)
			return
		}
	}
	if other {
		b.restartDown(ctx, fmt.Sprintf("%d acknowledged of another stream, %d sent", next, st.Last))
		return
	}
	if hub.Epoch(a.Epoch) != st.Epoch {
		next = 0 // it knows nothing of this stream yet
	} else if err := b.in.DB.Acked(ctx, b.name, st.Epoch, min(next, math.MaxInt64), b.in.Now()); errors.Is(err, hub.ErrMoved) {
		b.alarm(ctx, hub.AlarmDown, fmt.Sprintf("%d acknowledged, %d sent", next, st.Last))
		return
	} else if err != nil {
		b.in.failed(ctx, "acked", err)
		return
	}
	d := &b.down
	switch {
	case next > d.base:
		d.base, d.sent, d.gap = next, max(d.sent, next), retryFirst
		d.retry = b.in.Now().Add(d.gap)
	case next < d.base && !d.aligned:
		d.base, d.sent = next, next
	case next == d.base:
		b.resend(ctx)
	}
	d.aligned = true
	b.pump(ctx)
}

// resend goes back to what the box has when it speaks without having acknowledged
// what was sent a round trip ago.
func (b *box) resend(ctx context.Context) {
	d, now := &b.down, b.in.Now()
	if d.sent > d.base && now.Sub(d.sentAt) > roundTrip {
		d.sent, d.gap = d.base, retryFirst
		b.pump(ctx)
	}
}

// pump sends what the window allows, and sends again what was not acknowledged
// in time.
func (b *box) pump(ctx context.Context) {
	if b.row.Revoked != 0 {
		return
	}
	st, err := b.in.DB.DownState(ctx, b.name)
	if err != nil {
		b.in.failed(ctx, "down state", err)
		return
	}
	d, now := &b.down, b.in.Now()
	if max(st.Acked, d.base) >= st.Last && d.sent >= st.Last {
		return
	}
	if b.holds(ctx, &st) {
		return
	}
	defer b.wakeLater()
	late := !now.Before(d.retry)
	switch {
	case !late && (d.Sealer == nil || !d.aligned):
		return
	case d.Sealer == nil:
		d.again(now)
		b.ask(true)
		return
	case late && (d.sent > d.base || !d.aligned):
		d.sent, d.aligned = d.base, true
		d.again(now)
		b.publish(d.frame) // the box may have missed it
	}
	window := uint64(downWindow)
	if d.gap > retryFirst {
		window = 1 // one frame at a time to a box that does not answer, or cannot store
	}
	for d.sent < st.Last && d.sent < d.base+window {
		if d.sent == d.base {
			d.retry = now.Add(max(d.gap, retryFirst))
		}
		n, err := b.sendDown(ctx, st.Epoch)
		if err != nil {
			b.in.failed(ctx, "send down", err)
			return
		}
		if n == 0 {
			return
		}
	}
}

// wakeLater has pump called when it is time to send again.
func (b *box) wakeLater() {
	if b.timer != nil {
		b.timer.Stop()
	}
	b.timer = time.AfterFunc(max(b.down.retry.Sub(b.in.Now()), retryFirst/10), func() { b.in.wake(b.name) })
}

// again sets when to try next: a box that is away for weeks is asked every ten
// minutes.
func (d *downSession) again(now time.Time) {
	d.gap = min(max(2*d.gap, retryFirst), retryMax)
	d.retry = now.Add(d.gap)
}

// packDown fills a message with what follows its first entry.
func (in *Ingest) packDown(ctx context.Context, box string, m wire.Down) (wire.Down, error) {
	es, err := in.DB.Downs(ctx, box, m.First, downEntries)
	if err != nil {
		return m, err
	}
	bytes := 0
	for i := range es {
		if bytes += len(es[i].Bytes) + 32; bytes > downBytes && i > 0 {
			break
		}
		m.Entries = append(m.Entries, wire.Salted{Salt: wire.Salt(es[i].Salt), Bytes: es[i].Bytes})
	}
	return m, nil
}

func (b *box) sendDown(ctx context.Context, e hub.Epoch) (n int, err error) {
	m, err := b.in.packDown(ctx, b.name, wire.Down{Box: b.name, Epoch: wire.Epoch(e), First: b.down.sent})
	if err != nil || len(m.Entries) == 0 {
		return 0, err
	}
	signed, err := m.Sign(b.in.Identity)
	if err != nil {
		return 0, err
	}
	if !b.send(signed) {
		return 0, nil
	}
	b.down.sent += uint64(len(m.Entries))
	b.down.sentAt = b.in.Now()
	return len(m.Entries), nil
}
