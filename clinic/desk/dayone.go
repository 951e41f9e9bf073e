package desk

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
)

// OldDo is what shall become of a row that may be of somebody known.
type OldDo uint8

// The answers.
const (
	OldAsk   OldDo = 0
	OldSame  OldDo = 1 // the person is known: what is missing is added
	OldOther OldDo = 2 // somebody else
	OldSkip  OldDo = 3
)

// OldAnswer is what a person said of a row.
type OldAnswer struct {
	Do      OldDo
	Patient clinic.ID // of OldSame: who; zero = the only one, or who stands in Line
	Line    int
}

// OldInput is a file of old data that somebody wants brought in.
type OldInput struct {
	List clinic.OldList
	File string   // its name, as the person has it
	Hash [32]byte // of its bytes
	Rows []clinic.OldRow
	Size int // rows of the file, those with errors too
	// Answers are by line; ByNumber and ByName those of rows without one, by why
	// somebody may be the same.
	Answers          map[int]OldAnswer
	ByNumber, ByName OldDo
	// Confirmed: the person saw the warnings, and which rows stay out.
	Confirmed bool
}

// OldDoes tells what an import does with a row.
type OldDoes uint8

// What is done with a row.
const (
	OldAdds    OldDoes = 1
	OldJoins   OldDoes = 2 // somebody known gets what was missing
	OldSkips   OldDoes = 3
	OldAsks    OldDoes = 4 // somebody must say
	OldRefuses OldDoes = 5 // something is wrong: Problem
	OldHas     OldDoes = 6 // brought in before
)

// OldPlanRow is what an import does with a row.
type OldPlanRow struct {
	At    int
	Name  string // as the file has it
	Birth clinic.Date
	Does  OldDoes
	Like  clinic.Likeness
	Found []Hit // who it may be
	Twin  int   // the line of the file with the same person; 0 = none
	Whole bool  // that line is the same in everything
	// Problem tells why it is refused; of stock, why it is asked about.
	Problem clinic.RowProblem
	Goods   clinic.Goods      // of OldStock
	Row     clinic.CatalogRow // of OldStock and OldDoses: what the catalogues have
	Counts  []string          // of OldDoses: the doses of the schedule that it counts for

	target clinic.ID // of OldAdds, OldJoins and OldHas
}

// OldPlan is what an import would do.
type OldPlan struct {
	Rows []OldPlanRow
	Goes clinic.ID // the import of the same file that was cut; zero = none
}

// Count returns how many rows are so.
func (p *OldPlan) Count(does OldDoes) (n int) {
	for i := range p.Rows {
		if p.Rows[i].Does == does {
			n++
		}
	}
	return n
}

// OldInfo is a line of the history of imports of old data.
type OldInfo struct {
	clinic.DayOne
	ID     clinic.ID
	By     Person
	At     time.Time
	Counts map[clinic.DayOneFate]int
	Undone clinic.ID // the import that takes it back; zero = none
}

// oldPart is how many rows are looked at in one snapshot.
const oldPart = 200

// PlanOld says what an import of old data would do, and writes nothing.
func (d *Desk) PlanOld(ctx context.Context, by clinic.ID, in OldInput) (out OldPlan, err error) {
	if err := d.checkOld(&in); err != nil {
		return out, err
	}
	if _, err := d.trusted(); err != nil {
		return out, err // ages count from today
	}
	x := d.newOlder(&in)
	for at := 0; at < len(in.Rows) || at == 0; at += oldPart {
		err := d.view(ctx, func(r Reader) error {
			p, err := who(r, by, rightOld)
			if err == nil && at == 0 {
				err = x.begun(r, clinic.ID{})
				x.id = x.goes // what it put there itself is no batch of others
			}
			if err != nil {
				return err
			}
			w := d.work(r, p)
			for i := at; i < min(at+oldPart, len(in.Rows)); i++ {
				row, err := x.settle(w, i)
				if err != nil {
					return err
				}
				if row.Found, err = d.veilHits(r, by, row.Found); err != nil {
					return err
				}
				out.Rows = append(out.Rows, row)
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	out.Goes = x.goes
	return out, nil
}

// work is what build sees, for who asks.
func (d *Desk) work(r Reader, by Person) *work {
	w := d.workBy(r, by)
	w.issued = map[string]int{}
	return w
}

func (d *Desk) checkOld(in *OldInput) error {
	if !slices.Contains(clinic.OldLists(), in.List) {
		return &Error{Code: CodeNoCatalog, Field: "list"}
	}
	if err := fileRows(len(in.Rows)); err != nil {
		return err
	}
	var err error
	in.File, err = d.line("file", in.File, 200)
	return err
}

// oldImports reads every import of old data, the first one first.
func oldImports(r People) (out []OldInfo, err error) {
	records, err := r.Records(clinic.DayOnesID())
	if err != nil {
		return nil, err
	}
	for i := range records {
		rec := &records[i]
		b, ok := rec.Body.(*clinic.DayOne)
		if !ok || len(b.ID) != len(clinic.ID{}) {
			continue
		}
		id := clinic.ID(b.ID)
		if at := slices.IndexFunc(out, func(o OldInfo) bool { return o.ID == id }); at >= 0 {
			out[at].Done = out[at].Done || b.Done
			continue
		}
		out = append(out, OldInfo{DayOne: *b, ID: id, By: Person{ID: rec.Author}, At: rec.Recorded()})
		if at := slices.IndexFunc(out, func(o OldInfo) bool { return bytes.Equal(b.Undoes, o.ID[:]) }); at >= 0 {
			out[at].Undone = id
		}
	}
	return out, nil
}

// oldLines reads what became of the lines of an import, and the acts that did it.
func oldLines(r People, id clinic.ID) (lines []clinic.DayOneLine, acts []clinic.ID, err error) {
	records, err := r.Records(id)
	for i := range records {
		if b, ok := records[i].Body.(*clinic.DayOne); ok {
			lines = append(lines, b.Lines...)
			acts = append(acts, records[i].Act)
		}
	}
	return lines, acts, err
}

// OldImports lists the imports of old data, the latest first.
func (d *Desk) OldImports(ctx context.Context, by clinic.ID) (out []OldInfo, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightOld); err != nil {
			return err
		}
		if out, err = oldImports(r); err != nil {
			return err
		}
		people, err := names(r)
		for i := range out {
			out[i].By = people[out[i].By.ID]
			lines, _, lerr := oldLines(r, out[i].ID)
			if lerr != nil {
				return lerr
			}
			out[i].Counts = map[clinic.DayOneFate]int{}
			for _, l := range lines {
				out[i].Counts[l.Fate]++
			}
		}
		return err
	})
	slices.Reverse(out)
	return out, err
}

// older settles the rows of one file.
type older struct {
	d    *Desk
	in   *OldInput
	goes clinic.ID                 // the import that goes on
	id   clinic.ID                 // of this import; zero while it is only planned
	done map[int]clinic.DayOneLine // lines that were brought in, by this import or the same file before

	clean    []*clinic.Patient // the details as they would be saved; nil = refused
	wrong    map[int]clinic.RowProblem
	byNumber map[clinic.Identifier][]int // rows, by number
	byName   map[string][]int            // rows, by folded name
	settled  map[int]OldPlanRow          // by row
	about    map[string][]int            // rows, by the batch or person that they are about
	goods    *goodsIndex
}

// newOlder checks the rows and finds those of one person.
func (d *Desk) newOlder(in *OldInput) *older {
	x := &older{
		d: d, in: in, done: map[int]clinic.DayOneLine{}, wrong: map[int]clinic.RowProblem{},
		byNumber: map[clinic.Identifier][]int{}, byName: map[string][]int{}, settled: map[int]OldPlanRow{}, about: map[string][]int{},
	}
	for i := range in.Rows {
		x.clean = append(x.clean, x.check(i))
		p := x.clean[i]
		if p == nil || in.List != clinic.OldPatients {
			continue
		}
		for _, n := range alternatives(p.Identifiers) {
			key := clinic.Identifier{System: n.System, Value: n.Value}
			x.byNumber[key] = append(x.byNumber[key], i)
		}
		x.byName[p.Folded] = append(x.byName[p.Folded], i)
	}
	return x
}

// check cleans a row as the form of registration does.
func (x *older) check(i int) *clinic.Patient {
	row := &x.in.Rows[i]
	if x.in.List == clinic.OldStock {
		return &clinic.Patient{} // nobody's
	}
	form := PatientInput{Patient: row.Patient}
	if x.in.List != clinic.OldPatients {
		form.Source = clinic.SourceUnknown // it tells whose row it is, and is not saved
		form.Unnamed = form.Name == ""
	}
	p, err := x.d.demographics(form)
	if err == nil && len(row.Allergies) > 0 {
		_, err = x.d.allergies(AllergiesInput{Items: row.Allergies})
	}
	if err == nil && row.Visit != nil {
		err = x.d.checkOldVisit(row.Visit)
	}
	if err == nil && row.Past != nil {
		*row.Past, _, err = x.d.pastForm(&PastInput{PastItem: *row.Past})
	}
	for _, e := range ErrorsOf(err) {
		field, _, _ := strings.Cut(e.Field, ".")
		x.wrong[i] = clinic.RowProblem{At: row.At, Column: oldColumn(field), Code: oldProblem(e.Code), Args: e.Args}
		return nil
	}
	return p
}

func oldColumn(field string) string {
	switch field {
	case "identifiers":
		return "citizen"
	case "items":
		return "allergies"
	case "text":
		return "past"
	}
	return field
}

func oldProblem(c Code) string {
	switch c {
	case CodeRequired:
		return clinic.RowEmpty
	case CodeTooLong:
		return clinic.RowLong
	case CodeText:
		return clinic.RowText
	case CodeName:
		return clinic.RowName
	case CodePastYear:
		return clinic.RowDate
	case CodeBirth:
		return clinic.RowBirth
	case CodeSex:
		return clinic.RowSex
	}
	return clinic.RowForm
}

// begun finds what of the file was brought in before: an import that was cut goes on, of
// one that is done nothing is brought in twice. act is the form's.
func (x *older) begun(r People, act clinic.ID) error {
	infos, err := oldImports(r)
	if err != nil {
		return err
	}
	for i := range infos {
		o := &infos[i]
		if o.List != x.in.List || !bytes.Equal(o.Hash, x.in.Hash[:]) || !o.Undone.IsZero() || len(o.Undoes) > 0 {
			continue
		}
		lines, _, err := oldLines(r, o.ID)
		if err != nil {
			return err
		}
		for _, l := range lines {
			x.done[l.Line] = l
		}
		if !o.Done || o.ID == act {
			x.goes = o.ID
		}
	}
	return nil
}
