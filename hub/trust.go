package hub

import (
	"errors"
	"time"

	"clinicbox/clinic"
)

// Sentinels of trust.
var (
	// ErrCredential: no key of a person of that number waits for a decision.
	ErrCredential = errors.New("hub: no such credential")
	// ErrStolen: the machine that asks is reported stolen.
	ErrStolen = errors.New("hub: the machine is reported stolen")
)

// Member is a box as the authority certified it: the certificate in service under
// its name, or the last one.
type Member struct {
	Name     string
	Serial   string
	Keys     Keys
	Facility clinic.Facility
	Revoked  int // cert.Reason; 0 = in service
}

// Beat is a verified heartbeat.
type Beat struct {
	Box    string
	Serial string
	Boot   [16]byte
	N      uint64
	At     time.Time // when it arrived
	State  int       // cert.State
	Obeyed uint64
	Agent  string
}

// Found is an entry that was found by its kind.
type Found struct {
	Stream  int64
	Box     string
	Epoch   Epoch
	Started time.Time // of the stream
	Mark    int64     // how far the stream was looked through when this was read
	Entry
}

// Credential is a person's key as a box's entry brought it.
type Credential struct {
	Digest   string // of the certificate that was vouched for, or of the request
	Box      string
	Epoch    Epoch
	Index    uint64
	At       time.Time // when it was found
	Person   clinic.ID
	Role     clinic.Role
	Facility string
	Serial   string // of the provisional certificate; empty for a bare request
	Request  []byte
	Chain    [][]byte
	Problem  string // why it should not be certified; empty = it verifies
	Ended    bool   // decided here, beside what the authority keeps
}

// Verdict is what was found of an entry that a person must hear of.
type Verdict struct {
	Leaf  clinic.Leaf
	State clinic.SignatureState // of a signature that confirms nothing; 0 for what a box told of itself
	Alarm Alarm
}
