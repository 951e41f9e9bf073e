package journal

import "path/filepath"

// Extent is a file of a journal's folder that a copy needs.
type Extent struct {
	Name  string
	Size  int64 // how many of its bytes count; -1 = all
	Final bool  // it is written anew only to be mended
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
			Extent{filepath.Base(g.path), g.end, final},
			Extent{filepath.Base(offsetsPath("", g.segment)), -1, false},
		)
	}
	return j.size, out
}
