package card

import (
	"strings"
	"time"

	"clinicbox/clinic"
)

// MRZCode tells what is wrong with a machine-readable zone. It is a message key.
type MRZCode string

// What can be wrong.
const (
	MRZLength     MRZCode = "card.mrz.length"     // neither three lines of 30 nor two of 44
	MRZCharacters MRZCode = "card.mrz.characters" // other than A–Z, 0–9 and <
	MRZDocument   MRZCode = "card.mrz.document"   // check digit of the document number
	MRZBirth      MRZCode = "card.mrz.birth"
	MRZExpiry     MRZCode = "card.mrz.expiry"
	MRZOptional   MRZCode = "card.mrz.optional"
	MRZComposite  MRZCode = "card.mrz.composite"
)

// MRZCodes lists every code, for the catalogues' test.
func MRZCodes() []MRZCode {
	return []MRZCode{MRZLength, MRZCharacters, MRZDocument, MRZBirth, MRZExpiry, MRZOptional, MRZComposite}
}

// MRZError says what is wrong, and not what stood there.
type MRZError struct{ Code MRZCode }

// Error is the code.
func (e *MRZError) Error() string { return string(e.Code) }

// MRZ is a machine-readable zone of a card (TD1) or a passport (TD3). Fillers are
// taken away. Its check digits held.
type MRZ struct {
	Type        string // "I", "ID", "P" …
	Issuer      string // three letters, "VNM"
	Document    string
	Birth       string // YYMMDD; parts can be << when unknown
	Expiry      string // YYMMDD
	Sex         clinic.Sex
	Nationality string
	Optional    string // first optional field; on Vietnamese cards the 12-digit number
	Optional2   string
	Surname     string // capital letters without marks
	Given       string
}

// String tells nothing: a zone names a person.
func (MRZ) String() string { return "MRZ" }

// ParseMRZ reads a zone as a person types it or a scanner reads it: with or without
// line ends and spaces, in small letters too. Errors are *MRZError.
func ParseMRZ(text string) (MRZ, error) {
	if len(text) > 200 {
		return MRZ{}, &MRZError{MRZLength}
	}
	z := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	for _, r := range z {
		if value(r) < 0 {
			return MRZ{}, &MRZError{MRZCharacters}
		}
	}
	switch len(z) {
	case 90:
		return td1(z)
	case 88:
		return td3(z)
	}
	return MRZ{}, &MRZError{MRZLength}
}

// td1 is 9303-5 section 4.2.
func td1(z string) (MRZ, error) {
	one, two, names := z[:30], z[30:60], z[60:]
	m := MRZ{
		Type: strip(one[:2]), Issuer: strip(one[2:5]), Document: one[5:14], Birth: two[:6], Expiry: two[8:14],
		Sex: sex(two[7]), Nationality: strip(two[15:18]), Optional: strip(one[15:]), Optional2: strip(two[18:29]),
	}
	check, ok := one[14], true
	if rest := one[15:]; check == '<' { // a number of more than nine characters goes on
		more, _, _ := strings.Cut(rest, "<")
		if len(more) < 2 {
			return MRZ{}, &MRZError{MRZDocument}
		}
		end := len(more) - 1
		m.Document, check = m.Document+more[:end], more[end]
		m.Optional = strip(rest[len(more):])
	}
	ok = holds(m.Document, check)
	m.Document = strip(m.Document)
	m.names(names)
	return m, first(
		claim{MRZDocument, ok},
		claim{MRZBirth, holds(two[:6], two[6])},
		claim{MRZExpiry, holds(two[8:14], two[14])},
		claim{MRZComposite, holds(one[5:]+two[:7]+two[8:15]+two[18:29], two[29])},
	)
}

// td3 is 9303-4 section 4.2.
func td3(z string) (MRZ, error) {
	one, two := z[:44], z[44:]
	m := MRZ{
		Type: strip(one[:2]), Issuer: strip(one[2:5]), Document: strip(two[:9]), Birth: two[13:19], Expiry: two[21:27],
		Sex: sex(two[20]), Nationality: strip(two[10:13]), Optional: strip(two[28:42]),
	}
	m.names(one[5:])
	optional := holds(two[28:42], two[42]) || two[42] == '<' && m.Optional == ""
	return m, first(
		claim{MRZDocument, holds(two[:9], two[9])},
		claim{MRZBirth, holds(two[13:19], two[19])},
		claim{MRZExpiry, holds(two[21:27], two[27])},
		claim{MRZOptional, optional},
		claim{MRZComposite, holds(two[:10]+two[13:20]+two[21:43], two[43])},
	)
}

type claim struct {
	code MRZCode
	ok   bool
}

// first returns the first claim that does not hold.
func first(claims ...claim) error {
	for _, c := range claims {
		if !c.ok {
			return &MRZError{c.code}
		}
	}
	return nil
}

func (m *MRZ) names(field string) {
	surname, given, _ := strings.Cut(field, "<<")
	m.Surname, m.Given = strip(surname), strip(given)
}

// strip turns fillers into spaces and takes them away at the ends.
func strip(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "<", " ")) }

func sex(c byte) clinic.Sex {
	switch c {
	case 'M':
		return clinic.SexMale
	case 'F':
		return clinic.SexFemale
	}
	return clinic.SexUnknown
}

// value is a character's value for check digits, −1 for none.
func value(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= 'A' && r <= 'Z':
		return int(r-'A') + 10
	case r == '<':
		return 0
	}
	return -1
}

// digit is the check digit of a field (9303-3 section 4.9).
func digit(field string) byte {
	sum, weights := 0, [3]int{7, 3, 1}
	for i, r := range field {
		sum += value(r) * weights[i%3]
	}
	return byte('0' + sum%10)
}

func holds(field string, check byte) bool { return digit(field) == check }

// BirthDate is the birth date, which lies before today; parts that the zone leaves out
// are zero.
func (m MRZ) BirthDate(today time.Time) clinic.Date {
	d := date(m.Birth, 2000)
	if now := clinic.DateOf(today); d.Year > now.Year || d.Full() && now.Before(d) {
		d.Year -= 100
	}
	return d
}

// ExpiryDate is the expiry date; cards without end say 2099.
func (m MRZ) ExpiryDate() clinic.Date { return date(m.Expiry, 2000) }

func date(yymmdd string, century int) clinic.Date {
	n := func(s string) int {
		if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
			return 0
		}
		return int(s[0]-'0')*10 + int(s[1]-'0')
	}
	if len(yymmdd) != 6 || yymmdd[0] == '<' {
		return clinic.Date{}
	}
	d := clinic.Date{Year: century + n(yymmdd), Month: n(yymmdd[2:]), Day: n(yymmdd[4:])}
	if !d.Valid() {
		return clinic.Date{}
	}
	return d
}
