package desktest

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Keys is a desk.Keys whose requests and certificates are lines of text. It trusts
// every certificate that its box or an opened key made, and knows no centre.
type Keys struct {
	Alone bool // in no fleet: the box vouches for nobody
	Asked int  // how often a request was made
	Read  int  // how often keys were found in records
	Now   uint64
	// Revoked are keys that the centre ended, by Print; who sets it moves Now.
	Revoked map[string]bool
}

var _ desk.Keys = (*Keys)(nil)

const boxWord = "word of the box"

// Request implements desk.Keys.
func (k *Keys) Request(p desk.Person, key crypto.Signer) ([]byte, error) {
	k.Asked++
	return fmt.Appendf(nil, "%s %d %x", p.ID, p.Role, key.Public().(ed25519.PublicKey)), nil
}

// Vouch implements desk.Keys.
func (k *Keys) Vouch(request []byte, by crypto.Signer, chain [][]byte) ([][]byte, error) {
	if by == nil {
		if k.Alone {
			return nil, desk.ErrNoVoucher
		}
		return [][]byte{append([]byte(boxWord+" for "), request...)}, nil
	}
	if len(chain) == 0 {
		return nil, ErrFault // who vouches has nobody's word
	}
	if _, err := by.Sign(nil, request, crypto.Hash(0)); err != nil {
		return nil, err
	}
	return append([][]byte{append([]byte("word of an administrator for "), request...)}, chain...), nil
}

// Generation implements desk.Keys.
func (k *Keys) Generation() uint64 { return k.Now }

// Of implements desk.Keys.
func (k *Keys) Of(person clinic.ID, records []clinic.Record) (out []desk.SigningKey) {
	k.Read++
	for i := range records {
		c, ok := records[i].Body.(*clinic.Credential)
		if !ok {
			continue
		}
		var id, public string
		var role clinic.Role
		if n, err := fmt.Sscanf(string(c.Request), "%s %d %s", &id, &role, &public); n != 3 || err != nil || id != person.String() {
			continue
		}
		key, err := hex.DecodeString(public)
		if err != nil {
			continue
		}
		s := desk.SigningKey{
			Key: key, Role: role, Facility: "22736", Request: c.Request, Chain: c.Chain,
			Own: records[i].Ref.Journal == clinic.Own, Since: records[i].HLC, Print: public[:8],
		}
		state := desk.KeyOwn
		if len(c.Chain) > 0 {
			state = desk.KeyVouched
		}
		if k.Revoked[s.Print] {
			state = desk.KeyRevoked
		}
		s.State = func(uint64) desk.KeyState { return state }
		out = put(out, s)
	}
	return out
}

// put replaces what was known of the key by what somebody's word adds.
func put(all []desk.SigningKey, s desk.SigningKey) []desk.SigningKey {
	for i := range all {
		if k := &all[i]; bytes.Equal(k.Key, s.Key) && k.Role == s.Role {
			s.Own, s.Since = s.Own || k.Own, k.Since
			if len(s.Chain) > 0 {
				*k = s
			}
			return all
		}
	}
	return append(all, s)
}

// ByBox reports whether the box's word stands in a chain.
func ByBox(chain [][]byte) bool {
	return len(chain) > 0 && bytes.HasPrefix(chain[len(chain)-1], []byte(boxWord))
}
