package legal

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/cms"
)

// sign asks the service for what is due. A crash after the service has signed asks
// it again under the same ID.
func (l *Legal) sign(ctx context.Context) error {
	due, err := l.o.DB.LegalDue(ctx, hub.LegalWaits, l.o.Now(), batch)
	if err != nil {
		return err
	}
	byID, calls, err := l.calls(ctx, due)
	errs := []error{err}
	if len(calls) == 0 {
		return err
	}
	results, err := l.call(ctx, calls)
	if err != nil && ctx.Err() != nil {
		return errors.Join(append(errs, ctx.Err())...) // we stop: nobody failed
	}
	errs = append(errs, err)
	for i := range results {
		if w := byID[results[i].ID]; w != nil {
			delete(byID, results[i].ID) // a second answer to one question is not heard
			errs = append(errs, l.answered(ctx, w, &results[i]))
		}
	}
	for _, w := range byID {
		errs = append(errs, l.later(ctx, w.LegalRequest, "signing service did not answer"))
	}
	return errors.Join(errs...)
}

// calls prepares the requests and leaves out those of documents that another one
// corrects: nobody signs by law what was changed since.
func (l *Legal) calls(ctx context.Context, due []hub.LegalRequest) (byID map[string]*work, out []Request, err error) {
	var errs []error
	var all []*work
	old := map[clinic.Leaf]bool{}
	for _, r := range due {
		w, err := l.prepare(ctx, r)
		if err != nil {
			errs = append(errs, err)
		}
		if w == nil {
			continue
		}
		all = append(all, w)
		if c := w.doc.Corrects; c != (clinic.Leaf{}) && !old[c] {
			old[c] = true
			errs = append(errs, l.o.DB.LegalWithdraw(ctx, c))
		}
	}
	byID = map[string]*work{}
	for _, w := range all {
		if !old[w.Leaf] {
			byID[w.call.ID], out = w, append(out, w.call)
		}
	}
	return byID, out, errors.Join(errs...)
}

func (l *Legal) call(ctx context.Context, rs []Request) ([]Result, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return l.o.Signer.Sign(ctx, rs)
}

// answered judges an answer exactly as a box will, and keeps the entry that goes
// down before anything is queued.
func (l *Legal) answered(ctx context.Context, w *work, r *Result) error {
	switch {
	case r.Refused != "":
		return l.refuse(ctx, w.LegalRequest, "refused by the signing service: "+word(r.Refused))
	case len(r.Sig) == 0:
		return l.later(ctx, w.LegalRequest, "signing service has no answer yet")
	}
	body := &clinic.LegalSigned{Leaf: w.Leaf[:], Role: w.Role, Format: clinic.LegalCMS, Sig: r.Sig, Chain: r.Chain, At: r.At.Unix()}
	v, chain := l.judge(w, body)
	if !v.Valid {
		return errors.Join(l.alarm(ctx, w.LegalRequest, "signature "+v.Problem), l.later(ctx, w.LegalRequest, "signature "+v.Problem))
	}
	if problem := l.revoked(chain, v.At); problem != "" {
		return errors.Join(l.alarm(ctx, w.LegalRequest, problem), l.later(ctx, w.LegalRequest, problem))
	}
	body.At = v.At.Unix()
	es, err := l.o.Down.Encode([]clinic.Draft{{Kind: clinic.KindLegalSigned, Subject: w.doc.Subject, Visit: w.doc.Visit, Body: body}})
	if err != nil {
		return errors.Join(err, l.later(ctx, w.LegalRequest, "signature is too large"))
	}
	done := w.LegalRequest
	done.State, done.Problem, done.Down, done.Due = hub.LegalSigned, "", es[0], l.o.Now()
	return l.o.DB.LegalMove(ctx, done)
}

func (l *Legal) judge(w *work, body *clinic.LegalSigned) (clinic.LegalVerdict, []*x509.Certificate) {
	claim := clinic.LegalClaim{Content: w.call.Content, Signed: body, Recorded: l.o.Now()}
	if w.doc.Trusted {
		claim.Document = w.doc.Recorded()
	}
	return cms.Judge{Roots: l.o.Roots, Facility: l.o.Facility(w.call.Facility)}.Look(claim)
}

// revoked says why a certificate must not be used; "" when nothing is known against
// it, or nobody is asked here.
func (l *Legal) revoked(chain []*x509.Certificate, at time.Time) string {
	if l.o.Revoked == nil {
		return ""
	}
	for i := range len(chain) - 1 {
		switch bad, err := l.o.Revoked.Revoked(chain[i], chain[i+1], at); {
		case err != nil:
			return "revocation could not be checked"
		case bad:
			return "certificate is revoked"
		}
	}
	return ""
}

// word keeps an answer from outside short and plain for pages and logs.
func word(s string) string {
	out := make([]rune, 0, 40)
	for _, r := range s {
		if len(out) < 40 && (r == ' ' || r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			out = append(out, r)
		}
	}
	return string(out)
}
