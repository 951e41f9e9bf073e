package boxmain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
	"clinicbox/internal/terminal"
)

// readLine asks for a secret that must not stand in the list of processes.
func (p *Program) readLine(prompt string) (string, error) {
	defer terminal.Hide(p.Stdin)()
	return p.readShown(prompt)
}

// readShown asks for what stands on the screen anyway.
func (p *Program) readShown(prompt string) (string, error) {
	fmt.Fprint(p.Stderr, prompt)
	if p.in == nil {
		p.in = bufio.NewReader(p.Stdin)
	}
	line, err := p.in.ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		if err == nil || errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%w: không nhập gì / nothing was typed", ErrUsage)
		}
		return "", fmt.Errorf("%w: không nhập gì / nothing was typed: %w", ErrUsage, err)
	}
	return line, nil
}

// opens finds the stopped box of the configuration and unlocks it: a development box
// by its file, another by number and PIN, or by the recovery code with number 0. Close
// the vault, also one that comes with errNotSetUp.
func (p *Program) opens(ctx context.Context, create bool) (*vault, error) {
	cfg, err := Load(p.path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.Data.Dir); err != nil && !create {
		return nil, err // looking makes nothing
	}
	limitMemory(p.logger(cfg)) // views may be built anew
	v, err := newVault(cfg)
	if err != nil {
		return nil, err
	}
	if err := v.claim(); err != nil {
		return nil, err
	}
	err = p.unlock(ctx, v, create)
	if errors.Is(err, identity.ErrChanged) {
		fmt.Fprintln(p.Stderr, Words(err))
		err = nil
	}
	if err != nil && !errors.Is(err, errNotSetUp) {
		v.close()
		return nil, err
	}
	return v, err
}

func (p *Program) unlock(ctx context.Context, v *vault, create bool) error {
	switch {
	case v.isErased():
		return sealer.ErrErased
	case v.development():
		return v.loadKey(ctx, create)
	case !v.isSetUp():
		return errNotSetUp
	}
	m, err := p.method(v)
	if err != nil {
		return err
	}
	err = v.unlock(ctx, m)
	if w, ok := errors.AsType[*sealer.WaitError](err); ok && errors.Is(err, sealer.ErrUncounted) {
		fmt.Fprintln(p.Stderr, Words(err)) // each command is a start
		select {
		case <-time.After(w.Wait):
			err = v.unlock(ctx, m)
		case <-ctx.Done():
		}
	}
	return err
}

// method asks how to unlock.
func (p *Program) method(v *vault) (sealer.Method, error) {
	number, err := p.readLine("Số mở máy, 0 = mã khôi phục / unlock number, 0 = recovery code: ")
	if err != nil {
		return nil, err
	}
	if number == "0" {
		code, err := p.readLine("Mã khôi phục / recovery code: ")
		if err != nil {
			return nil, err
		}
		p.recovered = true
		return sealer.EnterRecovery(code)
	}
	owner, err := v.owner(number)
	if err != nil {
		return nil, err
	}
	p.owner = owner
	pin, err := p.readLine("PIN: ")
	p.own = v.method(owner, pin)
	return p.own, err
}

// owner finds whose number it is.
func (v *vault) owner(number string) (clinic.ID, error) {
	for _, s := range v.list() {
		if fmt.Sprint(s.Number) == number && (s.Kind == sealer.Staff || s.Kind == sealer.TPM) {
			return s.Owner, nil
		}
	}
	return clinic.ID{}, sealer.ErrNoSlot
}

// enrol makes the box a member of the fleet while it is stopped: online with -hub,
// or by carrying: -request writes what the centre must be shown, -answer takes what
// it gave.
func (p *Program) enrol(ctx context.Context) error {
	v, err := p.opens(ctx, true)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	switch {
	case p.answer != "":
		return p.takeAnswer(v)
	case p.hub == "" && p.request == "":
		return fmt.Errorf("%w: enrol -config FILE -hub URL | -request FILE | -answer FILE", ErrUsage)
	}
	code, err := p.readLine("Mã một lần của trung tâm / one-time code of the centre: ")
	if err != nil {
		return err
	}
	if p.request != "" {
		return p.giveRequest(v, code)
	}
	ask, err := AskAt(p.hub)
	if err != nil {
		return err
	}
	e, err := v.join(ctx, code, ask)
	if err != nil {
		return err
	}
	return p.welcome(e)
}

func (p *Program) welcome(e *identity.Enrolment) error {
	_, err := fmt.Fprintf(p.Stdout, "đã gia nhập / joined: %s, %s %s\ngốc của trung tâm / the centre's root: %s\n",
		e.Facility.Box, e.Facility.Code, e.Facility.Name, cert.Fingerprint(e.Root))
	return err
}

func (p *Program) giveRequest(v *vault, code string) error {
	raw, err := v.request(code)
	if err != nil {
		return err
	}
	text, err := cert.Text(raw)
	if err != nil {
		return err
	}
	if p.request == "-" {
		_, err = io.WriteString(p.Stdout, text)
		return err
	}
	if err := durable.WriteFile(p.request, []byte(text), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Stdout, "mang tệp này đến trung tâm / carry this file to the centre:", p.request)
	return err
}

func (p *Program) takeAnswer(v *vault) error {
	in := p.Stdin
	if p.answer != "-" {
		f, err := os.Open(p.answer)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxAnswer*8))
	if err != nil {
		return err
	}
	raw, err := cert.Carried(b)
	if err != nil {
		return err
	}
	e, err := v.accept(raw)
	if err != nil {
		return err
	}
	return p.welcome(e)
}
