package desk

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// CertificateInput is the form of a certificate of birth. On.Base names the one that it
// takes the place of, and then On.Why is needed; what the birth and the mother's details
// say is copied by the act.
type CertificateInput struct {
	On
	N         int    // which child, from 1
	Name      string // that the family means to give
	Father    string
	Citizen   string // of the mother; empty = her record has none
	IssuedBy  string
	Address   string
	Births    int // which birth it is; 0 = not known
	Alive     int // her children who live now
	Place     string
	Attendant string
	Note      string
}

// formBirth is Paper.Form of a certificate of birth.
const formBirth = "birth"

// CertifyBirth writes the certificate of a live child, with a number of its own, or
// another one in its place: a certificate is never edited.
func (d *Desk) CertifyBirth(ctx context.Context, c Call, in CertificateInput) (Done, error) {
	typed, err := d.certificateForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindBirthCertificate, many: true, why: true,
		body: func(w *document) (any, error) { return w.certificate(*typed, in.N) },
		same: func(b any) bool {
			s, ok := b.(*clinic.BirthCertificate)
			return ok && s.Name == typed.Name && s.Father == typed.Father && s.Citizen == typed.Citizen && s.IssuedBy == typed.IssuedBy &&
				s.Address == typed.Address && s.Births == typed.Births && s.Alive == typed.Alive && s.Place == typed.Place &&
				s.Attendant == typed.Attendant && s.Note == typed.Note
		},
		again: func(w *document, saved any) bool {
			b := clinic.BodyOf[clinic.Delivery](w.file.Doc(clinic.KindDelivery))
			return b != nil && in.N >= 1 && in.N <= len(b.Children) && !saved.(*clinic.BirthCertificate).Says(b, in.N-1)
		},
	})
}

// certificateForm checks what needs no record to be read.
func (d *Desk) certificateForm(in CertificateInput) (*clinic.BirthCertificate, error) {
	out := &clinic.BirthCertificate{Births: in.Births, Alive: in.Alive}
	var bad Errors
	for _, f := range []struct {
		name, s string
		p       *string
		limit   int
		must    bool
	}{
		{"name", in.Name, &out.Name, 100, false},
		{"father", in.Father, &out.Father, 100, false},
		{"issuedby", in.IssuedBy, &out.IssuedBy, 200, false},
		{"address", in.Address, &out.Address, 300, true},
		{"place", in.Place, &out.Place, 300, true},
		{"attendant", in.Attendant, &out.Attendant, 100, true},
		{"note", in.Note, &out.Note, 300, false},
	} {
		s, err := d.line(f.name, f.s, f.limit)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		if *f.p = s; s == "" && f.must {
			bad = append(bad, &Error{Code: CodeCertMother, Field: f.name})
		}
	}
	if out.Citizen = clinic.NormalIdentifier(in.Citizen); out.Citizen != "" {
		if err := bad.collect(valueError(clinic.CheckIdentifier("citizen", clinic.SystemCitizen, out.Citizen))); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name string
		n    int
	}{{"births", in.Births}, {"alive", in.Alive}} {
		if f.n < 0 || f.n > 20 {
			bad = append(bad, outsideOf(f.name, f.n, clinic.Range{Low: 0, High: 20}, ""))
		}
	}
	return out, bad.join()
}

// certificate fills in what is recorded, and the number.
func (w *document) certificate(c clinic.BirthCertificate, n int) (any, error) {
	b := clinic.BodyOf[clinic.Delivery](w.file.Doc(clinic.KindDelivery))
	if b == nil || b.Mistake || n < 1 || n > len(b.Children) {
		return nil, &Error{Code: CodeNoVisit}
	}
	x, err := w.birth(b, n-1)
	switch {
	case err != nil:
		return nil, err
	case !x.State.Live():
		return nil, &Error{Code: CodeBirthStill}
	case x.Record == nil:
		return nil, &Error{Code: CodeBirthNoRecord}
	case w.old == nil && x.Doc != nil:
		return nil, &Error{Code: CodeCertThere}
	}
	if old := clinic.BodyOf[clinic.BirthCertificate](w.old); old != nil {
		if !bytes.Equal(old.Child, x.ID) {
			return nil, &Error{Code: CodeCertChild, Field: "n"}
		}
		c.Replaces = old.Number
	}
	c.Child, c.Made = slices.Clone(x.ID), w.today
	c.FromBirth(b, n-1)
	m := w.patient
	c.Mother, c.Born, c.Ethnic, c.Writer = m.Name, m.Birth, m.Ethnic, w.by.Name
	if card, ok := m.Current(clinic.SystemInsurance, w.row.Day); ok {
		c.Insurance = card.Value
	}
	if id, ok := m.Current(clinic.SystemCitizen, w.row.Day); ok {
		if c.Citizen = cmp.Or(c.Citizen, id.Value); c.Citizen == id.Value { // another card has another day
			c.Issued = m.Issued
		}
	}
	f := w.desk.o.Site.Facility
	number, err := w.next(clinic.SeriesBirth(f.Book))
	if err != nil {
		return nil, err
	}
	if c.Number, err = clinic.NewBirthNumber(f.Code, f.Book, number); err != nil {
		return nil, &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "birth"}}
	}
	return &c, nil
}

// BirthPrintInput is the form that prints a certificate of birth.
type BirthPrintInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Number  string // of the certificate that the page showed
}

// PrintBirth prints a certificate of birth that is confirmed with the PIN and that no other
// took the place of, as printPaper does.
func (d *Desk) PrintBirth(ctx context.Context, c Call, in BirthPrintInput) (Done, error) {
	return d.printPaper(ctx, c, PrintInput{in.Patient, in.Visit}, visitPaper{
		form: formBirth, code: in.Number, lay: d.birthPaper,
		of: func(w *document) (string, error) { return in.Number, w.mayPrintBirth(in.Number) },
	})
}

// mayPrintBirth refuses what nobody confirmed, what was replaced, and what the birth says
// otherwise since.
func (w *document) mayPrintBirth(number string) error {
	r := certificateOf(&w.file, number)
	if r == nil {
		if w.file.Misses(clinic.KindBirthCertificate) {
			return &Error{Code: CodeLost}
		}
		return &Error{Code: CodeCertNone}
	}
	found := w.file.Find(r.Leaf)
	switch {
	case w.row.Has&HasEnded != 0:
		return &Error{Code: CodeVisitEnded}
	case found.Leaf() != r.Leaf:
		return &Error{Code: CodeCertReplaced}
	case found.State != clinic.DocSigned:
		return &Error{Code: CodeCertUnsigned}
	case w.file.Misses(clinic.KindDelivery):
		return &Error{Code: CodeLost}
	case !born(&w.file):
		return &Error{Code: CodeCertNoBirth}
	}
	c, b := r.Body.(*clinic.BirthCertificate), clinic.BodyOf[clinic.Delivery](w.file.Doc(clinic.KindDelivery))
	if i := slices.IndexFunc(b.Children, func(x clinic.Born) bool { return bytes.Equal(x.ID, c.Child) }); i < 0 || !c.Says(b, i) {
		return &Error{Code: CodeCertDiffers}
	}
	return nil
}

// certificateOf finds the version of a certificate that has the number.
func certificateOf(v *clinic.VisitFile, number string) *clinic.Record {
	return versionOf(v, clinic.KindBirthCertificate, func(r *clinic.Record) bool {
		c, ok := r.Body.(*clinic.BirthCertificate)
		return ok && c.Number == number && number != ""
	})
}

// birthPaper lays out the paper that the record says was printed.
func (d *Desk) birthPaper(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	p := r.Body.(*clinic.Paper)
	a := paper.Birth{Facility: d.o.Site.Facility, Copy: p.Copy, Printed: r.Event}
	version, err := d.original(ctx, r, CodeCertNone, certificateOf, func(o *original) {
		a.BirthCertificate = *o.version.Body.(*clinic.BirthCertificate)
		a.Made, a.Printer, a.Entered, a.EnteredAt = o.version.Event, o.printer, o.entered, o.enteredAt
		row, _ := o.Row(clinic.CatalogEthnic, a.BirthCertificate.Ethnic, o.row.Day)
		a.Ethnic = cmp.Or(row.Name, a.BirthCertificate.Ethnic)
		a.Key = o.row.Key
	})
	if err != nil {
		return paper.Doc{}, err
	}
	return d.withQR(version, "", &a.QR, a.Doc)
}
