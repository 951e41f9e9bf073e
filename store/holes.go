package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// holesBucket of the state keeps of whom and of what kind an entry was that can no
// longer be read: views that are built anew know nothing of it.
const holesBucket = "holes"

// holes is what is known of entries that can no longer be read. The zero holes is
// ready for use.
type holes struct {
	mu sync.Mutex
	of map[clinic.ID][]clinic.Hole
}

func (h *holes) add(subject clinic.ID, x clinic.Hole) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[clinic.ID][]clinic.Hole{}
	}
	if !slices.ContainsFunc(h.of[subject], func(o clinic.Hole) bool { return o.Ref == x.Ref }) {
		h.of[subject] = append(h.of[subject], x)
	}
}

func (h *holes) list(subject clinic.ID) []clinic.Hole {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.of[subject])
}

// count counts those of the kinds.
func (h *holes) count(is func(clinic.Kind) bool) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, all := range h.of {
		for _, x := range all {
			if is(x.Kind) {
				n++
			}
		}
	}
	return n
}

func (h *holes) has(subject clinic.ID, ref clinic.Ref) bool {
	return slices.ContainsFunc(h.list(subject), func(x clinic.Hole) bool { return x.Ref == ref })
}

// drop forgets entries that can be read again.
func (h *holes) drop(refs []clinic.Ref) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for subject, all := range h.of {
		h.of[subject] = slices.DeleteFunc(all, func(x clinic.Hole) bool { return slices.Contains(refs, x.Ref) })
	}
}

// Lost implements desk.People.
func (r *reader) Lost(subject clinic.ID) ([]clinic.Hole, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	out := r.s.holes.list(subject)
	if _, known := r.lost[subject]; !known {
		if _, err := r.Records(subject); err != nil { // finds them on its way
			return nil, err
		}
	}
	links, err := r.lostLinks(subject)
	if err != nil {
		return nil, err
	}
	for _, h := range slices.Concat(r.lost[subject], links) {
		if !slices.ContainsFunc(out, func(o clinic.Hole) bool { return o.Ref == h.Ref }) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b clinic.Hole) int {
		return cmp.Or(a.Recorded.Compare(b.Recorded), cmp.Compare(a.Ref.Journal, b.Ref.Journal), cmp.Compare(a.Ref.Index, b.Ref.Index))
	})
	return out, nil
}

// lostLinks are the answers about who is the same person that name the patient on
// either side: the other's record then stands apart, and both pages must say so.
func (r *reader) lostLinks(patient clinic.ID) (out []clinic.Hole, err error) {
	err = r.each(tLink, patient[:], func(k, v []byte) error {
		_, ok, err := r.record(refFrom(v))
		if err == nil && !ok {
			h := r.lostOf(k, v)
			h.Kind = clinic.KindLink
			out = append(out, h)
		}
		if errors.Is(err, journal.ErrRange) {
			err = nil // Links tells of it
		}
		return err
	})
	return out, err
}

// lostOf is the hole that a row of tRecord names: its entry cannot be read, or is of a
// form that this program does not know, or is another one.
func (r *reader) lostOf(k, v []byte) clinic.Hole {
	raw, err := r.raw(refFrom(v))
	h := holeOf(k, v, raw.Leaf)
	if err == nil && !raw.Hole() {
		_, derr := entry.Decode(raw.Bytes, h.Ref, raw.Leaf)
		h.Unread = derr != nil
	}
	return h
}

// holeOf reads a row of tRecord.
func holeOf(k, v []byte, leaf clinic.Leaf) clinic.Hole {
	h := clinic.Hole{Ref: refFrom(v), Leaf: leaf}
	if len(v) >= refLen+2 {
		h.Kind = clinic.Kind(binary.BigEndian.Uint16(v[refLen:]))
	}
	if len(k) >= 24 {
		rec := clinic.Record{HLC: binary.BigEndian.Uint64(k[16:])}
		h.Recorded = rec.Recorded()
	}
	return h
}

// nameHoles asks the views whose entries cannot be read any more and keeps it in
// the state, before anything builds the views anew. It names nobody in the log.
func (s *Store) nameHoles(bad map[clinic.Ref]clinic.Leaf) error {
	if len(bad) == 0 || s.db == nil {
		return nil
	}
	rows := map[string][]byte{}
	var from []byte
	for done := false; !done; { // in pieces: a read transaction must not grow old
		err := s.peek(func(tx *bbolt.Tx) error {
			c := tx.Bucket(tRecord.name()).Cursor()
			k, v := c.Seek(from)
			for n := 0; k != nil && n < 10_000; n++ {
				if _, ok := bad[refFrom(v)]; ok {
					rows[string(k)] = bytes.Clone(v)
				}
				k, v = c.Next()
			}
			from, done = bytes.Clone(k), k == nil
			return nil
		})
		if err != nil {
			return fmt.Errorf("store: naming what is lost: %w", err)
		}
	}
	return s.keepHoles(rows, bad)
}

func (s *Store) keepHoles(rows map[string][]byte, bad map[clinic.Ref]clinic.Leaf) error {
	if len(rows) == 0 {
		return nil
	}
	for k, v := range rows {
		s.holes.add(clinic.ID([]byte(k)[:16]), holeOf([]byte(k), v, bad[refFrom(v)]))
	}
	return s.state.Update(func(tx *StateTx) error {
		for k, v := range rows {
			leaf := bad[refFrom(v)]
			if err := tx.Put(holesBucket, holeKey(refFrom(v)), join([]byte(k), v, leaf[:])); err != nil {
				return err
			}
		}
		return nil
	})
}

func holeKey(r clinic.Ref) string { return fmt.Sprintf("%d/%d", r.Journal, r.Index) }

// loadHoles reads what the state keeps. Values that do not open are left out, and
// entries that can be read: a cut came before they were dropped.
func (s *Store) loadHoles() error {
	err := s.state.ForEach(holesBucket, func(_ string, v []byte) error {
		const row, value = 32, refLen + 2
		if len(v) != row+value+len(clinic.Leaf{}) {
			return nil
		}
		h := holeOf(v[:row], v[row:row+value], clinic.Leaf(v[row+value:]))
		if r, err := s.logOf(h.Ref.Journal).Get(h.Ref.Index); err != nil || r.Hole() {
			s.holes.add(clinic.ID(v[:16]), h)
		}
		return nil
	})
	if errors.Is(err, ErrState) {
		return nil
	}
	return err
}

// dropHoles forgets what can be read again.
func (s *Store) dropHoles(refs []clinic.Ref) error {
	s.holes.drop(refs)
	return s.state.Update(func(tx *StateTx) error {
		for _, r := range refs {
			if err := tx.Delete(holesBucket, holeKey(r)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Holes returns how many entries of each journal are known to be unreadable.
func (s *Store) Holes() (own, in uint64) {
	a, b := s.Quarantine()
	return countBad(a), countBad(b)
}

func countBad(bad []journal.Bad) (n uint64) {
	for _, b := range bad {
		n += b.Count
	}
	return n
}

// rememberHoles reads what is known of entries that cannot be read, and asks the
// views about those that are new. Without an answer the records are open all the same.
func (s *Store) rememberHoles() {
	err := s.loadHoles()
	bad := badRefs(clinic.Own, s.own)
	maps.Copy(bad, badRefs(clinic.In, s.in))
	s.holes.unknown(bad)
	if err = errors.Join(err, s.nameHoles(bad)); err != nil {
		s.log.Error("entries that cannot be read are not named", "err", err)
	}
}

// unknown leaves what is not known yet.
func (h *holes) unknown(bad map[clinic.Ref]clinic.Leaf) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, all := range h.of {
		for _, x := range all {
			delete(bad, x.Ref)
		}
	}
}

// badRefs lists the entries in quarantine with their leaf hashes.
func badRefs(kind clinic.Journal, j *journal.Journal) map[clinic.Ref]clinic.Leaf {
	out := map[clinic.Ref]clinic.Leaf{}
	for _, b := range j.Quarantine() {
		for i := b.First; i < b.First+b.Count && len(out) < maxNamed; i++ {
			if r, err := j.Get(i); err == nil && r.Hole() {
				out[clinic.Ref{Journal: kind, Index: i}] = r.Leaf
			}
		}
	}
	return out
}

// maxNamed bounds what is named at once: a whole lost segment is millions of bytes
// of which only the number helps.
const maxNamed = 1 << 17
