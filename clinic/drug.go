package clinic

import (
	"strconv"
	"strings"
)

// PaperQuantity writes a quantity as on a prescription: below 10 with a leading
// zero, so that no digit can be set before it (Circular 26/2025/TT-BYT).
func PaperQuantity(q Milli) string {
	if s := q.String(); q >= 1000 && q < 10_000 {
		return "0" + s
	}
	return q.String() // 0,5 begins with a zero already
}

// CheckICD refuses what has not the form of an ICD-10 code: A00, A00.0, A00.00.
func CheckICD(field, code string) error {
	ok := len(code) >= 3 && code[0] >= 'A' && code[0] <= 'Z' && digits(code[1:3])
	switch {
	case !ok || len(code) == 3:
	case len(code) == 4 || len(code) > 6:
		ok = false
	default:
		ok = code[3] == '.' && digits(code[4:])
	}
	if !ok {
		return &FieldError{Field: field, Problem: ProblemICD}
	}
	return nil
}

// NormalICD brings a typed code into the form of the list: upper case, with the
// point that people leave out.
func NormalICD(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) > 3 && len(s) <= 5 && digits(s[1:]) {
		s = s[:3] + "." + s[3:]
	}
	return s
}

// ParseCount reads a typed whole number from 1 to high.
func ParseCount(field, s string, high int) (int, error) {
	n, err := ParseFixed(field, s, 0)
	if err != nil {
		return 0, err
	}
	if n < 1 || n > high {
		return 0, &FieldError{Field: field, Problem: ProblemTooLarge, Args: map[string]string{"high": strconv.Itoa(high)}}
	}
	return n, nil
}
