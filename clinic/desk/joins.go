package desk

import (
	"context"
	"log/slog"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// Pins keeps the staff's PINs on this box. An error means that nothing can be
// said (storage failed): nobody is let in. All methods may be called at the same
// time; Check may take about a second of one core.
type Pins interface {
	// Check compares the PIN. The try is counted durably before the answer.
	Check(ctx context.Context, person clinic.ID, pin string) (clinic.PINVerdict, error)
	// Set gives the person a new PIN and forgets wrong tries.
	Set(ctx context.Context, person clinic.ID, pin string) error
	// Look tells how the person's PIN stands on this box without spending a try:
	// PINUnset, PINLocked, or PINRight when it could be used.
	Look(person clinic.ID) (clinic.PINVerdict, error)
	// Unlock forgets the person's wrong tries; the PIN stays.
	Unlock(person clinic.ID) error
}

// Papers is the queue before the printer.
type Papers interface {
	// Enqueue keeps the paper durably until it is printed. The same ID again is
	// the same paper: it is not printed twice. It does not wait for the printer.
	Enqueue(ctx context.Context, id clinic.ID, doc paper.Doc) error
}

// Scans recognises what a scanner read or a person typed into the scan box.
type Scans interface {
	// Recognise returns an error for a code of something else or a damaged one.
	Recognise(raw []byte) (clinic.Scan, error)
}

// Witness tells the head of the box's own journal, for slips.
type Witness interface {
	// Head returns size and RFC 6962 root of a tree that holds everything saved
	// before the call.
	Head() (size uint64, root [32]byte, err error)
}

// Site is where the box stands, from its configuration.
type Site struct {
	Facility clinic.Facility
}

// Options joins the desk to the outside. All are needed except where noted.
type Options struct {
	Store   Store
	Clock   Clock
	Pins    Pins
	Papers  Papers
	Scans   Scans
	Witness Witness
	Fold    func(string) string // search key of a name (internal/fold)
	NFC     func(string) string // composes decomposed letters; nil = leaves them
	Site    Site
	Legal   Legal        // zero = no legal signature counts
	Log     *slog.Logger // of what people do not see; nil discards
}
