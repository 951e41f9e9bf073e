package desk

import (
	"bytes"
	"context"
	"crypto"
	"errors"

	"clinicbox/clinic"
)

// Keys makes and reads certificates of people's signing keys (internal/cert). Its
// methods answer from memory and may be called at the same time.
type Keys interface {
	// Request asks for a certificate of the person's key, and is signed by it.
	Request(p Person, key crypto.Signer) ([]byte, error)
	// Vouch certifies a request until the centre decides, and returns the chain for
	// clinic.Credential. by is an administrator's opened key and its certificate's
	// chain; a nil key means the box itself, which vouches for administrators only.
	// ErrNoVoucher: the box is in no fleet, so nobody's word counts.
	Vouch(request []byte, by crypto.Signer, chain [][]byte) ([][]byte, error)
	// Of returns the keys of a person that the records tell of, those of entries that
	// came from elsewhere first, then the latest last. records are those of the person
	// and of clinic.StatementSubject.
	Of(person clinic.ID, records []clinic.Record) []SigningKey
	// Generation changes whenever Of may answer something else about the same records.
	Generation() uint64
}

// ErrNoVoucher is returned by Keys.Vouch of a box that is in no fleet.
var ErrNoVoucher = errors.New("desk: the box is in no fleet")

// SigningKey is a key of a person.
type SigningKey = clinic.SigningKey

// KeyState tells how far a signing key is confirmed.
type KeyState = clinic.KeyState

// The states of a key.
const (
	KeyOwn       = clinic.KeyOwn
	KeyVouched   = clinic.KeyVouched
	KeyConfirmed = clinic.KeyConfirmed
	KeyRevoked   = clinic.KeyRevoked
)

// now is the hybrid time of what holds today.
const now = ^uint64(0)

// keysOf reads a person's keys.
func (d *Desk) keysOf(r Reader, person clinic.ID) ([]SigningKey, error) {
	return d.judging(r).keysOf(person)
}

// keepKey records the person's opened key, once, and as administrator of a facility
// in which nobody else could vouch, with the word of the box. What it cannot record
// it tries again at the next login.
func (d *Desk) keepKey(ctx context.Context, person clinic.ID, key crypto.Signer) {
	if d.o.Keys == nil || key == nil {
		return
	}
	build := func(r Reader) ([]clinic.Draft, error) { return d.credential(r, person, key) }
	err := d.view(ctx, func(r Reader) error { // most logins change nothing
		_, err := build(r)
		return err
	})
	if err == nil {
		_, err = d.o.Store.Act(ctx, d.o.NewID(), person, build)
	}
	if err != nil && !errors.Is(err, errNothing) {
		d.o.Log.Warn("a signing key is not recorded yet", "err", err)
	}
}

// credential is the entry that is missing of a person's key.
func (d *Desk) credential(r Reader, id clinic.ID, key crypto.Signer) ([]clinic.Draft, error) {
	p, err := person(r, id)
	if err != nil {
		return nil, err
	}
	keys, err := d.keysOf(r, id)
	if err != nil {
		return nil, err
	}
	var body clinic.Credential
	state := KeyOwn
	for i := range keys {
		if k := &keys[i]; k.Own && k.Key.Equal(key.Public()) && k.Role == p.Role && k.Facility == d.o.Site.Facility.Code {
			body.Request, state = k.Request, k.State(now)
		}
	}
	known := body.Request != nil
	if !known {
		if body.Request, err = d.o.Keys.Request(p, key); err != nil {
			return nil, err
		}
	}
	if state == KeyOwn && p.Role == clinic.RoleAdministrator {
		if body.Chain, err = d.boxVouches(r, id, body.Request); err != nil {
			return nil, err
		}
	}
	if known && body.Chain == nil {
		return nil, errNothing
	}
	return []clinic.Draft{{Kind: clinic.KindCredential, Subject: id, Body: &body}}, nil
}

// boxVouches certifies an administrator's key by the box's own while no other
// administrator could: at the start, after a recovery, after the only one forgot
// their PIN.
func (d *Desk) boxVouches(r Reader, id clinic.ID, request []byte) ([][]byte, error) {
	heir, err := recovered(r, id)
	if err != nil {
		return nil, err
	}
	all, err := staffOf(r)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if heir || p.ID == id || p.Left || p.Role != clinic.RoleAdministrator {
			continue
		}
		if k, err := d.voucher(r, p.ID); err != nil || k != nil {
			return nil, err
		}
	}
	chain, err := d.o.Keys.Vouch(request, nil, nil)
	if errors.Is(err, ErrNoVoucher) {
		return nil, nil
	}
	return chain, err
}

// recovered reports whether a recovery or an answer by telephone made the person an
// administrator of this box: whoever could vouch before may not be able to open
// their keys here any more.
func recovered(r Reader, id clinic.ID) (bool, error) {
	records, err := r.Records(clinic.MachineSubject())
	for i := range records {
		rec := &records[i]
		m, ok := rec.Body.(*clinic.Machine)
		if ok && rec.Ref.Journal == clinic.Own && rec.Author.IsZero() && m.Person == id &&
			(m.Event == clinic.MachineRecovered || m.Event == clinic.MachineTelephoned) {
			return true, err
		}
	}
	return false, err
}

// voucher returns the latest key with which an administrator may vouch, or nil.
func (d *Desk) voucher(r Reader, id clinic.ID) (*SigningKey, error) {
	keys, err := d.keysOf(r, id)
	for i := len(keys) - 1; i >= 0; i-- {
		if s := keys[i].State(now); keys[i].Role == clinic.RoleAdministrator && (s == KeyVouched || s == KeyConfirmed) {
			return &keys[i], err
		}
	}
	return nil, err
}

// Vouch confirms a colleague's key until the centre decides. Administrators, with
// their own PIN; never for oneself.
func (d *Desk) Vouch(ctx context.Context, c Call, colleague clinic.ID, ownPIN string) error {
	if d.o.Keys == nil || colleague == c.By {
		return &Error{Code: CodeKeyOwn}
	}
	key, err := d.confirm(ctx, c.By, ownPIN)
	if err != nil {
		return err
	}
	defer wipe(key)
	_, err = d.save(ctx, c, plan{
		need: rightStaff, kind: clinic.KindCredential, patient: colleague,
		build: func(w *work) ([]clinic.Draft, error) { return d.vouch(w, c.By, key, colleague) },
		same:  func(any) bool { return true },
	})
	return err
}

// vouch is the entry by which one administrator certifies a colleague's latest key.
func (d *Desk) vouch(r Reader, by clinic.ID, key crypto.Signer, colleague clinic.ID) ([]clinic.Draft, error) {
	p, err := person(r, colleague)
	if err != nil {
		return nil, err
	}
	keys, err := d.keysOf(r, colleague)
	if err != nil {
		return nil, err
	}
	k := current(keys, p.Role)
	if k == nil || k.State(now) != KeyOwn {
		return nil, &Error{Code: CodeKeyNone}
	}
	mine, err := d.voucher(r, by)
	if err != nil {
		return nil, err
	}
	if mine == nil || !mine.Key.Equal(key.Public()) {
		return nil, &Error{Code: CodeKeyVoucher}
	}
	chain, err := d.o.Keys.Vouch(k.Request, key, mine.Chain)
	if err != nil {
		return nil, err
	}
	return []clinic.Draft{{Kind: clinic.KindCredential, Subject: colleague, Body: &clinic.Credential{Request: bytes.Clone(k.Request), Chain: chain}}}, nil
}

// current is the key that the person uses on this box in that role, as far as is
// recorded, or nil. One that somebody sent for them is none: nobody must be led to
// vouch for it.
func current(keys []SigningKey, role clinic.Role) (k *SigningKey) {
	var last *SigningKey // a new key begins later than those before
	for i := range keys {
		if keys[i].Own && (last == nil || keys[i].Since >= last.Since) {
			last = &keys[i]
		}
	}
	for i := range keys {
		if keys[i].Own && keys[i].Role == role && keys[i].Key.Equal(last.Key) {
			k = &keys[i]
		}
	}
	return k
}
