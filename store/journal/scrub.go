package journal

import (
	"bytes"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
)

// Part names what of a journal a flaw is in.
type Part string

// The parts of a journal's folder.
const (
	PartFrame   Part = "entry"   // the sealed entry: it reads as a hole
	PartHeader  Part = "header"  // one of the header's copies
	PartOffsets Part = "offsets" // the file beside the segment
	PartHashes  Part = "hashes"  // the tree's file
)

// Flaw is something on the medium that is not as it must be.
type Flaw struct {
	Part         Part
	Segment      uint32
	First, Count uint64 // the entries that it is about
}

// Source reads a file of a journal's folder, such as 00000005.seg, from a medium.
// What cannot be read of it is zeros.
type Source func(name string) ([]byte, error)

// view is a segment as it is at one moment.
type view struct {
	*segment
	offsets []uint32
	end     int64
	last    bool
}

func (j *Journal) view(n int) (v view, ok bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if n >= len(j.segs) || j.closed {
		return v, false
	}
	g := j.segs[n]
	return view{segment: g, offsets: g.offsets[:len(g.offsets):len(g.offsets)], end: g.end, last: n == len(j.segs)-1}, true
}

// Scrub reads a segment and what lies beside it, and returns what is wrong: every
// frame must open in its place, its leaf hash and those above it must be in the
// tree, both copies of the header and the offsets file must say what is so. It may
// run beside a Batch. What it finds unreadable is listed by Quarantine from then on.
func (j *Journal) Scrub(n int, src Source) ([]Flaw, error) {
	v, ok := j.view(n)
	if !ok {
		return nil, ErrClosed
	}
	if v.file == nil {
		return []Flaw{{Part: PartFrame, Segment: uint32(n), First: v.first, Count: uint64(len(v.offsets))}}, nil
	}
	data, err := src(filepath.Base(v.path))
	if err != nil {
		return nil, err
	}
	flaws := j.scrubHeader(v, data)
	leaves := make([]clinic.Leaf, len(v.offsets))
	var lost []bool
	for place, r := range v.entries(j, data) {
		leaves[place] = r.Leaf
		if lost = append(lost, r.Hole()); r.Hole() && v.offsets[place] != 0 {
			j.rotten(r.Index)
		}
	}
	flaws = append(flaws, v.flaws(PartFrame, lost)...)
	flaws = append(flaws, v.flaws(PartHashes, j.wrongHashes(v, leaves))...)
	return append(flaws, j.scrubOffsets(v, leaves, src)...), nil
}

// entries passes every place with what the bytes hold there; a hole has the leaf
// hash that is known of it.
func (v *view) entries(j *Journal, data []byte) func(func(int, Raw) bool) {
	return func(yield func(int, Raw) bool) {
		o := v.opener()
		for place := range v.offsets {
			r, ok := o.at(data, v.offsets[place], uint32(place))
			if !ok {
				r = j.hole(v.segment, uint32(place))
			}
			if !yield(place, r) {
				return
			}
		}
	}
}

// at opens the frame of a place that stands at an offset; 0 is nowhere.
func (o *opener) at(data []byte, off, place uint32) (r Raw, ok bool) {
	f, ok := frameAt(data, int64(off))
	if !ok || off == 0 || f.place != place {
		return r, false
	}
	return o.open(f)
}

// flaws gathers the places that are marked into stretches.
func (v *view) flaws(part Part, marked []bool) (out []Flaw) {
	for place := 0; place < len(marked); place++ {
		first := place
		for place < len(marked) && marked[place] {
			place++
		}
		if place > first {
			out = append(out, Flaw{part, v.segment.segment, v.first + uint64(first), uint64(place - first)})
		}
	}
	return out
}

func (j *Journal) scrubHeader(v view, data []byte) []Flaw {
	if len(data) >= headerSize && bytes.Equal(data[:headerSize], v.block) {
		return nil
	}
	return []Flaw{{Part: PartHeader, Segment: v.segment.segment, First: v.first}}
}

// wrongHashes marks the places whose hashes in the tree's file are not those that
// the leaves give.
func (j *Journal) wrongHashes(v view, leaves []clinic.Leaf) []bool {
	if j.tree == nil {
		return nil
	}
	wrong := make([]bool, len(leaves))
	for place, leaf := range leaves {
		j.treeMu.Lock()
		i := int64(v.first) + int64(place)
		want, err := tlog.StoredHashesForRecordHash(i, tlog.Hash(leaf), j.tree)
		if err == nil {
			at := tlog.StoredHashIndex(0, i)
			var have []tlog.Hash
			have, err = j.tree.ReadHashes(indexes(at, len(want)))
			wrong[place] = err != nil || !slices.Equal(have, want)
		} else {
			wrong[place] = true
		}
		j.treeMu.Unlock()
	}
	return wrong
}

func indexes(from int64, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = from + int64(i)
	}
	return out
}

// scrubOffsets compares the offsets file with the one that would be written now.
func (j *Journal) scrubOffsets(v view, leaves []clinic.Leaf, src Source) []Flaw {
	have, err := src(filepath.Base(offsetsPath("", v.segment.segment)))
	if err == nil && bytes.Equal(have, v.encodeOffsets(leaves)) {
		return nil
	}
	return []Flaw{{Part: PartOffsets, Segment: v.segment.segment, First: v.first}}
}

// encodeOffsets is the offsets file of a segment; while it grows, that holds the
// copy of the header only.
func (v *view) encodeOffsets(leaves []clinic.Leaf) []byte {
	g := segment{header: v.header, block: v.block, offsets: v.offsets, end: v.end}
	if v.last {
		g.offsets, g.end, leaves = nil, headerSize, nil
	}
	return encodeOffsets(&g, leaves)
}

// MendBeside writes the offsets file and the tree's hashes of a segment anew where
// they are wrong: both follow from the entries. It must not run beside a Batch. When the
// hashes cannot be written, that is ErrFatal: the next open computes them anew.
func (j *Journal) MendBeside(n int, src Source) error {
	v, ok := j.view(n)
	if !ok || v.file == nil {
		return nil
	}
	data, err := src(filepath.Base(v.path))
	if err != nil {
		return err
	}
	leaves := make([]clinic.Leaf, len(v.offsets))
	for place, r := range v.entries(j, data) {
		leaves[place] = r.Leaf
	}
	if slices.Contains(j.wrongHashes(v, leaves), true) {
		if err := j.markHashes(); err != nil {
			return err
		}
		if err := j.rehash(v.first); err != nil {
			return j.fatal(err)
		}
	}
	if j.scrubOffsets(v, leaves, src) == nil {
		return nil
	}
	return full(writeBeside(j, v, leaves))
}
