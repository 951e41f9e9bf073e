package desk

import (
	"context"
	"slices"
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
	return done, d.enqueue(ctx, c, doc, err)
}

// enqueue queues a paper that is recorded already, unless it could not be laid out: both
// are refused with CodePrintQueue.
func (d *Desk) enqueue(ctx context.Context, c Call, doc paper.Doc, err error) error {
	if err == nil {
		err = d.o.Papers.Enqueue(ctx, c.Act, doc)
	}
	if err != nil {
		return &Error{Code: CodePrintQueue, Err: err}
	}
	return nil
}

// original is the version of a document that a paper shows, and whose names it bears.
type original struct {
	*document
	version   *clinic.Record
	doctor    clinic.Staff
	printer   string
	entered   string // who entered it from paper afterwards; empty = nobody
	enteredAt time.Time
	legal     *clinic.Legal
}

// original reads what the paper of the record shows, in one view, in which fill copies the
// rest: find returns the version, or nil, which is refused with none.
func (d *Desk) original(ctx context.Context, r *clinic.Record, none Code, find func(*clinic.VisitFile, string) *clinic.Record, fill func(*original)) (*clinic.Record, error) {
	var o original
	err := d.view(ctx, func(reader Reader) (err error) {
		w := &work{Reader: reader, desk: d}
		if o.document, err = w.readVisit(r.Subject, r.Visit); err != nil {
			return err
		}
		people, err := names(reader)
		if err != nil {
			return err
		}
		if o.version = find(&o.file, r.Body.(*clinic.Paper).Code); o.version == nil {
			return &Error{Code: none}
		}
		o.doctor, o.printer = people[o.version.Author].Staff, people[r.Author].Name
		if by, copied := o.wrote(people); copied {
			o.entered, o.enteredAt, o.doctor = o.doctor.Name, o.version.Recorded(), by
		}
		o.file.JudgeLegal(d.o.Legal.Judge)
		o.legal = o.file.FindVersion(o.version.Leaf).Legal
		if err = o.asPrinted(r); err == nil {
			fill(&o)
		}
		return err
	})
	return o.version, err
}

// asPrinted takes the visit back to what it said when the paper was printed first: a
// reprint shows the diagnosis and the weight of the paper that it stands for.
func (o *original) asPrinted(r *clinic.Record) error {
	of, first := r.Body.(*clinic.Paper), r.HLC
	for _, p := range o.file.Papers {
		if b, ok := p.Body.(*clinic.Paper); ok && b.Form == of.Form && b.Code == of.Code {
			first = min(first, p.HLC)
		}
	}
	records, err := o.Records(r.Subject)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(x clinic.Record) bool { return x.HLC > first })
	o.file = clinic.FoldVisit(r.Visit, records)
	return nil
}

// slip lays out the paper that the record says was printed: the same one again
// when a form comes back.
func (d *Desk) slip(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	printed := r.Body.(*clinic.Paper)
	a := paper.Appointment{Facility: d.o.Site.Facility, Copy: printed.Copy, Printed: r.Event}
	version, err := d.original(ctx, r, CodeAppointNone, appointmentOf, func(o *original) {
		a.Appointment, a.Made = *o.version.Body.(*clinic.Appointment), o.version.Event
		a.Doctor, a.Printer, a.Entered, a.EnteredAt = o.doctor, o.printer, o.entered, o.enteredAt
		a.Signed, a.Sealed = signature(o.legal, clinic.LegalPractitioner), signature(o.legal, clinic.LegalFacility)
		fillSlip(&a, o.document)
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
	if beds := doc.file.Placements(); len(beds) > 0 {
		a.Admitted = beds[0].Day
		if end := doc.file.Discharged(); end != nil {
			a.Discharged = end.Day
		}
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
	return d.enqueue(ctx, c, paper.Test(d.o.Site.Facility, now.Truncate(time.Second)), nil)
}
