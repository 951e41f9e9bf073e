package registrar

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/internal/fold"
)

// Judge looks at every signature of records that came and was not judged, as the box's
// own pages do. One that confirms nothing is an alarm, once; so is damage that a box
// tells of itself. How far was judged and the alarms are kept together.
func (r *Registrar) Judge(ctx context.Context) error {
	j := judge{r: r, trust: map[string]*cert.Trust{}, keys: map[signer][]clinic.SigningKey{}}
	for {
		found, err := r.o.DB.Unjudged(ctx, atOnce)
		if err != nil || len(found) == 0 {
			return err
		}
		var vs []hub.Verdict
		for i := range found {
			v, err := j.verdict(ctx, &found[i])
			if err != nil {
				return err
			}
			if v != nil {
				vs = append(vs, *v)
			}
		}
		if err := r.o.DB.Judged(ctx, found, vs); err != nil {
			return err
		}
		for i := range vs {
			a := &vs[i].Alarm
			detail := a.Detail
			if a.Code == hub.AlarmDisease {
				detail = ""
			}
			r.o.Log.Warn("alarm", "box", a.Box, "code", a.Code, "detail", detail)
		}
	}
}

// judge is one pass; what it trusts and knows is read once.
type judge struct {
	r     *Registrar
	trust map[string]*cert.Trust
	keys  map[signer][]clinic.SigningKey
}

// signer is a person on a box, each of which has a key of its own.
type signer struct {
	box    string
	person clinic.ID
}

// verdict is nil for an entry of which nobody must hear.
func (j *judge) verdict(ctx context.Context, f *hub.Found) (*hub.Verdict, error) {
	rec, err := entry.Decode(f.Bytes, clinic.Ref{Journal: clinic.Own, Index: f.Index}, f.Leaf)
	if f.Bytes == nil || err != nil {
		return nil, nil // a hole, or parked: shown as such
	}
	v := &hub.Verdict{Leaf: f.Leaf, Alarm: hub.Alarm{Box: f.Box, Last: j.r.o.Now()}}
	at := fmt.Sprintf("epoch %v at %d: ", f.Epoch, f.Index)
	switch b := rec.Body.(type) {
	case *clinic.Machine:
		switch b.Event {
		case clinic.MachineDamaged, clinic.MachineLost, clinic.MachineRewound, clinic.MachineVoid:
		default:
			return nil, nil
		}
		if b.Event == clinic.MachineVoid {
			if known, err := j.same(ctx, f, b.Detail); known || err != nil {
				return nil, err
			}
		}
		v.Alarm.Code, v.Alarm.Detail = hub.AlarmRecords, at+b.Event+": "+short(b.Detail)
		return v, nil
	case *clinic.Alert:
		v.Alarm.Code, v.Alarm.Detail = hub.AlarmDisease, at+b.Message(f.Box, fold.String)
		return v, nil
	case *clinic.Signed:
		if v.State, err = j.signed(ctx, f.Box, &rec); err != nil || v.State.Counts() {
			return nil, err
		}
		v.Alarm.Code, v.Alarm.Detail = hub.AlarmVoid, at+voidWords(v.State)
		return v, nil
	}
	return nil, nil
}

// signed is what a signature is worth here. Of a box of no facility that we know it
// counts: nobody's keys are known.
func (j *judge) signed(ctx context.Context, box string, rec *clinic.Record) (clinic.SignatureState, error) {
	keys, err := j.known(ctx, box, rec.Author)
	if errors.Is(err, authority.ErrMissing) {
		return clinic.SignatureKeyless, nil
	} else if err != nil {
		return 0, err
	}
	return clinic.JudgeSigned(rec, keys, clinic.FitsSigned), nil
}

// same tells whether a signature that a box found void is one of its own that is void
// here, too: then it has its alarm. That the two disagree is news.
func (j *judge) same(ctx context.Context, f *hub.Found, detail string) (bool, error) {
	ref, ok := clinic.VoidOf(detail)
	if !ok || ref.Journal != clinic.Own {
		return false, nil
	}
	es, err := j.r.o.DB.Entries(ctx, f.Box, f.Epoch, ref.Index, 1)
	if err != nil || len(es) == 0 || es[0].Index != ref.Index || es[0].Bytes == nil {
		return false, err
	}
	rec, err := entry.Decode(es[0].Bytes, ref, es[0].Leaf)
	if err != nil || rec.Kind != clinic.KindSigned {
		return false, nil
	}
	state, err := j.signed(ctx, f.Box, &rec)
	return err == nil && !state.Counts(), err
}

// short bounds what a box may put into an alarm, in bytes; the cut is between letters.
func short(s string) string {
	n := min(len(s), 100)
	for n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func voidWords(s clinic.SignatureState) string {
	switch s {
	case clinic.SignatureRevoked:
		return "signed by a key that was revoked before"
	case clinic.SignatureUnknown:
		return "signed by a key that nobody vouches for"
	}
	return "the signature does not fit"
}

// known are the keys that we know of a person who signed on the box.
func (j *judge) known(ctx context.Context, box string, person clinic.ID) ([]clinic.SigningKey, error) {
	s := signer{box, person}
	if keys, ok := j.keys[s]; ok {
		return keys, nil
	}
	b, err := j.r.o.Authority.Box(ctx, box)
	if err != nil {
		return nil, err
	}
	t := j.trust[b.Facility.Code]
	if t == nil {
		if t, err = j.r.trust(ctx, b.Facility.Code); err != nil {
			return nil, err
		}
		j.trust[b.Facility.Code] = t
	}
	records, err := j.r.keyRecords(ctx, box, b.Facility.Code, person)
	if err != nil {
		return nil, err
	}
	here := func(r *clinic.Record) bool { return r.Ref.Journal == clinic.Own }
	j.keys[s] = cert.SigningKeys(person, records, here, t.Member)
	return j.keys[s], nil
}

// keyRecords are the entries about keys of a person as their box would read them, with
// what the centre certified. A bare request that was turned down is nobody's own any
// more.
func (r *Registrar) keyRecords(ctx context.Context, box, facility string, person clinic.ID) (out []clinic.Record, err error) {
	found, err := r.o.DB.CredentialEntries(ctx, person)
	if err != nil {
		return nil, err
	}
	ended, err := r.o.DB.EndedCredentials(ctx)
	if err != nil {
		return nil, err
	}
	for i := range found {
		f := &found[i]
		ref := clinic.Ref{Journal: clinic.In}
		if f.Box == box {
			ref.Journal = clinic.Own
		}
		rec, err := entry.Decode(f.Bytes, ref, f.Leaf)
		c, ok := rec.Body.(*clinic.Credential)
		if f.Bytes == nil || err != nil || !ok {
			continue
		}
		digest := credentialDigest(c.Request, f.Box)
		if slices.ContainsFunc(ended, func(e hub.Credential) bool { return e.Digest == digest }) {
			rec.Ref.Journal = clinic.In
		}
		out = append(out, rec)
	}
	slices.SortStableFunc(out, func(a, b clinic.Record) int { return cmp.Compare(a.HLC, b.HLC) })
	people, err := r.o.Authority.People(ctx, facility)
	for i := range people {
		if p := &people[i]; p.Person == person {
			out = append(out, clinic.Record{Kind: clinic.KindStatement, Body: &clinic.Statement{Raw: p.Cert}})
		}
	}
	return out, err
}

// credentialDigest names a key that came from a box.
func credentialDigest(key []byte, box string) string {
	return cert.DigestOf(append(slices.Clone(key), box...)).String()
}

// Rejudge has the signatures of a facility judged anew when somebody's key was revoked
// or turned down since, and reports whether there are any: what was good can be void
// from a day in the past on.
func (r *Registrar) Rejudge(ctx context.Context) (again bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ended, err := r.o.DB.EndedCredentials(ctx)
	if err != nil {
		return false, err
	}
	head, err := r.o.Authority.Head(ctx)
	if err != nil || head == r.by && len(ended) == r.bare {
		return false, err
	}
	boxes, err := r.o.Authority.Boxes(ctx)
	if err != nil {
		return false, err
	}
	before, err := r.o.DB.JudgedBy(ctx)
	if err != nil {
		return false, err
	}
	names := map[string][]string{}
	for _, b := range Holders(boxes) {
		names[b.Facility.Code] = append(names[b.Facility.Code], b.Facility.Box)
	}
	for facility, of := range names {
		sum, err := r.endings(ctx, facility, ended)
		if err != nil {
			return again, err
		}
		if old, ok := before[facility]; ok && old == sum {
			continue
		}
		if err := r.o.DB.Rejudge(ctx, facility, sum, of); err != nil {
			return again, err
		}
		again = true
	}
	r.by, r.bare = head, len(ended)
	return again, nil
}

// endings names everything that ended a key of the facility.
func (r *Registrar) endings(ctx context.Context, facility string, ended []hub.Credential) (sum [32]byte, err error) {
	h := sha256.New()
	part := func(b []byte) {
		fmt.Fprintf(h, "%d:", len(b))
		h.Write(b)
	}
	raws, err := r.o.Authority.Statements(ctx, facility)
	if err != nil {
		return sum, err
	}
	for _, raw := range raws {
		if k, err := cert.KindOf(raw); err == nil && k == cert.KindRevocations {
			part(raw)
		}
	}
	people, err := r.o.Authority.People(ctx, facility)
	if err != nil {
		return sum, err
	}
	for i := range people {
		if p := &people[i]; p.Decision != nil && !p.Accepted {
			part(p.Decision)
		}
	}
	for i := range ended {
		if ended[i].Facility == facility {
			part([]byte(ended[i].Digest))
		}
	}
	h.Sum(sum[:0])
	return sum, nil
}
