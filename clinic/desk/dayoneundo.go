package desk

import (
	"bytes"
	"context"
	"reflect"
	"slices"

	"clinicbox/clinic"
)

// OldUndo is what taking an import of old data back would do.
type OldUndo struct {
	Info OldInfo
	Back int       // lines that are taken back
	Kept []OldKept // people and batches that were used since: they stay
	May  bool      // there is something left to take back
}

// OldKept is a line that is not taken back.
type OldKept struct {
	At   int
	ID   clinic.ID // zero: a batch
	Name string    // veiled as lists are
}

// undoer takes one import back.
type undoer struct {
	d     *Desk
	r     Reader
	info  OldInfo
	lines []clinic.DayOneLine // still to be taken back
	added map[clinic.ID]bool  // who was new
	mine  map[clinic.ID]bool  // acts whose entries are no use of a record
	goes  clinic.ID           // the taking back that was cut
	today clinic.Date
}

// PlanOldUndo says what taking an import back would change, and writes nothing.
func (d *Desk) PlanOldUndo(ctx context.Context, by, id clinic.ID) (out OldUndo, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightOld); err != nil {
			return err
		}
		x, err := d.undoer(r, id)
		if err != nil {
			return err
		}
		people, err := names(r)
		if err != nil {
			return err
		}
		out.Info = x.info
		out.Info.By = people[out.Info.By.ID]
		out.May = len(x.lines) > 0 && len(x.info.Undoes) == 0
		for i := range x.lines {
			drafts, used, err := x.back(&x.lines[i])
			if err != nil {
				return err
			}
			if used {
				kept, err := x.kept(by, &x.lines[i])
				if err != nil {
					return err
				}
				out.Kept = append(out.Kept, kept)
			} else if len(drafts) > 0 {
				out.Back++
			}
		}
		return nil
	})
	return out, err
}

func (d *Desk) undoer(r Reader, id clinic.ID) (*undoer, error) {
	infos, err := oldImports(r)
	if err != nil {
		return nil, err
	}
	x := &undoer{d: d, r: r, today: d.today(), mine: map[clinic.ID]bool{}, added: map[clinic.ID]bool{}}
	told := map[int]bool{}
	for i := range infos {
		o := &infos[i]
		lines, acts, err := oldLines(r, o.ID)
		if err != nil {
			return nil, err
		}
		back := bytes.Equal(o.Undoes, id[:])
		if o.ID == id || back || !o.Undone.IsZero() || len(o.Undoes) > 0 {
			for _, act := range acts {
				x.mine[act] = true
			}
		}
		switch {
		case o.ID == id:
			x.info, x.lines = *o, lines
			x.info.Counts = map[clinic.DayOneFate]int{}
			for _, l := range lines {
				x.info.Counts[l.Fate]++
				if l.Fate == clinic.DayOneAdded && len(l.Visit) == 0 && len(l.Patient) == len(clinic.ID{}) {
					x.added[clinic.ID(l.Patient)] = true
				}
			}
		case back:
			x.goes = o.ID
			for _, l := range lines {
				told[l.Line] = true
			}
		}
	}
	if x.info.ID.IsZero() {
		return nil, &Error{Code: CodeNoCatalog}
	}
	x.lines = slices.DeleteFunc(slices.Clone(x.lines), func(l clinic.DayOneLine) bool {
		return told[l.Line] || l.Fate == clinic.DayOneSkipped || len(l.Patient) != len(clinic.ID{}) && l.Goods == nil
	})
	return x, nil
}

func (x *undoer) kept(by clinic.ID, l *clinic.DayOneLine) (OldKept, error) {
	if l.Goods != nil {
		return OldKept{At: l.Line, Name: named(row(x.r, *l.Goods, x.today)) + " · " + lotName(*l.Goods)}, nil
	}
	id := clinic.ID(l.Patient)
	who, now, err := detailsOf(x.r, id)
	if err != nil || now == nil {
		return OldKept{At: l.Line, ID: id}, err
	}
	hits, err := x.d.veilHits(x.r, by, []Hit{{ID: who.Lead(), Now: *now}})
	if err != nil {
		return OldKept{}, err
	}
	return OldKept{At: l.Line, ID: id, Name: hits[0].Now.Name}, nil
}

// back makes what takes a line back; used: what it made was used since, and stays.
func (x *undoer) back(l *clinic.DayOneLine) (out []clinic.Draft, used bool, err error) {
	if l.Goods != nil {
		return x.goodsBack(l)
	}
	id := clinic.ID(l.Patient)
	switch x.info.List {
	case clinic.OldDoses:
		return x.doseBack(l, id)
	case clinic.OldPast:
		return x.pastBack(l, id)
	}
	records, err := x.r.Records(id)
	if err != nil {
		return nil, false, err
	}
	if len(l.Visit) == len(clinic.ID{}) {
		return x.visitBack(id, clinic.ID(l.Visit), records)
	}
	file := clinic.FoldPatient(id, records)
	if l.Fate == clinic.DayOneAdded {
		return x.personBack(id, &file, records)
	}
	if x.added[id] {
		return nil, false, nil // the line that made the record takes it back
	}
	was, used := x.before(file.Versions)
	if was != nil {
		body := *was.Body.(*clinic.Patient)
		last := file.Versions[len(file.Versions)-1]
		if !reflect.DeepEqual(&body, last.Body) {
			out = append(out, clinic.Draft{Kind: clinic.KindPatient, Subject: id, Corrects: last.Leaf, Body: &body})
		}
	}
	versions := file.Allergies.Versions
	was, since := x.before(versions)
	if x.wrote(versions) && !since {
		d := allergiesAfter(&file, nil)
		body := d.Body.(*clinic.Allergies)
		if body.Asked = false; was != nil {
			old := was.Body.(*clinic.Allergies)
			body.Asked, body.Items = old.Asked, old.Items
		}
		if last := versions[len(versions)-1].Body.(*clinic.Allergies); last.Asked != body.Asked || !slices.Equal(last.Items, body.Items) {
			out = append(out, d)
		}
	}
	if used || since {
		return nil, true, nil
	}
	return out, false, nil
}

// before returns the version that stood before the import's first one, or nil; used: other
// versions followed it.
func (x *undoer) before(versions []clinic.Record) (was *clinic.Record, used bool) {
	first := slices.IndexFunc(versions, func(r clinic.Record) bool { return x.mine[r.Act] })
	if first < 0 {
		return nil, false
	}
	if slices.ContainsFunc(versions[first:], func(r clinic.Record) bool { return !x.mine[r.Act] }) {
		return nil, true
	}
	if first > 0 {
		was = &versions[first-1]
	}
	return was, false
}

func (x *undoer) wrote(records []clinic.Record) bool {
	return slices.ContainsFunc(records, func(r clinic.Record) bool { return x.mine[r.Act] })
}

// personBack withdraws somebody whom nobody used.
func (x *undoer) personBack(id clinic.ID, file *clinic.PatientFile, records []clinic.Record) ([]clinic.Draft, bool, error) {
	links, err := x.r.Links(id)
	if err != nil {
		return nil, false, err
	}
	children, err := x.r.Children(id)
	if err != nil {
		return nil, false, err
	}
	lost, err := x.r.Lost(id)
	if err != nil {
		return nil, false, err
	}
	other := func(r clinic.Record) bool { return !x.mine[r.Act] }
	if len(links) > 0 || len(children) > 0 || len(lost) > 0 || slices.ContainsFunc(records, other) {
		return nil, true, nil
	}
	if file.Now == nil || file.Now.Withdrawn {
		return nil, false, nil
	}
	body := &clinic.Patient{
		Name: file.Now.Name, Folded: file.Now.Folded, Birth: file.Now.Birth, Sex: file.Now.Sex, Source: file.Now.Source, Withdrawn: true,
	}
	last := file.Versions[len(file.Versions)-1]
	return []clinic.Draft{{Kind: clinic.KindPatient, Subject: id, Corrects: last.Leaf, Body: body}}, false, nil
}

// visitBack ends a visit that nobody added to.
func (x *undoer) visitBack(patient, visit clinic.ID, records []clinic.Record) ([]clinic.Draft, bool, error) {
	for i := range records {
		r := &records[i]
		switch {
		case r.Visit != visit:
		case !x.mine[r.Act]:
			return nil, true, nil
		case r.Kind == clinic.KindVisitEnded:
			return nil, false, nil
		}
	}
	return []clinic.Draft{{
		Kind: clinic.KindVisitEnded, Subject: patient, Visit: visit, Body: &clinic.VisitEnded{Why: clinic.WhyTakenBack},
	}}, false, nil
}

// UndoOld takes an import of old data back: entries again, nothing is deleted. Somebody
// who was used since stays, and is named. One that was cut goes on.
func (d *Desk) UndoOld(ctx context.Context, c Call, id clinic.ID) (Done, error) {
	if c.Act.IsZero() {
		return Done{}, &Error{Code: CodeFormAct}
	}
	d.importing.Lock()
	defer d.importing.Unlock()
	act, this := c.Act, c.Act
	var done Done
	for n := 0; ; n++ {
		last, nothing := false, false
		saved, err := d.o.Store.Act(ctx, act, c.By, func(r Reader) ([]clinic.Draft, error) {
			if _, err := who(r, c.By, rightOld); err != nil {
				return nil, err
			}
			x, err := d.undoer(r, id)
			if err != nil {
				return nil, err
			}
			if nothing = len(x.info.Undoes) > 0 || len(x.lines) == 0 && !x.goes.IsZero(); nothing {
				return nil, errNothing
			}
			if !x.goes.IsZero() {
				this = x.goes
			}
			drafts, all, err := x.chunk(this)
			last = all
			return drafts, err
		})
		if nothing {
			return Done{Again: len(done.Records) == 0, Records: done.Records}, nil
		}
		if err != nil {
			return done, err
		}
		done.Records = append(done.Records, saved.Records...)
		done.Again = saved.Again && n == 0
		for i := range saved.Records { // f did not run when the form came again
			b, ok := saved.Records[i].Body.(*clinic.DayOne)
			last = last || ok && b.Done
		}
		if last {
			return done, nil
		}
		if act = nextAct(act, n); n == 0 && saved.Again {
			act = d.o.NewID() // the form came again: what it saved is among the lines
		}
	}
}

// chunk takes back as many lines as one act holds; all: none is left.
func (x *undoer) chunk(this clinic.ID) (out []clinic.Draft, all bool, err error) {
	body := &clinic.DayOne{ID: this[:], Undoes: x.info.ID[:]}
	touched := map[clinic.ID]bool{}
	i := 0
	for ; i < len(x.lines) && len(out)+perLine+2 <= MostDrafts && len(body.Lines) < mostGoods; i++ {
		l := x.lines[i]
		var id clinic.ID // zero: a batch
		if copy(id[:], l.Patient); touched[id] && l.Goods == nil {
			break
		}
		drafts, used, err := x.back(&l)
		if err != nil {
			return nil, false, err
		}
		touched[id] = true
		fate := clinic.DayOneUndone
		if used {
			fate = clinic.DayOneKept
		}
		out = append(out, drafts...)
		body.Lines = append(body.Lines, clinic.DayOneLine{Line: l.Line, Fate: fate, Patient: l.Patient, Visit: l.Visit, Goods: l.Goods, Quantity: l.Quantity})
	}
	all = i == len(x.lines)
	if len(body.Lines) > 0 {
		out = append(out, clinic.Draft{Kind: clinic.KindDayOne, Subject: this, Body: body})
	}
	if all || x.goes.IsZero() {
		head := &clinic.DayOne{ID: this[:], List: x.info.List, File: x.info.File, Undoes: x.info.ID[:], Rows: len(x.lines), Done: all}
		out = append(out, clinic.Draft{Kind: clinic.KindDayOne, Subject: clinic.DayOnesID(), Body: head})
	}
	return out, all, nil
}
