package clinic

// ValidGTIN reports whether s is a trade item's number of 14 digits with its check digit
// (GS1 General Specifications, section 7.9.1).
func ValidGTIN(s string) bool {
	if len(s) != 14 || !digits(s) {
		return false
	}
	sum := 0
	for i := range 13 {
		sum += int(s[i]-'0') * (3 - i%2*2)
	}
	return (10-sum%10)%10 == int(s[13]-'0')
}
