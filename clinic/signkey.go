package clinic

import (
	"crypto/ed25519"
)

// KeyState tells how far a signing key is confirmed.
type KeyState uint8

// The states of a key.
const (
	KeyOwn       KeyState = 1 // nobody vouches for it yet
	KeyVouched   KeyState = 2 // the facility vouches, the centre has not decided
	KeyConfirmed KeyState = 3 // the centre confirmed it
	KeyRevoked   KeyState = 4
)

// SigningKey is a key of a person, as entries and certificates tell of it.
type SigningKey struct {
	Key      ed25519.PublicKey
	Role     Role
	Facility string
	Request  []byte
	Chain    [][]byte // best certificate with those of who vouched; nil = none
	// Own: the box that recorded the signature recorded the key when its owner used it
	// there. What came from elsewhere counts only as far as somebody's word for it holds.
	Own   bool
	Since uint64 // hybrid time of the first such entry
	Print string // fingerprint in groups, to compare by telephone
	// State tells how the key stood at a hybrid time; math.MaxUint64 = now.
	State func(hlc uint64) KeyState
}

// Signs reports whether people of the role may confirm documents.
func (r Role) Signs() bool { return r == RoleDoctor }

// JudgeSigned tells what the confirmation of a KindSigned record is worth, by the best
// of what is known of its author's keys. fits compares the signature with a key
// (Signed.Fits); box, centre and checks judge alike by this.
func JudgeSigned(rec *Record, keys []SigningKey, fits func(*Record, ed25519.PublicKey) bool) SignatureState {
	body, ok := rec.Body.(*Signed)
	if !ok {
		return SignatureBroken
	}
	if len(body.Key)+len(body.Sig) == 0 {
		return judgeKeyless(rec, keys)
	}
	best := SignatureBroken
	for i := range keys {
		k := &keys[i]
		if !k.Role.Signs() || !fits(rec, k.Key) {
			continue
		}
		switch state := k.State(rec.HLC); {
		case state == KeyConfirmed:
			return SignatureGood
		case state == KeyRevoked:
			best = SignatureRevoked
		case best == SignatureRevoked:
		case state == KeyVouched || k.Own:
			best = SignatureUnconfirmed
		case best == SignatureBroken:
			best = SignatureUnknown
		}
	}
	return best
}

// judgeKeyless judges a confirmation without a signature: once its author had a key on
// the box that recorded it, somebody took the signature away.
func judgeKeyless(rec *Record, keys []SigningKey) SignatureState {
	for i := range keys {
		k := &keys[i]
		if k.Own && rec.Ref.Journal == Own && k.Since < rec.HLC {
			return SignatureBroken
		}
	}
	return SignatureKeyless
}

// FitsSigned is Signed.Fits of a record.
func FitsSigned(rec *Record, key ed25519.PublicKey) bool {
	b, ok := rec.Body.(*Signed)
	return ok && b.Fits(key, rec.Subject, rec.Visit)
}
