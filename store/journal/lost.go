package journal

import (
	"errors"
	"os"
)

// lostEnd decides about a last segment whose header and its copies cannot be read, for
// the reason given. Without a readable frame it is one that a power cut left while it
// was made, on a disk that lied about a flush: nil, and the next one takes its place.
// With frames it is lost like one in the middle, and the journal goes on behind it. A
// journal of one such segment is not opened, unless nothing was ever in it: a person
// must decide that a copy is put back, or that the records begin anew.
func (j *Journal) lostEnd(n uint32, cause error) (*segment, error) {
	g := &segment{path: segmentPath(j.cfg.Dir, n)}
	g.segment, g.kind = n, j.cfg.Kind
	f, err := j.cfg.FS.OpenFile(g.path, os.O_RDONLY, 0)
	if err != nil {
		return nil, errors.Join(cause, err)
	}
	g.file = f
	data, err := g.readAll()
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(cause, err)
	}
	s := scan(data, 0)
	frames := len(s.offsets) + s.dropped
	switch {
	case frames == 0 && (n > 0 || j.young()):
		j.log.Warn("journal segment was not finished and is made again", "kind", j.cfg.Kind, "segment", n)
		return nil, nil
	case n == 0:
		return nil, cause
	}
	j.log.Error("journal segment has lost its header", "kind", j.cfg.Kind, "segment", n, "entries", frames)
	g.file, g.offsets = nil, make([]uint32, frames)
	return g, nil
}

// young reports whether the journal never held an entry, as far as views and hashes
// know.
func (j *Journal) young() bool {
	fi, err := os.Stat(hashesPath(j.cfg.Dir))
	return j.cfg.Known == 0 && (err != nil || fi.Size() == 0)
}

// placeLost gives segments that are lost altogether the entries between their
// neighbours; the first of several neighbours takes all. At the end of the journal it
// is as many as were found or are known.
func (j *Journal) placeLost() {
	for n, g := range j.segs {
		if g.file != nil {
			continue
		}
		if n > 0 {
			g.first = j.segs[n-1].next()
		}
		end := max(g.next(), j.cfg.Known)
		for m := n + 1; m < len(j.segs); m++ {
			if next := j.segs[m]; next.file != nil {
				end = max(next.first, g.first)
				break
			}
		}
		g.offsets = make([]uint32, end-g.first)
		g.bad = []span{{count: uint32(len(g.offsets))}}
	}
}
