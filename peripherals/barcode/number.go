package barcode

import (
	"strings"

	"clinicbox/clinic"
)

// parseNumber reads a bare number, typed or from a one-dimensional code.
func parseNumber(in input) (clinic.Scan, error) {
	n := strings.ToUpper(strings.Join(strings.FieldsFunc(in.text, func(r rune) bool {
		return r == ' ' || r == '.' || r == '-' || r == '\u00A0'
	}), ""))
	s := clinic.Scan{Kind: clinic.ScanNumber}
	p := &s.Patient
	p.Source = clinic.SourceTyped
	switch digits := allDigits(n); {
	case in.retail:
		return clinic.Scan{}, &Error{Code: CodeUnknown, Offset: in.start}
	case digits && len(n) == 12:
		p.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: n}}
		s.Doubts = checkNumber(n, clinic.SexUnknown, clinic.Date{})
	case digits && len(n) == 9:
		p.Identifiers = []clinic.Identifier{{System: clinic.SystemOldID, Value: n}}
	case digits && len(n) == 10, isCard(n):
		p.Identifiers = cardNumbers(n, clinic.Identifier{})
	case looksCard(n):
		return clinic.Scan{}, &Error{Code: CodeNumber, Offset: in.start}
	case digits && len(n) <= 20 || len(n) > 11 && len(n) < 19 && isLetter(n[0]) && isLetter(n[1]) && allDigits(n[2:]):
		return clinic.Scan{}, &Error{Code: CodeLength, Offset: in.start + min(12, len(in.text))}
	default:
		return clinic.Scan{}, &Error{Code: CodeUnknown, Offset: in.start}
	}
	return s, nil
}
