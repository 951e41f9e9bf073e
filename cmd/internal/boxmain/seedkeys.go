package boxmain

import (
	"crypto"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/cert"
)

// SeedKeys are the keys of people on a box that is filled before it runs: in no fleet
// yet, so that nobody vouches and nothing is confirmed.
func SeedKeys(facility string) desk.Keys { return seedKeys{facility} }

type seedKeys struct{ facility string }

// Request implements desk.Keys.
func (s seedKeys) Request(p desk.Person, key crypto.Signer) ([]byte, error) {
	return personRequest(s.facility, p, key)
}

// Vouch implements desk.Keys.
func (seedKeys) Vouch([]byte, crypto.Signer, [][]byte) ([][]byte, error) {
	return nil, desk.ErrNoVoucher
}

// Of implements desk.Keys.
func (seedKeys) Of(person clinic.ID, records []clinic.Record) []desk.SigningKey {
	nobody := func(cert.WantMember, ...[]byte) (cert.Member, error) { return cert.Member{}, cert.ErrNobody }
	return cert.SigningKeys(person, records, ownRecord, nobody)
}

// Generation implements desk.Keys: nothing is trusted, so nothing changes.
func (seedKeys) Generation() uint64 { return 0 }
