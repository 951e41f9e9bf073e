package desk

import (
	"context"
	"crypto"
	"slices"

	"clinicbox/clinic"
)

// SignInput is the form that confirms a visit's documents.
type SignInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	PIN     string
	Seen    string // VisitFile.Seen as the page showed it
}

// methodPIN is Signed.Method of a PIN confirmation.
const methodPIN = 1

// Sign confirms the current version of every unsigned document of the visit.
// Doctors only; what the kind of visit needs must be there.
func (d *Desk) Sign(ctx context.Context, c Call, in SignInput) (Done, error) {
	key, err := d.signer(ctx, c, in.PIN)
	if err != nil {
		return Done{}, err
	}
	defer wipe(key)
	return d.save(ctx, c, plan{
		need: rightTreat, kind: clinic.KindSigned, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) { return d.signDrafts(w, key, in) },
		// What was signed then stays signed; a page that shows something else since
		// is not answered as signed.
		same: func(b any) bool { s, ok := b.(*clinic.Signed); return ok && clinic.SeenOf(s.Leaves) == in.Seen },
	})
}

// signer returns the key of who signs, for the right PIN.
func (d *Desk) signer(ctx context.Context, c Call, pin string) (crypto.Signer, error) {
	if _, err := d.trusted(); err != nil {
		return nil, err
	}
	err := d.view(ctx, func(r Reader) error { // before a PIN try is spent
		_, err := who(r, c.By, rightTreat)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := d.checkPIN(ctx, c.By, pin)
	if err == nil {
		d.keepKey(ctx, c.By, key) // before what it signs
	}
	return key, err
}

// signDrafts makes the signature of one visit.
func (d *Desk) signDrafts(w *work, key crypto.Signer, in SignInput) ([]clinic.Draft, error) {
	if !w.sure { // it may have been lost since
		return nil, &Error{Code: CodeClockUntrusted}
	}
	leaves, err := d.toSign(w, in)
	if err != nil {
		return nil, err
	}
	body := &clinic.Signed{Method: methodPIN}
	for _, l := range leaves {
		body.Leaves = append(body.Leaves, slices.Clone(l[:]))
	}
	if err := d.signBy(w, key, body, in); err != nil {
		return nil, err
	}
	ask, err := d.askCentre(w, in, leaves)
	return append([]clinic.Draft{{Kind: clinic.KindSigned, Subject: in.Patient, Visit: in.Visit, Body: body}}, ask...), err
}

// signBy adds the person's signature. A key that was revoked signs nothing: it would
// not count.
func (d *Desk) signBy(w *work, key crypto.Signer, body *clinic.Signed, in SignInput) error {
	if d.o.Keys == nil {
		return nil
	}
	keys, err := d.keysOf(w.Reader, w.by.ID)
	if err != nil {
		return err
	}
	for i := range keys {
		if k := &keys[i]; k.Key.Equal(key.Public()) && k.Role == w.by.Role && k.State(now) == KeyRevoked {
			return &Error{Code: CodeKeyRevoked, Field: "pin"}
		}
	}
	return body.SignWith(key, in.Patient, in.Visit)
}

// toSign returns what a signature would cover now, if that is what was seen.
func (d *Desk) toSign(w *work, in SignInput) ([]clinic.Leaf, error) {
	doc, err := w.visit(in.Patient, in.Visit)
	if err != nil {
		return nil, err
	}
	leaves := doc.file.Unsigned()
	switch {
	case doc.row.Has&HasEnded != 0:
		return nil, &Error{Code: CodeVisitEnded}
	case slices.ContainsFunc(doc.file.Type().Needs(), func(k clinic.Kind) bool { return doc.file.Doc(k) == nil }):
		return nil, &Error{Code: CodeSignIncomplete}
	case len(leaves) == 0:
		return nil, &Error{Code: CodeSignNothing}
	case doc.file.Seen() != in.Seen:
		return nil, &Error{Code: CodeSignSeen}
	}
	for _, rx := range doc.file.Docs(clinic.KindPrescribe) { // several when boxes were apart
		if rx.State == clinic.DocSigned {
			continue
		}
		if doc.whole.Allergies.Lost {
			return nil, &Error{Code: CodeAllergiesLost}
		}
		body := clinic.BodyOf[clinic.Prescription](rx)
		bad := doc.rxReady(body)
		if f := doc.stopped(rx, body); f != nil {
			bad = append(bad, &Error{Code: CodeSignSafety, Args: findingArgs(f)})
		}
		if len(bad) > 0 {
			return nil, bad.join()
		}
	}
	return leaves, nil
}
