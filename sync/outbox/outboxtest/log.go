package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// Tree is an RFC 6962 tree of leaf hashes in memory.
type Tree struct {
	hashes []tlog.Hash
	size   int64
}

// ReadHashes implements tlog.HashReader.
func (t *Tree) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = t.hashes[x]
	}
	return out, nil
}

// Add appends a leaf.
func (t *Tree) Add(leaf clinic.Leaf) error {
	hs, err := tlog.StoredHashesForRecordHash(t.size, tlog.Hash(leaf), t)
	t.hashes = append(t.hashes, hs...)
	t.size++
	return err
}

// Root returns the head of the first size leaves.
func (t *Tree) Root(size uint64) ([32]byte, error) {
	if size > uint64(t.size) {
		return [32]byte{}, errors.New("outboxtest: no such size")
	}
	h, err := tlog.TreeHash(int64(size), t)
	return h, err
}

// Log is a journal in memory. It implements outbox.Log.
type Log struct {
	// Epoch is that of the journal. It implements outbox.Line, too.
	Epoch  wire.Epoch
	Branch *wire.Branch
	// Unmendable makes what was lost stay lost. Set it before the outbox runs.
	Unmendable bool

	mu    sync.Mutex
	raws  []wire.Raw
	tree  Tree
	grown chan struct{}
	fail  bool

	lost map[uint64][]byte // what holes were

	before, after int // turns that fail, without and with effect
}

// NewLog returns an empty journal.
func NewLog() *Log { return &Log{grown: make(chan struct{})} }

// Append adds n invented entries of about size bytes, recorded now.
func (l *Log) Append(n, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.put(clinic.Draft{
			Kind: clinic.KindExam, Subject: clinic.NewID(), Event: time.Now(),
			Body: &clinic.Exam{Reason: fmt.Sprintf("%0*d", size, len(l.raws))},
		})
	}
	l.grew()
}

// Put adds one entry.
func (l *Log) Put(d clinic.Draft) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(d)
	l.grew()
}

func (l *Log) grew() {
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *Log) put(d clinic.Draft) {
	i := uint64(len(l.raws))
	segment := i / 50
	r := wire.Raw{
		Index: i, Segment: uint32(segment), Place: uint32(i % 50), Seed: entry.Seed{byte(segment), 1},
		Explicit: i%17 == 3,
	}
	b, err := entry.Encode(d, clinic.NewID(), clinic.NewID(), uint64(time.Now().UnixMilli())<<16, true)
	if err != nil {
		panic(err)
	}
	r.Bytes, r.Salt = b, r.Seed.Salt(r.Place)
	if r.Explicit {
		r.Salt = entry.Salt{byte(i), 9}
	}
	r.Leaf = entry.LeafHash(r.Salt, r.Bytes)
	l.raws = append(l.raws, r)
	if err := l.tree.Add(r.Leaf); err != nil {
		panic(err)
	}
}

// CutBack returns the journal as it was with n entries: a copy that is put back.
func (l *Log) CutBack(n int) *Log {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := NewLog()
	c.Epoch, c.Branch = l.Epoch, l.Branch
	for _, r := range l.raws[:n] {
		c.raws = append(c.raws, r)
		if err := c.tree.Add(r.Leaf); err != nil {
			panic(err)
		}
	}
	return c
}

// Leaves returns the leaf hashes of all entries.
func (l *Log) Leaves() (out []clinic.Leaf) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.raws {
		out = append(out, r.Leaf)
	}
	return out
}

// FailTurns makes the next turns fail without effect, and those after them with it.
func (l *Log) FailTurns(before, after int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before, l.after = before, after
}

// Turn implements outbox.Line.
func (l *Log) Turn(_ context.Context, from wire.Epoch, base, _ uint64) (wire.Epoch, *wire.Branch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from != l.Epoch {
		return l.Epoch, l.Branch, nil
	}
	if l.before > 0 {
		l.before--
		return wire.Epoch{}, nil, ErrDisk
	}
	root, err := l.tree.Root(base)
	if err != nil {
		return wire.Epoch{}, nil, err
	}
	l.Branch = &wire.Branch{Epoch: l.Epoch, Size: base, Root: root}
	l.Epoch = newEpoch()
	if l.after > 0 {
		l.after--
		return wire.Epoch{}, nil, ErrDisk
	}
	return l.Epoch, l.Branch, nil
}

// Lose makes an entry unreadable: a hole.
func (l *Log) Lose(index uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil {
		l.lost = map[uint64][]byte{}
	}
	l.lost[index], l.raws[index].Bytes = l.raws[index].Bytes, nil
}

// Mend makes an entry readable again that was lost: a copy had it.
func (l *Log) Mend(index uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.raws[index].Bytes = l.lost[index]
	delete(l.lost, index)
}

// Lacks implements outbox.Line.
func (l *Log) Lacks() (out []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.raws {
		if l.raws[i].Bytes == nil {
			out = append(out, uint64(i))
		}
	}
	return out
}

// GiveBack implements outbox.Line.
func (l *Log) GiveBack(_ context.Context, entries map[uint64]wire.Salted) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, e := range entries {
		if !l.Unmendable && l.raws[i].Leaf == entry.LeafHash(entry.Salt(e.Salt), e.Bytes) {
			l.raws[i].Bytes = e.Bytes
			delete(l.lost, i)
		}
	}
	return nil
}

// Fail makes reading fail until it is called with false.
func (l *Log) Fail(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = on
}

// ErrDisk is what everything here returns when asked to fail.
var ErrDisk = errors.New("outboxtest: input/output error")

// Size implements outbox.Log.
func (l *Log) Size() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.raws))
}

// Root implements outbox.Log.
func (l *Log) Root(size uint64) ([32]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail {
		return [32]byte{}, ErrDisk
	}
	return l.tree.Root(size)
}

// Read implements outbox.Log.
func (l *Log) Read(from uint64, most, maxBytes int) ([]wire.Raw, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail {
		return nil, ErrDisk
	}
	var out []wire.Raw
	for ; from < uint64(len(l.raws)) && len(out) < most && (maxBytes > 0 || len(out) == 0); from++ {
		out = append(out, l.raws[from])
		maxBytes -= len(l.raws[from].Bytes)
	}
	return out, nil
}

// Grown implements outbox.Log.
func (l *Log) Grown() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.grown
}

// Box is what a box keeps over restarts: the Keeper and the journal of what it
// received. Failures come in pairs: Before fails and applies nothing, After
// applies and fails.
type Box struct {
	mu            sync.Mutex
	receipt       wire.SignedReceipt
	cursor        outbox.Cursor
	in            map[clinic.Leaf][]byte
	order         []clinic.Leaf
	Twice         int // entries that were applied again
	before, after int // failures to come
}

// NewBox returns an empty one.
func NewBox() *Box { return &Box{in: map[clinic.Leaf][]byte{}} }

// Copy returns what a backup has.
func (b *Box) Copy() *Box {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &Box{receipt: b.receipt, cursor: b.cursor, in: maps.Clone(b.in)}
}

// FailNext makes the next writes fail without effect, and those after them fail
// with it.
func (b *Box) FailNext(before, after int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before, b.after = before, after
}

func (b *Box) write(apply func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.before > 0 {
		b.before--
		return ErrDisk
	}
	apply()
	if b.after > 0 {
		b.after--
		return ErrDisk
	}
	return nil
}

// Load implements outbox.Keeper.
func (b *Box) Load() (wire.SignedReceipt, outbox.Cursor, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.receipt, b.cursor, nil
}

// SaveReceipt implements outbox.Keeper.
func (b *Box) SaveReceipt(r wire.SignedReceipt) error {
	return b.write(func() { b.receipt = r })
}

// SaveCursor implements outbox.Keeper.
func (b *Box) SaveCursor(c outbox.Cursor) error {
	return b.write(func() { b.cursor = c })
}

// Apply implements outbox.Applier.
func (b *Box) Apply(_ context.Context, entries []wire.Salted) error {
	return b.write(func() {
		for _, e := range entries {
			leaf := entry.LeafHash(entry.Salt(e.Salt), e.Bytes)
			if _, ok := b.in[leaf]; ok {
				b.Twice++
			} else {
				b.order = append(b.order, leaf)
			}
			b.in[leaf] = e.Bytes
		}
	})
}

// In returns how many entries were received.
func (b *Box) In() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.in)
}

// Forget drops the last so many received entries, as a box does that is restored from a
// copy.
func (b *Box) Forget(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := max(len(b.order)-n, 0)
	for _, leaf := range b.order[at:] {
		delete(b.in, leaf)
	}
	b.order = b.order[:at]
}

// Cursor returns the durable place in the down stream.
func (b *Box) Cursor() outbox.Cursor {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cursor
}

var (
	_ outbox.Log     = (*Log)(nil)
	_ outbox.Line    = (*Log)(nil)
	_ outbox.Keeper  = (*Box)(nil)
	_ outbox.Applier = (*Box)(nil)
	_ outbox.Link    = (*Net)(nil)
)

// Has reports whether an entry was received.
func (b *Box) Has(l clinic.Leaf) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.in[l]
	return ok
}

// Has reports whether an entry was recorded here.
func (l *Log) Has(leaf clinic.Leaf) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.raws, func(r wire.Raw) bool { return r.Leaf == leaf })
}
