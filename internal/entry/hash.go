package entry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"clinicbox/clinic"
)

// Salt keeps a leaf hash from confirming a guess of the entry's content.
type Salt [16]byte

// Seed is the secret of one journal segment from which its salts derive. On the
// wire it travels once per segment instead of 16 bytes an entry.
type Seed [32]byte

// Salt derives the salt of the entry at place n (from 0) of the seed's segment.
func (s *Seed) Salt(n uint32) Salt {
	m := hmac.New(sha256.New, s[:])
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	m.Write(b[:])
	return Salt(m.Sum(nil)[:16])
}

// LeafHash is the RFC 6962 section 2.1 leaf hash over salt and entry bytes:
// SHA-256(0x00 || salt || bytes).
func LeafHash(salt Salt, b []byte) clinic.Leaf {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(salt[:])
	h.Write(b)
	return clinic.Leaf(h.Sum(nil))
}
