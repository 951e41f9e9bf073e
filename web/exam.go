package web

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// ExamPage is the view of the second step: reason, history, findings.
type ExamPage struct {
	Step
	Vitals *DocView // measured before, to look at while writing
}

func examStep() step {
	return step{name: "exam", kind: clinic.KindExam, fill: fillExam, view: viewExam, save: saveExam}
}

func fillExam(f *Form, d *clinic.Document, v *desk.VisitView) {
	if b := clinic.BodyOf[clinic.Exam](d); b != nil {
		f.Set("reason", b.Reason)
		f.Set("history", b.History)
		f.Set("finding", b.Finding)
	} else if v.Visit.Visit != nil {
		f.Set("reason", v.Visit.Visit.Reason) // the first words at the desk
	}
}

func viewExam(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &ExamPage{Step: b}
	if d := b.File.Visit.Doc(clinic.KindVitals); d != nil {
		x := docView(&b.File, d, d.Current())
		v.Vitals = &x
	}
	return v, nil
}

func saveExam(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	_, err := d.Exam(ctx, c, desk.ExamInput{On: on, Exam: clinic.Exam{
		Reason: f.Get("reason"), History: f.Get("history"), Finding: f.Get("finding"),
	}})
	return err
}
