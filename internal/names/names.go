// Package names draws identifiers that are random to everybody without the key, and
// numbers to whoever has it.
//
// An identifier is one block of AES-256 over eight zero bytes and a number. The box
// counts; whoever was told the key, which is the centre, rebuilds sixteen bytes from the
// few that a difference of numbers has (package wire). To others a block cipher's outputs
// over different inputs are not told from random ones (FIPS 197; below 2^64 of them).
// Every identifier of another origin simply is none of these.
package names

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"clinicbox/clinic"
)

// Key is what makes numbers of a box's identifiers. It is secret, and the box's for life:
// one that changed costs bytes on the link and nothing else.
type Key [32]byte

// Cipher turns numbers into identifiers and back. It may be used by several goroutines.
type Cipher struct{ block cipher.Block }

// New returns the cipher of a key.
func New(k Key) *Cipher {
	b, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // 32 bytes: cannot fail
	}
	return &Cipher{b}
}

// ID returns the identifier of a number.
func (c *Cipher) ID(n uint64) (id clinic.ID) {
	binary.BigEndian.PutUint64(id[8:], n)
	c.block.Encrypt(id[:], id[:])
	return id
}

// Number returns the number of an identifier of 16 bytes; false for one that was drawn
// otherwise, or under another key.
func (c *Cipher) Number(id []byte) (uint64, bool) {
	var b clinic.ID
	if len(id) != len(b) {
		return 0, false
	}
	c.block.Decrypt(b[:], id)
	return binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[:8]) == 0
}

// Source draws identifiers. It may be used by several goroutines.
type Source struct {
	c    *Cipher
	next atomic.Uint64
}

// NewSource begins at a random one of 2^64 numbers: copies of a box, and its next start,
// know nothing of each other. Ten thousand starts that draw a million each meet with a
// chance of 1 to 10^5 or less.
func NewSource(k Key) *Source {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	s := &Source{c: New(k)}
	s.next.Store(binary.BigEndian.Uint64(b[:]))
	return s
}

// Next returns a fresh identifier.
func (s *Source) Next() clinic.ID { return s.c.ID(s.next.Add(1)) }

// At returns the number of the last one.
func (s *Source) At() uint64 { return s.next.Load() }
