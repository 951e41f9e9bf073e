package barcode

import (
	"errors"
	"strings"
	"unicode"

	"clinicbox/clinic"
)

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func number(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// isName reports whether every letter is Latin, as in all languages of Viet Nam,
// with the marks that names use (H’Linh, K'Sor, Lê-Na).
func isName(s string) bool {
	letters := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Latin, r):
			letters++
		case unicode.Is(unicode.Mn, r) && letters > 0: // Bahnar and others: no composed form
		case strings.ContainsRune(" '’ʼ`-.,", r):
		default:
			return false
		}
	}
	return letters > 0 && len(s) <= 255 // KindPatient's limit
}

// keystrokes reports whether a name looks like what a keyboard wedge types when an
// input method is off: Nguyeenx, Ddawngj.
func keystrokes(name string) bool {
	for w := range strings.FieldsSeq(strings.ToLower(name)) {
		if len(w) > 2 && (strings.HasPrefix(w, "dd") || strings.ContainsAny(w[len(w)-1:], "fjxz")) {
			return true
		}
		if strings.Contains(w, "aa") || strings.Contains(w, "ee") || strings.HasSuffix(w, "awn") {
			return true
		}
	}
	return false
}

// lost reports whether a scanner replaced letters that it could not send.
func lost(s string) bool { return strings.ContainsAny(s, "?\uFFFD") }

// readSex reads Nam or Nữ with or without its marks.
func readSex(s string) (clinic.Sex, bool) {
	switch strings.ToLower(s) {
	case "nam":
		return clinic.SexMale, true
	case "nữ", "nu", "nư":
		return clinic.SexFemale, true
	}
	return clinic.SexUnknown, false
}

var errDate = errors.New("not a date")

// readDate reads ddmmyyyy, mmyyyy, yyyy and the same between strokes, with
// one-digit days and months; 00 is an unknown day or month. Empty and "-" are the
// unknown date.
func readDate(s string) (clinic.Date, error) {
	if s == "" || s == "-" {
		return clinic.Date{}, nil
	}
	var d clinic.Date
	switch part := strings.Split(s, "/"); {
	case len(part) > 3 || !allDigits(strings.Join(part, "")):
		return d, errDate
	case len(part) > 1:
		year := part[len(part)-1]
		if len(year) != 4 || len(part[0])*len(part[len(part)-2]) == 0 ||
			len(part[0]) > 2 || len(part[len(part)-2]) > 2 {
			return d, errDate
		}
		d.Year, d.Month = number(year), number(part[len(part)-2])
		if len(part) == 3 {
			d.Day = number(part[0])
		}
	case len(s) == 8:
		d = clinic.Date{Year: number(s[4:]), Month: number(s[2:4]), Day: number(s[:2])}
	case len(s) == 6:
		d = clinic.Date{Year: number(s[2:]), Month: number(s[:2])}
	case len(s) == 4:
		d.Year = number(s)
	default:
		return d, errDate
	}
	if d.Year == 0 || !d.Valid() {
		return clinic.Date{}, errDate
	}
	return d, nil
}
