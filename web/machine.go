package web

import (
	"context"
	"time"

	"clinicbox/clinic"
)

// MachineState is what the box knows of its own place in the fleet.
type MachineState struct {
	Enrolled bool
	Pending  bool // a request was carried away, and its answer is awaited
	Blocked  bool // the centre forbids unlocking; it applies at the next start
	Box      string
	Facility string
	Serial   string // of the box's certificate
	Hub      string // the centre's address, empty when carried
	// RootPrint and BoxPrint are the fingerprints of the fleet's root and of the
	// box's identity, as the centre's pages write them.
	RootPrint, BoxPrint string
	Sealer              string    // how the records are locked: "keyfile", "board" or "tpm"
	Slots               int       // people and ways that open them
	Recovery            time.Time // when the recovery code was made; zero = there is none
	Telephone           int       // answers that the centre holds ready
}

// EnrolInput is what somebody typed to join the box to the centre online.
type EnrolInput struct{ Hub, Code string }

// Machine joins the box to the fleet. State answers at once, from memory; the
// others may take as long as their context lets them. What is refused is a
// *MachineError; nothing is half done then. Who may call is the pages' matter.
type Machine interface {
	State() MachineState
	// Enrol asks the centre over the network; nil means that the box is enrolled,
	// durably.
	Enrol(ctx context.Context, in EnrolInput) error
	// Request makes a request to be carried, as text and as the contents of QR
	// codes, and keeps what its answer is checked against, durably.
	Request(ctx context.Context, code string) (text string, qr []string, err error)
	// Answer takes what came back: lines of text, or the contents of QR codes, one a
	// line, in any order; or the bytes of the centre's file.
	Answer(ctx context.Context, text string) error
}

// RecoveryCodes makes the code that opens the records when nobody else can.
type RecoveryCodes interface {
	// NewRecoveryCode checks the person's own PIN, replaces the code before, and is
	// durable when it returns. A wrong PIN is the desk's refusal (desk.CodePINWrong).
	NewRecoveryCode(ctx context.Context, person clinic.ID, pin string) (code string, err error)
}

// Numbers tells the numbers by which people say who they are while the box is
// locked and their names with it.
type Numbers interface {
	// Number answers at once; false means that the person cannot unlock the box.
	Number(person clinic.ID) (number uint32, ok bool)
}

// MachineError refuses to join, in words of the pages: a message key and its
// arguments, in pairs of name and value.
type MachineError struct {
	Key  string
	Args []any
}

// Error names the refusal for logs; it holds nothing that was typed.
func (e *MachineError) Error() string { return "web: " + e.Key }

// The refusals.
const (
	MachineAddress     = "machine.bad.address"     // not an address of a centre
	MachineUnreachable = "machine.bad.unreachable" // the centre does not answer
	MachineBusy        = "machine.bad.busy"        // the centre takes nothing now
	MachineCode        = "machine.bad.code"        // the one-time code is mistyped
	MachineRefused     = "machine.bad.refused"     // the centre does not take the code: used, old, of another box
	MachineForged      = "machine.bad.forged"      // the answer does not prove that it knows the code
	MachineOther       = "machine.bad.other"       // the answer belongs to another request
	MachineNoRequest   = "machine.bad.no-request"  // no request waits for an answer
	MachineLines       = "machine.bad.lines"       // mistyped; Args: lines, such as "3, 7"
	MachineMissing     = "machine.bad.missing"     // Args: lines
	MachineParts       = "machine.bad.parts"       // QR codes that are missing; Args: parts
	MachineForm        = "machine.bad.form"        // not an answer at all
	MachineEnrolled    = "machine.bad.enrolled"    // it belongs to a centre already
	MachineFull        = "machine.bad.full"        // no room to keep it
)

// machineKeys are all refusals, for the test of the catalogues.
func machineKeys() []string {
	return []string{
		MachineAddress, MachineUnreachable, MachineCode, MachineRefused, MachineForged, MachineOther, MachineNoRequest,
		MachineLines, MachineMissing, MachineParts, MachineForm, MachineEnrolled, MachineFull,
	}
}
