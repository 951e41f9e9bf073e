package desk

import (
	"context"
	"time"

	"clinicbox/clinic"
)

// askAgain is how long a question that nobody answered keeps another one of the same
// patient from being asked: it waits here, or at the centre.
const askAgain = 24 * time.Hour

// AskInput asks the centre what other facilities know of a patient.
type AskInput struct {
	Patient clinic.ID
	Consent clinic.Consent
	Words   string // needed in an emergency: what is the matter
}

// AskElsewhere records that the patient agreed, or why nobody could be asked, and with it
// asks the centre: the entry is the question, at once when there is a link, else when there
// is one. While a question of the last day has no answer, nothing is asked again.
func (d *Desk) AskElsewhere(ctx context.Context, c Call, in AskInput) (Done, error) {
	body, err := d.asked(in)
	if err != nil {
		return Done{}, err
	}
	need := rightRegister
	if in.Consent == clinic.ConsentEmergency {
		need = rightMeasure // whoever cares for the person
	}
	return d.save(ctx, c, plan{
		need: need, kind: clinic.KindAsked, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			if err := d.mayRead(w, w.by.ID, in.Patient); err != nil {
				return nil, err
			}
			file, err := readPatient(w, in.Patient)
			if err != nil {
				return nil, err
			}
			if q := file.Elsewhere.Open(body.Code); q != nil && within(q.Recorded(), w.now, askAgain) && q.Body.(*clinic.Asked).Consent == body.Consent {
				return nil, &unchanged{*q}
			}
			return []clinic.Draft{{Kind: clinic.KindAsked, Subject: in.Patient, Body: body}}, nil
		},
		same: func(b any) bool {
			a, ok := b.(*clinic.Asked)
			return ok && *a == *body
		},
	})
}

// asked makes the entry of a question.
func (d *Desk) asked(in AskInput) (*clinic.Asked, error) {
	words, err := d.line("words", in.Words, 200)
	if err != nil {
		return nil, err
	}
	switch {
	case !in.Consent.Valid():
		return nil, &Error{Code: CodeRequired, Field: "consent"}
	case in.Consent != clinic.ConsentEmergency:
		words = ""
	case words == "":
		return nil, &Error{Code: CodeRequired, Field: "words"}
	}
	f := d.o.Site.Facility
	return &clinic.Asked{Consent: in.Consent, Words: words, Code: f.Code, Name: f.Name}, nil
}

// AskState is where the question about a patient stands.
type AskState uint8

// The states. Only the centre's receipt makes a question one that arrived.
const (
	AskNone     AskState = iota // nobody asked
	AskUnsent                   // it is saved here and waits for a link
	AskWaits                    // the centre has it
	AskAnswered                 // see Elsewhere.Now
)

// Elsewhere is what the patient's page shows of other facilities.
type Elsewhere struct {
	clinic.ElsewhereFile
	State AskState
	Open  *clinic.Record // the question that waits; nil = none
	Old   bool           // the answer is older than it should be: ask again
	ICD   map[string]clinic.CatalogRow
	Names map[string]clinic.CatalogRow // programmes by code
}

// Waits reports whether an answer may come soon.
func (e *Elsewhere) Waits() bool { return e.State == AskUnsent || e.State == AskWaits }

// Answer names the latest answer; zero = none came.
func (e *Elsewhere) Answer() (leaf clinic.Leaf) {
	if n := len(e.Answers); n > 0 {
		leaf = e.Answers[n-1].Leaf
	}
	return leaf
}

// askOld is how old an answer may be before the page says that it is old.
const askOld = 30 * 24 * time.Hour

// elsewhere says where the question about a patient stands.
func (d *Desk) elsewhere(r Reader, file *clinic.PatientFile) Elsewhere {
	code := d.o.Site.Facility.Code
	e := Elsewhere{ElsewhereFile: file.Elsewhere, Open: file.Elsewhere.Open(code)}
	switch q := e.Open; {
	case q != nil && q.Ref.Journal == clinic.Own && (d.o.Arrived == nil || !d.o.Arrived(q.Ref.Index)):
		e.State = AskUnsent
	case q != nil:
		e.State = AskWaits
	case e.Now != nil:
		e.State = AskAnswered
	}
	if e.Now == nil {
		return e
	}
	today := d.today()
	e.Old = d.now().Sub(e.At) > askOld
	e.ICD, e.Names = map[string]clinic.CatalogRow{}, map[string]clinic.CatalogRow{}
	for _, p := range e.Now.Problems {
		if row, ok := r.Row(clinic.CatalogICD10, p.Code, today); ok {
			e.ICD[p.Code] = row
		}
	}
	for _, p := range e.Now.Programmes {
		if row, ok := r.Row(clinic.CatalogProgramme, p.Code, today); ok {
			e.Names[p.Code] = row
		}
	}
	return e
}

// Asking tells where the question about a patient stands, for a page that waits for the
// answer: it shows nothing of the record, so no look is recorded. answer names the latest
// answer; zero = none came.
func (d *Desk) Asking(ctx context.Context, by, patient clinic.ID) (state AskState, answer clinic.Leaf, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		if err := d.mayRead(r, by, patient); err != nil {
			return err
		}
		file, err := readPatient(r, patient)
		if err != nil {
			return err
		}
		e := d.elsewhere(r, &file)
		state, answer = e.State, e.Answer()
		return nil
	})
	return state, answer, err
}
