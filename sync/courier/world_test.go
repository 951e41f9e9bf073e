package courier_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/courier"
	"clinicbox/sync/wire"
)

// tree is an RFC 6962 tree in memory.
type tree struct {
	hashes []tlog.Hash
	size   int64
}

func (t *tree) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, x := range at {
		out = append(out, t.hashes[x])
	}
	return out, nil
}

func (t *tree) add(leaf clinic.Leaf) {
	hs, err := tlog.StoredHashesForRecordHash(t.size, tlog.Hash(leaf), t)
	if err != nil {
		panic(err)
	}
	t.hashes = append(t.hashes, hs...)
	t.size++
}

func (t *tree) root(size uint64) [32]byte {
	h, err := tlog.TreeHash(int64(size), t)
	if err != nil {
		panic(err)
	}
	return h
}

// station is a box as the courier sees it: its journal, and the two things that must
// never step back, what the centre confirmed and what came from it.
type station struct {
	t     testing.TB
	keys  *keyfile.Private
	hub   keyfile.Public
	raws  []wire.Raw
	tree  tree
	got   uint64 // confirmed
	place courier.Mark
	in    [][]byte
	now   time.Time
	epoch wire.Epoch
}

func newStation(t testing.TB, name string, hub keyfile.Public) *station {
	t.Helper()
	k, err := keyfile.Generate(name)
	if err != nil {
		t.Fatal(err)
	}
	return &station{t: t, keys: k, hub: hub, now: time.Unix(1_790_000_000, 0), epoch: wire.Epoch{1}}
}

// noise is what does not compress, so that few entries fill a piece.
func noise(i uint64, size int) []byte {
	b := make([]byte, size)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], i)
	rand.NewChaCha8(seed).Read(b)
	return b
}

func (s *station) append(n, size int) {
	for range n {
		i := uint64(len(s.raws))
		r := wire.Raw{Index: i, Segment: 1, Place: uint32(i), Seed: entry.Seed{7}, Bytes: noise(i, size)}
		r.Salt = r.Seed.Salt(r.Place)
		r.Leaf = entry.LeafHash(r.Salt, r.Bytes)
		s.raws = append(s.raws, r)
		s.tree.add(r.Leaf)
	}
}

func (s *station) Size() uint64 { return uint64(len(s.raws)) }

func (s *station) Root(size uint64) ([32]byte, error) { return s.tree.root(size), nil }

func (s *station) Read(from uint64, most, maxBytes int) (out []wire.Raw, err error) {
	for ; from < s.Size() && len(out) < most && (maxBytes > 0 || len(out) == 0); from++ {
		out = append(out, s.raws[from])
		maxBytes -= len(s.raws[from].Bytes)
	}
	return out, nil
}

func (s *station) Received() uint64 { return s.got }

func (s *station) Place(context.Context) (courier.Mark, []byte, error) { return s.place, nil, nil }

func (s *station) Receipt(_ context.Context, m wire.SignedReceipt) error {
	r, err := m.Verify(s.hub.Identity)
	if err != nil || r.Size > s.Size() || s.tree.root(r.Size) != r.Root {
		s.t.Errorf("a receipt that is not of this journal: %+v, %v", r, err)
	}
	s.got = max(s.got, r.Size)
	return nil
}

func (s *station) Down(_ context.Context, st wire.Start, m wire.SignedDown) (courier.Took, error) {
	d, err := m.Verify(s.hub.Identity)
	if err != nil || d.Epoch != st.Epoch {
		return courier.Other, nil
	}
	if s.place.Epoch != d.Epoch {
		s.place = courier.Mark{Epoch: d.Epoch}
	}
	switch {
	case d.First > s.place.Next:
		return courier.Early, nil
	case d.Next() <= s.place.Next:
		return courier.Known, nil
	}
	for _, e := range d.Entries[s.place.Next-d.First:] {
		s.in = append(s.in, e.Bytes)
	}
	s.place.Next = d.Next()
	return courier.Applied, nil
}

// visit plugs a stick into the box.
func (s *station) visit(m courier.Medium) (courier.Visit, error) {
	s.now = s.now.Add(time.Hour)
	return courier.NewBox(courier.Options{
		Box: s.keys.Name, Identity: s.keys.Identity, HPKE: s.keys.HPKE, Hub: s.hub, Agent: "test",
		Epoch: s.epoch, Incarnation: wire.Epoch{2}, Log: s, Sync: s, Note: courier.NoteKey{1},
		Now: func() time.Time { return s.now },
	}).Visit(s.t.Context(), m)
}

// centre is the other side: it stores what follows and goes on from there.
type centre struct {
	t        testing.TB
	keys     *keyfile.Private
	stations map[string]*station
	held     map[string]*held
	now      time.Time
}

type held struct {
	leaves []clinic.Leaf
	tree   tree
	twice  int
	down   [][]byte
	acked  uint64
}

func newCentre(t testing.TB) *centre {
	t.Helper()
	k, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	return &centre{t: t, keys: k, stations: map[string]*station{}, held: map[string]*held{}, now: time.Unix(1_790_000_000, 0)}
}

func (c *centre) station(name string) *station {
	s := newStation(c.t, name, c.keys.Public())
	c.stations[name], c.held[name] = s, &held{}
	return s
}

func (c *centre) Carried(_ context.Context, p *courier.Piece) (t courier.Told, err error) {
	s, h := c.stations[p.Box], c.held[p.Box]
	if s == nil {
		return courier.Told{Refused: true}, nil
	}
	_, o, err := wire.AcceptFile(p.Start, c.keys.HPKE, p.File, wire.Expect{Dir: wire.DirUp, Box: p.Box, From: s.keys.Public().Identity})
	if err != nil {
		return courier.Told{Refused: true}, nil
	}
	before := len(h.leaves)
	for _, f := range p.Frames {
		m, err := o.Open(f)
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case *wire.Data:
			if t.Next == 0 {
				t.First = m.First
			}
			t.Next = max(t.Next, m.Size)
			c.store(h, m)
		case wire.DownAck:
			h.acked = max(h.acked, m.Next)
		}
	}
	t.Size, t.New = uint64(len(h.leaves)), uint64(len(h.leaves)-before)
	return t, nil
}

func (c *centre) store(h *held, d *wire.Data) {
	for _, it := range d.Items() {
		switch n := uint64(len(h.leaves)); {
		case it.Index < n && h.leaves[it.Index] != it.Leaf:
			c.t.Errorf("entry %d came with another content", it.Index)
		case it.Index < n:
			h.twice++
		case it.Index == n:
			h.leaves = append(h.leaves, it.Leaf)
			h.tree.add(it.Leaf)
		}
	}
	if uint64(len(h.leaves)) >= d.Size && h.tree.root(d.Size) != d.Root {
		c.t.Errorf("the root at %d is not the box's", d.Size)
	}
}

func (c *centre) Cargo(_ context.Context, box string) (*courier.Cargo, error) {
	s, h := c.stations[box], c.held[box]
	if s == nil {
		return nil, courier.ErrNobody
	}
	size := uint64(len(h.leaves))
	r, err := wire.Receipt{
		Box: box, Epoch: wire.Epoch{1}, Size: size, Root: h.tree.root(size), Time: c.now.UnixMilli(),
	}.Sign(c.keys.Identity)
	if err != nil {
		return nil, err
	}
	return &courier.Cargo{
		Extent: courier.Extent{Epoch: wire.Epoch{9}, First: h.acked, Next: uint64(len(h.down)), Ack: courier.Mark{Epoch: wire.Epoch{1}, Next: size}},
		Begin: func(id wire.FileID) ([]byte, *wire.Sealer, error) {
			return wire.StartFile(s.keys.Public().HPKE, c.keys.Identity, id, wire.Start{
				Dir: wire.DirDown, Box: box, Epoch: wire.Epoch{9}, Made: c.now.UnixMilli(),
			})
		},
		Head: []wire.Message{r}, Note: &courier.NoteKey{2}, Now: c.now,
		Pack: func(_ context.Context, from uint64) (wire.Message, uint64, error) {
			d := wire.Down{Box: box, Epoch: wire.Epoch{9}, First: from}
			for n := 0; from+uint64(len(d.Entries)) < uint64(len(h.down)) && n < 40<<10; {
				b := h.down[from+uint64(len(d.Entries))]
				n += len(b)
				d.Entries = append(d.Entries, wire.Salted{Bytes: b})
			}
			m, err := d.Sign(c.keys.Identity)
			return m, d.Next(), err
		},
	}, nil
}

func (c *centre) push(box string, n, size int) {
	h := c.held[box]
	for range n {
		h.down = append(h.down, noise(uint64(len(h.down)), size))
	}
}

// bring takes a stick in and writes what goes back.
func (c *centre) bring(m courier.Medium, names ...string) (rs map[string]courier.Report, err error) {
	c.now = c.now.Add(time.Hour)
	rs = map[string]courier.Report{}
	err = courier.Import(c.t.Context(), m, c, func(r courier.Report) { rs[r.Box] = r })
	if errors.Is(err, courier.ErrNone) {
		err = nil
	}
	if err == nil {
		err = courier.Export(c.t.Context(), m, c, names, func(r courier.Report) {
			was := rs[r.Box]
			was.Box, was.Down, was.Err = r.Box, r.Down, r.Err
			rs[r.Box] = was
		})
	}
	return rs, err
}

// agree reports whether both sides have all of the other, once.
func (c *centre) agree(name string) bool {
	s, h := c.stations[name], c.held[name]
	return uint64(len(h.leaves)) == s.Size() && s.got == s.Size() && len(s.in) == len(h.down)
}
