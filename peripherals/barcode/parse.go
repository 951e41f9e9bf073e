package barcode

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
)

// MaxPayload is the largest code in bytes that Parse looks at; the largest QR
// code holds 2,953.
const MaxPayload = 4096

// Parse recognises a scanned code. The error is always an *Error.
func Parse(raw []byte) (clinic.Scan, error) {
	in, err := clean(raw)
	if err != nil {
		return clinic.Scan{}, err
	}
	if scan, ok := parseStock(in); ok {
		return scan, nil
	}
	switch {
	case clinic.IsGoodsQR(in.text):
		return clinic.Scan{}, &Error{Code: CodeTruncated, Offset: in.start + len(in.text)}
	case isGS1(in):
		return parseGS1(in)
	case in.retail:
		return parseRetail(in)
	case isPaper(in.text):
		return parsePaper(in)
	case isOurs(in.text):
		return parseOurs(in)
	case strings.Contains(in.text, "|"):
		return parseFields(in)
	}
	return parseNumber(in)
}

// input is a code without what the scanner added around it.
type input struct {
	text   string
	start  int  // where text begins in the raw bytes
	retail bool // the AIM identifier says EAN or UPC: goods, never a person
	gs1    bool // the AIM identifier says elements of GS1
}

// clean strips what scanners add: line ends, TAB, STX/ETX, a byte order mark, an
// AIM identifier (ISO/IEC 15424: ] letter modifier).
func clean(raw []byte) (input, error) {
	const around = "\r\n\t \x00\x02\x03\uFEFF\u00A0"
	if len(raw) > MaxPayload {
		return input{}, &Error{Code: CodeTooLong, Offset: MaxPayload}
	}
	body := bytes.TrimLeft(raw, around)
	start := len(raw) - len(body)
	body = bytes.TrimRight(body, around)
	in := input{start: start}
	if len(body) >= 3 && body[0] == ']' && isLetter(body[1]) && (isLetter(body[2]) || isDigit(body[2])) {
		in.retail = body[1] == 'E'
		switch string(body[1:3]) { // GS1-128, GS1 DataMatrix, GS1 QR, GS1 DataBar (GS1 General Specifications 5.10)
		case "C1", "d2", "Q3", "e0":
			in.gs1 = true
		}
		rest := bytes.TrimLeft(body[3:], around)
		in.start += len(body) - len(rest)
		body = rest
	}
	if len(body) == 0 {
		return input{}, &Error{Code: CodeEmpty}
	}
	if at := badUTF8(body); at >= 0 {
		code := CodeUTF8
		if !utf8.FullRune(body[at:]) {
			code = CodeTruncated // cut inside the last letter
		}
		return input{}, &Error{Code: code, Field: bytes.Count(body[:at], []byte("|")), Offset: in.start + at}
	}
	in.text = string(body)
	return in, nil
}

// badUTF8 returns the first byte that is not UTF-8, or -1.
func badUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// fields is a code split at its bars, each part in NFC without outer spaces.
// Offsets count in the raw bytes, where a bar is always one byte.
type fields struct {
	part []string
	at   []int
	end  bool // the insurance card's end mark was there
}

func split(in input) fields {
	text, end := strings.CutSuffix(in.text, "$")
	if end {
		text = strings.TrimSuffix(text, "|")
	}
	f := fields{end: end}
	at := in.start
	for p := range strings.SplitSeq(text, "|") {
		f.part = append(f.part, norm.NFC.String(strings.TrimSpace(p)))
		f.at = append(f.at, at)
		at += len(p) + 1
	}
	return f
}

func (f *fields) len() int { return len(f.part) }

// get returns field i, or "" when the code ends before it.
func (f *fields) get(i int) string {
	if i < len(f.part) {
		return f.part[i]
	}
	return ""
}

// last reports whether nothing but empty fields follows field i.
func (f *fields) last(i int) bool {
	return !f.end && strings.Join(f.part[min(i+1, len(f.part)):], "") == ""
}

// fail makes the error for field i, which may be the one after the last.
func (f *fields) fail(c Code, i int) *Error {
	if i >= len(f.at) {
		last := len(f.at) - 1
		return &Error{Code: c, Field: i, Offset: f.at[last] + len(f.part[last])}
	}
	return &Error{Code: c, Field: i, Offset: f.at[i]}
}

// rest returns the fields from i on as they are, without the empty ones at the end.
func (f *fields) rest(i int) []string {
	if i >= len(f.part) {
		return nil
	}
	r := f.part[i:]
	for len(r) > 0 && r[len(r)-1] == "" {
		r = r[:len(r)-1]
	}
	return append([]string(nil), r...)
}

// parseFields tells the cards apart by their first field: 12 digits or 10 digits
// or 15 characters (facts: production desks do the same).
func parseFields(in input) (clinic.Scan, error) {
	f := split(in)
	first := f.part[0]
	switch {
	case allDigits(first) && len(first) == 12:
		return parseCitizen(f)
	case allDigits(first) && len(first) == 10, isCard(first):
		return parseInsurance(f)
	case allDigits(first) && len(first) > 5:
		return clinic.Scan{}, f.fail(CodeLength, 0)
	case looksCard(first):
		return clinic.Scan{}, f.fail(CodeNumber, 0)
	case looksCut(f):
		return clinic.Scan{}, f.fail(CodeTruncated, 0)
	}
	return clinic.Scan{}, f.fail(CodeUnknown, 0)
}

// looksCut reports whether the fields look like the tail of a citizen card's code
// whose beginning was lost.
func looksCut(f fields) bool {
	for i := range f.part {
		d, err := readDate(f.part[i])
		_, ok := readSex(f.part[min(i+1, f.len()-1)])
		if err == nil && d.Full() && (ok || i == f.len()-1) {
			return true
		}
	}
	return false
}
