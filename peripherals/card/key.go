package card

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"strings"

	"clinicbox/clinic"
)

// ErrKey is returned for what cannot be a key. It says nothing of what was given.
var ErrKey = errors.New("card: not enough for a key")

// Key opens a chip: what its holder shows by handing the card over. It is made of what
// a person or a scanner read, never of guesses, and each one is tried once.
type Key struct {
	password byte   // 1 machine-readable zone, 2 card access number (9303-11 section 4.4.4.1)
	text     string // number, birth and expiry with their check digits, or the CAN
}

const (
	byMRZ = 1
	byCAN = 2
)

// String and what follows keep keys out of logs.
func (Key) String() string { return "card key" }

// GoString keeps keys out of logs.
func (Key) GoString() string { return "card key" }

// Key is the key of the card whose zone was read.
func (m MRZ) Key() Key {
	document := strings.ReplaceAll(m.Document, " ", "<") // fillers inside a number are part of it
	for len(document) < 9 {
		document += "<"
	}
	return Key{byMRZ, field(document) + field(m.Birth) + field(m.Expiry)}
}

func field(s string) string { return s + string(digit(s)) }

// KeyOf makes a key from what is printed. Of a 12-digit Vietnamese number the last nine
// digits are the document's number. The QR of the card lacks the expiry date.
func KeyOf(number string, birth, expiry clinic.Date) (Key, error) {
	number = strings.ToUpper(strings.TrimSpace(number))
	if isCitizen(number) {
		number = number[3:]
	}
	if len(number) < 5 || len(number) > 22 || !birth.Full() || !expiry.Full() || !birth.Valid() || !expiry.Valid() {
		return Key{}, ErrKey
	}
	for _, r := range number {
		if value(r) < 0 {
			return Key{}, ErrKey
		}
	}
	return MRZ{Document: number, Birth: yymmdd(birth), Expiry: yymmdd(expiry)}.Key(), nil
}

func yymmdd(d clinic.Date) string { return fmt.Sprintf("%02d%02d%02d", d.Year%100, d.Month, d.Day) }

// CAN makes a key from the six digits on the front of some cards.
func CAN(digits string) (Key, error) {
	if len(digits) != 6 || strings.Trim(digits, "0123456789") != "" {
		return Key{}, ErrKey
	}
	return Key{byCAN, digits}, nil
}

// secret is what the password stands for in key derivation: K of 9303-11 section 9.7.2.
func (k Key) secret() []byte {
	if k.password == byCAN {
		return []byte(k.text)
	}
	h := sha1.Sum([]byte(k.text))
	return h[:]
}
