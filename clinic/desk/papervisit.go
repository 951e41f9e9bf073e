package desk

import (
	"context"
	"slices"
	"time"

	"clinicbox/clinic"
)

// PaperVisitInput is the form that opens a visit which was written on paper, while the
// box was down or away.
type PaperVisitInput struct {
	Patient clinic.ID
	At      time.Time // when it was, as the paper says
	By      clinic.ID // who wrote it: a nurse or doctor, also one who left since
	Reason  string
	Type    clinic.VisitType
}

// OpenPaperVisit opens a visit that was: its day, its prices and the times of its
// documents are those of the paper; who types is the author of the entries, and who wrote
// the paper stands in Visit.After. Nobody waits for it in the queue. A visit of the same
// minute is CodeAlreadyQueued with Visit.
func (d *Desk) OpenPaperVisit(ctx context.Context, c Call, in PaperVisitInput) (Done, error) {
	form, err := d.visitForm(VisitInput{Reason: in.Reason, Type: in.Type})
	if err != nil {
		return Done{}, err
	}
	at := in.At.Truncate(time.Minute)
	form.After = &clinic.Afterwards{By: in.By[:]}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindVisit, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			if err := w.mayEnter(&in, at); err != nil {
				return nil, err
			}
			w.today = clinic.DateOf(at)
			drafts, err := d.openVisit(w, in.Patient, *form)
			for i := range drafts {
				drafts[i].Event = at
			}
			return drafts, err
		},
		same: func(body any) bool {
			v, ok := body.(*clinic.Visit)
			by, paper := clinic.ID{}, false
			if ok {
				by, paper = v.After.Author()
			}
			return paper && by == in.By && v.Reason == form.Reason && v.Type == form.Type && v.Day == clinic.DateOf(at)
		},
	})
}

// mayEnter refuses a time that cannot be, and an author who cares for nobody.
func (w *work) mayEnter(in *PaperVisitInput, at time.Time) error {
	if !w.sure {
		return &Error{Code: CodeClockUntrusted}
	}
	who, p, err := detailsOf(w, in.Patient)
	switch {
	case err != nil:
		return err
	case p == nil:
		return &Error{Code: CodeNoPatient}
	case p.Withdrawn:
		return &Error{Code: CodeWithdrawn}
	}
	day := clinic.DateOf(at)
	var bad Errors
	switch {
	case in.At.IsZero(), day.Year < 2000: // no key of a visit can say it
		bad = append(bad, &Error{Code: CodeRequired, Field: "at"})
	case at.After(w.now):
		bad = append(bad, &Error{Code: CodePaperFuture, Field: "at"})
	case !p.Birth.IsZero() && day.Before(p.Birth):
		bad = append(bad, &Error{Code: CodePaperUnborn, Field: "at"})
	}
	all, err := staffOf(w)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(o Person) bool { return o.ID == in.By && o.writesPapers() }) {
		bad = append(bad, &Error{Code: CodePaperBy, Field: "by"})
	}
	if len(bad) > 0 {
		return bad.join()
	}
	rows, err := w.Day(day)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if who.Has(row.Patient) && row.Has&HasAfter != 0 && row.Has&HasEnded == 0 && row.Opened.Equal(at) {
			return &Error{Code: CodeAlreadyQueued, Visit: row.ID}
		}
	}
	return nil
}

// writesPapers reports whether somebody may have written a visit on paper.
func (p *Person) writesPapers() bool { return slices.Contains(rightMeasure.roles(), p.Role) }

// event is when a document of the visit was: of a visit that was entered from paper, the
// paper's time; otherwise zero, which is now.
func (doc *document) event() time.Time {
	if v := doc.file.Visit; v != nil && v.After != nil && len(v.After.Import) == 0 {
		return doc.file.Opened.Event
	}
	return time.Time{}
}

// PaperWork is what staff who enter papers need.
type PaperWork struct {
	Writers []Person // who may have written a paper: those at work first, then who left
	Open    []PaperVisit
}

// PaperVisit is a visit from paper that nobody signed yet.
type PaperVisit struct {
	VisitRow
	Name   string
	Closed bool
}

// paperDays is how far back visits from paper are looked for.
const paperDays = 60

// PaperWork lists the visits from paper of the last sixty days that wait for a signature.
func (d *Desk) PaperWork(ctx context.Context, by clinic.ID) (out PaperWork, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRegister); err != nil {
			return err
		}
		all, err := staffOf(r)
		if err != nil {
			return err
		}
		for _, left := range []bool{false, true} {
			for _, p := range all {
				if p.writesPapers() && p.Left == left {
					out.Writers = append(out.Writers, p)
				}
			}
		}
		today := d.today()
		for day := today.AddDays(-paperDays); ; day = day.AddDays(1) {
			var ok bool
			if day, ok, err = r.NextDay(day); err != nil || !ok || today.Before(day) {
				return err
			}
			rows, err := d.dayHere(r, day)
			if err != nil {
				return err
			}
			if err := d.papersOf(r, by, rows, &out); err != nil {
				return err
			}
		}
	})
	slices.Reverse(out.Open)
	return out, err
}

func (d *Desk) papersOf(r Reader, by clinic.ID, rows []VisitRow, out *PaperWork) error {
	for _, row := range rows {
		if row.Has&HasAfter == 0 || row.Has&(HasSigned|HasEnded) != 0 {
			continue
		}
		records, err := r.Records(row.Patient)
		if err != nil {
			return err
		}
		if v := clinic.FoldVisit(row.ID, records); v.Visit == nil || v.Visit.After == nil || len(v.Visit.After.Import) > 0 {
			continue
		}
		_, now, err := detailsOf(r, row.Patient)
		if err != nil {
			return err
		}
		closed, err := d.closed(r, by, row.Patient)
		if err != nil {
			return err
		}
		x := PaperVisit{VisitRow: row, Closed: closed}
		if now != nil {
			x.Name = now.Name
		}
		out.Open = append(out.Open, x)
	}
	return nil
}

// wrote returns who wrote the visit down, when it was entered later.
func (doc *document) wrote(people map[clinic.ID]Person) (clinic.Staff, bool) {
	v := doc.file.Visit
	if v == nil || v.After == nil {
		return clinic.Staff{}, false
	}
	if by, ok := v.After.Author(); ok {
		return people[by].Staff, true
	}
	return clinic.Staff{Name: v.After.Name}, true
}
