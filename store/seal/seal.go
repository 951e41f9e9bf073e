// Package seal closes what rests on the box: XChaCha20-Poly1305 (a Raspberry Pi 4
// has no AES instructions) under subkeys of one storage key, and keyed hashes for
// index keys that would name a person.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/crypto/chacha20poly1305"
)

// Overhead is what sealing adds: a random 24-byte nonce and a 16-byte tag.
const Overhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// ErrOpen tells that sealed bytes are damaged, stand in the wrong place, or were
// sealed under another key. It says no more on purpose.
var ErrOpen = errors.New("seal: does not open")

// Key is the storage key, or a subkey of it. It prints as [key].
type Key [32]byte

// KeyID names a key without telling anything of it.
type KeyID [8]byte

// NewKey returns a fresh random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:])
	return k
}

// Sub derives the key of one purpose (HKDF-SHA-256, RFC 5869). Purposes are
// frozen names; two purposes never share a key.
func (k *Key) Sub(purpose string) Key {
	return Key(k.derive(purpose, len(Key{})))
}

// ID names the key.
func (k *Key) ID() KeyID { return KeyID(k.derive("key id", len(KeyID{}))) }

func (k *Key) derive(purpose string, n int) []byte {
	b, err := hkdf.Key(sha256.New, k[:], nil, "clinicbox/1/"+purpose, n)
	if err != nil {
		panic(err) // only for lengths above 8160: cannot happen
	}
	return b
}

// String hides the key.
func (Key) String() string { return "[key]" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "[key]" }

// LogValue hides the key from logs.
func (Key) LogValue() slog.Value { return slog.StringValue("[key]") }

// Sealer seals and opens under one key. It may be used by several goroutines.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns a sealer under the key.
func NewSealer(k Key) *Sealer {
	a, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic(err) // only for a wrong key length: cannot happen
	}
	return &Sealer{a}
}

// Seal appends nonce and ciphertext of plain to dst. The same aad must be given
// to Open: it says where the bytes belong.
func (s *Sealer) Seal(dst, plain, aad []byte) []byte {
	var nonce [chacha20poly1305.NonceSizeX]byte
	rand.Read(nonce[:])
	dst = append(dst, nonce[:]...)
	return s.aead.Seal(dst, nonce[:], plain, aad)
}

// Open appends the plain bytes of sealed to dst, or returns ErrOpen.
func (s *Sealer) Open(dst, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, fmt.Errorf("%w: too short", ErrOpen)
	}
	n := chacha20poly1305.NonceSizeX
	plain, err := s.aead.Open(dst, sealed[:n], sealed[n:], aad)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// Mac returns the keyed hash of the parts. Each part carries its length, so that
// moving a byte from one to the next changes the result.
func (k *Key) Mac(parts ...string) [32]byte {
	m := hmac.New(sha256.New, k[:])
	for _, p := range parts {
		fmt.Fprintf(m, "%d:%s", len(p), p)
	}
	return [32]byte(m.Sum(nil))
}
