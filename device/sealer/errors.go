package sealer

import (
	"errors"
	"fmt"
	"time"
)

// Sentinels for callers that decide on them. None carries a secret, a name, or
// which of several reasons at the crypto edge it was.
var (
	ErrWrong     = errors.New("sealer: the secret does not open: mistyped, or the card sits in another board")
	ErrWait      = errors.New("sealer: too many wrong tries, wait")
	ErrUncounted = fmt.Errorf("sealer: the disk takes no count of tries (%w)", ErrWait) // full, or read-only
	ErrLocked    = errors.New("sealer: locked after too many wrong tries; another person, the recovery code or the centre opens")
	ErrNoSlot    = errors.New("sealer: no such slot")
	ErrSlot      = errors.New("sealer: the person or method has a slot already")
	ErrLastSlot  = errors.New("sealer: the last slot cannot be removed: nobody could open the records again")
	ErrNotOurs   = errors.New("sealer: not the storage key of this file")
	ErrUnsure    = errors.New("sealer: the storage key was replaced or not: what is written last was told as failed")
	ErrDamaged   = errors.New("sealer: the key slots are damaged")
	ErrVersion   = errors.New("sealer: the key slots were written by a newer program")
	ErrErased    = errors.New("sealer: the keys of this box were erased")
	ErrExpired   = errors.New("sealer: the answer belongs to an earlier challenge; ask the centre again")
	ErrPIN       = errors.New("sealer: the PIN is too short or too simple")
	ErrBoard     = errors.New("sealer: the board has no usable secret")
	ErrNoKeyFile = errors.New("sealer: the key file is missing or is none")
	ErrNoCard    = errors.New("sealer: no staff card, or it does not answer")
	ErrOtherCard = errors.New("sealer: another staff card")

	ErrTPM        = errors.New("sealer: the TPM does not work")
	ErrTPMMissing = errors.New("sealer: no TPM is found")
	ErrTPMReset   = errors.New("sealer: the TPM was cleared, or is another one; use the recovery code or the centre")
	ErrTPMLocked  = errors.New("sealer: the TPM is locked after wrong tries, wait")
	ErrTPMOpen    = errors.New("sealer: the TPM's lock-out is not set up, so it would let anybody guess")
	ErrTPMOwned   = errors.New("sealer: the TPM's lock-out is set up with another key; clear the TPM")
)

// WaitError tells how long a slot, or the TPM, refuses further tries.
type WaitError struct {
	Wait  time.Duration
	Left  int   // tries left before ErrLocked; 0 when the TPM decides
	cause error // ErrWait, ErrUncounted or ErrTPMLocked
}

// Error gives the time in words.
func (e *WaitError) Error() string { return fmt.Sprintf("%v %v", e.cause, e.Wait.Round(time.Second)) }

// Unwrap returns ErrWait, ErrUncounted or ErrTPMLocked.
func (e *WaitError) Unwrap() error { return e.cause }
