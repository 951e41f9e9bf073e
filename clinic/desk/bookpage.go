package desk

import (
	"cmp"
	"context"
	"slices"

	"clinicbox/clinic"
)

// Book is what the page of somebody's health book shows. Allergies, vaccines, results and
// programmes are those of their own entries: nothing is kept twice.
type Book struct {
	Patient    Patient
	Sections   []BookSection // of today's template, those that the person's sex leaves out aside
	Rest       []BookThing   // said by rows that the template has no longer
	Past       []clinic.Document
	Problems   []BookProblem // the latest first
	Running    []BookDrug
	Given      []clinic.GivenDose // oldest first
	NextDose   clinic.Date        // zero = nothing is left, or nothing is known
	Indicators []clinic.Indicator
	Mark       string
}

// BookSection is one part of the template.
type BookSection struct {
	Row    clinic.CatalogRow
	Things []BookThing
}

// BookThing is one thing of the template with what stands of it.
type BookThing struct {
	Row    clinic.CatalogRow // only Code and Name of one that the template has no longer
	Values []string          // several: boxes said different words apart, and nobody decided
	Said   []clinic.BookSaid // what stands, the latest first
}

// BookProblem is one diagnosis of the person's visits.
type BookProblem struct {
	Code, Name  string
	First, Last clinic.Date
	Visits      int
}

// BookDrug is one prescribed medicine that runs today.
type BookDrug struct {
	Line        clinic.DrugLine
	Since, Last clinic.Date
}

// BookPage reads somebody's health book; the view is recorded.
func (d *Desk) BookPage(ctx context.Context, by, patient clinic.ID) (out Book, err error) {
	if out.Patient, err = d.PatientPage(ctx, by, patient); err != nil {
		return Book{}, err
	}
	err = d.view(ctx, func(r Reader) error {
		out.fill(r, d.today())
		return nil
	})
	return out, err
}

func (b *Book) fill(r Reader, today clinic.Date) {
	p := &b.Patient.PatientFile
	b.template(r.CatalogRows(clinic.CatalogHealthBook, today), p.Now.Sex)
	b.Past, b.Mark, b.Indicators = p.Book.Past(), p.Book.Mark(), p.Indicators()
	b.Given = p.GivenDoses()
	schedule, _ := clinic.Schedule(r.Rows(clinic.CatalogSchedule, ""), today)
	if p.Now.Birth.Full() && (len(b.Given) > 0 || b.Patient.Age.Years < doseYears) { // nobody calls an old person for a child's doses
		b.NextDose, _ = clinic.NextDose(clinic.DueDoses(schedule, p.Now.Birth, b.Given, today), today)
	}
	b.problems(r, p, today)
	b.running(p, today)
}

// template puts what stands into the template's order; nothing that was said is left out
// because a row ended or the sex was corrected.
func (b *Book) template(rows []clinic.CatalogRow, sex clinic.Sex) {
	file := &b.Patient.Book
	thing := func(row clinic.CatalogRow) BookThing {
		return BookThing{Row: row, Values: file.Values(row.Code), Said: file.Stands(row.Code)}
	}
	seen := map[string]bool{}
	for _, row := range rows {
		if row.Value != "" {
			continue
		}
		s := BookSection{Row: row}
		for _, x := range rows {
			if x.Value == "" || x.Parent != row.Code {
				continue
			}
			if t := thing(x); x.ForSex(sex) || len(t.Values) > 0 {
				seen[x.Code] = true
				s.Things = append(s.Things, t)
			}
		}
		if len(s.Things) > 0 {
			b.Sections = append(b.Sections, s)
		}
	}
	for _, code := range file.Codes() {
		if !seen[code] {
			said := file.Stands(code)
			b.Rest = append(b.Rest, thing(clinic.CatalogRow{Code: code, Name: said[0].Item.Name}))
		}
	}
}

// problems lists the diagnoses of visits that count.
func (b *Book) problems(r Reference, p *clinic.PatientFile, today clinic.Date) {
	at := map[string]*BookProblem{}
	for i := range p.Visits {
		v := &p.Visits[i]
		dx := clinic.BodyOf[clinic.Diagnosis](v.Doc(clinic.KindDiagnosis))
		if dx == nil || v.State == clinic.VisitClosed {
			continue
		}
		day := visitDay(v)
		for _, code := range append([]string{dx.Main}, dx.Others...) {
			x := at[code]
			if x == nil {
				x = &BookProblem{Code: code, First: day, Last: day}
				row, ok := r.Row(clinic.CatalogICD10, code, day)
				if !ok {
					row, _ = r.Row(clinic.CatalogICD10, code, today)
				}
				x.Name = row.Name
				at[code] = x
			}
			x.Visits++
			if day.Before(x.First) {
				x.First = day
			}
			if x.Last.Before(day) {
				x.Last = day
			}
		}
	}
	for _, x := range at {
		b.Problems = append(b.Problems, *x)
	}
	slices.SortFunc(b.Problems, func(x, y BookProblem) int {
		return cmp.Or(cmp.Compare(y.Last.Int(), x.Last.Int()), cmp.Compare(x.Code, y.Code))
	})
}

// doseYears is the age up to which the book tells of the next dose of somebody without any.
const doseYears = 6

// unsaidDays is how long a medicine counts as running of which nobody said the days.
const unsaidDays = 30

// running lists what was prescribed and is not over.
func (b *Book) running(p *clinic.PatientFile, today clinic.Date) {
	for i := range p.Visits {
		v := &p.Visits[i]
		if v.State == clinic.VisitClosed || v.Visit == nil {
			continue
		}
		for _, d := range v.Docs(clinic.KindPrescribe) {
			rx := clinic.BodyOf[clinic.Prescription](d)
			if rx == nil {
				continue
			}
			for _, l := range rx.Lines {
				x := BookDrug{Line: l, Since: v.Visit.Day}
				days := unsaidDays
				if l.Days > 0 {
					days = l.Days
				}
				if x.Last = v.Visit.Day.AddDays(days - 1); !x.Last.Before(today) {
					b.Running = append(b.Running, x)
				}
			}
		}
	}
}
