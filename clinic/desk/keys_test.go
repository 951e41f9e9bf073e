package desk

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"clinicbox/clinic"
)

// TestSignaturesAreJudged: what a confirmation is worth follows from the key that it
// fits, as it stood then; none that it fits makes it broken.
func TestSignaturesAreJudged(t *testing.T) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := clinic.Leaf{1}
	body := &clinic.Signed{Method: methodPIN, Leaves: [][]byte{leaf[:]}}
	if err := body.SignWith(key, clinic.ID{2}, clinic.ID{3}); err != nil {
		t.Fatal(err)
	}
	rec := &clinic.Record{Kind: clinic.KindSigned, Subject: clinic.ID{2}, Visit: clinic.ID{3}, HLC: 7, Body: body}
	for state, want := range map[KeyState]clinic.SignatureState{
		KeyOwn: clinic.SignatureUnconfirmed, KeyVouched: clinic.SignatureUnconfirmed,
		KeyConfirmed: clinic.SignatureGood, KeyRevoked: clinic.SignatureRevoked,
	} {
		at := uint64(0)
		keys := []SigningKey{{Key: make(ed25519.PublicKey, ed25519.PublicKeySize)}, {Key: public, State: func(hlc uint64) KeyState {
			at = hlc
			return state
		}}}
		if got := judged(rec, body, keys); got != want || at != rec.HLC {
			t.Errorf("key %d, asked at %d: signature %d, want %d", state, at, got, want)
		}
	}
	other := *rec
	other.Visit = clinic.ID{9}
	if got := judged(&other, body, []SigningKey{{Key: public}}); got != clinic.SignatureBroken {
		t.Errorf("moved to another visit it is %d", got)
	}
	if got := judged(rec, body, nil); got != clinic.SignatureBroken {
		t.Errorf("by a key that nobody had it is %d", got)
	}
}
