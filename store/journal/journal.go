package journal

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sort"
	"sync"

	"clinicbox/clinic"
	"clinicbox/store/seal"
)

// Journal is an open journal. Reads may come from several goroutines at the same
// time as one Batch.
type Journal struct {
	cfg   Config
	keys  sealers
	keyID seal.KeyID // of the newest: it seals new segments
	log   *slog.Logger

	mu     sync.RWMutex // guards what follows
	segs   []*segment   // in order; the last one grows
	size   uint64
	lost   uint64 // of Known, when it was opened
	grown  chan struct{}
	broken error // set for good by a failed write or sync
	closed bool
	rot    sync.Map // index → true: entries that became unreadable after opening
	tree   *tree    // nil without a tree
	treeMu sync.Mutex
}

// Size returns how many entries are saved.
func (j *Journal) Size() uint64 {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.size
}

// Grown returns a channel that is closed when the journal grows next.
func (j *Journal) Grown() <-chan struct{} {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.grown
}

// Lost returns how many of the entries that were known to be saved were not there when
// the journal was opened: not damaged, gone.
func (j *Journal) Lost() uint64 { return j.lost }

// Root returns the RFC 6962 tree head of the first size entries.
func (j *Journal) Root(size uint64) ([32]byte, error) {
	if j.tree == nil {
		return [32]byte{}, fmt.Errorf("%w: journal without a tree", ErrRange)
	}
	if size > j.Size() {
		return [32]byte{}, fmt.Errorf("%w: root at %d of %d", ErrRange, size, j.Size())
	}
	j.treeMu.Lock()
	defer j.treeMu.Unlock()
	return j.tree.root(size)
}

// Get reads one saved entry. An entry that cannot be read is a hole, no error.
func (j *Journal) Get(i uint64) (Raw, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.closed {
		return Raw{}, ErrClosed
	}
	if i >= j.size {
		return Raw{}, fmt.Errorf("%w: %d of %d", ErrRange, i, j.size)
	}
	g := j.segs[j.find(i)]
	place := uint32(i - g.first)
	r, ok := g.get(place)
	if ok {
		return r, nil
	}
	if g.offsets[place] != 0 {
		j.rotten(i)
	}
	return j.hole(g, place), nil
}

// rotten names an entry that could be read when the journal was opened.
func (j *Journal) rotten(i uint64) {
	if _, known := j.rot.LoadOrStore(i, true); !known {
		j.log.Error("journal entry can no longer be read", "kind", j.cfg.Kind, "index", i)
	}
}

// find returns the position of the segment that holds entry i.
func (j *Journal) find(i uint64) int {
	return sort.Search(len(j.segs), func(n int) bool { return j.segs[n].first > i }) - 1
}

func (j *Journal) hole(g *segment, place uint32) Raw {
	i := g.first + uint64(place)
	r := Raw{Index: i, Segment: g.segment, Place: place, Seed: g.seed, Leaf: lostLeaf(j.cfg.Kind, g.epoch, i)}
	if j.tree != nil {
		j.treeMu.Lock()
		defer j.treeMu.Unlock()
		if leaf := j.savedLeaf(g, place); leaf != (clinic.Leaf{}) {
			r.Leaf = leaf
		} else if leaf, err := j.tree.leaf(i); err == nil && leaf != (clinic.Leaf{}) {
			r.Leaf = leaf
		}
	}
	return r
}

// savedLeaf returns the leaf hash that the segment's offsets file holds.
func (j *Journal) savedLeaf(g *segment, place uint32) (leaf clinic.Leaf) {
	if !g.asked {
		g.asked, g.leaves = true, loadLeaves(offsetsPath(j.cfg.Dir, g.segment))
	}
	if int(place) < len(g.leaves) {
		leaf = g.leaves[place]
	}
	return leaf
}

// Read returns entries from an index on, at most max and about maxBytes of them,
// and at least one when there is one.
func (j *Journal) Read(from uint64, max, maxBytes int) ([]Raw, error) {
	size := j.Size()
	if from > size {
		return nil, fmt.Errorf("%w: %d of %d", ErrRange, from, size)
	}
	var out []Raw
	for bytes := 0; from < size && len(out) < max && (bytes < maxBytes || len(out) == 0); from++ {
		r, err := j.Get(from)
		if err != nil {
			return nil, err
		}
		if bytes += len(r.Bytes); bytes > maxBytes && len(out) > 0 {
			break
		}
		out = append(out, r)
	}
	return out, nil
}

// Segments returns how many segments there are, for Each.
func (j *Journal) Segments() int {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return len(j.segs)
}

// SegmentOf returns the segment that holds an entry.
func (j *Journal) SegmentOf(i uint64) int {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.find(i)
}

// Span returns the first index of a segment and the one behind its last.
func (j *Journal) Span(n int) (from, to uint64) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.segs[n].first, j.segs[n].next()
}

// Each calls fn with every entry of a segment, holes included. It reads the file
// at once and must not run beside a Batch. An entry's bytes hold until fn returns.
func (j *Journal) Each(n int, fn func(Raw) error) error {
	j.mu.RLock()
	g, closed := j.segs[n], j.closed
	j.mu.RUnlock()
	if closed {
		return ErrClosed
	}
	return g.each(func(place uint32, r Raw, ok bool) error {
		if !ok {
			r = j.hole(g, place)
		}
		return fn(r)
	})
}

// Bad is a stretch of a segment that was set aside: it stays as it is, its
// entries read as holes.
type Bad struct {
	Segment      uint32
	First, Count uint64 // the entries
	From, To     int64  // the bytes; 0, 0 when they are not known
}

// Quarantine lists what was set aside, as far as opening and reading saw it.
func (j *Journal) Quarantine() []Bad {
	j.mu.RLock()
	defer j.mu.RUnlock()
	var out []Bad
	for _, g := range j.segs {
		for _, b := range g.bad {
			out = append(out, Bad{g.segment, g.first + uint64(b.place), uint64(b.count), b.from, b.to})
		}
	}
	j.rot.Range(func(i, _ any) bool {
		g := j.segs[j.find(i.(uint64))]
		out = append(out, Bad{Segment: g.segment, First: i.(uint64), Count: 1})
		return true
	})
	slices.SortStableFunc(out, func(a, b Bad) int { return cmp.Compare(a.First, b.First) })
	return out
}

// StoredLeaf returns the leaf hash that the tree's file holds for an entry.
func (j *Journal) StoredLeaf(i uint64) (clinic.Leaf, error) {
	if j.tree == nil {
		return clinic.Leaf{}, ErrRange
	}
	j.treeMu.Lock()
	defer j.treeMu.Unlock()
	return j.tree.leaf(i)
}

// Turned reports whether what comes next is sealed under the newest key already.
func (j *Journal) Turned() bool {
	j.mu.RLock()
	defer j.mu.RUnlock()
	n := len(j.segs)
	return n == 0 || j.segs[n-1].file == nil || j.segs[n-1].keyID == j.keyID
}

// Close lets go of the files. What was saved needs no Close.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true // from now on an entry that does not come is no hole
	var errs []error
	for _, g := range j.segs {
		if g.file != nil {
			errs = append(errs, g.file.Close())
			g.file = nil
		}
	}
	if j.tree != nil {
		errs = append(errs, j.tree.file.Close())
	}
	if j.broken == nil {
		j.broken = ErrFatal // no append after Close
	}
	return errors.Join(errs...)
}
