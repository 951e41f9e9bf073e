package desk

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
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
	// Of returns the keys of a person that the records tell of, the latest last.
	// records are those of the person and of clinic.StatementSubject.
	Of(person clinic.ID, records []clinic.Record) []SigningKey
}

// ErrNoVoucher is returned by Keys.Vouch of a box that is in no fleet.
var ErrNoVoucher = errors.New("desk: the box is in no fleet")

// KeyState tells how far a signing key is confirmed.
type KeyState uint8

// The states of a key.
const (
	KeyOwn       KeyState = 1 // nobody vouches for it yet
	KeyVouched   KeyState = 2 // the facility vouches, the centre has not decided
	KeyConfirmed KeyState = 3 // the centre confirmed it
	KeyRevoked   KeyState = 4
)

// SigningKey is a key of a person.
type SigningKey struct {
	Key      ed25519.PublicKey
	Role     clinic.Role
	Facility string
	Request  []byte
	Chain    [][]byte // best certificate with those of who vouched; nil = none
	// State tells how the key stood at a hybrid time; math.MaxUint64 = now.
	State func(hlc uint64) KeyState
}

// now is the hybrid time of what holds today.
const now = ^uint64(0)

// keysOf reads a person's keys.
func (d *Desk) keysOf(r Reader, person clinic.ID) ([]SigningKey, error) {
	own, err := r.Records(person)
	if err != nil {
		return nil, err
	}
	told, err := r.Records(clinic.StatementSubject())
	return d.o.Keys.Of(person, append(own, told...)), err
}

// judge checks confirmations of visits; the keys of each author are read once.
func (d *Desk) judge(r Reader, visits ...*clinic.VisitFile) (err error) {
	if d.o.Keys == nil {
		return nil
	}
	keys := map[clinic.ID][]SigningKey{}
	judge := func(rec *clinic.Record) clinic.SignatureState {
		body := rec.Body.(*clinic.Signed)
		if len(body.Key)+len(body.Sig) == 0 {
			return clinic.SignatureKeyless
		}
		if _, known := keys[rec.Author]; !known {
			found, kerr := d.keysOf(r, rec.Author)
			err = errors.Join(err, kerr)
			keys[rec.Author] = found
		}
		return judged(rec, body, keys[rec.Author])
	}
	for _, v := range visits {
		v.JudgeSignatures(judge)
	}
	return err
}

func judged(rec *clinic.Record, body *clinic.Signed, keys []SigningKey) clinic.SignatureState {
	for i := range keys {
		if !body.Fits(keys[i].Key, rec.Subject, rec.Visit) {
			continue
		}
		switch keys[i].State(rec.HLC) {
		case KeyConfirmed:
			return clinic.SignatureGood
		case KeyRevoked:
			return clinic.SignatureRevoked
		}
		return clinic.SignatureUnconfirmed
	}
	return clinic.SignatureBroken
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
		_, err = d.o.Store.Act(ctx, clinic.NewID(), person, build)
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
		if k := &keys[i]; k.Key.Equal(key.Public()) && k.Role == p.Role && k.Facility == d.o.Site.Facility.Code {
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
	all, err := r.Staff()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.ID == id || p.Left || p.Role != clinic.RoleAdministrator {
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
	_, err = d.save(ctx, c, plan{
		need: rightStaff, kind: clinic.KindCredential, patient: colleague,
		build: func(w *work) ([]clinic.Draft, error) { return d.vouch(w, c.By, key, colleague) },
		same:  func(any) bool { return true },
	})
	return err
}

// vouch is the entry by which one administrator certifies a colleague's latest key.
func (d *Desk) vouch(r Reader, by clinic.ID, key crypto.Signer, colleague clinic.ID) ([]clinic.Draft, error) {
	if _, err := person(r, colleague); err != nil {
		return nil, err
	}
	keys, err := d.keysOf(r, colleague)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 || keys[len(keys)-1].State(now) != KeyOwn {
		return nil, &Error{Code: CodeKeyNone}
	}
	mine, err := d.voucher(r, by)
	if err != nil {
		return nil, err
	}
	if mine == nil || !mine.Key.Equal(key.Public()) {
		return nil, &Error{Code: CodeKeyVoucher}
	}
	request := keys[len(keys)-1].Request
	chain, err := d.o.Keys.Vouch(request, key, mine.Chain)
	if err != nil {
		return nil, err
	}
	return []clinic.Draft{{Kind: clinic.KindCredential, Subject: colleague, Body: &clinic.Credential{Request: bytes.Clone(request), Chain: chain}}}, nil
}

// latest is how the person's latest key stands, 0 without one.
func latest(keys []SigningKey) KeyState {
	if len(keys) == 0 {
		return 0
	}
	return keys[len(keys)-1].State(now)
}
