// Package hubtest has a box that speaks the wire without being one: it keeps its
// log in memory and sends from the hub's receipts on, or on purpose wrongly.
// Tests of the hub use it over a broker or over calls.
package hubtest

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// Box is a made-up box. Its fields may be changed before Connect; afterwards use
// its methods, which are safe for concurrent use.
type Box struct {
	Keys        *keyfile.Private
	Hub         keyfile.Public
	Send        func(frame []byte) // must not call back before it returns
	Epoch       wire.Epoch
	Incarnation wire.Epoch
	Parent      wire.Epoch
	Branch      *wire.Branch
	Window      int  // frames on the way
	PerFrame    int  // entries
	Signs       bool // checkpoints; an older program does not
	Briefly     bool // says that it reads brief receipts

	mu       sync.Mutex
	raws     []wire.Raw
	hashes   []tlog.Hash
	seed     entry.Seed
	tip      uint64
	nonce    wire.Nonce
	up       *wire.Sealer
	down     *wire.Opener
	next     uint64 // entry to send
	flying   int
	progress bool
	st       State
}

// State is what the box has heard.
type State struct {
	Receipt   wire.Receipt // the last one that told more or came first
	Receipts  int
	Brief     int // of these
	DownEpoch wire.Epoch
	Down      []wire.Salted // applied, in order
	DownAgain int           // entries that came more than once
	Pongs     []wire.Pong
	Aligned   []wire.Aligned
	Bad       []string // what a right hub never sends
}

// NewBox makes a box with keys of its own.
func NewBox(name string, hub keyfile.Public) *Box {
	k, err := keyfile.Generate(name)
	if err != nil {
		panic(err) // the test's name is wrong
	}
	return &Box{
		Keys: k, Hub: hub, Epoch: wire.Epoch{0xE0}, Incarnation: wire.Epoch{1}, Window: 4, PerFrame: 100,
		seed: entry.Seed{7}, Send: func([]byte) {},
	}
}

// ReadHashes implements tlog.HashReader.
func (b *Box) ReadHashes(pos []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(pos))
	for i, p := range pos {
		out[i] = b.hashes[p]
	}
	return out, nil
}

// Record appends n entries of vitals.
func (b *Box) Record(n int) {
	for range n {
		d := clinic.Draft{
			Kind: clinic.KindVitals, Subject: clinic.NewID(), Visit: clinic.NewID(), Event: time.Unix(1_790_000_000, 0),
			Body: &clinic.Vitals{Pulse: 60 + len(b.raws)%60},
		}
		b.RecordDraft(d)
	}
}

// RecordDraft appends one entry.
func (b *Box) RecordDraft(d clinic.Draft) {
	by, err := entry.Encode(d, clinic.NewID(), clinic.NewID(), 1_790_000_000_000<<16, true)
	if err != nil {
		panic(err) // a draft of the test
	}
	b.RecordBytes(by)
}

// RecordBytes appends bytes as they are.
func (b *Box) RecordBytes(by []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := len(b.raws)
	salt := b.seed.Salt(uint32(i))
	r := wire.Raw{Index: uint64(i), Place: uint32(i), Seed: b.seed, Salt: salt, Bytes: by, Leaf: entry.LeafHash(salt, by)}
	hs, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(r.Leaf), b)
	if err != nil {
		panic(err) // the tree is in memory
	}
	b.hashes = append(b.hashes, hs...)
	b.raws = append(b.raws, r)
}

// Bytes returns an entry.
func (b *Box) Bytes(i int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.raws[i].Bytes
}

// Lose makes an entry a hole: its leaf stays.
func (b *Box) Lose(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raws[i].Bytes = nil
}

// Copy returns the box as another machine with the same keys and log.
func (b *Box) Copy() *Box {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Box{
		Keys: b.Keys, Hub: b.Hub, Send: b.Send, Epoch: b.Epoch, Incarnation: b.Incarnation, Parent: b.Parent,
		Window: b.Window, PerFrame: b.PerFrame, raws: append([]wire.Raw(nil), b.raws...),
		hashes: append([]tlog.Hash(nil), b.hashes...), seed: b.seed,
	}
}

// Size returns the length of the log.
func (b *Box) Size() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(len(b.raws))
}

// Root returns the tree's root at a size.
func (b *Box) Root(size uint64) wire.Hash {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.root(size)
}

func (b *Box) root(size uint64) wire.Hash {
	h, err := tlog.TreeHash(int64(size), b)
	if err != nil {
		panic(err) // the tree is in memory
	}
	return wire.Hash(h)
}

// State returns what was heard so far.
func (b *Box) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.st
	s.Down = append([]wire.Salted(nil), s.Down...)
	return s
}

// Synced reports whether the last receipt covers the whole log with its root.
func (b *Box) Synced() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := uint64(len(b.raws))
	return b.st.Receipts > 0 && b.st.Receipt.Size == n && b.st.Receipt.Root == b.root(n)
}

// Connect forgets the sessions, as a box that starts, and asks for new ones.
func (b *Box) Connect() {
	b.mu.Lock()
	b.up, b.down, b.tip, b.flying = nil, nil, uint64(len(b.raws)), 0
	b.mu.Unlock()
	b.Tick()
}

// Tick does what a box does when nothing has happened for a while: ask who the
// other side is, or send again from the receipt on.
func (b *Box) Tick() {
	b.mu.Lock()
	var out [][]byte
	switch {
	case b.up == nil || b.down == nil:
		out = append(out, b.who())
	case !b.progress:
		b.next, b.flying = b.st.Receipt.Size, 0
		if out = b.fill(); len(out) == 0 {
			out = append(out, b.seal(wire.Ping{Nonce: wire.NewNonce(), Receipt: true}))
		}
	}
	b.progress = false
	b.mu.Unlock()
	b.send(out)
}

func (b *Box) who() []byte {
	if b.nonce == (wire.Nonce{}) {
		b.nonce = wire.NewNonce()
	}
	return wire.Who{Nonce: b.nonce, Back: b.up == nil}.Frame()
}

// Frame makes a sealed frame of a message in the running session, to be sent or
// spoiled by the test. nil when there is no session.
func (b *Box) Frame(m wire.Message) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.up == nil {
		return nil
	}
	return b.seal(m)
}

// Data returns the message with entries from an index on, as many as fit n.
func (b *Box) Data(from uint64, n int) *wire.Data {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data(from, n)
}

func (b *Box) data(from uint64, n int) *wire.Data {
	w := wire.NewDataBuilder(b.Epoch, from, wire.MaxFrame)
	for i := int(from); i < len(b.raws) && w.Len() < n && w.Add(b.raws[i]); i++ {
	}
	return w.Data(b.root(w.Next()), uint64(len(b.raws)))
}

func (b *Box) seal(m wire.Message) []byte {
	f, err := b.up.Seal(m)
	if err != nil {
		panic(fmt.Sprintf("seal %T: %v", m, err)) // a message of the test
	}
	return f
}

// fill makes the frames that the window still allows.
func (b *Box) fill() (out [][]byte) {
	for b.up != nil && b.flying < b.Window && b.next < uint64(len(b.raws)) {
		d := b.data(b.next, b.PerFrame)
		if b.Signs {
			if err := d.Sign(b.Keys.Name, b.Keys.Identity); err != nil {
				panic(err) // keys of the test
			}
		}
		out = append(out, b.seal(d))
		b.next = d.Size
		b.flying++
	}
	return out
}

func (b *Box) send(frames [][]byte) {
	for _, f := range frames {
		b.Send(f)
	}
}

// Handle takes a frame from the hub.
func (b *Box) Handle(frame []byte) {
	b.mu.Lock()
	out := b.handle(frame)
	b.mu.Unlock()
	b.send(out)
}

func (b *Box) handle(frame []byte) [][]byte {
	h, err := wire.Parse(frame)
	if err != nil {
		b.bad("unparsable frame")
		return nil
	}
	switch h.Type {
	case wire.TypeWho:
		return b.onWho(frame)
	case wire.TypeStart:
		return b.onStart(frame, h)
	}
	if b.down == nil || b.down.ID() != h.Session {
		return [][]byte{b.who()}
	}
	m, err := b.down.Open(frame)
	if err != nil {
		b.bad("frame does not open")
		return nil
	}
	return b.message(m)
}

func (b *Box) bad(what string) { b.st.Bad = append(b.st.Bad, what) }

func (b *Box) onWho(frame []byte) (out [][]byte) {
	w, err := wire.ParseWho(frame)
	if err != nil {
		b.bad("malformed who")
		return nil
	}
	var does wire.Features
	if b.Briefly {
		does = wire.FeatureBrief
	}
	f, s, err := wire.StartSession(b.Hub.HPKE, b.Keys.Identity, wire.Start{
		Dir: wire.DirUp, Box: b.Keys.Name, Epoch: b.Epoch, Incarnation: b.Incarnation, Parent: b.Parent,
		Tip: b.tip, Nonce: w.Nonce, Agent: "hubtest", Branch: b.Branch,
		Features: does,
	})
	if err != nil {
		panic(err) // keys of the test
	}
	b.up, b.next, b.flying = s, b.st.Receipt.Size, 0
	out = append(out, f)
	if w.Back || b.down == nil {
		out = append(out, b.who())
	} else {
		out = append(out, b.fill()...)
	}
	return out
}

func (b *Box) onStart(frame []byte, h wire.Header) [][]byte {
	if b.down != nil && b.down.ID() == h.Session {
		return nil
	}
	s, o, err := wire.AcceptSession(frame, b.Keys.HPKE, wire.Expect{
		Dir: wire.DirDown, Box: b.Keys.Name, From: b.Hub.Identity, Nonce: b.nonce,
	})
	if err != nil {
		return nil // for a nonce that is spent
	}
	b.down, b.nonce = o, wire.Nonce{}
	if s.Epoch != b.st.DownEpoch {
		b.st.DownEpoch, b.st.Down = s.Epoch, nil
	}
	return b.ack()
}

func (b *Box) ack() [][]byte {
	if b.up == nil {
		return nil
	}
	return [][]byte{b.seal(wire.DownAck{Epoch: b.st.DownEpoch, Next: uint64(len(b.st.Down))})}
}

func (b *Box) message(m wire.Message) [][]byte {
	switch m := m.(type) {
	case wire.SignedReceipt:
		return b.onReceipt(m)
	case wire.BriefReceipt:
		return b.onBrief(m)
	case wire.SignedDown:
		return b.onDown(m)
	case wire.SignedPong:
		p, err := m.Verify(b.Hub.Identity)
		if err != nil || p.Box != b.Keys.Name {
			b.bad("hub time does not verify")
			return nil
		}
		b.st.Pongs = append(b.st.Pongs, p)
	case wire.Aligned:
		b.st.Aligned = append(b.st.Aligned, m)
	default:
		b.bad(fmt.Sprintf("%T", m))
	}
	return nil
}

func (b *Box) onBrief(m wire.BriefReceipt) [][]byte {
	if !b.Briefly || m.Size > uint64(len(b.raws)) {
		b.bad("a brief receipt of what we do not have, or do not read")
		return nil
	}
	b.st.Brief++
	whole, err := m.Whole(b.Keys.Name, b.Epoch, b.root(m.Size))
	if err != nil {
		panic(err) // nothing in it is from outside
	}
	return b.onReceipt(whole)
}

func (b *Box) onReceipt(m wire.SignedReceipt) [][]byte {
	r, err := m.Verify(b.Hub.Identity)
	switch {
	case err != nil || r.Box != b.Keys.Name || r.Epoch != b.Epoch:
		b.bad("receipt does not verify, or is not mine")
		return nil
	case r.Size <= uint64(len(b.raws)) && r.Root != b.root(r.Size):
		b.bad(fmt.Sprintf("receipt for %d has another root", r.Size))
	}
	b.st.Receipts++
	if r.Size >= b.st.Receipt.Size || b.st.Receipts == 1 {
		b.progress = r.Size > b.st.Receipt.Size
		b.st.Receipt = r
	}
	b.next = max(b.next, r.Size)
	b.flying = (int(b.next-r.Size) + b.PerFrame - 1) / b.PerFrame
	return b.fill()
}

func (b *Box) onDown(m wire.SignedDown) [][]byte {
	d, err := m.Verify(b.Hub.Identity)
	if err != nil || d.Box != b.Keys.Name || d.Epoch != b.st.DownEpoch {
		b.bad("down frame does not verify, or is not mine")
		return nil
	}
	have := uint64(len(b.st.Down))
	if d.First <= have {
		again := min(have-d.First, uint64(len(d.Entries)))
		b.st.DownAgain += int(again)
		b.st.Down = append(b.st.Down, d.Entries[again:]...)
	}
	return b.ack()
}
