package boxmain

import (
	"context"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// signCheck judges every signature of both journals as the pages do. Journals are seen
// first and judged then: what somebody's key is worth may stand behind what it signed.
type signCheck struct {
	people     map[clinic.ID][]clinic.Record // KindCredential, in the order of the journals
	statements []clinic.Record
	signed     []clinic.Record
}

// see takes an entry; it keeps what concerns signatures.
func (c *signCheck) see(r *clinic.Record) {
	switch r.Kind {
	case clinic.KindCredential:
		if c.people == nil {
			c.people = map[clinic.ID][]clinic.Record{}
		}
		c.people[r.Subject] = append(c.people[r.Subject], *r)
	case clinic.KindStatement:
		c.statements = append(c.statements, *r)
	case clinic.KindSigned:
		c.signed = append(c.signed, *r)
	}
}

// signatures is what signCheck found.
type signatures struct {
	judged, unconfirmed, keyless uint64
	void                         []string // those that confirm nothing, by journal and index
}

// asked are the statements that the journals hold, for who judges by them.
func (c *signCheck) asked() (raws [][]byte) {
	for i := range c.statements {
		if s, ok := c.statements[i].Body.(*clinic.Statement); ok {
			raws = append(raws, s.Raw)
		}
	}
	return raws
}

// states tells what each signature is worth by what ask trusts, in the order of signed.
func (c *signCheck) states(ctx context.Context, ask cert.Asker) (out []clinic.SignatureState, err error) {
	known := map[clinic.ID][]clinic.SigningKey{}
	for i := range c.signed {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rec := &c.signed[i]
		keys, ok := known[rec.Author]
		if !ok {
			keys = cert.SigningKeys(rec.Author, append(c.people[rec.Author], c.statements...), ownRecord, ask)
			known[rec.Author] = keys
		}
		out = append(out, clinic.JudgeSigned(rec, keys, clinic.FitsSigned))
	}
	return out, nil
}

// sum sums up what states found.
func (c *signCheck) sum(states []clinic.SignatureState) (out signatures) {
	for i, state := range states {
		rec := &c.signed[i]
		out.judged++
		switch {
		case !state.Counts():
			out.void = append(out.void, fmt.Sprintf("%s: entry %d: %s", journalName(rec.Ref.Journal), rec.Ref.Index, voidWords(state)))
		case state == clinic.SignatureUnconfirmed:
			out.unconfirmed++
		case state == clinic.SignatureKeyless:
			out.keyless++
		}
	}
	return out
}

func journalName(j clinic.Journal) string {
	if j == clinic.In {
		return "in"
	}
	return "own"
}

// voidWords says in both languages why a signature confirms nothing.
func voidWords(s clinic.SignatureState) string {
	switch s {
	case clinic.SignatureRevoked:
		return "khóa ký đã bị thu hồi trước khi ký / signed by a key that was revoked before"
	case clinic.SignatureUnknown:
		return "không ai xác nhận khóa ký này / signed by a key that nobody vouches for"
	}
	return "chữ ký không khớp / the signature does not fit"
}
