package boxmain

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/identity"
	"clinicbox/internal/cert"
)

// staffKeys makes and reads certificates of people's signing keys by what this box
// trusts.
type staffKeys struct{ b *Box }

var _ desk.Keys = staffKeys{}

// Request implements desk.Keys.
func (s staffKeys) Request(p desk.Person, key crypto.Signer) ([]byte, error) {
	return personRequest(s.b.cfg.Facility.Code, p, key)
}

func personRequest(facility string, p desk.Person, key crypto.Signer) ([]byte, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("a signing key of type %T", key.Public())
	}
	r := cert.PersonRequest{Person: p.ID, Role: p.Role, Facility: facility, Key: public}
	rand.Read(r.Nonce[:]) // never fails since Go 1.24
	return cert.Sign(key, r)
}

// Vouch implements desk.Keys.
func (s staffKeys) Vouch(request []byte, by crypto.Signer, chain [][]byte) ([][]byte, error) {
	now, _ := s.b.clock.Now()
	hlc := clinic.HLCAt(now)
	if by == nil {
		_, keys, err := s.b.vault.storage()
		if err != nil {
			return nil, err
		}
		out, err := keys.Vouch(request, hlc)
		if errors.Is(err, identity.ErrStranger) {
			return nil, desk.ErrNoVoucher
		}
		return out, err
	}
	m, err := s.b.vault.id.Member(cert.WantMember{Facility: s.b.cfg.Facility.Code, At: cert.Now}, chain...)
	if err != nil {
		return nil, err
	}
	raw, err := cert.Sign(by, cert.Provisional{Serial: cert.NewSerial(), Request: request, Voucher: m.Serial, HLC: hlc})
	if err != nil {
		return nil, err
	}
	return append([][]byte{raw}, chain...), nil
}

// Of implements desk.Keys.
func (s staffKeys) Of(person clinic.ID, records []clinic.Record) []desk.SigningKey {
	sum := keyDigest(s.b.vault.id.Generation(), records)
	if keys, ok := s.b.memo.get(person, sum); ok {
		return keys
	}
	var out []desk.SigningKey
	for _, k := range found(person, records) {
		_, chain, _ := s.b.vault.id.Standing(&k, cert.Now)
		key := signingKey(&k, func(hlc uint64) desk.KeyState { return s.state(&k, hlc) })
		key.Chain = chain
		out = append(out, key)
	}
	usedHere(out, records)
	s.b.memo.put(person, sum, out)
	return out
}

// found are the keys that the records tell of.
func found(person clinic.ID, records []clinic.Record) []identity.PersonKey {
	var credentials []*clinic.Credential
	var statements [][]byte
	for i := range records {
		switch b := records[i].Body.(type) {
		case *clinic.Credential:
			credentials = append(credentials, b)
		case *clinic.Statement:
			statements = append(statements, b.Raw)
		}
	}
	return identity.PersonKeys(person, credentials, statements)
}

func signingKey(k *identity.PersonKey, state func(uint64) desk.KeyState) desk.SigningKey {
	return desk.SigningKey{
		Key: k.Key, Role: k.Role, Facility: k.Facility, Request: k.Request, Print: cert.Fingerprint(k.Key), State: remembered(state),
	}
}

// usedHere marks the keys that this box recorded when their owners used them.
func usedHere(keys []desk.SigningKey, records []clinic.Record) {
	for i := range records {
		c, ok := records[i].Body.(*clinic.Credential)
		if !ok || records[i].Ref.Journal != clinic.Own {
			continue
		}
		r, err := cert.OpenPersonRequest(c.Request)
		if err != nil {
			continue
		}
		for j := range keys {
			if k := &keys[j]; k.Key.Equal(r.Key) && k.Role == r.Role && k.Facility == r.Facility && !k.Own {
				k.Own, k.Since = true, records[i].HLC // oldest first
			}
		}
	}
}

func (s staffKeys) state(k *identity.PersonKey, hlc uint64) desk.KeyState {
	m, _, err := s.b.vault.id.Standing(k, hlc)
	switch {
	case errors.Is(err, cert.ErrRevoked):
		return desk.KeyRevoked
	case err != nil:
		return desk.KeyOwn
	case m.Provisional:
		return desk.KeyVouched
	}
	return desk.KeyConfirmed
}
