package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"clinicbox/clinic"
)

// readCSV reads comma, semicolon and tab separated text in UTF-8, in UTF-16 with its
// mark, as spreadsheets save "Unicode text", or in an old code of a byte a sign.
func readCSV(b []byte, l Limits) (t Table) {
	text, ok := decode(b)
	if !ok {
		t.Fail(0, clinic.RowEncoding, nil)
		return t
	}
	if !utf8.ValidString(text) {
		text, t.raw = latin(text)
	}
	skipped := 0
	comma := separator(text)
	if first, rest, found := strings.Cut(text, "\n"); found && strings.HasPrefix(strings.TrimSpace(first), "sep=") {
		if s := strings.TrimPrefix(strings.TrimSpace(first), "sep="); len(s) == 1 && strings.Contains(",;|", s) {
			comma = rune(s[0])
		}
		text, skipped = rest, 1
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			t.Fail(e.Line+skipped, clinic.RowFile, nil)
			return t
		} else if err != nil {
			t.Fail(0, clinic.RowFile, nil)
			return t
		}
		line, _ := r.FieldPos(0)
		last, _ := r.FieldPos(len(rec) - 1)
		for n := line; n <= last+strings.Count(rec[len(rec)-1], "\n"); n++ {
			if t.raw[n+skipped] {
				t.raw[line+skipped] = true // a row of several lines
			}
		}
		if !t.Add(line+skipped, append([]string(nil), rec...), l) {
			return t
		}
	}
}

// Add takes a row within the limits, or tells which one it breaks.
func (t *Table) Add(line int, cells []string, l Limits) bool {
	over := 0
	switch {
	case len(t.Rows) >= l.Rows+HeadRows:
		over = l.Rows
	case len(cells) > l.Columns:
		over = l.Columns
	}
	if over > 0 {
		t.Fail(line, clinic.RowTooMany, map[string]string{"max": strconv.Itoa(over)})
		return false
	}
	for i, c := range cells {
		if len(c) > l.Cell && utf8.RuneCountInString(c) > l.Cell {
			t.Fail(line, clinic.RowLong, map[string]string{"max": strconv.Itoa(l.Cell)})
			return false
		}
		cells[i] = strings.TrimSpace(c)
	}
	t.Rows = append(t.Rows, Row{Line: line, Cells: cells})
	return true
}

func decode(b []byte) (string, bool) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
		return string(b), bytes.IndexByte(b, 0) < 0
	}
	if len(b)%2 != 0 {
		return "", false
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 2; i < len(b); i += 2 {
		units = append(units, order.Uint16(b[i:]))
	}
	return string(utf16.Decode(units)), true
}

// latin makes a sign of every byte of the lines that are not UTF-8, and returns their
// numbers: recode reads them.
func latin(text string) (string, map[int]bool) {
	var out strings.Builder
	raw, n := map[int]bool{}, 0
	for line := range strings.Lines(text) {
		n++
		if utf8.ValidString(line) {
			out.WriteString(line)
			continue
		}
		raw[n] = true
		for _, b := range []byte(line) {
			out.WriteRune(rune(b))
		}
	}
	return out.String(), raw
}

// separator guesses from the first lines: what stands most often outside quotes.
func separator(text string) rune {
	counts := map[rune]int{}
	quoted, lines := false, 0
	for _, r := range text {
		switch r {
		case '"':
			quoted = !quoted
		case '\n':
			if lines++; lines > HeadRows {
				return most(counts)
			}
		case ',', ';', '\t':
			if !quoted {
				counts[r]++
			}
		}
	}
	return most(counts)
}

func most(counts map[rune]int) rune {
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
