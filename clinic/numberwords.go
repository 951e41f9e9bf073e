package clinic

import "strings"

// NumberWords writes a whole number from 0 to 999 999 in Vietnamese, the first letter
// large: quantities of narcotics stand in figures and words.
func NumberWords(n int) string {
	if n < 0 || n > 999_999 {
		return ""
	}
	var w []string
	if n >= 1000 {
		w = append(under1000(n/1000, false), "nghìn")
	}
	if n%1000 > 0 || n == 0 {
		w = append(w, under1000(n%1000, n >= 1000)...)
	}
	return upperFirst(strings.Join(w, " "))
}

// under1000: full = the hundreds are said although there are none.
func under1000(n int, full bool) (w []string) {
	digit := []string{"không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"}
	h, t, u := n/100, n/10%10, n%10
	if h > 0 || full {
		w = append(w, digit[h], "trăm")
	}
	switch {
	case t == 0 && u > 0 && len(w) > 0:
		w = append(w, "linh")
	case t == 1:
		w = append(w, "mười")
	case t > 1:
		w = append(w, digit[t], "mươi")
	}
	switch {
	case u == 0 && n > 0:
	case u == 1 && t > 1:
		w = append(w, "mốt")
	case u == 5 && t > 0:
		w = append(w, "lăm")
	default:
		w = append(w, digit[u])
	}
	return w
}
