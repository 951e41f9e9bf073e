package hubmain

import (
	"context"

	"clinicbox/hub/authority"
	"clinicbox/hub/ingest"
	"clinicbox/hub/merge"
	"clinicbox/hub/summary"
)

// newMerge makes the patient index. Who looks at patients stands in the authority's
// signed history: without an authority nobody is shown any.
func (h *Hub) newMerge() *merge.Merge {
	o := merge.Options{DB: h.db, Encode: ingest.Encode, Key: h.keys.Identity, Queued: h.ingest.Queued, Joined: func() { h.summary.Wake() }, Log: h.log}
	if h.trust != nil {
		o.Note = func(ctx context.Context, operator, action, object string) error {
			return h.trust.authority.Note(ctx, authority.By{Operator: operator, Reason: "merge desk"}, action, object)
		}
	}
	return merge.New(o)
}

// newSummary answers questions about patients of whom other facilities know.
func (h *Hub) newSummary() *summary.Summary {
	return summary.New(summary.Options{DB: h.db, Who: h.merge.Who, Encode: ingest.Encode, Queued: h.ingest.Queued, Log: h.log})
}

// Patients is the patient index and its merge desk.
func (h *Hub) Patients() *merge.Merge { return h.merge }
