package boxmain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/sealer"
	"clinicbox/internal/escrow"
	"clinicbox/internal/spoken"
	"clinicbox/web"
)

// lockedPages are what both doors serve while the box is locked.
func (b *Box) lockedPages() (plain, secure http.Handler, err error) {
	secure, err = web.NewLocked(web.LockedOpts{
		Unlocker: unlocker{b}, Log: b.log, Facility: b.cfg.Facility.Name, Healthz: b.Healthz(), Trust: b.trust,
	})
	if err != nil || !b.trustOnly() {
		return secure, secure, err
	}
	plain, err = web.NewTrust(web.TrustOpts{Trust: b.trust, Facility: b.cfg.Facility.Name, Log: b.log, Healthz: b.Healthz()})
	return plain, secure, err
}

// trust is what a tablet needs to believe that it speaks with this box.
func (b *Box) trust() web.Trust {
	t := web.Trust{Plain: b.URL()}
	if b.secure == nil {
		return t
	}
	if _, ok := b.vault.id.Pages(); !ok {
		return t
	}
	t.Root = b.vault.id.WebRoot()
	t.URL = "https://" + b.cfg.Box.Name + ".local"
	_, port, _ := net.SplitHostPort(b.secure.ln.Addr().String())
	if n := b.vault.id.Names(); !b.cfg.Web.MDNS && len(n.IPs) > 0 {
		t.URL = "https://" + n.IPs[0].String()
	}
	if port != "443" {
		t.URL += ":" + port
	}
	t.URL += "/"
	return t
}

// unlocker opens the box for the page that asks for it.
type unlocker struct{ b *Box }

var _ web.Unlocker = unlocker{}

// Ways implements web.Unlocker.
func (u unlocker) Ways() web.Ways {
	v := u.b.vault
	w := web.Ways{
		Blocked: v.id.Blocked(), Erased: v.isErased(), NotSetUp: !v.isSetUp() && !v.isErased(),
		KeyFile: v.development(), Opening: v.open(),
	}
	for _, s := range v.list() {
		switch s.Kind {
		case sealer.Staff, sealer.TPM:
			w.People = append(w.People, s.Number)
		case sealer.StaffCard:
			w.Card = w.Card || u.b.o.Card != nil
		case sealer.Recovery:
			w.Recovery = true
		}
	}
	slices.Sort(w.People)
	w.Challenge, w.Telephone = v.challenge()
	return w
}

// PIN implements web.Unlocker.
func (u unlocker) PIN(ctx context.Context, number uint32, pin string) error {
	owner, err := u.b.vault.owner(fmt.Sprint(number))
	if err == nil {
		err = u.b.vault.unlock(ctx, u.b.vault.method(owner, pin))
	}
	return u.answer(err)
}

// Card implements web.Unlocker.
func (u unlocker) Card(ctx context.Context) error {
	return u.answer(u.b.vault.unlockCard(ctx, u.b.o.Card))
}

// KeyFile implements web.Unlocker.
func (u unlocker) KeyFile(ctx context.Context) error { return u.answer(u.b.vault.loadKey(ctx, false)) }

// Recover implements web.Unlocker. The administrator is noted before the box opens,
// for whoever opens it records that.
func (u unlocker) Recover(ctx context.Context, r web.Recovery) error {
	if r.Name = norm.NFC.String(strings.Join(strings.Fields(r.Name), " ")); r.Name != "" && clinic.CheckPIN(r.PIN) != nil {
		return &web.UnlockError{Key: web.UnlockWeak}
	}
	v := u.b.vault
	m, what, err := v.recovery(r)
	if err != nil {
		return u.answer(err)
	}
	heir := desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: r.Name, Role: clinic.RoleAdministrator}, PIN: r.PIN}
	return u.answer(v.unlockThen(ctx, m, func() { u.b.recovered(what, heir) }))
}

// recovery reads which code was typed.
func (v *vault) recovery(r web.Recovery) (sealer.Method, string, error) {
	if r.Code != "" {
		m, err := sealer.EnterRecovery(r.Code)
		return m, clinic.MachineRecovered, err
	}
	e, _ := v.id.Enrolment()
	m, err := sealer.EnterAnswer(r.Answer, escrow.Centre{HPKE: v.id.HubKey(), Box: e.Facility.Box})
	return m, clinic.MachineTelephoned, err
}

// challenge is what the caller reads to the centre.
func (v *vault) challenge() (string, bool) {
	v.mu.Lock()
	slots := v.slots
	v.mu.Unlock()
	if slots == nil {
		return "", false
	}
	c, err := slots.Challenge()
	return c.Reveal(), err == nil
}

// answer turns what happened into words of the page.
func (u unlocker) answer(err error) error {
	if err = u.b.noted(err); err == nil {
		u.b.stirred()
		return nil
	}
	if w, ok := errors.AsType[*sealer.WaitError](err); ok {
		key := web.UnlockWait
		switch {
		case errors.Is(err, sealer.ErrTPMLocked):
			key = web.UnlockTPMLocked
		case errors.Is(err, sealer.ErrUncounted):
			key = web.UnlockUncounted
		}
		return web.UnlockAfter(key, w.Wait)
	}
	if e, ok := errors.AsType[*spoken.Error](err); ok {
		return mistyped(e)
	}
	for _, w := range unlockWords() {
		if errors.Is(err, w.err) {
			return &web.UnlockError{Key: w.key}
		}
	}
	return err
}

func mistyped(e *spoken.Error) error {
	if len(e.Groups) == 0 {
		return &web.UnlockError{Key: web.UnlockLength, Args: []any{"have", e.Have, "want", e.Want}}
	}
	return &web.UnlockError{Key: web.UnlockMistyped, Args: []any{"groups", list(e.Groups)}}
}

type unlockWord struct {
	err error
	key string
}

// unlockWords lists the refusals; a number that nobody has is told as a wrong PIN.
func unlockWords() []unlockWord {
	return []unlockWord{
		{errBlocked, web.UnlockBlocked},
		{errNotSetUp, web.UnlockKeyFile},
		{sealer.ErrErased, web.UnlockErased},
		{sealer.ErrWrong, web.UnlockWrong},
		{sealer.ErrNoSlot, web.UnlockWrong},
		{sealer.ErrLocked, web.UnlockLocked},
		{sealer.ErrExpired, web.UnlockExpired},
		{sealer.ErrTPMMissing, web.UnlockTPMMissing},
		{sealer.ErrTPMReset, web.UnlockTPMReset},
		{sealer.ErrTPM, web.UnlockTPMFailed},
		{sealer.ErrTPMOpen, web.UnlockTPMFailed},
		{sealer.ErrTPMOwned, web.UnlockTPMFailed},
		{sealer.ErrBoard, web.UnlockBoard},
		{sealer.ErrNoKeyFile, web.UnlockKeyFile},
		{sealer.ErrVersion, web.UnlockNewer},
		{sealer.ErrDamaged, web.UnlockDamaged},
		{sealer.ErrNoCard, web.UnlockNoCard},
		{sealer.ErrOtherCard, web.UnlockOtherCard},
		{syscall.ENOSPC, web.UnlockFull},
		{syscall.EROFS, web.UnlockFull},
		{context.Canceled, web.UnlockBusy},
		{context.DeadlineExceeded, web.UnlockBusy},
	}
}
