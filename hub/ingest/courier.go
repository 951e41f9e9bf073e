package ingest

import (
	"context"
	"crypto/hpke"
	"errors"
	"fmt"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// Errors of the courier.
var (
	// ErrStopped: Run has ended, or not begun.
	ErrStopped = errors.New("ingest: not running")
	// ErrNotStored: the database failed; the same piece may be brought again.
	ErrNotStored = errors.New("ingest: not stored")
)

// Piece is what a courier brought of a box: the start of a file and frames of its
// session.
type Piece struct {
	Box    string
	File   wire.FileID
	Start  []byte
	Frames [][]byte
}

// Told is what became of a piece. The entries of its stream from First to Next are in
// it; Size of them are held afterwards, New more than before.
type Told struct {
	Refused     bool // not of that box, or of one that is not in service
	First, Next uint64
	Size, New   uint64
	Garbage     int // frames that do not open
}

// Carried takes frames that a courier brought, and judges them as those of the link. It
// returns when what can be stored is stored.
func (in *Ingest) Carried(ctx context.Context, p Piece) (t Told, err error) {
	err = in.errand(ctx, p.Box, func(ctx context.Context, b *box) (err error) {
		t, err = b.carried(ctx, p)
		return err
	})
	if errors.Is(err, hub.ErrUnknownBox) {
		in.Counts.Unknown.Add(1)
		return Told{Refused: true}, nil
	}
	return t, err
}

// errand runs do in the box's turn and waits for it. ErrUnknownBox for one that is not
// registered.
func (in *Ingest) errand(ctx context.Context, name string, do func(context.Context, *box) error) error {
	rows, err := in.DB.Boxes(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	in.mu.Lock()
	for i := range rows {
		in.know(rows[i])
	}
	b, running := in.boxes[name], in.ctx
	if b != nil && running != nil {
		b.errands = append(b.errands, errand{func(ctx context.Context) error { return do(ctx, b) }, done})
		in.schedule(b)
	}
	in.mu.Unlock()
	switch {
	case b == nil:
		return hub.ErrUnknownBox
	case running == nil:
		return ErrStopped
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-running.Done():
		return ErrStopped
	}
}

// errand is something to do in a box's turn, for somebody who waits.
type errand struct {
	do   func(context.Context) error
	done chan<- error // has room
}

// errand does one of those that wait.
func (b *box) errand(ctx context.Context) {
	b.in.mu.Lock()
	var e errand
	if len(b.errands) > 0 {
		e, b.errands = b.errands[0], b.errands[1:]
	}
	b.in.mu.Unlock()
	if e.do != nil {
		e.done <- e.do(ctx)
	}
}

// leave tells who waits that another state has taken the box's place. in.mu is held.
func (b *box) leave() {
	for _, e := range b.errands {
		e.done <- ErrStopped
	}
	b.errands = nil
}

// carried is Carried in the box's turn.
func (b *box) carried(ctx context.Context, p Piece) (t Told, err error) {
	if b.row.Revoked != 0 {
		b.in.Counts.Refused.Add(1)
		b.alarm(ctx, hub.AlarmRevoked, "")
		return Told{Refused: true}, nil
	}
	s, o, err := wire.AcceptFile(p.Start, b.in.HPKE, p.File, wire.Expect{
		Dir: wire.DirUp, Box: b.name, From: b.row.Keys.Identity[:],
	})
	if err != nil {
		b.in.Counts.Refused.Add(1)
		b.alarm(ctx, hub.AlarmSignature, "a courier's file")
		return Told{Refused: true}, nil
	}
	c := carriage{box: b, start: s}
	defer b.turnTo(b.stream)
	if err := b.branch(ctx, &s); err != nil {
		return t, err
	}
	b.use(hub.Epoch(s.Epoch))
	if err := b.load(ctx); err != nil {
		return t, err
	}
	before := b.stream.Size
	for _, f := range p.Frames {
		b.in.Counts.Frames.Add(1)
		b.in.Counts.Bytes.Add(int64(len(f)))
		m, err := o.Open(f)
		if err != nil {
			t.Garbage++
			b.garbage(ctx, "a frame of a courier's file that does not open or cannot be read")
			continue
		}
		if err := c.message(ctx, m); err != nil {
			return t, err
		}
	}
	if err := b.load(ctx); err != nil {
		return t, err
	}
	if err := c.remember(ctx); err != nil {
		return t, err
	}
	t.First, t.Next, t.Size = c.first, c.next, b.stream.Size
	t.New = t.Size - min(before, t.Size)
	return t, nil
}

// turnTo goes back to the stream that the link is at.
func (b *box) turnTo(s *hub.Stream) {
	if s != nil {
		b.use(s.Epoch)
	}
}

// carriage is the reading of one piece.
type carriage struct {
	*box
	start       wire.Start
	first, next uint64 // of its entries
	spoken      uint64 // size of the log that was looked at for the incarnation
	told        *wire.DownAck
}

func (c *carriage) message(ctx context.Context, m wire.Message) error {
	switch m := m.(type) {
	case *wire.Data:
		if c.next == 0 {
			c.first = m.First
		}
		c.next = max(c.next, m.Size)
		if err := c.speaks(ctx, m.Stated()); err != nil {
			return err
		}
		c.data(ctx, m, &c.start)
		if c.stream.Size == unread { // what was not stored is not known any more
			if err := c.load(ctx); err != nil {
				return err
			}
			if c.row.Revoked == 0 && c.trouble() {
				return ErrNotStored
			}
		}
	case wire.DownAck:
		return c.place(ctx, m)
	default:
		c.in.Counts.Garbage.Add(1)
	}
	return nil
}

// trouble reports whether the database failed last.
func (b *box) trouble() bool {
	_, is := b.in.Counts.Trouble()
	return is
}

// speaks takes note of the incarnation that wrote a file when that is news. A file may
// come long after later ones, by another stick or over the link: it is told apart from a
// copied box by the size of its log, which is no larger than what the latest
// incarnation began with.
func (c *carriage) speaks(ctx context.Context, stated uint64) error {
	if stated <= c.spoken {
		return nil
	}
	c.spoken = stated
	known, err := c.in.DB.Incarnations(ctx, c.name, 1)
	if err != nil {
		return err
	}
	if len(known) > 0 && known[0].Epoch == hub.Epoch(c.start.Epoch) &&
		(known[0].ID == hub.Epoch(c.start.Incarnation) || stated <= known[0].Tip) {
		return nil
	}
	c.incarnation(ctx, &c.start)
	return nil
}

// place takes the box's word of how far the stream down has come there. It moves no
// window of the link, which tells for itself.
func (c *carriage) place(ctx context.Context, a wire.DownAck) error {
	st, err := c.in.DB.DownState(ctx, c.name)
	if err != nil {
		return err
	}
	if hub.Epoch(a.Epoch) != st.Epoch {
		return nil // it knows nothing of this stream yet, or did long ago
	}
	if other, err := c.otherDown(ctx, &a, &st); err != nil {
		return err
	} else if other {
		c.restartDown(ctx, fmt.Sprintf("%d acknowledged of another stream, in a courier's file", a.Next))
		return nil
	}
	c.told = &a
	err = c.in.DB.Acked(ctx, c.name, st.Epoch, min(a.Next, 1<<62), c.in.Now())
	if errors.Is(err, hub.ErrMoved) {
		c.alarm(ctx, hub.AlarmDown, "in a courier's file")
		return nil
	}
	return err
}

// remember keeps the place that the latest incarnation told: a restored box has less
// than it once acknowledged.
func (c *carriage) remember(ctx context.Context) error {
	if c.told == nil {
		return nil
	}
	known, err := c.in.DB.Incarnations(ctx, c.name, 1)
	if err != nil || len(known) == 0 || known[0].ID != hub.Epoch(c.start.Incarnation) {
		return err
	}
	if was := c.box.told; was.by != c.start.Incarnation || c.told.Next > was.next {
		c.box.told = toldPlace{c.start.Incarnation, c.told.Epoch, c.told.Next}
	}
	return nil
}

// toldPlace is the place in the stream down that a courier's file told.
type toldPlace struct {
	by    wire.Epoch // incarnation
	epoch wire.Epoch
	next  uint64
}

// Parcel is what there is for a box, at one moment.
type Parcel struct {
	Epoch       hub.Epoch // of the stream down
	Acked, Last uint64    // entries that the box has, and all
	Receipts    []wire.SignedReceipt
	Stream      hub.Stream // the newest one, which the first receipt is of

	in   *Ingest
	name string
	to   hpke.PublicKey
}

// receipted streams of a box, the newest ones.
const receipted = 8

// Parcel makes the receipts of a box, to be carried with what waits for it.
func (in *Ingest) Parcel(ctx context.Context, name string) (p *Parcel, err error) {
	err = in.errand(ctx, name, func(ctx context.Context, b *box) (err error) {
		p, err = b.parcel(ctx)
		return err
	})
	return p, err
}

func (b *box) parcel(ctx context.Context) (*Parcel, error) {
	if b.row.Revoked != 0 {
		return nil, hub.ErrRevoked
	}
	to, err := b.in.HPKE.KEM().NewPublicKey(b.row.Keys.HPKE)
	if err != nil {
		return nil, err
	}
	st, err := b.in.DB.DownState(ctx, b.name)
	if err != nil {
		return nil, err
	}
	streams, err := b.in.DB.Streams(ctx, b.name)
	if err != nil {
		return nil, err
	}
	p := &Parcel{Epoch: st.Epoch, Acked: st.Acked, Last: st.Last, in: b.in, name: b.name, to: to}
	if b.told.by != (wire.Epoch{}) && hub.Epoch(b.told.epoch) == p.Epoch {
		p.Acked = min(p.Acked, b.told.next)
	}
	defer b.turnTo(b.stream)
	for i := range streams[:min(len(streams), receipted)] {
		b.forget() // another process may have stored
		b.use(streams[i].Epoch)
		r, err := b.makeReceipt(ctx, nil)
		if err != nil {
			return nil, err
		}
		signed, err := r.Sign(b.in.Identity)
		if err != nil {
			return nil, err
		}
		if p.Receipts = append(p.Receipts, signed); i == 0 {
			p.Stream = *b.stream
		}
		b.in.Counts.Receipts.Add(1)
	}
	return p, nil
}

// Begin makes the session of a file.
func (p *Parcel) Begin(id wire.FileID) ([]byte, *wire.Sealer, error) {
	return wire.StartFile(p.to, p.in.Identity, id, wire.Start{
		Dir: wire.DirDown, Box: p.name, Epoch: wire.Epoch(p.Epoch), Tip: p.Last, Made: p.in.Now().UnixMilli(),
	})
}

// Pack returns a message with entries after the first from, and the number after them.
func (p *Parcel) Pack(ctx context.Context, from uint64) (wire.SignedDown, uint64, error) {
	m, err := p.in.packDown(ctx, p.name, wire.Down{Box: p.name, Epoch: wire.Epoch(p.Epoch), First: from})
	if err != nil {
		return nil, 0, err
	}
	signed, err := m.Sign(p.in.Identity)
	return signed, m.Next(), err
}
