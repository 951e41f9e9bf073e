package barcode

import (
	"strings"

	"clinicbox/clinic"
)

// isPaper reports whether the code is the QR of one of our papers: CB, a digit for
// the format's version, a stroke.
func isPaper(s string) bool {
	return len(s) > 3 && strings.EqualFold(s[:2], "CB") && isDigit(s[2]) && s[3] == '/'
}

// isOurs reports whether the code has the form of a number that we issue: letter,
// facility, book, at least five digits, check character. A card number never fits,
// for its second character is a letter and a facility begins with its province.
func isOurs(s string) bool {
	if len(s) < 13 || len(s) > 17 || !strings.ContainsAny(s[:1], "HhTt") || !allDigits(s[1:3]) {
		return false
	}
	for i := range len(s) - 1 {
		if !isDigit(s[i]) && !isLetter(s[i]) {
			return false
		}
	}
	return allDigits(s[7 : len(s)-1])
}

// parsePaper reads the QR of a slip.
func parsePaper(in input) (clinic.Scan, error) {
	q, err := clinic.ParseSlipQR(in.text)
	if err == nil {
		return clinic.Scan{
			Kind: clinic.ScanSlip, Slip: q.Slip, Record: q.Record,
			Patient: clinic.Patient{Source: clinic.SourceSlip},
		}, nil
	}
	part := strings.Split(in.text, "/")
	switch {
	case part[0] != "CB1" && part[0] != "cb1":
		return clinic.Scan{}, &Error{Code: CodeSlipForm, Offset: in.start}
	case len(part) > 2 && isOurs(part[1]):
		if _, _, err := clinic.ParseSlip(part[1]); err != nil {
			return clinic.Scan{}, &Error{Code: CodeSlipCheck, Field: 1, Offset: in.start + 4}
		}
		if len(part) <= 5 {
			break
		}
		fallthrough
	case len(part) > 2:
		return clinic.Scan{}, &Error{Code: CodeSlipForm, Field: 1, Offset: in.start + 4}
	}
	return clinic.Scan{}, &Error{Code: CodeTruncated, Field: len(part) - 1, Offset: in.start + len(in.text)}
}

// parseOurs reads a bare code: a slip's, or the temporary one of a patient without
// papers.
func parseOurs(in input) (clinic.Scan, error) {
	if code, _, err := clinic.ParseSlip(in.text); err == nil {
		return clinic.Scan{
			Kind: clinic.ScanSlip, Slip: code,
			Patient: clinic.Patient{Source: clinic.SourceSlip},
		}, nil
	}
	code, _, err := clinic.ParseTemporary(in.text)
	if err != nil {
		return clinic.Scan{}, &Error{Code: CodeSlipCheck, Offset: in.start + len(in.text) - 1}
	}
	return clinic.Scan{Kind: clinic.ScanNumber, Patient: clinic.Patient{
		Source:      clinic.SourceTyped,
		Identifiers: []clinic.Identifier{{System: clinic.SystemTemporary, Value: code}},
	}}, nil
}
