package journal

import (
	"errors"
	"fmt"
	"syscall"

	"clinicbox/internal/entry"
)

// space is how much a segment file grows at a time, in zeros.
const space = 256 << 10

// Batch collects entries that become durable together. One may be in hand at a
// time; a batch that is not committed has changed nothing.
type Batch struct {
	j       *Journal
	g       *segment
	first   uint64
	entries []Raw
	offsets []uint32
	buf     []byte
}

// SetEpoch names the epoch of what is added from now on. Not while a batch is open.
func (j *Journal) SetEpoch(e [8]byte) { j.cfg.Epoch = e }

// Begin starts a batch. A full segment is finished first, and one of an older key or
// epoch.
func (j *Journal) Begin() (*Batch, error) {
	if j.broken != nil {
		return nil, j.broken
	}
	if j.cfg.ReadOnly {
		return nil, ErrReadOnly
	}
	g := j.segs[len(j.segs)-1]
	if g.file == nil || g.end >= j.cfg.SegmentSize && len(g.offsets) > 0 || g.keyID != j.keyID || g.epoch != j.cfg.Epoch {
		var err error
		if g, err = j.roll(g); err != nil {
			return nil, err
		}
	}
	if j.tree != nil {
		j.treeMu.Lock()
		defer j.treeMu.Unlock()
		if err := j.tree.settle(); err != nil {
			return nil, full(err) // nothing was written: a later batch may find room
		}
		j.tree.begin(j.size)
	}
	return &Batch{j: j, g: g, first: j.size}, nil
}

// Entry is what goes into a batch: the bytes, and the salt when they had one
// before (received and re-issued entries keep theirs).
type Entry struct {
	Bytes []byte
	Salt  *entry.Salt
}

// Add appends the entries of one act; they survive together or not at all.
func (b *Batch) Add(act []Entry) ([]Raw, error) {
	from := len(b.entries)
	if from+len(act) > maxEntries {
		return nil, fmt.Errorf("%w: %d entries at once", entry.ErrTooLarge, from+len(act))
	}
	for n, e := range act {
		if len(e.Bytes) > entry.MaxSize || len(e.Bytes) == 0 {
			return nil, entry.ErrTooLarge
		}
		place := uint32(len(b.g.offsets) + len(b.entries))
		r := Raw{
			Index: b.first + uint64(len(b.entries)), Segment: b.g.segment, Place: place, Seed: b.g.seed,
			Bytes: e.Bytes, more: n+1 < len(act),
		}
		if e.Salt != nil {
			r.Salt, r.Explicit = *e.Salt, true
		} else {
			r.Salt = b.g.seed.Salt(place)
		}
		r.Leaf = entry.LeafHash(r.Salt, r.Bytes)
		if err := b.addLeaf(&r); err != nil {
			return nil, err
		}
		b.offsets = append(b.offsets, uint32(b.g.end)+uint32(len(b.buf)))
		b.buf = b.g.sealFrame(b.buf, &r, len(b.entries))
		b.entries = append(b.entries, r)
	}
	return b.entries[from:], nil
}

func (b *Batch) addLeaf(r *Raw) error {
	if b.j.tree == nil {
		return nil
	}
	b.j.treeMu.Lock()
	defer b.j.treeMu.Unlock()
	return b.j.tree.add(r.Index, r.Leaf)
}

// Size returns the size of the journal with the batch.
func (b *Batch) Size() uint64 { return b.first + uint64(len(b.entries)) }

// Bytes returns how much the batch adds to the file.
func (b *Batch) Bytes() int { return len(b.buf) }

// Root returns the tree head of the journal with the batch.
func (b *Batch) Root() ([32]byte, error) {
	b.j.treeMu.Lock()
	defer b.j.treeMu.Unlock()
	return b.j.tree.root(b.Size())
}

// Get reads an entry of the batch or of the journal.
func (b *Batch) Get(i uint64) (Raw, error) {
	if i >= b.first && i < b.Size() {
		return b.entries[i-b.first], nil
	}
	return b.j.Get(i)
}

// Commit writes the batch and syncs once. ErrFull leaves the journal as it was
// and usable; any other error is ErrFatal: the batch may be on the disk or not.
func (b *Batch) Commit() error {
	j := b.j
	if j.broken != nil || len(b.entries) == 0 {
		return j.broken
	}
	if err := b.write(); err != nil {
		if cerr := b.cut(); cerr != nil || !errors.Is(err, ErrFull) {
			return j.fatal(errors.Join(err, cerr))
		}
		return err
	}
	if err := b.g.file.Sync(); err != nil {
		return j.fatal(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	b.g.offsets = append(b.g.offsets, b.offsets...)
	b.g.end += int64(len(b.buf))
	j.size = b.Size()
	close(j.grown)
	j.grown = make(chan struct{})
	return nil
}

// write puts the hashes, then the frames, into files that are long enough.
func (b *Batch) write() error {
	j, g := b.j, b.g
	if j.tree != nil {
		j.treeMu.Lock()
		err := j.tree.write()
		j.treeMu.Unlock()
		if err != nil {
			return full(err)
		}
	}
	if need := g.end + int64(len(b.buf)); need > g.alloc {
		to := min(need+space, max(need, j.cfg.SegmentSize))
		if _, err := g.file.WriteAt(make([]byte, to-g.alloc), g.alloc); err != nil {
			return full(err)
		}
		g.alloc = to
	}
	_, err := g.file.WriteAt(b.buf, g.end)
	return full(err)
}

// cut takes back what a failed write left, durably: nobody may find later what
// was answered as not saved.
func (b *Batch) cut() error {
	j, g := b.j, b.g
	if j.tree != nil {
		j.treeMu.Lock()
		err := j.tree.cut(b.first)
		j.treeMu.Unlock()
		if err != nil {
			return err
		}
	}
	if err := g.file.Truncate(g.end); err != nil {
		return err
	}
	g.alloc = g.end
	return g.file.Sync()
}

func (j *Journal) fatal(err error) error {
	j.broken = fmt.Errorf("%w: %w", ErrFatal, err)
	return j.broken
}

// full marks errors of a full disk or quota.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// roll finishes the last segment and begins the next. A crash after any step
// leaves a journal that opens: the offsets file is made again when it is missing,
// and a segment without frames is a good last segment.
func (j *Journal) roll(g *segment) (*segment, error) {
	if len(g.offsets) == 0 && g.file != nil {
		return j.replace(g)
	}
	if err := g.finish(); err != nil {
		return nil, j.fatal(err)
	}
	h := j.newHeader(g.segment+1, g.next())
	if j.tree != nil {
		if err := j.tree.file.Sync(); err != nil {
			return nil, j.fatal(err)
		}
		var err error
		if h.root, err = j.Root(h.first); err != nil {
			return nil, j.fatal(err)
		}
	}
	if g.file != nil {
		if err := j.writeOffsets(g, j.leavesOf(g)); err != nil {
			return nil, j.rollFailed(err)
		}
	}
	next, err := createSegment(j.cfg.FS, j.cfg.Dir, h)
	if err != nil {
		return nil, j.rollFailed(full(err))
	}
	j.mu.Lock()
	j.segs = append(j.segs, next)
	j.mu.Unlock()
	return next, nil
}

// finish gives back the space that was made ready. A lost segment stays as it is.
func (g *segment) finish() error {
	if g.file == nil {
		return nil
	}
	if err := g.file.Truncate(g.end); err != nil {
		return err
	}
	g.alloc = g.end
	return g.file.Sync()
}

// replace makes the last segment anew when it holds nothing: nobody knows its seed.
// A crash leaves the one or the other.
func (j *Journal) replace(g *segment) (*segment, error) {
	h := j.newHeader(g.segment, g.first)
	h.root = g.root
	next, err := createSegment(j.cfg.FS, j.cfg.Dir, h)
	if err != nil {
		return nil, j.rollFailed(full(err))
	}
	j.mu.Lock()
	j.segs[len(j.segs)-1] = next
	j.mu.Unlock()
	if err := g.file.Close(); err != nil { // nothing was written to it
		return nil, j.fatal(err)
	}
	return next, nil
}

// turn begins a segment under the newest key when the last one is under an older. A
// full disk leaves that to the next batch.
func (j *Journal) turn() error {
	g := j.segs[len(j.segs)-1]
	if g.file == nil || g.keyID == j.keyID || j.tree != nil && j.tree.owed {
		return nil
	}
	if _, err := j.roll(g); !errors.Is(err, ErrFull) {
		return err
	}
	j.log.Error("disk full: the journal goes on under an older key", "kind", j.cfg.Kind)
	return nil
}

// rollFailed keeps the journal usable after a full disk only: a half-made segment is
// replaced by the next try.
func (j *Journal) rollFailed(err error) error {
	if errors.Is(err, ErrFull) {
		return err
	}
	return j.fatal(err)
}
