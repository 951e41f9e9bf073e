package hub

import (
	"errors"
	"time"
	"unicode"
	"unicode/utf8"
)

// Sentinels about operators.
var (
	// ErrOperator: nobody in service has that name or token.
	ErrOperator = errors.New("hub: unknown operator")
	// ErrOperatorExists: somebody had that name, maybe long ago. The history names
	// people, so a name is never given to another one.
	ErrOperatorExists = errors.New("hub: an operator of that name exists")
	// ErrOperatorName: the name cannot stand in the history.
	ErrOperatorName = errors.New("hub: an operator's name is 1 to 60 printable characters")
	// ErrLastOperator: without an operator nobody could log in.
	ErrLastOperator = errors.New("hub: the last operator stays")
	// ErrNoAnswer: the box has left no answer by telephone that fits.
	ErrNoAnswer = errors.New("hub: no answer by telephone for that challenge")
)

// FirstOperator is who the first start makes.
const FirstOperator = "first"

const maxOperatorName = 60

// Operator is a person who works at the centre. The token is not kept, its SHA-256
// is.
type Operator struct {
	Name  string
	Token [32]byte
	Added time.Time
	Ended time.Time // zero = in service
}

// ValidOperatorName reports whether the name may stand in the history and on pages.
func ValidOperatorName(s string) bool {
	n := utf8.RuneCountInString(s)
	if n < 1 || n > maxOperatorName || !utf8.ValidString(s) || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
