package archive

import (
	"bytes"
	"slices"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// Scope is what an export is of; the zero value is everything.
type Scope struct {
	Patient clinic.ID   // all of a patient
	Record  clinic.Leaf // one entry and what it is worth; Patient is then whom it is about
}

func (s Scope) whole() bool { return s == Scope{} }

// Selection chooses the entries of an export: all, or those of one patient and what
// they need to be read and judged, but nothing of another patient; or one entry, what
// corrected it since, what ended its visit, and the signatures of these. Give Note every
// entry first, then ask Wants.
type Selection struct {
	scope  Scope
	people map[clinic.ID]bool // who wrote the entries
	record *clinic.Record     // the one of scope
	turns  []clinic.Record    // that correct, end or sign something of the patient
	wanted map[clinic.Leaf]bool
}

// NewSelection selects a scope.
func NewSelection(s Scope) *Selection {
	return &Selection{scope: s, people: map[clinic.ID]bool{}}
}

// Note looks at an entry for what will be needed.
func (s *Selection) Note(e *Entry) {
	if s.scope.whole() {
		return
	}
	r := s.read(e)
	switch {
	case r == nil:
	case s.scope.Record == (clinic.Leaf{}):
		if s.of(r) {
			s.people[r.Author] = true
		}
	case r.Leaf == s.scope.Record:
		s.record = r
	case r.Corrects != (clinic.Leaf{}) || r.Kind == clinic.KindVisitEnded || r.Kind == clinic.KindSigned:
		if r.Subject == s.scope.Patient {
			s.turns = append(s.turns, *r)
		}
	}
}

// Wants reports whether the export has the entry.
func (s *Selection) Wants(e *Entry) bool {
	if s.scope.whole() {
		return true
	}
	if s.scope.Record != (clinic.Leaf{}) && s.wanted == nil {
		s.prove()
	}
	r := s.read(e)
	if r == nil {
		return false // nobody knows whose it is
	}
	switch r.Kind {
	case clinic.KindFacility, clinic.KindStatement:
		return true
	case clinic.KindStaff, clinic.KindCredential:
		if s.people[r.Subject] {
			return true
		}
	}
	if s.wanted != nil {
		return s.wanted[r.Leaf]
	}
	return r.Kind != clinic.KindLink && s.of(r) // a link names another patient, who may be somebody else
}

// prove finds what the entry of the scope needs.
func (s *Selection) prove() {
	s.wanted = map[clinic.Leaf]bool{}
	if s.record == nil {
		return
	}
	chain := []clinic.Record{*s.record}
	for i := 0; i < len(chain); i++ { // corrections of corrections too
		s.want(&chain[i])
		for j := range s.turns {
			t := &s.turns[j]
			switch {
			case s.wanted[t.Leaf]:
			case t.Kind == chain[i].Kind && t.Corrects == chain[i].Leaf:
				chain = append(chain, *t)
			case t.Kind == clinic.KindVisitEnded && t.Visit == s.record.Visit && !t.Visit.IsZero(), signs(t, &chain[i]):
				s.want(t)
			}
		}
	}
}

func (s *Selection) want(r *clinic.Record) {
	s.wanted[r.Leaf] = true
	s.people[r.Author] = true
}

// signs reports whether t is a confirmation of r.
func signs(t, r *clinic.Record) bool {
	b, ok := t.Body.(*clinic.Signed)
	return ok && t.Visit == r.Visit && slices.ContainsFunc(b.Leaves, func(l []byte) bool { return bytes.Equal(l, r.Leaf[:]) })
}

// of reports whether the entry is of the patient, and of no other.
func (s *Selection) of(r *clinic.Record) bool {
	if b, ok := r.Body.(*clinic.Looked); ok {
		for _, p := range b.Patients {
			if string(p) != string(s.scope.Patient[:]) {
				return false
			}
		}
		return len(b.Patients) > 0
	}
	return r.Subject == s.scope.Patient
}

func (s *Selection) read(e *Entry) *clinic.Record {
	if e.Hole() {
		return nil
	}
	r, err := entry.DecodeIf(e.Bytes, clinic.Ref{Journal: e.Journal, Index: e.Index}, e.Leaf, func(k clinic.Kind) bool {
		return k == clinic.KindLooked || k == clinic.KindSigned
	})
	if err != nil {
		return nil
	}
	return &r
}
