package staff

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/argon2"

	"clinicbox/clinic"
)

// ErrVerifier is returned for a stored value that cannot be one of ours, or whose
// key does not open with the right PIN. The person is refused: an unreadable
// verifier must not let anybody in, and no other key may take a lost one's place.
var ErrVerifier = errors.New("staff: stored PIN verifier is damaged")

// Params are the costs of argon2id (RFC 9106). A million PINs are tried quickly
// whatever they cost, so the verifier also lies under the storage key; the cost
// only slows down who has that key.
type Params struct {
	Time    uint32 // passes, 1–10
	Memory  uint32 // KiB, 8–65536
	Threads uint8  // 1–4
}

// DefaultParams takes 32 MiB and about a second of one core of a Raspberry Pi 3:
// beside the store and the pages 64 MiB is the most that 1 GB allows, and one
// thread leaves the other cores to them.
func DefaultParams() Params { return Params{Time: 3, Memory: 32 << 10, Threads: 1} }

// The versions of a stored value. The first kept no key.
const (
	versionNone  = 0 // alone, one byte: the PIN was removed
	versionPlain = 1
	versionKey   = 2
)

const (
	saltLen    = 16
	hashLen    = 32
	kekLen     = 32
	wrappedLen = ed25519.SeedSize + tagLen
	plainLen   = 1 + 4 + 4 + 1 + saltLen + hashLen
	keyLen     = plainLen + wrappedLen
)

// verifier is what is kept of a PIN, with the key that the PIN opens. The two are
// one value, so that no power cut parts them.
type verifier struct {
	version byte
	params  Params
	salt    []byte
	hash    []byte
	wrapped []byte // the seed under the other half of the hash; nil in version 1
}

// newVerifier wraps the seed under the PIN. The salt is always fresh: it makes
// the wrapping key one of its own, which the fixed nonce of wrap relies on.
func newVerifier(p Params, person clinic.ID, pin string, seed []byte) *verifier {
	v := &verifier{version: versionKey, params: p, salt: make([]byte, saltLen)}
	rand.Read(v.salt) // never fails since Go 1.24
	var kek []byte
	v.hash, kek = v.derive(pin)
	defer clear(kek)
	v.wrapped = wrap(kek, seed, v.bound(person))
	return v
}

// derive hashes the PIN once: the first half is compared, the other opens the key
// and is never kept. A PIN of a hundred characters is hashed like any other.
func (v *verifier) derive(pin string) (hash, kek []byte) {
	n := uint32(hashLen)
	if v.version == versionKey {
		n += kekLen
	}
	b := []byte(pin)
	defer clear(b) // the library's own memory is out of reach
	out := argon2.IDKey(b, v.salt, v.params.Time, v.params.Memory, v.params.Threads, n)
	return out[:hashLen:hashLen], out[hashLen:]
}

// match compares in constant time and returns what opens the key.
func (v *verifier) match(pin string) (kek []byte, ok bool) {
	hash, kek := v.derive(pin)
	return kek, subtle.ConstantTimeCompare(hash, v.hash) == 1
}

// seed opens the person's key; nil when the value is of the time without keys.
func (v *verifier) seed(person clinic.ID, kek []byte) ([]byte, error) {
	if v.version == versionPlain {
		return nil, nil
	}
	return unwrap(kek, v.wrapped, v.bound(person))
}

// bound is what a wrapped key belongs to: the person, and all that is kept beside
// it, version and costs included.
func (v *verifier) bound(person clinic.ID) []byte {
	return append(append([]byte("clinicbox staff key"), person[:]...), v.head()...)
}

// head writes version, time, memory, threads, salt, hash; numbers big-endian.
func (v *verifier) head() []byte {
	b := append(make([]byte, 0, keyLen), v.version)
	b = binary.BigEndian.AppendUint32(b, v.params.Time)
	b = binary.BigEndian.AppendUint32(b, v.params.Memory)
	b = append(b, v.params.Threads)
	return append(append(b, v.salt...), v.hash...)
}

// bytes is what is kept: the head and the wrapped key.
func (v *verifier) bytes() []byte { return append(v.head(), v.wrapped...) }

// tombstone is kept in place of a removed PIN, for a KV has no removal.
func tombstone() []byte { return []byte{versionNone} }

// noPIN tells whether a stored value says that there is no PIN. An empty value
// does not: nobody ever put one.
func noPIN(b []byte) bool { return b == nil || bytes.Equal(b, tombstone()) }

// parseVerifier refuses costs that would take the box down.
func parseVerifier(b []byte) (*verifier, error) {
	plain := len(b) == plainLen && b[0] == versionPlain
	if !plain && (len(b) != keyLen || b[0] != versionKey) {
		return nil, ErrVerifier
	}
	p := Params{binary.BigEndian.Uint32(b[1:]), binary.BigEndian.Uint32(b[5:]), b[9]}
	if p.Time < 1 || p.Time > 10 || p.Memory < 8 || p.Memory > 64<<10 || p.Threads < 1 || p.Threads > 4 {
		return nil, ErrVerifier
	}
	v := &verifier{version: b[0], params: p, salt: b[10 : 10+saltLen], hash: b[10+saltLen : plainLen]}
	if !plain {
		v.wrapped = b[plainLen:]
	}
	return v, nil
}
