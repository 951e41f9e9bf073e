package desk

import (
	"crypto/ed25519"
	"sync"

	"clinicbox/clinic"
)

// fitsHeld is how many checks are remembered: more than a busy day's pages show.
const fitsHeld = 16 << 10

// fitting remembers which signatures fit which keys. Nothing can change that: an
// entry's leaf hash covers all that the signature does.
type fitting struct {
	mu    sync.Mutex
	known map[fit]bool
}

type fit struct {
	leaf clinic.Leaf
	key  [ed25519.PublicKeySize]byte
}

func newFitting() *fitting { return &fitting{known: map[fit]bool{}} }

// fits reports whether the KindSigned record's signature is by the key.
func (f *fitting) fits(rec *clinic.Record, key ed25519.PublicKey) bool {
	if len(key) != ed25519.PublicKeySize {
		return false
	}
	at := fit{rec.Leaf, [ed25519.PublicKeySize]byte(key)}
	f.mu.Lock()
	is, known := f.known[at]
	f.mu.Unlock()
	if known {
		return is
	}
	is = rec.Body.(*clinic.Signed).Fits(key, rec.Subject, rec.Visit)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.known) >= fitsHeld {
		clear(f.known)
	}
	f.known[at] = is
	return is
}
