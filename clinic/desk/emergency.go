package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
)

// EmergencyInput is the one press that takes an emergency in.
type EmergencyInput struct {
	Patient clinic.ID // zero = nobody knows yet who it is
}

// OpenEmergency opens an emergency visit in one act, and registers a patient without a
// name for it unless one was found. Who waits or lies here already is not asked about: of
// two visits one is ended, and care did not wait.
func (d *Desk) OpenEmergency(ctx context.Context, c Call, in EmergencyInput) (Done, error) {
	visit := clinic.Visit{Type: clinic.VisitEmergency, Source: clinic.SourceTyped}
	p := plan{
		need: rightRegister, kind: clinic.KindVisit, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			if err := w.mayOpen(in.Patient, true); err != nil {
				return nil, err
			}
			return d.openVisit(w, in.Patient, visit)
		},
		same: func(b any) bool { v, ok := b.(*clinic.Visit); return ok && v.Type == visit.Type },
	}
	if in.Patient.IsZero() {
		unknown, err := d.demographics(PatientInput{Patient: clinic.Patient{Source: clinic.SourceUnknown, Unnamed: true}})
		if err != nil {
			return Done{}, err
		}
		visit.Source = clinic.SourceUnknown
		p.kind, p.build = clinic.KindPatient, func(w *work) ([]clinic.Draft, error) {
			body := *unknown
			if err := w.rename(&body, &clinic.Patient{}, &clinic.Identity{}); err != nil {
				return nil, err
			}
			if err := d.temporary(w, &body); err != nil {
				return nil, err
			}
			patient := d.o.NewID()
			drafts, err := d.openVisit(w, patient, visit)
			return append([]clinic.Draft{{Kind: clinic.KindPatient, Subject: patient, Body: &body}}, drafts...), err
		}
		p.same = func(b any) bool { return samePatient(b, unknown) }
	}
	done, err := d.save(ctx, c, p)
	if err == nil {
		done.Visit = done.Records[len(done.Records)-1].Visit
	}
	return done, err
}

// TriageInput is the button that says how urgent an emergency is.
type TriageInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Level   clinic.Triage
}

// Triage says how urgent it is; the latest word counts.
func (d *Desk) Triage(ctx context.Context, c Call, in TriageInput) (Done, error) {
	if !slices.Contains(clinic.Triages(), in.Level) {
		return Done{}, &Error{Code: CodeRequired, Field: "triage"}
	}
	return d.changeVisit(ctx, c, visitChange{
		patient: in.Patient, visit: in.Visit,
		change: func(_ *work, v *clinic.Visit) error { v.Triage = in.Level; return nil },
		same:   func(v *clinic.Visit) bool { return v.Triage == in.Level },
	})
}

// NoticeInput is the form of who was told of a patient.
type NoticeInput struct {
	On
	clinic.EmergencyNotice
}

// Notice saves who was told. A zero On.Base adds a notice; nothing is sent.
func (d *Desk) Notice(ctx context.Context, c Call, in NoticeInput) (Done, error) {
	body := in.EmergencyNotice
	var bad Errors
	for _, f := range []struct {
		name string
		p    *string
	}{{"name", &body.Name}, {"how", &body.How}} {
		s, err := d.line(f.name, *f.p, 200)
		if err := bad.collect(err); err != nil {
			return Done{}, err
		}
		*f.p = s
	}
	if !slices.Contains(clinic.NoticeTos(), body.To) {
		bad = append(bad, &Error{Code: CodeRequired, Field: "to"})
	}
	if body.Name == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "name"})
	}
	bad = append(bad, checkMoment(&body.Day, &body.Time)...)
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindEmergencyNotice, many: true, why: body.Mistake,
		body: func(w *document) (any, error) {
			b := body
			err := w.moment(&b.Day, &b.Time)
			return &b, err
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.EmergencyNotice)
			return ok && s.To == body.To && s.Name == body.Name && s.How == body.How && s.Mistake == body.Mistake && sameMoment(s.Day, s.Time, body.Day, body.Time)
		},
	})
}

// NoticeRow is a patient of whom the People's Committee must still be told.
type NoticeRow struct {
	Patient clinic.ID
	Visit   clinic.ID
	Name    string
	Closed  bool
	Came    time.Time
	Until   time.Time
	Left    time.Duration // negative: overdue; meaningless unless Sure
	Sure    bool          // the clock is trusted, now and when the patient came
	Died    bool
}

// noticesFor is for how many days a visit stands on the list.
const noticesFor = 30

// NoticesDue returns the patients whom nobody knows and of whom the People's Committee was
// not told, the most urgent first: emergencies, stays and deaths of the last 30 days. Who
// has got a name, or was found to be somebody who has one, leaves the list.
func (d *Desk) NoticesDue(ctx context.Context, by clinic.ID) (out []NoticeRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		now, sure := d.o.Clock.Now()
		seen := map[clinic.ID]bool{}
		for i := noticesFor; i >= 0; i-- { // the oldest first: the first visit counts
			rows, err := d.dayHere(r, dayOf(now).AddDays(-i))
			if err != nil {
				return err
			}
			for _, row := range rows {
				urgent := row.Type == clinic.VisitEmergency || row.Type == clinic.VisitStay || row.Type == clinic.VisitDeath
				if !urgent || row.Has&HasEnded != 0 || seen[row.Patient] {
					continue
				}
				seen[row.Patient] = true
				n, due, err := d.noticeDue(r, by, row)
				if err != nil {
					return err
				}
				if due {
					n.Left, n.Sure = n.Until.Sub(now), n.Sure && sure
					out = append(out, n)
				}
			}
		}
		slices.SortStableFunc(out, func(a, b NoticeRow) int { return cmp.Compare(a.Until.Unix(), b.Until.Unix()) })
		return nil
	})
	return out, err
}

func (d *Desk) noticeDue(r Reader, by clinic.ID, row VisitRow) (n NoticeRow, due bool, err error) {
	_, p, err := detailsOf(r, row.Patient)
	if err != nil || p == nil || !p.Nameless() {
		return n, false, err
	}
	file, err := readPatient(r, row.Patient)
	if err != nil {
		return n, false, err
	}
	v := file.Visit(row.ID)
	_, death := file.Died()
	if v == nil || v.Visit == nil || file.CommuneTold(death) {
		return n, false, nil
	}
	rule := func(code string) int {
		x, ok := r.Row(clinic.CatalogCareRule, code, row.Day)
		return clinic.CareRule(x, ok, code)
	}
	n = NoticeRow{Patient: row.Patient, Visit: row.ID, Name: p.Name, Came: v.Opened.Event, Sure: v.Opened.Trusted, Died: death != nil}
	n.Until = v.NoticeUntil(death, rule(clinic.RuleNoticeHours), rule(clinic.RuleDeathHours))
	n.Closed, err = d.closed(r, by, row.Patient)
	if n.Closed {
		n.Died = false
	}
	return n, true, err
}

// first orders the queue: who is in danger before who is not. Of whom nobody said it, is
// urgent until somebody does.
func (q *QueueRow) first() int {
	if !q.Emergency || !q.waits() {
		return 9
	}
	return map[clinic.Triage]int{clinic.TriageNow: 0, clinic.TriageSoon: 1, clinic.TriageNone: 1, clinic.TriageWait: 2}[q.Triage]
}

// urgency reads how urgent an emergency is.
func (q *QueueRow) urgency(r Reader) error {
	if q.Emergency = q.Type == clinic.VisitEmergency; !q.Emergency {
		return nil
	}
	records, err := r.Records(q.Patient)
	if err != nil {
		return err
	}
	if f := clinic.FoldVisit(q.ID, records); f.Visit != nil {
		q.Triage = f.Visit.Triage
	}
	return nil
}
