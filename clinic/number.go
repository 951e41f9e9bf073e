package clinic

import (
	"strconv"
	"strings"
)

// ParseFixed reads a typed decimal number with comma or point into an integer of
// 1/10^decimals. The error is a *FieldError that names the field.
func ParseFixed(field, s string, decimals int) (int, error) {
	fail := func(problem string) (int, error) { return 0, &FieldError{Field: field, Problem: problem} }
	s = strings.TrimSpace(s)
	if s == "" {
		return fail(ProblemEmpty)
	}
	if s[0] == '-' {
		return fail(ProblemNegative)
	}
	whole, frac, dotted := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	if !digits(whole) || dotted && !digits(frac) {
		return fail(ProblemNumber)
	}
	frac = strings.TrimRight(frac, "0")
	if len(frac) > decimals {
		return fail(ProblemPrecise)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", decimals-len(frac)), 10, 32)
	if err != nil {
		return fail(ProblemTooLarge)
	}
	return int(n), nil
}

// FormatFixed writes a value of ParseFixed with a decimal comma.
func FormatFixed(n, decimals int) string {
	s := strconv.Itoa(n)
	if decimals == 0 {
		return s
	}
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	if len(s) <= decimals {
		s = strings.Repeat("0", decimals+1-len(s)) + s
	}
	whole, frac := s[:len(s)-decimals], strings.TrimRight(s[len(s)-decimals:], "0")
	if frac == "" {
		return sign + whole
	}
	return sign + whole + "," + frac
}

// Thirds in thousandths; DrugLine.Compute takes them for what they are.
const (
	oneThird  Milli = 333
	twoThirds Milli = 667
)

// ParseMilli reads a typed quantity: a decimal number, or the fractions 1/2, 1/4, 3/4,
// 1/3 and 2/3 as they stand on prescriptions. Exactly three digits after a point are
// refused, for 1.500 may mean fifteen hundred.
func ParseMilli(field, s string) (Milli, error) {
	s = strings.TrimSpace(s)
	switch s {
	case "1/2", "½":
		return 500, nil
	case "1/4", "¼":
		return 250, nil
	case "3/4", "¾":
		return 750, nil
	case "1/3", "⅓":
		return oneThird, nil
	case "2/3", "⅔":
		return twoThirds, nil
	}
	if i := strings.IndexByte(s, '.'); i > 0 && len(s)-i == 4 && digits(s[i+1:]) {
		return 0, &FieldError{Field: field, Problem: ProblemAmbiguous}
	}
	n, err := ParseFixed(field, s, 3)
	return Milli(n), err
}

// ParseDong reads a typed amount: digits, with points between groups of three or
// without, with or without the sign đ.
func ParseDong(field, s string) (Dong, error) {
	fail := func(problem string) (Dong, error) { return 0, &FieldError{Field: field, Problem: problem} }
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "đ"))
	if s == "" {
		return fail(ProblemEmpty)
	}
	groups := strings.Split(s, ".")
	for i, g := range groups {
		if !digits(g) || i > 0 && len(g) != 3 || len(groups) > 1 && len(g) > 3 {
			return fail(ProblemNumber)
		}
	}
	n, err := strconv.ParseInt(strings.Join(groups, ""), 10, 64)
	if err != nil || n > 1_000_000_000_000 {
		return fail(ProblemTooLarge)
	}
	return Dong(n), nil
}

// BMI returns weight / height² in 0.1 kg/m², rounded half up, or 0 when either
// is not measured.
func (v *Vitals) BMI() int {
	if v.Weight <= 0 || v.Height <= 0 {
		return 0
	}
	h2 := v.Height * v.Height // (0.1 cm)²: 0.1 kg / h2 · 10^6 = kg/m² · 0.1
	return (2*v.Weight*1_000_000/h2 + 1) / 2
}
