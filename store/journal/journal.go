package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"sync"

	"clinicbox/clinic"
	"clinicbox/store/seal"
)

// Journal is an open journal. Reads may come from several goroutines at the same
// time as one Batch.
type Journal struct {
	cfg   Config
	seal  *seal.Sealer
	keyID seal.KeyID
	log   *slog.Logger

	mu     sync.RWMutex // guards what follows
	segs   []*segment   // in order; the last one grows
	size   uint64
	grown  chan struct{}
	broken error // set for good by a failed write or sync
	tree   *tree // nil without a tree
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
	if i >= j.size {
		j.mu.RUnlock()
		return Raw{}, fmt.Errorf("%w: %d of %d", ErrRange, i, j.size)
	}
	g := j.segs[j.find(i)]
	place := uint32(i - g.first)
	r, ok := g.get(place, j.seal)
	j.mu.RUnlock()
	if ok {
		return r, nil
	}
	return j.hole(g, place), nil
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
		if leaf, err := j.tree.leaf(i); err == nil && leaf != (clinic.Leaf{}) {
			r.Leaf = leaf
		}
	}
	return r
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

// Span returns the first index of a segment and the one behind its last.
func (j *Journal) Span(n int) (from, to uint64) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.segs[n].first, j.segs[n].next()
}

// Each calls fn with every entry of a segment, holes included. It reads the file
// at once and must not run beside a Batch.
func (j *Journal) Each(n int, fn func(Raw) error) error {
	j.mu.RLock()
	g := j.segs[n]
	j.mu.RUnlock()
	return g.each(j.seal, func(place uint32, r Raw, ok bool) error {
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
	From, To     int64  // the bytes; 0, 0 when the whole file is missing
}

// Quarantine lists what was set aside, as far as opening saw it.
func (j *Journal) Quarantine() []Bad {
	j.mu.RLock()
	defer j.mu.RUnlock()
	var out []Bad
	for _, g := range j.segs {
		for _, b := range g.bad {
			out = append(out, Bad{g.segment, g.first + uint64(b.place), uint64(b.count), b.from, b.to})
		}
	}
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

// Close lets go of the files. What was saved needs no Close.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
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
