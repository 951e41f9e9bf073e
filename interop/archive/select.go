package archive

import (
	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// Selection chooses the entries of an export: all, or those of one patient and what
// they need to be read and judged, but nothing of another patient. Give Note every
// entry first, then ask Wants.
type Selection struct {
	patient clinic.ID
	people  map[clinic.ID]bool // who wrote the patient's entries
}

// NewSelection selects a patient; zero selects everything.
func NewSelection(patient clinic.ID) *Selection {
	return &Selection{patient: patient, people: map[clinic.ID]bool{}}
}

// Note looks at an entry for the people whose names and keys will be needed.
func (s *Selection) Note(e *Entry) {
	if s.patient.IsZero() {
		return
	}
	if r := s.read(e); r != nil && s.of(r) {
		s.people[r.Author] = true
	}
}

// Wants reports whether the export has the entry.
func (s *Selection) Wants(e *Entry) bool {
	if s.patient.IsZero() {
		return true
	}
	r := s.read(e)
	if r == nil {
		return false // nobody knows whose it is
	}
	switch r.Kind {
	case clinic.KindFacility, clinic.KindStatement:
		return true
	case clinic.KindStaff, clinic.KindCredential:
		return s.people[r.Subject]
	case clinic.KindLink: // names another patient, who may be somebody else
		return false
	}
	return s.of(r)
}

// of reports whether the entry is of the patient, and of no other.
func (s *Selection) of(r *clinic.Record) bool {
	if b, ok := r.Body.(*clinic.Looked); ok {
		for _, p := range b.Patients {
			if string(p) != string(s.patient[:]) {
				return false
			}
		}
		return len(b.Patients) > 0
	}
	return r.Subject == s.patient
}

func (s *Selection) read(e *Entry) *clinic.Record {
	if e.Hole() {
		return nil
	}
	r, err := entry.DecodeIf(e.Bytes, clinic.Ref{Journal: e.Journal, Index: e.Index}, e.Leaf, func(k clinic.Kind) bool {
		return k == clinic.KindLooked
	})
	if err != nil {
		return nil
	}
	return &r
}
