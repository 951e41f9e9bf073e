package desk

import (
	"bytes"
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
)

// Opening is a protected record that somebody opened, and nobody acknowledged yet.
type Opening struct {
	Look
	Person Person // who opened it
	Own    bool   // by who asks: somebody else must acknowledge it
}

// openingsFor is how far back the list of openings goes: one that nobody
// acknowledged for so long stands on the patient's page of looks only.
const openingsFor = 2 * 365 * 24 * time.Hour

// allLooks is no limit.
const allLooks = 1 << 30

// Openings returns the openings that no administrator acknowledged, newest first.
// It names no patient. Administrators only.
func (d *Desk) Openings(ctx context.Context, by clinic.ID) (out []Opening, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightStaff); err != nil {
			return err
		}
		people, err := names(r)
		if err != nil {
			return err
		}
		looks, _, err := r.Looks(clinic.OpenedSubject(), LookQuery{Limit: allLooks, From: d.now().Add(-openingsFor)})
		for _, l := range looks {
			seen, err := acknowledged(r, l.Leaf)
			if err != nil {
				return err
			}
			if seen == nil {
				out = append(out, Opening{Look: l, Person: people[l.By], Own: l.By == by})
			}
		}
		return err
	})
	return out, err
}

// acknowledged returns the acknowledgement of an opening, or nil.
func acknowledged(r People, opened clinic.Leaf) (*clinic.Record, error) {
	records, err := r.Records(clinic.AcknowledgedSubject(opened))
	for i := range records {
		if b, ok := records[i].Body.(*clinic.Acknowledged); ok && bytes.Equal(b.Leaf, opened[:]) {
			return &records[i], err
		}
	}
	return nil, err
}

// Acknowledge records that an administrator saw an opening; never one of their own.
func (d *Desk) Acknowledge(ctx context.Context, c Call, opened clinic.Leaf) error {
	subject := clinic.AcknowledgedSubject(opened)
	_, err := d.save(ctx, c, plan{
		need: rightStaff, kind: clinic.KindAcknowledged, patient: subject,
		build: func(w *work) ([]clinic.Draft, error) {
			looks, _, err := w.Looks(clinic.OpenedSubject(), LookQuery{Limit: allLooks, From: w.now.Add(-openingsFor)})
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
			switch rec, err := acknowledged(w, opened); {
			case err != nil:
				return nil, err
			case rec != nil:
				return nil, &unchanged{*rec}
			}
			return []clinic.Draft{{
				Kind: clinic.KindAcknowledged, Subject: subject, Body: &clinic.Acknowledged{Leaf: slices.Clone(opened[:])},
			}}, nil
		},
		same: func(b any) bool { a, ok := b.(*clinic.Acknowledged); return ok && bytes.Equal(a.Leaf, opened[:]) },
	})
	return err
}
