package journal

import "path/filepath"

// Extent is a file of a journal's folder that a copy needs.
type Extent struct {
	Name  string
	Size  int64 // how many of its bytes count; -1 = all
	Final bool  // it is written anew only to be mended
	// Check tells why the whole content is not what was written; nil = nobody can tell.
	Check func(content []byte) error
}

// Extents returns the size of the journal and the files that hold its entries at
// this moment. What counts of them stays as it is while the journal grows. The tree's
// hashes are made anew from them.
func (j *Journal) Extents() (size uint64, out []Extent) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	for n, g := range j.segs {
		if g.file == nil {
			continue
		}
		final := n < len(j.segs)-1
		out = append(
			out,
			Extent{Name: filepath.Base(g.path), Size: g.end, Final: final},
			Extent{Name: filepath.Base(offsetsPath("", g.segment)), Size: -1, Check: checkOffsets(g.segment)},
		)
	}
	return j.size, out
}

// checkOffsets tells why bytes are not an offsets file of a segment.
func checkOffsets(segment uint32) func(b []byte) error {
	return func(b []byte) error {
		n, ok := countIn(int64(len(b)))
		if !ok || !summed(b[offsetsHead+4*n+4:]) {
			return errOffsets
		}
		_, _, _, err := decodeOffsets(b[:offsetsHead+4*n+4], segment)
		return err
	}
}
