package boxmain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"clinicbox/clinic"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/internal/cert"
	"clinicbox/web"
)

// fleetPages lets an administrator join the box to a centre by the pages.
type fleetPages struct{ b *Box }

var (
	_ web.Machine       = fleetPages{}
	_ web.RecoveryCodes = fleetPages{}
	_ web.Numbers       = fleetPages{}
)

// State implements web.Machine.
func (p fleetPages) State() web.MachineState {
	v := p.b.vault
	s := web.MachineState{
		Box: p.b.cfg.Box.Name, Facility: p.b.cfg.Facility.Name, Blocked: v.id.Blocked(),
		Sealer: map[string]string{"file": "keyfile", "board": "board", "tpm": "tpm"}[p.b.cfg.Seal.Method],
	}
	for _, slot := range v.list() {
		if slot.Kind == sealer.Telephone {
			if !slot.Undelivered {
				s.Telephone++
			}
			continue
		}
		if slot.Kind != sealer.Vacant {
			s.Slots++
		}
	}
	if _, keys, err := v.storage(); err == nil {
		_, s.Pending = keys.Pending()
		s.Recovery = keys.CodeMade()
		s.BoxPrint = cert.Fingerprint(keys.Private.Public().Identity)
	}
	if e, ok := v.id.Enrolment(); ok {
		s.Enrolled, s.Serial, s.Hub, s.RootPrint = true, e.Serial().String(), e.Broker, cert.Fingerprint(e.Root)
	}
	return s
}

// Enrol implements web.Machine.
func (p fleetPages) Enrol(ctx context.Context, in web.EnrolInput) error {
	ask, err := AskAt(in.Hub)
	if err != nil {
		return machineError(err)
	}
	return p.join(func() error {
		_, err := p.b.vault.join(ctx, in.Code, ask)
		return err
	})
}

// join begins a new life once the box became a member, also when something after that
// failed: the next unlock makes it good, and the code is spent.
func (p fleetPages) join(do func() error) error {
	_, before := p.b.vault.id.Enrolment()
	err := do()
	if _, now := p.b.vault.id.Enrolment(); err != nil && (before || !now) {
		return machineError(err)
	}
	if err != nil {
		p.b.log.Error("joined, but not all is written yet", "err", err)
	}
	p.joined()
	return nil
}

// joined begins a new life, as a member of the fleet.
func (p fleetPages) joined() {
	p.b.recordNow(event{what: clinic.MachineEnrolled})
	p.b.finish(errAnew)
}

// Request implements web.Machine.
func (p fleetPages) Request(_ context.Context, code string) (text string, qr []string, err error) {
	raw, err := p.b.vault.request(code)
	if err != nil {
		return "", nil, machineError(err)
	}
	if text, err = cert.Text(raw); err != nil {
		return "", nil, err
	}
	qr, err = cert.QR(raw)
	return text, qr, err
}

// Answer implements web.Machine.
func (p fleetPages) Answer(_ context.Context, text string) error {
	raw, err := cert.Carried([]byte(text))
	if err != nil {
		return machineError(err)
	}
	return p.join(func() error {
		_, err := p.b.vault.accept(raw)
		return err
	})
}

// NewRecoveryCode implements web.RecoveryCodes.
func (p fleetPages) NewRecoveryCode(ctx context.Context, person clinic.ID, pin string) (string, error) {
	if err := p.b.desk.Confirm(ctx, person, pin); err != nil {
		return "", err
	}
	code, err := p.b.vault.newRecovery(ctx)
	if err != nil {
		return "", err
	}
	p.b.recordNow(event{what: clinic.MachineNewCode, person: person})
	return code.Reveal(), nil
}

// Number implements web.Numbers.
func (p fleetPages) Number(person clinic.ID) (uint32, bool) { return p.b.vault.number(person) }

// machineError is a refusal to join in words of the pages. What it does not know is
// returned as it is.
func machineError(err error) error {
	if e, ok := errors.AsType[*cert.TextError](err); ok {
		wrong := slices.DeleteFunc(slices.Clone(e.Wrong), func(n int) bool { return n == 0 }) // no number to name
		switch {
		case len(wrong) > 0:
			return &web.MachineError{Key: web.MachineLines, Args: []any{"lines", list(wrong)}}
		case len(e.Missing) > 0:
			return &web.MachineError{Key: web.MachineMissing, Args: []any{"lines", list(e.Missing)}}
		}
		return &web.MachineError{Key: web.MachineForm}
	}
	if e, ok := errors.AsType[*cert.MissingError](err); ok {
		return &web.MachineError{Key: web.MachineParts, Args: []any{"parts", list(e.Parts)}}
	}
	for _, r := range refusals() {
		if errors.Is(err, r.err) {
			return &web.MachineError{Key: r.key}
		}
	}
	return err
}

// refusal is an error and its words.
type refusal struct {
	err error
	key string
}

func refusals() []refusal {
	return []refusal{
		{errHubAddress, web.MachineAddress},
		{errNoAnswer, web.MachineUnreachable},
		{errBusy, web.MachineBusy},
		{errNotTaken, web.MachineRefused},
		{cert.ErrCodeForm, web.MachineCode},
		{errCodeNone, web.MachineRefused},
		{errCodeSpent, web.MachineRefused},
		{identity.ErrPending, web.MachineNoRequest},
		{identity.ErrEnrolled, web.MachineEnrolled},
		{cert.ErrOtherRequest, web.MachineOther},
		{cert.ErrOtherSet, web.MachineOther},
		{cert.ErrCode, web.MachineForged},
		{cert.ErrSignature, web.MachineForged},
		{cert.ErrRoot, web.MachineForged},
		{cert.ErrIssuer, web.MachineForged},
		{syscall.ENOSPC, web.MachineFull},
		{cert.ErrForm, web.MachineForm},
		{cert.ErrKind, web.MachineForm},
		{cert.ErrVersion, web.MachineForm},
	}
}

func list(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
}
