package wire

import (
	"crypto/ed25519"

	"clinicbox/internal/entry"
)

const setContext = "clinicbox set v1"

// Set carries entries that have no number and may come in any order: what a box
// receives is a set. Key numbers are frozen.
type Set struct {
	Box     string   `cbor:"1,keyasint"`
	ID      Epoch    `cbor:"2,keyasint"` // random; the SetAck repeats it
	Entries []Salted `cbor:"3,keyasint"`
	Left    uint64   `cbor:"4,keyasint,omitempty"` // entries that the hub has for the box beside these
}

// SignedSet is a set and its signature.
type SignedSet []byte

func (s SignedSet) kind() uint8                 { return kindSet }
func (s SignedSet) body() ([]byte, bool, error) { return s, true, nil }

// Sign makes the message.
func (s Set) Sign(hub ed25519.PrivateKey) (SignedSet, error) {
	if !s.valid() {
		return nil, ErrForm
	}
	return sign(hub, setContext, s)
}

// Verify checks the hub's signature and returns the entries.
func (s SignedSet) Verify(hub ed25519.PublicKey) (Set, error) {
	var v Set
	if err := verify(hub, setContext, s, &v); err != nil {
		return Set{}, err
	}
	if !v.valid() {
		return Set{}, ErrForm
	}
	return v, nil
}

func (s *Set) valid() bool {
	if s.Box == "" || len(s.Box) > MaxBox || len(s.Entries) == 0 {
		return false
	}
	for _, e := range s.Entries {
		if len(e.Bytes) == 0 || len(e.Bytes) > entry.MaxSize {
			return false
		}
	}
	return true
}

// SetAck says that every entry of the sets is durable at the box.
type SetAck struct {
	IDs      []Epoch `cbor:"1,keyasint"`
	Received uint64  `cbor:"2,keyasint,omitempty"` // entries that the box received and has, with these
}

func (a SetAck) kind() uint8 { return kindSetAck }

func (a SetAck) body() ([]byte, bool, error) {
	b, err := encMode.Marshal(a)
	return b, false, err
}
