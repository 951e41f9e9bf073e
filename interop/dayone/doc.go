// Package dayone reads what a clinic knew before it had the box, its patients, their visits
// and vaccines and what stands on its shelf, from the files that it was kept in. It names each doubt and error by line and
// column, decides nothing and keeps nothing.
package dayone

import (
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// Result is what was read of a file.
type Result struct {
	Rows     []clinic.OldRow // those without an error
	Problems []clinic.RowProblem
	Bad      int      // rows with an error
	Columns  []string // that were understood
	Lines    int      // rows that are not empty, the one of names aside
}

// maxWarnings is how many doubts are told: all errors are.
const maxWarnings = 2000

// Read reads a list. Ages count from today.
func Read(name string, list clinic.OldList, b []byte, today clinic.Date) Result {
	t := sheet.Read(name, b, sheet.DefaultLimits())
	r := Result{Problems: t.Problems}
	if t.Kind == "json" {
		r.Problems = append(r.Problems, clinic.RowProblem{Code: clinic.RowKind})
	}
	for _, code := range t.Codes {
		r.Problems = append(r.Problems, clinic.RowProblem{Code: clinic.RowOldCode, Args: map[string]string{"value": string(code)}, Warn: true})
	}
	if len(t.Rows) == 0 {
		if len(r.Problems) == 0 {
			r.Problems = append(r.Problems, clinic.RowProblem{Code: clinic.RowNothing})
		}
		return r
	}
	x := reader{Result: &r, list: list, today: today}
	x.read(&t)
	return r
}

// reader reads the rows of one file.
type reader struct {
	*Result
	list  clinic.OldList
	today clinic.Date
	head  []string // the column of each cell; empty = not known
	warns int
}

func (x *reader) read(t *sheet.Table) {
	at := x.findHead(t.Rows)
	if at < 0 {
		must := map[clinic.OldList]string{
			clinic.OldPatients: "name, birth", clinic.OldVisits: "date, name", clinic.OldPast: "past, name", clinic.OldDoses: "vaccine, given, name", clinic.OldStock: "code, quantity",
		}[x.list]
		x.Problems = append(x.Problems, clinic.RowProblem{Code: clinic.RowNoColumns, Args: map[string]string{"value": must}})
		return
	}
	names := t.Rows[at]
	if at++; at < len(t.Rows) && x.below(&names, &t.Rows[at]) {
		at++
	}
	if !x.columns(&names) {
		return
	}
	for i := range t.Rows[at:] {
		rec := &t.Rows[at+i]
		if rec.Empty() {
			continue
		}
		x.Lines++
		if row, ok := x.row(rec); ok {
			x.Rows = append(x.Rows, row)
		} else {
			x.Bad++
		}
	}
	if x.Lines == 0 {
		x.Problems = append(x.Problems, clinic.RowProblem{Code: clinic.RowNothing})
	}
}

// findHead finds the row of names: the first that has two of those that must be there.
func (x *reader) findHead(rows []sheet.Row) int {
	for at := range rows[:min(len(rows), sheet.HeadRows)] {
		x.head = make([]string, len(rows[at].Cells))
		found := map[string]bool{}
		for i, cell := range rows[at].Cells {
			x.head[i] = column(x.list, cell)
			found[x.head[i]] = true
		}
		if x.enough(found) {
			return at
		}
	}
	return -1
}

// enough reports whether a row with the columns is the one of names.
func (x *reader) enough(found map[string]bool) bool {
	who := found["citizen"] || found["oldid"] || found["insurance"] || found["social"] || found["passport"]
	switch x.list {
	case clinic.OldPatients:
		return found["name"] && (who || found["birth"] || found["age"] || found["male"] || found["female"])
	case clinic.OldVisits:
		return found["date"] && (who || found["name"])
	case clinic.OldPast:
		return found["past"] && (who || found["name"])
	case clinic.OldDoses:
		return found["vaccine"] && found["given"] && (who || found["name"])
	}
	return found["quantity"] && (found["code"] || found["goods"] || found["gtin"] || found["registration"])
}

// below takes a second row of names, as cells that were merged leave it: each of its words
// is a name, and stands for what is above it.
func (x *reader) below(names, second *sheet.Row) bool {
	head, cells, some := slices.Clone(x.head), slices.Clone(names.Cells), false
	for i, cell := range second.Cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		c := column(x.list, cell)
		if c == "" || i >= len(head) {
			return false
		}
		head[i], cells[i], some = c, cell, true
	}
	if some {
		x.head, names.Cells = head, cells
	}
	return some
}

// columns tells of columns that nobody knows, and refuses one that is there twice.
func (x *reader) columns(rec *sheet.Row) bool {
	ok := true
	for i, name := range x.head {
		switch {
		case name == "" && strings.TrimSpace(rec.Cells[i]) != "":
			x.Problems = append(x.Problems, clinic.RowProblem{
				At: rec.Line, Code: clinic.RowColumn, Args: map[string]string{"value": sheet.Shorten(sheet.Clean(rec.Cells[i]))}, Warn: true,
			})
		case name == "" || name == "number":
		case slices.Contains(x.Columns, name):
			x.Problems = append(x.Problems, clinic.RowProblem{At: rec.Line, Column: name, Code: clinic.RowTwice, Args: map[string]string{"line": strconv.Itoa(rec.Line)}})
			ok = false
		default:
			x.Columns = append(x.Columns, name)
		}
	}
	return ok
}

// line is one row on its way.
type line struct {
	*reader
	at    int
	cells map[string]string
	row   clinic.OldRow
	bad   bool
}

func (l *line) fail(column, code, value string) {
	l.bad = true
	l.tell(clinic.RowProblem{Column: column, Code: code}, value)
}

func (l *line) warn(column, code, value string) {
	if l.warns++; l.warns <= maxWarnings {
		l.tell(clinic.RowProblem{Column: column, Code: code, Warn: true}, value)
	}
}

func (l *line) tell(p clinic.RowProblem, value string) {
	p.At = l.at
	if value != "" {
		p.Args = map[string]string{"value": sheet.Shorten(value)}
	}
	l.Problems = append(l.Problems, p)
}

func (x *reader) row(rec *sheet.Row) (clinic.OldRow, bool) {
	l := line{reader: x, at: rec.Line, cells: map[string]string{}, row: clinic.OldRow{At: rec.Line}}
	for i, cell := range rec.Cells {
		if i < len(x.head) && x.head[i] != "" {
			l.cells[x.head[i]] = sheet.Clean(cell)
		}
	}
	for _, i := range rec.Wrong {
		if i < len(x.head) && x.head[i] != "" {
			l.fail(x.head[i], clinic.RowFormula, "")
		}
	}
	if x.list == clinic.OldStock {
		l.goods()
		return l.row, !l.bad
	}
	l.swapped()
	if !l.bad {
		l.person()
		l.allergies()
		switch x.list {
		case clinic.OldVisits:
			l.visit()
		case clinic.OldPast:
			l.past()
		case clinic.OldDoses:
			l.dose()
		}
	}
	return l.row, !l.bad
}
