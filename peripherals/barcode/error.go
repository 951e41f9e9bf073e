package barcode

import (
	"fmt"

	"clinicbox/clinic"
)

// Code tells why a scanned code was refused. Values are stable: pages translate
// them and logs count them.
type Code string

// The reasons for refusing a code.
const (
	CodeEmpty     Code = "empty"         // nothing but line ends
	CodeTooLong   Code = "too-long"      // more than MaxPayload bytes
	CodeUTF8      Code = "bad-utf8"      // the scanner is set to another character set
	CodeTruncated Code = "truncated"     // half a code: scan again
	CodeUnknown   Code = "unknown"       // a code of something else
	CodeLength    Code = "number-length" // 13 digits and the like
	CodeNumber    Code = "number-form"   // right length, impossible number
	CodeDate      Code = "date"          // a day that no calendar has
	CodeSlipForm  Code = "slip-form"     // ours, but not a slip of this version
	CodeSlipCheck Code = "slip-check"    // the slip's check character is wrong
)

// Codes lists every Code, for the test that each has words in each language.
func Codes() []Code {
	return []Code{
		CodeEmpty, CodeTooLong, CodeUTF8, CodeTruncated, CodeUnknown,
		CodeLength, CodeNumber, CodeDate, CodeSlipForm, CodeSlipCheck,
	}
}

// The warnings that a Scan may carry in Doubts, as catalogue keys, besides those of
// clinic.CitizenDoubts about a 12-digit number.
const (
	DoubtName     = "scan.name-undecodable" // the name was left blank
	DoubtSpelling = "scan.name-check"       // looks like keystrokes of an input method
	DoubtTelex    = "scan.telex-undone"     // an input method changed the code; repaired
	DoubtAddress  = "scan.address-check"    // the address lost characters
	DoubtSex      = "scan.sex-unreadable"   // left unknown
	DoubtOld      = "scan.old-number-odd"   // the former number has no known form
	DoubtOrder    = "scan.dates-order"      // issued before birth, or ends before it begins
	DoubtIssued   = "scan.issued-partial"   // the issue date is short: perhaps cut off
	DoubtFacility = "scan.facility-odd"     // the facility's code is not five characters
)

// Doubts lists every warning, for the test that each has words in each language.
func Doubts() []string {
	return append([]string{
		DoubtName, DoubtSpelling, DoubtTelex, DoubtAddress, DoubtSex,
		DoubtOld, DoubtOrder, DoubtIssued, DoubtFacility,
	}, clinic.CitizenDoubts()...)
}

// Error tells why Parse refused a code and where, but never what the code held.
type Error struct {
	Code   Code
	Field  int // field between the bars, from 0; 0 in a code without bars
	Offset int // byte in what was scanned, from 0
}

// Error returns an English text for logs.
func (e *Error) Error() string {
	return fmt.Sprintf("barcode: %s at field %d, byte %d", e.Code, e.Field, e.Offset)
}

// Key returns the catalogue key of the words for people.
func (e *Error) Key() string { return e.Code.Key() }

// Key returns the catalogue key of the words for people.
func (c Code) Key() string { return "scan.error." + string(c) }
