package journal

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
)

// Verifier recomputes a journal's tree from its entries and says what differs from
// what is stored. Give it every segment and every entry in order.
type Verifier struct {
	j      *Journal
	next   uint64
	hashes []tlog.Hash   // the whole tree, computed anew
	leaves []clinic.Leaf // of the segment in hand

	// Incomplete is how many hashes at the end of the tree are not stored, after
	// an unclean stop: the next open completes them.
	Incomplete int
}

// Verify begins a verification.
func (j *Journal) Verify() *Verifier { return &Verifier{j: j} }

// ReadHashes implements tlog.HashReader over the computed hashes.
func (v *Verifier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(v.hashes)) {
			return nil, fmt.Errorf("%w: hash %d", ErrRange, x)
		}
		out[i] = v.hashes[x]
	}
	return out, nil
}

// Root returns the tree head of the first n entries, computed anew.
func (v *Verifier) Root(n uint64) ([32]byte, error) { return rootOver(v, n) }

// Leaf returns the leaf hash of an entry that was verified; ErrRange for another.
func (v *Verifier) Leaf(index uint64) (clinic.Leaf, error) {
	if index >= v.next {
		return clinic.Leaf{}, fmt.Errorf("%w: entry %d of %d", ErrRange, index, v.next)
	}
	h, err := v.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
	if err != nil {
		return clinic.Leaf{}, err
	}
	return clinic.Leaf(h[0]), nil
}

// Find returns the first entry whose leaf hash begins with prefix.
func (v *Verifier) Find(prefix []byte) (index uint64, ok bool) {
	for i := range v.next {
		if l, err := v.Leaf(i); err == nil && bytes.HasPrefix(l[:], prefix) {
			return i, true
		}
	}
	return 0, false
}

// Segment verifies the beginning of a segment; it returns a problem in words.
func (v *Verifier) Segment(n int) string {
	g := v.j.segs[n]
	v.leaves = v.leaves[:0]
	switch {
	case g.file == nil:
		return "missing, or its header is lost"
	case g.first != v.next:
		return fmt.Sprintf("begins with entry %d, expected %d", g.first, v.next)
	case v.j.tree == nil || g.first == 0:
		return ""
	}
	if root, err := tlog.TreeHash(int64(g.first), v); err != nil || root != g.root {
		return "its header names another tree root for the entries before it"
	}
	return ""
}

// Entry verifies one entry; it returns a problem in words.
func (v *Verifier) Entry(r Raw) string {
	problem := ""
	if r.Hole() {
		problem = "cannot be read"
	}
	if r.Index != v.next {
		problem = fmt.Sprintf("comes where %d was expected", v.next)
	}
	v.next = r.Index + 1
	v.leaves = append(v.leaves, r.Leaf)
	if v.j.tree == nil {
		return problem
	}
	hs, err := tlog.StoredHashesForRecordHash(int64(r.Index), tlog.Hash(r.Leaf), v)
	if err != nil {
		return err.Error()
	}
	v.hashes = append(v.hashes, hs...)
	if stored, err := v.j.StoredLeaf(r.Index); err != nil || stored != r.Leaf && stored != (clinic.Leaf{}) {
		problem += " its leaf hash is not in the tree"
	}
	return problem
}

// Spares verifies what a segment has twice, after its entries: the copies of its header
// and the file beside it. Nothing is lost while one is left; it returns problems in words.
func (v *Verifier) Spares(n int) (problems []string) {
	w, ok := v.j.view(n)
	if !ok || w.file == nil {
		return nil
	}
	head := make([]byte, headerSize)
	if m, _ := w.file.ReadAt(head, 0); len(v.j.scrubHeader(w, head[:m])) > 0 {
		problems = append(problems, "a copy of its header is damaged")
	}
	have, err := os.ReadFile(offsetsPath(v.j.cfg.Dir, w.segment.segment))
	switch {
	case err != nil || len(have) < offsetsHead || !bytes.Equal(have[offsetsHead-headerSize:offsetsHead], w.block):
		problems = append(problems, "the copy of its header beside it is damaged")
	case w.last && checkOffsets(w.segment.segment)(have) != nil, !w.last && !bytes.Equal(have, w.encodeOffsets(v.leaves)):
		problems = append(problems, "the offsets beside it are damaged")
	}
	return problems
}

// End compares the stored tree with the computed one and returns the root.
func (v *Verifier) End() (root [32]byte, problem string) {
	if v.j.tree == nil {
		return root, ""
	}
	root, err := rootOver(v, v.next)
	if err != nil {
		return root, err.Error()
	}
	wrong := 0
	for i, h := range v.hashes {
		got, err := v.j.tree.ReadHashes([]int64{int64(i)})
		if err != nil {
			v.Incomplete = len(v.hashes) - i
			break
		}
		if got[0] != h {
			wrong++
		}
	}
	if wrong > 0 {
		return root, fmt.Sprintf("tree: %d of %d stored hashes are wrong", wrong, len(v.hashes))
	}
	return root, ""
}
