package desk

import (
	"context"
	"crypto"
	"reflect"

	"clinicbox/clinic"
)

// NoteMachine records what happened to this box, in the box's own name. It is loud:
// operators read it on the box's page at the centre.
func (d *Desk) NoteMachine(ctx context.Context, m clinic.Machine) error {
	return d.NoteMachineAs(ctx, d.o.NewID(), m)
}

// NoteMachineAs is NoteMachine as an act: the same one again records nothing.
func (d *Desk) NoteMachineAs(ctx context.Context, act clinic.ID, m clinic.Machine) error {
	_, err := d.o.Store.Act(ctx, act, clinic.ID{}, func(Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &m}}, nil
	})
	return err
}

// NoteLoss is NoteMachineAs of an event that says that so many of the box's own entries
// can no longer be read or are gone: every number series jumps over what they may have
// issued, so that no printed number is given again.
func (d *Desk) NoteLoss(ctx context.Context, act clinic.ID, m clinic.Machine, entries uint64) error {
	_, err := d.o.Store.Act(ctx, act, clinic.ID{}, func(r Reader) ([]clinic.Draft, error) {
		now, _ := d.o.Clock.Now()
		today, highest := dayOf(now), 0
		for _, series := range []string{clinic.SeriesQueue(today), clinic.SeriesVisit(d.o.Site.Facility.Book, today)} {
			n, err := r.Last(series)
			if err != nil {
				return nil, err
			}
			highest = max(highest, n)
		}
		fresh := clinic.FreshAfter(entries, highest, today)
		m.Fresh = &fresh
		return []clinic.Draft{{Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &m}}, nil
	})
	return err
}

// NoteEscrow records an answer by telephone, once: it travels to the centre as every
// entry does. It returns the entry.
func (d *Desk) NoteEscrow(ctx context.Context, e clinic.Escrow) (rec clinic.Record, err error) {
	known := func(r Reader) error {
		records, err := r.Records(clinic.MachineSubject())
		for i := range records {
			if old, ok := records[i].Body.(*clinic.Escrow); ok && reflect.DeepEqual(*old, e) {
				rec = records[i]
			}
		}
		return err
	}
	if err := d.view(ctx, known); err != nil || rec.Kind != 0 {
		return rec, err
	}
	saved, err := d.o.Store.Act(ctx, d.o.NewID(), clinic.ID{}, func(Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindEscrow, Subject: clinic.MachineSubject(), Body: &e}}, nil
	})
	if err != nil {
		return rec, err
	}
	return saved.Records[0], nil
}

// Confirm checks an administrator's own PIN before something that only an
// administrator may do to the box.
func (d *Desk) Confirm(ctx context.Context, by clinic.ID, pin string) error {
	key, err := d.confirm(ctx, by, pin)
	wipe(key)
	return err
}

// confirm is Confirm; it returns the administrator's key.
func (d *Desk) confirm(ctx context.Context, by clinic.ID, pin string) (crypto.Signer, error) {
	err := d.view(ctx, func(r Reader) error {
		_, err := who(r, by, rightStaff)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.checkPIN(ctx, by, pin)
}
