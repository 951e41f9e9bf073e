package ingest

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Encode makes entries of drafts as one act, for whoever must keep them before they
// are queued: queueing the same entry again is harmless.
func (in *Ingest) Encode(drafts []clinic.Draft) ([]hub.Down, error) {
	return encode(&in.clock, in.Now(), drafts)
}

// Queue queues entries of Encode on the stream down to a box and has them sent.
// They are durable when it returns; one that is queued already is not queued twice.
func (in *Ingest) Queue(ctx context.Context, box string, es []hub.Down) error {
	if _, err := in.DB.Push(ctx, box, es); err != nil {
		return err
	}
	in.wake(box)
	return nil
}
