package desk

import (
	"context"

	"clinicbox/clinic"
)

// noteLimit is how long one text of a note may be: three of them in letters of
// three bytes stay below an entry's 16 KiB.
const noteLimit = 1700

// ExamInput is the form of the examination.
type ExamInput struct {
	On
	clinic.Exam
}

// Exam saves reason, history and findings.
func (d *Desk) Exam(ctx context.Context, c Call, in ExamInput) (Done, error) {
	var bad Errors
	body := in.Exam
	for _, f := range []struct {
		name string
		p    *string
	}{{"reason", &body.Reason}, {"history", &body.History}, {"finding", &body.Finding}} {
		s, err := d.text(f.name, *f.p, noteLimit)
		if err := bad.collect(err); err != nil {
			return Done{}, err
		}
		*f.p = s
	}
	if body.Reason == "" && len(bad) == 0 {
		bad = append(bad, &Error{Code: CodeRequired, Field: "reason"})
	}
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindExam, copy: true,
		body: func(*document) (any, error) { return &body, nil },
		same: func(b any) bool { e, ok := b.(*clinic.Exam); return ok && *e == body },
	})
}
