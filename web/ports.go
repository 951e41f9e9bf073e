package web

import "time"

// Truths is the state of the data in three numbers: what is saved here, what of
// it is unsent, what the centre has confirmed.
type Truths struct {
	Saved       uint64    // entries saved on this box
	Received    uint64    // entries that a signed receipt of the centre covers
	Oldest      time.Time // when the oldest unsent entry was saved; zero = none
	Linked      bool      // whether the link to the centre is up now
	LastReceipt time.Time // zero = never
	Problem     string    // message key, empty = none
}

// Device is one thing on a cable, in words.
type Device struct {
	Name  string // message key: "printer.name", "scanner.name"
	State string // message key: "printer.ready", "printer.paper-out" …
	OK    bool
}

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
