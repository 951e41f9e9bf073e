package journal

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
)

// repairTree makes the file of hashes agree with the segments. What stands before
// the last segment was synced when that began and is verified by the root in its
// header; the last segment's hashes are computed anew.
func (j *Journal) repairTree() error {
	last := j.segs[len(j.segs)-1]
	from := len(j.segs) - 1
	if have, err := j.tree.stored(); err != nil || have < tlog.StoredHashCount(int64(last.first)) {
		from = 0
	} else if root, err := j.tree.root(last.first); err != nil || (last.first > 0 && root != last.root) {
		from = 0
	}
	if from == 0 && len(j.segs) > 1 {
		j.log.Warn("tree hashes are computed anew", "kind", j.cfg.Kind, "entries", j.size)
	}
	for _, g := range j.segs[from:] {
		if err := j.repairSegment(g); err != nil {
			return err
		}
	}
	if err := j.tree.cut(j.size); err != nil {
		return fmt.Errorf("journal: hashes: %w", err)
	}
	if root, err := j.tree.root(last.first); err != nil || (last.first > 0 && root != last.root) {
		// Entries were damaged before their leaf hashes were lost too.
		j.log.Error("tree differs from the root in the last segment", "kind", j.cfg.Kind, "size", last.first)
	}
	if from == 0 && last.first > 0 {
		return j.tree.file.Sync()
	}
	return nil
}

func (j *Journal) repairSegment(g *segment) error {
	j.tree.begin(g.first)
	changed := false
	err := g.each(j.seal, func(place uint32, r Raw, ok bool) error {
		i := g.first + uint64(place)
		kept, kerr := j.keptLeaf(i)
		if !ok {
			r.Leaf = kept
			if kerr != nil || kept == (clinic.Leaf{}) {
				r.Leaf = lostLeaf(j.cfg.Kind, g.epoch, i)
			}
			if g.offsets[place] != 0 { // the sum was right, the seal was not
				g.offsets[place] = 0
				g.bad = append(g.bad, span{place: place, count: 1})
				j.log.Error("journal entry set aside", "kind", j.cfg.Kind, "index", i)
			}
		}
		changed = changed || kerr != nil || kept != r.Leaf
		return j.tree.add(i, r.Leaf)
	})
	if err != nil {
		return err
	}
	if n, err := j.tree.stored(); err == nil && !changed && n >= j.tree.base+int64(len(j.tree.pending)) && j.sameHashes() {
		j.tree.pending = j.tree.pending[:0]
		return nil
	}
	return full(j.tree.write())
}

// keptLeaf reads the leaf from the file, not from what is pending.
func (j *Journal) keptLeaf(i uint64) (clinic.Leaf, error) {
	t := tree{file: j.tree.file}
	return t.leaf(i)
}

func (j *Journal) sameHashes() bool {
	t := tree{file: j.tree.file}
	for i, h := range j.tree.pending {
		if got, err := t.ReadHashes([]int64{j.tree.base + int64(i)}); err != nil || got[0] != h {
			return false
		}
	}
	return true
}
