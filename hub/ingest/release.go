package ingest

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// releaseStep is how many parked entries are looked at in one transaction.
const releaseStep = 512

// release looks at everything parked with the eyes of this program: what an older one
// could not read may be plain to it. The stream had gone on; the next receipt tells the
// box that less is parked. An error leaves the rest for the next start.
func (in *Ingest) release(ctx context.Context) {
	stream, after, released := int64(0), int64(-1), 0
	for {
		found, err := in.DB.ParkedEntries(ctx, stream, after, releaseStep)
		if err != nil {
			in.failed(ctx, "parked entries", err)
			return
		}
		if len(found) == 0 {
			break
		}
		last := &found[len(found)-1]
		stream, after = last.Stream, int64(last.Index)
		read := readable(found)
		if len(read) == 0 {
			continue
		}
		if err := in.DB.Release(ctx, read); err != nil {
			in.failed(ctx, "release", err)
			return
		}
		released += len(read)
		if in.Stored != nil {
			for _, f := range read {
				in.Stored(&hub.Batch{Box: f.Box, Epoch: f.Epoch, Entries: []hub.Entry{f.Entry}, At: in.Now()})
			}
		}
	}
	if released > 0 {
		in.Log.Info("parked entries can be read now", "entries", released)
	}
}

// readable are those of the entries that this program decodes, with their kinds.
func readable(found []hub.Found) (out []hub.Found) {
	for _, f := range found {
		if r, err := entry.Decode(f.Bytes, clinic.Ref{}, f.Leaf); err == nil && r.Body != nil {
			f.Kind = r.Kind
			out = append(out, f)
		}
	}
	return out
}
