package desktest

import (
	"slices"

	"clinicbox/clinic"
)

// Ordered implements desk.Laboratory.
func (r *reader) Ordered(since uint64) (out []clinic.ID, err error) {
	if r.dead {
		return nil, errDead
	}
	for _, rec := range r.every {
		if rec.Kind == clinic.KindOrder && rec.HLC >= since && !slices.Contains(out, rec.Subject) {
			out = append(out, rec.Subject)
		}
	}
	return out, nil
}

// Unseen implements desk.Laboratory.
func (r *reader) Unseen() (out []clinic.ID, err error) {
	if r.dead {
		return nil, errDead
	}
	closed := map[clinic.Leaf]bool{}
	for i := range r.every {
		for _, l := range clinic.LabSeen(&r.every[i]) {
			closed[l] = true
		}
	}
	for _, rec := range r.every {
		if rec.Kind == clinic.KindResult && rec.Visit.IsZero() && !closed[rec.Leaf] && !slices.Contains(out, rec.Subject) {
			out = append(out, rec.Subject)
		}
	}
	return out, nil
}

// SampleOf implements desk.Laboratory.
func (r *reader) SampleOf(number string) (clinic.ID, bool, error) {
	if r.dead {
		return clinic.ID{}, false, errDead
	}
	for _, rec := range r.every {
		if b, ok := rec.Body.(*clinic.Sample); ok && b.Number == number {
			return rec.Subject, true, nil
		}
	}
	return clinic.ID{}, false, nil
}
