package desk

import (
	"context"
	"fmt"
	"slices"

	"clinicbox/clinic"
)

// SessionInput is the form of a session of vaccination: what is open in it.
type SessionInput struct {
	Base    clinic.Leaf // the version that the form showed; zero = none
	Place   string
	Batches []clinic.VaccineBatch
}

// mostBatches is how many vaccines are open in one session.
const mostBatches = 20

// SaveSession says which batches are open today. Nothing of a patient is touched.
func (d *Desk) SaveSession(ctx context.Context, c Call, in SessionInput) (Done, error) {
	body, err := d.sessionForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindSession, patient: clinic.SessionSubject(),
		build: func(w *work) ([]clinic.Draft, error) {
			out := *body
			out.Day = w.today
			records, err := w.Records(clinic.SessionSubject())
			if err != nil {
				return nil, err
			}
			now := sessionOn(records, w.today)
			if now == nil && in.Base != (clinic.Leaf{}) || now != nil && now.Leaf != in.Base {
				return nil, &Error{Code: CodeChanged}
			}
			var bad Errors
			for i := range out.Batches {
				b := &out.Batches[i]
				if _, ok := w.Row(clinic.CatalogVaccine, b.Vaccine, w.today); !ok {
					bad = append(bad, &Error{Code: CodeDoseVaccine, Field: "batch." + b.Vaccine})
				} else if b.Over(w.today) {
					bad = append(bad, &Error{Code: CodeDoseOver, Field: "batch." + b.Vaccine, Args: map[string]string{"name": b.Vaccine, "day": b.Expiry.String()}})
				}
			}
			if len(bad) > 0 {
				return nil, bad.join()
			}
			draft := clinic.Draft{Kind: clinic.KindSession, Subject: clinic.SessionSubject(), Body: &out}
			if now != nil {
				if sameSession(now.Body, &out) {
					return nil, &unchanged{*now}
				}
				draft.Corrects = now.Leaf
			}
			return []clinic.Draft{draft}, nil
		},
		same: func(b any) bool { return sameSession(b, body) },
	})
}

func (d *Desk) sessionForm(in SessionInput) (*clinic.Session, error) {
	var bad Errors
	place, err := d.line("place", in.Place, 120)
	if err := bad.collect(err); err != nil {
		return nil, err
	}
	body := &clinic.Session{Place: place}
	if len(in.Batches) > mostBatches {
		bad = append(bad, &Error{Code: CodeTooMany, Field: "place", Args: map[string]string{"max": fmt.Sprint(mostBatches)}})
	}
	for _, b := range in.Batches {
		number, err := d.line("batch."+b.Vaccine, b.Batch, 30)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		if b.Batch = clinic.NormalLot(number); b.Batch == "" {
			continue
		}
		if !b.Expiry.IsZero() && (!b.Expiry.Full() || !b.Expiry.Valid()) {
			bad = append(bad, &Error{Code: CodeValue, Field: "expiry." + b.Vaccine, Args: map[string]string{"problem": clinic.ProblemDate}})
		}
		body.Batches = append(body.Batches, b)
	}
	return body, bad.join()
}

func sameSession(body any, s *clinic.Session) bool {
	b, ok := body.(*clinic.Session)
	return ok && !b.Closed && b.Place == s.Place && slices.Equal(b.Batches, s.Batches)
}

// sessionOn is the session of the day on this box, as it was last saved; nil when there
// is none. Sessions of other boxes of the facility are theirs.
func sessionOn(records []clinic.Record, day clinic.Date) (out *clinic.Record) {
	for i := range records {
		s, ok := records[i].Body.(*clinic.Session)
		if ok && records[i].Ref.Journal == clinic.Own && s.Day == day {
			out = &records[i]
		}
	}
	return out
}

// lastSession is the latest session of this box before the day, or nil.
func lastSession(records []clinic.Record, day clinic.Date) (out *clinic.Session) {
	for i := range records {
		s, ok := records[i].Body.(*clinic.Session)
		if ok && records[i].Ref.Journal == clinic.Own && s.Day.Before(day) {
			out = s
		}
	}
	return out
}

// SignAllInput is the form that confirms several visits with one PIN.
type SignAllInput struct {
	Visits []SignInput // their PIN is not looked at
	PIN    string
}

// mostSigned is how many visits one form confirms.
const mostSigned = 200

// SignAll confirms the documents of several visits of vaccination, each with a signature
// of its own, in one act: all of them or none.
func (d *Desk) SignAll(ctx context.Context, c Call, in SignAllInput) (Done, error) {
	switch {
	case len(in.Visits) == 0:
		return Done{}, &Error{Code: CodeSignNothing}
	case len(in.Visits) > mostSigned:
		return Done{}, &Error{Code: CodeTooMany, Args: map[string]string{"max": fmt.Sprint(mostSigned)}}
	}
	key, err := d.signer(ctx, c, in.PIN)
	if err != nil {
		return Done{}, err
	}
	defer wipe(key)
	return d.save(ctx, c, plan{
		need: rightTreat, kind: clinic.KindSigned, patient: in.Visits[0].Patient, visit: in.Visits[0].Visit,
		build: func(w *work) (out []clinic.Draft, err error) {
			for _, v := range in.Visits {
				if row, ok, err := w.Visit(v.Visit); err != nil || !ok || row.Type != clinic.VisitVaccination {
					return nil, cmpErr(err, &Error{Code: CodeNoVisit})
				}
				drafts, err := d.signDrafts(w, key, v)
				if err != nil {
					return nil, err
				}
				out = append(out, drafts...)
			}
			return out, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Signed)
			return ok && clinic.SeenOf(s.Leaves) == in.Visits[0].Seen
		},
	})
}

// cmpErr returns the first error that is one.
func cmpErr(err error, otherwise *Error) error {
	if err != nil {
		return err
	}
	return otherwise
}
