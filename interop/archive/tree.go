package archive

import (
	"crypto/sha256"
	"math/bits"
)

// tree computes an RFC 6962 root from leaf hashes in order, in memory for its height.
type tree struct {
	size  uint64
	roots [][32]byte // of the full subtrees, the largest first
}

func (t *tree) add(leaf [32]byte) {
	h := leaf
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.roots) - 1
		h = node(t.roots[last], h)
		t.roots = t.roots[:last]
	}
	t.roots = append(t.roots, h)
	t.size++
}

func (t *tree) root() [32]byte {
	if len(t.roots) == 0 {
		return sha256.Sum256(nil)
	}
	h := t.roots[len(t.roots)-1]
	for i := len(t.roots) - 2; i >= 0; i-- {
		h = node(t.roots[i], h)
	}
	return h
}

func node(l, r [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:], l[:])
	copy(b[33:], r[:])
	return sha256.Sum256(b[:])
}

// rootOf follows an inclusion proof from a leaf to the root (RFC 9162 section 2.1.3.2);
// ok is false when the proof has not the length that it must have.
func rootOf(leaf [32]byte, index, size uint64, proof [][32]byte) (root [32]byte, ok bool) {
	if index >= size {
		return root, false
	}
	fn, sn, r := index, size-1, leaf
	for _, p := range proof {
		if sn == 0 {
			return root, false
		}
		if fn&1 == 1 || fn == sn {
			r = node(p, r)
			if fn&1 == 0 {
				shift := bits.TrailingZeros64(fn) // fn = sn > 0
				fn, sn = fn>>shift, sn>>shift
			}
		} else {
			r = node(r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	return r, sn == 0
}
