// Package courier carries the frames of sync as files on a USB stick, both ways, when
// there is no link for weeks.
//
//	clinicbox-courier/up/BOX/FILE-NUMBER.cbc     written by the box, for the centre
//	clinicbox-courier/down/BOX/FILE-NUMBER.cbc   written by the centre, for the box
//
// A file is a session (wire.StartFile) and the frames that it seals; it stands on the
// stick in pieces of at most 1 MiB. Each piece repeats the session's start, so it opens
// alone, and ends with a checksum, so a torn one is recognised and skipped. A piece is
// written beside its name, synced, renamed, and read back: a stick that is pulled out
// loses the piece that was being written and harms none that stood there. One stick
// serves many boxes, and who finds it sees names of boxes, sizes and times.
//
// Nothing here marks a record as safe. What a file brings is judged by the same code
// as what a link brings: entries by the centre's ingest, receipts and entries from the
// centre by the box's outbox. A file that comes twice, or a year late, changes nothing.
//
// Only the writer of a piece removes it: once the other side is known to have all that
// is in it, or another piece on the same stick, read back, holds the same. To know that
// after a restart, the writer seals to itself in each piece what the piece holds.
//
// A stick is a stranger's until proven otherwise: names, numbers and sizes are bounded,
// links are not followed, nothing outside the stick's folder is opened.
package courier

import "errors"

// Sentinels for callers that decide on them: what is wrong with a stick or a piece.
var (
	// ErrNone tells that the stick has no folder of ours.
	ErrNone = errors.New("courier: no folder " + Folder + " on the stick")
	// ErrGone tells that the stick is not there any more.
	ErrGone = errors.New("courier: the stick is gone")
	// ErrFull tells that not all fits on the stick. What stands there is whole.
	ErrFull = errors.New("courier: the stick is full")
	// ErrReadOnly tells that the stick takes no data.
	ErrReadOnly = errors.New("courier: the stick is read-only")
	// ErrDamaged tells that the stick does not give back what was written.
	ErrDamaged = errors.New("courier: the stick is damaged")
	// ErrTorn tells that a piece is not whole.
	ErrTorn = errors.New("courier: torn piece")
	// ErrForm tells that something is no piece.
	ErrForm = errors.New("courier: not a piece of a file")
	// ErrVersion tells that a newer program wrote a piece.
	ErrVersion = errors.New("courier: piece of a newer program")
	// ErrNote tells that the writer of a piece is not the one who asks.
	ErrNote = errors.New("courier: note of another writer")
)

// Folder is the name of the folder on the stick. A stick without it is left alone.
const Folder = "clinicbox-courier"
