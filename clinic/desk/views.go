package desk

import (
	"context"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
)

// viewEvery is how long a view may wait for its entry (DESIGN 3: ≤ 2 s).
const viewEvery = 2 * time.Second

// viewsHeld is how many views may wait; a page that would hold more writes them.
const viewsHeld = 256

// viewsAct is how many views one act writes: a store bounds what an act holds.
const viewsAct = 32

// Views records who looked at which record, a few at a time, so that looking
// does not wait for the disk. It is a task.
type Views struct {
	store Store
	ready chan struct{}
	mu    sync.Mutex
	held  map[view]struct{}
}

type view struct{ by, patient, visit clinic.ID }

// NewViews returns the task; nothing is written before Run or Flush.
func NewViews(s Store) *Views {
	return &Views{store: s, ready: make(chan struct{}), held: map[view]struct{}{}}
}

// String names the task.
func (v *Views) String() string { return "record views" }

// Ready is closed when Run has begun.
func (v *Views) Ready() <-chan struct{} { return v.ready }

// Run writes held views every two seconds until ctx ends, then the rest.
func (v *Views) Run(ctx context.Context) error {
	close(v.ready)
	tick := time.NewTicker(viewEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := v.Flush(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), viewEvery)
			defer cancel()
			return v.Flush(last)
		}
	}
}

// Flush writes the held views; those that could not be written stay held.
func (v *Views) Flush(ctx context.Context) error {
	v.mu.Lock()
	held := v.held
	v.held = map[view]struct{}{}
	v.mu.Unlock()
	byAuthor := map[clinic.ID][]clinic.Draft{}
	for w := range held {
		byAuthor[w.by] = append(byAuthor[w.by], clinic.Draft{
			Kind: clinic.KindViewed, Subject: w.patient, Visit: w.visit, Body: &clinic.Viewed{},
		})
	}
	var failed error
	for by, all := range byAuthor {
		for drafts := range slices.Chunk(all, viewsAct) {
			_, err := v.store.Act(ctx, clinic.NewID(), by, func(Reader) ([]clinic.Draft, error) { return drafts, nil })
			if err != nil {
				failed = err
				v.hold(by, drafts)
			}
		}
	}
	return failed
}

// hold takes views back that could not be written.
func (v *Views) hold(by clinic.ID, drafts []clinic.Draft) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, d := range drafts {
		v.held[view{by, d.Subject, d.Visit}] = struct{}{}
	}
}

// add holds a view. When too many wait, the caller writes them itself.
func (v *Views) add(ctx context.Context, by, patient, visit clinic.ID) error {
	v.mu.Lock()
	v.held[view{by, patient, visit}] = struct{}{}
	full := len(v.held) >= viewsHeld
	v.mu.Unlock()
	if full {
		return v.Flush(ctx)
	}
	return nil
}
