package hub

import (
	"time"

	"clinicbox/clinic"
)

// LegalState tells how far a legal signature has come at the centre. Values are
// frozen.
type LegalState int

// The states, in their order.
const (
	LegalWaits   LegalState = 1 // for the signing service
	LegalSigned  LegalState = 2 // the answer is kept and must be queued down
	LegalQueued  LegalState = 3 // on its way to the box, or there
	LegalRefused LegalState = 4 // for good; a person must look
)

// LegalRequest is one legal signature that a box asked for.
type LegalRequest struct {
	Leaf    clinic.Leaf
	Role    clinic.LegalRole
	Box     string
	Licence string // of the practitioner
	Asked   time.Time
	State   LegalState
	Tries   int
	Due     time.Time // not before
	Problem string    // of the last try; words of ours, no patient data
	Down    Down      // from LegalSigned on: the entry for the box
}
