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
	if len(s) < 13 || len(s) > 17 || !strings.ContainsAny(s[:1], "HhTtMm") || !allDigits(s[1:3]) {
		return false
	}
	for i := range len(s) - 1 {
		if !isDigit(s[i]) && !isLetter(s[i]) {
			return false
		}
	}
	return allDigits(s[7 : len(s)-1])
}

// parsePaper reads the QR of a paper.
func parsePaper(in input) (clinic.Scan, error) {
	if q, err := clinic.ParsePaperQR(in.text); err == nil {
		s := clinic.Scan{
			Kind: clinic.ScanPaper, Slip: q.Slip, Record: q.Record, Paper: q,
			Patient: clinic.Patient{Source: clinic.SourceSlip},
		}
		if q.Slip != "" {
			s.Kind = clinic.ScanSlip
		}
		return s, nil
	}
	part := strings.Split(in.text, "/")
	form, ok := map[string]paperForm{"CB1": {slip: 1, needs: 5}, "CB2": {slip: 6, needs: 6}}[strings.ToUpper(part[0])]
	if !ok {
		return clinic.Scan{}, &Error{Code: CodeSlipForm, Offset: in.start}
	}
	return clinic.Scan{}, form.refuse(in, part)
}

// paperForm is what a version of the QR has: the place of its slip code, and the parts
// without which it is cut off.
type paperForm struct{ slip, needs int }

// refuse tells why parts are no paper: half of it was read, most often.
func (f paperForm) refuse(in input, part []string) error {
	last := len(part) - 1
	switch {
	case last > f.slip && !isOurs(part[f.slip]): // complete, and no slip's code
		return &Error{Code: CodeSlipForm, Field: f.slip, Offset: in.start + 4}
	case last >= f.slip && isOurs(part[f.slip]):
		if _, _, err := clinic.ParseSlip(part[f.slip]); err != nil {
			return &Error{Code: CodeSlipCheck, Field: f.slip, Offset: in.start + 4}
		}
		if last >= f.needs {
			return &Error{Code: CodeSlipForm, Field: 1, Offset: in.start + 4}
		}
	}
	return &Error{Code: CodeTruncated, Field: last, Offset: in.start + len(in.text)}
}

// parseOurs reads a bare code: a slip's, a sample's, or the temporary one of a patient
// without papers.
func parseOurs(in input) (clinic.Scan, error) {
	if number, _, err := clinic.ParseSampleNumber(in.text); err == nil {
		return clinic.Scan{Kind: clinic.ScanSample, Sample: number}, nil
	}
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
