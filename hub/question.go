package hub

import (
	"time"

	"clinicbox/clinic"
)

// Question is a box's question what other facilities know of a patient.
type Question struct {
	Leaf     clinic.Leaf
	Patient  clinic.ID // as the asking box knows them
	Box      string
	Consent  clinic.Consent
	At       time.Time // when the centre took it in
	Due      int64     // tells one reason to look at it from the next; 0 = none
	State    clinic.SummaryOutcome
	Sent     []byte // tells one answer from the next; empty = none was sent
	Answered time.Time
}

// Answer is what a question gets, whole or not at all. Without Down nothing is sent: the
// question was looked at.
type Answer struct {
	Question
	Down  *Down
	Boxes []string // that get it
}
