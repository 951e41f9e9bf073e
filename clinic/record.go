package clinic

import "time"

// Journal tells which of the box's two journals an entry stands in.
type Journal uint8

// Own is what this box recorded, In what it received. Values are frozen.
const (
	Own Journal = 1
	In  Journal = 2
)

// Ref is an entry's place on this box: journal and index, counted from 0.
type Ref struct {
	Journal Journal
	Index   uint64
}

// Leaf is an entry's RFC 6962 leaf hash: its name everywhere, for ever.
type Leaf [32]byte

// Record is an entry as the domain reads it.
type Record struct {
	Ref      Ref
	Leaf     Leaf
	Kind     Kind
	Act      ID        // the act that wrote it; entries of one act were saved together
	Subject  ID        // patient, person for KindStaff, import for its rows; zero for other reference data
	Visit    ID        // zero outside visits
	Author   ID        // a person of the staff; zero = the box itself
	HLC      uint64    // hybrid logical time: milliseconds since 1970 << 16 | counter
	Event    time.Time // when it happened, as the author says; whole seconds
	Trusted  bool      // whether the box's clock was trusted then
	Corrects Leaf      // the entry that this one corrects; zero = none
	Why      string    // reason of a correction
	Body     any       // pointer as NewBody makes; nil for an unknown kind
}

// HLCAt is the hybrid time of a moment, before any entry of the same millisecond; 0
// for one before 1970.
func HLCAt(t time.Time) uint64 { return uint64(max(t.UnixMilli(), 0)) << 16 }

// Recorded returns the wall time inside the hybrid time.
func (r *Record) Recorded() time.Time { return time.UnixMilli(int64(r.HLC >> 16)).In(ICT) }

// Hole is an entry that can no longer be read on this box, as far as it is still
// known: it takes its place among the records of its subject, so that nobody takes a
// damaged record for a whole one.
type Hole struct {
	Ref      Ref
	Leaf     Leaf
	Kind     Kind // 0 = not known
	Recorded time.Time
	// Unread: the bytes are there, but this program cannot read them; a newer one may.
	Unread bool
}

// Draft is an entry before the store gave it time and place. The zero Event
// means now.
type Draft struct {
	Kind     Kind
	Subject  ID
	Visit    ID
	Event    time.Time
	Corrects Leaf
	Why      string
	Body     any // pointer as NewBody makes
}
