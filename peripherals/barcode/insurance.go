package barcode

import (
	"strings"

	"clinicbox/clinic"
)

// The fields of the insurance card's code.
const (
	cardNumber    = 0
	cardName      = 1 // hexadecimal UTF-8
	cardBirth     = 2
	cardSex       = 3 // 1 male, 2 female
	cardAddress   = 4 // hexadecimal UTF-8; "-" when absent
	cardFacility  = 5 // "79 - 025"
	cardFrom      = 6
	cardTo        = 7
	cardIssued    = 8
	cardParent    = 10 // hexadecimal UTF-8
	cardArea      = 11
	cardFiveYears = 12
	cardFields    = 13 // without the check string, benefit and place of issue
)

// isCard reports whether s is a card number, in either case.
func isCard(s string) bool {
	return clinic.CheckIdentifier("", clinic.SystemInsurance, strings.ToUpper(s)) == nil
}

// looksCard reports whether s has a card number's length and beginning.
func looksCard(s string) bool { return len(s) == 15 && isLetter(s[0]) && isLetter(s[1]) }

func parseInsurance(f fields) (clinic.Scan, error) {
	if f.len() <= cardTo || !f.end && f.last(cardFiveYears-1) {
		return clinic.Scan{}, f.fail(CodeTruncated, f.len())
	}
	s := clinic.Scan{Kind: clinic.ScanInsurance}
	p := &s.Patient
	p.Source = clinic.SourceHealthQR
	id := clinic.Identifier{Facility: facility(f.get(cardFacility))}
	if id.Facility == "" && f.get(cardFacility) != "" && f.get(cardFacility) != "-" {
		s.Doubts = append(s.Doubts, DoubtFacility)
	}
	for _, d := range []struct {
		field int
		to    *clinic.Date
	}{
		{cardBirth, &p.Birth},
		{cardFrom, &id.From},
		{cardTo, &id.To},
		{cardIssued, &p.Issued},
		{cardFiveYears, &id.FiveYears},
	} {
		var err error
		if *d.to, err = readDate(f.get(d.field)); err == nil {
			continue
		}
		if f.last(d.field) {
			return clinic.Scan{}, f.fail(CodeTruncated, d.field)
		}
		return clinic.Scan{}, f.fail(CodeDate, d.field)
	}
	if !id.From.IsZero() && !id.To.IsZero() && id.To.Before(id.From) {
		s.Doubts = append(s.Doubts, DoubtOrder)
	}
	if a := f.get(cardArea); a == "K1" || a == "K2" || a == "K3" {
		id.Area = a // the digits on other cards have no published meaning
	}
	p.Identifiers = cardNumbers(f.get(cardNumber), id)
	cardWords(&s, f)
	s.Extra = f.rest(cardIssued + 1)
	return s, nil
}

// cardNumbers gives the card's number and the social insurance number in it, which
// outlives the card; cards printed since April 2021 show only the latter.
func cardNumbers(number string, id clinic.Identifier) []clinic.Identifier {
	number = strings.ToUpper(number)
	if len(number) == 10 {
		id.System, id.Value = clinic.SystemSocial, number
		return []clinic.Identifier{id}
	}
	id.System, id.Value = clinic.SystemInsurance, number
	social, _ := clinic.SocialOf(number)
	return []clinic.Identifier{id, {System: clinic.SystemSocial, Value: social}}
}

func cardWords(s *clinic.Scan, f fields) {
	p := &s.Patient
	telex := false
	for _, w := range []struct {
		field int
		name  bool
		doubt string
		to    *string
	}{
		{cardName, true, DoubtName, &p.Name},
		{cardAddress, false, DoubtAddress, &p.Address},
		{cardParent, true, "", &p.Guardian},
	} {
		raw := f.get(w.field)
		if raw == "-" || raw == "" && w.field != cardName {
			continue
		}
		text, undone, ok := decodeHex(raw, w.name)
		telex = telex || ok && undone
		if ok {
			*w.to = text
		} else if w.doubt != "" {
			s.Doubts = append(s.Doubts, w.doubt)
		}
	}
	if telex {
		s.Doubts = append(s.Doubts, DoubtTelex)
	}
	switch f.get(cardSex) {
	case "1":
		p.Sex = clinic.SexMale
	case "2":
		p.Sex = clinic.SexFemale
	default:
		s.Doubts = append(s.Doubts, DoubtSex)
	}
}

// facility glues "79 - 025", "79–025" or "79 025" to five characters, or returns
// "" when that is not what is there.
func facility(s string) string {
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == '–' || r == ' ' {
			return -1
		}
		return r
	}, s))
	if len(s) != 5 || !allDigits(s[:2]) || strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}
