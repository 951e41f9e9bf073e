package legal

import (
	"context"
	"slices"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// maxLeaves bounds what one entry may ask for.
const maxLeaves = 32

// take finds what boxes ask for. Requests and the mark of how far was looked are
// one transaction.
func (l *Legal) take(ctx context.Context) error {
	for {
		found, err := l.o.DB.LegalAsks(ctx, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		var rs []hub.LegalRequest
		for i := range found {
			rs = append(rs, l.requests(&found[i])...)
		}
		if err := l.o.DB.LegalTake(ctx, found, rs); err != nil {
			return err
		}
	}
}

// requests reads one entry. What cannot be read, or asks a token at the station, asks
// nothing of us.
func (l *Legal) requests(f *hub.Found) (out []hub.LegalRequest) {
	if f.Bytes == nil {
		return nil
	}
	rec, err := entry.Decode(f.Bytes, clinic.Ref{}, f.Leaf)
	b, ok := rec.Body.(*clinic.LegalAsked)
	if err != nil || !ok || b.Where != clinic.LegalAtCentre || len(b.Leaves) > maxLeaves {
		return nil
	}
	now := l.o.Now()
	for _, leaf := range b.Leaves {
		if len(leaf) != len(clinic.Leaf{}) {
			continue
		}
		for _, role := range []clinic.LegalRole{clinic.LegalPractitioner, clinic.LegalFacility} {
			if slices.Contains(b.Roles, role) {
				out = append(out, hub.LegalRequest{
					Leaf: clinic.Leaf(leaf), Role: role, Box: f.Box, Licence: b.Licence, Asked: now, Due: now, State: hub.LegalWaits,
				})
			}
		}
	}
	return out
}

// work is a request with the document that it is about.
type work struct {
	hub.LegalRequest
	doc  clinic.Record
	call Request
}

// prepare reads the document. A request that can never be fulfilled is refused: a
// box asks for documents of its own facility only, which is the certified one: what a
// box tells of itself does not change the code.
func (l *Legal) prepare(ctx context.Context, r hub.LegalRequest) (*work, error) {
	f, ok, err := l.o.DB.LegalDocument(ctx, r.Leaf)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, l.later(ctx, r, "document is not here yet")
	}
	doc, err := entry.Decode(f.Bytes, clinic.Ref{}, f.Leaf)
	if err != nil {
		return nil, l.refuse(ctx, r, "document cannot be read")
	}
	content, err := clinic.LegalContent(&doc)
	if err != nil {
		return nil, l.refuse(ctx, r, "no numbered legal document")
	}
	if !slices.Contains(doc.Kind.LegalRoles(), r.Role) {
		r.State, r.Problem = hub.LegalRefused, "not wanted by law" // a prescription has no stamp: no alarm
		return nil, l.o.DB.LegalMove(ctx, r)
	}
	box, err := l.o.DB.Box(ctx, r.Box)
	if err != nil {
		return nil, err
	}
	facility := clinic.LegalFacilityOf(doc.Body)
	if f.Box != r.Box || box.Facility.Code == "" || facility != box.Facility.Code {
		return nil, l.refuse(ctx, r, "document of another box or facility")
	}
	return &work{r, doc, Request{
		ID: RequestID(r.Leaf, r.Role), Role: r.Role, Content: content, Facility: facility, Licence: r.Licence,
	}}, nil
}
