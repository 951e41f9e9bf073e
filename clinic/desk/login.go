package desk

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"slices"
	"strconv"
	"time"

	"clinicbox/clinic"
)

// Staff returns who may log in: people who work here, by name.
func (d *Desk) Staff(ctx context.Context) (out []Person, err error) {
	err = d.view(ctx, func(r Reader) error {
		all, err := staffOf(r)
		out = slices.DeleteFunc(all, func(p Person) bool { return p.Left || p.Foreign })
		return err
	})
	return out, err
}

// Who returns the person as they are now, or CodeNoPerson: for a session that
// goes on while the person may have left.
func (d *Desk) Who(ctx context.Context, id clinic.ID) (p Person, err error) {
	err = d.view(ctx, func(r Reader) error {
		p, err = person(r, id)
		return err
	})
	return p, err
}

// LoginInput is the form by which a person says who they are.
type LoginInput struct {
	Person   clinic.ID
	PIN      string
	Stranger bool // the person never logged in from this browser
}

// Login checks the PIN and returns the person.
func (d *Desk) Login(ctx context.Context, in LoginInput) (Person, error) {
	p, err := d.Who(ctx, in.Person)
	if err != nil {
		return Person{}, err
	}
	v, key, err := d.o.Pins.Open(ctx, in.Person, in.PIN, in.Stranger)
	if err != nil {
		return Person{}, err
	}
	if in.Stranger && v.Result == clinic.PINWrong && v.Left == 0 {
		// They are refused from now on. Loud: somebody tried to be this person.
		if err := d.NoteMachine(ctx, clinic.Machine{Event: clinic.MachineGuessed, Person: in.Person}); err != nil {
			d.o.Log.Error("guesses at a PIN are not recorded", "err", err)
		}
	}
	if err := refusal(v); err != nil {
		return Person{}, err
	}
	defer wipe(key)
	d.keepKey(ctx, in.Person, key)
	return p, nil
}

// wipe forgets a key that Pins.Open gave.
func wipe(key crypto.Signer) {
	if k, ok := key.(ed25519.PrivateKey); ok {
		clear(k)
	}
}

// checkPIN returns the person's key for the right PIN; the caller wipes it. It may take a second: never
// call it inside View or Act.
func (d *Desk) checkPIN(ctx context.Context, id clinic.ID, pin string) (crypto.Signer, error) {
	v, key, err := d.o.Pins.Open(ctx, id, pin, false)
	if err == nil {
		err = refusal(v)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

// refusal is nil for the right PIN.
func refusal(v clinic.PINVerdict) error {
	e := &Error{Field: "pin"}
	switch v.Result {
	case clinic.PINRight:
		return nil
	case clinic.PINStrangers:
		e.Code = CodePINStrangers
	case clinic.PINWait:
		e.Code = CodePINWait
		seconds := int((v.Wait + time.Second - 1) / time.Second)
		e.Args = map[string]string{"seconds": strconv.Itoa(max(seconds, 1))}
	case clinic.PINLocked:
		e.Code = CodePINLocked
	case clinic.PINUnset:
		e.Code = CodePINUnset
	default:
		e.Code = CodePINWrong
		e.Args = map[string]string{"left": strconv.Itoa(v.Left)}
	}
	return e
}

// newPIN refuses a PIN that is guessed first.
func newPIN(pin string) error {
	fe, ok := clinic.CheckPIN(pin).(*clinic.FieldError)
	switch {
	case !ok:
		return nil
	case fe.Problem == clinic.ProblemPINLength:
		return &Error{Code: CodePINLength, Field: "pin"}
	}
	return &Error{Code: CodePINWeak, Field: "pin"}
}
