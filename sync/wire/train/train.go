// Package train makes the dictionaries of package wire from records of invented
// boxes. It is part of a tool, not of the programs. The same boxes give the same
// bytes: nothing here is random, and what is random in records is in no skeleton.
package train

import (
	"cmp"
	"container/heap"
	"crypto/ed25519"
	"errors"
	"slices"

	"github.com/klauspost/compress/zstd"

	"clinicbox/sync/wire"
)

// Opts of Train.
type Opts struct {
	ID     uint32
	Size   int         // of the content, in bytes
	Gram   int         // bytes that count as something repeated, at most 8
	Window int         // longest piece of an entry that is taken at once
	Naming wire.Naming // of the boxes' identifiers
}

// DefaultOpts are measured on boxes that nothing was trained on (docs/sync.md).
func DefaultOpts(id uint32) Opts { return Opts{ID: id, Size: 32 << 10, Gram: 8, Window: 192} }

// errFew tells that the boxes have nothing in common.
var errFew = errors.New("train: nothing stands in two boxes")

// Train makes a dictionary from what boxes wrote. Its content is chosen as COVER does
// (Liao, Petri, Moffat, Wirth: Effective construction of relative Lempel-Ziv
// dictionaries, 2016): again and again the piece of a skeleton whose grams, those not
// chosen yet, stand in most entries. A gram counts when it stands in two boxes: what
// one box repeats is its own. The tables are made by the library, from frames.
func Train(boxes [][]wire.Raw, o Opts) ([]byte, error) {
	var entries [][][]byte // of each box
	var bodies [][]byte
	for _, raws := range boxes {
		of := [][]byte{}
		for _, d := range frames(raws) {
			b, skeletons, err := d.Fodder(o.Naming)
			if err != nil {
				return nil, err
			}
			bodies = append(bodies, b)
			of = append(of, b[:min(headSize, len(b))])
			of = append(of, skeletons...)
		}
		entries = append(entries, of)
	}
	content := choose(entries, o)
	if len(content) == 0 {
		return nil, errFew
	}
	return zstd.BuildDict(zstd.BuildDictOptions{
		ID: o.ID, Contents: bodies, History: content, Offsets: [3]int{1, 4, 8}, Level: zstd.SpeedBetterCompression,
	})
}

// headSize is about what stands before the entries in a frame.
const headSize = 160

// frames packs entries as boxes send them, a visit alone and a few at once. Those with
// long byte strings (certificates, wrapped keys) are left out: they stay in skeletons.
func frames(raws []wire.Raw) (out []*wire.Data) {
	for at, n := 0, 0; at < len(raws); n++ {
		b := wire.NewDataBuilder(wire.Epoch{}, raws[at].Index, 1<<(11+n%3))
		for at < len(raws) && !long(raws[at].Bytes) && b.Add(raws[at]) {
			at++
		}
		if b.Len() > 0 {
			d := b.Data(wire.Hash{}, 0)
			d.Checkpoint = make([]byte, ed25519.SignatureSize)
			out = append(out, d)
		} else {
			at++
		}
	}
	return out
}

// gram is o.Gram bytes.
type gram uint64

// count is in how many entries a gram stands, while it is not chosen.
type count struct {
	entries, last int
	box           int
	shared        bool
}

type piece struct {
	text  []byte
	score int
	order int // as it was found, which decides between equals
}

func choose(boxes [][][]byte, o Opts) []byte {
	counts, pieces := survey(boxes, o)
	value := func(text []byte) (sum int) {
		for g := range grams(text, o.Gram) {
			if c := counts[g]; c != nil && c.shared {
				sum += c.entries
			}
		}
		return sum
	}
	h := &best{}
	for _, p := range pieces {
		if p.score = value(p.text); p.score > 0 {
			h.pieces = append(h.pieces, p)
		}
	}
	heap.Init(h)
	var chosen [][]byte
	room := o.Size
	for room >= o.Gram && h.Len() > 0 {
		p := h.pieces[0]
		now := value(p.text) // it only falls: who was best and still is, is best
		switch {
		case now < 2*len(p.text)/3, len(p.text) > room:
			heap.Pop(h)
		case now < p.score:
			h.pieces[0].score = now
			heap.Fix(h, 0)
		default:
			heap.Pop(h)
			p.text = trim(p.text, o.Gram, counts)
			for g := range grams(p.text, o.Gram) {
				delete(counts, g)
			}
			chosen = append(chosen, p.text)
			room -= len(p.text)
		}
	}
	slices.Reverse(chosen) // what is near the end is cheap to point to
	return slices.Concat(chosen...)
}

// survey counts grams and cuts the entries into pieces.
func survey(boxes [][][]byte, o Opts) (map[gram]*count, []piece) {
	counts, seen, n := map[gram]*count{}, map[string]bool{}, 0
	var pieces []piece
	for box, entries := range boxes {
		for _, text := range entries {
			n++
			for g := range grams(text, o.Gram) {
				c := counts[g]
				if c == nil {
					c = &count{box: box}
					counts[g] = c
				}
				if c.last != n {
					c.entries, c.last, c.shared = c.entries+1, n, c.shared || c.box != box
				}
			}
			for at := 0; at+o.Gram <= len(text); at += max(o.Window/4, 1) {
				w := text[at:min(at+o.Window, len(text))]
				if !seen[string(w)] {
					seen[string(w)] = true
					pieces = append(pieces, piece{text: w, order: len(pieces)})
				}
			}
		}
	}
	return counts, pieces
}

// grams yields each gram of a text once.
func grams(text []byte, n int) func(func(gram) bool) {
	return func(yield func(gram) bool) {
		var window gram
		mask := ^gram(0) >> (64 - 8*n)
		for i, c := range text {
			window = (window<<8 | gram(c)) & mask
			if i >= n-1 && !yield(window) {
				return
			}
		}
	}
}

// trim drops what is worth nothing from both ends.
func trim(text []byte, n int, counts map[gram]*count) []byte {
	first, last, i := -1, 0, 0
	for g := range grams(text, n) {
		if c := counts[g]; c != nil && c.shared && c.entries > 1 {
			if first < 0 {
				first = i
			}
			last = i + n
		}
		i++
	}
	return text[max(first, 0):max(last, max(first, 0))]
}

// best is a heap of pieces, the most worth a byte first.
type best struct{ pieces []piece }

func (b *best) Len() int      { return len(b.pieces) }
func (b *best) Swap(i, j int) { b.pieces[i], b.pieces[j] = b.pieces[j], b.pieces[i] }
func (b *best) Push(x any)    { b.pieces = append(b.pieces, x.(piece)) }
func (b *best) Less(i, j int) bool {
	p, q := &b.pieces[i], &b.pieces[j]
	return cmp.Or(cmp.Compare(q.score, p.score), cmp.Compare(p.order, q.order)) < 0
}

func (b *best) Pop() any {
	last := b.pieces[len(b.pieces)-1]
	b.pieces = b.pieces[:len(b.pieces)-1]
	return last
}
