package sms

import (
	"errors"
	"strings"
)

// ErrNumber means that a text is no telephone number that messages go to.
var ErrNumber = errors.New("sms: not a number that messages go to")

// Number writes a telephone number as people note it in Viet Nam in the form
// "+84912345678". Mobile numbers have nine digits behind the 0 and begin with 3, 5,
// 7, 8 or 9 (the plan since 2018); numbers of other countries need their +. Spaces,
// dots, dashes and brackets are skipped. A landline is refused: no message reaches it.
func Number(s string) (string, error) {
	s = strings.NewReplacer(" ", "", ".", "", "-", "", "(", "", ")", "", "\u00a0", "").Replace(s)
	plus := strings.HasPrefix(s, "+")
	digits := strings.TrimPrefix(s, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", ErrNumber
	}
	if !plus {
		switch {
		case strings.HasPrefix(digits, "00"):
			digits = digits[2:]
		case strings.HasPrefix(digits, "0"):
			digits = "84" + digits[1:]
		case !strings.HasPrefix(digits, "84"):
			return "", ErrNumber
		}
	}
	if rest, ok := strings.CutPrefix(digits, "84"); ok {
		rest = strings.TrimPrefix(rest, "0") // +84 (0) 912…, as cards print it
		if len(rest) != 9 || !strings.Contains("35789", rest[:1]) {
			return "", ErrNumber
		}
		return "+84" + rest, nil
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' { // E.164
		return "", ErrNumber
	}
	return "+" + digits, nil
}

// The type octets of an address (TS 23.040 §9.1.2.5).
const (
	typeUnknown = 0x81
	typeWorld   = 0x91
	typeName    = 0xD0
	typeMask    = 0x70
	semiDigits  = "0123456789*#abc"
	maxDigits   = 20
)

// appendAddress writes an address: "+84…", a short code, or a sender's name.
func appendAddress(b []byte, a string) ([]byte, error) {
	digits, world := strings.CutPrefix(a, "+")
	if digits == "" || strings.Trim(digits, semiDigits) != "" {
		codes, ok := septets(a)
		if !ok || world || a == "" || len(codes) > 11 {
			return nil, ErrNumber
		}
		return append(append(b, byte((7*len(codes)+3)/4), typeName), pack(codes, 0)...), nil
	}
	if len(digits) > maxDigits {
		return nil, ErrNumber
	}
	kind := byte(typeUnknown)
	if world {
		kind = typeWorld
	}
	return appendSemi(append(b, byte(len(digits)), kind), digits), nil
}

// appendSemi writes digits as half octets, the first in the low half.
func appendSemi(b []byte, digits string) []byte {
	for i := 0; i < len(digits); i += 2 {
		high := byte(0xF)
		if i+1 < len(digits) {
			high = byte(strings.IndexByte(semiDigits, digits[i+1]))
		}
		b = append(b, high<<4|byte(strings.IndexByte(semiDigits, digits[i])))
	}
	return b
}

// address reads an address of n half octets.
func address(kind byte, octets []byte, n int) (string, error) {
	if kind&typeMask == typeName&typeMask {
		codes, ok := unpack(octets, n*4/7, 0)
		if !ok {
			return "", ErrTruncated
		}
		return letters(codes), nil
	}
	digits, err := semi(octets, n)
	if err == nil && kind&typeMask == typeWorld&typeMask && digits != "" {
		digits = "+" + digits
	}
	return digits, err
}

func semi(octets []byte, n int) (string, error) {
	var b strings.Builder
	for i := range n {
		c := octets[i/2] >> (4 * (i % 2)) & 0xF
		if int(c) >= len(semiDigits) {
			return "", ErrMalformed
		}
		b.WriteByte(semiDigits[c])
	}
	return b.String(), nil
}
