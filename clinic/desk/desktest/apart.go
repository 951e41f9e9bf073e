package desktest

import (
	"slices"

	"clinicbox/clinic"
)

// Apart implements desk.Differences: whoever has two entries of a kind, or a link.
func (r *reader) Apart() (out []clinic.ID, err error) {
	if r.dead {
		return nil, errDead
	}
	type of struct {
		id   clinic.ID
		kind clinic.Kind
	}
	seen := map[of]int{}
	add := func(id clinic.ID) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for i := range r.all {
		rec := &r.all[i]
		if one, other, ok := rec.Pair(); ok {
			add(one)
			add(other)
			continue
		}
		whole := rec.Kind == clinic.KindPatient || rec.Kind == clinic.KindAllergies || rec.Kind == clinic.KindHealthBook
		if rec.Subject.IsZero() || !whole && !rec.Kind.IsDocument() {
			continue
		}
		if seen[of{rec.Subject, rec.Kind}]++; seen[of{rec.Subject, rec.Kind}] > 1 {
			add(rec.Subject)
		}
	}
	return sorted(out), nil
}
