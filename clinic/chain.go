package clinic

import (
	"bytes"
	"cmp"
	"slices"
)

// Version is one version of a document, for ever readable.
type Version struct {
	Record   Record
	Signed   []Signature // who confirmed this version, oldest first
	Void     []Signature // confirmations that do not count (JudgeSignatures), shown all the same
	Conflict bool        // another version corrects the same entry: both stay
	Legal    *Legal      // X.509 signatures; nil for a kind that needs none
}

// Signature tells who confirmed and when.
type Signature struct {
	By      ID
	Record  Record // the KindSigned entry
	Trusted bool   // whether the clock was trusted then
	State   SignatureState
}

// DocState tells whether a document's current version is confirmed.
type DocState uint8

// The states of a document.
const (
	DocUnsigned DocState = 1 // no version was signed
	DocSigned   DocState = 2 // the current version is signed
	DocAmended  DocState = 3 // an earlier version is signed, the current one is not
)

// Document is a clinical document of a visit with all its versions.
type Document struct {
	Kind     Kind
	Versions []Version // in order of correction; the last is current
	State    DocState
	Conflict bool     // somewhere two versions correct the same entry, and nobody has chosen
	Choices  []Record // KindSettled, oldest first

	over map[Leaf]bool // versions that a choice set aside
}

// Current returns the version that counts. A Document has at least one.
func (d *Document) Current() *Version { return &d.Versions[len(d.Versions)-1] }

// Leaf returns the name of the current version: what a correction corrects.
func (d *Document) Leaf() Leaf { return d.Current().Record.Leaf }

// documents makes documents of the distinct records of one kind, oldest first.
func documents(kind Kind, records []Record, signed map[Leaf][]Signature) (out []Document) {
	links := linkAll(records)
	for _, g := range chains(records) {
		d := Document{Kind: kind}
		for _, r := range g {
			ver := Version{Record: r, Signed: slices.Clone(signed[r.Leaf]), Conflict: links[r.Leaf].conflict}
			d.Conflict = d.Conflict || ver.Conflict
			d.Versions = append(d.Versions, ver)
		}
		d.State = d.state()
		out = append(out, d)
	}
	return out
}

// distinct returns the records sorted by hybrid time, each leaf once: an entry
// may stand in both journals, and the order of arrival must not matter.
func distinct(records []Record) []Record {
	out := slices.Clone(records)
	slices.SortFunc(out, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.HLC, b.HLC), bytes.Compare(a.Leaf[:], b.Leaf[:]),
			cmp.Compare(a.Ref.Journal, b.Ref.Journal), cmp.Compare(a.Ref.Index, b.Ref.Index))
	})
	return slices.CompactFunc(out, func(a, b Record) bool { return a.Leaf == b.Leaf })
}

// link is a record's place in its tree of corrections.
type link struct {
	root     Leaf   // leaf of the first version, or of what is missing
	time     uint64 // highest hybrid time on the way from the root
	depth    int
	conflict bool
}

// chains groups distinct records that correct each other, oldest chain first.
// Within a chain a correction stands after what it corrects even if its box's
// clock was behind; of two tips the later by hybrid time is last.
func chains(records []Record) [][]Record {
	links := linkAll(records)
	groups := map[Leaf][]Record{}
	var roots []Leaf
	for _, r := range records {
		root := links[r.Leaf].root
		if groups[root] == nil {
			roots = append(roots, root)
		}
		groups[root] = append(groups[root], r)
	}
	out := make([][]Record, 0, len(roots))
	for _, root := range roots {
		g := groups[root]
		slices.SortFunc(g, func(a, b Record) int {
			la, lb := links[a.Leaf], links[b.Leaf]
			return cmp.Or(cmp.Compare(la.time, lb.time), cmp.Compare(la.depth, lb.depth),
				cmp.Compare(a.HLC, b.HLC), bytes.Compare(a.Leaf[:], b.Leaf[:]))
		})
		out = append(out, g)
	}
	return out
}

func linkAll(records []Record) map[Leaf]link {
	byLeaf := make(map[Leaf]*Record, len(records))
	rivals := map[Leaf]int{}
	for i := range records {
		byLeaf[records[i].Leaf] = &records[i]
	}
	for i := range records {
		if r := &records[i]; r.Corrects != (Leaf{}) {
			rivals[r.Corrects]++
		}
	}
	links := make(map[Leaf]link, len(records))
	for i := range records {
		place(&records[i], byLeaf, links)
	}
	for leaf, l := range links {
		l.conflict = rivals[byLeaf[leaf].Corrects] > 1
		links[leaf] = l
	}
	return links
}

// place computes r's link after its ancestors'. Hashes cannot form a cycle; a
// damaged input can, so the walk stops at a record that it has already met.
func place(r *Record, byLeaf map[Leaf]*Record, links map[Leaf]link) {
	var path []*Record
	met := map[Leaf]bool{}
	for p := r; p != nil && !met[p.Leaf]; p = byLeaf[p.Corrects] {
		if _, done := links[p.Leaf]; done {
			break
		}
		met[p.Leaf] = true
		path = append(path, p)
	}
	for _, p := range slices.Backward(path) {
		l := link{root: p.Leaf, time: p.HLC}
		if up, ok := links[p.Corrects]; ok {
			l = link{root: up.root, time: max(p.HLC, up.time), depth: up.depth + 1}
		} else if p.Corrects != (Leaf{}) {
			l.root = p.Corrects // what it corrects is not here (yet)
		}
		links[p.Leaf] = l
	}
}
