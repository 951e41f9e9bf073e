package clinic

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// ImportRow is a row as a file has it.
type ImportRow struct {
	At  int // line of the file, from 1
	Row CatalogRow

	followed bool // ends because another row of the file begins
}

// PlanInput is what a plan is made of: one catalogue, what it holds now, and a file.
type PlanInput struct {
	Catalog string
	Current []CatalogRow // every row of the catalogue, in any order
	Rows    []ImportRow
	// Columns are those that the file has; nil = all. What it does not have stays as the
	// row before says it: a list of prices takes no active substance away.
	Columns []string
	// Source is where rows come from that change, when the file has no such column.
	Source string
	// Day is the first day of rows that name none, and in a whole catalogue the first
	// day without the rows that the file does not have.
	Day   Date
	Whole bool // the file is the whole catalogue: what it does not have ends
	Today Date // what holds before it is history, and changes only with a warning
	// Sound says why nobody could use a row that is to be set, in English; nil = all are.
	Sound func(*CatalogRow) error
}

// ChangeKind tells what a row of a plan does.
type ChangeKind uint8

// The kinds of changes.
const (
	ChangeAdded   ChangeKind = 1 // a code of which no row held the day before
	ChangeChanged ChangeKind = 2 // a row after another of its code, or in the place of one
	ChangeEnded   ChangeKind = 3 // a row gets a last day, and none of the plan follows
	ChangeClosed  ChangeKind = 4 // a row gets a last day, for one of the plan follows
)

// RowChange is one row that a plan sets.
type RowChange struct {
	Kind   ChangeKind
	At     int         // line of the file; 0 = the row is not in it
	Row    CatalogRow  // as it will be
	Old    *CatalogRow // what the row replaces or follows; nil for ChangeAdded
	Fields []string    // columns in which Row and Old differ, the days aside
}

// CatalogPlan is what an import would do. With a problem that is no warning it may not
// be carried out.
type CatalogPlan struct {
	Changes  []RowChange // by code and first day
	Same     int         // rows of the file that are there already
	Problems []RowProblem
}

// Count returns how many changes of a kind there are.
func (p *CatalogPlan) Count(k ChangeKind) (n int) {
	for i := range p.Changes {
		if p.Changes[i].Kind == k {
			n++
		}
	}
	return n
}

// Refused reports whether a problem forbids the plan.
func (p *CatalogPlan) Refused() bool {
	return slices.ContainsFunc(p.Problems, func(r RowProblem) bool { return !r.Warn })
}

// planned is one row on its way through a plan.
type planned struct {
	row CatalogRow
	was *CatalogRow // as it is now; nil = it is not there
	at  int
}

// plan is a CatalogPlan on its way: every row of the catalogue, by code.
type plan struct {
	in    *PlanInput
	codes map[string][]*planned // in order of their first days
	lines map[string]int        // code and first day → line of the file
	out   CatalogPlan
}

// PlanCatalog says what a file would change. It is a function of its input alone:
// after its rows were set, the same file changes nothing.
func PlanCatalog(in PlanInput) CatalogPlan {
	p := plan{in: &in, codes: map[string][]*planned{}, lines: map[string]int{}}
	for i := range in.Current {
		r := &in.Current[i]
		key := strings.ToLower(r.Code)
		p.codes[key] = append(p.codes[key], &planned{row: *r, was: r})
	}
	for _, rows := range p.codes {
		slices.SortFunc(rows, byFirstDay)
	}
	rows := p.sorted()
	for i := range rows {
		p.take(&rows[i])
	}
	if in.Whole {
		p.endMissing(rows)
	}
	p.changes()
	slices.SortStableFunc(p.out.Problems, func(a, b RowProblem) int { return cmp.Compare(a.At, b.At) })
	return p.out
}

// sorted returns the rows of the file by code and first day. One without a last day
// ends where the next one of its code begins.
func (p *plan) sorted() []ImportRow {
	rows := slices.Clone(p.in.Rows)
	for i := range rows {
		if rows[i].Row.From.IsZero() {
			rows[i].Row.From = p.in.Day
		}
		rows[i].Row.Catalog = p.in.Catalog
	}
	slices.SortStableFunc(rows, func(a, b ImportRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Row.Code), strings.ToLower(b.Row.Code)), cmp.Compare(a.Row.From.Int(), b.Row.From.Int()))
	})
	for i := 1; i < len(rows); i++ {
		r, next := &rows[i-1].Row, &rows[i].Row
		if r.To.IsZero() && strings.EqualFold(r.Code, next.Code) && r.From.Before(next.From) {
			r.To, rows[i-1].followed = next.From.AddDays(-1), true
		}
	}
	return rows
}

func byFirstDay(a, b *planned) int { return cmp.Compare(a.row.From.Int(), b.row.From.Int()) }

func (p *plan) fail(at int, code string, args map[string]string) {
	p.out.Problems = append(p.out.Problems, RowProblem{At: at, Code: code, Args: args})
}

func (p *plan) warn(at int, code, day string) {
	p.out.Problems = append(p.out.Problems, RowProblem{At: at, Code: code, Args: map[string]string{"day": day}, Warn: true})
}

// take places one row of the file.
func (p *plan) take(in *ImportRow) {
	if bad := in.Row.Check(); len(bad) > 0 {
		for _, b := range bad {
			b.At = in.At
			p.out.Problems = append(p.out.Problems, b)
		}
		return
	}
	key := strings.ToLower(in.Row.Code)
	place := key + " " + in.Row.From.String()
	if line, ok := p.lines[place]; ok {
		p.fail(in.At, RowTwice, map[string]string{"line": strconv.Itoa(line)})
		return
	}
	p.lines[place] = in.At
	rows := p.codes[key]
	at, same := slices.BinarySearchFunc(rows, &planned{row: in.Row}, byFirstDay)
	next := at
	if same {
		if !rows[at].row.Withdrawn() {
			in.Row = p.over(&rows[at].row, &in.Row)
			p.replace(rows, at, in)
			return
		}
		next++ // what was taken back is as good as not there
	}
	if next < len(rows) && !in.Row.Withdrawn() && !rows[next].row.Withdrawn() && !endsBefore(&in.Row, rows[next].row.From) {
		p.clash(in, rows[next])
		return
	}
	before := lastHolding(rows[:at], in.Row.From)
	if before == nil {
		in.Row = p.over(&CatalogRow{}, &in.Row)
	} else {
		in.Row = p.over(&before.row, &in.Row)
		if before.row.says(&in.Row) {
			p.out.Same++
			return
		}
		if before.at != 0 && !before.row.To.IsZero() {
			p.clash(in, before)
			return
		}
		if !in.Row.To.IsZero() && !in.followed && (before.row.To.IsZero() || in.Row.To.Before(before.row.To)) {
			p.warn(in.At, RowGap, in.Row.To.String())
		}
		before.row.To = in.Row.From.AddDays(-1)
	}
	p.past(in)
	if same {
		rows[at].row, rows[at].at = in.Row, in.At
		return
	}
	p.codes[key] = slices.Insert(rows, at, &planned{row: in.Row, at: in.At})
}

// over is a row of the file over the one that held: with the columns of the file, and
// where it comes from when it says something else.
func (p *plan) over(old, in *CatalogRow) CatalogRow {
	if p.in.Columns == nil {
		return *in
	}
	row := *old
	row.Catalog, row.From = in.Catalog, in.From
	if !in.To.IsZero() || slices.Contains(p.in.Columns, "to") {
		row.To = in.To
	}
	for _, c := range CatalogColumns() {
		if slices.Contains(p.in.Columns, c.Name) && c.Name != "from" && c.Name != "to" {
			c.Copy(&row, in)
		}
	}
	if old.says(&row) && old.To == row.To {
		return row
	}
	if !slices.Contains(p.in.Columns, "version") {
		row.Version = ""
	}
	if !slices.Contains(p.in.Columns, "source") {
		row.Source = p.in.Source
	}
	return row
}

// replace sets a row that is there with that first day.
func (p *plan) replace(rows []*planned, at int, in *ImportRow) {
	r := rows[at]
	switch {
	case r.row.Equal(&in.Row):
		p.out.Same++
		r.at = in.At
		return
	case at+1 < len(rows) && !endsBefore(&in.Row, rows[at+1].row.From) && !rows[at+1].row.Withdrawn():
		p.clash(in, rows[at+1])
		return
	}
	p.past(in)
	r.row, r.at = in.Row, in.At
}

// clash tells of two rows of a code that would hold on one day.
func (p *plan) clash(in *ImportRow, with *planned) {
	args := map[string]string{"day": with.row.From.String()}
	if with.at != 0 {
		args["line"] = strconv.Itoa(with.at)
	}
	p.fail(in.At, RowOverlap, args)
}

// past warns of a row that changes what held before today.
func (p *plan) past(in *ImportRow) {
	if in.Row.From.Before(p.in.Today) && len(p.codes[strings.ToLower(in.Row.Code)]) > 0 {
		p.warn(in.At, RowPast, in.Row.From.String())
	}
}

// endsBefore reports whether the row's last day is before the day.
func endsBefore(r *CatalogRow, day Date) bool { return !r.To.IsZero() && r.To.Before(day) }

// lastHolding returns the row that holds on the day, of several the one that began last.
func lastHolding(rows []*planned, day Date) *planned {
	for _, r := range slices.Backward(rows) {
		if r.row.ValidOn(day) {
			return r
		}
	}
	return nil
}

// says reports whether a row that holds says what another would say from its first day
// on, where it came from aside: a file that comes again changes nothing.
func (r *CatalogRow) says(o *CatalogRow) bool {
	a, b := *r, *o
	a.From, a.Version, a.Source = b.From, b.Version, b.Source
	return a.Equal(&b)
}

// endMissing ends what holds on the day and is not in the file. It warns once when those
// days are past.
func (p *plan) endMissing(in []ImportRow) {
	have := map[string]bool{}
	for i := range in {
		have[strings.ToLower(in[i].Row.Code)] = true
	}
	ended := false
	for code, rows := range p.codes {
		if have[code] {
			continue
		}
		for _, r := range rows {
			if r.row.Withdrawn() || endsBefore(&r.row, p.in.Day) {
				continue
			}
			ended = true
			if r.row.From.Before(p.in.Day) {
				r.row.To = p.in.Day.AddDays(-1)
			} else {
				r.row.Withdraw()
			}
		}
	}
	if ended && p.in.Day.Before(p.in.Today) {
		p.warn(0, RowPast, p.in.Day.String())
	}
}

// changes compares what will be with what is.
func (p *plan) changes() {
	for _, rows := range p.codes {
		for i, r := range rows {
			if r.was != nil && r.row.Equal(r.was) {
				continue
			}
			if p.in.Sound != nil && r.at != 0 {
				if err := p.in.Sound(&r.row); err != nil {
					p.out.Problems = append(p.out.Problems, RowProblem{At: r.at, Column: "rule", Code: RowRule, Args: map[string]string{"value": err.Error()}})
				}
			}
			c := RowChange{At: r.at, Row: r.row, Old: r.was}
			fresh := r.was == nil || r.at != 0 && r.was.Withdrawn()
			switch {
			case fresh:
				c.Old = nil
				c.Kind = ChangeAdded
				if before := lastHolding(rows[:i], r.row.From.AddDays(-1)); before != nil {
					c.Kind, c.Old = ChangeChanged, &before.row
				}
			case r.at != 0:
				c.Kind = ChangeChanged
			case followed(rows[i+1:], r.row.To):
				c.Kind = ChangeClosed
			default:
				c.Kind = ChangeEnded
			}
			if c.Old != nil {
				old := *c.Old
				c.Old = &old
				c.Fields = slices.DeleteFunc(r.row.Differs(&old), func(f string) bool {
					return (f == "from" || f == "to") && c.Kind == ChangeChanged && fresh
				})
			}
			p.out.Changes = append(p.out.Changes, c)
		}
	}
	slices.SortFunc(p.out.Changes, func(a, b RowChange) int {
		return cmp.Or(strings.Compare(a.Row.Code, b.Row.Code), cmp.Compare(a.Row.From.Int(), b.Row.From.Int()))
	})
}

func followed(rows []*planned, end Date) bool {
	return len(rows) > 0 && rows[0].at != 0 && rows[0].row.From == end.AddDays(1)
}

// SetRow is a row of a catalogue as an entry set it, and what stood at its place.
type SetRow struct {
	Row    CatalogRow
	Before *CatalogRow // nil = nothing
	// Since: another entry set the place after this one.
	Since bool
}

// PlanUndo says what brings back what held before an import. A row that was not there
// is withdrawn, for nothing is deleted. What was set again since stays as it is and is
// named: whoever set it knew what stood there.
func PlanUndo(rows []SetRow) CatalogPlan {
	var p CatalogPlan
	for i := range rows {
		r := &rows[i]
		row := r.Row
		if r.Before != nil {
			row = *r.Before
		} else {
			row.Withdraw()
		}
		switch {
		case r.Since:
			p.Problems = append(p.Problems, RowProblem{Column: "code", Code: RowSince, Args: map[string]string{"value": r.Row.Code, "day": r.Row.From.String()}, Warn: true})
		case row.Equal(&r.Row):
			p.Same++
		default:
			c := RowChange{Kind: ChangeChanged, Row: row, Old: &r.Row, Fields: row.Differs(&r.Row)}
			if row.Withdrawn() {
				c.Kind = ChangeEnded
			}
			p.Changes = append(p.Changes, c)
		}
	}
	return p
}
