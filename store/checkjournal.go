package store

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// checkJournal verifies a journal from end to end; the tree that comes back was
// computed anew from its entries.
func (rep *Report) checkJournal(ctx context.Context, j *journal.Journal, kind clinic.Journal, seen func(*clinic.Record)) *journal.Verifier {
	name := folderOf(kind)
	v := j.Verify()
	for n := range j.Segments() {
		if ctx.Err() != nil {
			return v
		}
		if p := v.Segment(n); p != "" {
			rep.problem("%s: segment %d: %s", name, n, p)
		}
		err := j.Each(n, func(r journal.Raw) error {
			if p := v.Entry(r); p != "" {
				rep.problem("%s: entry %d: %s", name, r.Index, p)
			}
			if r.Hole() {
				rep.Holes++
				return nil
			}
			rec, err := entry.Decode(r.Bytes, clinic.Ref{Journal: kind, Index: r.Index}, r.Leaf)
			switch {
			case err == nil && seen != nil:
				seen(&rec)
			case err != nil:
				rep.Unknown++
				if kind == clinic.Own { // what came from elsewhere may be of a newer program
					rep.problem("%s: entry %d: %v", name, r.Index, err)
				}
			}
			return nil
		})
		if err != nil {
			rep.problem("%s: segment %d: %v", name, n, err)
		}
		for _, p := range v.Spares(n) {
			rep.problem("%s: segment %d: %s", name, n, p)
		}
	}
	_, p := v.End()
	rep.Unhashed += v.Incomplete
	if p != "" {
		rep.problem("%s: %s", name, p)
	}
	return v
}
