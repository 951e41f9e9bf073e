package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"clinicbox/clinic"
)

// Staff returns who may log in: people who work here, by name.
func (d *Desk) Staff(ctx context.Context) (out []Person, err error) {
	err = d.view(ctx, func(r Reader) error {
		all, err := r.Staff()
		out = slices.DeleteFunc(all, func(p Person) bool { return p.Left })
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

// Login checks the PIN and returns the person.
func (d *Desk) Login(ctx context.Context, id clinic.ID, pin string) (Person, error) {
	p, err := d.Who(ctx, id)
	if err != nil {
		return Person{}, err
	}
	if err := d.checkPIN(ctx, id, pin); err != nil {
		return Person{}, err
	}
	return p, nil
}

// checkPIN returns nil for the right PIN. It may take a second: never call it
// inside View or Act.
func (d *Desk) checkPIN(ctx context.Context, id clinic.ID, pin string) error {
	v, err := d.o.Pins.Check(ctx, id, pin)
	if err != nil {
		return err
	}
	e := &Error{Field: "pin"}
	switch v.Result {
	case clinic.PINRight:
		return nil
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
