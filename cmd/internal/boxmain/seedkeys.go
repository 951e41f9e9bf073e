package boxmain

import (
	"crypto"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
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
func (seedKeys) Of(person clinic.ID, records []clinic.Record) (out []desk.SigningKey) {
	for _, k := range found(person, records) {
		out = append(out, signingKey(&k, func(uint64) desk.KeyState { return desk.KeyOwn }))
	}
	usedHere(out, records)
	return out
}
