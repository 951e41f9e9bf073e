package desk

import (
	"context"

	"clinicbox/clinic"
)

// TypeInput is the form that sets what kind of visit it is.
type TypeInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Type    clinic.VisitType
}

// ChangeType says that the visit is of another kind than was chosen when it was opened.
// What is recorded stays, key and place in the queue too.
func (d *Desk) ChangeType(ctx context.Context, c Call, in TypeInput) (Done, error) {
	if !in.Type.Known() {
		return Done{}, &Error{Code: CodeRequired, Field: "type"}
	}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindVisit, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			doc, err := w.visit(in.Patient, in.Visit)
			switch {
			case err != nil:
				return nil, err
			case doc.file.Visit == nil:
				return nil, &Error{Code: CodeNoVisit}
			case doc.row.Has&HasEnded != 0:
				return nil, &Error{Code: CodeVisitEnded}
			}
			last := doc.file.Opened
			if doc.file.Retyped != nil {
				last = *doc.file.Retyped
			}
			body := *doc.file.Visit
			if body.Type == in.Type {
				return nil, &unchanged{last}
			}
			body.Type = in.Type
			return []clinic.Draft{{
				Kind: clinic.KindVisit, Subject: in.Patient, Visit: in.Visit, Event: doc.file.Opened.Event, Corrects: last.Leaf, Body: &body,
			}}, nil
		},
		same: func(body any) bool { v, ok := body.(*clinic.Visit); return ok && v.Type == in.Type },
	})
}
