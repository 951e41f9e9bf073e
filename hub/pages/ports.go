package pages

import (
	"context"
	"crypto/ed25519"
	"iter"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// Registry is what the pages read of the authority.
type Registry interface {
	// Box returns the box that last had the name, or that has the serial, or
	// authority.ErrMissing.
	Box(ctx context.Context, ref string) (authority.Box, error)
	// Boxes returns every box that was ever certified, ended ones too.
	Boxes(ctx context.Context) ([]authority.Box, error)
	Tickets(ctx context.Context) ([]authority.Ticket, error)
	People(ctx context.Context, facility string) ([]authority.Person, error)
}

// Enrolment lets boxes in.
type Enrolment interface {
	Invite(ctx context.Context, by authority.By, inv authority.Invitation) (cert.Code, error)
	// Enrol answers a carried request; the same request again gets the same bytes.
	Enrol(ctx context.Context, by authority.By, request []byte) (answer []byte, err error)
}

// Commands order boxes about and end certificates. What they change is on its way to
// the boxes when they return, or soon after: the pages send nothing themselves.
type Commands interface {
	Command(ctx context.Context, by authority.By, ref string, o authority.Order) ([]byte, error)
	Stolen(ctx context.Context, by authority.By, ref string, size uint64) ([]byte, error)
	Revoke(ctx context.Context, by authority.By, r cert.Revoked) error
	// Orders returns those of a certificate after the given number.
	Orders(ctx context.Context, s cert.Serial, after uint64) ([][]byte, error)
}

// Audit is the signed history of operators, and what it rests on.
type Audit interface {
	// History yields the signed entries from the first on.
	History(ctx context.Context) iter.Seq2[[]byte, error]
	// Audit verifies all of it and returns its head.
	Audit(ctx context.Context, heads ...cert.Head) (cert.Head, error)
	// Statements returns what a box of the facility holds, revocations included.
	Statements(ctx context.Context, facility string) ([][]byte, error)
}

// Roots are what boxes and browsers trust. People at the boxes ask for their prints.
type Roots interface {
	Root() ed25519.PublicKey
	WebRoot() []byte // X.509, DER
}

// Beats is what boxes last said of themselves.
type Beats interface {
	// Beats returns the last heartbeat of each machine, by the serial of its
	// certificate.
	Beats(ctx context.Context) (map[string]hub.Beat, error)
}

// Waiting are keys of people that boxes brought and nobody decided on. Each is named
// by its digest; one that waits no more is hub.ErrCredential. Decisions are on their
// way to the boxes of the facility when they return, or soon after.
type Waiting interface {
	// Waiting returns them, oldest first; facility "" means all.
	Waiting(ctx context.Context, facility string) ([]hub.Credential, error)
	// Certify is for a bare request, Ratify for one that was vouched for.
	Certify(ctx context.Context, by authority.By, digest string) error
	Ratify(ctx context.Context, by authority.By, digest string) error
	// Reject ends a provisional certificate, or forgets a bare request.
	Reject(ctx context.Context, by authority.By, digest string) error
}

// Telephone opens what boxes left for a call.
type Telephone interface {
	// Answer returns the words to read aloud and writes into the history that they
	// were given. A mistyped challenge is a *spoken.Error, one that no box of that
	// name left is hub.ErrNoAnswer.
	Answer(ctx context.Context, by authority.By, box, challenge string) (string, error)
}

// Trust is the authority as the pages use it. All are needed, and safe for
// concurrent use.
type Trust struct {
	Registry
	Enrolment
	Commands
	Audit
	Roots
	Beats
	Waiting
	Telephone
	Patients
}
