package desk

import (
	"context"
	"encoding/hex"
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

// PrintAppointment prints the visit's appointment slip, as printPaper does.
func (d *Desk) PrintAppointment(ctx context.Context, c Call, in PrintInput) (Done, error) {
	return d.printPaper(ctx, c, in, visitPaper{form: formAppointment, lay: d.slip, of: func(w *document) (string, error) {
		a := clinic.BodyOf[clinic.Appointment](w.file.Doc(clinic.KindAppointment))
		switch {
		case w.whole.NoDetails, w.misses(clinic.KindAppointment, HasAppointment):
			return "", &Error{Code: CodeLost}
		case a == nil:
			return "", &Error{Code: CodeAppointNone}
		}
		return a.Slip, nil
	}})
}

// visitPaper is a paper of one document of a visit.
type visitPaper struct {
	form string // Paper.Form
	code string // of the version that the page showed; empty = the current one
	// of refuses what may not be printed, and returns the code of the version that is.
	of  func(w *document) (string, error)
	lay func(ctx context.Context, r *clinic.Record) (paper.Doc, error)
}

// printPaper records the copy and queues the paper; every copy after the first is marked as
// a reprint. CodePrintQueue means: the same form again queues the same copy.
func (d *Desk) printPaper(ctx context.Context, c Call, in PrintInput, p visitPaper) (Done, error) {
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
			code, err := p.of(doc)
			if err != nil {
				return nil, err
			}
			body := &clinic.Paper{Form: p.form, Code: code, Copy: printed(&doc.file, p.form, code) + 1}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool {
			x, ok := b.(*clinic.Paper)
			return ok && x.Form == p.form && (p.code == "" || x.Code == p.code)
		},
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := p.lay(ctx, &done.Records[0])
	return done, d.enqueue(ctx, c, doc, err)
}

// printed counts how often a paper was printed.
func printed(v *clinic.VisitFile, form, code string) int {
	n := 0
	for _, r := range v.Papers {
		if p, ok := r.Body.(*clinic.Paper); ok && p.Form == form && p.Code == code {
			n = max(n, p.Copy)
		}
	}
	return n
}

// versionOf finds the version of a document of the kind that is so, or nil.
func versionOf(v *clinic.VisitFile, k clinic.Kind, is func(*clinic.Record) bool) *clinic.Record {
	for _, doc := range v.Docs(k) {
		for i := range doc.Versions {
			if r := &doc.Versions[i].Record; is(r) {
				return r
			}
		}
	}
	return nil
}

// leafCode names a version that has no number of its own on its paper.
func leafCode(l clinic.Leaf) string { return hex.EncodeToString(l[:8]) }

// withQR lays a paper out with the code that proves the version, and names the slip.
func (d *Desk) withQR(of *clinic.Record, slip string, qr *string, lay func() paper.Doc) (paper.Doc, error) {
	var err error
	if *qr, err = d.paperQR(of, slip); err != nil {
		return paper.Doc{}, err
	}
	return lay(), nil
}

// insurance is the number of the card that the visit's papers show.
func (w *document) insurance() clinic.Identifier {
	card, _ := w.patient.Current(clinic.SystemInsurance, w.row.Day)
	if v := w.file.Visit; v != nil && card.Value == "" {
		card.Value = v.Insurance
	}
	return card
}

// diagnosed are the current diagnoses, code and name, the main one first.
func (w *document) diagnosed() (out []string) {
	for _, code := range w.diagnoses() {
		row, _ := w.Row(clinic.CatalogICD10, code, w.row.Day)
		out = append(out, strings.TrimSpace(code+" "+row.Name))
	}
	return out
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
	return d.withQR(version, printed.Code, &a.QR, a.Doc)
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
	a.Card = doc.insurance()
	if beds := doc.file.Placements(); len(beds) > 0 {
		a.Admitted = beds[0].Day
		if end := doc.file.Discharged(); end != nil {
			a.Discharged = end.Day
		}
	}
	a.Unread = doc.misses(clinic.KindDiagnosis, HasDiagnosis)
	if names := doc.diagnosed(); len(names) > 0 && !a.Unread {
		a.Main, a.Others = names[0], names[1:]
	}
}

// appointmentOf finds the version of the appointment that has the code.
func appointmentOf(v *clinic.VisitFile, code string) *clinic.Record {
	return versionOf(v, clinic.KindAppointment, func(r *clinic.Record) bool {
		a, ok := r.Body.(*clinic.Appointment)
		return ok && a.Slip == code
	})
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
