package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// mending is a segment to be made whole, and with what.
type mending struct {
	kind   clinic.Journal
	n      int
	header bool // a copy of the header is damaged, which memory has
	journal.With
}

// mend makes a segment whole as far as its sources reach, and shows in the views
// what can be read again. Acts go on; they wait while the file is written and
// renamed, and for all of it when it is the growing one.
func (s *Store) mend(ctx context.Context, m mending) error {
	j := s.logOf(m.kind)
	if s.frozen {
		return ErrReadOnly
	}
	if m.With.Copy == nil && len(m.With.Known) == 0 && !m.header && m.n == j.Segments()-1 {
		return journal.ErrNoHelp
	}
	var whole *journal.Mended
	make := func() (err error) {
		if m.With.Heads, err = s.remembered(m.kind); err == nil {
			whole, err = j.Mend(m.n, m.With)
		}
		return err
	}
	growing := m.n == j.Segments()-1
	if !growing {
		if err := make(); err != nil {
			return err
		}
	}
	return s.between(ctx, func() error {
		if growing {
			if err := make(); err != nil {
				return err
			}
		}
		return s.putAndShow(m.kind, whole)
	})
}

// putAndShow puts a mended segment and shows what came back. A cut, or an error,
// between the two leaves views that must be built anew: nothing else would tell.
func (s *Store) putAndShow(kind clinic.Journal, whole *journal.Mended) error {
	was := s.Stale()
	s.markStale()
	if err := s.logOf(kind).Put(whole); err != nil {
		return err
	}
	renumber, err := s.showAgain(kind, whole.Refs)
	if err == nil && !renumber && !was {
		s.notStale()
	}
	return err
}

// remembered are the tree heads of a journal that are known beside it: by the views, and
// of own by the checkpoints that this box signed.
func (s *Store) remembered(kind clinic.Journal) ([]journal.Head, error) {
	m, err := s.cursors()
	if kind == clinic.In {
		return []journal.Head{{Size: m.in, Root: m.inRoot}}, err
	}
	return append(s.heads.known(), journal.Head{Size: m.own, Root: m.ownRoot}), err
}

// showAgain applies entries that can be read again. Applying depends on the set
// only, so it does not matter that they come late; but numbers do that jumped, which
// the next open counts anew.
func (s *Store) showAgain(kind clinic.Journal, indexes []uint64) (renumber bool, err error) {
	tx, err := s.db.Begin(true)
	if err != nil {
		return false, fmt.Errorf("%w: views: %w", ErrFatal, err)
	}
	kv := &txKV{tx: tx}
	var changed []*clinic.Record
	a := applier{kv: kv, tokens: s.tokens, hlc: s.hlc, changed: func(r *clinic.Record) { changed = append(changed, r) }}
	refs := make([]clinic.Ref, 0, len(indexes))
	for _, i := range indexes {
		refs = append(refs, clinic.Ref{Journal: kind, Index: i})
		raw, err := s.logOf(kind).Get(i)
		if err != nil {
			return false, errors.Join(err, tx.Rollback())
		}
		if raw.Hole() {
			continue
		}
		rec := decodeHead(kind, &raw)
		a.apply(&rec)
	}
	// The numbers of an entry count by the jumps before it.
	renumber = kind == clinic.Own && number64(kv.get(tSeries, freshKey())) > 0
	var m meta
	m.decode(kv.get(tMeta, metaKey()))
	var err1, err2 error
	m.ownRoot, err1 = s.own.Root(m.own) // other ones when a leaf hash came back, too
	m.inRoot, err2 = s.in.Root(m.in)
	m.hlc = max(m.hlc, a.hlc)
	kv.putMeta(m)
	if err := errors.Join(err1, err2, kv.err); err != nil {
		return false, errors.Join(err, tx.Rollback())
	}
	if err := s.commit(tx); err != nil {
		return false, fmt.Errorf("%w: %w", ErrFatal, err)
	}
	s.hlc = max(s.hlc, a.hlc)
	for _, r := range changed {
		s.index(r)
	}
	return renumber, s.dropHoles(refs)
}

// Mend brings entries back that can no longer be read here and that somebody else
// kept: each is known by its leaf hash, which salt and bytes prove. What is no hole
// is left alone. It returns how many can be read again. Of the options it uses
// Mending and Found.
func (s *Store) Mend(ctx context.Context, entries []Received, o ScrubOptions) (mended uint64, err error) {
	known := map[clinic.Leaf]journal.Known{}
	for _, e := range entries {
		known[entry.LeafHash(e.Salt, e.Bytes)] = journal.Known{Salt: e.Salt, Bytes: e.Bytes}
	}
	c := s.Scrubber(o)
	for _, kind := range []clinic.Journal{clinic.Own, clinic.In} {
		back, err := c.mendAll(ctx, kind, journal.With{Known: known})
		if mended += back; err != nil {
			return mended, err
		}
	}
	return mended, nil
}

// HandBack is Mend for own entries that the centre has, by their index. Where an entry's
// leaf hash is lost here, too, the tree over what comes back must have a root that the
// box knows.
func (s *Store) HandBack(ctx context.Context, entries map[uint64]Received, o ScrubOptions) (mended uint64, err error) {
	w := journal.With{Known: map[clinic.Leaf]journal.Known{}, ByIndex: map[uint64]journal.Known{}}
	for i, e := range entries {
		k := journal.Known{Salt: e.Salt, Bytes: e.Bytes}
		w.Known[entry.LeafHash(e.Salt, e.Bytes)], w.ByIndex[i] = k, k
	}
	return s.Scrubber(o).mendAll(ctx, clinic.Own, w)
}

// Lacks lists the own entries that are known to be unreadable, by their index.
func (s *Store) Lacks() map[uint64]bool {
	out := map[uint64]bool{}
	for ref := range badRefs(clinic.Own, s.own) {
		out[ref.Index] = true
	}
	return out
}

// mendAll mends every segment that lacks something of what is known.
func (c *Scrubber) mendAll(ctx context.Context, kind clinic.Journal, w journal.With) (mended uint64, err error) {
	j := c.s.logOf(kind)
	segments := map[int]uint64{}
	for ref, leaf := range badRefs(kind, j) {
		_, byLeaf := w.Known[leaf]
		if _, byIndex := w.ByIndex[ref.Index]; byLeaf || byIndex {
			segments[j.SegmentOf(ref.Index)]++
		}
	}
	w.Local = c.quick().local(ctx, kind)
	for _, n := range slices.Sorted(maps.Keys(segments)) {
		back, err := c.mendKnown(ctx, mending{kind: kind, n: n, With: w}, segments[n])
		if mended += back; err != nil {
			return mended, err
		}
	}
	return mended, nil
}

// mendKnown mends a segment of which so many lost entries are known.
func (c *Scrubber) mendKnown(ctx context.Context, m mending, entries uint64) (back uint64, err error) {
	f := Finding{Part: segmentName(m.kind, m.n)}
	j := c.s.logOf(m.kind)
	before := countBad(j.Quarantine())
	c.mending(f.Part, entries)
	err = c.s.mend(ctx, m)
	after := countBad(j.Quarantine())
	f.Back, f.Mended = before-min(before, after), after == 0
	if errors.Is(err, journal.ErrNoHelp) {
		err = nil
	}
	if f.Back > 0 || err == nil {
		c.tell(f)
	}
	return f.Back, err
}
