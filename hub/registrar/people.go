package registrar

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
)

const atOnce = 200 // entries looked through in one transaction

// ErrProblem: a key came that does not verify, and is not certified.
var ErrProblem = errors.New("registrar: the request does not verify")

// Scan looks through the entries that brought keys of people. What was looked
// through and what was found are kept together.
func (r *Registrar) Scan(ctx context.Context) error {
	for {
		found, err := r.o.DB.Unscanned(ctx, atOnce)
		if err != nil || len(found) == 0 {
			return err
		}
		var cs []hub.Credential
		for i := range found {
			c, err := r.credential(ctx, &found[i])
			if err != nil {
				return err
			}
			if c != nil {
				cs = append(cs, *c)
			}
		}
		if err := r.o.DB.Scanned(ctx, found, cs); err != nil {
			return err
		}
	}
}

// credential reads one entry; nil when nothing in it waits for a decision.
func (r *Registrar) credential(ctx context.Context, f *hub.Found) (*hub.Credential, error) {
	rec, err := entry.Decode(f.Bytes, clinic.Ref{}, f.Leaf)
	body, ok := rec.Body.(*clinic.Credential)
	if f.Bytes == nil || err != nil || !ok {
		return nil, nil // a hole, or parked: shown as such
	}
	b, err := r.o.Authority.Box(ctx, f.Box)
	if errors.Is(err, authority.ErrMissing) {
		return nil, nil // a box of no facility that we know has nobody to certify
	} else if err != nil {
		return nil, err
	}
	c := &hub.Credential{
		Box: f.Box, Epoch: f.Epoch, Index: f.Index, At: r.o.Now(), Person: rec.Subject, Facility: b.Facility.Code,
		Request: body.Request, Chain: body.Chain,
	}
	key := body.Request
	if len(body.Chain) > 0 {
		if k, _ := cert.KindOf(body.Chain[0]); k == cert.KindPerson {
			return nil, nil // ours
		}
		key = body.Chain[0]
	}
	c.Digest = credentialDigest(key, f.Box)
	return c, r.judge(ctx, c)
}

// judge says why a key should not be certified. Only a failure of the database is
// an error.
func (r *Registrar) judge(ctx context.Context, c *hub.Credential) error {
	if len(c.Chain) > 0 {
		v, _, err := cert.ReadProvisional(c.Chain[0])
		if err != nil {
			c.Problem = "certificate: " + err.Error()
			return nil
		}
		c.Serial, c.Request = v.Serial.String(), v.Request
	}
	q, err := cert.OpenPersonRequest(c.Request)
	switch {
	case err != nil:
		c.Problem = "request: " + err.Error()
	case q.Person != c.Person:
		c.Problem = "request: of another person than the entry"
	case q.Facility != c.Facility:
		c.Problem = "request: " + cert.ErrOtherFacility.Error()
	}
	c.Role = q.Role
	if c.Problem != "" || len(c.Chain) == 0 {
		return nil
	}
	t, err := r.trust(ctx, c.Facility)
	if err != nil {
		return err
	}
	if _, err := t.Member(cert.WantMember{Facility: c.Facility, At: cert.Now}, c.Chain...); err != nil {
		c.Problem = "voucher: " + err.Error()
	}
	return nil
}

// trust is what a box of the facility holds, decisions on people included.
func (r *Registrar) trust(ctx context.Context, facility string) (*cert.Trust, error) {
	raws, err := r.o.Authority.Statements(ctx, facility)
	if err != nil {
		return nil, err
	}
	t, err := cert.LoadTrust(r.o.Authority.Root(), raws)
	if err != nil {
		return nil, err
	}
	people, err := r.o.Authority.People(ctx, facility)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if p.Decision != nil {
			_ = t.Add(p.Decision) // of a key that the root withdrew: does not count until it is issued anew
		}
	}
	return t, nil
}

// Waiting returns the keys that wait for a decision, oldest first; facility ""
// means all.
func (r *Registrar) Waiting(ctx context.Context, facility string) ([]hub.Credential, error) {
	cs, err := r.o.DB.Credentials(ctx, facility)
	if err != nil {
		return nil, err
	}
	decided := map[string]map[string]bool{}
	out := cs[:0]
	for _, c := range cs {
		if decided[c.Facility] == nil {
			people, err := r.o.Authority.People(ctx, c.Facility)
			if err != nil {
				return nil, err
			}
			decided[c.Facility] = keysOf(people)
		}
		q, err := cert.OpenPersonRequest(c.Request)
		if err == nil && decided[c.Facility][string(q.Key)] {
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// keysOf returns the keys of the people on whom the centre has spoken.
func keysOf(people []authority.Person) map[string]bool {
	out := map[string]bool{}
	for _, p := range people {
		var key ed25519.PublicKey
		if _, q, err := cert.ReadProvisional(p.Cert); err == nil {
			key = q.Key
		} else if v, err := cert.Unverified[cert.Person](p.Cert); err == nil {
			key = v.Key
		}
		out[string(key)] = true
	}
	return out
}

// unfit keys are not certified whoever asks. Whether a voucher was right is judged
// when the decision is made, for the voucher may have been ratified since.
func unfit(c *hub.Credential) bool {
	return strings.HasPrefix(c.Problem, "request") || strings.HasPrefix(c.Problem, "certificate")
}

// find returns the one pending key whose serial or digest begins with ref.
func (r *Registrar) find(ctx context.Context, ref string) (c hub.Credential, err error) {
	cs, err := r.Waiting(ctx, "")
	if err != nil {
		return c, err
	}
	n := 0
	for _, o := range cs {
		if len(ref) >= 8 && (strings.HasPrefix(o.Digest, ref) || strings.HasPrefix(o.Serial, ref)) {
			c, n = o, n+1
		}
	}
	if n != 1 {
		return c, hub.ErrCredential
	}
	return c, nil
}

// Certify issues a certificate for a pending key. ref is the serial or the digest,
// or at least eight characters that only it begins with.
func (r *Registrar) Certify(ctx context.Context, by authority.By, ref string) error {
	c, err := r.find(ctx, ref)
	if err != nil {
		return err
	}
	if unfit(&c) {
		return fmt.Errorf("%w: %s", ErrProblem, c.Problem)
	}
	_, err = r.o.Authority.Certify(ctx, by, c.Request)
	return err
}

// Ratify makes the provisional certificate of a pending key as good as one of the
// centre's.
func (r *Registrar) Ratify(ctx context.Context, by authority.By, ref string) error {
	c, err := r.find(ctx, ref)
	if err != nil {
		return err
	}
	if unfit(&c) {
		return fmt.Errorf("%w: %s", ErrProblem, c.Problem)
	}
	_, err = r.o.Authority.Ratify(ctx, by, c.Chain...)
	return err
}

// Reject turns a pending key down: of a provisional certificate nothing is good from
// then on, a bare request is forgotten.
func (r *Registrar) Reject(ctx context.Context, by authority.By, ref string) error {
	c, err := r.find(ctx, ref)
	if err != nil {
		return err
	}
	if q, err := cert.OpenPersonRequest(c.Request); c.Serial != "" && err == nil && q.Facility == c.Facility {
		_, err := r.o.Authority.Reject(ctx, by, c.Chain[0])
		return err
	}
	return r.TurnDown(ctx, by, c.Digest)
}

// TurnDown ends a bare request, which no certificate can be rejected for, and writes
// that into the history.
func (r *Registrar) TurnDown(ctx context.Context, by authority.By, digest string) error {
	if err := r.o.Authority.Note(ctx, by, "turn down", digest); err != nil {
		return err
	}
	return r.o.DB.EndCredential(ctx, digest)
}
