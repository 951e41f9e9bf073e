package ingest

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// Push queues drafts on the stream down to a box, all or none, and has them sent.
// They are durable when it returns.
func (in *Ingest) Push(ctx context.Context, box string, drafts []clinic.Draft) (last uint64, err error) {
	es, err := encode(&in.clock, in.Now(), drafts)
	if err != nil {
		return 0, err
	}
	if last, err = in.DB.Push(ctx, box, es); err != nil {
		return 0, err
	}
	in.wake(box)
	return last, nil
}

// Queued has sent what somebody else queued for a box.
func (in *Ingest) Queued(box string) { in.wake(box) }

// Encode makes entries of drafts as one act of the centre, for a program that
// queues them beside a running hub.
func Encode(now time.Time, drafts []clinic.Draft) ([]hub.Down, error) {
	return encode(new(hlc), now, drafts)
}

func encode(c *hlc, now time.Time, drafts []clinic.Draft) ([]hub.Down, error) {
	act := clinic.NewID()
	out := make([]hub.Down, len(drafts))
	for i, d := range drafts {
		if d.Event.IsZero() {
			d.Event = now
		}
		b, err := entry.Encode(d, act, clinic.ID{}, c.next(now), true)
		if err != nil {
			return nil, err
		}
		out[i].Bytes = b
		rand.Read(out[i].Salt[:])
		out[i].Leaf = entry.LeafHash(out[i].Salt, b)
	}
	return out, nil
}

// hlc is the hub's hybrid logical clock: it never gives the same time twice.
type hlc struct {
	mu   sync.Mutex
	last uint64
}

func (c *hlc) next(now time.Time) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, clinic.HLCAt(now))
	return c.last
}

// emptyRoot is the root of a tree without entries (RFC 6962 section 2.1).
func emptyRoot() [32]byte {
	h, _ := tlog.TreeHash(0, nil) // reads nothing
	return h
}

// Wake has what is queued for a box sent. It never waits.
func (in *Ingest) Wake(box string) { in.wake(box) }
