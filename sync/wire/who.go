package wire

import "crypto/rand"

// Nonce is fresh randomness that its maker will recognise in an answer.
type Nonce [16]byte

// NewNonce returns a fresh one.
func NewNonce() (n Nonce) {
	rand.Read(n[:]) // never fails since Go 1.24
	return n
}

// Who asks the other side to start its session towards the sender, signed over
// Nonce. It is sent on connecting and in answer to a frame of an unknown session.
// It proves nothing: answer it at a bounded rate.
type Who struct {
	Nonce Nonce
	// Back asks for a Who in return: the sender wants to start a session too.
	Back bool
}

const whoSize = 3 + 1 + 16

// Frame encodes it.
func (w Who) Frame() []byte {
	b := append(head(TypeWho), 0)
	if w.Back {
		b[3] = 1
	}
	return append(b, w.Nonce[:]...)
}

// ParseWho decodes a who frame. Unknown flags and what follows the nonce are
// skipped: a later version may add to it.
func ParseWho(frame []byte) (Who, error) {
	h, err := Parse(frame)
	if err != nil {
		return Who{}, err
	}
	if h.Type != TypeWho || len(frame) < whoSize {
		return Who{}, ErrFrame
	}
	return Who{Nonce: Nonce(frame[4:whoSize]), Back: frame[3]&1 != 0}, nil
}
