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
// does not wait for the disk. It is a task. While the store takes nothing (a full
// disk), views are held with their time and reading goes on.
type Views struct {
	o     *Options
	ready chan struct{}

	mu      sync.Mutex
	held    map[view]time.Time // of the first look
	failing bool               // the last write failed, which is in the log

	writing sync.Mutex // held by Flush
	queue   []viewAct  // that a store refused; a retry keeps the act's ID
}

type view struct{ by, patient, visit clinic.ID }

type viewAct struct {
	id, by clinic.ID
	drafts []clinic.Draft
}

// newViews returns the task; nothing is written before Run or Flush.
func newViews(o *Options) *Views {
	return &Views{o: o, ready: make(chan struct{}), held: map[view]time.Time{}}
}

// String names the task.
func (v *Views) String() string { return "record views" }

// Ready is closed when Run has begun.
func (v *Views) Ready() <-chan struct{} { return v.ready }

// Run writes held views every two seconds until ctx ends, then the rest. What
// cannot be written is tried again: a store that will never take anything ends by
// itself, and the box with it.
func (v *Views) Run(ctx context.Context) error {
	close(v.ready)
	tick := time.NewTicker(viewEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = v.Flush(ctx) // is in the log
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), viewEvery)
			defer cancel()
			if v.Flush(last) != nil {
				v.o.Log.Error("views of records were not recorded", "acts", len(v.queue))
			}
			return nil
		}
	}
}

// Flush writes the held views; those that could not be written stay held.
func (v *Views) Flush(ctx context.Context) (err error) {
	v.writing.Lock()
	defer v.writing.Unlock()
	v.queue = append(v.queue, v.take()...)
	for err == nil && len(v.queue) > 0 {
		a := v.queue[0]
		_, err = v.o.Store.Act(ctx, a.id, a.by, func(Reader) ([]clinic.Draft, error) { return a.drafts, nil })
		if err == nil {
			v.queue = v.queue[1:]
		}
	}
	v.said(ctx, err)
	return err
}

// said logs a failure once, not every two seconds.
func (v *Views) said(ctx context.Context, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case err != nil && ctx.Err() != nil:
		return // who asked went away: that says nothing of the store
	case err != nil && !v.failing:
		v.o.Log.Warn("views of records are held in memory until they can be written", "err", err)
	case err == nil && v.failing:
		v.o.Log.Info("held views of records are written")
	}
	v.failing = err != nil
}

// take makes acts of the held views.
func (v *Views) take() (acts []viewAct) {
	v.mu.Lock()
	held := v.held
	v.held = map[view]time.Time{}
	v.mu.Unlock()
	byAuthor := map[clinic.ID][]clinic.Draft{}
	for w, at := range held {
		byAuthor[w.by] = append(byAuthor[w.by], clinic.Draft{
			Kind: clinic.KindViewed, Subject: w.patient, Visit: w.visit, Event: at, Body: &clinic.Viewed{},
		})
	}
	for by, all := range byAuthor {
		for drafts := range slices.Chunk(all, viewsAct) {
			acts = append(acts, viewAct{clinic.NewID(), by, drafts})
		}
	}
	return acts
}

// add holds a view. When too many wait, the caller writes them itself, unless that
// fails at present: a record must be readable when nothing can be written.
func (v *Views) add(ctx context.Context, by, patient, visit clinic.ID) {
	now, _ := v.o.Clock.Now()
	v.mu.Lock()
	if w := (view{by, patient, visit}); v.held[w].IsZero() {
		v.held[w] = now
	}
	write := len(v.held) >= viewsHeld && !v.failing
	v.mu.Unlock()
	if write {
		_ = v.Flush(ctx) // is in the log
	}
}
