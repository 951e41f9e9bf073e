package desk

import (
	"context"
	"errors"

	"clinicbox/clinic"
)

// voidsHeld bounds the signatures that confirm nothing and wait to be told of.
const voidsHeld = 1024

// voids are signatures that a page found to confirm nothing: the box tells the centre
// of each once, by journal and index. Guarded by Views.mu.
type voids struct {
	known map[clinic.Ref]bool // told, or waiting
	wait  []clinic.Machine
}

// judged takes what a page found. A key that was revoked is the centre's own word: it
// judges by it itself; and a colleague's key on another box that nobody vouches for yet
// it knows from there.
func (v *Views) judged(rec *clinic.Record, state clinic.SignatureState) {
	if state.Counts() || state == clinic.SignatureRevoked {
		return
	}
	if state == clinic.SignatureUnknown && rec.Ref.Journal == clinic.In {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.voids.known[rec.Ref] || len(v.voids.wait) >= voidsHeld {
		return
	}
	if v.voids.known == nil || len(v.voids.known) >= voidsHeld {
		v.voids.known = map[clinic.Ref]bool{}
	}
	v.voids.known[rec.Ref] = true
	v.voids.wait = append(v.voids.wait, clinic.Machine{Event: clinic.MachineVoid, Detail: voidDetail(rec.Ref, state)})
}

// voidDetail is how a signature that was told is known again.
func voidDetail(ref clinic.Ref, state clinic.SignatureState) string {
	why := "does not fit"
	if state == clinic.SignatureUnknown {
		why = "nobody vouches for the key"
	}
	return clinic.VoidDetail(ref, why)
}

// tellVoids records what waits, unless an entry tells of it already.
func (v *Views) tellVoids(ctx context.Context) error {
	for {
		v.mu.Lock()
		if len(v.voids.wait) == 0 {
			v.mu.Unlock()
			return nil
		}
		m := v.voids.wait[0]
		v.mu.Unlock()
		_, err := v.o.Store.Act(ctx, v.o.NewID(), clinic.ID{}, func(r Reader) ([]clinic.Draft, error) {
			records, err := r.Records(clinic.MachineSubject())
			for i := range records {
				if b, ok := records[i].Body.(*clinic.Machine); ok && b.Event == m.Event && b.Detail == m.Detail {
					return nil, errNothing
				}
			}
			return []clinic.Draft{{Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &m}}, err
		})
		if err != nil && !errors.Is(err, errNothing) {
			return err
		}
		v.mu.Lock()
		v.voids.wait = v.voids.wait[1:]
		v.mu.Unlock()
	}
}
