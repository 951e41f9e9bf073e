package hubmain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/safety"
	"clinicbox/clinic/starting"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/internal/entry"
	"clinicbox/interop/catalog"
	"clinicbox/interop/sheet"
	"clinicbox/web/i18n"
)

// Sentinels of push.
var (
	// ErrRows: the file has errors, which were printed.
	ErrRows = errors.New("hub: catalogue rows")
	// ErrSure: the file has warnings, which were printed, and nobody said -sure.
	ErrSure = errors.New("hub: catalogue rows with warnings")
)

// push sends rows of a file to boxes as the box's own import sets them: each box gets
// what differs from what the program brought and the centre sent it before. What a box
// imported itself is not compared; a row for the same code and first day replaces it.
func (p *Program) push(ctx context.Context) error {
	day, err := pushDay(p.flags.from)
	if err != nil || p.flags.whole && (day.IsZero() || p.flags.catalog == "") {
		return p.usage()
	}
	name, b, err := p.pushed()
	if err != nil {
		return err
	}
	read := catalog.Read(name, p.flags.catalog, b, sheet.DefaultLimits())
	if err := p.tellProblems(read.Problems); err != nil {
		return err
	}
	in := pushPlan{rows: read.Rows, columns: read.Columns, source: name, day: day, whole: p.flags.whole}
	if err := p.tellProblems(in.wrong()); err != nil {
		return err
	}
	return p.database(ctx, func(d *db.DB) error {
		names, err := p.pushedTo(ctx, d)
		for i := 0; i < len(names) && err == nil; i++ {
			if err = p.pushTo(ctx, d, names[i], in); err != nil {
				err = fmt.Errorf("%s: %w", names[i], err)
			}
		}
		return err
	})
}

// wrong returns what is wrong with the rows whatever a box has.
func (in *pushPlan) wrong() []clinic.RowProblem {
	var all []clinic.RowProblem
	for _, name := range catalogsOf(in.rows) {
		plan := clinic.PlanCatalog(clinic.PlanInput{Catalog: name, Rows: in.of(name), Day: in.day, Sound: safety.CheckRow})
		all = append(all, plan.Problems...)
	}
	return slices.DeleteFunc(all, func(b clinic.RowProblem) bool { return b.Warn })
}

func pushDay(s string) (clinic.Date, error) {
	if s == "" {
		return clinic.Date{}, nil
	}
	d, ok := clinic.ParseDay(s)
	if !ok {
		return d, ErrUsage
	}
	return d, nil
}

func (p *Program) pushed() (name string, b []byte, err error) {
	in, most := p.Stdin, int64(sheet.DefaultLimits().Bytes)+1
	if name = p.args[0]; name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", nil, err
		}
		defer f.Close()
		in = f
	}
	b, err = io.ReadAll(io.LimitReader(in, most))
	return filepath.Base(name), b, err
}

func (p *Program) pushedTo(ctx context.Context, d *db.DB) (names []string, err error) {
	if !p.flags.all {
		return []string{p.flags.box}, nil
	}
	boxes, err := d.Boxes(ctx)
	for i := range boxes {
		names = append(names, boxes[i].Name)
	}
	return names, err
}

// tellProblems prints what is wrong with rows, line by line in both languages.
func (p *Program) tellProblems(all []clinic.RowProblem) error {
	var langs []*i18n.Catalogue
	for _, lang := range i18n.Languages() {
		c, err := i18n.Load(lang)
		if err != nil {
			return err
		}
		langs = append(langs, c)
	}
	refused := false
	for _, b := range all {
		mark := "!"
		if b.Warn {
			mark = "?"
		}
		refused = refused || !b.Warn
		var words []string
		for _, c := range langs {
			words = append(words, c.RowProblem(b, clinic.Date.String))
		}
		fmt.Fprintf(p.Stdout, "%s %d\t%s\n", mark, b.At, strings.Join(words, " / "))
	}
	if refused {
		return ErrRows
	}
	return nil
}

// pushPlan is what a file asks for.
type pushPlan struct {
	rows    []clinic.ImportRow
	columns []string
	source  string
	day     clinic.Date
	whole   bool
}

// pushTo plans for one box and queues what differs, all or none.
func (p *Program) pushTo(ctx context.Context, d *db.DB, box string, in pushPlan) error {
	known, err := sent(ctx, d, box)
	if err != nil {
		return err
	}
	var drafts []clinic.Draft
	same, warned := 0, false
	for _, name := range catalogsOf(in.rows) {
		plan := in.plan(name, known)
		if err := p.tellProblems(plan.Problems); err != nil {
			return err
		}
		warned = warned || len(plan.Problems) > 0
		same += plan.Same
		for i := range plan.Changes {
			row := plan.Changes[i].Row
			drafts = append(drafts, clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row})
			if p.flags.dry {
				fmt.Fprintf(p.Stdout, "%s\t%s\n", box, changeWords(&plan.Changes[i]))
			}
		}
	}
	if p.flags.dry {
		fmt.Fprintf(p.Stdout, "%s: xem trước, chưa gửi gì / dry run, nothing was sent: %d dòng/rows, %d giữ nguyên/as they are\n", box, len(drafts), same)
		return nil
	}
	if warned && !p.flags.sure {
		return ErrSure
	}
	es, err := ingest.Encode(time.Now(), drafts)
	if err != nil {
		return err
	}
	last, err := d.Push(ctx, box, es)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "%s: %d dòng đã xếp hàng / rows queued, last %d\n", box, len(es), last)
	return nil
}

func (in *pushPlan) plan(name string, known map[string][]clinic.CatalogRow) clinic.CatalogPlan {
	return clinic.PlanCatalog(clinic.PlanInput{
		Catalog: name, Current: current(name, known[name]), Rows: in.of(name), Day: in.day, Whole: in.whole, Today: clinic.DateOf(time.Now()),
		Columns: in.columns, Source: in.source, Sound: safety.CheckRow,
	})
}

// of returns the rows of a catalogue.
func (in *pushPlan) of(name string) (rows []clinic.ImportRow) {
	for _, r := range in.rows {
		if r.Row.Catalog == name {
			rows = append(rows, r)
		}
	}
	return rows
}

func catalogsOf(rows []clinic.ImportRow) (names []string) {
	for _, r := range rows {
		if !slices.Contains(names, r.Row.Catalog) {
			names = append(names, r.Row.Catalog)
		}
	}
	return names
}

// current is what the program brings, with what the centre sent on top.
func current(name string, sent []clinic.CatalogRow) []clinic.CatalogRow {
	type key struct {
		code string
		from clinic.Date
	}
	at := map[key]int{}
	var out []clinic.CatalogRow
	for _, r := range append(starting.Of(name), sent...) {
		k := key{strings.ToLower(r.Code), r.From}
		if i, ok := at[k]; ok {
			out[i] = r
			continue
		}
		at[k] = len(out)
		out = append(out, r)
	}
	return out
}

// sent reads the rows that are on the stream down to a box, in order.
func sent(ctx context.Context, d *db.DB, box string) (map[string][]clinic.CatalogRow, error) {
	out := map[string][]clinic.CatalogRow{}
	for after := uint64(0); ; {
		es, err := d.Downs(ctx, box, after, 1000)
		if err != nil || len(es) == 0 {
			return out, err
		}
		for i := range es {
			after = es[i].Seq
			r, err := entry.Decode(es[i].Bytes, clinic.Ref{}, clinic.Leaf(es[i].Leaf))
			if row, ok := r.Body.(*clinic.CatalogRow); ok && err == nil {
				out[row.Catalog] = append(out[row.Catalog], *row)
			}
		}
	}
}

// changeWords is a line of the dry run.
func changeWords(c *clinic.RowChange) string {
	kind := map[clinic.ChangeKind]string{
		clinic.ChangeAdded: "thêm/added", clinic.ChangeChanged: "đổi/changed", clinic.ChangeEnded: "kết thúc/ended", clinic.ChangeClosed: "kết thúc/ended",
	}[c.Kind]
	words := []string{kind, c.Row.Catalog, c.Row.Code, c.Row.Name, c.Row.From.String() + "–" + c.Row.To.String()}
	for _, f := range c.Fields {
		col, ok := clinic.ColumnOf(f)
		if ok && c.Old != nil {
			words = append(words, f+": "+col.Get(c.Old)+" → "+col.Get(&c.Row))
		}
	}
	return strings.Join(words, "\t")
}
