package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/safety"
)

// ImportInput is a file of rows that somebody wants in a catalogue.
type ImportInput struct {
	Catalog string
	File    string   // its name, as the person has it
	Hash    [32]byte // of its bytes
	Rows    []clinic.ImportRow
	Columns []string    // that the file has; nil = all (clinic.PlanInput)
	Day     clinic.Date // first day of rows that name none; zero = today
	Whole   bool        // the file is the whole catalogue: what it does not have ends
	// Confirmed: the person saw the warnings of the plan.
	Confirmed bool
}

// ImportPlan is what an import would do.
type ImportPlan struct {
	clinic.CatalogPlan
	Day  clinic.Date
	Goes clinic.ID // the import of the same file that was cut; zero = none
}

// ImportInfo is a line of the history of imports.
type ImportInfo struct {
	clinic.CatalogImport
	ID     clinic.ID
	By     Person
	At     time.Time
	Set    int       // rows that are set: fewer than Rows when it was cut
	Undone clinic.ID // the import that took it back; zero = none
}

// importRows is how many rows one act sets, beside what it says of the import.
const importRows = MostDrafts - 1

// maxImport is the number of rows of one file.
const maxImport = 50_000

// PlanImport says what an import would change, and writes nothing.
func (d *Desk) PlanImport(ctx context.Context, by clinic.ID, in ImportInput) (out ImportPlan, err error) {
	if err := d.checkImport(&in); err != nil {
		return out, err
	}
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightCatalog); err != nil {
			return err
		}
		out, err = d.planImport(r, &in)
		return err
	})
	return out, err
}

func (d *Desk) checkImport(in *ImportInput) error {
	if !slices.Contains(clinic.CatalogNames(), in.Catalog) {
		return &Error{Code: CodeNoCatalog, Field: "catalog"}
	}
	if err := fileRows(len(in.Rows)); err != nil {
		return err
	}
	if in.Day.IsZero() {
		in.Day = d.today()
	}
	if !in.Day.Full() || !in.Day.Valid() {
		return &Error{Code: CodeValue, Field: "day"}
	}
	var err error
	in.File, err = d.line("file", in.File, 200)
	return err
}

// fileRows refuses a file without rows, or with too many.
func fileRows(n int) error {
	switch {
	case n == 0:
		return &Error{Code: CodeNothing, Field: "file"}
	case n > maxImport:
		return &Error{Code: CodeTooMany, Field: "file", Args: map[string]string{"max": strconv.Itoa(maxImport)}}
	}
	return nil
}

func (d *Desk) planImport(r Reader, in *ImportInput) (ImportPlan, error) {
	out := ImportPlan{Day: in.Day}
	out.CatalogPlan = clinic.PlanCatalog(clinic.PlanInput{
		Catalog: in.Catalog, Current: r.Rows(in.Catalog, ""), Rows: in.Rows, Day: in.Day, Whole: in.Whole, Today: d.today(),
		Columns: in.Columns, Source: in.File, Sound: safety.CheckRow,
	})
	infos, err := imports(r)
	for _, i := range infos {
		if !i.Done && i.Catalog == in.Catalog && bytes.Equal(i.Hash, in.Hash[:]) && i.Day == in.Day && i.Whole == in.Whole {
			out.Goes = i.ID
		}
	}
	return out, err
}

// Import sets the rows of a file: all in one act when they are few, otherwise act by
// act. One that was cut between two acts goes on when the same form, or the same file,
// comes again; until then the history tells that it is not finished. Done.Again: there
// was nothing to set.
func (d *Desk) Import(ctx context.Context, c Call, in ImportInput) (Done, error) {
	if err := d.checkImport(&in); err != nil {
		return Done{}, err
	}
	return d.setRows(ctx, c, func(r Reader) (*importing, error) {
		plan, err := d.planImport(r, &in)
		switch {
		case err != nil:
			return nil, err
		case plan.Refused():
			return nil, &Error{Code: CodeImportBad}
		case !in.Confirmed && slices.ContainsFunc(plan.Problems, func(p clinic.RowProblem) bool { return p.Warn }):
			return nil, &Error{Code: CodeImportSure, Field: "confirm"}
		}
		body := clinic.CatalogImport{Catalog: in.Catalog, File: in.File, Hash: in.Hash[:], Day: in.Day, Whole: in.Whole}
		return &importing{id: plan.Goes, body: body, changes: plan.Changes}, nil
	})
}

// importing is an import on its way.
type importing struct {
	id      clinic.ID // zero: it begins
	body    clinic.CatalogImport
	changes []clinic.RowChange
}

// setRows plans and writes, one import at a time.
func (d *Desk) setRows(ctx context.Context, c Call, plan func(Reader) (*importing, error)) (Done, error) {
	if c.Act.IsZero() {
		return Done{}, &Error{Code: CodeFormAct}
	}
	d.importing.Lock()
	defer d.importing.Unlock()
	var x *importing
	begun := false
	err := d.view(ctx, func(r Reader) (err error) {
		if _, err := who(r, c.By, rightCatalog); err != nil {
			return err
		}
		infos, err := imports(r)
		if err != nil {
			return err
		}
		if x, err = plan(r); err != nil {
			return err
		}
		begun = slices.ContainsFunc(infos, func(i ImportInfo) bool { return i.ID == c.Act && !i.Done })
		return nil
	})
	if err != nil {
		return Done{}, err
	}
	if begun {
		x.id = c.Act
	}
	if len(x.changes) == 0 && x.id.IsZero() {
		return Done{Again: true}, nil
	}
	return d.writeRows(ctx, c, x)
}

// writeRows writes the rows act by act, and last that the import is done. A new one says
// in its first act that it begins, or that it is done when all fit.
func (d *Desk) writeRows(ctx context.Context, c Call, x *importing) (Done, error) {
	act, fresh := c.Act, x.id.IsZero()
	if fresh {
		x.id = c.Act
	} else {
		act = d.o.NewID() // of this try: what the one before saved is not in the plan
	}
	x.body.ID, x.body.Rows = x.id[:], len(x.changes)
	for i := range x.changes {
		switch x.changes[i].Kind {
		case clinic.ChangeAdded:
			x.body.Added++
		case clinic.ChangeChanged:
			x.body.Changed++
		case clinic.ChangeEnded:
			x.body.Ended++
		}
	}
	var done Done
	for n := 0; ; n++ {
		chunk := x.changes[:min(importRows, len(x.changes))]
		x.changes = x.changes[len(chunk):]
		head := x.body
		head.Done = len(x.changes) == 0
		saved, err := d.o.Store.Act(ctx, act, c.By, func(r Reader) ([]clinic.Draft, error) {
			if _, err := who(r, c.By, rightCatalog); err != nil {
				return nil, err
			}
			return x.drafts(&head, chunk, fresh && n == 0), nil
		})
		if err != nil {
			return done, err
		}
		done.Records = append(done.Records, saved.Records...)
		if head.Done {
			return done, nil
		}
		act = nextAct(act, n)
	}
}

func (x *importing) drafts(head *clinic.CatalogImport, chunk []clinic.RowChange, begins bool) []clinic.Draft {
	var out []clinic.Draft
	if begins || head.Done {
		out = append(out, clinic.Draft{Kind: clinic.KindImport, Subject: clinic.ImportsID(), Body: head})
	}
	for i := range chunk {
		row := chunk[i].Row
		out = append(out, clinic.Draft{Kind: clinic.KindCatalogRow, Subject: x.id, Body: &row})
	}
	return out
}

// nextAct names the act after one: the same for the same form that comes again.
func nextAct(act clinic.ID, n int) clinic.ID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte("clinicbox import\x00"), act[:]...), uint64(n)))
	return clinic.ID(sum[:16])
}

// Imports lists what was imported here, the latest first.
func (d *Desk) Imports(ctx context.Context, by clinic.ID) (out []ImportInfo, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightSelf); err != nil {
			return err
		}
		if out, err = imports(r); err != nil {
			return err
		}
		people, err := names(r)
		for i := range out {
			out[i].By = people[out[i].By.ID]
			if !out[i].Done {
				rows, err := r.Records(out[i].ID)
				if err != nil {
					return err
				}
				out[i].Set = len(rows)
			}
		}
		return err
	})
	slices.Reverse(out)
	return out, err
}

// imports reads every import, the first one first.
func imports(r People) (out []ImportInfo, err error) {
	records, err := r.Records(clinic.ImportsID())
	if err != nil {
		return nil, err
	}
	for i := range records {
		rec := &records[i]
		b, ok := rec.Body.(*clinic.CatalogImport)
		if !ok || len(b.ID) != len(clinic.ID{}) {
			continue
		}
		id := clinic.ID(b.ID)
		if at := slices.IndexFunc(out, func(o ImportInfo) bool { return o.ID == id }); at >= 0 {
			out[at].Done = out[at].Done || b.Done
			continue
		}
		out = append(out, ImportInfo{CatalogImport: *b, ID: id, By: Person{ID: rec.Author}, At: rec.Recorded(), Set: b.Rows})
		if at := slices.IndexFunc(out, func(o ImportInfo) bool { return string(b.Undoes) == string(o.ID[:]) }); at >= 0 {
			out[at].Undone = id
		}
	}
	return out, nil
}

// ImportPage is one import with what taking it back would do.
type ImportPage struct {
	Info ImportInfo
	Undo ImportPlan
	May  bool // the person may take it back
}

// PlanUndo says what taking an import back would change, and writes nothing.
func (d *Desk) PlanUndo(ctx context.Context, by, id clinic.ID) (out ImportPage, err error) {
	err = d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightSelf)
		if err != nil {
			return err
		}
		out.May = slices.Contains(rightCatalog.roles(), p.Role)
		if out.Info, out.Undo, err = d.planUndo(r, id); err != nil {
			return err
		}
		people, err := names(r)
		out.Info.By = people[out.Info.By.ID]
		return err
	})
	return out, err
}

// Undo brings back what held before an import.
func (d *Desk) Undo(ctx context.Context, c Call, id clinic.ID) (Done, error) {
	return d.setRows(ctx, c, func(r Reader) (*importing, error) {
		info, plan, err := d.planUndo(r, id)
		if err != nil {
			return nil, err
		}
		x := &importing{changes: plan.Changes}
		x.body = clinic.CatalogImport{Catalog: info.Catalog, File: info.File, Day: d.today(), Undoes: id[:]}
		infos, err := imports(r)
		for _, i := range infos {
			if !i.Done && string(i.Undoes) == string(id[:]) {
				x.id = i.ID // it was cut
			}
		}
		return x, err
	})
}

func (d *Desk) planUndo(r Reader, id clinic.ID) (ImportInfo, ImportPlan, error) {
	infos, err := imports(r)
	if err != nil {
		return ImportInfo{}, ImportPlan{}, err
	}
	at := slices.IndexFunc(infos, func(i ImportInfo) bool { return i.ID == id })
	if at < 0 {
		return ImportInfo{}, ImportPlan{}, &Error{Code: CodeNoCatalog}
	}
	info := infos[at]
	versions, err := r.RowVersions(info.Catalog, "")
	if err != nil {
		return info, ImportPlan{}, err
	}
	plan := ImportPlan{CatalogPlan: clinic.PlanUndo(setBy(id, versions))}
	info.Set = 0
	for i := range versions {
		if v := versions[i].Record; v != nil && v.Subject == id {
			info.Set++
		}
	}
	return info, plan, nil
}

// setBy returns the rows that an import set, each with what stood there before it and
// whether another one set it since.
func setBy(id clinic.ID, versions []RowVersion) (out []clinic.SetRow) {
	type key struct {
		code string
		from clinic.Date
	}
	before := map[key]*clinic.CatalogRow{}
	place := map[key]int{} // in out, from 1
	for i := range versions {
		v := &versions[i]
		k := key{strings.ToLower(v.Row.Code), v.Row.From}
		switch at := place[k]; {
		case v.Record == nil || v.Record.Subject != id:
			if at == 0 {
				before[k] = &v.Row
			} else {
				out[at-1].Since = true
			}
		case at == 0:
			out = append(out, clinic.SetRow{Row: v.Row, Before: before[k]})
			place[k] = len(out)
		default:
			out[at-1].Row = v.Row
		}
	}
	return out
}
