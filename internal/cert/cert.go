// Package cert is the form of everything that the fleet's authority, its boxes and
// its people sign about each other: who may issue, which box is which, who works
// where, what is revoked, what a box must do, and how a new box gets all of it. It
// does no I/O and keeps no clock.
//
// # Statements
//
// A statement is head(3) signature(64) body. The head is magic, version and kind;
// the body is deterministic CBOR with integer keys (RFC 8949 section 4.2.1). The
// signature is plain Ed25519 over a label of the kind, the head and the body, so a
// statement of one kind never passes for another. It is not Ed25519ctx, for tokens
// and HSMs that hold issuing keys sign plain Ed25519 only. A statement is kept and
// handed on as its bytes and never encoded again: keys that this program does not
// know stay under the signature.
//
// # Who signs what
//
//	root (offline)     Issuer
//	issuing key        Hub, Box, Person, Ratification, Revocations, Answer, History
//	hub's command key  Command, Time
//	box identity       Request; Provisional for an administrator after recovery
//	a person's key     PersonRequest; an administrator's: Provisional
//	a new issuing key  IssuerRequest
//	heartbeat key      Beat
//
// Nothing here expires: a box may lie on a shelf for years and wake up in 1970.
// What is no longer good is revoked, and revocations are ordered by number.
//
// Beside the statements there are X.509 certificates for what others must
// understand: browsers (HTTPS) and brokers (TLS of the link). See x509.go.
package cert

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"clinicbox/internal/strictcbor"
)

// Sentinels for callers that decide on them. They are flat on purpose: what does
// not verify says which rule it broke and nothing else.
var (
	ErrForm           = errors.New("cert: malformed")
	ErrKind           = errors.New("cert: a statement of another kind")
	ErrVersion        = errors.New("cert: a statement of an unknown version")
	ErrSignature      = errors.New("cert: signature does not fit")
	ErrRoot           = errors.New("cert: not from the root that is trusted here")
	ErrIssuer         = errors.New("cert: issuing key unknown or withdrawn")
	ErrRevoked        = errors.New("cert: revoked")
	ErrOtherBox       = errors.New("cert: for another box")
	ErrOtherFacility  = errors.New("cert: for another facility")
	ErrOtherRequest   = errors.New("cert: answers another request")
	ErrReplayed       = errors.New("cert: older than what is known, or another of the same number")
	ErrNotProvisional = errors.New("cert: not provisional any more")
	ErrVoucher        = errors.New("cert: vouched for by somebody who may not")
	ErrCode           = errors.New("cert: one-time code does not fit")
	ErrCodeForm       = errors.New("cert: one-time code is mistyped")
)

// Limits of what comes from outside.
const (
	MaxStatement = 16 << 10 // bytes; a revocation list may have MaxList
	MaxList      = 48 << 10 // fits one frame of the link
	MaxRevoked   = 1000     // items of one list
	maxText      = 200      // bytes of a name or reason
	maxBox       = 32       // bytes of a box name, as the centre has them
)

// KeyID names a public key: the first half of a SHA-256 over it.
type KeyID [16]byte

// Serial names a certificate. It is random, for certificates are also made
// offline, at boxes that know of no counter.
type Serial [16]byte

// Digest is a SHA-256.
type Digest [32]byte

// Nonce is a random value that an answer must echo.
type Nonce [16]byte

// IDOf names an Ed25519 key.
func IDOf(key ed25519.PublicKey) (id KeyID) {
	sum := sha256.Sum256(append([]byte("clinicbox key id\x00"), key...))
	copy(id[:], sum[:])
	return id
}

// DigestOf returns the SHA-256 of a statement, a key or a certificate.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// Fingerprint is a key's ID for people who compare it by telephone: 26
// characters in groups of four.
func Fingerprint(key ed25519.PublicKey) string {
	id := IDOf(key)
	return grouped(encode32(id[:]))
}

// X509Fingerprint is the SHA-256 of an X.509 certificate for people who compare it by
// telephone: four rows of four groups, as the boxes' page about trust shows it.
func X509Fingerprint(der []byte) (rows []string) {
	text := strings.ToUpper(DigestOf(der).String())
	for ; text != ""; text = text[16:] {
		rows = append(rows, text[:4]+" "+text[4:8]+" "+text[8:12]+" "+text[12:16])
	}
	return rows
}

// String returns 32 hexadecimal digits.
func (k KeyID) String() string { return hex.EncodeToString(k[:]) }

// String returns 32 hexadecimal digits.
func (s Serial) String() string { return hex.EncodeToString(s[:]) }

// String returns 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseSerial reads the form written by String.
func ParseSerial(text string) (s Serial, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(s) {
		return s, ErrForm
	}
	return Serial(b), nil
}

// MarshalCBOR writes a byte string.
func (k KeyID) MarshalCBOR() ([]byte, error) { return encMode.Marshal(k[:]) }

// UnmarshalCBOR takes the exact length only; the library would fill the array
// from a shorter or longer string.
func (k *KeyID) UnmarshalCBOR(b []byte) error { return exact(k[:], b) }

// MarshalCBOR writes a byte string.
func (s Serial) MarshalCBOR() ([]byte, error) { return encMode.Marshal(s[:]) }

// UnmarshalCBOR takes the exact length only.
func (s *Serial) UnmarshalCBOR(b []byte) error { return exact(s[:], b) }

// MarshalCBOR writes a byte string.
func (d Digest) MarshalCBOR() ([]byte, error) { return encMode.Marshal(d[:]) }

// UnmarshalCBOR takes the exact length only.
func (d *Digest) UnmarshalCBOR(b []byte) error { return exact(d[:], b) }

// MarshalCBOR writes a byte string.
func (n Nonce) MarshalCBOR() ([]byte, error) { return encMode.Marshal(n[:]) }

// UnmarshalCBOR takes the exact length only.
func (n *Nonce) UnmarshalCBOR(b []byte) error { return exact(n[:], b) }

func exact(dst, b []byte) error {
	if len(b) == 0 || b[0]>>5 != 2 { // a byte string, not an array of numbers
		return ErrForm
	}
	var s []byte
	if err := decMode.Unmarshal(b, &s); err != nil || len(s) != len(dst) {
		return ErrForm
	}
	copy(dst, s)
	return nil
}

var (
	encMode = strictcbor.Encoding()
	decMode = strictcbor.Decoding(strictcbor.Limits{Nested: 8, Elements: 4096, Pairs: 256})
)
