// Package wire is the form of everything that box and hub tell each other:
// versioned frames of at most 64 KiB, each one MQTT payload or one of those in a
// piece of a courier's file. It does no I/O and keeps no clock.
//
// # Outer frames
//
// Every frame begins with magic, version and type, one byte each.
//
//	who     flags(1) nonce(16)                        clear, proves nothing
//	start   suite(6) key(8) enc ciphertext            HPKE base mode
//	sealed  session(8) counter(uvarint) ciphertext    ChaCha20-Poly1305
//
// HPKE in base mode does not say who sent, so a start holds a signature of the
// sender's identity over the encapsulation, the suite and the nonce that the
// receiver gave in a who: it cannot be replayed. What it says of the box's log
// travels encrypted.
//
// From the HPKE context both sides export one key. A sealed frame's nonce is its
// counter, which starts at 0 in each session and is never used twice; a resend is
// sealed anew. Frames open alone and in any order. The wire does not refuse a
// replayed frame: every inner message is harmless when it comes twice.
//
// # Inner messages
//
// The plaintext is type(1) codec(uvarint) body, padded to a multiple of 32 bytes
// (0x80, then zeros). The codec is 0 for a plain body and 1+d for zstd with the
// dictionary of ID d, 0 being none. Bodies are deterministic CBOR with integer
// keys; an unknown key is skipped, an unknown type is handed on as Unknown.
// Receipts, down data and hub times are signed (Ed25519ctx, a context each) over
// their CBOR, so that they stay proof outside their session.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of a frame.
const (
	MaxFrame = 64 << 10  // bytes of an outer frame
	MaxInner = 256 << 10 // bytes of a body after decompression
	MaxBox   = 64        // bytes of a box name
	bucket   = 32        // plaintexts are padded to its multiples
)

// Version is the form written by this program.
const Version = 1

const magic = 0xCB

// Sentinels for callers that decide on them. Those at the cryptographic edge
// (ErrOpen, ErrStart) say on purpose not what was wrong.
var (
	ErrFrame     = errors.New("wire: not a frame")
	ErrVersion   = errors.New("wire: frame of an unknown version")
	ErrSession   = errors.New("wire: frame of another session")
	ErrOpen      = errors.New("wire: frame does not open")
	ErrStart     = errors.New("wire: session start refused")
	ErrStale     = fmt.Errorf("%w: over another nonce", ErrStart)
	ErrSuite     = errors.New("wire: session start with an unknown suite or for another key")
	ErrForm      = errors.New("wire: malformed message")
	ErrTooLarge  = errors.New("wire: too large for a frame")
	ErrSignature = errors.New("wire: signature does not verify")
	ErrEmpty     = errors.New("wire: nothing to send")
	ErrSpent     = errors.New("wire: the session has no counter left")
)

// Type of an outer frame. Values are frozen.
type Type uint8

// The outer frames.
const (
	TypeWho    Type = 1
	TypeStart  Type = 2
	TypeSealed Type = 3
)

// Direction of a session: it keeps a frame from being reflected to its sender.
type Direction uint8

// The directions. Values are frozen.
const (
	DirUp   Direction = 1 // box to hub
	DirDown Direction = 2 // hub to box
)

// SessionID names a session: the first 8 bytes of SHA-256 over its encapsulation.
type SessionID [8]byte

// Header is what anyone can read of a frame.
type Header struct {
	Type    Type
	Session SessionID // of start and sealed frames
	Counter uint64    // of sealed frames
	size    int       // bytes of the header
}

// Parse reads a frame's header. A known version and type are needed; nothing is
// verified.
func Parse(frame []byte) (Header, error) {
	if len(frame) > MaxFrame {
		return Header{}, ErrTooLarge
	}
	if len(frame) < 3 || frame[0] != magic {
		return Header{}, ErrFrame
	}
	if frame[1] != Version {
		return Header{}, ErrVersion
	}
	h := Header{Type: Type(frame[2]), size: 3}
	switch h.Type {
	case TypeWho:
		return h, nil
	case TypeStart:
		return h.parseStart(frame)
	case TypeSealed:
		return h.parseSealed(frame)
	}
	return Header{}, ErrFrame
}

func (h Header) parseStart(frame []byte) (Header, error) {
	if len(frame) < startHead+encSize {
		return Header{}, ErrFrame
	}
	h.Session = sessionID(frame[startHead : startHead+encSize])
	h.size = startHead + encSize
	return h, nil
}

func (h Header) parseSealed(frame []byte) (Header, error) {
	rest := frame[h.size:]
	if len(rest) < len(h.Session) {
		return Header{}, ErrFrame
	}
	rest = rest[copy(h.Session[:], rest):]
	counter, n := binary.Uvarint(rest)
	if n <= 0 || n > 1 && rest[n-1] == 0 { // one form per counter
		return Header{}, ErrFrame
	}
	h.Counter = counter
	h.size = len(frame) - len(rest) + n
	return h, nil
}

func head(t Type) []byte { return []byte{magic, Version, byte(t)} }
