// Package catalog reads catalogues from the files that people have: CSV, JSON and XLSX,
// as spreadsheets and the insurance portal write them. It names each error by line and
// column, decides nothing and keeps nothing; clinic.PlanCatalog says what a file would
// change.
package catalog

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

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

// Read reads rows of a catalogue. With an empty catalogue each row names its own, in a
// column of that name. The file's name tells the kind only where its bytes do not.
func Read(name, catalog string, b []byte, l sheet.Limits) Result {
	t := sheet.Read(name, b, l)
	if t.Kind == "json" {
		t = readJSON(b, l)
	}
	r := Result{Kind: t.Kind, Problems: t.Problems}
	if !r.Refused() {
		r.rows(&t, catalog, l)
	}
	if len(r.Problems) > maxProblems {
		r.Problems = append(r.Problems[:maxProblems:maxProblems], clinic.RowProblem{Code: clinic.RowTooMany, Args: map[string]string{"max": strconv.Itoa(maxProblems)}})
	}
	return r
}

// rows makes rows of the table.
func (r *Result) rows(t *sheet.Table, catalog string, l sheet.Limits) {
	head, at := findHead(t.Rows)
	if at < 0 {
		r.Problems = append(r.Problems, clinic.RowProblem{Code: clinic.RowNoColumns, Args: map[string]string{"value": "code, name"}})
		return
	}
	if r.head(&t.Rows[at], head); r.Refused() {
		return
	}
	for i := range t.Rows[at+1:] {
		rec := &t.Rows[at+1+i]
		if rec.Empty() {
			continue
		}
		if r.Lines++; r.Lines > l.Rows {
			r.Problems = append(r.Problems, clinic.RowProblem{At: rec.Line, Code: clinic.RowTooMany, Args: map[string]string{"max": strconv.Itoa(l.Rows)}})
			return
		}
		if row, ok := r.row(rec, head, catalog); ok {
			r.Rows = append(r.Rows, clinic.ImportRow{At: rec.Line, Row: row})
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
func (r *Result) head(rec *sheet.Row, head []string) {
	seen := map[string]bool{}
	for i, name := range head {
		switch {
		case name == "" && strings.TrimSpace(rec.Cells[i]) != "":
			r.Problems = append(r.Problems, clinic.RowProblem{At: rec.Line, Code: clinic.RowColumn, Args: map[string]string{"value": sheet.Clean(rec.Cells[i])}, Warn: true})
		case name == "":
		case seen[name]:
			r.Problems = append(r.Problems, clinic.RowProblem{At: rec.Line, Column: name, Code: clinic.RowTwice, Args: map[string]string{"line": strconv.Itoa(rec.Line)}})
		default:
			seen[name] = true
			r.Columns = append(r.Columns, name)
		}
	}
}

// row reads one row; ok is false when something is wrong with it.
func (r *Result) row(rec *sheet.Row, head []string, catalog string) (row clinic.CatalogRow, ok bool) {
	before := len(r.Problems)
	fail := func(column, code, value string) {
		p := clinic.RowProblem{At: rec.Line, Column: column, Code: code}
		if value != "" {
			p.Args = map[string]string{"value": sheet.Shorten(value)}
		}
		r.Problems = append(r.Problems, p)
	}
	row.Catalog = catalog
	for i, cell := range rec.Cells {
		if i >= len(head) || head[i] == "" {
			continue
		}
		value := sheet.Clean(cell)
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
	for _, i := range rec.Wrong {
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
