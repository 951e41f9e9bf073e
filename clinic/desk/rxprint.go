package desk

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// formPrescription is Paper.Form of a prescription.
const formPrescription = "prescription"

// RxPrintInput is the form that prints a prescription.
type RxPrintInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Code    string // of the version that the page showed
}

// PrintPrescription prints a prescription whose current version is confirmed with the PIN,
// as printPaper does.
func (d *Desk) PrintPrescription(ctx context.Context, c Call, in RxPrintInput) (Done, error) {
	return d.printPaper(ctx, c, PrintInput{in.Patient, in.Visit}, visitPaper{
		form: formPrescription, code: in.Code, lay: d.rxPaper,
		of: func(w *document) (string, error) { return in.Code, w.mayPrint(in.Code) },
	})
}

// mayPrint refuses what nobody confirmed, what was replaced, and what lacks something.
func (w *document) mayPrint(code string) error {
	switch {
	case w.whole.NoDetails, w.misses(clinic.KindPrescribe, HasPrescription), w.misses(clinic.KindDiagnosis, HasDiagnosis):
		return &Error{Code: CodeLost}
	case w.row.Has&HasEnded != 0:
		return &Error{Code: CodeVisitEnded}
	}
	r := rxOf(&w.file, code)
	if r == nil {
		return &Error{Code: CodeRxNone}
	}
	found := w.file.Find(r.Leaf)
	switch {
	case found.Leaf() != r.Leaf:
		return &Error{Code: CodeRxReplaced}
	case found.State != clinic.DocSigned:
		return &Error{Code: CodeRxUnsigned}
	}
	return w.rxReady(clinic.BodyOf[clinic.Prescription](found)).join()
}

// rxOf finds the version of a prescription that has the code.
func rxOf(v *clinic.VisitFile, code string) *clinic.Record {
	return versionOf(v, clinic.KindPrescribe, func(r *clinic.Record) bool {
		rx, ok := r.Body.(*clinic.Prescription)
		return ok && rx.Code == code && code != ""
	})
}

// rxPaper lays out the paper that the record says was printed: the same one again when a
// form comes back.
func (d *Desk) rxPaper(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	p := r.Body.(*clinic.Paper)
	a := paper.Prescription{Facility: d.o.Site.Facility, Copy: p.Copy, Printed: r.Event}
	version, err := d.original(ctx, r, CodeRxNone, rxOf, func(o *original) {
		a.Prescription, a.Made = *o.version.Body.(*clinic.Prescription), o.version.Event
		a.Doctor, a.Printer, a.Entered, a.EnteredAt = o.doctor, o.printer, o.entered, o.enteredAt
		a.Signed = signature(o.legal, clinic.LegalPractitioner)
		o.fillRx(&a)
	})
	if err != nil {
		return paper.Doc{}, err
	}
	return d.withQR(version, "", &a.QR, a.Doc)
}

// fillRx copies who gets it and for what.
func (w *document) fillRx(a *paper.Prescription) {
	a.Patient, a.Examined, a.Key = *w.patient, w.row.Day, w.row.Key
	a.Card, _ = w.patient.Current(clinic.SystemInsurance, w.row.Day)
	if a.Card.Value == "" {
		a.Card, _ = w.patient.Current(clinic.SystemSocial, w.row.Day)
	}
	if v := w.file.Visit; v != nil && a.Card.Value == "" {
		a.Card.Value = v.Insurance
	}
	if a.Child = clinic.Under72(w.patient.Birth, w.day()); a.Child {
		a.Months, a.Weight, a.Companion = w.patient.Birth.AgeAt(w.day()).InMonths(), w.weight(), w.companion(&a.Prescription)
	}
	a.Diagnoses = w.diagnosed()
	if ap := clinic.BodyOf[clinic.Appointment](w.file.Doc(clinic.KindAppointment)); ap != nil {
		a.Again = ap.Due
	}
}
