package desk

import (
	"context"
	"time"

	"clinicbox/clinic"
)

// AppointInput is the form of the next appointment.
type AppointInput struct {
	On
	Due   clinic.Date
	Hour  string // "08:30" or empty
	Place string
	Note  string
}

// maxAhead is how many days ahead an appointment may lie: more is a wrong year.
const maxAhead = 400

// Appoint saves the appointment under a fresh slip code; the code of an earlier
// version is void from then on.
func (d *Desk) Appoint(ctx context.Context, c Call, in AppointInput) (Done, error) {
	typed, err := d.appointment(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindAppointment,
		body: func(w *document) (any, error) { return d.fillAppointment(w, *typed) },
		same: func(b any) bool {
			s, ok := b.(*clinic.Appointment)
			if !ok {
				return false
			}
			plain := *s
			plain.Slip = ""
			return plain == *typed
		},
	})
}

// SlipOf returns the slip code that Appoint allocated, or "".
func SlipOf(done Done) string {
	for _, r := range done.Records {
		if a, ok := r.Body.(*clinic.Appointment); ok {
			return a.Slip
		}
	}
	return ""
}

func (d *Desk) appointment(in AppointInput) (*clinic.Appointment, error) {
	var bad Errors
	out := &clinic.Appointment{Due: in.Due, Hour: in.Hour}
	if !in.Due.Full() || !in.Due.Valid() {
		args := map[string]string{"problem": clinic.ProblemDate}
		bad = append(bad, &Error{Code: CodeValue, Field: "due", Args: args})
	}
	if in.Hour != "" {
		if t, err := time.Parse("15:04", in.Hour); err != nil || t.Format("15:04") != in.Hour {
			bad = append(bad, &Error{Code: CodeHour, Field: "hour"})
		}
	}
	for _, f := range []struct {
		name, s string
		p       *string
		limit   int
	}{{"place", in.Place, &out.Place, 120}, {"note", in.Note, &out.Note, 500}} {
		s, err := d.line(f.name, f.s, f.limit)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		*f.p = s
	}
	return out, bad.join()
}

func (d *Desk) fillAppointment(w *document, a clinic.Appointment) (any, error) {
	if w.sure { // an untrusted clock cannot tell what lies ahead
		switch {
		case !w.today.Before(a.Due):
			return nil, &Error{Code: CodeDuePast, Field: "due"}
		case w.today.AddDays(maxAhead).Before(a.Due):
			return nil, &Error{Code: CodeDueFar, Field: "due"}
		}
	}
	if w.old != nil {
		old := clinic.BodyOf[clinic.Appointment](w.old)
		row, ok, err := w.Slip(old.Slip)
		if err != nil {
			return nil, err
		}
		if ok && !row.Used.IsZero() {
			return nil, &Error{Code: CodeAppointUsed}
		}
	}
	f := d.o.Site.Facility
	n, err := w.next(clinic.SeriesSlip(f.Book))
	if err != nil {
		return nil, err
	}
	if a.Slip, err = clinic.NewSlip(f.Code, f.Book, n); err != nil {
		return nil, &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "slip"}}
	}
	return &a, nil
}
