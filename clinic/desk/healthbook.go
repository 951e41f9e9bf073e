package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// BookInput is the form of the health book: what is typed by code of the template. Only
// what differs from what stands is saved.
type BookInput struct {
	Patient clinic.ID
	Base    string // BookFile.Mark as the form was filled
	Values  map[string]string
}

// bookText is how many characters one thing of the book has, bookEntry how many bytes the
// texts of one entry, which has room for 16 KiB.
const (
	bookText  = 300
	bookEntry = 8000
)

// SaveBook saves what changed in the health book; much of it in several entries of one
// act. Nurses and doctors. A thing of which two boxes said different words is settled by
// typing one; left empty it stays as it is.
func (d *Desk) SaveBook(ctx context.Context, c Call, in BookInput) (Done, error) {
	says := func(b any) bool { return d.saysBook(b, in.Values) }
	done, err := d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindHealthBook, patient: in.Patient, same: says,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(in.Patient)
			if err != nil {
				return nil, err
			}
			if file.Book.Mark() != in.Base {
				return nil, &Error{Code: CodeChanged}
			}
			items, version, err := w.bookItems(&file, in.Values)
			if err != nil {
				return nil, err
			}
			return bookDrafts(in.Patient, items, version), nil
		},
	})
	if err == nil && done.Again && slices.ContainsFunc(done.Records, func(r clinic.Record) bool { return !says(r.Body) }) {
		return Done{}, &Error{Code: CodeFormStale}
	}
	return done, err
}

// saysBook reports whether the form holds every item of a saved body. A number may have
// been typed in another way: 07 for 7.
func (d *Desk) saysBook(body any, values map[string]string) bool {
	s, ok := body.(*clinic.HealthBook)
	return ok && s.Past == nil && !slices.ContainsFunc(s.Items, func(it clinic.BookItem) bool {
		typed, err := d.line(it.Code, values[it.Code], bookText)
		if err != nil || typed == it.Value {
			return err != nil
		}
		n, bad := clinic.ParseFixed("", typed, 3)
		return bad != nil || clinic.FormatFixed(n, 3) != it.Value
	})
}

// bookItems reads what was typed by the rows of today.
func (w *work) bookItems(file *clinic.PatientFile, values map[string]string) (out []clinic.BookItem, version string, err error) {
	var bad Errors
	for _, row := range w.CatalogRows(clinic.CatalogHealthBook, w.today) {
		typed, ok := values[row.Code]
		if !ok || row.Value == "" {
			continue
		}
		it := clinic.BookItem{Code: row.Code, Name: row.Name}
		if it.Value, err = w.bookValue(&row, typed); err != nil {
			if err := bad.collect(err); err != nil {
				return nil, "", err
			}
			continue
		}
		now := file.Book.Values(row.Code)
		switch torn := len(now) > 1; {
		case torn && it.Value == "", !torn && it.Value == first(now):
			continue
		}
		for _, x := range file.Book.Stands(row.Code) {
			it.Over = append(it.Over, slices.Clone(x.Record.Leaf[:]))
		}
		out, version = append(out, it), row.Version
	}
	if len(bad) == 0 && len(out) == 0 {
		return nil, "", &Error{Code: CodeNothing}
	}
	return out, version, bad.join()
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// bookValue reads one answer: a word of the choice, a number, or words.
func (w *work) bookValue(row *clinic.CatalogRow, typed string) (string, error) {
	text, err := w.desk.line(row.Code, typed, bookText)
	if err != nil || text == "" {
		return "", err
	}
	v, err := row.ReadResult(row.Code, text, "")
	if err != nil {
		return "", labError(err, row.Name)
	}
	if v.Number != nil {
		return clinic.FormatFixed(int(*v.Number), 3), nil
	}
	return v.Text, nil
}

// bookDrafts spreads the items over entries that fit.
func bookDrafts(patient clinic.ID, items []clinic.BookItem, version string) (out []clinic.Draft) {
	size := bookEntry
	var body *clinic.HealthBook
	for _, it := range items {
		n := len(it.Name) + len(it.Value) + 40*len(it.Over) + 20
		if size += n; size > bookEntry {
			size, body = n, &clinic.HealthBook{Version: version}
			out = append(out, clinic.Draft{Kind: clinic.KindHealthBook, Subject: patient, Body: body})
		}
		body.Items = append(body.Items, it)
	}
	return out
}

// PastInput is the form of a thing of the history without a day. With Base it corrects
// that one; Gone takes it back, with a reason.
type PastInput struct {
	Patient clinic.ID
	Base    clinic.Leaf // zero = a new one
	clinic.PastItem
	Why string
}

// pastText is how many characters one thing of the history has.
const pastText = 500

// SavePast saves a thing of the history of which nobody knows the day. Nurses and doctors.
func (d *Desk) SavePast(ctx context.Context, c Call, in PastInput) (Done, error) {
	item, why, err := d.pastForm(&in)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindHealthBook, patient: in.Patient,
		same: func(b any) bool {
			s, ok := b.(*clinic.HealthBook)
			return ok && s.Past != nil && (*s.Past == item || item.Gone && s.Past.Gone)
		},
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(in.Patient)
			if err != nil {
				return nil, err
			}
			item := item
			draft := clinic.Draft{Kind: clinic.KindHealthBook, Subject: in.Patient, Body: &clinic.HealthBook{Past: &item}}
			if birth := file.Now.Birth; item.Year != 0 && (item.Year < birth.Year || w.sure && item.Year > w.today.Year) {
				return nil, &Error{Code: CodePastYear, Field: "year"}
			}
			past := file.Book.Past()
			if in.Base == (clinic.Leaf{}) {
				for i := range past {
					if was := *clinic.PastOf(&past[i]); was == item {
						return nil, &unchanged{past[i].Current().Record}
					}
				}
				return []clinic.Draft{draft}, nil
			}
			i := slices.IndexFunc(past, func(x clinic.Document) bool { return x.Leaf() == in.Base })
			if i < 0 {
				return nil, &Error{Code: CodeChanged}
			}
			was := clinic.PastOf(&past[i])
			if item.Gone {
				item = *was
				item.Gone = true
			} else if *was == item {
				return nil, &unchanged{past[i].Current().Record}
			}
			draft.Subject, draft.Corrects, draft.Why = past[i].Current().Record.Subject, in.Base, why
			return []clinic.Draft{draft}, nil
		},
	})
}

// pastForm checks what needs no record to be read.
func (d *Desk) pastForm(in *PastInput) (item clinic.PastItem, why string, err error) {
	var bad Errors
	if why, err = d.line("why", in.Why, 500); err != nil {
		return item, "", err
	}
	if in.Gone {
		if in.Base == (clinic.Leaf{}) {
			return item, "", &Error{Code: CodeNothing}
		}
		if why == "" {
			return item, "", &Error{Code: CodeRequired, Field: "why"}
		}
		return clinic.PastItem{Gone: true}, why, nil
	}
	item = in.PastItem
	if item.Text, err = d.line("text", in.Text, pastText); err != nil {
		return item, "", err
	}
	if item.Text == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "text"})
	}
	if !slices.Contains(clinic.PastAbouts(), item.About) {
		bad = append(bad, &Error{Code: CodeRequired, Field: "about"})
	}
	if !slices.Contains(clinic.PastSources(), item.Source) {
		bad = append(bad, &Error{Code: CodeRequired, Field: "source"})
	}
	if item.Year != 0 && (item.Year < 1900 || item.Year > 2100) {
		bad = append(bad, &Error{Code: CodePastYear, Field: "year"})
	}
	return item, why, bad.join()
}
