package desk

import (
	"slices"

	"clinicbox/clinic"
)

// Held is an answer to the question what becomes of a number that another record holds.
type Held uint8

// The answers.
const (
	HeldAsk    Held = 0 // none yet: the refusal says who holds it
	HeldUnsure Held = 1 // the number is kept, and counts for nothing until it is settled
	HeldEnd    Held = 2 // the other record has it wrong: it ends there
)

// HeldAnswer is the answer with what it rests on.
type HeldAnswer struct {
	Do      Held
	Why     string      // of HeldEnd, needed
	Holders []clinic.ID // whom the page showed: somebody else's number does not end unseen
}

// settle does with those of the numbers that other people hold what the answer says. It
// returns corrections of other records, or who must be asked about. p is changed.
func (w *work) settle(a HeldAnswer, p *clinic.Patient, numbers []clinic.Identifier, except clinic.ID) ([]clinic.Draft, []Hit, error) {
	found, err := w.desk.holders(w, numbers, except)
	if err != nil || len(found) == 0 {
		return nil, nil, err
	}
	unseen := func(h Hit) bool { return !slices.Contains(a.Holders, h.ID) }
	switch {
	case a.Do == HeldUnsure:
		return nil, nil, w.unsure(p, numbers, except)
	case a.Do == HeldEnd && !slices.ContainsFunc(found, unseen):
		drafts, err := w.endAt(found, numbers, a.Why)
		return drafts, nil, err
	}
	return nil, found, nil
}

// unsure marks the numbers that somebody else holds.
func (w *work) unsure(p *clinic.Patient, numbers []clinic.Identifier, except clinic.ID) error {
	p.Identifiers = slices.Clone(p.Identifiers)
	for i := range p.Identifiers {
		id := &p.Identifiers[i]
		if !slices.Contains(numbers, *id) {
			continue
		}
		found, err := w.desk.holders(w, []clinic.Identifier{*id}, except)
		if err != nil {
			return err
		}
		id.Unsure = len(found) > 0
	}
	return nil
}

// endAt ends the numbers in the records of other people.
func (w *work) endAt(found []Hit, numbers []clinic.Identifier, why string) (out []clinic.Draft, err error) {
	why, err = w.desk.line("heldwhy", why, 500)
	if err != nil {
		return nil, err
	}
	if why == "" {
		return nil, &Error{Code: CodeRequired, Field: "heldwhy"}
	}
	wrong := alternatives(numbers)
	for _, h := range found {
		file, err := readPatient(w, h.ID)
		if err != nil {
			return nil, err
		}
		if err := w.desk.mayRead(w, w.by.ID, h.ID); err != nil {
			return nil, err
		}
		for _, part := range file.Parts {
			if body := ended(part.Now, wrong, w.today); body != nil {
				out = append(out, clinic.Draft{
					Kind: clinic.KindPatient, Subject: part.ID, Why: why, Body: body,
					Corrects: part.Versions[len(part.Versions)-1].Leaf,
				})
			}
		}
	}
	return out, nil
}

// ended returns the details with the numbers ended yesterday, or nil when none of them
// is live there. An insurance card ends with the person's number in it.
func ended(p *clinic.Patient, numbers []clinic.Identifier, today clinic.Date) *clinic.Patient {
	if p == nil {
		return nil
	}
	out, changed := *p, false
	out.Identifiers = slices.Clone(p.Identifiers)
	for i := range out.Identifiers {
		id := &out.Identifiers[i]
		social, _ := clinic.SocialOf(id.Value)
		same := func(n clinic.Identifier) bool {
			return n.System == id.System && n.Value == id.Value || n.System == clinic.SystemSocial && n.Value == social
		}
		if id.Live(today) && slices.ContainsFunc(numbers, same) {
			id.To, changed = today.AddDays(-1), true
		}
	}
	if !changed {
		return nil
	}
	return &out
}
