package staff

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/argon2"
)

// ErrVerifier is returned for a stored verifier that cannot be one of ours. The
// person is refused: an unreadable verifier must not let anybody in.
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

const (
	verifierVersion = 1
	saltLen         = 16
	hashLen         = 32
	verifierLen     = 1 + 4 + 4 + 1 + saltLen + hashLen
)

// verifier is what is kept of a PIN.
type verifier struct {
	params Params
	salt   []byte
	hash   []byte
}

func newVerifier(p Params, salt []byte, pin string) *verifier {
	return &verifier{p, salt, argon2.IDKey([]byte(pin), salt, p.Time, p.Memory, p.Threads, hashLen)}
}

// matches compares in constant time. A PIN of a hundred characters is hashed like
// any other.
func (v *verifier) matches(pin string) bool {
	got := argon2.IDKey([]byte(pin), v.salt, v.params.Time, v.params.Memory, v.params.Threads, hashLen)
	return subtle.ConstantTimeCompare(got, v.hash) == 1
}

// bytes writes version, time, memory, threads, salt, hash; numbers big-endian.
func (v *verifier) bytes() []byte {
	b := append(make([]byte, 0, verifierLen), verifierVersion)
	b = binary.BigEndian.AppendUint32(b, v.params.Time)
	b = binary.BigEndian.AppendUint32(b, v.params.Memory)
	b = append(b, v.params.Threads)
	return append(append(b, v.salt...), v.hash...)
}

// parseVerifier refuses costs that would take the box down.
func parseVerifier(b []byte) (*verifier, error) {
	if len(b) != verifierLen || b[0] != verifierVersion {
		return nil, ErrVerifier
	}
	p := Params{binary.BigEndian.Uint32(b[1:]), binary.BigEndian.Uint32(b[5:]), b[9]}
	if p.Time < 1 || p.Time > 10 || p.Memory < 8 || p.Memory > 64<<10 || p.Threads < 1 || p.Threads > 4 {
		return nil, ErrVerifier
	}
	return &verifier{p, b[10 : 10+saltLen], b[10+saltLen:]}, nil
}
