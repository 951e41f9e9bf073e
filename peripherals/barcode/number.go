package barcode

import "clinicbox/clinic"

// parseNumber reads a bare number, typed or from a one-dimensional code.
func parseNumber(in input) (clinic.Scan, error) {
	n := clinic.NormalIdentifier(in.text)
	system, ok := clinic.GuessSystem(n)
	switch {
	case ok:
	case looksCard(n):
		return clinic.Scan{}, &Error{Code: CodeNumber, Offset: in.start}
	case nearlyNumber(n):
		return clinic.Scan{}, &Error{Code: CodeLength, Offset: in.start + min(12, len(in.text))}
	default:
		return clinic.Scan{}, &Error{Code: CodeUnknown, Offset: in.start}
	}
	s := clinic.Scan{Kind: clinic.ScanNumber, Patient: clinic.Patient{Source: clinic.SourceTyped}}
	switch system {
	case clinic.SystemInsurance, clinic.SystemSocial:
		s.Patient.Identifiers = cardNumbers(n, clinic.Identifier{})
	default:
		s.Patient.Identifiers = []clinic.Identifier{{System: system, Value: n}}
		s.Doubts = clinic.CheckCitizen(n, clinic.SexUnknown, clinic.Date{})
	}
	return s, nil
}

// nearlyNumber reports whether n looks like a number of ours or of a card that has
// lost or gained characters.
func nearlyNumber(n string) bool {
	if allDigits(n) {
		return len(n) <= 20
	}
	return len(n) >= 12 && len(n) <= 18 && isLetter(n[0]) && isLetter(n[1]) && allDigits(n[2:])
}
