package boxmain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/task"
	"clinicbox/internal/spoken"
)

// roles are the words of -role.
func roles() map[string]clinic.Role {
	return map[string]clinic.Role{
		"nurse": clinic.RoleNurse, "doctor": clinic.RoleDoctor, "cashier": clinic.RoleCashier,
		"technician": clinic.RoleTechnician, "administrator": clinic.RoleAdministrator,
	}
}

// staff adds a person while the box is stopped: the first administrator, who adds
// the others on the pages. There are no default accounts and no default PINs.
func (p *Program) staff(ctx context.Context) error {
	role, ok := roles()[p.role]
	if p.name = strings.TrimSpace(p.name); p.name == "" || !ok {
		return fmt.Errorf("%w: staff -config FILE -name \"HỌ TÊN\" -role nurse|doctor|cashier|technician|administrator", ErrUsage)
	}
	v, seed, err := p.newPerson(ctx, role)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	b := New(Options{Config: v.cfg, Log: p.logger(v.cfg), Probe: selfProbe(), Staff: []desk.StaffSeed{seed}})
	b.vault = v
	if err := b.setUp(ctx); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, "đã thêm / added:", p.name)
	p.giveNumber(v, seed.ID)
	return nil
}

// newPerson asks for the PIN of somebody new and opens the box for them. Close the
// vault, also one that comes with an error.
func (p *Program) newPerson(ctx context.Context, role clinic.Role) (*vault, desk.StaffSeed, error) {
	seed := desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: p.name, Role: role}}
	var err error
	if seed.PIN, err = p.readLine("PIN (6 chữ số / 6 digits): "); err != nil {
		return nil, seed, err
	}
	if err := clinic.CheckPIN(seed.PIN); err != nil {
		return nil, seed, fmt.Errorf("%w: PIN: 6 chữ số, khó đoán / 6 digits that are not guessed first", ErrUsage)
	}
	v, code, err := p.openFor(ctx, seed)
	if err == nil {
		err = p.giveCode(code) // before anything can fail: it exists only here
	}
	return v, seed, err
}

func (p *Program) giveNumber(v *vault, person clinic.ID) {
	if n, ok := v.number(person); ok {
		fmt.Fprintf(p.Stdout, "số mở máy / unlock number: %d\n", n)
	}
}

func (p *Program) giveCode(code spoken.Code) error {
	if code.IsZero() {
		return nil
	}
	_, err := fmt.Fprintf(p.Stdout, "\nMÃ KHÔI PHỤC, chỉ in một lần; chép ra giấy, cất xa hộp.\nRECOVERY CODE, printed this once; write it down, keep it away from the box.\n\n    %s\n\n", code.Reveal())
	return err
}

// openFor opens the box for a new person. One that is not set up is set up with this
// person, and gives the recovery code.
func (p *Program) openFor(ctx context.Context, seed desk.StaffSeed) (*vault, spoken.Code, error) {
	v, err := p.opens(ctx, true)
	if !errors.Is(err, errNotSetUp) {
		return v, spoken.Code{}, err
	}
	if seed.Role != clinic.RoleAdministrator {
		return v, spoken.Code{}, fmt.Errorf("%w: người đầu tiên phải là administrator / the first person is an administrator", ErrUsage)
	}
	code, err := v.setUp(ctx, seed.ID, seed.PIN)
	return v, code, err
}

// setUp opens the records, runs the set-up task and stops.
func (b *Box) setUp(ctx context.Context) error {
	if err := b.open(ctx); err != nil {
		return err
	}
	defer b.store.Close()
	setUp, err := b.buildDesk()
	if err != nil {
		return err
	}
	done := task.Func("done", func(context.Context, func()) error { return task.ErrStop })
	return task.NewGroup(b.log, 0, b.store, setUp, done).Run(ctx)
}
