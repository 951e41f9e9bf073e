package desk

import (
	"bytes"
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// past settles a row of somebody's history: the person must be known, and what the book has
// already, from whatever source, is not written twice.
func (x *older) past(w *work, i int, out *OldPlanRow) error {
	hit, err := x.whose(w, i, out)
	if hit == nil {
		return err
	}
	if closed, err := x.d.closed(w, w.by.ID, hit.ID); err != nil || closed {
		out.refuse("", clinic.RowClosed, "")
		return err
	}
	item := x.in.Rows[i].Past
	if item.Year != 0 && item.Year < hit.Now.Birth.Year {
		out.refuse("year", clinic.RowUnborn, strconv.Itoa(item.Year))
		return nil
	}
	file, err := readPatient(w, hit.ID)
	if err != nil {
		return err
	}
	has := slices.ContainsFunc(file.Book.Past(), func(d clinic.Document) bool {
		was := clinic.PastOf(&d)
		return was != nil && !was.Gone && x.samePast(was, item)
	})
	for _, j := range x.before("past "+out.target.String(), i) {
		if t := x.settled[j]; t.target == out.target && t.Does == OldAdds && x.samePast(x.in.Rows[j].Past, item) {
			has = true
		}
	}
	if has {
		out.Does, out.Whole = OldSkips, true
	}
	return nil
}

// samePast reports whether both say one thing, whatever the letters.
func (x *older) samePast(a, b *clinic.PastItem) bool {
	return a.About == b.About && a.Year == b.Year && x.d.foldWords(a.Text) == x.d.foldWords(b.Text)
}

// addPast writes one thing of the history.
func (x *oldChunk) addPast(src *clinic.OldRow, row *OldPlanRow) {
	line, item := clinic.DayOneID(x.id, src.At, "past"), *src.Past
	x.drafts = append(x.drafts, clinic.Draft{Kind: clinic.KindHealthBook, Subject: row.target, Body: &clinic.HealthBook{Past: &item, Line: line[:]}})
}

// pastBack takes a thing of the history back, unless somebody changed it since.
func (x *undoer) pastBack(l *clinic.DayOneLine, patient clinic.ID) ([]clinic.Draft, bool, error) {
	file, err := readPatient(x.r, patient)
	if err != nil {
		return nil, false, err
	}
	line := clinic.DayOneID(x.info.ID, l.Line, "past")
	made := slices.ContainsFunc(file.Book.Entries, func(r clinic.Record) bool {
		return bytes.Equal(r.Body.(*clinic.HealthBook).Line, line[:])
	})
	for _, doc := range file.Book.Past() {
		first, ok := doc.Versions[0].Record.Body.(*clinic.HealthBook)
		if !ok || !bytes.Equal(first.Line, line[:]) {
			continue
		}
		if len(doc.Versions) > 1 {
			return nil, true, nil
		}
		item := *first.Past
		item.Gone = true
		return []clinic.Draft{{
			Kind: clinic.KindHealthBook, Subject: doc.Current().Record.Subject, Corrects: doc.Leaf(), Why: clinic.WhyTakenBack,
			Body: &clinic.HealthBook{Past: &item, Line: first.Line},
		}}, false, nil
	}
	return nil, !made, nil // somebody took it back; or its entry can no longer be read
}
