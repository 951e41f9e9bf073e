package printer

import (
	"errors"
	"slices"
)

// Cause says why a slip is not out. It is a message key.
type Cause string

// The causes.
const (
	PaperOut    Cause = "printer.paper-out"
	CoverOpen   Cause = "printer.cover-open"
	Cutter      Cause = "printer.cutter"      // the knife is stuck
	Failed      Cause = "printer.failed"      // an error that only switching off and on clears
	Hot         Cause = "printer.hot"         // head too hot, voltage; passes by itself
	Offline     Cause = "printer.offline"     // feed button held, or no reason given
	Unreachable Cause = "printer.unreachable" // no connection, no such device
	Unknown     Cause = "printer.unknown"     // no or half an answer to a status question
	Stalled     Cause = "printer.stalled"     // stopped taking bytes
	Broken      Cause = "printer.broken"      // the connection ended in the middle
	Stopped     Cause = "printer.stopped"     // this program was told to stop
	Storage     Cause = "printer.storage"     // the queue could not be read or written
	Held        Cause = "printer.held"        // tried too often; waits for a person
	BadJob      Cause = "printer.bad-job"     // a job that this program cannot draw
)

// What is told beside a cause.
const (
	NearEnd     Cause = "printer.near-end"    // paper will end soon
	Unconfirmed Cause = "printer.unconfirmed" // this printer cannot tell: sent is all that is known
	Untold      Cause = "printer.untold"      // this printer never says how it is
)

// Codes lists every message key of this package, for the catalogues' test.
func Codes() []string {
	all := []Cause{
		PaperOut, CoverOpen, Cutter, Failed, Hot, Offline, Unreachable, Unknown, Stalled, Broken,
		Stopped, Storage, Held, BadJob, NearEnd, Unconfirmed, Untold,
	}
	codes := []string{NoteNoBarcode, "printer.state.idle", "printer.state.asking", "printer.state.printing", "printer.state.waiting", "printer.state.held"}
	for _, c := range all {
		codes = append(codes, string(c))
	}
	slices.Sort(codes)
	return codes
}

// Fault is the error of a print.
type Fault struct {
	Cause Cause
	// Touched tells that dots may be on paper: a second try must be marked.
	Touched bool
	Err     error // what the system said; may be nil
}

// Error names the cause and never what was to be printed.
func (f *Fault) Error() string {
	s := string(f.Cause)
	if f.Touched {
		s += " (paper touched)"
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap is the system's error.
func (f *Fault) Unwrap() error { return f.Err }

// CauseOf is the cause in an error of this package, or "".
func CauseOf(err error) Cause {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Cause
	}
	return ""
}
