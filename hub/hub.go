// Package hub holds the values that the parts of the centre share: boxes, the
// streams they upload, the stream down to them, alarms and receipts. It knows no
// database, no broker and no page; those are its sub-packages, joined by cmd.
package hub

import (
	"errors"
	"fmt"
	"time"

	"clinicbox/clinic"
)

// Sentinels that callers decide on.
var (
	// ErrUnknownBox: no box of that name is registered.
	ErrUnknownBox = errors.New("hub: unknown box")
	// ErrBoxExists: a box of that name is registered with other keys.
	ErrBoxExists = errors.New("hub: a box of that name has other keys")
	// ErrMoved: the stream is not where the batch expects it: read it again.
	ErrMoved = errors.New("hub: stream has moved")
	// ErrRevoked: the box's certificate ended; nothing of it is stored.
	ErrRevoked = errors.New("hub: the box is revoked")
	// ErrAgain: the alarm happened again since the page was made.
	ErrAgain = errors.New("hub: the alarm happened again")
	// ErrBoxName: the name cannot stand in a topic.
	ErrBoxName = errors.New("hub: a box name is 1 to 32 of a-z, 0-9 and -")
)

// Epoch names one life of a stream; a realigned stream starts another.
type Epoch [8]byte

// String returns 16 hexadecimal digits.
func (e Epoch) String() string { return fmt.Sprintf("%x", e[:]) }

// ValidBoxName reports whether the name may be a box's: it stands in topics, in
// the broker's rules and in addresses of pages.
func ValidBoxName(s string) bool {
	if len(s) < 1 || len(s) > 32 || s[0] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Keys are a box's public keys, pinned when it was added.
type Keys struct {
	Identity [32]byte // Ed25519
	HPKE     []byte
}

// Box is what the centre knows of a box.
type Box struct {
	Name      string
	Keys      Keys
	Facility  clinic.Facility // as last told; zero before
	Added     time.Time
	FirstSeen time.Time // zero = never
	LastSeen  time.Time
	DownEpoch Epoch
	Serial    string // of its certificate; empty for one that was added without
	Revoked   int    // why the certificate ended, as cert.Reason; 0 = in service
}

// Stream is the state of one epoch of what a box uploads.
type Stream struct {
	Box         string
	Epoch       Epoch
	Size        uint64 // contiguous entries held
	Root        [32]byte
	Incarnation Epoch // that last spoke
	Parent      Epoch
	Tip         uint64 // size that the incarnation started from
	Stated      uint64 // size that the box last stated
	Behind      time.Time
	Parked      int
	Holes       int
	Started     time.Time
	Receipt     Receipt // last sent
	Checkpoint  Checkpoint
}

// Checkpoint is the latest one that the box signed and that agrees with what is held.
type Checkpoint struct {
	Size      uint64
	Signature []byte // of C2SP tlog-checkpoint's note text; none from an older program
}

// Lag is how many entries the box stated beyond what is held.
func (s *Stream) Lag() uint64 {
	if s.Stated <= s.Size {
		return 0
	}
	return s.Stated - s.Size
}

// Receipt is what the last receipt said.
type Receipt struct {
	At   time.Time // zero = none yet
	Size uint64
	Root [32]byte
}

// Entry is one entry of a stream as it arrived. Bytes nil is a hole: the box
// could no longer read it, only its leaf is known.
type Entry struct {
	Index  uint64
	Salt   [16]byte
	Bytes  []byte
	Leaf   clinic.Leaf
	Kind   clinic.Kind
	Parked bool
}

// Hash is one stored hash of a stream's tree, at a position as
// golang.org/x/mod/sumdb/tlog counts them.
type Hash struct {
	Pos  int64
	Hash [32]byte
}

// Batch is what one accepted frame changes. It is stored whole or not at all.
type Batch struct {
	Box         string
	Epoch       Epoch
	From        uint64 // size before, which must be the stored one
	Entries     []Entry
	Hashes      []Hash // contiguous positions, following the stored ones
	Root        [32]byte
	Stated      uint64
	Incarnation Epoch
	Parent      Epoch
	Tip         uint64
	At          time.Time
	Facility    *clinic.Facility // told by an entry of the batch
	Checkpoint  []byte           // the box's signature of the tree after it, verified; nil = none came
}

// Codes of alarms. The words for people are in hub/pages.
const (
	AlarmFork      = "fork"      // an index arrived with another leaf
	AlarmRoot      = "root"      // entries do not hash to the stated root
	AlarmSignature = "signature" // a session start was not signed by the pinned key
	AlarmForeign   = "foreign"   // a frame of one box came on another's topic
	AlarmGarbage   = "garbage"   // bytes that are no frame, or cannot be opened
	AlarmClone     = "clone"     // a superseded incarnation, or its child, goes on
	AlarmSplit     = "split"     // an incarnation that starts from an older tip
	AlarmDown      = "down"      // the box acknowledges what was never sent
	AlarmRevoked   = "revoked"   // a box whose certificate ended goes on sending
	AlarmLegal     = "legal"     // a legal signature was refused, or came back wrong
	AlarmKey       = "key"       // a person's key came that nobody should certify
	AlarmBeat      = "beat"      // a heartbeat that its key did not sign
	AlarmVoid      = "void"      // a signature of records that confirms nothing
	AlarmDisease   = "disease"   // a case that must be reported; its detail is for pages, not for logs
	AlarmAsked     = "asked"     // a summary of a patient was asked for without consent, or strikingly often
	AlarmHead      = "head"      // a checkpoint that the box's key did not sign
	AlarmRecords   = "records"   // the box found damage in its records, or tells what does not fit
)

// Alarm is something that a person must see. Detail holds numbers and hashes,
// never patient data. The same alarm again counts up.
type Alarm struct {
	ID     int64
	Box    string
	Code   string
	Detail string
	First  time.Time
	Last   time.Time
	Count  int
	Kept   int // entries that came under it and are kept as evidence
	Ack    Ack // the latest
}

// Ack says that a person saw an alarm when it had happened Count times. One that
// happens again is open again; no acknowledgement is ever deleted.
type Ack struct {
	Count int
	At    time.Time
	Who   string
}

// Open reports whether it happened since somebody acknowledged it.
func (a *Alarm) Open() bool { return a.Count > a.Ack.Count }

// Down is one entry of the stream down to a box; Seq counts from 1.
type Down struct {
	Seq   uint64
	Salt  [16]byte
	Bytes []byte
	Leaf  clinic.Leaf
}

// DownState tells how far the stream down to a box has come.
type DownState struct {
	Epoch   Epoch
	Last    uint64 // highest sequence number queued
	Acked   uint64
	AckedAt time.Time
}

// Incarnation is one opening of a box's store, as it announced itself.
type Incarnation struct {
	ID         Epoch
	Epoch      Epoch
	Parent     Epoch
	Tip        uint64
	FirstSeen  time.Time
	Superseded Epoch // by which one; zero = it is the latest
}
