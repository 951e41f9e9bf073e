package web

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// CertificatePage is the view of the step that writes a certificate of birth.
type CertificatePage struct {
	Step
	Delivery *clinic.Delivery
	Live     []int // children who get one, from 1
}

func certificateStep() step {
	return step{
		name: "certificate", kind: clinic.KindBirthCertificate, optional: true, fresh: certificateLeft,
		fill: fillCertificate, view: viewCertificate, save: saveCertificate,
	}
}

// certificateLeft reports whether a live child has no certificate yet.
func certificateLeft(v *desk.VisitView, _ *clinic.Document) bool { return nextCertificate(v) > 0 }

// nextCertificate is the first live child without a certificate, from 1; 0 = none.
func nextCertificate(v *desk.VisitView) int {
	b := clinic.BodyOf[clinic.Delivery](v.Visit.Doc(clinic.KindDelivery))
	if b == nil || b.Mistake {
		return 0
	}
	for i := range b.Children {
		if b.Children[i].State.Live() && certificateOf(&v.Visit, b.Children[i].ID) == nil {
			return i + 1
		}
	}
	return 0
}

// certificateOf returns a child's certificate, or nil.
func certificateOf(v *clinic.VisitFile, child []byte) *clinic.Document {
	for _, d := range v.Docs(clinic.KindBirthCertificate) {
		if c := clinic.BodyOf[clinic.BirthCertificate](d); c != nil && bytes.Equal(c.Child, child) {
			return d
		}
	}
	return nil
}

func fillCertificate(f *Form, d *clinic.Document, v *desk.VisitView) {
	b := clinic.BodyOf[clinic.Delivery](v.Visit.Doc(clinic.KindDelivery))
	if c := clinic.BodyOf[clinic.BirthCertificate](d); c != nil {
		for i := range childrenIn(b) {
			if bytes.Equal(b.Children[i].ID, c.Child) {
				f.Set("n", strconv.Itoa(i+1))
			}
		}
		for name, s := range map[string]string{
			"name": c.Name, "father": c.Father, "citizen": c.Citizen, "issuedby": c.IssuedBy, "address": c.Address, "place": c.Place,
			"attendant": c.Attendant, "note": c.Note,
		} {
			f.Set(name, s)
		}
		setCount(f, "births", c.Births)
		setCount(f, "alive", c.Alive)
		return
	}
	setCount(f, "n", nextCertificate(v))
	m := v.Patient.Now
	f.Set("address", m.Address)
	if id, ok := m.Current(clinic.SystemCitizen, v.Row.Day); ok {
		f.Set("citizen", id.Value)
	}
	if b != nil {
		f.Set("attendant", b.Attendant)
		f.Set("place", b.Where)
	}
	fillParity(f, v, b)
}

// childrenIn is how many children the birth has.
func childrenIn(b *clinic.Delivery) int {
	if b == nil {
		return 0
	}
	return len(b.Children)
}

// fillParity offers which birth it is and how many children live, from what the pregnancy
// says of those before.
func fillParity(f *Form, v *desk.VisitView, b *clinic.Delivery) {
	if b == nil {
		return
	}
	for _, d := range v.Patient.Pregnancies() {
		p := clinic.BodyOf[clinic.Pregnancy](d)
		if !bytes.Equal(p.Delivery, v.Row.ID[:]) || len(p.Para) != 4 {
			continue
		}
		living := 0
		for _, c := range b.Children {
			if c.State == clinic.BornAlive {
				living++
			}
		}
		setCount(f, "births", int(p.Para[0]-'0')+int(p.Para[1]-'0')+1)
		setCount(f, "alive", int(p.Para[3]-'0')+living)
	}
}

func viewCertificate(s *Server, _ context.Context, b Step) (viewer, error) {
	v := &CertificatePage{Step: b, Delivery: clinic.BodyOf[clinic.Delivery](b.File.Visit.Doc(clinic.KindDelivery))}
	for i := range childrenIn(v.Delivery) {
		if v.Delivery.Children[i].State.Live() {
			v.Live = append(v.Live, i+1)
		}
	}
	f := s.opts.Desk.Site().Facility
	if v.Form.Get("place") == "" && v.Delivery != nil && v.Delivery.Place == clinic.BirthHere {
		v.Form.Set("place", cmp.Or(f.Name, f.Site))
	}
	return v, nil
}

func saveCertificate(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.CertificateInput{
		On: on, N: readChoice(f, "n"), Name: f.Get("name"), Father: f.Get("father"), Citizen: f.Get("citizen"), IssuedBy: f.Get("issuedby"),
		Address: f.Get("address"), Births: readCount(f, "births"), Alive: readCount(f, "alive"), Place: f.Get("place"),
		Attendant: f.Get("attendant"), Note: f.Get("note"),
	}
	if in.N == 0 {
		f.Fail("n", "certificate.which")
	}
	if !f.OK() {
		return nil
	}
	_, err := d.CertifyBirth(ctx, c, in)
	return err
}

// birthPrint sends a certificate to the printer; the first copy or another.
func (s *Server) birthPrint(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	in := desk.BirthPrintInput{Patient: patient, Visit: visit, Number: r.PostForm.Get("number")}
	_, err = s.opts.Desk.PrintBirth(r.Context(), call(r, "act"), in)
	if err := s.told(r, "certificate.sent", err); err != nil {
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}
