package sealer

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
)

// Key is 32 secret bytes: the storage key, or a key that wraps it. It prints as
// [key].
type Key [32]byte

// NewKey returns a fresh random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:])
	return k
}

// Wipe overwrites the key. Copies that the runtime or a library made stay.
func (k *Key) Wipe() { clear(k[:]) }

// String hides the key.
func (Key) String() string { return "[key]" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "[key]" }

// Format hides the key from every verb, %x included.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[key]") }

// LogValue hides the key from logs.
func (Key) LogValue() slog.Value { return slog.StringValue("[key]") }

// derive mixes the parts into one key (HKDF-SHA-256, RFC 5869). The place is its
// salt, so that the same secrets give another key in another file or slot. Each
// part carries its length: no byte moves from one to the next unseen.
func derive(purpose string, at Place, parts ...[]byte) *Key {
	var ikm []byte
	for _, p := range parts {
		ikm = binary.BigEndian.AppendUint32(ikm, uint32(len(p)))
		ikm = append(ikm, p...)
	}
	salt := binary.BigEndian.AppendUint32(at.File[:], at.Slot)
	b, err := hkdf.Key(sha256.New, ikm, salt, "clinicbox/1/sealer "+purpose, len(Key{}))
	if err != nil {
		panic(err) // only for lengths above 8160: cannot happen
	}
	clear(ikm)
	defer clear(b)
	return (*Key)(append(make([]byte, 0, len(b)), b...))
}
