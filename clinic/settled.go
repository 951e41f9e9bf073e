package clinic

import "slices"

// KindSettled is the kind of an entry by which somebody chose between versions of a
// document that boxes wrote apart from each other.
const KindSettled Kind = 14

// Settled is the body of KindSettled. The version that holds from now on is what the entry
// corrects; it stands in the visit of the document. Nothing is lost: all versions stay to
// be read, with their signatures.
type Settled struct {
	Over   [][]byte `cbor:"1,keyasint"`           // leaves of the versions that do not hold, 32 bytes each
	Merges [][]byte `cbor:"2,keyasint,omitempty"` // leaves of earlier choices that this one replaces
}

// newSettledBody is NewBody for the kind.
func newSettledBody(k Kind) any {
	if k == KindSettled {
		return new(Settled)
	}
	return nil
}

// Apart returns the versions that no other version corrects and no choice set aside, in
// order; more than one: boxes wrote apart, and nobody has chosen.
func (d *Document) Apart() (out []*Version) {
	if len(d.Versions) < 2 {
		return nil
	}
	corrected := map[Leaf]bool{}
	for i := range d.Versions {
		corrected[d.Versions[i].Record.Corrects] = true
	}
	for i := range d.Versions {
		if v := &d.Versions[i]; !corrected[v.Record.Leaf] && !d.over[v.Record.Leaf] {
			out = append(out, v)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// settle applies choices to documents: the version that was chosen, or what corrects it,
// becomes the current one. Choices that do not know each other and differ choose nothing.
func settle(docs []Document, choices []Record) {
	if len(choices) == 0 {
		return
	}
	for i := range docs {
		docs[i].settle(choices)
	}
}

func (d *Document) settle(choices []Record) {
	has := map[Leaf]bool{}
	for i := range d.Versions {
		has[d.Versions[i].Record.Leaf] = true
	}
	for _, c := range choices {
		if has[c.Corrects] {
			d.Choices = append(d.Choices, c)
		}
	}
	if len(d.Choices) == 0 {
		return
	}
	tips := notReplaced(d.Choices, func(r *Record) [][]byte { return r.Body.(*Settled).Merges })
	kept, over := map[Leaf]bool{}, map[Leaf]bool{}
	for i := range tips {
		kept[tips[i].Corrects] = true
		for _, o := range tips[i].Body.(*Settled).Over {
			if len(o) == len(Leaf{}) {
				over[Leaf(o)] = true
			}
		}
	}
	if len(kept) > 1 {
		return
	}
	d.over = over
	slices.SortStableFunc(d.Versions, func(a, b Version) int { // the last is current
		switch x, y := over[a.Record.Leaf], over[b.Record.Leaf]; {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	d.Conflict = d.Apart() != nil
	d.State = d.state()
}
