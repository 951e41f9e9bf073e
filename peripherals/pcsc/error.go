package pcsc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"syscall"
)

// What a caller decides on. All come wrapped; use errors.Is.
var (
	// ErrRemoved: the card was taken away in the middle, lost contact or was reset,
	// or its reader was unplugged. What was read is incomplete; begin anew.
	ErrRemoved = errors.New("pcsc: card removed")
	// ErrNoCard: no card is in the reader.
	ErrNoCard = errors.New("pcsc: no card in the reader")
	// ErrMute: a card is there and does not answer: upside down, or broken.
	ErrMute = errors.New("pcsc: the card does not answer")
	// ErrNoReader: there is no reader of that name.
	ErrNoReader = errors.New("pcsc: no such reader")
	// ErrBusy: another program uses the card; try later.
	ErrBusy = errors.New("pcsc: another program uses the card")
	// ErrDaemon: the daemon is not there, went away, or does not answer in time.
	ErrDaemon = errors.New("pcsc: no PC/SC daemon")
	// ErrRefused: the daemon hangs up at once: its rules do not let this user in.
	ErrRefused = errors.New("pcsc: refused by the PC/SC daemon")
	// ErrVersion: the daemon speaks no protocol that is known here.
	ErrVersion = errors.New("pcsc: unknown version of the PC/SC daemon")
	// ErrProtocol: the daemon answered what it never should.
	ErrProtocol = errors.New("pcsc: bad answer from the PC/SC daemon")
	// ErrClosed: the card was closed.
	ErrClosed = errors.New("pcsc: card is closed")
	// ErrAPDU: a command that no card takes: under 4 or over 65,548 bytes.
	ErrAPDU = errors.New("pcsc: impossible length of a command")
)

// A Code is a return code of PC/SC (SCARD_E_… and SCARD_W_…).
type Code uint32

const (
	codeOK             Code = 0
	codeCancelled      Code = 0x80100002
	codeUnknownReader  Code = 0x80100009
	codeSharing        Code = 0x8010000B
	codeNoCard         Code = 0x8010000C
	codeNotReady       Code = 0x80100010
	codeCommError      Code = 0x80100013
	codeNotTransacted  Code = 0x80100016
	codeUnavailable    Code = 0x80100017
	codeServiceStopped Code = 0x8010001E
	codeNoReaders      Code = 0x8010002E
	codeDataLost       Code = 0x8010002F
	codeUnresponsive   Code = 0x80100066
	codeUnpowered      Code = 0x80100067
	codeReset          Code = 0x80100068
	codeRemoved        Code = 0x80100069
)

// Error is the code in hexadecimal, as the daemon's own log has it.
func (c Code) Error() string { return fmt.Sprintf("pcsc: code 0x%08X", uint32(c)) }

// opening says what a code means while a card is being opened.
func opening(err error) error {
	code, ok := errors.AsType[Code](err)
	if !ok {
		return err
	}
	switch code {
	case codeNoCard, codeRemoved:
		return fmt.Errorf("%w: %w", ErrNoCard, code)
	case codeUnresponsive, codeUnpowered, codeNotTransacted, codeCommError:
		return fmt.Errorf("%w: %w", ErrMute, code)
	case codeUnknownReader, codeUnavailable, codeNoReaders, codeNotReady:
		return fmt.Errorf("%w: %w", ErrNoReader, code)
	case codeSharing:
		return fmt.Errorf("%w: %w", ErrBusy, code)
	}
	return err
}

// reading says what a code means between two APDUs. A reader that loses contact
// reports it in many ways, before it knows that the card is gone.
func reading(err error) error {
	code, ok := errors.AsType[Code](err)
	lost := []Code{
		codeRemoved, codeNoCard, codeUnavailable, codeUnknownReader, codeNoReaders, codeNotTransacted,
		codeCommError, codeDataLost, codeUnresponsive, codeUnpowered, codeReset, codeNotReady,
	}
	if ok && slices.Contains(lost, code) {
		return fmt.Errorf("%w: %w", ErrRemoved, code)
	}
	return err
}

// Cause tells, as a stable key, whether the readers work and why not.
type Cause string

// The causes.
const (
	CauseStarting   Cause = "starting"
	CauseConnected  Cause = "connected"
	CauseNoReader   Cause = "no-reader"  // the daemon answers; no reader is plugged in
	CauseNoDaemon   Cause = "no-daemon"  // not running, or not installed
	CauseLost       Cause = "lost"       // it was there and went away
	CausePermission Cause = "permission" // this user may not use it
	CauseVersion    Cause = "version"    // too old or too new
	CauseProtocol   Cause = "protocol"   // it answers nonsense
	CauseStopped    Cause = "stopped"
)

// Causes lists every Cause, for the catalogues of words.
func Causes() []Cause {
	return []Cause{
		CauseStarting, CauseConnected, CauseNoReader, CauseNoDaemon, CauseLost,
		CausePermission, CauseVersion, CauseProtocol, CauseStopped,
	}
}

// causeOf says why there is no connection.
func causeOf(err error, seen bool) Cause {
	_, code := errors.AsType[Code](err)
	switch {
	case errors.Is(err, ErrVersion):
		return CauseVersion
	case errors.Is(err, ErrProtocol), code:
		return CauseProtocol
	case errors.Is(err, ErrRefused), errors.Is(err, fs.ErrPermission):
		return CausePermission
	case seen:
		return CauseLost
	}
	return CauseNoDaemon
}

// hungUp reports whether the other side closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
