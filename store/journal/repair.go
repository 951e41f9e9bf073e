package journal

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
)

// repairTree makes the file of hashes agree with the segments. What stands before
// the last segment was synced when that began and is verified by the root in its
// header; the last segment's hashes are computed anew. All are where a mark tells that a
// repair was cut. A file with a bad sector is emptied, which gives it other sectors, and
// computed anew as a whole.
func (j *Journal) repairTree() error {
	err := j.completeTree()
	if err == nil {
		_, err = j.tree.root(j.size)
	}
	if !errors.Is(err, syscall.EIO) || j.cfg.ReadOnly {
		return err
	}
	j.log.Error("tree hashes cannot be read and are computed anew", "kind", j.cfg.Kind, "err", err)
	if err := j.tree.cut(0); err != nil {
		return err
	}
	return j.completeTree()
}

func (j *Journal) completeTree() error {
	last := j.segs[len(j.segs)-1]
	from, marked := len(j.segs)-1, j.staleHashes()
	if marked {
		from = 0
	} else if have, err := j.tree.stored(); err != nil || have < tlog.StoredHashCount(int64(last.first)) {
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
	if !j.tree.owed && !j.cfg.ReadOnly {
		if err := j.tree.cut(j.size); err != nil {
			return fmt.Errorf("journal: hashes: %w", err)
		}
	}
	if root, err := j.tree.root(last.first); err != nil || (last.first > 0 && last.file != nil && root != last.root) {
		// Entries were damaged before their leaf hashes were lost too.
		j.log.Error("tree differs from the root in the last segment", "kind", j.cfg.Kind, "size", last.first)
	}
	if from > 0 || last.first == 0 && !marked || j.tree.owed || j.cfg.ReadOnly {
		return nil
	}
	if err := j.tree.file.Sync(); err != nil {
		return err
	}
	if marked {
		j.hashesRight()
	}
	return nil
}

func (j *Journal) repairSegment(g *segment) error {
	if !j.tree.owed {
		j.tree.begin(g.first)
	}
	at, had := tlog.StoredHashCount(int64(g.first)), len(j.tree.pending)
	kept := j.keptHashes(g)
	err := g.each(func(place uint32, r Raw, ok bool) error {
		i := g.first + uint64(place)
		if !ok {
			if r.Leaf = j.savedLeaf(g, place); r.Leaf == (clinic.Leaf{}) {
				r.Leaf = kept.leaf(tlog.StoredHashIndex(0, int64(i)) - at)
			}
			if r.Leaf == (clinic.Leaf{}) {
				r.Leaf = lostLeaf(j.cfg.Kind, g.epoch, i)
			}
			if g.offsets[place] != 0 { // the sum was right, the seal was not
				g.offsets[place] = 0
				g.bad = append(g.bad, span{place: place, count: 1})
				j.log.Error("journal entry set aside", "kind", j.cfg.Kind, "index", i)
			}
		}
		return j.tree.add(i, r.Leaf)
	})
	if err != nil || j.tree.owed {
		return err
	}
	if kept.begins(j.tree.pending[had:]) { // the usual case: nothing to write
		j.tree.pending = j.tree.pending[:0]
		return nil
	}
	if j.cfg.ReadOnly {
		j.tree.owed = true
		return nil
	}
	if err = full(j.tree.write()); errors.Is(err, ErrFull) {
		j.log.Error("disk full: tree hashes stay in memory", "kind", j.cfg.Kind)
		j.tree.owed = true
		return nil
	}
	return err
}

// kept is the stored hashes of a segment as they are before the repair.
type kept []byte

// keptHashes reads what the file holds of a segment's hashes, in one go.
func (j *Journal) keptHashes(g *segment) kept {
	from, to := tlog.StoredHashCount(int64(g.first)), tlog.StoredHashCount(int64(g.next()))
	b := make([]byte, (to-from)*hashSize)
	n, _ := j.tree.file.ReadAt(b, from*hashSize) // what is missing is computed
	return kept(b[:n])
}

// leavesOf returns the stored leaf hashes of a segment; none without a tree.
func (j *Journal) leavesOf(g *segment) []clinic.Leaf {
	leaves := make([]clinic.Leaf, len(g.offsets))
	if j.tree == nil {
		return leaves
	}
	at, kept := tlog.StoredHashCount(int64(g.first)), j.keptHashes(g)
	for i := range leaves {
		leaves[i] = kept.leaf(tlog.StoredHashIndex(0, int64(g.first)+int64(i)) - at)
	}
	return leaves
}

func (k kept) leaf(i int64) (l clinic.Leaf) {
	if (i+1)*hashSize <= int64(len(k)) {
		copy(l[:], k[i*hashSize:])
	}
	return l
}

func (k kept) begins(hashes []tlog.Hash) bool {
	if len(k) < len(hashes)*hashSize {
		return false
	}
	for i := range hashes {
		if string(hashes[i][:]) != string(k[i*hashSize:(i+1)*hashSize]) {
			return false
		}
	}
	return true
}
