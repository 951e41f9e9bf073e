// Package catalog reads catalogues from the files that people have: CSV, JSON and XLSX,
// as spreadsheets and the insurance portal write them. It names each error by line and
// column, decides nothing and keeps nothing; clinic.PlanCatalog says what a file would
// change.
package catalog

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

// maxProblems is how many problems are told: a file with more is of another kind.
const maxProblems = 200

// Result is what was read of a file.
type Result struct {
	Kind     string             // "csv", "json", "xlsx"; empty when it is none
	Rows     []clinic.ImportRow // those without a problem
	Problems []clinic.RowProblem
	Columns  []string // names of the columns that were understood
	Lines    int      // rows that are not empty, the one of names aside
}

// Refused reports whether a problem is no warning.
func (r *Result) Refused() bool {
	p := clinic.CatalogPlan{Problems: r.Problems}
	return p.Refused()
}

// table is a file as rows of text.
type table struct {
	rows     []record
	problems []clinic.RowProblem
}

type record struct {
	line  int
	cells []string
	wrong []int // cells that hold an error of the spreadsheet
}

func (t *table) fail(line int, code string, args map[string]string) {
	t.problems = append(t.problems, clinic.RowProblem{At: line, Code: code, Args: args})
}

// Read reads rows of a catalogue. With an empty catalogue each row names its own, in a
// column of that name. The file's name tells the kind only where its bytes do not.
func Read(name, catalog string, b []byte, l Limits) Result {
	if len(b) > l.Bytes {
		return Result{Problems: []clinic.RowProblem{{Code: clinic.RowLarge, Args: map[string]string{"max": strconv.Itoa(l.Bytes >> 20)}}}}
	}
	var t table
	r := Result{Kind: kind(name, b)}
	switch r.Kind {
	case "xlsx":
		t = readXLSX(b, l)
	case "json":
		t = readJSON(b, l)
	case "csv":
		t = readCSV(b, l)
	default:
		t.fail(0, clinic.RowKind, nil)
	}
	r.Problems = t.problems
	if !r.Refused() {
		r.rows(&t, catalog, l)
	}
	if len(r.Problems) > maxProblems {
		r.Problems = append(r.Problems[:maxProblems:maxProblems], clinic.RowProblem{Code: clinic.RowTooMany, Args: map[string]string{"max": strconv.Itoa(maxProblems)}})
	}
	return r
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

// rows makes rows of the table.
func (r *Result) rows(t *table, catalog string, l Limits) {
	head, at := findHead(t.rows)
	if at < 0 {
		r.Problems = append(r.Problems, clinic.RowProblem{Code: clinic.RowNoColumns, Args: map[string]string{"value": "code, name"}})
		return
	}
	if r.head(&t.rows[at], head); r.Refused() {
		return
	}
	for i := range t.rows[at+1:] {
		rec := &t.rows[at+1+i]
		if strings.Join(rec.cells, "") == "" && len(rec.wrong) == 0 {
			continue
		}
		if r.Lines++; r.Lines > l.Rows {
			r.Problems = append(r.Problems, clinic.RowProblem{At: rec.line, Code: clinic.RowTooMany, Args: map[string]string{"max": strconv.Itoa(l.Rows)}})
			return
		}
		if row, ok := r.row(rec, head, catalog); ok {
			r.Rows = append(r.Rows, clinic.ImportRow{At: rec.line, Row: row})
		}
		if len(r.Problems) > maxProblems {
			return
		}
	}
	if r.Lines == 0 {
		r.Problems = append(r.Problems, clinic.RowProblem{Code: clinic.RowNothing})
	}
}

// head checks the row of names: a column twice is an error, one that nobody knows a
// warning, for exports have many.
func (r *Result) head(rec *record, head []string) {
	seen := map[string]bool{}
	for i, name := range head {
		switch {
		case name == "" && strings.TrimSpace(rec.cells[i]) != "":
			r.Problems = append(r.Problems, clinic.RowProblem{At: rec.line, Code: clinic.RowColumn, Args: map[string]string{"value": clean(rec.cells[i])}, Warn: true})
		case name == "":
		case seen[name]:
			r.Problems = append(r.Problems, clinic.RowProblem{At: rec.line, Column: name, Code: clinic.RowTwice, Args: map[string]string{"line": strconv.Itoa(rec.line)}})
		default:
			seen[name] = true
			r.Columns = append(r.Columns, name)
		}
	}
}

// row reads one row; ok is false when something is wrong with it.
func (r *Result) row(rec *record, head []string, catalog string) (row clinic.CatalogRow, ok bool) {
	before := len(r.Problems)
	fail := func(column, code, value string) {
		p := clinic.RowProblem{At: rec.line, Column: column, Code: code}
		if value != "" {
			p.Args = map[string]string{"value": shorten(value)}
		}
		r.Problems = append(r.Problems, p)
	}
	row.Catalog = catalog
	for i, cell := range rec.cells {
		if i >= len(head) || head[i] == "" {
			continue
		}
		value := clean(cell)
		if value == "" {
			continue
		}
		if head[i] == columnCatalog {
			if catalog != "" && !strings.EqualFold(value, catalog) {
				fail(columnCatalog, clinic.RowCatalog, value)
			}
			row.Catalog = strings.ToLower(value)
			continue
		}
		c, _ := clinic.ColumnOf(head[i])
		if len([]rune(value)) > c.Max {
			fail(c.Name, clinic.RowLong, "")
		} else if code := c.Set(&row, value); code != "" {
			fail(c.Name, code, value)
		}
	}
	for _, i := range rec.wrong {
		if i < len(head) && head[i] != "" {
			fail(head[i], clinic.RowFormula, "")
		}
	}
	for _, must := range []struct{ column, value string }{{"code", row.Code}, {"name", row.Name}, {columnCatalog, row.Catalog}} {
		if must.value == "" {
			fail(must.column, clinic.RowEmpty, "")
		}
	}
	return row, len(r.Problems) == before
}

// clean is how text is kept: composed, with single spaces.
func clean(s string) string { return strings.Join(strings.Fields(fold.NFC(s)), " ") }

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
