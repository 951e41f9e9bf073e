package clinic

import (
	"bytes"
	"cmp"
	"slices"
)

// Link is the body of KindLink: somebody said whether the entry's subject and Other
// are one person. Nothing of either is rewritten: they are read together while what
// was said last says so, and apart again after it was taken back. Of the two the
// subject leads: its details are the person's.
type Link struct {
	Other  []byte   `cbor:"1,keyasint"` // 16 bytes
	Same   bool     `cbor:"2,keyasint,omitempty"`
	Merges [][]byte `cbor:"3,keyasint,omitempty"` // leaves of further versions that this one replaces, beside Corrects
	// Centre: the centre says so, not somebody at a box.
	Centre *CentreLink `cbor:"4,keyasint,omitempty"`
}

// ByPerson reports whether a person said it, at a box or at the centre.
func (l *Link) ByPerson() bool { return l.Centre == nil || l.Centre.By == CentreOperator }

// open reports whether it takes back what was said and says nothing else.
func (l *Link) open() bool { return l.Centre != nil && l.Centre.Open }

// Pair returns the two patients that a KindLink record is about; ok is false for
// another record, and for one that names no two patients.
func (r *Record) Pair() (subject, other ID, ok bool) {
	b, is := r.Body.(*Link)
	if !is || len(b.Other) != len(other) {
		return ID{}, ID{}, false
	}
	other = ID(b.Other)
	return r.Subject, other, !r.Subject.IsZero() && !other.IsZero() && other != r.Subject
}

// Bond is what is said of two patients.
type Bond struct {
	A, B ID // in order of their bytes
	// Same: they are one person. Of answers that do not know each other all must say
	// so: to read two people as one is the worse mistake.
	Same  bool
	Split bool     // answers that do not know each other differ: somebody must look again
	Open  bool     // all that was said was taken back: as if nobody had said anything
	Lead  ID       // while Same: whose details count; zero = the answers differ in this
	Tips  []Record // the answers that count, the latest last
	All   []Record // every answer, oldest first
}

// Replaceable names the answers that no other replaces, the latest last: those that the
// next one replaces, also those of them that do not count.
func (b *Bond) Replaceable() (out []Leaf) {
	if len(b.All) == 0 {
		return nil
	}
	for _, r := range notReplaced(b.All, func(r *Record) [][]byte { return r.Body.(*Link).Merges }) {
		out = append(out, r.Leaf)
	}
	return out
}

// ByPerson reports whether a person gave the answer that counts.
func (b *Bond) ByPerson() bool {
	return slices.ContainsFunc(b.Tips, func(r Record) bool { return r.Body.(*Link).ByPerson() })
}

// TouchedByPerson reports whether a person ever gave an answer, also one that was taken
// back.
func (b *Bond) TouchedByPerson() bool {
	return slices.ContainsFunc(b.All, func(r Record) bool { return r.Body.(*Link).ByPerson() })
}

// Far returns the other patient of the bond.
func (b *Bond) Far(id ID) ID {
	if id == b.A {
		return b.B
	}
	return b.A
}

// Names reports whether the bond is about the patient.
func (b *Bond) Names(id ID) bool { return id == b.A || id == b.B }

// Bonds returns what the records say of pairs of patients, in order of the pairs.
// The order of the records does not matter; records that are no links are left out.
func Bonds(records []Record) []Bond {
	pairs := map[[2]ID][]Record{}
	for _, r := range distinct(records) {
		a, b, ok := r.Pair()
		if !ok {
			continue
		}
		if bytes.Compare(a[:], b[:]) > 0 {
			a, b = b, a
		}
		pairs[[2]ID{a, b}] = append(pairs[[2]ID{a, b}], r)
	}
	out := make([]Bond, 0, len(pairs))
	for p, all := range pairs {
		out = append(out, bondOf(p[0], p[1], all))
	}
	slices.SortFunc(out, func(x, y Bond) int {
		return cmp.Or(bytes.Compare(x.A[:], y.A[:]), bytes.Compare(x.B[:], y.B[:]))
	})
	return out
}

func bondOf(a, b ID, all []Record) Bond {
	out := Bond{A: a, B: b, All: all}
	out.Tips = counting(notReplaced(all, func(r *Record) [][]byte { return r.Body.(*Link).Merges }))
	if out.Open = out.Tips[0].Body.(*Link).open(); out.Open {
		return out
	}
	yes := 0
	for i := range out.Tips {
		if out.Tips[i].Body.(*Link).Same {
			yes++
		}
	}
	out.Same, out.Split = yes == len(out.Tips), yes > 0 && yes < len(out.Tips)
	if !out.Same {
		return out
	}
	out.Lead = out.Tips[0].Subject
	for i := range out.Tips {
		if out.Tips[i].Subject != out.Lead {
			out.Lead = ID{}
			break
		}
	}
	return out
}

// counting returns those of the answers that count: what a rule of the centre says counts
// for nothing beside what a person said, and what was taken back for nothing beside both.
func counting(tips []Record) []Record {
	for _, less := range []func(*Link) bool{(*Link).open, func(l *Link) bool { return !l.ByPerson() }} {
		rest := slices.DeleteFunc(slices.Clone(tips), func(r Record) bool { return less(r.Body.(*Link)) })
		if len(rest) > 0 {
			tips = rest
		}
	}
	return tips
}

// notReplaced returns the records that no other of them replaces, by what it
// corrects or by what it merges; all of them when damaged input replaces itself.
func notReplaced(all []Record, merges func(*Record) [][]byte) []Record {
	replaced := map[Leaf]bool{}
	for i := range all {
		replaced[all[i].Corrects] = true
		for _, m := range merges(&all[i]) {
			if len(m) == len(Leaf{}) {
				replaced[Leaf(m)] = true
			}
		}
	}
	tips := slices.DeleteFunc(slices.Clone(all), func(r Record) bool { return replaced[r.Leaf] })
	if len(tips) == 0 {
		return all
	}
	return tips
}

// Identity is one person: every patient ID that is linked with the others, directly
// or by way of others.
type Identity struct {
	IDs   []ID   // the leading one first, the rest in order of their bytes; never empty
	Bonds []Bond // everything that is said of one of the IDs, with others too
}

// Lead returns the ID whose details are the person's and whose pages are theirs.
func (x *Identity) Lead() ID { return x.IDs[0] }

// Has reports whether the ID is the person's.
func (x *Identity) Has(id ID) bool { return slices.Contains(x.IDs, id) }

// Joined reports whether the person has more than one ID.
func (x *Identity) Joined() bool { return len(x.IDs) > 1 }

// Between returns what is said of one of the person's IDs and one of the other's.
func (x *Identity) Between(other *Identity) []Bond {
	return slices.DeleteFunc(slices.Clone(x.Bonds), func(b Bond) bool {
		return !(x.Has(b.A) && other.Has(b.B) || x.Has(b.B) && other.Has(b.A))
	})
}

// Against returns what says that two of the person's IDs are two people, although
// others link them: boxes that were apart were told so. It must be seen.
func (x *Identity) Against() []Bond {
	return slices.DeleteFunc(x.Between(x), func(b Bond) bool { return b.Same || b.Open })
}

// Identify walks from a patient over what links returns: the KindLink records that
// name an ID, on either side. It is a function of the set of these records, and the
// same from each ID of the person.
func Identify(id ID, links func(ID) ([]Record, error)) (Identity, error) {
	out := Identity{IDs: []ID{id}}
	met := map[[2]ID]bool{}
	for i := 0; i < len(out.IDs); i++ {
		records, err := links(out.IDs[i])
		if err != nil {
			return Identity{}, err
		}
		for _, b := range Bonds(records) {
			if met[[2]ID{b.A, b.B}] || !b.Names(out.IDs[i]) {
				continue
			}
			met[[2]ID{b.A, b.B}] = true
			out.Bonds = append(out.Bonds, b)
			if far := b.Far(out.IDs[i]); b.Same && !out.Has(far) {
				out.IDs = append(out.IDs, far)
			}
		}
	}
	out.order()
	return out, nil
}

// order puts the leading ID first: one that joined no other; of several, or of none,
// the smallest.
func (x *Identity) order() {
	slices.SortFunc(x.IDs, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	slices.SortFunc(x.Bonds, func(p, q Bond) int {
		return cmp.Or(bytes.Compare(p.A[:], q.A[:]), bytes.Compare(p.B[:], q.B[:]))
	})
	joins := func(id ID) bool {
		return slices.ContainsFunc(x.Bonds, func(b Bond) bool { return b.Same && b.Names(id) && !b.Lead.IsZero() && b.Lead != id })
	}
	if i := slices.IndexFunc(x.IDs, func(id ID) bool { return !joins(id) }); i > 0 {
		lead := x.IDs[i]
		x.IDs = slices.Insert(slices.Delete(x.IDs, i, i+1), 0, lead)
	}
}

// Join returns the details of a person from those of each ID, the leading one first:
// the first's, with the numbers of all and the birth from the first that knows the
// mother. A nil has none yet.
func Join(parts ...*Patient) *Patient {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p *Patient) bool { return p == nil })
	if len(parts) == 0 {
		return nil
	}
	if len(parts) == 1 {
		return parts[0]
	}
	out := *parts[0]
	if i := slices.IndexFunc(parts, func(p *Patient) bool { return len(p.Mother) > 0 }); i > 0 {
		b := parts[i]
		out.Mother, out.Order, out.Of, out.BirthTime, out.BornGrams, out.Born = b.Mother, b.Order, b.Of, b.BirthTime, b.BornGrams, b.Born
	}
	out.Identifiers = nil
	for _, p := range slices.Backward(parts) { // Current takes the last: the leading one's
		for _, n := range p.Identifiers {
			out.Identifiers = append(slices.DeleteFunc(out.Identifiers, func(o Identifier) bool { return o == n }), n)
		}
	}
	all := out.Identifiers
	out.Identifiers = slices.DeleteFunc(slices.Clone(all), func(n Identifier) bool { // what one part is sure of
		return n.Unsure && slices.ContainsFunc(all, func(o Identifier) bool {
			return !o.Unsure && o.To.IsZero() && o.System == n.System && o.Value == n.Value
		})
	})
	return &out
}
