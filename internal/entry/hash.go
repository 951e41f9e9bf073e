package entry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"clinicbox/clinic"
)

// Salt keeps a leaf hash from confirming a guess of the entry's content.
type Salt [16]byte

// Seed is the secret of one journal segment from which its salts derive. On the
// wire it travels once per segment instead of 16 bytes an entry.
type Seed [32]byte

// Salt derives the salt of the entry at place n (from 0) of the seed's segment.
func (s *Seed) Salt(n uint32) Salt { return s.Salts().At(n) }

// Salts derives many salts of one seed. It must not be used by two goroutines.
type Salts struct {
	mac hash.Hash
	buf [sha256.Size]byte
}

// Salts returns what derives the salts of the seed.
func (s *Seed) Salts() *Salts { return &Salts{mac: hmac.New(sha256.New, s[:])} }

// At derives the salt of the entry at place n.
func (s *Salts) At(n uint32) Salt {
	s.mac.Reset()
	s.mac.Write(binary.BigEndian.AppendUint32(s.buf[:0], n))
	return Salt(s.mac.Sum(s.buf[:0])[:16])
}

// LeafHash is the RFC 6962 section 2.1 leaf hash over salt and entry bytes:
// SHA-256(0x00 || salt || bytes).
func LeafHash(salt Salt, b []byte) clinic.Leaf {
	in := make([]byte, 0, 1024) // most entries are hashed without the heap
	in = append(append(append(in, 0), salt[:]...), b...)
	return sha256.Sum256(in)
}
