package clinic

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrSlip is returned for text that is not one of our codes, or whose check
// character does not fit.
var ErrSlip = errors.New("clinic: not a code of ours")

// The first character of our own codes.
const (
	slipLetter      = 'H' // phiếu hẹn
	sampleLetter    = 'M' // mẫu xét nghiệm
	temporaryLetter = 'T' // mã tạm của người bệnh chưa có giấy tờ

	transferLetter    = 'X' // phiếu xuất chuyển kho
	requisitionLetter = 'D' // phiếu dự trù
	labelLetter       = 'K' // nhãn lô trong kho

	birthLetter = 'S' // giấy chứng sinh
)

// checkAlphabet holds the values 0–36 of ISO/IEC 7064 MOD 37-2; the last stands
// as a check character only.
const checkAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"

// Code is one of our own numbers taken apart.
type Code struct {
	Facility string // 5 characters, upper case
	Book     string // one character 0-9a-z: the box that issued it
	Number   int
}

// NewSlip returns the code of an appointment slip: H, facility, book, at least
// five digits, and a check character that catches a mistyped or swapped one.
func NewSlip(facility, book string, n int) (string, error) {
	return newCode(slipLetter, facility, book, n)
}

// ParseSlip reads a slip code in upper or lower case, blanks around it allowed,
// and returns its canonical form with its parts.
func ParseSlip(s string) (string, Code, error) { return parseCode(slipLetter, s) }

// NewTemporary returns a code for a patient without papers. It is visibly no
// citizen number, so it cannot leak into SO_CCCD.
func NewTemporary(facility, book string, n int) (string, error) {
	return newCode(temporaryLetter, facility, book, n)
}

// ParseTemporary reads the form written by NewTemporary.
func ParseTemporary(s string) (string, Code, error) { return parseCode(temporaryLetter, s) }

// NewSampleNumber returns the number on the label of a sample, of the form of NewSlip.
func NewSampleNumber(facility, book string, n int) (string, error) {
	return newCode(sampleLetter, facility, book, n)
}

// ParseSampleNumber reads the form written by NewSampleNumber.
func ParseSampleNumber(s string) (string, Code, error) { return parseCode(sampleLetter, s) }

func newCode(letter byte, facility, book string, n int) (string, error) {
	facility, book = strings.ToUpper(facility), strings.ToUpper(book)
	if len(facility) != 5 || len(book) != 1 || !alnum(facility+book) || n < 1 || n > 999_999_999 {
		return "", fmt.Errorf("%w: facility, book or number out of form", ErrSlip)
	}
	s := fmt.Sprintf("%c%s%s%05d", letter, facility, book, n)
	return s + string(checkChar(s)), nil
}

func parseCode(letter byte, s string) (string, Code, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) < 13 || len(s) > 17 || s[0] != letter || !alnum(s[:len(s)-1]) {
		return "", Code{}, ErrSlip
	}
	body, digits := s[:len(s)-1], s[7:len(s)-1]
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || n == 0 || len(digits) > 5 && digits[0] == '0' || s[len(s)-1] != checkChar(body) {
		return "", Code{}, ErrSlip
	}
	return s, Code{Facility: s[1:6], Book: strings.ToLower(s[6:7]), Number: int(n)}, nil
}

// checkChar computes the check character (ISO/IEC 7064:2003 section 7, pure
// system, modulus 37, radix 2) over characters that alnum has passed.
func checkChar(s string) byte {
	p := 0
	for i := range len(s) {
		p = (p + strings.IndexByte(checkAlphabet, s[i])) * 2 % 37
	}
	return checkAlphabet[(38-p)%37]
}

// alnum reports whether s holds only 0-9 and A-Z.
func alnum(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
