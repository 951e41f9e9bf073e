package courier

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"slices"
	"time"

	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// Log is the own journal, as the outbox reads it.
type Log interface {
	Size() uint64
	Root(size uint64) ([32]byte, error)
	Read(from uint64, max, maxBytes int) ([]wire.Raw, error)
}

// Sync is the box's side of sync, which judges what a stick brings.
type Sync interface {
	// Received returns how many entries the last valid receipt covers.
	Received() uint64
	// Place returns how far the stream down has come, once what was carried before is
	// taken in, and the beginning of the leaf hash of the entry there; nil = not known.
	Place(ctx context.Context) (Mark, []byte, error)
	// Receipt takes a receipt for the present epoch.
	Receipt(ctx context.Context, r wire.SignedReceipt) error
	// Down takes entries of the centre, of a file that begins with the start.
	Down(ctx context.Context, s wire.Start, d wire.SignedDown) (Took, error)
}

// Took is what became of entries that were carried down.
type Took uint8

// What may become of them.
const (
	Applied Took = iota + 1 // durable here
	Known                   // they were
	Early                   // those before them are missing
	Other                   // of a stream that is not the present one
)

// Options says who the box is.
type Options struct {
	Box      string
	Identity ed25519.PrivateKey
	HPKE     hpke.PrivateKey
	Hub      keyfile.Public
	Agent    string
	Epoch    wire.Epoch   // of the own journal
	Branch   *wire.Branch // where the epoch comes from; nil = nowhere
	// Line tells both anew at each visit; nil = they never change.
	Line        func() (wire.Epoch, *wire.Branch)
	Incarnation wire.Epoch
	Parent      wire.Epoch
	Tip         uint64
	Log         Log
	Sync        Sync
	Note        NoteKey
	Now         func() time.Time
}

// Box is the box's side of the courier.
type Box struct{ o Options }

// NewBox returns the box's side.
func NewBox(o Options) *Box { return &Box{o} }

// Visit is what happened with one stick.
type Visit struct {
	Up       Filled
	Receipts int    // valid ones for this box that the stick brought
	Received uint64 // entries that the centre confirmed by this stick
	Entries  int    // new ones of the centre
	Missing  bool   // some of the centre's could not be taken, for others before them are not here
	Bad      int    // pieces for this box that are torn, or not from our centre
}

// frames of a stick may be larger than those of a link: nobody waits for them.
const boxFrame = 60 << 10

// Visit takes in what a stick brings, and then writes to it what the centre does not
// have. It may be called again for the same stick, and cut at any moment.
func (b *Box) Visit(ctx context.Context, m Medium) (v Visit, err error) {
	if b.o.Line != nil {
		now := b.o
		now.Epoch, now.Branch = now.Line()
		b = NewBox(now)
	}
	if err := prepared(m); err != nil {
		return v, err
	}
	t := &taking{Box: b, v: &v, proof: map[wire.Epoch]uint64{}}
	before := b.o.Sync.Received()
	if err := t.all(ctx, m); err != nil {
		return v, err
	}
	v.Received = b.o.Sync.Received() - min(before, b.o.Sync.Received())
	c, err := b.cargo(ctx, t.proof)
	if err != nil {
		return v, err
	}
	v.Up, err = shelf{m, wire.DirUp, b.o.Box}.fill(ctx, c)
	return v, err
}

// cargo is what the centre does not have yet.
func (b *Box) cargo(ctx context.Context, proof map[wire.Epoch]uint64) (*Cargo, error) {
	place, last, err := b.o.Sync.Place(ctx)
	if err != nil {
		return nil, err
	}
	now, size := b.o.Now(), b.o.Log.Size()
	c := &Cargo{
		Extent: Extent{Epoch: b.o.Epoch, First: min(b.o.Sync.Received(), size), Next: size, Ack: place},
		Safe:   func(e Extent) bool { return e.Next <= proof[e.Epoch] },
		Begin: func(id wire.FileID) ([]byte, *wire.Sealer, error) {
			return wire.StartFile(b.o.Hub.HPKE, b.o.Identity, id, wire.Start{
				Dir: wire.DirUp, Box: b.o.Box, Epoch: b.o.Epoch, Incarnation: b.o.Incarnation,
				Parent: b.o.Parent, Tip: b.o.Tip, Agent: b.o.Agent, Made: now.UnixMilli(), Branch: b.o.Branch,
			})
		},
		Pack: func(_ context.Context, from uint64) (wire.Message, uint64, error) { return b.pack(from, size) },
		Root: func(size uint64) (r Root, err error) {
			if size > b.o.Log.Size() {
				return r, nil // no root begins with zeros
			}
			root, err := b.o.Log.Root(size)
			copy(r[:], root[:])
			return r, err
		},
		Note: &b.o.Note, Now: now,
	}
	if place != (Mark{}) {
		c.Head = []wire.Message{wire.DownAck{Epoch: place.Epoch, Next: place.Next, Last: last}}
	}
	return c, nil
}

// pack makes a data frame of entries below size.
func (b *Box) pack(from, size uint64) (wire.Message, uint64, error) {
	raws, err := b.o.Log.Read(from, 1024, boxFrame)
	if err != nil {
		return nil, 0, err
	}
	d := wire.NewDataBuilder(b.o.Epoch, from, boxFrame)
	for _, raw := range raws {
		if raw.Index >= size || !d.Add(raw) {
			break
		}
	}
	root, err := b.o.Log.Root(d.Next())
	if err != nil {
		return nil, 0, err
	}
	m := d.Data(root, size)
	return m, d.Next(), m.Sign(b.o.Box, b.o.Identity)
}

// taking is one reading of what a stick brings.
type taking struct {
	*Box
	v     *Visit
	proof map[wire.Epoch]uint64 // what the centre confirmed, of every epoch
	early []early
}

// early is a piece with entries that come after some that are missing.
type early struct {
	name  string
	first uint64
}

// all takes every piece, and those that came too early once more, in their order.
func (t *taking) all(ctx context.Context, m Medium) error {
	s := shelf{m, wire.DirDown, t.o.Box}
	bad, err := s.each(ctx, func(name string, p *Piece) error {
		first, err := t.piece(ctx, p)
		if first != nil {
			t.early = append(t.early, early{name, *first})
		}
		return err
	})
	t.v.Bad += bad
	if err != nil {
		return err
	}
	slices.SortFunc(t.early, func(a, b early) int { return cmp.Compare(a.first, b.first) })
	for _, e := range t.early {
		p, _, err := s.get(e.name)
		if err != nil {
			continue
		}
		first, err := t.piece(ctx, p)
		if err != nil {
			return err
		}
		t.v.Missing = t.v.Missing || first != nil
	}
	return nil
}

// piece takes what is in a piece, and returns where entries begin that came early.
func (t *taking) piece(ctx context.Context, p *Piece) (early *uint64, err error) {
	start, o, err := wire.AcceptFile(p.Start, t.o.HPKE, p.File, wire.Expect{
		Dir: wire.DirDown, Box: t.o.Box, From: t.o.Hub.Identity,
	})
	if err != nil {
		t.v.Bad++
		return nil, nil // torn, forged, or of a centre or key that was replaced
	}
	for _, f := range p.Frames {
		m, err := o.Open(f)
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case wire.SignedReceipt:
			err = t.receipt(ctx, m)
		case wire.SignedDown:
			var is bool
			if is, err = t.down(ctx, start, m); is && early == nil {
				if d, verr := m.Verify(t.o.Hub.Identity); verr == nil {
					early = &d.First
				}
			}
		}
		if err != nil {
			return early, err
		}
	}
	return early, nil
}

// receipt passes a receipt on. One of an epoch before tells which old pieces may go.
func (t *taking) receipt(ctx context.Context, m wire.SignedReceipt) error {
	r, err := m.Verify(t.o.Hub.Identity)
	if err != nil || r.Box != t.o.Box {
		return nil // a frame that proves nothing changes nothing
	}
	t.v.Receipts++
	t.proof[r.Epoch] = max(t.proof[r.Epoch], r.Size)
	if r.Epoch != t.o.Epoch {
		return nil
	}
	return t.o.Sync.Receipt(ctx, m)
}

// down passes entries on, and reports whether they came early.
func (t *taking) down(ctx context.Context, s wire.Start, m wire.SignedDown) (early bool, err error) {
	took, err := t.o.Sync.Down(ctx, s, m)
	if err != nil {
		return false, err
	}
	if took == Applied {
		if d, err := m.Verify(t.o.Hub.Identity); err == nil {
			t.v.Entries += len(d.Entries)
		}
	}
	return took == Early, nil
}
