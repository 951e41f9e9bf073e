package staff

import (
	"context"
	"errors"
	"fmt"

	"clinicbox/clinic"
)

// Look tells how the person's PIN stands and spends no try: PINRight means that it
// could be used now, PINStrangers from the person's own browsers only. A damaged verifier counts as
// locked: a new PIN mends it.
func (p *Pins) Look(person clinic.ID) (clinic.PINVerdict, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stored, wrong, err := p.load(person)
	switch {
	case errors.Is(err, ErrVerifier):
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil
	case err != nil:
		return clinic.PINVerdict{}, err
	case stored == nil:
		return clinic.PINVerdict{Result: clinic.PINUnset}, nil
	case wrong.known >= MaxWrong:
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil
	}
	v := clinic.PINVerdict{Result: clinic.PINRight, Left: MaxWrong - wrong.known}
	if _, shut := wrong.locked(true); shut {
		v.Result = clinic.PINStrangers
	}
	return v, nil
}

// Unlock forgets the person's wrong tries and those of strangers; PIN and key
// stay. Who may do it, and the record that it was done, are the caller's.
func (p *Pins) Unlock(person clinic.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := p.getPIN(person)
	switch {
	case err != nil:
		return err
	case noPIN(b):
		return ErrNoPIN
	}
	return p.forget(person)
}

// Remove takes the PIN and the key of a person who left: Check then says PINUnset.
// It is no error when there are none.
//
// The PIN goes first: cut after it, the counters are old ones of no PIN, and Set
// begins them anew. The other way round a cut would give back tries.
func (p *Pins) Remove(ctx context.Context, person clinic.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("staff: remove: %w", err)
	}
	b, err := p.getPIN(person)
	if err != nil || b == nil { // no tombstone for who never had a PIN
		return err
	}
	if err := p.putPIN(person, tombstone()); err != nil {
		return err
	}
	return p.forget(person)
}
