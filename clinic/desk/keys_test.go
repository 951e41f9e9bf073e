package desk

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"clinicbox/clinic"
)

// TestSignaturesAreJudged: what a confirmation is worth follows from the key that it
// fits, in the right role, as it stood then; none that it fits makes it broken. What
// somebody sends changes nothing unless somebody who may vouches for it.
func TestSignaturesAreJudged(t *testing.T) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	leaf := clinic.Leaf{1}
	signed := func(n byte, visit clinic.ID, key ed25519.PrivateKey) *clinic.Record {
		body := &clinic.Signed{Method: methodPIN, Leaves: [][]byte{leaf[:]}}
		if key != nil {
			if err := body.SignWith(key, clinic.ID{2}, clinic.ID{3}); err != nil {
				t.Fatal(err)
			}
		}
		return &clinic.Record{
			Kind: clinic.KindSigned, Leaf: clinic.Leaf{n}, Ref: clinic.Ref{Journal: clinic.Own},
			Subject: clinic.ID{2}, Visit: visit, HLC: 7, Body: body,
		}
	}
	rec, moved, strange, bare := signed(1, clinic.ID{3}, key), signed(2, clinic.ID{9}, key), signed(3, clinic.ID{3}, other), signed(4, clinic.ID{3}, nil)
	received := *bare
	received.Ref.Journal = clinic.In
	is := func(s KeyState) func(uint64) KeyState {
		return func(hlc uint64) KeyState {
			if hlc != 7 {
				t.Errorf("asked how the key stood at %d", hlc)
			}
			return s
		}
	}
	doctor := func(s KeyState, own bool) SigningKey {
		return SigningKey{Key: public, Role: clinic.RoleDoctor, Own: own, Since: 3, State: is(s)}
	}
	nurse, late := doctor(KeyConfirmed, true), doctor(KeyOwn, true)
	nurse.Role, late.Since = clinic.RoleNurse, 9
	none := SigningKey{Key: make(ed25519.PublicKey, ed25519.PublicKeySize), Role: clinic.RoleDoctor}
	for name, tt := range map[string]struct {
		rec  *clinic.Record
		keys []SigningKey
		want clinic.SignatureState
	}{
		"the centre's word":                        {rec, []SigningKey{none, doctor(KeyConfirmed, true)}, clinic.SignatureGood},
		"the centre's word, key from elsewhere":    {rec, []SigningKey{doctor(KeyConfirmed, false)}, clinic.SignatureGood},
		"the station's word":                       {rec, []SigningKey{doctor(KeyVouched, true)}, clinic.SignatureUnconfirmed},
		"the station's word, from elsewhere":       {rec, []SigningKey{doctor(KeyVouched, false)}, clinic.SignatureUnconfirmed},
		"nobody's word, used here":                 {rec, []SigningKey{doctor(KeyOwn, true)}, clinic.SignatureUnconfirmed},
		"nobody's word, sent by somebody":          {rec, []SigningKey{doctor(KeyOwn, false)}, clinic.SignatureUnknown},
		"revoked":                                  {rec, []SigningKey{doctor(KeyRevoked, true)}, clinic.SignatureRevoked},
		"revoked, and sent again without a word":   {rec, []SigningKey{doctor(KeyRevoked, true), doctor(KeyOwn, true)}, clinic.SignatureRevoked},
		"a word sent beside the revoked":           {rec, []SigningKey{doctor(KeyVouched, false), doctor(KeyRevoked, true)}, clinic.SignatureRevoked},
		"a nurse's key":                            {rec, []SigningKey{nurse}, clinic.SignatureBroken},
		"a nurse who became a doctor":              {rec, []SigningKey{nurse, doctor(KeyVouched, true)}, clinic.SignatureUnconfirmed},
		"moved to another visit":                   {moved, []SigningKey{doctor(KeyConfirmed, true)}, clinic.SignatureBroken},
		"by somebody else's key":                   {strange, []SigningKey{doctor(KeyConfirmed, true)}, clinic.SignatureBroken},
		"by a key that nobody had":                 {rec, nil, clinic.SignatureBroken},
		"without a signature, before keys":         {bare, nil, clinic.SignatureKeyless},
		"without a signature, before the key":      {bare, []SigningKey{late}, clinic.SignatureKeyless},
		"the signature was taken away":             {bare, []SigningKey{doctor(KeyOwn, true)}, clinic.SignatureBroken},
		"a key was sent to spoil an old signature": {bare, []SigningKey{doctor(KeyOwn, false)}, clinic.SignatureKeyless},
		"of a box that had no keys":                {&received, []SigningKey{doctor(KeyOwn, true)}, clinic.SignatureKeyless},
	} {
		d := &Desk{fits: newFitting()}
		for range 2 { // from memory it is the same
			if got := clinic.JudgeSigned(tt.rec, tt.keys, d.fits.fits); got != tt.want {
				t.Errorf("%s: %d, want %d", name, got, tt.want)
			}
		}
	}
}

// TestCurrentKey: nobody is led to vouch for a key that was sent for a colleague.
func TestCurrentKey(t *testing.T) {
	k := func(n byte, role clinic.Role, own bool, since uint64) SigningKey {
		return SigningKey{Key: ed25519.PublicKey{n}, Role: role, Own: own, Since: since}
	}
	const nurse, doctor = clinic.RoleNurse, clinic.RoleDoctor
	for name, tt := range map[string]struct {
		keys []SigningKey
		want byte // 0 = none
	}{
		"none":              {nil, 0},
		"sent":              {[]SigningKey{k(1, doctor, false, 0)}, 0},
		"used, later sent":  {[]SigningKey{k(1, doctor, true, 4), k(2, doctor, false, 9)}, 1},
		"lost and new":      {[]SigningKey{k(1, doctor, true, 4), k(2, doctor, true, 9)}, 2},
		"new role":          {[]SigningKey{k(1, nurse, true, 4), k(1, doctor, true, 9)}, 1},
		"old role again":    {[]SigningKey{k(1, doctor, true, 4), k(1, nurse, true, 9)}, 1},
		"new key, old role": {[]SigningKey{k(1, doctor, true, 4), k(2, nurse, true, 9)}, 0},
	} {
		got := current(tt.keys, doctor)
		if tt.want == 0 && got != nil || tt.want != 0 && (got == nil || got.Key[0] != tt.want || got.Role != doctor) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
