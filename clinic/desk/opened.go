package desk

import (
	"bytes"
	"context"
	"slices"

	"clinicbox/clinic"
)

// Opening is a protected record that somebody opened, and nobody acknowledged yet.
type Opening struct {
	Look
	Person Person // who opened it
	Own    bool   // by who asks: somebody else must acknowledge it
}

// allOpenings is more than a box ever holds unacknowledged.
const allOpenings = 1 << 20

// Openings returns the openings that no administrator acknowledged, newest first.
// It names no patient. Administrators only.
func (d *Desk) Openings(ctx context.Context, by clinic.ID) (out []Opening, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightStaff); err != nil {
			return err
		}
		looks, _, err := r.Looks(clinic.OpenedSubject(), LookQuery{Limit: allOpenings})
		if err != nil {
			return err
		}
		seen, err := acknowledged(r)
		if err != nil {
			return err
		}
		people, err := names(r)
		for _, l := range looks {
			if _, ok := seen[l.Leaf]; !ok {
				out = append(out, Opening{Look: l, Person: people[l.By], Own: l.By == by})
			}
		}
		return err
	})
	return out, err
}

// acknowledged returns the acknowledgement of each opening that has one.
func acknowledged(r People) (map[clinic.Leaf]clinic.Record, error) {
	records, err := r.Records(clinic.OpenedSubject())
	out := map[clinic.Leaf]clinic.Record{}
	for _, rec := range records {
		if b, ok := rec.Body.(*clinic.Acknowledged); ok && len(b.Leaf) == len(clinic.Leaf{}) {
			out[clinic.Leaf(b.Leaf)] = rec
		}
	}
	return out, err
}

// Acknowledge records that an administrator saw an opening; never one of their own.
func (d *Desk) Acknowledge(ctx context.Context, c Call, opened clinic.Leaf) error {
	_, err := d.save(ctx, c, plan{
		need: rightStaff, kind: clinic.KindAcknowledged, patient: clinic.OpenedSubject(),
		build: func(w *work) ([]clinic.Draft, error) {
			looks, _, err := w.Looks(clinic.OpenedSubject(), LookQuery{Limit: allOpenings})
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(looks, func(l Look) bool { return l.Leaf == opened })
			switch {
			case i < 0:
				return nil, &Error{Code: CodeFormStale}
			case looks[i].By == w.by.ID:
				return nil, &Error{Code: CodeOwnOpening}
			}
			seen, err := acknowledged(w)
			if err != nil {
				return nil, err
			}
			if rec, ok := seen[opened]; ok {
				return nil, &unchanged{rec}
			}
			return []clinic.Draft{{
				Kind: clinic.KindAcknowledged, Subject: clinic.OpenedSubject(), Body: &clinic.Acknowledged{Leaf: slices.Clone(opened[:])},
			}}, nil
		},
		same: func(b any) bool { a, ok := b.(*clinic.Acknowledged); return ok && bytes.Equal(a.Leaf, opened[:]) },
	})
	return err
}
