package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
)

// ordersStand is how long an order stays on the work list; afterwards it is in the
// patient's record only.
const ordersStand = 30 * 24 * time.Hour

// LabRow is one patient's line on the work list of tests.
type LabRow struct {
	Patient clinic.ID
	Name    string
	Birth   clinic.Date
	Sex     clinic.Sex
	// Closed: the record is protected. Birth is the year only, Tests are none.
	Closed   bool
	Tests    []string // names
	Since    time.Time
	Urgent   bool
	Critical bool     // a critical result that no clinician has seen
	Alarms   []string // names of the tests that are critical, unless Closed
	Lost     bool     // a result can no longer be read on this box
}

// LabDay is the work list of tests.
type LabDay struct {
	ToSample []LabRow // urgent ones first, then the oldest
	ToResult []LabRow
	ToReview []LabRow // critical ones first
}

// Lab returns the work list: orders of the last 30 days, and every result that no
// clinician signed, however old.
func (d *Desk) Lab(ctx context.Context, by clinic.ID) (out LabDay, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		out, err = d.labDay(r, by)
		return err
	})
	return out, err
}

// Alarms returns the patients with a critical result that no clinician has seen, the
// oldest first.
func (d *Desk) Alarms(ctx context.Context, by clinic.ID) (out []LabRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		ids, err := r.Unseen()
		if err != nil {
			return err
		}
		l := labList{d: d, r: r, by: by, seen: map[clinic.ID]bool{}, open: ids}
		for _, id := range ids {
			if err := l.patient(id); err != nil {
				return err
			}
		}
		out = slices.DeleteFunc(l.day.ToReview, func(x LabRow) bool { return !x.Critical })
		sortLab(out)
		return nil
	})
	return out, err
}

// labList makes the work list of one snapshot.
type labList struct {
	d    *Desk
	r    Reader
	by   clinic.ID
	seen map[clinic.ID]bool // leading IDs
	open []clinic.ID        // Laboratory.Unseen
	day  LabDay
}

func (d *Desk) labDay(r Reader, by clinic.ID) (LabDay, error) {
	now, _ := d.o.Clock.Now()
	ids, err := r.Ordered(clinic.HLCAt(now.Add(-ordersStand)))
	if err != nil {
		return LabDay{}, err
	}
	open, err := r.Unseen()
	if err != nil {
		return LabDay{}, err
	}
	l := labList{d: d, r: r, by: by, seen: map[clinic.ID]bool{}, open: open}
	for _, id := range slices.Concat(ids, open) {
		if err := l.patient(id); err != nil {
			return LabDay{}, err
		}
	}
	for _, rows := range [][]LabRow{l.day.ToSample, l.day.ToResult, l.day.ToReview} {
		sortLab(rows)
	}
	return l.day, nil
}

func sortLab(rows []LabRow) {
	first := func(x LabRow) int {
		switch {
		case x.Critical:
			return 0
		case x.Urgent:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(rows, func(a, b LabRow) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), a.Since.Compare(b.Since))
	})
}

// patient adds the lines of one person.
func (l *labList) patient(id clinic.ID) error {
	file, _, err := readPerson(l.r, id)
	if err != nil || l.seen[file.ID] {
		return err
	}
	l.seen[file.ID] = true
	if err := l.d.judgeAlone(l.r, &file); err != nil {
		return err
	}
	closed, err := l.d.closed(l.r, l.by, id)
	if err != nil {
		return err
	}
	row := LabRow{Patient: file.ID, Closed: closed}
	if now := file.Now; now != nil {
		if row.Name, row.Birth, row.Sex = now.Name, now.Birth, now.Sex; closed {
			row.Birth, row.Sex = clinic.Date{Year: now.Birth.Year}, 0
		}
	}
	var sample, result LabRow
	for _, line := range file.OrderLines() {
		at := line.Order.Versions[0].Record
		if l.d.now().Sub(at.Event) > ordersStand {
			continue
		}
		switch line.State {
		case clinic.LineOrdered:
			sample.note(line.Test.Name, at.Event, line.Body().Urgent)
		case clinic.LineSampled:
			result.note(line.Test.Name, line.Sample.Event, line.Body().Urgent)
		}
	}
	l.day.ToSample = l.add(l.day.ToSample, &row, &sample)
	l.day.ToResult = l.add(l.day.ToResult, &row, &result)
	l.day.ToReview = l.add(l.day.ToReview, &row, l.reviewRow(&file))
	return nil
}

// reviewRow is what waits for a clinician. A result that nobody signed, and that can no
// longer be read, is told of.
func (l *labList) reviewRow(file *clinic.PatientFile) *LabRow {
	var out LabRow
	for _, doc := range file.Lab.Waiting() {
		b := clinic.BodyOf[clinic.Result](doc)
		for _, v := range b.Values {
			out.note(v.Name, doc.Current().Record.Event, false)
		}
	}
	for _, doc := range file.Lab.Alarms() {
		out.Critical = true
		for _, v := range clinic.BodyOf[clinic.Result](doc).Values {
			if v.Flag.Critical() {
				out.Alarms = append(out.Alarms, v.Name)
			}
		}
	}
	for _, h := range file.Lost {
		if h.Kind == clinic.KindResult && out.Since.IsZero() && slices.ContainsFunc(l.open, file.Who.Has) {
			out.Lost = true
			out.note("", h.Recorded, false)
		}
	}
	return &out
}

func (x *LabRow) note(test string, at time.Time, urgent bool) {
	if test != "" && !slices.Contains(x.Tests, test) {
		x.Tests = append(x.Tests, test)
	}
	if x.Since.IsZero() || at.Before(x.Since) {
		x.Since = at
	}
	x.Urgent = x.Urgent || urgent
}

// add appends a line when there is something to do.
func (l *labList) add(to []LabRow, who, what *LabRow) []LabRow {
	if what.Since.IsZero() {
		return to
	}
	row := *who
	row.Since, row.Urgent, row.Critical, row.Lost = what.Since, what.Urgent, what.Critical, what.Lost
	if !row.Closed {
		row.Tests, row.Alarms = what.Tests, what.Alarms
	}
	return append(to, row)
}
