package modem

import (
	"strconv"
	"strings"
)

// fields takes the fields of an answer such as `+COPS: 0,2,"45204",7`: those behind
// the prefix, without quotes. ok is false when the line has another prefix.
func fields(line, prefix string) (out []field, ok bool) {
	rest, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return nil, false
	}
	var f field
	quoted := false
	for _, c := range []byte(strings.TrimSpace(rest)) {
		switch {
		case c == '"':
			quoted, f.quoted = !quoted, true
		case c == ',' && !quoted:
			out, f = append(out, f), field{}
		default:
			f.text += string(rune(c))
		}
	}
	return append(out, f), true
}

type field struct {
	text   string
	quoted bool
}

// number is the field as a number from 0 on; ok is false when it is none.
func (f field) number() (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(f.text))
	return n, err == nil && n >= 0 && !f.quoted
}

// shaped returns a test for lines with the prefix whose first n fields are numbers.
// The same prefix unasked has fewer, or a quoted one there.
func shaped(prefix string, n int) func(string) bool {
	return func(line string) bool {
		fs, ok := fields(line, prefix)
		if !ok || len(fs) < n {
			return false
		}
		for _, f := range fs[:n] {
			if _, ok := f.number(); !ok {
				return false
			}
		}
		return true
	}
}

// last returns the fields of the last line of an answer: when the modem also told
// the same unasked, that is the later word.
func last(answer []string, prefix string) []field {
	if len(answer) == 0 {
		return nil
	}
	fs, _ := fields(answer[len(answer)-1], prefix)
	return fs
}

// digits returns a test for a line that is a number of so many digits, or that and a
// prefix.
func digits(prefix string, least, most int) func(string) bool {
	return func(line string) bool {
		n := len(bare(line, prefix))
		return n >= least && n <= most
	}
}

// bare is the number in a line of digits, "" when it is anything else. Card numbers of
// odd length are padded with F.
func bare(line, prefix string) string {
	s := strings.Trim(strings.TrimSpace(strings.TrimPrefix(line, prefix)), `"`)
	s = strings.TrimRight(s, "Ff")
	if strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// Bars is the strength of the signal, 0 to 4; -1 = not known.
type Bars int

// barsOfRSRP sorts a received power of LTE (+CESQ, TS 27.007 §8.69: 0 is below -140
// dBm, 97 is -44 or more).
func barsOfRSRP(v int) (Bars, int) {
	if v < 0 || v > 97 {
		return -1, 0
	}
	return sortBars(v-141, []int{-115, -105, -95, -85}), v - 141
}

// barsOfRSSI sorts a signal strength (+CSQ, TS 27.007 §8.5: 0 is -113 dBm or less, 31
// is -51 or more).
func barsOfRSSI(v int) (Bars, int) {
	if v < 0 || v > 31 {
		return -1, 0
	}
	return sortBars(2*v-113, []int{-105, -97, -87, -77}), 2*v - 113
}

func sortBars(dbm int, steps []int) (b Bars) {
	for _, s := range steps {
		if dbm >= s {
			b++
		}
	}
	return b
}

// technology names an access technology (+COPS, TS 27.007 §7.3).
func technology(act int) string {
	switch act {
	case 0, 1, 3, 8:
		return "2G"
	case 2, 4, 5, 6:
		return "3G"
	case 7, 9:
		return "4G"
	case 10, 11, 12, 13:
		return "5G"
	}
	return ""
}

// registered sorts a registration state (+CEREG, TS 27.007 §10.1.22).
func registered(stat int) (ok, roaming, denied bool) {
	return stat == 1 || stat == 5, stat == 5, stat == 3
}
