package outboxtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// Hub is an honest hub for one box, in memory: what Data says is stored at once
// and durable.
// What is not acknowledged of the down stream goes out again at each Nudge.
type Hub struct {
	T    testing.TB
	Key  *keyfile.Private
	Box  keyfile.Public
	Send func(frame []byte)

	mu     sync.Mutex
	dead   bool
	refuse bool
	old    bool
	epoch  wire.Epoch // of the box's log
	items  []wire.Item
	tree   Tree
	twice  int // entries that came again
	seen   map[clinic.Leaf]uint64
	parked []wire.Range
	holes  []wire.Range

	nonce  wire.Nonce
	opener *wire.Opener
	begun  wire.Start // of opener
	signed uint64     // size of the newest signed checkpoint
	frames int        // of data
	sealer *wire.Sealer

	downEpoch wire.Epoch
	down      []wire.Salted
	acked     uint64
	starts    int
}

// NewHub returns a hub that knows the box's public keys.
func NewHub(t testing.TB, key *keyfile.Private, box keyfile.Public) *Hub {
	return &Hub{
		T: t, Key: key, Box: box, nonce: wire.NewNonce(), seen: map[clinic.Leaf]uint64{},
		downEpoch: newEpoch(),
	}
}

func newEpoch() (e wire.Epoch) {
	rand.Read(e[:])
	return e
}

// Kill makes the hub deaf and dumb.
func (h *Hub) Kill(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead = on
}

// Refuse makes the hub answer as ever and store nothing.
func (h *Hub) Refuse(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = on
}

// Old makes the hub an older program, which cosigns nothing and reads no dictionary.
func (h *Hub) Old(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.old = on
}

// Restart forgets what lives in memory only: sessions and nonces.
func (h *Hub) Restart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nonce, h.opener, h.sealer = wire.NewNonce(), nil, nil
}

// Announce is what a hub does when it starts: it asks the box for a session.
func (h *Hub) Announce() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.dead {
		h.Send(wire.Who{Nonce: h.nonce, Back: true}.Frame())
	}
}

// Restore puts the hub back to an older size, as from yesterday's backup, with a
// down epoch of its own.
func (h *Hub) Restore(size int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.items = h.items[:size]
	h.tree, h.seen = Tree{}, map[clinic.Leaf]uint64{}
	for _, it := range h.items {
		h.seen[it.Leaf] = it.Index
		h.check(h.tree.Add(it.Leaf))
	}
	h.downEpoch, h.acked = newEpoch(), 0
	h.nonce, h.opener, h.sealer = wire.NewNonce(), nil, nil
}

// Forge makes the hub store an entry that the box never wrote.
func (h *Hub) Forge() {
	h.mu.Lock()
	defer h.mu.Unlock()
	var leaf clinic.Leaf
	rand.Read(leaf[:])
	h.items = append(h.items, wire.Item{Index: uint64(len(h.items)), Leaf: leaf})
	h.check(h.tree.Add(leaf))
}

// Push queues an entry for the box and sends it.
func (h *Hub) Push(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = append(h.down, wire.Salted{Salt: wire.Salt(wire.NewNonce()), Bytes: b})
	h.pushDown()
}

// Park marks ranges in the receipts to come.
func (h *Hub) Park(parked, holes []wire.Range) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parked, h.holes = parked, holes
}

// Begun returns what the last session's start said.
func (h *Hub) Begun() wire.Start {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begun
}

// Frames returns how many frames of entries came.
func (h *Hub) Frames() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.frames
}

// Size returns how many entries are stored, in order and without gaps.
func (h *Hub) Size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.items)
}

// Root returns the tree head over what is stored.
func (h *Hub) Root() [32]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	root, err := h.tree.Root(uint64(len(h.items)))
	h.check(err)
	return root
}

// Twice returns how many entries came although they were stored.
func (h *Hub) Twice() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.twice
}

// Acked returns how far the box acknowledged the down stream.
func (h *Hub) Acked() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acked
}

// Starts returns how many sessions of the box were accepted.
func (h *Hub) Starts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.starts
}

// Receive takes a frame of the box.
func (h *Hub) Receive(frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead {
		return
	}
	p, err := wire.Parse(frame)
	if err != nil {
		return
	}
	switch p.Type {
	case wire.TypeWho:
		h.who(frame)
	case wire.TypeStart:
		h.start(frame, p.Session)
	case wire.TypeSealed:
		h.sealed(frame)
	}
}

func (h *Hub) who(frame []byte) {
	w, err := wire.ParseWho(frame)
	if err != nil {
		return
	}
	start := wire.Start{Dir: wire.DirDown, Box: h.Box.Name, Epoch: h.downEpoch, Nonce: w.Nonce}
	if !h.old {
		start.Reads = wire.Dictionaries()
	}
	f, s, err := wire.StartSession(h.Box.HPKE, h.Key.Identity, start)
	h.check(err)
	h.sealer = s
	h.Send(f)
	if w.Back {
		h.Send(wire.Who{Nonce: h.nonce}.Frame())
	}
	h.pushDown()
}

func (h *Hub) start(frame []byte, id wire.SessionID) {
	if h.opener != nil && h.opener.ID() == id {
		return
	}
	s, o, err := wire.AcceptSession(frame, h.Key.HPKE, wire.Expect{
		Dir: wire.DirUp, Box: h.Box.Name, From: h.Box.Identity, Nonce: h.nonce,
	})
	if err != nil {
		h.Send(wire.Who{Nonce: h.nonce, Back: h.sealer == nil}.Frame())
		return
	}
	h.opener, h.epoch, h.nonce, h.begun = o, s.Epoch, wire.NewNonce(), s
	h.starts++
}

func (h *Hub) sealed(frame []byte) {
	if h.opener == nil {
		h.Send(wire.Who{Nonce: h.nonce, Back: h.sealer == nil}.Frame())
		return
	}
	m, err := h.opener.Open(frame)
	if errors.Is(err, wire.ErrSession) {
		h.Send(wire.Who{Nonce: h.nonce, Back: h.sealer == nil}.Frame())
		return
	}
	if err != nil {
		return
	}
	if h.sealer == nil { // our session got lost in a restart of one side
		h.Send(wire.Who{Nonce: h.nonce, Back: true}.Frame())
		return
	}
	switch m := m.(type) {
	case *wire.Data:
		h.data(m)
	case wire.Ping:
		h.answer(m)
	case wire.DownAck:
		if m.Epoch == h.downEpoch && m.Next <= uint64(len(h.down)) {
			h.acked = m.Next
			h.pushDown()
		}
	}
}

func (h *Hub) data(d *wire.Data) {
	if d.Epoch != h.epoch {
		return
	}
	h.frames++
	if h.refuse {
		h.receipt(nil)
		return
	}
	if len(d.Checkpoint) > 0 {
		if !d.Signed(h.Box.Name, h.Box.Identity) {
			h.T.Errorf("the tree at %d is not signed", d.Size)
		}
		h.signed = d.Size
	}
	items := d.Items()
	for _, it := range items {
		switch n := uint64(len(h.items)); {
		case it.Index < n:
			h.twice++
			if h.items[it.Index].Leaf != it.Leaf {
				h.T.Errorf("entry %d came with another content", it.Index)
			}
		case it.Index == n:
			if _, again := h.seen[it.Leaf]; again {
				h.T.Errorf("entry %d is stored twice", it.Index)
			}
			h.seen[it.Leaf] = it.Index
			h.items = append(h.items, it)
			h.check(h.tree.Add(it.Leaf))
		}
	}
	if uint64(len(h.items)) >= d.Size {
		if root, err := h.tree.Root(d.Size); err != nil || root != d.Root {
			h.T.Errorf("the root at %d is not the box's", d.Size)
		}
	}
	h.receipt(nil)
}

func (h *Hub) answer(p wire.Ping) {
	if p.Receipt {
		h.receipt(&p.Nonce)
		return
	}
	pong, err := wire.Pong{Box: h.Box.Name, Nonce: p.Nonce, Time: time.Now().UnixMilli()}.Sign(h.Key.Identity)
	h.check(err)
	h.seal(pong)
}

func (h *Hub) receipt(echo *wire.Nonce) {
	root, err := h.tree.Root(uint64(len(h.items)))
	h.check(err)
	rec := wire.Receipt{
		Box: h.Box.Name, Epoch: h.epoch, Size: uint64(len(h.items)), Root: root,
		Time: time.Now().UnixMilli(), Echo: echo, Parked: h.parked, Holes: h.holes,
	}
	if !h.old && h.signed == rec.Size && rec.Size > 0 {
		h.check(rec.Cosign(h.Key.Identity, time.Now()))
	}
	r, err := rec.Sign(h.Key.Identity)
	h.check(err)
	if brief, ok := r.Brief(&rec); ok && !h.old && h.begun.Features.Has(wire.FeatureBrief) {
		h.seal(brief)
		return
	}
	h.seal(r)
}

// pushDown sends from the acknowledged place on, and again later if need be.
func (h *Hub) pushDown() {
	if h.acked >= uint64(len(h.down)) || h.sealer == nil || h.dead {
		return
	}
	next := min(h.acked+8, uint64(len(h.down)))
	d, err := wire.Down{Box: h.Box.Name, Epoch: h.downEpoch, First: h.acked, Entries: h.down[h.acked:next]}.Sign(h.Key.Identity)
	h.check(err)
	h.seal(d)
}

// Say sends any message in the hub's session, as a hub gone wrong may, also while
// it is killed.
func (h *Hub) Say(m wire.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seal(m)
}

// DownEpoch returns the numbering of the down stream.
func (h *Hub) DownEpoch() wire.Epoch {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.downEpoch
}

// Nudge repeats what is not acknowledged: a real hub does so on a timer.
func (h *Hub) Nudge() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sealer == nil && !h.dead && h.acked < uint64(len(h.down)) {
		h.Send(wire.Who{Nonce: h.nonce, Back: true}.Frame())
	}
	h.pushDown()
}

func (h *Hub) seal(m wire.Message) {
	f, err := h.sealer.Seal(m)
	h.check(err)
	h.Send(f)
}

func (h *Hub) check(err error) {
	if err != nil {
		panic(fmt.Sprint("outboxtest: ", err)) // a fault of the model itself
	}
}
