package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
)

// Errors of a ring's bytes, for callers that decide on them.
var (
	// ErrDamaged tells that the bytes are no whole ring.
	ErrDamaged = errors.New("seal: key ring is damaged")
	// ErrRoot tells that the ring is whole and of another root.
	ErrRoot = errors.New("seal: key ring is under another storage key")
	// ErrVersion tells that a newer program wrote the ring.
	ErrVersion = errors.New("seal: key ring is of a newer program")
	// ErrManyKeys tells that a ring has no room for another key.
	ErrManyKeys = errors.New("seal: key ring is full")
)

// Ring is the data keys of a box, oldest first. The newest seals what is new, all of
// them open. It lies sealed under the root, which is the storage key that unlocking
// gives, so both can be changed without touching a record. A Ring does not change:
// it may be used by several goroutines.
type Ring struct {
	gen  uint64
	keys []ringKey
}

type ringKey struct {
	key  Key
	made uint64
}

// A ring's bytes, numbers big-endian, in one envelope for each root that opens it:
//
//	magic "CBXRING1" | version u16 | envelopes u8 | 0 u8 | generation u64
//	| { root's key ID [8] | length u32 | sealed keys } ... | CRC-32C u32
//	keys { key [32] | hybrid time when it was made u64 } ..., oldest first
//
// The associated data of an envelope are the bytes before the first one, and its
// root's key ID.
const (
	ringMagic   = "CBXRING1"
	ringVersion = 1
	ringHead    = 8 + 2 + 1 + 1 + 8
	envelope    = 8 + 4
	keyLen      = 32 + 8
	maxKeys     = 1024
	maxRoots    = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// NewRing is the ring of a directory without one: the root seals the data itself.
func NewRing(root Key) Ring { return Ring{keys: []ringKey{{key: root}}} }

// With returns the ring with one more random key, made at a hybrid time that nothing
// depends on.
func (r Ring) With(made uint64) (Ring, error) {
	if len(r.keys) >= maxKeys {
		return r, ErrManyKeys
	}
	keys := append(append([]ringKey(nil), r.keys...), ringKey{NewKey(), made})
	return Ring{r.gen, keys}, nil
}

// Newest is the key that seals; callers do not change it.
func (r Ring) Newest() *Key { return &r.keys[len(r.keys)-1].key }

// Oldest is the key of files that tell no key; callers do not change it.
func (r Ring) Oldest() *Key { return &r.keys[0].key }

// Find returns the key of an ID, or nil.
func (r Ring) Find(id KeyID) *Key {
	for i := range r.keys {
		if r.keys[i].key.ID() == id {
			return &r.keys[i].key
		}
	}
	return nil
}

// All passes the keys, oldest first.
func (r Ring) All() iter.Seq[Key] {
	return func(yield func(Key) bool) {
		for _, k := range r.keys {
			if !yield(k.key) {
				return
			}
		}
	}
}

// Len returns how many keys there are.
func (r Ring) Len() int { return len(r.keys) }

// Generation counts the writes of the ring: the higher of two copies is the newer.
// It is 0 for a ring that was never written.
func (r Ring) Generation() uint64 { return r.gen }

// Made returns the hybrid time at which the newest key was made; 0 for a root.
func (r Ring) Made() uint64 { return r.keys[len(r.keys)-1].made }

// String tells no key.
func (r Ring) String() string { return fmt.Sprintf("[ring of %d keys]", len(r.keys)) }

// GoString hides the keys from %#v.
func (r Ring) GoString() string { return r.String() }

// Encode returns the bytes of the next generation, which the given roots open, at
// most two.
func (r Ring) Encode(roots ...Key) []byte {
	plain := make([]byte, 0, keyLen*len(r.keys))
	for _, k := range r.keys {
		plain = append(plain, k.key[:]...)
		plain = binary.BigEndian.AppendUint64(plain, k.made)
	}
	b := append([]byte(ringMagic), 0, ringVersion, byte(len(roots)), 0)
	b = binary.BigEndian.AppendUint64(b, r.gen+1)
	head := b[:ringHead:ringHead]
	for _, root := range roots {
		id := root.ID()
		b = append(b, id[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(plain)+Overhead))
		b = NewSealer(root.Sub("ring")).Seal(b, plain, append(head, id[:]...))
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// DecodeRing reads a ring under a root. alone tells that no other root opens it.
// Errors: ErrDamaged, ErrRoot, ErrVersion.
func DecodeRing(b []byte, root Key) (r Ring, alone bool, err error) {
	sum := len(b) - 4
	switch {
	case sum < ringHead || string(b[:8]) != ringMagic:
		return r, false, ErrDamaged
	case binary.BigEndian.Uint16(b[8:]) > ringVersion: // a newer one may have another form
		return r, false, ErrVersion
	case crc32.Checksum(b[:sum], castagnoli) != binary.BigEndian.Uint32(b[sum:]):
		return r, false, ErrDamaged
	case binary.BigEndian.Uint16(b[8:]) != ringVersion || b[10] == 0 || b[10] > maxRoots || b[11] != 0:
		return r, false, ErrDamaged
	}
	r.gen = binary.BigEndian.Uint64(b[12:])
	mine, err := findEnvelope(b[ringHead:sum], int(b[10]), root.ID())
	if err != nil {
		return Ring{}, false, err
	}
	id := root.ID()
	plain, err := NewSealer(root.Sub("ring")).Open(nil, mine, append(b[:ringHead:ringHead], id[:]...))
	if err != nil || len(plain) == 0 || len(plain)%keyLen != 0 || len(plain) > maxKeys*keyLen {
		return Ring{}, false, ErrDamaged
	}
	for ; len(plain) > 0; plain = plain[keyLen:] {
		r.keys = append(r.keys, ringKey{Key(plain[:32]), binary.BigEndian.Uint64(plain[32:])})
	}
	return r, b[10] == 1, nil
}

// findEnvelope returns the sealed keys of a root, of n envelopes that fill b.
func findEnvelope(b []byte, n int, id KeyID) (mine []byte, err error) {
	for range n {
		if len(b) < envelope {
			return nil, ErrDamaged
		}
		size := binary.BigEndian.Uint32(b[8:])
		if uint64(size) > uint64(len(b)-envelope) {
			return nil, ErrDamaged
		}
		if KeyID(b[:8]) == id {
			mine = b[envelope : envelope+size]
		}
		b = b[envelope+size:]
	}
	switch {
	case len(b) > 0:
		return nil, ErrDamaged
	case mine == nil:
		return nil, ErrRoot
	}
	return mine, nil
}
