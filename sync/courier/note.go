package courier

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"clinicbox/sync/wire"
)

// Extent is what a piece, or a cargo, holds: entries of an epoch from First up to, not
// including, Next, and how far the stream of the other direction has come.
type Extent struct {
	Epoch       wire.Epoch
	First, Next uint64
	Ack         Mark // of the other direction, the zero one when the piece does not tell
	// Root begins the root of the journal at Next: a writer that was put back from a copy
	// has other entries there. Zero where there is no journal.
	Root Root
}

// Root is the beginning of a tree's root.
type Root [16]byte

// Mark is a place in a stream.
type Mark struct {
	Epoch wire.Epoch
	Next  uint64
}

// NoteKey seals what a writer notes in its pieces for itself.
type NoteKey [32]byte

const (
	extentSize = 8 + 8 + 8 + 8 + 8 // and a root, where there is one
	rootSize   = 16
	aeadSize   = 12 + 16
)

func (k *NoteKey) aead() (cipher.AEAD, error) {
	b, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(b)
}

// size is how long the sealed note of an extent is.
func (e *Extent) size() int {
	if e.Root == (Root{}) {
		return extentSize + aeadSize
	}
	return extentSize + rootSize + aeadSize
}

// seal binds the extent to all else that stands in the piece.
func (k *NoteKey) seal(body []byte, e Extent) ([]byte, error) {
	a, err := k.aead()
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, extentSize), e.Epoch[:]...)
	b = binary.BigEndian.AppendUint64(b, e.First)
	b = binary.BigEndian.AppendUint64(b, e.Next)
	b = append(b, e.Ack.Epoch[:]...)
	b = binary.BigEndian.AppendUint64(b, e.Ack.Next)
	if e.Root != (Root{}) {
		b = append(b, e.Root[:]...)
	}
	return a.Seal(nil, nil, b, body), nil
}

// open returns what the writer noted in an encoded piece. ErrNote: the key is not the
// writer's.
func (k *NoteKey) open(encoded []byte) (e Extent, err error) {
	p, err := DecodePiece(encoded)
	if err != nil {
		return e, err
	}
	a, err := k.aead()
	if err != nil {
		return e, err
	}
	b, err := a.Open(nil, nil, p.sealed, encoded[:len(encoded)-sumSize-len(p.sealed)-1])
	if err != nil || len(b) != extentSize && len(b) != extentSize+rootSize {
		return e, ErrNote
	}
	r := reader{b: b}
	copy(e.Epoch[:], r.take(8))
	e.First, e.Next = r.number(8), r.number(8)
	copy(e.Ack.Epoch[:], r.take(8))
	e.Ack.Next = r.number(8)
	if len(b) > extentSize {
		copy(e.Root[:], r.take(rootSize))
	}
	return e, nil
}
