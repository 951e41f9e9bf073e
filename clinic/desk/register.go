package desk

import (
	"context"
	"reflect"
	"slices"

	"clinicbox/clinic"
)

// PatientInput is the registration form. Birth and numbers are as typed or as a
// card said them; Folded need not be set, and a zero Source is typed.
type PatientInput struct {
	ID clinic.ID // zero = a new patient
	clinic.Patient
	// Different says that a person looked at those of the same name and birth date
	// and this is somebody else. It never gives away another patient's number.
	Different bool
	Held      HeldAnswer // about numbers that others hold
	// Base is the leaf of the version that the form showed (the last of
	// PatientFile.Versions). If that is not the current version any more, nothing is
	// saved and the error is CodeChanged.
	Base clinic.Leaf
	Why  string // reason of a change, optional
	// Ask is the consent with which the centre is asked what other facilities know of a
	// new patient; 0 = it is not asked.
	Ask clinic.Consent
}

// nameCandidates is how many people of one name are compared by birth date.
const nameCandidates = 500

// Register saves a new patient. Possible duplicates come back as CodeDuplicates
// with Found: those by name and birth date unless in.Different, those who hold a number
// of the form until in.Held says what becomes of it.
func (d *Desk) Register(ctx context.Context, c Call, in PatientInput) (Done, error) {
	p, err := d.demographics(in)
	if err != nil {
		return Done{}, err
	}
	var ask *clinic.Asked
	if in.Ask != 0 {
		if ask, err = d.asked(AskInput{Consent: in.Ask}); err != nil {
			return Done{}, err
		}
	}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPatient,
		build: func(w *work) ([]clinic.Draft, error) {
			body := *p // what is typed stays as it is: the store may ask again
			others, found, err := w.settle(in.Held, &body, body.Identifiers, clinic.ID{})
			if err == nil && !in.Different {
				found, err = w.namesakes(p, found)
			}
			if err != nil {
				return nil, err
			}
			if len(found) > 0 {
				return nil, &Error{Code: CodeDuplicates, Found: found}
			}
			if err := w.rename(&body, &clinic.Patient{}, &clinic.Identity{}); err != nil {
				return nil, err
			}
			if !hasPapers(body.Identifiers, w.today) {
				if err := d.temporary(w, &body); err != nil {
					return nil, err
				}
			}
			drafts := append([]clinic.Draft{{Kind: clinic.KindPatient, Subject: d.o.NewID(), Body: &body}}, others...)
			if ask != nil {
				drafts = append(drafts, clinic.Draft{Kind: clinic.KindAsked, Subject: drafts[0].Subject, Body: ask})
			}
			return drafts, nil
		},
		same: func(body any) bool { return samePatient(body, p) },
	})
}

// temporary numbers a patient without papers, so that every patient has a number
// that can be read out and found.
func (d *Desk) temporary(w *work, p *clinic.Patient) error {
	f := d.o.Site.Facility
	n, err := w.next(clinic.SeriesTemporary(f.Book))
	if err != nil {
		return err
	}
	code, err := clinic.NewTemporary(f.Code, f.Book, n)
	if err != nil {
		return &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "temporary"}}
	}
	p.Identifiers = append(slices.Clone(p.Identifiers), clinic.Identifier{System: clinic.SystemTemporary, Value: code})
	return nil
}

// hasPapers reports whether a number of somebody else's making is the person's now.
func hasPapers(numbers []clinic.Identifier, today clinic.Date) bool {
	return slices.ContainsFunc(numbers, func(id clinic.Identifier) bool {
		return id.System != clinic.SystemTemporary && id.Live(today)
	})
}

// namesakes adds to those found by a number who the patient may be already by name and
// birth date.
func (w *work) namesakes(p *clinic.Patient, found []Hit) ([]Hit, error) {
	seen := map[clinic.ID]bool{}
	for _, h := range found {
		seen[h.ID] = true
	}
	ids, err := w.ByName(p.Name, nameCandidates)
	if err != nil {
		return nil, err
	}
	hits, err := hitsOf(w, ids, ByBirth)
	if err != nil {
		return nil, err
	}
	for _, h := range hits {
		like, err := w.desk.like(w, &Hit{Now: *p}, &h)
		if err != nil {
			return nil, err
		}
		if !seen[h.ID] && like != clinic.LikeNone {
			found = append(found, h)
		}
	}
	return found, nil
}

// newNumbers returns the numbers that the form adds to what the record has. Two
// records that came to one number on two boxes can still be corrected otherwise.
func newNumbers(have, form *clinic.Patient, today clinic.Date) []clinic.Identifier {
	return slices.DeleteFunc(slices.Clone(form.Identifiers), func(id clinic.Identifier) bool {
		return have.Holds(id.System, id.Value, today)
	})
}

// holders returns other patients who hold one of the numbers today.
func (d *Desk) holders(w *work, numbers []clinic.Identifier, except clinic.ID) ([]Hit, error) {
	var live []clinic.Identifier
	for _, id := range numbers {
		if id.Live(w.today) {
			live = append(live, id)
		}
	}
	hits, err := d.byNumbers(w, live)
	if err != nil {
		return nil, err
	}
	var out []Hit
	for _, h := range hits {
		if h.ID != except && h.Why == ByNumber {
			out = append(out, h)
		}
	}
	return out, nil
}

// ChangePatient saves new demographics of a known patient, whole; identifiers that the
// form leaves out are kept with their end set (renumber). A number that somebody else
// holds is CodeNumberTaken with Found until in.Held says what becomes of it.
func (d *Desk) ChangePatient(ctx context.Context, c Call, in PatientInput) (Done, error) {
	p, err := d.demographics(in)
	if err != nil {
		return Done{}, err
	}
	why, err := d.line("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPatient, patient: in.ID,
		build: func(w *work) ([]clinic.Draft, error) {
			if err := d.mayRead(w, w.by.ID, in.ID); err != nil {
				return nil, err
			}
			cur, err := currentPatient(w, in)
			if err != nil {
				return nil, err
			}
			have, body := cur.Body.(*clinic.Patient), *p
			who, err := identity(w, in.ID)
			if err != nil {
				return nil, err
			}
			if err := w.rename(&body, have, &who); err != nil {
				return nil, err
			}
			others, taken, err := w.settle(in.Held, &body, newNumbers(have, p, w.today), who.Lead())
			if err != nil {
				return nil, err
			}
			if len(taken) > 0 {
				return nil, &Error{Code: CodeNumberTaken, Field: "identifiers", Found: taken}
			}
			body.Identifiers, body.Merges = renumber(have, &body, w.today), have.Merges
			if reflect.DeepEqual(have, &body) {
				return nil, &unchanged{cur}
			}
			return append([]clinic.Draft{{Kind: clinic.KindPatient, Subject: in.ID, Corrects: cur.Leaf, Why: why, Body: &body}}, others...), nil
		},
		same: func(body any) bool { return samePatient(body, p) },
	})
}

// rename calls somebody who has no name yet by whose child it is, and checks a mother
// who is new, or whose child's details changed.
func (w *work) rename(p, have *clinic.Patient, who *clinic.Identity) error {
	if p.Unnamed {
		p.Name, p.Folded = have.Name, have.Folded
		if len(p.Mother) == 0 {
			p.Name, p.Folded = clinic.UnknownName, w.desk.o.Fold(clinic.UnknownName)
		}
	}
	return w.motherOf(p, have, who)
}

// currentPatient is the version that a change replaces. When none can be read any more
// it is an empty one: what is typed takes its place.
func currentPatient(w *work, in PatientInput) (clinic.Record, error) {
	records, err := w.Records(in.ID)
	if err != nil {
		return clinic.Record{}, err
	}
	lost, err := w.Lost(in.ID)
	if err != nil {
		return clinic.Record{}, err
	}
	file := clinic.FoldPatient(in.ID, records)
	file.Lose(lost)
	cur := clinic.Record{Body: &clinic.Patient{}}
	if n := len(file.Versions); n > 0 {
		cur = file.Versions[n-1]
	} else {
		var ok bool
		if cur.Leaf, ok = file.LostDetails(); !ok {
			return clinic.Record{}, &Error{Code: CodeNoPatient}
		}
	}
	if in.Base != cur.Leaf {
		return clinic.Record{}, &Error{Code: CodeChanged}
	}
	return cur, nil
}

// samePatient compares what was typed with a saved body, to which the act may
// have added numbers.
func samePatient(body any, typed *clinic.Patient) bool {
	b, ok := body.(*clinic.Patient)
	if !ok {
		return false
	}
	saved, want := *b, *typed
	for _, id := range want.Identifiers {
		found := false
		for _, s := range saved.Identifiers { // the act says from when to when, and what is sure
			s.From, s.To, s.Unsure = id.From, id.To, id.Unsure
			found = found || s == id
		}
		if !found {
			return false
		}
	}
	saved.Identifiers, want.Identifiers = nil, nil
	if want.Unnamed { // the act names it
		saved.Name, saved.Folded = want.Name, want.Folded
	}
	return reflect.DeepEqual(saved, want)
}
