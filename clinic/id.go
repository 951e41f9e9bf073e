package clinic

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
)

// ID is a random 128-bit identifier of a patient, visit, person, act or slip.
// It carries no meaning and no order, so it may stand in URLs and file keys.
type ID [16]byte

// ErrID is returned by ParseID for text that is not 32 hexadecimal digits.
var ErrID = errors.New("clinic: identifier is not 32 hexadecimal digits")

// NewID returns a fresh random identifier.
func NewID() ID {
	var id ID
	rand.Read(id[:]) // never fails since Go 1.24
	return id
}

// ParseID reads the form written by String.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, ErrID
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, ErrID
	}
	return id, nil
}

// String returns 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the identifier is unset.
func (id ID) IsZero() bool { return id == ID{} }
