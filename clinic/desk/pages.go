package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/safety"
)

// QueueRow is a line of today's list.
type QueueRow struct {
	VisitRow
	Name  string
	Birth clinic.Date
	// BirthTime is HH:MM; empty = not known, or the record is closed.
	BirthTime string
	Sex       clinic.Sex
	State     clinic.VisitState // of a signed visit: as its signatures are judged
	// Closed: the record is protected, Birth is the year only.
	Closed bool
	// An emergency says so also while the record is closed: who is in danger waits for
	// nobody.
	Emergency bool
	Triage    clinic.Triage
}

// Day is the list of a day.
type Day struct {
	Day  clinic.Date
	Rows []QueueRow // emergencies that wait first, by urgency; then in queue order, those of last evening that go on first
	Next int        // index in Rows of who is next for the doctor; -1 = nobody
}

// Today returns the list of the day.
func (d *Desk) Today(ctx context.Context, by clinic.ID) (Day, error) {
	now, _ := d.o.Clock.Now()
	out := Day{Day: dayOf(now), Next: -1}
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		rows, err := d.queue(r, now)
		if err != nil {
			return err
		}
		j := d.judging(r)
		for _, row := range rows {
			q := QueueRow{VisitRow: row}
			if q.State, err = j.state(&row); err != nil {
				return err
			}
			_, p, err := detailsOf(r, row.Patient)
			if err != nil {
				return err
			}
			if p != nil {
				q.Name, q.Birth, q.BirthTime, q.Sex = p.Name, p.Birth, p.BirthTime, p.Sex
				if q.Closed, err = d.closed(r, by, row.Patient); err != nil {
					return err
				}
			}
			if err := q.urgency(r); err != nil {
				return err
			}
			if q.Closed {
				q.Birth, q.BirthTime, q.Sex, q.Has, q.Type = clinic.Date{Year: p.Birth.Year}, "", 0, q.Has&shownClosed, 0
			}
			out.Rows = append(out.Rows, q)
		}
		return nil
	})
	slices.SortStableFunc(out.Rows, func(a, b QueueRow) int { return cmp.Compare(a.first(), b.first()) })
	out.Next = slices.IndexFunc(out.Rows, func(q QueueRow) bool { return q.State <= clinic.VisitMeasured })
	return out, err
}

// stateOf tells where a visit stands by what it has.
func stateOf(has Progress) clinic.VisitState {
	switch {
	case has&HasSigned != 0:
		return clinic.VisitSigned
	case has&HasEnded != 0:
		return clinic.VisitClosed
	case has&(HasExam|HasDiagnosis|HasPrescription|HasBill|HasAppointment|HasOther) != 0:
		return clinic.VisitOpen
	case has&HasVitals != 0:
		return clinic.VisitMeasured
	}
	return clinic.VisitWaiting
}

// Patient is what the patient's page shows.
type Patient struct {
	clinic.PatientFile
	Age        clinic.Age
	Today      []VisitRow       // visits in the queue that are neither signed nor ended
	Open       []AppointmentRow // appointments from today on that are not used
	Names      map[clinic.ID]Person
	VisitRows  map[clinic.ID]VisitRow
	Doubts     []string             // clinic.CitizenDoubts about the current number
	Alike      []Hit                // others who may be the same person, and of whom nobody said
	Mother     *Hit                 // nil when none is known; without a name when her details are on another box
	Children   []Hit                // the youngest first
	Followed   []clinic.Followed    // programmes that they are in
	Programmes []clinic.CatalogRow  // that they are not in
	With       *clinic.Expecting    // the pregnancy that goes on; nil = none is recorded
	Away       Elsewhere            // what other facilities know
	Linked     map[clinic.ID]string // the name, and unless closed the number, under each ID of Who.Bonds
}

// PatientPage reads a patient's record; the view is recorded.
func (d *Desk) PatientPage(ctx context.Context, by, patient clinic.ID) (Patient, error) {
	out := Patient{VisitRows: map[clinic.ID]VisitRow{}}
	err := d.view(ctx, func(r Reader) (err error) {
		if _, err = who(r, by, rightRead); err != nil {
			return err
		}
		if out.PatientFile, err = readPatient(r, patient); err != nil {
			return err
		}
		if err = d.mayRead(r, by, patient); err != nil {
			return err
		}
		if out.Names, err = names(r); err != nil {
			return err
		}
		var visits []*clinic.VisitFile
		for i := range out.Visits {
			visits = append(visits, &out.Visits[i])
		}
		if err = d.judge(r, visits...); err != nil {
			return err
		}
		if err = d.judgeAlone(r, &out.PatientFile); err != nil {
			return err
		}
		if out.Alike, err = d.alike(r, by, &out.Who, out.Now); err != nil {
			return err
		}
		if err = d.linked(r, by, &out); err != nil {
			return err
		}
		if err = d.family(r, by, &out); err != nil {
			return err
		}
		out.programmes(r, d.today())
		out.Away = d.elsewhere(r, &out.PatientFile)
		return out.visits(r, d.now())
	})
	if err != nil {
		return Patient{}, err
	}
	out.Age = out.Now.Birth.AgeAt(d.today())
	if id, ok := out.Now.Current(clinic.SystemCitizen, d.today()); ok {
		out.Doubts = clinic.CheckCitizen(id.Value, out.Now.Sex, out.Now.Birth)
	}
	d.views.person(ctx, by, &out.Who)
	return out, nil
}

func names(r Reader) (map[clinic.ID]Person, error) {
	all, err := staffOf(r)
	out := make(map[clinic.ID]Person, len(all))
	for _, p := range all {
		out[p.ID] = p
	}
	return out, err
}

// programmes tells in which programmes the person is, and which there are besides.
func (p *Patient) programmes(r Catalogues, today clinic.Date) {
	rows := holding(r.Rows(clinic.CatalogProgramme, ""), today)
	p.Followed = p.PatientFile.Followed(rows, today)
	contacts, _ := clinic.Contacts(holding(r.Rows(clinic.CatalogAntenatal, ""), today), today)
	p.With = p.Expecting(contacts, today)
	p.Programmes = slices.DeleteFunc(rows, func(row clinic.CatalogRow) bool {
		return slices.ContainsFunc(p.Followed, func(f clinic.Followed) bool { return f.Row.Code == row.Code })
	})
}

// visits fills in the rows of the patient's visits and open appointments.
func (p *Patient) visits(r Agenda, now time.Time) error {
	today := dayOf(now)
	for i := range p.Visits {
		v := &p.Visits[i]
		row, ok, err := r.Visit(v.ID)
		if err != nil {
			return err
		}
		if ok {
			p.VisitRows[v.ID] = row
			_, lies := v.Lies()
			if lies || row.waits() && (row.Day == today || row.Day == today.AddDays(-1) && now.Sub(row.Opened) <= overnight) {
				p.Today = append(p.Today, row)
			}
		}
		a := clinic.BodyOf[clinic.Appointment](v.Doc(clinic.KindAppointment))
		if a == nil || a.Due.Before(today) {
			continue
		}
		slip, ok, err := r.Slip(a.Slip)
		if err != nil {
			return err
		}
		if ok && slip.Used.IsZero() && !slip.Void {
			p.Open = append(p.Open, slip)
		}
	}
	return nil
}

// VisitView is what the visit's pages show.
type VisitView struct {
	Patient clinic.PatientFile // for the banner and earlier values
	Visit   clinic.VisitFile
	Row     VisitRow
	Age     clinic.Age                   // on the visit's day
	Months  int                          // age for clinic.RangeOf; -1 = unknown
	Names   map[clinic.ID]Person         // authors by ID
	ICD     map[string]clinic.CatalogRow // rows of the diagnosis' codes on the visit's day
	Closed  bool                         // the record is protected: what the bill needs, for the cashier
	// StayDays are the days of the stay so far, or of the whole; 0 without one.
	StayDays int
	// Safety is what the safety checks say today of prescriptions that wait for a
	// signature, by the leaf of their current version; not for a cashier.
	Safety map[clinic.Leaf][]safety.Finding
}

// VisitPage reads a visit; the view is recorded. A visit of another patient is
// CodeMixed. Of a record that is closed to a cashier it shows what the bill needs.
func (d *Desk) VisitPage(ctx context.Context, by, patient, visit clinic.ID) (VisitView, error) {
	var out VisitView
	err := d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightRead)
		if err != nil {
			return err
		}
		w := &work{Reader: r, desk: d, by: p}
		read := w.visit
		if p.Role == clinic.RoleCashier {
			read = w.readVisit
		}
		doc, err := read(patient, visit)
		if err != nil {
			return err
		}
		out.Patient = doc.whole
		out.Visit, out.Row = doc.file, doc.row
		if p.Role != clinic.RoleCashier {
			out.Safety = doc.waiting()
		}
		out.StayDays = doc.stayDays()
		out.ICD = icdRows(r, &doc.file, doc.row.Day)
		if out.Names, err = names(r); err != nil {
			return err
		}
		out.Closed, err = d.closed(r, by, patient)
		return err
	})
	if err != nil {
		return VisitView{}, err
	}
	if out.Closed {
		out.billing()
	}
	out.Visit.JudgeLegal(d.o.Legal.Judge)
	out.Age = out.Patient.Now.Birth.AgeAt(out.Row.Day)
	out.Months = ageMonths(out.Patient.Now.Birth, &out.Visit)
	d.views.add(ctx, by, patient, visit)
	return out, nil
}

// icdRows returns the catalogue rows of the codes in every version of the visit's
// diagnosis and death.
func icdRows(r Reference, v *clinic.VisitFile, day clinic.Date) map[string]clinic.CatalogRow {
	out := map[string]clinic.CatalogRow{}
	for i := range v.Documents {
		for _, ver := range v.Documents[i].Versions {
			var codes []string
			switch b := ver.Record.Body.(type) {
			case *clinic.Diagnosis:
				codes = append([]string{b.Main}, b.Others...)
			case *clinic.Death:
				codes = b.Others
				for _, c := range b.Chain {
					codes = append(codes, c.Code)
				}
			}
			for _, code := range codes {
				if row, ok := r.Row(clinic.CatalogICD10, code, day); ok {
					out[code] = row
				}
			}
		}
	}
	return out
}

// DueRow is a line of the list of appointments.
type DueRow struct {
	AppointmentRow
	Name  string
	Birth clinic.Date
	Phone string
	// Closed: the record is protected, Birth is the year only, Phone is empty.
	Closed bool
}

// Due returns appointments with from ≤ due ≤ to that are not void, by date; used
// ones too, so that the list shows who came.
func (d *Desk) Due(ctx context.Context, by clinic.ID, from, to clinic.Date) (out []DueRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		rows, err := r.Due(from, to)
		if err != nil {
			return err
		}
		dead, err := theDead(r)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Void || dead[row.Patient] {
				continue
			}
			_, p, err := detailsOf(r, row.Patient)
			if err != nil {
				return err
			}
			due := DueRow{AppointmentRow: row}
			if p != nil {
				due.Name, due.Birth, due.Phone = p.Name, p.Birth, p.Phone
				if due.Closed, err = d.closed(r, by, row.Patient); err != nil {
					return err
				}
			}
			if due.Closed {
				due.Birth, due.Phone = clinic.Date{Year: p.Birth.Year}, ""
			}
			out = append(out, due)
		}
		return nil
	})
	return out, err
}

// theDead returns every ID of the people whose death is recorded: nobody calls their
// families about an appointment.
func theDead(r Reader) (map[clinic.ID]bool, error) {
	out := map[clinic.ID]bool{}
	ids, err := r.Members(clinic.KindDeath)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		file, err := readPatient(r, id)
		if err != nil {
			return nil, err
		}
		if doc, _ := file.Died(); doc == nil {
			continue
		}
		for _, x := range file.Who.IDs {
			out[x] = true
		}
	}
	return out, nil
}

// Search finds catalogue rows that hold on the day; best first.
func (d *Desk) Search(ctx context.Context, catalog, query string, on clinic.Date, limit int) (out []clinic.CatalogRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		out = r.SearchCatalog(catalog, query, on, limit)
		return nil
	})
	return out, err
}
