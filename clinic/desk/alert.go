package desk

import (
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
)

// alertDays is how old a visit may be whose diagnosis is reported at once; older ones,
// entered from paper, stand in the month's report.
const alertDays = 30

// alerts returns what a diagnosis that is being saved must report: diseases that had not
// been reported in this visit, and those that are there no longer.
func (w *document) alerts(codes []string) (out []clinic.Draft) {
	if w.row.Day.Before(w.today.AddDays(-alertDays)) {
		return nil
	}
	draft := func(a clinic.Alert) {
		out = append(out, clinic.Draft{Kind: clinic.KindAlert, Subject: w.on.Patient, Visit: w.on.Visit, Body: &a})
	}
	rows, icd := clinic.NotifiableOf(codes, w.CatalogRows(clinic.CatalogNotifiable, w.row.Day))
	for i, row := range rows {
		if w.file.Standing(row.Code) != nil {
			continue
		}
		a := clinic.Alert{
			Disease: row.Code, Name: row.Name, ICD: icd[i], Day: w.row.Day, Sex: w.patient.Sex,
			Now: row.Has(clinic.FlagNow), Code: w.row.Key,
		}
		age := w.patient.Birth.AgeAt(w.row.Day)
		a.Years = age.Years
		if age.Years < 6 {
			a.Months = age.Months
		}
		draft(a)
	}
	told := map[string]bool{}
	for _, f := range w.file.Alerts() {
		gone := !slices.ContainsFunc(rows, func(r clinic.CatalogRow) bool { return r.Code == f.Alert.Disease })
		if standing := w.file.Standing(f.Alert.Disease); gone && standing != nil && !told[f.Alert.Disease] {
			told[f.Alert.Disease] = true
			a := *standing
			a.Withdrawn = true
			draft(a)
		}
	}
	return out
}

// AlertState is how far an alert came.
type AlertState int

// The states of an alert. Only the centre's receipt makes one reported by the link.
const (
	AlertWaits    AlertState = iota // not confirmed by the centre, and not told in another way
	AlertReceived                   // the centre's receipt covers it
	AlertTold                       // somebody told it in another way, and said to whom
)

// AlertRow is an alert in the list of those who must see that it arrives.
type AlertRow struct {
	clinic.AlertFile
	Patient, Visit clinic.ID
	State          AlertState
	Until          time.Time // when it must be there
	Late           bool      // it waits, and Until is past
	Message        string    // for a telephone or the modem; names nobody
	By             string    // who told it
	Closed         bool
}

// close leaves what says nothing of the illness.
func (a *AlertRow) close() {
	rec := a.Record
	a.AlertFile = clinic.AlertFile{
		Record: clinic.Record{Leaf: rec.Leaf, Event: rec.Event},
		Alert:  &clinic.Alert{Day: a.Alert.Day, Now: a.Alert.Now, Withdrawn: a.Alert.Withdrawn},
	}
	a.Message, a.Closed = "", true
}

// Alerts lists the alerts of the last two months, those that wait first, then the
// latest. They name no patient; of a protected record that is closed to who asks, they
// tell only that there is one. What waits, with its Message, is the queue for whatever
// reaches the authority when there is no link.
func (d *Desk) Alerts(ctx context.Context, by clinic.ID) (out []AlertRow, err error) {
	for day, ok := d.today().AddDays(-2*alertDays), true; ok; day = day.AddDays(1) {
		err := d.view(ctx, func(r Reader) (err error) {
			if _, err = who(r, by, rightRead); err != nil {
				return err
			}
			if day, ok, err = r.NextDay(day); err != nil || !ok {
				return err
			}
			return d.alertsOf(r, by, day, &out)
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b AlertRow) int {
		if wa, wb := a.State == AlertWaits, b.State == AlertWaits; wa != wb {
			return map[bool]int{true: -1, false: 1}[wa]
		}
		return b.Record.Event.Compare(a.Record.Event)
	})
	return out, nil
}

func (d *Desk) alertsOf(r Reader, by clinic.ID, day clinic.Date, out *[]AlertRow) error {
	rows, err := r.Day(day)
	if err != nil {
		return err
	}
	people, err := names(r)
	for i := 0; i < len(rows) && err == nil; i++ {
		if rows[i].Has&HasAlert == 0 {
			continue
		}
		var records []clinic.Record
		if records, err = r.Records(rows[i].Patient); err != nil {
			break
		}
		var closed bool
		if closed, err = d.closed(r, by, rows[i].Patient); err != nil {
			break
		}
		v := clinic.FoldVisit(rows[i].ID, records)
		for _, f := range v.Alerts() {
			a := d.alertRow(f, people)
			a.Patient, a.Visit = rows[i].Patient, rows[i].ID
			if closed {
				a.close()
			}
			*out = append(*out, a)
		}
	}
	return err
}

func (d *Desk) alertRow(f clinic.AlertFile, people map[clinic.ID]Person) AlertRow {
	a := AlertRow{AlertFile: f, Until: f.Alert.Until(f.Record.Event)}
	switch {
	case len(f.Told) > 0:
		a.State, a.By = AlertTold, people[f.Told[len(f.Told)-1].Author].Name
	case f.Record.Ref.Journal == clinic.Own && d.o.Arrived != nil && d.o.Arrived(f.Record.Ref.Index),
		f.Record.Ref.Journal == clinic.In: // it came from the centre
		a.State = AlertReceived
	}
	a.Late = a.State == AlertWaits && d.now().After(a.Until)
	a.Message = f.Alert.Message(d.o.Site.Facility.Code, d.o.Fold)
	return a
}

// AlertToldInput says how an alert was reported.
type AlertToldInput struct {
	Patient, Visit clinic.ID
	Alert          clinic.Leaf
	How            string
}

// TellAlert records that somebody reported an alert in another way than by the link.
func (d *Desk) TellAlert(ctx context.Context, c Call, in AlertToldInput) (Done, error) {
	how, err := d.line("how", in.How, 200)
	if err == nil && how == "" {
		err = &Error{Code: CodeRequired, Field: "how"}
	}
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindAlertTold, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			records, err := w.Records(in.Patient)
			if err != nil {
				return nil, err
			}
			if err := d.mayRead(w, w.by.ID, in.Patient); err != nil {
				return nil, err
			}
			v := clinic.FoldVisit(in.Visit, records)
			if !slices.ContainsFunc(v.Alerts(), func(f clinic.AlertFile) bool { return f.Record.Leaf == in.Alert }) {
				return nil, &Error{Code: CodeNoVisit}
			}
			body := &clinic.AlertTold{Alert: slices.Clone(in.Alert[:]), How: how}
			return []clinic.Draft{{Kind: clinic.KindAlertTold, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.AlertTold)
			return ok && s.How == how && slices.Equal(s.Alert, in.Alert[:])
		},
	})
}
