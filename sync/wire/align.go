package wire

import (
	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

const (
	maxHeads = 32   // of an Align
	maxBack  = 1024 // entries of an Aligned
)

// Branch says that an epoch goes on from the first Size entries of another one, whose
// tree had Root: these are held already and need not come again. Key numbers are frozen.
type Branch struct {
	Epoch Epoch  `cbor:"1,keyasint"`
	Size  uint64 `cbor:"2,keyasint"`
	Root  Hash   `cbor:"3,keyasint"`
}

// Head is the root that a log had at a size.
type Head struct {
	_    struct{} `cbor:",toarray"`
	Size uint64
	Root Hash
}

// Align is the question of a box whose log is not what the hub holds: it was put back
// from a copy, its medium lied, or two boxes have one key. With Heads it asks up to
// where the two logs agree; without, for the entries that the hub holds from From on.
// Key numbers are frozen.
type Align struct {
	Epoch Epoch  `cbor:"1,keyasint"`
	Nonce Nonce  `cbor:"2,keyasint"`
	Heads []Head `cbor:"3,keyasint,omitempty"` // of the box's log, ascending
	From  uint64 `cbor:"4,keyasint,omitempty"`
	Most  uint64 `cbor:"5,keyasint,omitempty"` // entries that are wanted; 0 = as many as fit into an answer
}

func (a Align) kind() uint8 { return kindAlign }

func (a Align) body() ([]byte, bool, error) {
	b, err := encMode.Marshal(a)
	return b, false, err
}

func (a Align) valid() bool {
	last := uint64(0)
	for _, h := range a.Heads {
		if h.Size <= last {
			return false
		}
		last = h.Size
	}
	return len(a.Heads) <= maxHeads
}

// Back is an entry that the hub hands back; without Bytes, a hole of which it has the
// leaf hash only.
type Back struct {
	Salt  Salt   `cbor:"1,keyasint"`
	Bytes []byte `cbor:"2,keyasint,omitempty"`
}

// Aligned answers an Align. Nobody signs it: it says nothing beyond its session, and an
// entry proves itself to nobody until it stands under a root. Key numbers are frozen.
type Aligned struct {
	Epoch  Epoch  `cbor:"1,keyasint"`
	Nonce  Nonce  `cbor:"2,keyasint"`           // of the Align
	Size   uint64 `cbor:"3,keyasint"`           // of what the hub holds
	Agrees uint64 `cbor:"4,keyasint,omitempty"` // the largest size of Heads at which its root is theirs; 0 = none
	First  uint64 `cbor:"5,keyasint,omitempty"` // index of the first entry
	Back   []Back `cbor:"6,keyasint,omitempty"`
	// Elsewhere counts entries of the box that the hub holds of other epochs only. It
	// comes with the end of what is handed back.
	Elsewhere uint64 `cbor:"7,keyasint,omitempty"`
}

func (a Aligned) kind() uint8 { return kindAligned }

func (a Aligned) body() ([]byte, bool, error) {
	if !a.valid() {
		return nil, false, ErrForm
	}
	b, err := encMode.Marshal(a)
	return b, true, err
}

func (a Aligned) valid() bool {
	for _, e := range a.Back {
		if len(e.Bytes) > entry.MaxSize {
			return false
		}
	}
	return len(a.Back) <= maxBack && a.Agrees <= a.Size && a.First <= a.Size && uint64(len(a.Back)) <= a.Size-a.First
}

// Leaf returns the leaf hash of an entry that has bytes.
func (b *Back) Leaf() clinic.Leaf { return entry.LeafHash(entry.Salt(b.Salt), b.Bytes) }

// checked decodes a message of the form and checks it.
func checked[M interface {
	Message
	valid() bool
}](body []byte) (Message, error) {
	m, err := decodeControl[M](body)
	if err != nil || !m.(M).valid() {
		return nil, ErrForm
	}
	return m, nil
}
