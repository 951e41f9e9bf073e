package clinic

import (
	"strconv"
	"strings"
)

// Dong is an amount of money in đồng. Prices have no fraction at the desk.
type Dong int64

// Milli is a quantity in thousandths of a unit: half a tablet is 500.
type Milli int64

// Times returns the amount of q units, rounded half up to the đồng.
func (d Dong) Times(q Milli) Dong {
	p := int64(d) * int64(q)
	if p < 0 {
		return Dong(-((-p + 500) / 1000))
	}
	return Dong((p + 500) / 1000)
}

// String writes the amount as Vietnamese papers do: 1.234.567 đ.
func (d Dong) String() string { return group(int64(d)) + " đ" }

// String writes the quantity with a decimal comma and no trailing zeros.
func (m Milli) String() string {
	s := group(int64(m) / 1000)
	frac := int64(m) % 1000
	if frac < 0 {
		frac = -frac
	}
	if frac == 0 {
		return s
	}
	f := strconv.FormatInt(1000+frac, 10)[1:]
	return s + "," + strings.TrimRight(f, "0")
}

func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return sign + s
}
