package pcsc

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Commands (enum pcsc_msg_commands).
const (
	cmdEstablish  = 0x01
	cmdConnect    = 0x04
	cmdDisconnect = 0x06
	cmdBegin      = 0x07
	cmdEnd        = 0x08
	cmdTransmit   = 0x09
	cmdVersion    = 0x11
	cmdStates     = 0x12
	cmdWait       = 0x13
)

// Sizes in bytes, without the header of a message.
const (
	sizeEstablish  = 12
	sizeConnect    = 4 + nameLen + 20
	sizeDisconnect = 12
	sizeBegin      = 8
	sizeEnd        = 12
	sizeTransmit   = 32
	sizeVersion    = 12
	sizeWait       = 8
	sizeState      = nameLen + 12 + atrField + 8
	sizeStates     = maxReaders * sizeState

	nameLen    = 128 // MAX_READERNAME
	maxReaders = 16  // PCSCLITE_MAX_READERS_CONTEXTS
	maxATR     = 33
	atrField   = 36    // padded to a word
	maxMessage = 65548 // MAX_BUFFER_SIZE_EXTENDED: an APDU or its answer
)

// The protocol's versions that this package speaks.
const (
	major    = 4
	minMinor = 4
)

const (
	scopeSystem = 2 // SCARD_SCOPE_SYSTEM
	shareShared = 2 // SCARD_SHARE_SHARED
	leaveCard   = 0 // SCARD_LEAVE_CARD
	resetCard   = 1 // SCARD_RESET_CARD
	present     = 4 // SCARD_PRESENT in a reader's state
)

// A Protocol is how card and reader talk. With T0 the caller fetches answers that
// the card announces with 61xx.
type Protocol uint32

// The protocols of ISO 7816-3.
const (
	T0 Protocol = 1
	T1 Protocol = 2
)

// String is "T=0", "T=1" or the number.
func (p Protocol) String() string {
	switch p {
	case T0:
		return "T=0"
	case T1:
		return "T=1"
	}
	return fmt.Sprintf("protocol %d", uint32(p))
}

// words lays 32-bit fields one after the other. Client and daemon share a machine,
// so the order of bytes is the machine's.
func words(fields ...uint32) []byte {
	b := make([]byte, 0, 4*len(fields))
	for _, f := range fields {
		b = binary.NativeEndian.AppendUint32(b, f)
	}
	return b
}

// word is the 32-bit field at a byte offset.
func word(b []byte, at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }

// message puts the header (struct rxHeader) before a body. What follows a transmit
// is not counted in it.
func message(cmd uint32, body, after []byte) []byte {
	return append(append(words(uint32(len(body)), cmd), body...), after...)
}

// connectBody is struct connect_struct. The name must fit with its end.
func connectBody(context uint32, reader string) []byte {
	name := make([]byte, nameLen)
	copy(name, reader)
	b := append(words(context), name...)
	return append(b, words(shareShared, uint32(T0|T1), 0, 0, 0)...)
}

// transmitBody is struct transmit_struct.
func transmitBody(card uint32, p Protocol, apdu int) []byte {
	return words(card, uint32(p), pciLen, uint32(apdu), uint32(p), pciLen, maxMessage, 0)
}

// pciLen is the size of SCARD_IO_REQUEST, two C longs.
const pciLen = 2 * (32 << (^uint(0) >> 63)) / 8

// slot is one of the daemon's places for readers (struct pubReaderStatesList).
type slot struct {
	name  string
	count uint32 // grows with each card that comes or goes
	card  bool
	atr   []byte // nil without a card; empty when the card does not answer
}

// decodeStates reads all places and returns those with a reader.
func decodeStates(b []byte) ([]slot, error) {
	if len(b) != sizeStates {
		return nil, fmt.Errorf("%w: states of %d bytes", ErrProtocol, len(b))
	}
	var out []slot
	for at := 0; at < len(b); at += sizeState {
		s, err := decodeState(b[at : at+sizeState])
		if err != nil {
			return nil, err
		}
		if s.name != "" && find(out, s.name) == nil {
			out = append(out, s)
		}
	}
	return out, nil
}

func decodeState(b []byte) (slot, error) {
	name, _, ended := bytes.Cut(b[:nameLen], []byte{0})
	if len(name) == 0 {
		return slot{}, nil
	}
	if !ended {
		return slot{}, fmt.Errorf("%w: a reader's name has no end", ErrProtocol)
	}
	s := slot{name: string(name), count: word(b, nameLen)}
	if word(b, nameLen+4)&present == 0 {
		return s, nil
	}
	n := word(b, nameLen+12+atrField)
	if n > maxATR {
		return slot{}, fmt.Errorf("%w: an ATR of %d bytes", ErrProtocol, n)
	}
	s.card = true
	s.atr = append([]byte{}, b[nameLen+12:][:n]...)
	return s, nil
}

func find(in []slot, name string) *slot {
	for i := range in {
		if in[i].name == name {
			return &in[i]
		}
	}
	return nil
}

// decodeTransmit returns how many bytes of the card's answer follow.
func decodeTransmit(b []byte, card uint32) (int, error) {
	if len(b) != sizeTransmit || word(b, 0) != card {
		return 0, fmt.Errorf("%w: not the answer to this APDU", ErrProtocol)
	}
	if code := Code(word(b, 28)); code != codeOK {
		return 0, code
	}
	if n := word(b, 24); n <= maxMessage {
		return int(n), nil
	}
	return 0, fmt.Errorf("%w: an answer of %d bytes", ErrProtocol, word(b, 24))
}
