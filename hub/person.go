package hub

import (
	"errors"
	"time"

	"clinicbox/clinic"
)

// ErrPair: no such pair of patients is known.
var ErrPair = errors.New("hub: no such pair of patients")

// Indexed is an entry that the patient index is made of.
type Indexed struct {
	Found    int // its place among the entries that were looked at
	Patients []clinic.ID
	// Wrote: the box wrote of the patient; a link says nothing of who holds what.
	Wrote bool
	Keep  bool // the entry itself is read again: details, allergies, links
}

// Home is a box that holds a patient.
type Home struct {
	Box   string
	Wrote bool
}

// Ask is a pair that waits on the merge desk; A is the smaller ID.
type Ask struct {
	A, B  clinic.ID
	Signs uint32 // hub/index.Sign
	Score int
	Since time.Time
	Later time.Time // a person put it off until then; zero = no
}

// PairAct changes what stands of a pair, whole or not at all.
type PairAct struct {
	A, B clinic.ID
	Ask  *Ask  // waits from now on; nil = waits no more
	Said *Down // goes to every box that holds one of the two; nil = nothing
	At   time.Time
}

// IndexCounts sums up the patient index.
type IndexCounts struct {
	Patients int // IDs with details
	Waiting  int // pairs on the desk
	Later    int // of which were put off
	Rule     int // pairs that the rule linked, or took back
	Operator int // pairs that operators answered
	Unread   int // patients that nobody has looked at yet
}
