package web

import (
	"context"
	"time"
)

// Ways tells how a locked box can be opened. It names nobody: names are sealed.
type Ways struct {
	People    []uint32 // numbers of the people who open it with a PIN, ascending
	Card      bool     // a staff card opens it
	Recovery  bool     // the recovery code opens it
	Telephone bool     // an answer of the centre opens it
	Challenge string   // what is read to the centre, in groups; with Telephone
	KeyFile   bool     // development: one button opens it
	Blocked   bool     // the centre forbids unlocking
	Erased    bool     // the keys were erased: nothing opens it again
	NotSetUp  bool     // nobody made a key yet
	Opening   bool     // it is unlocked, and its records are being opened
}

// Recovery is what somebody typed who has no PIN: one of the codes, and the new
// administrator that it makes; an empty Name makes none.
type Recovery struct {
	Code, Answer string
	Name, PIN    string
}

// Unlocker opens the box. Its methods may be called at the same time; all but Ways
// may take seconds. nil means that the records are being opened now. Tries at what
// can be guessed are counted durably before the answer. What is refused is an
// *UnlockError; any other error is a failure, whose text nobody sees.
type Unlocker interface {
	// Ways answers at once.
	Ways() Ways
	PIN(ctx context.Context, number uint32, pin string) error
	Card(ctx context.Context) error
	Recover(ctx context.Context, r Recovery) error
	KeyFile(ctx context.Context) error
}

// UnlockError refuses to open, in words of the pages: a message key and its
// arguments, in pairs of name and value.
type UnlockError struct {
	Key  string
	Args []any
}

// Error names the refusal for logs; it holds nothing that was typed.
func (e *UnlockError) Error() string { return "web: " + e.Key }

// The refusals. Those with a time are made by UnlockAfter.
const (
	UnlockWrong      = "unlock.wrong"       // PIN, number, code or answer: one message for all
	UnlockWait       = "unlock.wait"        // with a time
	UnlockLocked     = "unlock.locked"      // this person, until another or the recovery code opens
	UnlockMistyped   = "unlock.mistyped"    // Args: groups, such as "2, 5"
	UnlockLength     = "unlock.length"      // Args: have, want (groups)
	UnlockExpired    = "unlock.expired"     // the answer belongs to an earlier challenge
	UnlockWeak       = "pin.weak"           // the new administrator's PIN
	UnlockTPMMissing = "unlock.tpm-missing" //
	UnlockTPMReset   = "unlock.tpm-reset"   // cleared, or another one
	UnlockTPMLocked  = "unlock.tpm-locked"  // with a time
	UnlockTPMFailed  = "unlock.tpm-failed"  //
	UnlockBoard      = "unlock.board"       // the board has no usable secret
	UnlockKeyFile    = "unlock.key-file"    // missing, or none
	UnlockDamaged    = "unlock.damaged"     // the key slots
	UnlockNewer      = "unlock.newer"       // the key slots are of a newer program
	UnlockNoCard     = "unlock.no-card"     //
	UnlockOtherCard  = "unlock.other-card"  //
	UnlockBlocked    = "unlock.blocked"     // by the centre
	UnlockErased     = "unlock.erased"      //
	UnlockBusy       = "unlock.busy"        // somebody else is opening it: the page waits
	UnlockFull       = "unlock.full"        // nothing can be written: an answer cannot be spent
	UnlockUncounted  = "unlock.uncounted"   // nothing can be written: with a time, at most a minute
)

// UnlockAfter is UnlockWait or UnlockTPMLocked for a time, in seconds or minutes.
func UnlockAfter(key string, wait time.Duration) *UnlockError {
	n := max(1, int((wait+time.Second-1)/time.Second))
	if n > 120 {
		return &UnlockError{key + "-minutes", []any{"n", (n + 59) / 60}}
	}
	return &UnlockError{key, []any{"n", n}}
}

// unlockKeys are all keys that a refusal may have, for the test of the catalogues.
func unlockKeys() []string {
	return []string{
		UnlockWrong, UnlockWait, UnlockWait + "-minutes", UnlockLocked, UnlockMistyped, UnlockLength, UnlockExpired, UnlockWeak,
		UnlockTPMMissing, UnlockTPMReset, UnlockTPMLocked, UnlockTPMLocked + "-minutes", UnlockTPMFailed, UnlockBoard, UnlockKeyFile,
		UnlockDamaged, UnlockNewer, UnlockNoCard, UnlockOtherCard, UnlockBlocked, UnlockErased, UnlockBusy, UnlockFull, UnlockUncounted,
	}
}
