// Package sheet reads files of rows as people have them, CSV and XLSX, into text: it
// guesses separators and the old ways of writing Vietnamese, names what it cannot read by
// line, and knows nothing of what the rows mean.
package sheet

import (
	"bytes"
	"path"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Limits bound what a file may hold: it comes from outside.
type Limits struct {
	Bytes    int   // of the file
	Inflated int64 // bytes of an XLSX when unpacked, all parts together
	Rows     int
	Columns  int
	Cell     int // characters
}

// DefaultLimits hold the largest list that is known, the 15,844 diagnoses of Circular
// 06/2026/TT-BYT in 29 columns, three times.
func DefaultLimits() Limits {
	return Limits{Bytes: 8 << 20, Inflated: 96 << 20, Rows: 50_000, Columns: 64, Cell: 4000}
}

// HeadRows is how far down the row of names may stand: exports begin with titles.
const HeadRows = 15

// Table is a file as rows of text.
type Table struct {
	Kind     string // "csv", "xlsx"; "json", of which nothing is read; empty when it is none
	Codes    []Code // the old encodings that rows were written in
	Rows     []Row
	Problems []clinic.RowProblem

	raw map[int]bool // lines that are not UTF-8
}

// Row is one row of a file.
type Row struct {
	Line  int // from 1, as a spreadsheet counts
	Cells []string
	Wrong []int // cells that hold an error of the spreadsheet
}

// Empty reports whether nothing stands in the row.
func (r *Row) Empty() bool { return strings.Join(r.Cells, "") == "" && len(r.Wrong) == 0 }

// Fail notes what is wrong with the file, or a line of it.
func (t *Table) Fail(line int, code string, args map[string]string) {
	t.Problems = append(t.Problems, clinic.RowProblem{At: line, Code: code, Args: args})
}

// Read reads a file. Its name tells the kind only where its bytes do not.
func Read(name string, b []byte, l Limits) (t Table) {
	if len(b) > l.Bytes {
		t.Fail(0, clinic.RowLarge, map[string]string{"max": strconv.Itoa(l.Bytes >> 20)})
		return t
	}
	k := kind(name, b)
	switch k {
	case "xlsx":
		t = readXLSX(b, l)
	case "csv":
		t = readCSV(b, l)
	case "":
		t.Fail(0, clinic.RowKind, nil)
	}
	t.Kind = k
	t.recode()
	return t
}

// kind tells what the bytes are. Old spreadsheets (OLE) and PDFs are of no kind.
func kind(name string, b []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "xlsx"
	case bytes.HasPrefix(b, []byte("\xd0\xcf\x11\xe0")), bytes.HasPrefix(b, []byte("%PDF")), bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return ""
	case len(text) > 0 && (text[0] == '[' || text[0] == '{'), strings.EqualFold(path.Ext(name), ".json"):
		return "json"
	}
	return "csv"
}

// Key is what names of columns are compared by: folded letters and digits.
func Key(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, fold.String(s))
}

// Clean is how text is kept: composed, with single spaces.
func Clean(s string) string { return strings.Join(strings.Fields(fold.NFC(s)), " ") }

// Shorten cuts a value for a message.
func Shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
