package card

import (
	"errors"
	"fmt"
)

// Cause says why a card could not be read. It is a message key.
type Cause string

// The causes.
const (
	Removed     Cause = "card.removed"      // taken away, or moved on the antenna
	WrongKey    Cause = "card.wrong-key"    // the chip refused the number and dates, or the CAN
	LastTry     Cause = "card.last-try"     // the card has one try left; a person must want it
	Locked      Cause = "card.locked"       // refused too often; the chip accepts nothing more
	NotPassport Cause = "card.not-passport" // a chip, but no identity card
	Unsupported Cause = "card.unsupported"  // speaks no protocol that this program knows
	Protocol    Cause = "card.protocol"     // answers that no standard has
	Channel     Cause = "card.channel"      // the protected conversation was broken or altered
	Malformed   Cause = "card.malformed"    // the page with name and number cannot be read
	Reader      Cause = "card.reader"       // the reader failed, not the card
	Stopped     Cause = "card.stopped"      // this program was told to stop
)

// Causes lists every cause, for the catalogues' test.
func Causes() []Cause {
	return []Cause{
		Removed, WrongKey, LastTry, Locked, NotPassport, Unsupported, Protocol, Channel, Malformed, Reader, Stopped,
	}
}

// ErrRemoved is what a reader returns when it knows that the card is gone.
var ErrRemoved = errors.New("card: removed")

// Fault is the error of a reading.
type Fault struct {
	Cause  Cause
	Step   string // what was being done: "pace", "dg1" …
	Status uint16 // the card's status word; 0 when it gave none
	Left   int    // tries that the card says are left; -1 when it does not say
	Err    error  // what the reader said; may be nil
}

// Error names cause and step, never what is on the card.
func (f *Fault) Error() string {
	s := string(f.Cause) + " at " + f.Step
	if f.Status != 0 {
		s += fmt.Sprintf(" (status %04X)", f.Status)
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap is the reader's error.
func (f *Fault) Unwrap() error { return f.Err }

func fault(c Cause, step string, status uint16) *Fault {
	return &Fault{Cause: c, Step: step, Status: status, Left: -1}
}
