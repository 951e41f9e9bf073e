package desk

import (
	"context"
	"strings"

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

// PrintPrescription records the copy and queues the paper of a prescription whose current
// version is confirmed with the PIN; every copy after the first is marked as a reprint.
// CodePrintQueue means: the same form again queues the same copy.
func (d *Desk) PrintPrescription(ctx context.Context, c Call, in RxPrintInput) (Done, error) {
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
			if err := doc.mayPrint(in.Code); err != nil {
				return nil, err
			}
			body := &clinic.Paper{Form: formPrescription, Code: in.Code, Copy: printed(&doc.file, formPrescription, in.Code) + 1}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool {
			p, ok := b.(*clinic.Paper)
			return ok && p.Form == formPrescription && p.Code == in.Code
		},
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := d.rxPaper(ctx, &done.Records[0])
	return done, d.enqueue(ctx, c, doc, err)
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

// rxOf finds the version of a prescription that has the code.
func rxOf(v *clinic.VisitFile, code string) *clinic.Record {
	for _, doc := range v.Docs(clinic.KindPrescribe) {
		for i := range doc.Versions {
			r := &doc.Versions[i].Record
			if rx, ok := r.Body.(*clinic.Prescription); ok && rx.Code == code && code != "" {
				return r
			}
		}
	}
	return nil
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
	if a.QR, err = d.paperQR(version, ""); err != nil {
		return paper.Doc{}, err
	}
	return a.Doc(), nil
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
	for _, code := range w.diagnoses() {
		row, _ := w.Row(clinic.CatalogICD10, code, w.row.Day)
		a.Diagnoses = append(a.Diagnoses, strings.TrimSpace(code+" "+row.Name))
	}
	if ap := clinic.BodyOf[clinic.Appointment](w.file.Doc(clinic.KindAppointment)); ap != nil {
		a.Again = ap.Due
	}
}
