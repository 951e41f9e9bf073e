package boxmain

import (
	"context"
	"fmt"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/task"
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
	cfg, err := Load(p.path)
	if err != nil {
		return err
	}
	pin, err := p.readPIN()
	if err != nil {
		return err
	}
	if err := clinic.CheckPIN(pin); err != nil {
		return fmt.Errorf("%w: PIN: 6 chữ số, khó đoán / 6 digits that are not guessed first", ErrUsage)
	}
	b := New(Options{Config: cfg, Log: p.logger(cfg), Probe: selfProbe(), Staff: []desk.StaffSeed{
		{ID: clinic.NewID(), Staff: clinic.Staff{Name: p.name, Role: role}, PIN: pin},
	}})
	if err := b.setUp(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Stdout, "đã thêm / added:", p.name)
	return err
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
