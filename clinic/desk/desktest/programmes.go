package desktest

import (
	"bytes"
	"slices"

	"clinicbox/clinic"
)

// Members implements desk.Programmes.
func (r *reader) Members(kind clinic.Kind) ([]clinic.ID, error) {
	if r.dead {
		return nil, errDead
	}
	var out []clinic.ID
	for _, rec := range r.every {
		if rec.Kind == kind && kind.InProgrammes() && !slices.Contains(out, rec.Subject) {
			out = append(out, rec.Subject)
		}
	}
	return sorted(out), nil
}

// BornIn implements desk.Programmes.
func (r *reader) BornIn(year, month int) ([]clinic.ID, error) {
	if r.dead {
		return nil, errDead
	}
	var out []clinic.ID
	for id, p := range r.details() {
		if b := p.Birth; b.Year == year && b.Month == month && !b.IsZero() {
			out = append(out, id)
		}
	}
	return sorted(out), nil
}

func sorted(ids []clinic.ID) []clinic.ID {
	slices.SortFunc(ids, func(a, b clinic.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
