package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"clinicbox/clinic"
)

// DayBook is the daily register: who came, with what, and what was done. No official
// layout is at hand (clinic.ReportTemplate).
type DayBook struct {
	Day  clinic.Date
	Rows []BookRow // in queue order
}

// BookRow is a visit in the register. Of a protected record that is closed to who reads,
// it tells the name and the year of birth only.
type BookRow struct {
	VisitRow
	Name      string
	Birth     clinic.Date
	Sex       clinic.Sex
	Address   string
	Insurance string
	Main      clinic.CatalogRow // of the main diagnosis; zero = none yet
	Others    []string          // ICD-10 codes
	Lines     []clinic.DrugLine // of the current prescription
	State     clinic.VisitState //
	Clinician string            // who confirmed it
	Written   string            // who wrote it on paper, of a visit that was entered later
	Closed    bool
}

// DayBook returns the register of a day. What it shows of people is recorded as looks.
func (d *Desk) DayBook(ctx context.Context, by clinic.ID, day clinic.Date) (DayBook, error) {
	out := DayBook{Day: day}
	var looks []look
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		people, err := names(r)
		if err != nil {
			return err
		}
		rows, err := r.Day(day)
		for i := 0; i < len(rows) && err == nil; i++ {
			var row BookRow
			if row, err = d.bookRow(r, by, rows[i], people); err == nil {
				out.Rows = append(out.Rows, row)
				looks = append(looks, look{by: by, patient: row.Patient, visit: row.ID, audit: row.Closed})
			}
		}
		return err
	})
	if err != nil {
		return DayBook{}, err
	}
	d.views.hold(ctx, looks...)
	return out, nil
}

func (d *Desk) bookRow(r Reader, by clinic.ID, v VisitRow, people map[clinic.ID]Person) (BookRow, error) {
	out := BookRow{VisitRow: v}
	_, p, err := detailsOf(r, v.Patient)
	if err != nil {
		return out, err
	}
	if out.Closed, err = d.closed(r, by, v.Patient); err != nil {
		return out, err
	}
	if p != nil {
		out.Name, out.Birth = p.Name, p.Birth
	}
	if out.Closed {
		out.Birth, out.Has = clinic.Date{Year: out.Birth.Year}, v.Has&shownClosed
		return out, nil
	}
	if p != nil {
		out.Sex, out.Address = p.Sex, p.Address
	}
	file, err := d.visitFile(r, &v)
	if err == nil {
		out.fill(r, &file, people)
	}
	return out, err
}

// visitFile reads a visit, with its confirmations judged.
func (d *Desk) visitFile(r Reader, v *VisitRow) (clinic.VisitFile, error) {
	records, err := r.Records(v.Patient)
	if err != nil {
		return clinic.VisitFile{}, err
	}
	file := clinic.FoldVisit(v.ID, records)
	return file, d.judge(r, &file)
}

func (b *BookRow) fill(r Reader, v *clinic.VisitFile, people map[clinic.ID]Person) {
	b.State = v.State
	if v.Visit != nil {
		b.Insurance = v.Visit.Insurance
		if id, ok := v.Visit.After.Author(); ok {
			b.Written = people[id].Name
		} else if v.Visit.After != nil {
			b.Written = v.Visit.After.Name
		}
	}
	if dx := clinic.BodyOf[clinic.Diagnosis](v.Doc(clinic.KindDiagnosis)); dx != nil {
		b.Main, _ = r.Row(clinic.CatalogICD10, dx.Main, b.Day)
		b.Main.Code, b.Others = dx.Main, dx.Others
	}
	if rx := clinic.BodyOf[clinic.Prescription](v.Doc(clinic.KindPrescribe)); rx != nil {
		b.Lines = rx.Lines
	}
	for _, s := range v.Signed {
		if s.State.Counts() {
			b.Clinician = people[s.By].Name
		}
	}
}

// MonthReport is what a month adds up to now, and what was handed in.
type MonthReport struct {
	Month    clinic.Date // its first day
	Template string
	Lines    []clinic.ReportLine
	Digest   string                       // of the lines: what a form that hands them in was about
	Size     uint64                       // entries of this box when it was added up
	Open     bool                         // the month is not over
	Hands    bool                         // the person may hand it in
	Rows     map[string]clinic.CatalogRow // what lines are about, by key and code
	Handed   []clinic.Record              // KindReport of the month, oldest first
	Changes  []clinic.ReportChange        // since the last of them
	Books    []clinic.BookCount           // whose visits Lines count: boxes of a facility share them
	Other    string                       // the box that handed in the last of Handed, when not this one
	Names    map[clinic.ID]Person
}

// MonthReport adds a month up. It names nobody. It reads a few people at a time, so that no
// read is long; whatever order entries came in, the same entries give the same figures.
func (d *Desk) MonthReport(ctx context.Context, by clinic.ID, month clinic.Date) (MonthReport, error) {
	month.Day = 1
	out := MonthReport{Month: month, Template: clinic.ReportTemplate, Rows: map[string]clinic.CatalogRow{}}
	next := clinic.DateOf(month.Time().AddDate(0, 1, 0))
	out.Open = !next.AddDays(-1).Before(d.today())
	head, err := d.o.Witness.Head()
	if err != nil {
		return out, err
	}
	out.Size = head.Size
	var t clinic.Tally
	err = d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightRead)
		if err != nil {
			return err
		}
		out.Hands = slices.Contains(rightReport.roles(), p.Role)
		if out.Names, err = names(r); err != nil {
			return err
		}
		if err := out.handed(r); err != nil {
			return err
		}
		sheets, err := r.Stock(StockQuery{Site: d.site(), From: month, To: next.AddDays(-1)})
		for i := range sheets {
			t.Count(clinic.ReportUsed, sheets[i].Batch.Code, int64(sheets[i].Usage()))
		}
		return err
	})
	if err == nil {
		err = d.tally(ctx, month, next, &t)
	}
	if err != nil {
		return MonthReport{}, err
	}
	out.Lines = t.Lines()
	out.Digest = digestOf(out.Lines)
	out.Books = t.Books()
	out.changes(d.o.Site.Facility.Box)
	return out, d.view(ctx, func(r Reader) error { out.name(r, next.AddDays(-1)); return nil })
}

// changes compares with what was handed in last. Of another box's report what left its
// shelves is left out: ours has other shelves.
func (m *MonthReport) changes(box string) {
	if len(m.Handed) == 0 {
		return
	}
	last := m.Handed[len(m.Handed)-1]
	body := last.Body.(*clinic.Report)
	was, now := body.Lines(), m.Lines
	if body.Box != box && (body.Box != "" || last.Ref.Journal == clinic.In) {
		used := func(l clinic.ReportLine) bool { return l.Key == clinic.ReportUsed }
		was, now = slices.DeleteFunc(was, used), slices.DeleteFunc(slices.Clone(now), used)
		m.Other = cmp.Or(body.Box, "?")
	}
	m.Changes = clinic.Changes(was, now)
}

// tallyAtOnce is how many people one read of tally takes.
const tallyAtOnce = 32

// tally adds up the visits of the days from month to before next, each person's record
// read once.
func (d *Desk) tally(ctx context.Context, month, next clinic.Date, t *clinic.Tally) error {
	visits := map[clinic.ID][]VisitRow{}
	for day, ok := month, true; ok; day = day.AddDays(1) {
		err := d.view(ctx, func(r Reader) (err error) {
			if day, ok, err = r.NextDay(day); err != nil || !ok || !day.Before(next) {
				ok = false
				return err
			}
			rows, err := r.Day(day)
			for _, v := range rows {
				visits[v.Patient] = append(visits[v.Patient], v)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for some := range slices.Chunk(slices.Collect(maps.Keys(visits)), tallyAtOnce) {
		err := d.view(ctx, func(r Reader) error {
			for _, patient := range some {
				if err := d.tallyOf(r, patient, visits[patient], t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) tallyOf(r Reader, patient clinic.ID, visits []VisitRow, t *clinic.Tally) error {
	records, err := r.Records(patient)
	if err != nil {
		return err
	}
	who, p, err := detailsOf(r, patient)
	if err != nil {
		return err
	}
	lead := slices.MinFunc(who.IDs, func(a, b clinic.ID) int { return slices.Compare(a[:], b[:]) })
	for _, v := range visits {
		file := clinic.FoldVisit(v.ID, records)
		if err := d.judge(r, &file); err != nil {
			return err
		}
		t.Visit(lead, &file, p)
	}
	return nil
}

func (m *MonthReport) handed(r Reader) error {
	records, err := r.Records(clinic.ReportsID())
	for _, rec := range records {
		if b, ok := rec.Body.(*clinic.Report); ok && b.Month == m.Month {
			m.Handed = append(m.Handed, rec)
		}
	}
	return err
}

// name finds the names of the rows that held on the month's last day.
func (m *MonthReport) name(r Reader, on clinic.Date) {
	for _, l := range m.Lines {
		catalogs := map[string][]string{
			clinic.ReportDiagnosis: {clinic.CatalogICD10}, clinic.ReportAlert: {clinic.CatalogNotifiable},
			clinic.ReportPrescribed: {clinic.CatalogMedicine}, clinic.ReportUsed: clinic.GoodsCatalogs(),
		}[l.Key]
		for _, c := range catalogs {
			if row, ok := r.Row(c, l.Of, on); ok {
				m.Rows[l.Key+" "+l.Of] = row
			}
		}
	}
}

func digestOf(lines []clinic.ReportLine) string {
	h := sha256.New()
	for _, l := range lines {
		fmt.Fprintf(h, "%s\t%s\t%d\n", l.Key, l.Of, l.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// ReportInput hands a month in: Digest is that of the figures that the person saw.
type ReportInput struct {
	Month  clinic.Date
	Digest string
	Again  bool // although another box of the facility handed the month in
}

// maxReportLines is what an entry of 16 KiB holds.
const maxReportLines = 800

// HandIn keeps the month's figures as they were seen. Figures that changed since are
// refused: they must be seen first. What another box of the facility handed in counts the
// same visits: it is replaced, by who says so.
func (d *Desk) HandIn(ctx context.Context, c Call, in ReportInput) (Done, error) {
	if _, err := d.trusted(); err != nil {
		return Done{}, err
	}
	m, err := d.MonthReport(ctx, c.By, in.Month)
	switch {
	case err != nil:
		return Done{}, err
	case m.Open:
		return Done{}, &Error{Code: CodeReportOpen}
	case len(m.Lines) > maxReportLines:
		return Done{}, &Error{Code: CodeTooMany, Field: "month", Args: map[string]string{"max": fmt.Sprint(maxReportLines)}}
	}
	body := clinic.NewReport(m.Month, m.Lines, m.Size)
	body.Box = d.o.Site.Facility.Box
	for _, b := range m.Books {
		body.Books = append(body.Books, b.Book)
	}
	return d.save(ctx, c, plan{
		need: rightReport, kind: clinic.KindReport, patient: clinic.ReportsID(),
		build: func(*work) ([]clinic.Draft, error) {
			if m.Digest != in.Digest {
				return nil, &Error{Code: CodeReportSeen}
			}
			if m.Other != "" && !in.Again {
				return nil, &Error{Code: CodeReportOther, Field: "again", Args: map[string]string{"box": m.Other}}
			}
			draft := clinic.Draft{Kind: clinic.KindReport, Subject: clinic.ReportsID(), Body: body}
			if n := len(m.Handed); n > 0 {
				draft.Corrects = m.Handed[n-1].Leaf
			}
			return []clinic.Draft{draft}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Report)
			return ok && s.Month == m.Month && digestOf(s.Lines()) == in.Digest
		},
	})
}
