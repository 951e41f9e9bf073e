package desk

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// The Paper.Form of papers of the health book: the short one of the slip printer, and the
// sheet that the browser prints.
const (
	formBook  = "healthbook"
	formSheet = "healthbook-sheet"
)

// PrintBook records the copy and queues the short paper of somebody's health book; every
// copy after the first is marked as a reprint. CodePrintQueue means: the same form again
// queues the same copy.
func (d *Desk) PrintBook(ctx context.Context, c Call, patient clinic.ID) (Done, error) {
	done, err := d.bookCopy(ctx, c, patient, formBook)
	if err != nil {
		return Done{}, err
	}
	doc, err := d.sheet(ctx, c.By, patient, &done.Records[0])
	return done, d.enqueue(ctx, c, doc, err)
}

// BookSheetCopy records a copy of the sheet on A4, which BookSheet shows by the leaf of
// the entry.
func (d *Desk) BookSheetCopy(ctx context.Context, c Call, patient clinic.ID) (Done, error) {
	return d.bookCopy(ctx, c, patient, formSheet)
}

// bookCopy records that a paper of the form is made.
func (d *Desk) bookCopy(ctx context.Context, c Call, patient clinic.ID, form string) (Done, error) {
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPaper, patient: patient,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(patient)
			if err != nil {
				return nil, err
			}
			if file.NoDetails {
				return nil, &Error{Code: CodeLost}
			}
			body := &clinic.Paper{Form: form, Copy: 1}
			for _, id := range file.Who.IDs {
				records, err := w.Records(id)
				if err != nil {
					return nil, err
				}
				for _, r := range records {
					if p, ok := r.Body.(*clinic.Paper); ok && p.Form == form {
						body.Copy = max(body.Copy, p.Copy+1)
					}
				}
			}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: patient, Body: body}}, nil
		},
		same: func(b any) bool { p, ok := b.(*clinic.Paper); return ok && p.Form == form },
	})
}

// BookSheet lays out the copy that an entry of BookSheetCopy tells of, for the page that is
// printed: the book as it is now, with what was measured over time. CodeBookCopy when the
// entry is none.
func (d *Desk) BookSheet(ctx context.Context, by, patient clinic.ID, leaf clinic.Leaf) (paper.Doc, error) {
	var of *clinic.Record
	err := d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightRead)
		if err != nil {
			return err
		}
		if _, err := w.patient(patient); err != nil {
			return err
		}
		records, err := r.Records(patient)
		for i := range records {
			if p, ok := records[i].Body.(*clinic.Paper); ok && records[i].Leaf == leaf && p.Form == formSheet {
				of = &records[i]
			}
		}
		return err
	})
	if err != nil {
		return paper.Doc{}, err
	}
	if of == nil {
		return paper.Doc{}, &Error{Code: CodeBookCopy}
	}
	return d.sheet(ctx, by, patient, of)
}

// sheet lays out the paper of the copy.
func (d *Desk) sheet(ctx context.Context, by, patient clinic.ID, of *clinic.Record) (paper.Doc, error) {
	b, err := d.BookPage(ctx, by, patient)
	if err != nil {
		return paper.Doc{}, err
	}
	copied := of.Body.(*clinic.Paper)
	p := b.paper()
	p.Facility, p.Copy, p.Wide, p.Printer = d.o.Site.Facility, copied.Copy, copied.Form == formSheet, b.Patient.Names[of.Author].Name
	if of.Trusted {
		p.Printed = of.Event
	}
	p.QR, err = d.paperQR(of, "")
	return p.Doc(), err
}

// paper copies the book into its paper.
func (b *Book) paper() paper.HealthBook {
	p := paper.HealthBook{
		Patient: *b.Patient.Now, Allergies: b.Patient.Allergies, Given: b.Given, Next: b.NextDose, Indicators: b.Indicators, Lost: len(b.Patient.Lost),
	}
	for _, sec := range b.Sections {
		x := paper.BookPart{Title: sec.Row.Name}
		for _, t := range sec.Things {
			if len(t.Values) > 0 {
				x.Lines = append(x.Lines, paper.BookLine{Name: t.Row.Name, Values: t.Values, Unit: t.Row.Unit})
			}
		}
		p.Parts = append(p.Parts, x)
	}
	rest := paper.BookPart{Title: "Ghi theo mẫu trước"}
	for _, t := range b.Rest {
		rest.Lines = append(rest.Lines, paper.BookLine{Name: t.Row.Name, Values: t.Values})
	}
	p.Parts = append(p.Parts, rest)
	for i := range b.Past {
		p.Past = append(p.Past, *clinic.PastOf(&b.Past[i]))
	}
	for _, x := range b.Problems {
		p.Problems = append(p.Problems, x.Code+" "+x.Name+" ("+x.Last.String()+")")
	}
	for _, x := range b.Running {
		p.Drugs = append(p.Drugs, paper.BookDrug{Line: x.Line, Last: x.Last})
	}
	for _, f := range b.Patient.Followed {
		p.Programmes = append(p.Programmes, f.Row.Name)
	}
	return p
}
