package staff

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
)

// ErrKeep is returned by Set for a key that is no whole ed25519.PrivateKey.
var ErrKeep = errors.New("staff: the key to keep is no Ed25519 private key")

const tagLen = 16 // of AES-GCM

// newSeed is the beginning of a new signing key.
func newSeed() []byte {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails since Go 1.24
	return seed
}

// seedOf returns the seed of the key to keep, or a new one for nil. A key whose
// two halves do not fit would come back as another one, so it is refused.
func seedOf(keep crypto.Signer) ([]byte, error) {
	if keep == nil {
		return newSeed(), nil
	}
	key, ok := keep.(ed25519.PrivateKey)
	if !ok || len(key) != ed25519.PrivateKeySize || !ed25519.NewKeyFromSeed(key.Seed()).Equal(key) {
		return nil, ErrKeep
	}
	return key.Seed(), nil
}

// wrap seals the seed with AES-256-GCM. The nonce is zero: a wrapping key comes
// from a fresh salt each time and seals one seed.
func wrap(kek, seed, bound []byte) []byte {
	aead := newAEAD(kek)
	return aead.Seal(nil, make([]byte, aead.NonceSize()), seed, bound)
}

// unwrap is the reverse. The error does not tell what was wrong.
func unwrap(kek, wrapped, bound []byte) ([]byte, error) {
	aead := newAEAD(kek)
	seed, err := aead.Open(nil, make([]byte, aead.NonceSize()), wrapped, bound)
	if err != nil {
		return nil, ErrVerifier
	}
	return seed, nil
}

// newAEAD cannot fail: the length of a wrapping key is fixed.
func newAEAD(kek []byte) cipher.AEAD {
	block, err := aes.NewCipher(kek)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
