package desk

import (
	"context"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// PrintInput is the form that prints the visit's appointment slip.
type PrintInput struct {
	Patient clinic.ID
	Visit   clinic.ID
}

// formAppointment is Paper.Form of an appointment slip.
const formAppointment = "appointment"

// PrintAppointment records the copy and queues the paper; every copy after the
// first is marked as a reprint. CodePrintQueue means: the same form again queues
// the same copy.
func (d *Desk) PrintAppointment(ctx context.Context, c Call, in PrintInput) (Done, error) {
	if _, err := d.trusted(); err != nil {
		return Done{}, err
	}
	done, err := d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPaper, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			if !w.sure {
				return nil, &Error{Code: CodeClockUntrusted}
			}
			doc, err := w.visit(in.Patient, in.Visit)
			if err != nil {
				return nil, err
			}
			a := clinic.BodyOf[clinic.Appointment](doc.file.Doc(clinic.KindAppointment))
			switch {
			case doc.whole.NoDetails, doc.misses(clinic.KindAppointment, HasAppointment):
				return nil, &Error{Code: CodeLost}
			case a == nil:
				return nil, &Error{Code: CodeAppointNone}
			}
			body := &clinic.Paper{Form: formAppointment, Code: a.Slip, Copy: printed(&doc.file, formAppointment, a.Slip) + 1}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool { p, ok := b.(*clinic.Paper); return ok && p.Form == formAppointment },
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := d.slip(ctx, &done.Records[0])
	if err != nil {
		return done, &Error{Code: CodePrintQueue, Err: err}
	}
	if err := d.o.Papers.Enqueue(ctx, c.Act, doc); err != nil {
		return done, &Error{Code: CodePrintQueue, Err: err}
	}
	return done, nil
}

// slip lays out the paper that the record says was printed: the same one again
// when a form comes back.
func (d *Desk) slip(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	printed := r.Body.(*clinic.Paper)
	a := paper.Appointment{Facility: d.o.Site.Facility, Copy: printed.Copy, Printed: r.Event}
	var version *clinic.Record
	err := d.view(ctx, func(reader Reader) error {
		w := &work{Reader: reader, desk: d}
		doc, err := w.readVisit(r.Subject, r.Visit)
		if err != nil {
			return err
		}
		people, err := names(reader)
		if err != nil {
			return err
		}
		if version = appointmentOf(&doc.file, printed.Code); version == nil {
			return &Error{Code: CodeAppointNone}
		}
		a.Appointment, a.Made = *version.Body.(*clinic.Appointment), version.Event
		a.Doctor, a.Printer = people[version.Author].Staff, people[r.Author].Name
		if by, copied := doc.wrote(people); copied {
			a.Entered, a.EnteredAt, a.Doctor = a.Doctor.Name, version.Recorded(), by
		}
		fillSlip(&a, doc)
		doc.file.JudgeLegal(d.o.Legal.Judge)
		legal := doc.file.FindVersion(version.Leaf).Legal
		a.Signed, a.Sealed = signature(legal, clinic.LegalPractitioner), signature(legal, clinic.LegalFacility)
		return nil
	})
	if err != nil {
		return paper.Doc{}, err
	}
	if a.QR, err = d.paperQR(version, printed.Code); err != nil {
		return paper.Doc{}, err
	}
	return a.Doc(), nil
}

// signature is what the paper says of a legal signature that holds, or nil.
func signature(l *clinic.Legal, role clinic.LegalRole) *paper.Signature {
	if s := l.Of(role); s != nil {
		return &paper.Signature{Name: s.Subject, Serial: s.Serial, At: s.At}
	}
	return nil
}

// fillSlip copies who was seen, when and for what.
func fillSlip(a *paper.Appointment, doc *document) {
	a.Patient, a.Examined, a.Key = *doc.patient, doc.row.Day, doc.row.Key
	a.Card, _ = doc.patient.Current(clinic.SystemInsurance, doc.row.Day)
	if v := doc.file.Visit; v != nil && a.Card.Value == "" {
		a.Card.Value = v.Insurance
	}
	dx := clinic.BodyOf[clinic.Diagnosis](doc.file.Doc(clinic.KindDiagnosis))
	if a.Unread = doc.misses(clinic.KindDiagnosis, HasDiagnosis); dx == nil || a.Unread {
		return
	}
	name := func(code string) string {
		row, _ := doc.Row(clinic.CatalogICD10, code, doc.row.Day)
		return strings.TrimSpace(code + " " + row.Name)
	}
	a.Main = name(dx.Main)
	for _, code := range dx.Others {
		a.Others = append(a.Others, name(code))
	}
}

// appointmentOf finds the version of the appointment that has the code.
func appointmentOf(v *clinic.VisitFile, code string) *clinic.Record {
	for _, doc := range v.Docs(clinic.KindAppointment) {
		for i := range doc.Versions {
			r := &doc.Versions[i].Record
			if a, ok := r.Body.(*clinic.Appointment); ok && a.Slip == code {
				return r
			}
		}
	}
	return nil
}

// PrintTest queues a plain test slip. It holds no patient data, so any clock and
// anybody who works here will do.
func (d *Desk) PrintTest(ctx context.Context, c Call) error {
	if _, err := d.Who(ctx, c.By); err != nil {
		return err
	}
	now, _ := d.o.Clock.Now()
	if err := d.o.Papers.Enqueue(ctx, c.Act, paper.Test(d.o.Site.Facility, now.Truncate(time.Second))); err != nil {
		return &Error{Code: CodePrintQueue, Err: err}
	}
	return nil
}
