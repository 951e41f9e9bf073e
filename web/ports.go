package web

import (
	"context"
	"errors"
	"time"
)

// Truths is the state of the data in three numbers: what is saved here, what of
// it is unsent, what the centre has confirmed.
type Truths struct {
	Saved       uint64    // entries saved on this box
	Received    uint64    // entries that a signed receipt of the centre covers
	Oldest      time.Time // when the oldest unsent entry was saved; zero = none
	Linked      bool      // whether the link to the centre is up now
	LastReceipt time.Time // zero = never
	Parked      uint64    // of the received, those that the centre cannot read yet
	Holes       uint64    // of the received, those of which the centre has the leaf hash only
	Coming      uint64    // entries of this facility that the centre still has for this box
	Problem     string    // message key, empty = none

	// Copies tells that a copy on a second medium was asked for; Copied is when the
	// last whole one was made, zero = never.
	Copies bool
	Copied time.Time
}

// Device is one thing on a cable, in words.
type Device struct {
	Name  string // message key: "printer.name", "scanner.name"
	State string // message key: "printer.ready", "printer.paper-out" …
	OK    bool
	// Unsure: nothing is wrong as far as is known, but nothing more is known.
	Unsure bool
	// Person: it goes on only when somebody decides on the page of the box's state.
	Person  bool
	Waiting int    // slips that wait
	More    string // message key of a sentence for that page; empty = none
}

// PrintJob is a slip that is not out yet. It names nobody: technicians see it too.
type PrintJob struct {
	ID    string
	Paper string    // what it is: "appointment", "test"; empty when it cannot be read
	Code  string    // of the slip, to find the patient by; empty = none
	Since time.Time // when it was asked for; zero when it cannot be read
	Held  bool      // tried too often: it prints again when a person says so
	Bad   bool      // cannot be read or drawn: it can only be dropped
	Now   bool      // is being printed
}

// Printer is what a person may do about slips that wait. Jobs and Retry answer at
// once; all may be called at the same time.
type Printer interface {
	Jobs() []PrintJob
	// Retry tries again what waits: somebody says that the printer is mended.
	Retry()
	// Drop takes a slip out of the queue, durably; one that is gone is no error.
	// ErrPrinting means that it is too late.
	Drop(ctx context.Context, id string) error
}

// ErrPrinting refuses to drop a slip that is being printed.
var ErrPrinting = errors.New("web: the slip is being printed")

// Warning is something that everybody shall see until its cause is gone.
type Warning struct {
	Code  string            // stable, for tests and styles: "keys.development"
	Bad   bool              // work is in danger; otherwise a remark
	Words map[string]string // what is the case and what to do, by language
}

// Box tells what the machine knows of itself. The methods are called at every
// page: they answer at once, from memory, and may be called at the same time.
type Box interface {
	Truths() Truths
	Devices() []Device
	Warnings() []Warning
	// NotReady returns code words for /healthz; none means ready.
	NotReady() []string
}
