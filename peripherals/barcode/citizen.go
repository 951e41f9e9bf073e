package barcode

import (
	"clinicbox/clinic"
)

// The fields of the citizen card's code (chip card of 2021; the card of Circular
// 16/2024/TT-BCA appends others, whose order is not published).
const (
	citizenNumber = iota
	citizenOld    // 9 digits, a cancelled number of 12, or empty; some codes omit it
	citizenName
	citizenBirth
	citizenSex
	citizenAddress
	citizenIssued
	citizenFields
)

// firstChip is the year before which no card carried this code.
const firstChip = 2012

func parseCitizen(f fields) (clinic.Scan, error) {
	shift := 0 // 1 when the former number's field is missing
	if old := f.get(citizenOld); old != "" && !allDigits(old) {
		if _, err := readDate(f.get(citizenName)); err == nil && f.get(citizenName) != "" {
			shift = 1
		}
	}
	if f.len() < citizenFields-shift {
		return clinic.Scan{}, f.fail(CodeTruncated, f.len())
	}
	s := clinic.Scan{Kind: clinic.ScanCitizen, Extra: f.rest(citizenFields - shift)}
	p := &s.Patient
	p.Source = clinic.SourceCitizenQR
	p.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: f.get(citizenNumber)}}
	if shift == 0 {
		formerNumber(&s, f.get(citizenOld))
	}
	if err := citizenDates(&s, f, shift); err != nil {
		return clinic.Scan{}, err
	}
	citizenWords(&s, f, shift)
	s.Doubts = append(s.Doubts, clinic.CheckCitizen(f.get(citizenNumber), p.Sex, p.Birth)...)
	return s, nil
}

// formerNumber keeps the number that the card replaces: the facility may not ask
// for a paper that confirms it (Decree 70/2024/NĐ-CP article 12.1).
func formerNumber(s *clinic.Scan, old string) {
	switch {
	case old == "", old == "-":
	case allDigits(old) && (len(old) == 9 || len(old) == 12):
		s.Patient.Identifiers = append(s.Patient.Identifiers,
			clinic.Identifier{System: clinic.SystemOldID, Value: old})
	default:
		s.Extra = append([]string{old}, s.Extra...)
		s.Doubts = append(s.Doubts, DoubtOld)
	}
}

func citizenDates(s *clinic.Scan, f fields, shift int) *Error {
	birth, issued := citizenBirth-shift, citizenIssued-shift
	var err error
	p := &s.Patient
	if p.Birth, err = readDate(f.get(birth)); err != nil {
		return f.fail(CodeDate, birth)
	}
	p.Issued, err = readDate(f.get(issued))
	short := len(f.get(issued)) < 8
	switch {
	case err != nil && short && f.last(issued):
		return f.fail(CodeTruncated, issued)
	case err != nil:
		return f.fail(CodeDate, issued)
	case p.Issued.IsZero() && f.last(issued) && f.len() == citizenFields-shift:
		return f.fail(CodeTruncated, issued) // cut right after the bar
	case !p.Issued.IsZero() && short && f.last(issued):
		if p.Issued.Year < firstChip || p.Issued.Year > 2100 {
			return f.fail(CodeTruncated, issued) // day and month taken for a year
		}
		s.Doubts = append(s.Doubts, DoubtIssued)
	}
	if !p.Issued.IsZero() && !p.Birth.IsZero() && p.Issued.Before(p.Birth) {
		s.Doubts = append(s.Doubts, DoubtOrder)
	}
	return nil
}

func citizenWords(s *clinic.Scan, f fields, shift int) {
	p := &s.Patient
	name := f.get(citizenName - shift)
	switch {
	case !isName(name):
		s.Doubts = append(s.Doubts, DoubtName)
	case keystrokes(name):
		s.Doubts = append(s.Doubts, DoubtSpelling)
		fallthrough
	default:
		p.Name = name
	}
	sex, ok := readSex(f.get(citizenSex - shift))
	if !ok {
		s.Doubts = append(s.Doubts, DoubtSex)
	}
	p.Sex = sex
	p.Address = f.get(citizenAddress - shift)
	if lost(p.Address) {
		s.Doubts = append(s.Doubts, DoubtAddress)
	}
}
