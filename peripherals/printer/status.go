package printer

import (
	"errors"
	"fmt"
)

// Status is what a printer said of itself, gathered from any of its answers.
type Status struct {
	PaperOut, NearEnd, CoverOpen bool
	Cutter, Failed, Hot          bool
	Offline, Feeding             bool
}

// ErrStatus means that a byte is no answer to the question.
var ErrStatus = errors.New("not a status byte")

// RealTimeStatus decodes the answer to DLE EOT n, n = 1–4. Bits 1 and 4 are always
// set, 0 and 7 never ("DLE EOT", fixed bits).
func RealTimeStatus(n, b byte) (Status, error) {
	if b&0x93 != 0x12 {
		return Status{}, fmt.Errorf("%w: %#02x to DLE EOT %d", ErrStatus, b, n)
	}
	bit := func(i int) bool { return b&(1<<i) != 0 }
	switch n {
	case 1: // printer
		return Status{Offline: bit(3), Feeding: bit(6)}, nil
	case 2: // cause of offline; bit 6, error, is told by n = 3
		return Status{CoverOpen: bit(2), Feeding: bit(3), PaperOut: bit(5)}, nil
	case 3: // cause of error
		return Status{Cutter: bit(3), Failed: bit(5), Hot: bit(6)}, nil
	case 4: // roll paper sensor: two bits each, both set together
		return Status{NearEnd: bit(2) || bit(3), PaperOut: bit(5) || bit(6)}, nil
	}
	return Status{}, fmt.Errorf("%w: question %d", ErrStatus, n)
}

// QueuedStatus decodes the answer to GS r 1. Bits 4 and 7 are never set.
func QueuedStatus(b byte) (Status, error) {
	if b&0x90 != 0 {
		return Status{}, fmt.Errorf("%w: %#02x to GS r", ErrStatus, b)
	}
	return Status{NearEnd: b&0x03 != 0, PaperOut: b&0x0c != 0}, nil
}

// ASBStatus decodes the four bytes of an automatic status back ("GS a").
func ASBStatus(b [4]byte) (Status, error) {
	if b[0]&0x93 != 0x10 || (b[1]|b[2]|b[3])&0x90 != 0 {
		return Status{}, fmt.Errorf("%w: % x as ASB", ErrStatus, b)
	}
	return Status{
		Offline: b[0]&0x08 != 0, CoverOpen: b[0]&0x20 != 0, Feeding: b[0]&0x40 != 0,
		Cutter: b[1]&0x08 != 0, Failed: b[1]&0x20 != 0, Hot: b[1]&0x40 != 0,
		NearEnd: b[2]&0x03 != 0, PaperOut: b[2]&0x0c != 0,
	}, nil
}

// Or joins two answers.
func (s Status) Or(o Status) Status {
	return Status{
		PaperOut: s.PaperOut || o.PaperOut, NearEnd: s.NearEnd || o.NearEnd, CoverOpen: s.CoverOpen || o.CoverOpen,
		Cutter: s.Cutter || o.Cutter, Failed: s.Failed || o.Failed, Hot: s.Hot || o.Hot,
		Offline: s.Offline || o.Offline, Feeding: s.Feeding || o.Feeding,
	}
}

// Cause is what keeps the printer from printing, "" for nothing. An open cover
// comes first: with it many printers report paper out as well.
func (s Status) Cause() Cause {
	switch {
	case s.CoverOpen:
		return CoverOpen
	case s.PaperOut:
		return PaperOut
	case s.Cutter:
		return Cutter
	case s.Failed:
		return Failed
	case s.Hot:
		return Hot
	case s.Offline, s.Feeding:
		return Offline
	}
	return ""
}

// answerKind tells which question a byte answers.
type answerKind uint8

const (
	answerRealTime answerKind = iota + 1
	answerQueued
	answerASB
)

// answer is one thing that a printer said.
type answer struct {
	kind answerKind
	byte byte    // answerRealTime, answerQueued
	asb  [4]byte // answerASB
}

// splitter tells the answers in a printer's byte stream apart by their fixed
// bits. What fits nothing (flow control, noise) is dropped.
type splitter struct {
	asb   [4]byte
	n     int // bytes of an ASB so far
	block int // bytes of a data block so far
}

// Data blocks begin with this byte and end with NUL, as the answer to DLE DC4 8.
// Read as single bytes they would pass for an answer to GS r.
const (
	blockHead = 0x37
	blockMost = 80
)

// feed takes one byte and returns an answer when it is complete.
func (s *splitter) feed(b byte) (a answer, ok bool) {
	if s.n > 0 && b&0x90 == 0 {
		s.asb[s.n] = b
		if s.n++; s.n < 4 {
			return a, false
		}
		s.n = 0
		return answer{kind: answerASB, asb: s.asb}, true
	}
	s.n = 0 // an ASB that broke off
	if s.block > 0 {
		if s.block++; b == 0 || s.block > blockMost {
			s.block = 0
		}
		return a, false
	}
	switch {
	case b == blockHead:
		s.block = 1
	case b&0x93 == 0x12:
		return answer{kind: answerRealTime, byte: b}, true
	case b&0x93 == 0x10:
		s.asb[0], s.n = b, 1
	case b&0x90 == 0:
		return answer{kind: answerQueued, byte: b}, true
	}
	return a, false
}
