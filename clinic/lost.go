package clinic

import (
	"slices"
	"time"
)

// inVisit reports whether entries of the kind stand in visits.
func (k Kind) inVisit() bool {
	return k >= KindVisit && k <= KindLegalSigned || k == KindPaper || k == KindDispensed || k == KindReturned || k.IsDocument()
}

// Lose tells the patient's file what can no longer be read: nothing that misses an
// entry may look whole. Call it after FoldPatient, and before judging.
func (p *PatientFile) Lose(holes []Hole) {
	if len(holes) == 0 {
		return
	}
	p.Lost = holes
	p.Allergies.lose(holes)
	p.Book.lose(holes)
	if p.Now == nil && slices.ContainsFunc(holes, func(h Hole) bool { return h.Kind == KindPatient || h.Kind == 0 }) {
		p.Now, p.NoDetails = &Patient{}, true
	}
	rest := slices.Clone(holes)
	for i := range p.Visits {
		rest = p.Visits[i].takeLost(rest)
	}
	for i := range p.Visits {
		v := &p.Visits[i]
		for _, h := range rest {
			if (h.Kind == 0 || h.Kind.inVisit()) && !h.Recorded.Before(v.began()) {
				v.MayLack = append(v.MayLack, h)
			}
		}
	}
}

// takeLost takes the holes that a confirmation of the visit names and returns the
// others.
func (v *VisitFile) takeLost(holes []Hole) (rest []Hole) {
	for _, h := range holes {
		if slices.ContainsFunc(v.Signed, func(s Signature) bool { return s.names(h.Leaf) }) {
			v.Lost = append(v.Lost, h)
		} else {
			rest = append(rest, h)
		}
	}
	return rest
}

// began is when the first entry of the visit that can be read was recorded.
func (v *VisitFile) began() (t time.Time) {
	first := func(r *Record) {
		if at := r.Recorded(); r.Kind != 0 && (t.IsZero() || at.Before(t)) {
			t = at
		}
	}
	first(&v.Opened)
	for i := range v.Documents {
		first(&v.Documents[i].Versions[0].Record)
	}
	return t
}

func (s *Signature) names(l Leaf) bool {
	b, ok := s.Record.Body.(*Signed)
	return ok && slices.ContainsFunc(b.Leaves, func(x []byte) bool { return string(x) == string(l[:]) })
}

// lacks counts the documents that a confirmation which counts names and that are not
// here.
func (v *VisitFile) lacks() (n int) {
	seen := map[Leaf]bool{}
	for i := range v.Documents {
		for j := range v.Documents[i].Versions {
			seen[v.Documents[i].Versions[j].Record.Leaf] = true
		}
	}
	for i := range v.Unknown {
		seen[v.Unknown[i].Leaf] = true
	}
	for i := range v.Signed {
		b, ok := v.Signed[i].Record.Body.(*Signed)
		if !ok || !v.Signed[i].State.Counts() {
			continue
		}
		for _, l := range b.Leaves {
			if len(l) == len(Leaf{}) && !seen[Leaf(l)] {
				seen[Leaf(l)] = true
				n++
			}
		}
	}
	return n
}

// Misses tells whether entries of the kind are lost of the visit, or may be: one that a
// confirmation names, or, of a visit that has none of the kind, one that may be of it.
func (v *VisitFile) Misses(k Kind) bool {
	is := func(h Hole) bool { return h.Kind == k || h.Kind == 0 }
	return slices.ContainsFunc(v.Lost, is) || v.Doc(k) == nil && slices.ContainsFunc(v.MayLack, is)
}

// Shown is what pages tell of allergies that do not show their versions.
func (a *AllergyFile) Shown() AllergyFile {
	return AllergyFile{State: a.State, Items: a.Items, Heard: a.Heard, Conflict: a.Conflict, Lost: a.Lost}
}

// lose keeps a version that can no longer be read from being forgotten, until one that
// can be read replaces it: the next version does, for it stands among the tips. One
// whose leaf is not known is replaced by any that was recorded after it.
func (a *AllergyFile) lose(holes []Hole) {
	replaced := map[Leaf]bool{}
	var last time.Time
	for i := range a.Versions {
		last = a.Versions[i].Recorded()
		replaced[a.Versions[i].Corrects] = true
		for _, m := range a.Versions[i].Body.(*Allergies).Merges {
			if len(m) == len(Leaf{}) {
				replaced[Leaf(m)] = true
			}
		}
	}
	var lost []Leaf
	for _, h := range holes {
		switch named := h.Leaf != (Leaf{}); {
		case h.Kind != KindAllergies && h.Kind != 0, named && replaced[h.Leaf], !named && last.After(h.Recorded):
			continue
		case named:
			lost = append(lost, h.Leaf)
		}
		a.Lost = true
	}
	a.Tips = append(lost, a.Tips...)
}
