package desk

import (
	"context"
	"crypto/sha256"
	"slices"

	"clinicbox/clinic"
)

// ReviewInput is the form by which a clinician says that results were seen.
type ReviewInput struct {
	Patient clinic.ID
	Results []clinic.Leaf // current versions, as the page showed them
	Note    string        // what it means, what was done; needed when one is critical
	PIN     string        // empty: seen, and to be signed later
}

// Review records that the results were seen, and with the PIN signs them, with what was
// said of them. They are signed alone, whatever becomes of their visits. The same form
// again goes on where a fault left it.
func (d *Desk) Review(ctx context.Context, c Call, in ReviewInput) (Done, error) {
	note, err := d.text("note", in.Note, 1000)
	if err != nil {
		return Done{}, err
	}
	if len(in.Results) == 0 {
		return Done{}, &Error{Code: CodeSignNothing}
	}
	err = d.view(ctx, func(r Reader) error { // before a PIN try is spent
		by, err := who(r, c.By, rightTreat)
		if err != nil {
			return err
		}
		_, err = (&work{Reader: r, desk: d, by: by}).toReview(in, note)
		return err
	})
	if err != nil {
		return Done{}, err
	}
	done, err := d.reviewed(ctx, c, in, note)
	if err != nil || in.PIN == "" {
		return done, err
	}
	return d.signResults(ctx, c, in, done.Records[0].Subject)
}

// toReview returns the results that the form is about, all of one ID of the patient.
func (w *work) toReview(in ReviewInput, note string) ([]*clinic.Document, error) {
	file, err := w.patient(in.Patient)
	if err != nil {
		return nil, err
	}
	var out []*clinic.Document
	for _, l := range in.Results {
		d := file.Lab.Find(l)
		switch {
		case d == nil || d.Leaf() != l:
			return nil, &Error{Code: CodeSignSeen}
		case len(out) > 0 && out[0].Current().Record.Subject != d.Current().Record.Subject:
			return nil, &Error{Code: CodeMixed}
		case note == "" && clinic.BodyOf[clinic.Result](d).Critical() && len(file.Lab.ReviewsOf(l)) == 0:
			return nil, &Error{Code: CodeLabNote, Field: "note"}
		}
		out = append(out, d)
	}
	return out, nil
}

// reviewed saves that the results were seen.
func (d *Desk) reviewed(ctx context.Context, c Call, in ReviewInput, note string) (Done, error) {
	body := &clinic.Reviewed{Note: note}
	for _, l := range in.Results {
		body.Results = append(body.Results, slices.Clone(l[:]))
	}
	return d.save(ctx, c, plan{
		need: rightTreat, kind: clinic.KindReviewed,
		build: func(w *work) ([]clinic.Draft, error) {
			docs, err := w.toReview(in, note)
			if err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindReviewed, Subject: docs[0].Current().Record.Subject, Body: body}}, nil
		},
		same: func(b any) bool {
			r, ok := b.(*clinic.Reviewed)
			return ok && r.Note == note && slices.EqualFunc(r.Results, body.Results, slices.Equal)
		},
	})
}

// signResults signs the results and what was said of them.
func (d *Desk) signResults(ctx context.Context, c Call, in ReviewInput, subject clinic.ID) (Done, error) {
	if _, err := d.trusted(); err != nil {
		return Done{}, err
	}
	key, err := d.checkPIN(ctx, c.By, in.PIN)
	if err != nil {
		return Done{}, err
	}
	defer wipe(key)
	d.keepKey(ctx, c.By, key)
	sum := sha256.Sum256(append([]byte("clinicbox sign results\x00"), c.Act[:]...))
	c.Act = clinic.ID(sum[:16]) // of the second half of the form
	return d.save(ctx, c, plan{
		need: rightTreat, kind: clinic.KindSigned, patient: subject,
		build: func(w *work) ([]clinic.Draft, error) {
			if !w.sure {
				return nil, &Error{Code: CodeClockUntrusted}
			}
			body, err := w.resultsToSign(in, subject)
			if err != nil {
				return nil, err
			}
			if err := d.signBy(w, key, body, SignInput{Patient: subject}); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindSigned, Subject: subject, Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Signed)
			return ok && !slices.ContainsFunc(in.Results, func(l clinic.Leaf) bool {
				return !slices.ContainsFunc(s.Leaves, func(x []byte) bool { return string(x) == string(l[:]) })
			})
		},
	})
}

// resultsToSign names the results, then what was said of them and nobody signed yet.
func (w *work) resultsToSign(in ReviewInput, subject clinic.ID) (*clinic.Signed, error) {
	file, err := w.patient(in.Patient)
	if err != nil {
		return nil, err
	}
	body := &clinic.Signed{Method: methodPIN}
	for _, l := range in.Results {
		d := file.Lab.Find(l)
		if d == nil || d.Leaf() != l {
			return nil, &Error{Code: CodeSignSeen}
		}
		body.Leaves = append(body.Leaves, slices.Clone(l[:]))
	}
	for _, l := range in.Results {
		for _, r := range file.Lab.ReviewsOf(l) {
			good, _ := file.SignedAlone(r.Leaf)
			if r.Author != w.by.ID || r.Subject != subject || len(good) > 0 ||
				slices.ContainsFunc(body.Leaves, func(x []byte) bool { return string(x) == string(r.Leaf[:]) }) {
				continue
			}
			body.Leaves = append(body.Leaves, slices.Clone(r.Leaf[:]))
		}
	}
	return body, nil
}
