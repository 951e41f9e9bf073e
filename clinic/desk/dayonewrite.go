package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
)

// BringOld brings in the rows of a file of old data, act by act. One that was cut goes on
// when the same form or the same file comes again, and nothing comes in twice: what became
// of each line is saved with what the line made. Nothing begins while a row waits for an
// answer (CodeOldAsk). Done.Again: there was nothing to do.
func (d *Desk) BringOld(ctx context.Context, c Call, in OldInput) (Done, error) {
	if c.Act.IsZero() {
		return Done{}, &Error{Code: CodeFormAct}
	}
	plan, err := d.PlanOld(ctx, c.By, in)
	switch {
	case err != nil:
		return Done{}, err
	case plan.Count(OldAsks) > 0:
		return Done{}, &Error{Code: CodeOldAsk}
	case plan.Goes.IsZero() && plan.Count(OldHas)+plan.Count(OldRefuses) == len(plan.Rows):
		return Done{Again: true}, nil
	case !in.Confirmed:
		return Done{}, &Error{Code: CodeImportSure, Field: "confirm"}
	}
	if err := d.checkOld(&in); err != nil {
		return Done{}, err
	}
	d.importing.Lock()
	defer d.importing.Unlock()
	x := d.newOlder(&in)
	finished := false
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, c.By, rightOld); err != nil {
			return err
		}
		infos, err := oldImports(r)
		finished = slices.ContainsFunc(infos, func(o OldInfo) bool { return o.ID == c.Act && o.Done })
		if err == nil {
			err = x.begun(r, c.Act)
		}
		return err
	})
	if err != nil {
		return Done{}, err
	}
	if finished {
		return Done{Again: true}, nil
	}
	return x.write(ctx, c)
}

// write writes the rows that are not in yet, and last that the import is done.
func (x *older) write(ctx context.Context, c Call) (Done, error) {
	act, fresh := c.Act, x.goes.IsZero()
	if x.id = x.goes; fresh {
		x.id = c.Act
	} else {
		act = x.d.o.NewID() // what the try before saved is among the lines
	}
	head := clinic.DayOne{ID: x.id[:], List: x.in.List, File: x.in.File, Hash: x.in.Hash[:], Rows: max(x.in.Size, len(x.in.Rows))}
	var done Done
	for n, at := 0, 0; ; n++ {
		next := at
		saved, err := x.d.o.Store.Act(ctx, act, c.By, func(r Reader) ([]clinic.Draft, error) {
			p, err := who(r, c.By, rightOld)
			if err != nil {
				return nil, err
			}
			part := oldChunk{older: x, work: x.d.work(r, p), touched: map[clinic.ID]bool{}, lines: map[int]bool{}}
			if next, err = part.fill(at); err != nil {
				return nil, err
			}
			h := head
			if h.Done = next == len(x.in.Rows); h.Done || fresh && n == 0 {
				part.drafts = append(part.drafts, clinic.Draft{Kind: clinic.KindDayOne, Subject: clinic.DayOnesID(), Body: &h})
			}
			return part.drafts, nil
		})
		if err != nil {
			return done, err
		}
		done.Records = append(done.Records, saved.Records...)
		if at = next; at == len(x.in.Rows) {
			return done, nil
		}
		act = nextAct(act, n)
	}
}

// oldChunk is one act of an import.
type oldChunk struct {
	*older
	work    *work
	drafts  []clinic.Draft
	body    clinic.DayOne
	touched map[clinic.ID]bool // people
	lines   map[int]bool       // of the file
	came    *clinic.Received   // that takes further lines of stock
}

// perLine is how many drafts a line makes at most, mostLines of how many one entry tells.
const (
	perLine   = 4
	mostLines = 150
	mostGoods = 60 // the same, of stock: its lines are longer
)

// fill takes rows from one on while they fit and do not rest on each other: an act cannot
// read what it is about to write. It returns the row after them.
func (x *oldChunk) fill(at int) (int, error) {
	i := at
	for ; i < len(x.in.Rows) && len(x.drafts)+perLine+2 <= MostDrafts && len(x.body.Lines) < x.most(); i++ {
		if x.rests(i) {
			break
		}
		row, err := x.settle(x.work, i)
		if err != nil {
			return 0, err
		}
		if x.touched[row.target] && row.Does != OldHas {
			break
		}
		line := clinic.DayOneLine{Line: row.At}
		switch row.Does {
		case OldHas, OldRefuses:
			continue
		case OldAsks: // somebody came in meanwhile
			if i > at {
				x.close()
				return i, nil
			}
			return 0, &Error{Code: CodeOldAsk}
		case OldSkips:
			line.Fate = clinic.DayOneSkipped
		case OldAdds:
			line.Fate = clinic.DayOneAdded
			err = x.add(i, &row, &line)
		case OldJoins:
			line.Fate = clinic.DayOneSame
			err = x.join(i, &row)
		}
		if err != nil {
			return 0, err
		}
		if !row.target.IsZero() {
			line.Patient = row.target[:]
			x.touched[row.target] = true
		}
		x.lines[row.At] = true
		x.body.Lines = append(x.body.Lines, line)
	}
	x.close()
	return i, nil
}

// most is of how many lines one entry tells.
func (x *older) most() int {
	if x.in.List == clinic.OldStock {
		return mostGoods
	}
	return mostLines
}

// rests reports whether a row may be of somebody whom this act is about to write.
func (x *oldChunk) rests(i int) bool {
	if x.in.List != clinic.OldPatients || x.clean[i] == nil {
		return false
	}
	return slices.ContainsFunc(x.twins(i), func(j int) bool { return x.lines[x.in.Rows[j].At] })
}

// close adds what became of the lines.
func (x *oldChunk) close() {
	if len(x.body.Lines) > 0 {
		x.body.ID = x.id[:]
		x.drafts = append(x.drafts, clinic.Draft{Kind: clinic.KindDayOne, Subject: x.id, Body: &x.body})
	}
}

// add writes somebody new, or a visit.
func (x *oldChunk) add(i int, row *OldPlanRow, line *clinic.DayOneLine) error {
	src := &x.in.Rows[i]
	switch x.in.List {
	case clinic.OldStock:
		x.addGoods(src, row, line)
		return nil
	case clinic.OldPast:
		x.addPast(src, row)
		return nil
	case clinic.OldDoses:
		x.addDose(src, row)
		return nil
	case clinic.OldVisits:
		visit := clinic.DayOneID(x.id, row.At, "visit")
		line.Visit = visit[:]
		return x.addVisit(src, row.target, visit)
	}
	p := *x.clean[i]
	if err := x.work.unsure(&p, p.Identifiers, clinic.ID{}); err != nil {
		return err
	}
	if !hasPapers(p.Identifiers, x.work.today) {
		if err := x.d.temporary(x.work, &p); err != nil {
			return err
		}
	}
	x.drafts = append(x.drafts, clinic.Draft{Kind: clinic.KindPatient, Subject: row.target, Body: &p})
	if src.NoAllergy || len(src.Allergies) > 0 {
		x.drafts = append(x.drafts, clinic.Draft{
			Kind: clinic.KindAllergies, Subject: row.target, Body: &clinic.Allergies{Asked: true, Items: src.Allergies},
		})
	}
	return nil
}

// join gives somebody known what the record lacks; what it has stays.
func (x *oldChunk) join(i int, row *OldPlanRow) error {
	file, err := readPatient(x.work, row.target)
	if err != nil {
		return err
	}
	src, p := &x.in.Rows[i], x.clean[i]
	if own := file.Own(); own != nil {
		body, changed, err := x.merged(own, p, file.Who.Lead())
		if err != nil {
			return err
		}
		if changed {
			last := file.Versions[len(file.Versions)-1]
			x.drafts = append(x.drafts, clinic.Draft{Kind: clinic.KindPatient, Subject: file.Who.Lead(), Corrects: last.Leaf, Body: body})
		}
	}
	var add []clinic.Allergy
	for _, a := range src.Allergies {
		if !slices.ContainsFunc(file.Allergies.Items, func(o clinic.Allergy) bool { return x.d.o.Fold(o.Substance) == x.d.o.Fold(a.Substance) }) {
			add = append(add, a)
		}
	}
	none := src.NoAllergy && file.Allergies.State == clinic.AllergiesNotAsked && !file.Allergies.Lost
	if len(add) > 0 || none {
		x.drafts = append(x.drafts, allergiesAfter(&file, append(slices.Clone(file.Allergies.Items), add...)))
	}
	return nil
}

// allergiesAfter replaces every version of the allergies that counts.
func allergiesAfter(file *clinic.PatientFile, items []clinic.Allergy) clinic.Draft {
	body := &clinic.Allergies{Asked: true, Items: items}
	d := clinic.Draft{Kind: clinic.KindAllergies, Subject: file.ID, Body: body}
	if n := len(file.Allergies.Tips); n > 0 {
		d.Corrects = file.Allergies.Tips[n-1]
		for _, t := range file.Allergies.Tips[:n-1] {
			body.Merges = append(body.Merges, slices.Clone(t[:]))
		}
	}
	return d
}

// merged fills what is empty, and adds numbers: those that others hold as unsure ones.
func (x *oldChunk) merged(have, p *clinic.Patient, self clinic.ID) (*clinic.Patient, bool, error) {
	out, changed := *have, false
	for _, f := range []struct{ to, from *string }{
		{&out.Address, &p.Address}, {&out.Phone, &p.Phone}, {&out.Ethnic, &p.Ethnic}, {&out.Occupation, &p.Occupation}, {&out.Guardian, &p.Guardian},
	} {
		if *f.to == "" && *f.from != "" {
			*f.to, changed = *f.from, true
		}
	}
	if out.Sex == clinic.SexUnknown && p.Sex != clinic.SexUnknown {
		out.Sex, changed = p.Sex, true
	}
	if out.Birth.IsZero() && !p.Birth.IsZero() {
		out.Birth, changed = p.Birth, true
	}
	out.Identifiers = slices.Clone(have.Identifiers)
	for _, id := range p.Identifiers {
		if slices.ContainsFunc(have.Identifiers, func(o clinic.Identifier) bool { return o.System == id.System && o.Value == id.Value }) {
			continue
		}
		found, err := x.d.holders(x.work, []clinic.Identifier{id}, self)
		if err != nil {
			return nil, false, err
		}
		id.Unsure = len(found) > 0
		out.Identifiers, changed = append(out.Identifiers, id), true
	}
	return &out, changed, nil
}

// checkOldVisit cleans the words of a visit.
func (d *Desk) checkOldVisit(v *clinic.OldVisit) error {
	var bad Errors
	for _, f := range []struct {
		name string
		p    *string
		max  int
	}{{"reason", &v.Exam.Reason, 1000}, {"history", &v.Exam.History, 1000}, {"finding", &v.Exam.Finding, 1000}, {"diagnosis", &v.Diagnosis.Text, 1000}, {"author", &v.Author, 100}} {
		s, err := d.text(f.name, *f.p, f.max)
		if err := bad.collect(err); err != nil {
			return err
		}
		*f.p = s
	}
	if !v.Day.Full() || v.Day.Year < 2000 || !v.Day.Before(d.today()) {
		bad = append(bad, &Error{Code: CodeValue, Field: "date"})
	}
	return bad.join()
}

// oldExam is what is kept of the old words. A diagnosis whose code nobody knows stays in
// words.
func (d *Desk) oldExam(w *work, v *clinic.OldVisit) clinic.Exam {
	e := v.Exam
	if _, ok := d.oldICD(w, v); !ok {
		words := strings.TrimSpace(v.Diagnosis.Main + " " + v.Diagnosis.Text)
		e.Finding = strings.TrimSpace(e.Finding + "\n" + words)
	}
	if e.Reason == "" {
		e.Reason = "–"
	}
	return e
}

// oldICD finds the row of the code on the visit's day, or today's: lists of then are not
// kept.
func (d *Desk) oldICD(w *work, v *clinic.OldVisit) (clinic.CatalogRow, bool) {
	code := clinic.NormalICD(v.Diagnosis.Main)
	if code == "" {
		return clinic.CatalogRow{}, false
	}
	row, ok := w.Row(clinic.CatalogICD10, code, v.Day)
	if !ok {
		row, ok = w.Row(clinic.CatalogICD10, code, w.today)
	}
	return row, ok
}

// noon is when a visit of a day is taken to have been: nobody wrote down the time.
const noon = 12 * time.Hour

// addVisit writes a visit of long ago.
func (x *oldChunk) addVisit(src *clinic.OldRow, patient, visit clinic.ID) error {
	v, f := src.Visit, x.d.o.Site.Facility
	n, err := x.work.next(clinic.SeriesVisit(f.Book, v.Day))
	if err != nil {
		return err
	}
	body := &clinic.Visit{Day: v.Day, Source: clinic.SourceTyped, After: &clinic.Afterwards{Name: v.Author, Import: x.id[:]}}
	if body.Queue, err = x.work.next(clinic.SeriesQueue(v.Day)); err != nil {
		return err
	}
	if body.Key, err = clinic.NewVisitKey(f.Code, f.Book, v.Day, n); err != nil {
		return &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "visit"}}
	}
	at := v.Day.Time().Add(noon)
	put := func(k clinic.Kind, b any) {
		x.drafts = append(x.drafts, clinic.Draft{Kind: k, Subject: patient, Visit: visit, Event: at, Body: b})
	}
	put(clinic.KindVisit, body)
	exam := x.d.oldExam(x.work, v)
	put(clinic.KindExam, &exam)
	if v.Vitals.Measured() {
		vitals := v.Vitals
		put(clinic.KindVitals, &vitals)
	}
	if row, ok := x.d.oldICD(x.work, v); ok {
		put(clinic.KindDiagnosis, &clinic.Diagnosis{Main: row.Code, Text: v.Diagnosis.Text, Release: row.Version})
	}
	return nil
}
