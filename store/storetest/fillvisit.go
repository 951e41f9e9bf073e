package storetest

import (
	"crypto/ed25519"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/invent"
)

// The invented box of Fill.
const (
	fillFacility = invent.FacilityCode
	fillBook     = "a"
)

// numbers are the series of the box.
type numbers struct{ queue, prescription, slip int }

type signer struct{ ed25519.PrivateKey }

// signingKey is the doctor's; Signed entries are as large as real ones.
func signingKey() signer {
	return signer{ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
}

// day saves the visits of a day, and the signatures over them.
func (f *filling) day(day clinic.Date, n int) {
	f.t.Helper()
	f.count.queue = 0
	var acts [][]clinic.Draft
	for _, a := range f.gen.Day(f.out.People, day, n) {
		acts = append(acts, f.visit(f.out.IDs[a.Person], &a.Plan))
	}
	f.save(grouped(acts), f.signed)
}

// visit is everything of a visit but the signature, in the order of a day.
func (f *filling) visit(id clinic.ID, p *invent.VisitPlan) (out []clinic.Draft) {
	v, at := clinic.NewID(), p.Day.Time().Add(time.Duration(p.Minute)*time.Minute)
	add := func(k clinic.Kind, body any) {
		at = at.Add(2 * time.Minute)
		out = append(out, clinic.Draft{Kind: k, Subject: id, Visit: v, Event: at, Body: body})
	}
	f.count.queue++
	add(clinic.KindVisit, &clinic.Visit{
		Key: f.code(clinic.NewVisitKey(fillFacility, fillBook, p.Day, f.count.queue)), Day: p.Day, Queue: f.count.queue,
		Source: p.Source, Insurance: p.Insurance, Reason: p.Exam.Reason,
	})
	add(clinic.KindVitals, &p.Vitals)
	add(clinic.KindExam, &p.Exam)
	add(clinic.KindDiagnosis, &p.Diagnosis)
	if len(p.Prescription.Lines) > 0 {
		f.count.prescription++
		p.Prescription.Code = f.code(clinic.NewPrescriptionCode(fillFacility, fillBook, f.count.prescription, clinic.RxOrdinary))
		add(clinic.KindPrescribe, &p.Prescription)
	}
	if len(p.Bill.Lines) > 0 {
		add(clinic.KindBill, &p.Bill)
	}
	if !p.FollowUp.Due.IsZero() {
		f.count.slip++
		p.FollowUp.Slip = f.code(clinic.NewSlip(fillFacility, fillBook, f.count.slip))
		add(clinic.KindAppointment, &p.FollowUp)
		add(clinic.KindPaper, &clinic.Paper{Form: "appointment", Code: p.FollowUp.Slip, Copy: 1})
	}
	return append(out, f.looked(id, v, at))
}

// looked is one entry for the pages of a visit that a person read.
func (f *filling) looked(id, v clinic.ID, at time.Time) clinic.Draft {
	body := &clinic.Looked{}
	body.Add(id, clinic.ID{}, 0)
	body.Add(id, v, 5*time.Second)
	return clinic.Draft{Kind: clinic.KindLooked, Event: at, Body: body}
}

// signed confirms each visit among the records over the leaves of its documents.
func (f *filling) signed(recs []clinic.Record) (out []clinic.Draft) {
	for len(recs) > 0 {
		v, body := recs[0].Visit, &clinic.Signed{Method: 1}
		first := recs[0]
		for len(recs) > 0 && (recs[0].Visit == v || recs[0].Kind == clinic.KindLooked) {
			if recs[0].Kind.IsDocument() {
				body.Leaves = append(body.Leaves, append([]byte{}, recs[0].Leaf[:]...))
			}
			recs = recs[1:]
		}
		if len(body.Leaves) == 0 {
			continue
		}
		if err := body.SignWith(f.key, first.Subject, v); err != nil {
			f.t.Error(err)
		}
		out = append(out, clinic.Draft{Kind: clinic.KindSigned, Subject: first.Subject, Visit: v, Event: first.Event.Add(20 * time.Minute), Body: body})
	}
	return out
}

// code is a number of a series, which must be in form.
func (f *filling) code(s string, err error) string {
	if err != nil {
		f.t.Error("filling the store:", err)
	}
	return s
}
