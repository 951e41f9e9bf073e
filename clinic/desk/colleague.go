package desk

import (
	"context"
	"crypto"
	"slices"

	"clinicbox/clinic"
)

// Why of entries that tell what happened to a person's PIN. The PIN itself is in
// no entry.
const (
	WhyPINChanged  = "pin changed"            // by the person
	WhyPINUnlocked = "pin unlocked"           // by the author
	WhyPINReset    = "pin set by a colleague" // by the author
)

// Colleague is a person as the staff's list shows them.
type Colleague struct {
	Person
	PIN clinic.PINVerdict // on this box: PINUnset, PINLocked, or PINRight with the tries that are left
}

// Colleagues returns everybody by name, those who left at the end. Who works here
// may see it: the names stand on the page to log in anyway.
func (d *Desk) Colleagues(ctx context.Context, by clinic.ID) (out []Colleague, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightSelf); err != nil {
			return err
		}
		all, err := staffOf(r)
		for _, p := range all {
			out = append(out, Colleague{Person: p})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].PIN, err = d.o.Pins.Look(out[i].ID); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Colleague) int { return left(a) - left(b) })
	return out, nil
}

func left(c Colleague) int {
	if c.Left {
		return 1
	}
	return 0
}

// StaffFile is a person with everything that was recorded of them.
type StaffFile struct {
	Colleague
	Versions []clinic.Record // oldest first; Why tells of PINs
	Names    map[clinic.ID]Person
	Key      KeyState // of the signing key that they use here; 0 = none yet
	KeyPrint string   // its fingerprint
}

// Base is the leaf of the last entry, for the form that changes the person.
func (f *StaffFile) Base() clinic.Leaf {
	if len(f.Versions) == 0 {
		return clinic.Leaf{}
	}
	return f.Versions[len(f.Versions)-1].Leaf
}

// PINReset returns the entry of the colleague who set the person's PIN, unless the
// person has changed it since.
func (f *StaffFile) PINReset() *clinic.Record {
	for i := len(f.Versions) - 1; i >= 0; i-- {
		switch f.Versions[i].Why {
		case WhyPINReset:
			return &f.Versions[i]
		case WhyPINChanged:
			return nil
		}
	}
	return nil
}

// StaffPage reads a person of the staff.
func (d *Desk) StaffPage(ctx context.Context, by, id clinic.ID) (out StaffFile, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightSelf); err != nil {
			return err
		}
		if out.Names, err = names(r); err != nil {
			return err
		}
		p, ok := out.Names[id]
		if !ok {
			return &Error{Code: CodeNoPerson}
		}
		out.Person = p
		if d.o.Keys != nil {
			keys, err := d.keysOf(r, id)
			if err != nil {
				return err
			}
			if k := current(keys, p.Role); k != nil {
				out.Key, out.KeyPrint = k.State(now), k.Print
			}
		}
		records, err := r.Records(id)
		for _, rec := range records {
			if _, ok := rec.Body.(*clinic.Staff); ok {
				out.Versions = append(out.Versions, rec)
			}
		}
		return err
	})
	if err != nil {
		return StaffFile{}, err
	}
	out.PIN, err = d.o.Pins.Look(id)
	return out, err
}

// ChangePIN gives the caller a new PIN after checking the old one.
func (d *Desk) ChangePIN(ctx context.Context, c Call, old, pin string) error {
	if _, err := d.Who(ctx, c.By); err != nil {
		return err
	}
	if err := newPIN(pin); err != nil {
		return err
	}
	key, err := d.checkPIN(ctx, c.By, old)
	if err != nil {
		return err
	}
	defer wipe(key)
	if err := d.notePIN(ctx, c, rightSelf, c.By, WhyPINChanged); err != nil {
		return err
	}
	return d.o.Pins.Set(ctx, c.By, pin, key)
}

// Unlock forgets a colleague's wrong PINs and records who did it. Administrators
// and doctors, with their own PIN; never for oneself.
func (d *Desk) Unlock(ctx context.Context, c Call, colleague clinic.ID, ownPIN string) error {
	if _, _, err := d.helps(ctx, c, colleague); err != nil {
		return err
	}
	if v, err := d.o.Pins.Look(colleague); err != nil {
		return err
	} else if v.Result == clinic.PINUnset {
		return &Error{Code: CodePINUnset}
	}
	key, err := d.checkPIN(ctx, c.By, ownPIN)
	if err != nil {
		return err
	}
	wipe(key)
	if err := d.notePIN(ctx, c, rightUnlock, colleague, WhyPINUnlocked); err != nil {
		return err
	}
	return d.o.Pins.Unlock(colleague) // recorded first: an unlock without a trace must not be
}

// ResetInput is the form that gives a colleague a new PIN.
type ResetInput struct {
	Colleague clinic.ID
	PIN       string // typed by the colleague
	OwnPIN    string // of the caller
}

// ResetPIN gives a colleague who forgot theirs a new PIN, and records who did it:
// who knows the new PIN can sign in the colleague's name. Administrators for
// everybody; doctors for everybody but administrators, or they would make
// themselves one.
func (d *Desk) ResetPIN(ctx context.Context, c Call, in ResetInput) error {
	if err := newPIN(in.PIN); err != nil {
		return err
	}
	by, whose, err := d.helps(ctx, c, in.Colleague)
	if err != nil {
		return err
	}
	need := rightUnlock
	if whose.Role == clinic.RoleAdministrator || whose.Foreign {
		need = rightStaff // to set the first PIN of who comes from elsewhere is to admit them
	}
	if !slices.Contains(need.roles(), by.Role) {
		return &Error{Code: CodePINHelp}
	}
	key, err := d.checkPIN(ctx, c.By, in.OwnPIN)
	if err != nil {
		return err
	}
	defer wipe(key)
	if err := d.notePIN(ctx, c, need, in.Colleague, WhyPINReset); err != nil {
		return err
	}
	if err := d.o.Pins.Set(ctx, in.Colleague, in.PIN, nil); err != nil { // recorded first, as in Unlock
		return err
	}
	d.newKey(ctx, c.By, key, in)
	return nil
}

// newKey records the key that came with a colleague's new PIN, and an
// administrator's word for it. The PIN stands whatever becomes of that: the next
// login and the colleague's page try again.
func (d *Desk) newKey(ctx context.Context, by clinic.ID, key crypto.Signer, in ResetInput) {
	if d.o.Keys == nil || key == nil {
		return
	}
	v, theirs, err := d.o.Pins.Open(ctx, in.Colleague, in.PIN, false)
	if err != nil || v.Result != clinic.PINRight {
		return
	}
	defer wipe(theirs)
	d.keepKey(ctx, in.Colleague, theirs)
	_, err = d.o.Store.Act(ctx, d.o.NewID(), by, func(r Reader) ([]clinic.Draft, error) {
		if _, err := who(r, by, rightStaff); err != nil {
			return nil, err
		}
		return d.vouch(r, by, key, in.Colleague)
	})
	if err != nil && ErrorsOf(err) == nil {
		d.o.Log.Warn("a new signing key is not vouched for yet", "err", err)
	}
}

// helps returns the caller and the colleague whose PIN the caller may help with.
func (d *Desk) helps(ctx context.Context, c Call, colleague clinic.ID) (by, whose Person, err error) {
	err = d.view(ctx, func(r Reader) error {
		if by, err = who(r, c.By, rightUnlock); err != nil {
			return err
		}
		whose, err = worker(r, colleague)
		return err
	})
	if err == nil && colleague == c.By {
		err = &Error{Code: CodePINHelp}
	}
	return by, whose, err
}

// notePIN records what happens to a person's PIN: the person's details again, with
// the reason.
func (d *Desk) notePIN(ctx context.Context, c Call, need right, whose clinic.ID, why string) error {
	_, err := d.save(ctx, c, plan{
		need: need, kind: clinic.KindStaff, patient: whose,
		build: func(w *work) ([]clinic.Draft, error) {
			p, err := worker(w, whose)
			if err != nil {
				return nil, err
			}
			body := p.Staff
			return []clinic.Draft{{Kind: clinic.KindStaff, Subject: whose, Why: why, Body: &body}}, nil
		},
		same: func(any) bool { return true },
	})
	return err
}
