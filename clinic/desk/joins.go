package desk

import (
	"context"
	"crypto"
	"log/slog"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// Pins keeps the staff's PINs on this box. An error means that nothing can be
// said (storage failed): nobody is let in. All methods may be called at the same
// time; Open may take about a second of one core.
type Pins interface {
	// Open compares the PIN; with PINRight it returns the person's signing key
	// (an ed25519.PrivateKey, the caller's to wipe), which a new PIN makes. The try is counted durably before the answer;
	// those of a stranger, a browser that the person never used, apart.
	Open(ctx context.Context, person clinic.ID, pin string, stranger bool) (clinic.PINVerdict, crypto.Signer, error)
	// Set gives the person a new PIN and forgets wrong tries. keep is the key that
	// Open returned for the PIN before; nil = that is lost, and the key with it.
	Set(ctx context.Context, person clinic.ID, pin string, keep crypto.Signer) error
	// Remove forgets PIN and key of a person who left; none is no error.
	Remove(ctx context.Context, person clinic.ID) error
	// Look tells how the person's PIN stands on this box without spending a try:
	// PINUnset, PINLocked, PINStrangers when it could be used from browsers that the
	// person knows only, or PINRight.
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

// Witness tells the head of the box's own journal, for papers.
type Witness interface {
	// Head returns a head that holds everything saved before the call.
	Head() (clinic.TreeHead, error)
	// Keeps reports whether the journal still begins with what it was at a head that a
	// paper names: false when entries are gone, or others stand in their place. Of the
	// head of another journal nothing is known here: true.
	Keeps(clinic.TreeHead) (bool, error)
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
	Keys    Keys                // certificates of signing keys; nil = people sign without
	NFC     func(string) string // composes decomposed letters; nil = leaves them
	Site    Site
	Arrived func(index uint64) bool // whether the centre's receipt covers an entry of this box; nil = nobody knows
	Legal   Legal                   // zero = no legal signature counts
	Log     *slog.Logger            // of what people do not see; nil discards
	// NewID draws an identifier that nobody else can guess; it may be called by several
	// goroutines. The box counts in secret (internal/names), so that its link need not
	// carry sixteen random bytes. nil = clinic.NewID.
	NewID func() clinic.ID
}
