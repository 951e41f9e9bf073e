package clinic

import (
	"fmt"
	"strconv"
	"strings"
)

// Credential is the body of KindCredential: a person of the staff has a new signing
// key, or the key they have got a better certificate. The entry's subject is the
// person. Form and meaning of the statements: internal/cert.
type Credential struct {
	// Request is the person's request, signed by the new key (cert.PersonRequest).
	Request []byte `cbor:"1,keyasint"`
	// Chain is the person's certificate, then those of who vouched for it
	// (cert.Trust.Member); empty while nobody has.
	Chain [][]byte `cbor:"2,keyasint,omitempty"`
}

// Statement is the body of KindStatement. Its subject is StatementSubject, so that
// all of them are found; what they say counts only as far as internal/cert verifies
// it against the pinned root.
type Statement struct {
	Raw []byte `cbor:"1,keyasint"`
}

// StatementSubject is the subject of every KindStatement entry.
func StatementSubject() ID { return ID{'s', 't', 'a', 't', 'e', 'm', 'e', 'n', 't', 's'} }

// Machine is the body of KindMachine: loud, for the operators at the centre. Its subject is MachineSubject. No patient data.
type Machine struct {
	Event  string `cbor:"1,keyasint"`           // one of the Machine constants
	Person ID     `cbor:"2,keyasint,omitempty"` // of the staff, whom it is about
	Detail string `cbor:"3,keyasint,omitempty"` // number of an order, kind of a slot
	Fresh  *Fresh `cbor:"4,keyasint,omitempty"` // of MachineRestored, MachineReplaced, MachineRealigned, MachineDamaged and MachineLost
}

// The events of a box. Words are frozen.
const (
	MachineEnrolled   = "enrolled"
	MachineRecovered  = "unlocked by recovery code"
	MachineTelephoned = "unlocked by telephone"
	MachineOrder      = "order of the centre obeyed"
	MachineGuessed    = "PIN guessed at by strangers" // unknown browsers are refused from then on
	MachineOpened     = "protected record opened"
	MachineNewCode    = "new recovery code"
	MachineNewKey     = "new storage key"                // about to be; the recovery code is new, too
	MachineRestored   = "restored from a copy"           // every number series jumps
	MachineRealigned  = "realigned with the centre"      // the same: its journal was not the one that the centre held
	MachineReplaced   = "in another box's place"         // every number series jumps
	MachineDamaged    = "records can no longer be read"  // Detail: how many of which journal
	MachineMended     = "records are readable again"     // Detail: the file, and how many
	MachineVoid       = "signature confirms nothing"     // Detail: journal and index, why
	MachineLost       = "saved records are gone"         // Detail: how many
	MachineRewound    = "journal is not what was signed" // Detail: how many entries were
	MachineExported   = "records left in a file"         // Detail: everything, or one patient
	MachineImported   = "records taken over from a file" // Detail: how many entries
)

// VoidDetail is the Detail of MachineVoid: it names a signature without anybody's name.
func VoidDetail(signature Ref, why string) string {
	journal := "own"
	if signature.Journal == In {
		journal = "in"
	}
	return fmt.Sprintf("%s %d: %s", journal, signature.Index, why)
}

// VoidOf reads which signature a VoidDetail is about.
func VoidOf(detail string) (signature Ref, ok bool) {
	place, _, _ := strings.Cut(detail, ": ")
	journal, index, ok := strings.Cut(place, " ")
	i, err := strconv.ParseUint(index, 10, 64)
	switch {
	case !ok || err != nil:
		return Ref{}, false
	case journal == "own":
		return Ref{Journal: Own, Index: i}, true
	}
	return Ref{Journal: In, Index: i}, journal == "in"
}

// MachineSubject is the subject of every KindMachine entry.
func MachineSubject() ID { return ID{'m', 'a', 'c', 'h', 'i', 'n', 'e'} }

// Escrow is the body of KindEscrow: an answer by telephone, sealed to the centre
// (internal/escrow). Its subject is MachineSubject.
type Escrow struct {
	Slot uint32 `cbor:"1,keyasint"`
	Blob []byte `cbor:"2,keyasint"`
}
