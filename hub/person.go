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
	Note  bool // a summary of the patient may need it
	// Asked: it asks for a summary, and the centre took it in At then; 0 = it does not.
	Asked clinic.Consent
	At    time.Time
}

// Todo is a patient with whom there is something to do. N tells one reason from the next.
type Todo struct {
	ID clinic.ID
	N  int64
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

// What was said of a pair.
const (
	SaidTwo  = 0 // two people
	SaidOne  = 1 // one person
	SaidOpen = 2 // what was said is taken back
)

// PairAct changes what stands of a pair, whole or not at all.
type PairAct struct {
	A, B clinic.ID
	Ask  *Ask  // waits from now on; nil = waits no more
	Said *Down // goes to every box that holds one of the two; nil = nothing
	Who  clinic.CentreBy
	What int // SaidTwo …
	At   time.Time
}

// IndexCounts sums up the patient index.
type IndexCounts struct {
	Patients int // IDs with details
	Waiting  int // pairs on the desk
	Later    int // pairs that were put off
	Unread   int // patients that nobody has looked at yet
	Rule     Answers
	Operator Answers
	Boxes    int // answers of people at boxes
	Conflicts
}

// Answers counts what was said of pairs.
type Answers struct{ One, Two, Open int }

// Conflicts counts people of whom boxes wrote different things apart from each other.
type Conflicts struct{ Allergies, Details int }
