package main

import (
	"crypto/sha256"
	"slices"
)

// tree is an RFC 6962 tree of which only the roots of full subtrees are kept.
type tree struct {
	size uint64
	full [][32]byte
}

func node(l, r [32]byte) [32]byte { return sha256.Sum256(slices.Concat([]byte{1}, l[:], r[:])) }

func (t *tree) add(leaf [32]byte) {
	t.full = append(t.full, leaf)
	for t.size++; len(t.full) > ones(t.size); {
		n := len(t.full)
		t.full = append(t.full[:n-2], node(t.full[n-2], t.full[n-1]))
	}
}

func ones(n uint64) (c int) {
	for ; n > 0; n &= n - 1 {
		c++
	}
	return c
}

func (t *tree) root() [32]byte {
	if len(t.full) == 0 {
		return sha256.Sum256(nil)
	}
	h := t.full[len(t.full)-1]
	for _, l := range slices.Backward(t.full[:len(t.full)-1]) {
		h = node(l, h)
	}
	return h
}

// proves follows the line's proof (RFC 6962 section 2.1.1) from the root down: each split of the tree
// uses up one hash of the proof.
func (l *line) proves(size uint64, root [32]byte) bool {
	var left []bool // whether our half is the left one, from the root down
	for n, i := size, l.index; n > 1; {
		k := uint64(1)
		for k*2 < n {
			k *= 2
		}
		if i < k {
			left, n = append(left, true), k
		} else {
			left, n, i = append(left, false), n-k, i-k
		}
	}
	if len(l.proof) != len(left) {
		return false
	}
	h := l.leaf
	for n, p := range l.proof {
		if left[len(left)-1-n] {
			h = node(h, p)
		} else {
			h = node(p, h)
		}
	}
	return h == root
}

// checkpoints verifies the signed tree heads against the manifest.
func (v *verifier) checkpoints() error {
	for n, name := range []string{"checkpoint", "checkpoint-in"} {
		b, err := v.small(name)
		if err != nil {
			return err
		}
		origin, size, root, err := note(b, v.m.Key)
		j := v.m.Journals[n]
		want := "cb/" + v.m.Box + "/" + v.m.Epoch + []string{"", "/in"}[n]
		if err != nil || origin != want || origin != j.Origin || size != j.Size || string(root[:]) != string(j.Root) || j.Name != []string{"own", "in"}[n] {
			return refuse("%s does not say what the manifest says: %v", name, err)
		}
	}
	if v.files["cosigned"] == nil {
		return nil
	}
	b, err := v.small("cosigned")
	if err != nil {
		return err
	}
	origin, size, root, err := note(b, v.m.Key)
	if own := v.m.Journals[0]; err != nil || origin != own.Origin || size > own.Size || size == own.Size && string(root[:]) != string(own.Root) {
		return refuse("cosigned is not of this journal: %v", err)
	}
	v.witsz, v.wit = size, root
	v.wtext, v.sigs = noteLines(b)
	return nil
}
