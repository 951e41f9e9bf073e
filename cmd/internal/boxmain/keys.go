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
	out := cert.SigningKeys(person, records, ownRecord, s.b.vault.id.Member)
	s.b.memo.put(person, sum, out)
	return out
}

// Generation implements desk.Keys.
func (s staffKeys) Generation() uint64 { return s.b.vault.id.Generation() }

// ownRecord tells the entries of this box.
func ownRecord(r *clinic.Record) bool { return r.Ref.Journal == clinic.Own }
