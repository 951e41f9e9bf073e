package clinic

import (
	"bytes"
	"slices"
)

// Fate is what became of an entry since it was recorded.
type Fate struct {
	By     *Record  // the newest entry that corrects it: the entry holds no more; nil = none
	Ended  *Record  // the entry that ended its visit without care; nil = none
	Signed []Record // the confirmations that name it, oldest first, not judged
}

// FateOf looks for it among the records of the entry's subject, in any order.
func FateOf(of *Record, among []Record) (f Fate) {
	for _, r := range distinct(among) {
		if r.Subject != of.Subject {
			continue
		}
		if r.Kind == of.Kind && r.replaces(of.Leaf) {
			f.By = &r
		}
		switch r.Body.(type) {
		case *VisitEnded:
			if r.Visit == of.Visit && !of.Visit.IsZero() {
				f.Ended = &r
			}
		case *Signed:
			s := Signature{Record: r}
			if r.Visit == of.Visit && s.names(of.Leaf) {
				f.Signed = append(f.Signed, r)
			}
		}
	}
	return f
}

// replaces reports whether the record corrects the entry.
func (r *Record) replaces(l Leaf) bool {
	if r.Corrects == l {
		return true
	}
	a, ok := r.Body.(*Allergies)
	return ok && slices.ContainsFunc(a.Merges, func(m []byte) bool { return bytes.Equal(m, l[:]) })
}
