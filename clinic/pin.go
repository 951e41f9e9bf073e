package clinic

import (
	"strings"
	"time"
)

// PINResult is the answer to a PIN that somebody typed.
type PINResult uint8

// The answers. A PIN is compared only for PINRight and PINWrong.
const (
	PINWrong  PINResult = 0
	PINRight  PINResult = 1
	PINWait   PINResult = 2 // too soon after a wrong one
	PINLocked PINResult = 3 // ten wrong in a row, or the counter is missing
	PINUnset  PINResult = 4 // the person has no PIN on this box
	// PINStrangers: too many wrong tries from browsers that the person never used;
	// their own still work.
	PINStrangers PINResult = 5
)

// PINVerdict is the answer with what the person should know.
type PINVerdict struct {
	Result PINResult
	Left   int           // wrong tries that remain before the lock
	Wait   time.Duration // PINWait: how long
}

// PINLength is the number of digits of a PIN.
const PINLength = 6

// CheckPIN refuses a new PIN that is not 6 digits or that anybody guesses first:
// one digit or one pair repeated, runs up or down, two halves alike.
func CheckPIN(pin string) error {
	if len(pin) != PINLength || !digits(pin) {
		return &FieldError{Field: "pin", Problem: ProblemPINLength}
	}
	weak := strings.Count(pin, pin[:1]) >= PINLength-1 || strings.Count(pin, pin[1:2]) >= PINLength-1 ||
		pin[:3] == pin[3:] || pin[:2] == pin[2:4] && pin[2:4] == pin[4:] ||
		strings.Contains("01234567890123456789", pin) || strings.Contains("98765432109876543210", pin) ||
		pin[0] == pin[1] && pin[2] == pin[3] && pin[4] == pin[5]
	if weak {
		return &FieldError{Field: "pin", Problem: ProblemPINWeak}
	}
	return nil
}
