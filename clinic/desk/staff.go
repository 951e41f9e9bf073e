package desk

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"slices"

	"clinicbox/clinic"
)

// StaffSeed is a person of the staff as set-up brings them.
type StaffSeed struct {
	ID clinic.ID
	clinic.Staff
	PIN string // set once, if the person has none
}

// errNothing leaves an act that has nothing to write.
var errNothing = errors.New("desk: nothing to write")

// SetUp writes the facility when the configuration differs from what is
// recorded, people who are not recorded yet, and PINs that do not exist. It may
// run at every start.
func (d *Desk) SetUp(ctx context.Context, staff []StaffSeed) error {
	staff = slices.Clone(staff)
	// Looked at first: a box whose disk is full takes no act, and must start.
	err := d.view(ctx, func(r Reader) error {
		if err := d.halfAdded(r, staff); err != nil {
			return err
		}
		_, err := d.setUp(r, staff)
		return err
	})
	if err == nil {
		_, err = d.o.Store.Act(ctx, d.o.NewID(), clinic.ID{}, func(r Reader) ([]clinic.Draft, error) {
			return d.setUp(r, staff)
		})
	}
	if err != nil && !errors.Is(err, errNothing) {
		return err
	}
	if err := d.forgetLeft(ctx); err != nil {
		return err
	}
	for _, s := range staff {
		if s.PIN == "" {
			continue
		}
		if v, err := d.o.Pins.Look(s.ID); err != nil || v.Result != clinic.PINUnset {
			if err != nil {
				return err
			}
			continue
		}
		if err := newPIN(s.PIN); err != nil {
			return err
		}
		if err := d.o.Pins.Set(ctx, s.ID, s.PIN, nil); err != nil {
			return err
		}
	}
	return nil
}

// halfAdded finds the people who were recorded and then, by a power cut, got no PIN:
// given again, they are the same people and no second ones of that name.
func (d *Desk) halfAdded(r Reader, staff []StaffSeed) error {
	known, err := staffOf(r)
	if err != nil {
		return err
	}
	for i, s := range staff {
		if s.PIN == "" || slices.ContainsFunc(known, func(p Person) bool { return p.ID == s.ID }) {
			continue
		}
		for _, p := range known {
			if p.Left || p.Foreign || p.Received || p.Name != s.Name || p.Role != s.Role {
				continue
			}
			v, err := d.o.Pins.Look(p.ID)
			if err != nil {
				return err
			}
			if v.Result == clinic.PINUnset {
				staff[i].ID = p.ID
			}
		}
	}
	return nil
}

// forgetLeft removes the PINs of who left: a power cut may have come between.
func (d *Desk) forgetLeft(ctx context.Context) error {
	var all []Person
	err := d.view(ctx, func(r Reader) (err error) {
		all, err = staffOf(r)
		return err
	})
	for _, p := range all {
		if p.Left {
			err = errors.Join(err, d.o.Pins.Remove(ctx, p.ID))
		}
	}
	return err
}

func (d *Desk) setUp(r Reader, staff []StaffSeed) ([]clinic.Draft, error) {
	var out []clinic.Draft
	subject := FacilityID(d.o.Site.Facility)
	records, err := r.Records(subject)
	if err != nil {
		return nil, err
	}
	var last clinic.Facility
	for _, rec := range records {
		if f, ok := rec.Body.(*clinic.Facility); ok {
			last = *f
		}
	}
	if last != d.o.Site.Facility {
		f := d.o.Site.Facility
		out = append(out, clinic.Draft{Kind: clinic.KindFacility, Subject: subject, Body: &f})
	}
	known, err := r.Staff()
	if err != nil {
		return nil, err
	}
	for _, s := range staff {
		if !slices.ContainsFunc(known, func(p Person) bool { return p.ID == s.ID }) {
			body := s.Staff
			out = append(out, clinic.Draft{Kind: clinic.KindStaff, Subject: s.ID, Body: &body})
		}
	}
	if len(out) == 0 {
		return nil, errNothing
	}
	return out, nil
}

// FacilityID returns the subject of a box's KindFacility entries: the same on
// every start, so that its history can be read.
func FacilityID(f clinic.Facility) clinic.ID {
	sum := sha256.Sum256([]byte("clinicbox facility\x00" + f.Code + "\x00" + f.Box))
	return clinic.ID(sum[:16])
}

// StaffInput is the form of a person of the staff. A zero Person is a new one.
type StaffInput struct {
	Person clinic.ID
	clinic.Staff
	PIN  string      // of a new person, may be empty; a colleague's is for ResetPIN
	Base clinic.Leaf // of a known person: the last entry that the form showed
	// OwnPIN is the caller's, where people have keys: who gives somebody a PIN shows
	// who they are, and vouches for the new key.
	OwnPIN string
	// Twin: the caller knows that somebody of that name and role works here already.
	Twin bool
}

// SaveStaff adds or changes a person. Administrators only.
func (d *Desk) SaveStaff(ctx context.Context, c Call, in StaffInput) (clinic.ID, error) {
	if in.PIN != "" && !in.Person.IsZero() {
		return clinic.ID{}, errors.New("desk: a colleague's PIN is changed by ResetPIN only")
	}
	body, err := d.staffBody(in)
	if err != nil {
		return clinic.ID{}, err
	}
	key, err := d.giver(ctx, c, in)
	if err != nil {
		return clinic.ID{}, err
	}
	defer wipe(key)
	done, err := d.save(ctx, c, plan{
		need: rightStaff, kind: clinic.KindStaff, patient: in.Person,
		build: func(w *work) ([]clinic.Draft, error) {
			subject := in.Person
			if subject.IsZero() {
				subject = d.o.NewID()
			}
			if err := in.fits(w, body); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindStaff, Subject: subject, Body: body}}, nil
		},
		same: func(b any) bool { s, ok := b.(*clinic.Staff); return ok && *s == *body },
	})
	if err != nil {
		return clinic.ID{}, err
	}
	d.CloseOpened(done.Patient) // with another role the person may open less
	if body.Left {
		return done.Patient, d.o.Pins.Remove(ctx, done.Patient)
	}
	if in.PIN != "" {
		if err := d.firstPIN(ctx, c, key, ResetInput{Colleague: done.Patient, PIN: in.PIN}); err != nil {
			return clinic.ID{}, err
		}
	}
	return done.Patient, nil
}

// giver opens the key of who gives a new person a PIN.
func (d *Desk) giver(ctx context.Context, c Call, in StaffInput) (crypto.Signer, error) {
	if in.PIN == "" || d.o.Keys == nil {
		return nil, nil
	}
	key, err := d.confirm(ctx, c.By, in.OwnPIN)
	if e, ok := errors.AsType[*Error](err); ok && e.Field == "pin" {
		e.Field = "own" // the form has two
	}
	return key, err
}

// firstPIN gives a new person the PIN, with a key; a form that is sent again only
// completes what is missing.
func (d *Desk) firstPIN(ctx context.Context, c Call, key crypto.Signer, in ResetInput) error {
	v, err := d.o.Pins.Look(in.Colleague)
	if err != nil || v.Result != clinic.PINUnset {
		return err
	}
	if err := d.o.Pins.Set(ctx, in.Colleague, in.PIN, nil); err != nil {
		return err
	}
	d.newKey(ctx, c.By, key, in)
	return nil
}

// fits refuses a change that nobody could administer after, that overwrites what
// was saved meanwhile, or that changes nothing.
func (in *StaffInput) fits(w *work, body *clinic.Staff) error {
	if in.Person.IsZero() {
		return in.twin(w, body)
	}
	if err := staysRun(w, in.Person, body); err != nil {
		return err
	}
	records, err := w.Records(in.Person)
	if err != nil {
		return err
	}
	var last *clinic.Record // keys of the person have entries too
	for i := range records {
		if records[i].Kind == clinic.KindStaff && records[i].Body != nil {
			last = &records[i]
		}
	}
	if last == nil {
		return nil
	}
	now := last.Body.(*clinic.Staff)
	if *now == *body && last.Ref.Journal == clinic.Own {
		return &unchanged{*last}
	}
	for _, r := range records {
		// Entries that tell of a PIN repeat the details: they overwrite nothing.
		if b, known := r.Body.(*clinic.Staff); r.Leaf == in.Base && known && *b != *now {
			return &Error{Code: CodeChanged}
		}
	}
	return nil
}

// twin asks about a new person with name and role of somebody who works here: it may
// be the same one, or an account for two.
func (in *StaffInput) twin(w *work, body *clinic.Staff) error {
	all, err := staffOf(w)
	if err != nil || in.Twin {
		return err
	}
	fold := w.desk.o.Fold
	for _, p := range all {
		if !p.Left && p.Role == body.Role && fold(p.Name) == fold(body.Name) {
			return &Error{Code: CodeStaffTwin, Field: "twin"}
		}
	}
	return nil
}

func (d *Desk) staffBody(in StaffInput) (*clinic.Staff, error) {
	var bad Errors
	body := in.Staff
	var err error
	for _, f := range []struct {
		name string
		p    *string
	}{{"name", &body.Name}, {"title", &body.Title}, {"licence", &body.Licence}} {
		if *f.p, err = d.line(f.name, *f.p, 120); err != nil {
			if err := bad.collect(err); err != nil {
				return nil, err
			}
		}
	}
	if body.Name == "" {
		bad = append(bad, &Error{Code: CodeStaffName, Field: "name"})
	}
	if body.Role < clinic.RoleNurse || body.Role > clinic.RoleAdministrator {
		bad = append(bad, &Error{Code: CodeStaffRole, Field: "role"})
	}
	if in.PIN != "" {
		if err := bad.collect(newPIN(in.PIN)); err != nil {
			return nil, err
		}
	}
	return &body, bad.join()
}

// staysRun refuses a change after which nobody could administer.
func staysRun(w *work, subject clinic.ID, body *clinic.Staff) error {
	all, err := staffOf(w)
	if err != nil {
		return err
	}
	known, others := false, false
	for _, p := range all {
		known = known || p.ID == subject
		others = others || p.ID != subject && p.Role == clinic.RoleAdministrator && !p.Left && !p.Foreign
	}
	switch {
	case !known:
		return &Error{Code: CodeNoPerson}
	case !others && (body.Left || body.Role != clinic.RoleAdministrator):
		return &Error{Code: CodeStaffLast}
	}
	return nil
}
