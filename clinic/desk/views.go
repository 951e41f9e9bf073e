package desk

import (
	"context"
	"sync"
	"time"

	"clinicbox/clinic"
)

// viewEvery is how long a look may wait for its entry (DESIGN 3: ≤ 2 s).
const viewEvery = 2 * time.Second

// lookAgain is how long a look stands for further ones of the same person at the
// same patient: the pages of one visit are one look. Another visit of the patient is
// another look, and so is the same one after this time, however long a page stays
// open. What people write, sign and print stands in entries of its own.
const lookAgain = 10 * time.Minute

// viewsHeld is how many looks may wait; a page that would hold more writes them.
const viewsHeld = 256

// viewsEntry is how many looks one entry tells of: it stays far below an entry's
// 16 KiB.
const viewsEntry = 128

// Views records who looked at which record, a few at a time, so that looking
// does not wait for the disk. It is a task. While the store takes nothing (a full
// disk), looks are held with their time and reading goes on. A power cut takes those
// of the last two seconds, and those that a full disk held back.
type Views struct {
	o     *Options
	ready chan struct{}

	mu      sync.Mutex
	held    []heldLook         // in the order in which they came
	seen    map[look]time.Time // looks that stand for further ones
	late    []viewAct          // openings that could not be written at once
	failing bool               // the last write failed, which is in the log
	voids   voids

	writing sync.Mutex // held by Flush
	queue   []viewAct  // that a store refused; a retry keeps the act's ID
}

type look struct {
	by, patient, visit clinic.ID
	audit              bool
}

type heldLook struct {
	look
	at time.Time
}

type viewAct struct {
	id, by clinic.ID
	drafts []clinic.Draft
}

// newViews returns the task; nothing is written before Run or Flush.
func newViews(o *Options) *Views {
	return &Views{o: o, ready: make(chan struct{}), seen: map[look]time.Time{}}
}

// String names the task.
func (v *Views) String() string { return "record views" }

// Ready is closed when Run has begun.
func (v *Views) Ready() <-chan struct{} { return v.ready }

// Run writes held looks every two seconds until ctx ends, then the rest. What
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

// Flush writes the held looks; those that could not be written stay held.
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
	if err == nil {
		err = v.tellVoids(ctx)
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

// take makes acts of the held looks: one entry for each person.
func (v *Views) take() []viewAct {
	now, _ := v.o.Clock.Now()
	v.mu.Lock()
	held, acts := v.held, v.late
	v.held, v.late = nil, nil
	for l, at := range v.seen {
		if !stands(at, now) {
			delete(v.seen, l)
		}
	}
	v.mu.Unlock()
	type group struct {
		by    clinic.ID
		audit bool
	}
	open := map[group]*clinic.Draft{}
	for _, l := range held {
		g := group{l.by, l.audit}
		d := open[g]
		if d == nil || l.at.Before(d.Event) || len(d.Body.(*clinic.Looked).Looks) >= viewsEntry {
			acts = append(acts, viewAct{v.o.NewID(), l.by, []clinic.Draft{{
				Kind: clinic.KindLooked, Subject: l.by, Event: l.at.Truncate(time.Second), Body: &clinic.Looked{Audit: l.audit},
			}}})
			d = &acts[len(acts)-1].drafts[0]
			open[g] = d
		}
		d.Body.(*clinic.Looked).Add(l.patient, l.visit, l.at.Sub(d.Event))
	}
	return acts
}

// stands reports whether a look at the time still stands for one now.
func stands(at, now time.Time) bool { return within(at, now, lookAgain) }

// add holds a look at a record. When too many wait, the caller writes them itself,
// unless that fails at present: a record must be readable when nothing can be
// written.
func (v *Views) add(ctx context.Context, by, patient, visit clinic.ID) {
	v.hold(ctx, look{by: by, patient: patient, visit: visit})
}

// person holds a look at every ID of a person.
func (v *Views) person(ctx context.Context, by clinic.ID, who *clinic.Identity) {
	for _, id := range who.IDs {
		v.add(ctx, by, id, clinic.ID{})
	}
}

// hold holds looks that do not stand yet.
func (v *Views) hold(ctx context.Context, looks ...look) {
	now, _ := v.o.Clock.Now()
	v.mu.Lock()
	for _, l := range looks {
		if v.stands(l, now) {
			continue
		}
		v.held = append(v.held, heldLook{l, now})
		v.note(l, now)
	}
	write := len(v.held) >= viewsHeld && !v.failing
	v.mu.Unlock()
	if write {
		_ = v.Flush(ctx) // is in the log
	}
}

// stands reports whether an earlier look covers l. Needs mu.
func (v *Views) stands(l look, now time.Time) bool {
	at, ok := v.seen[l]
	if !ok && l.audit {
		l.audit = false
		at, ok = v.seen[l] // who opened the record has seen the name
	}
	return ok && stands(at, now)
}

// note remembers a look; one at a visit has seen the patient's page too. Needs mu.
func (v *Views) note(l look, now time.Time) {
	v.seen[l] = now
	l.visit = clinic.ID{}
	v.seen[l] = now
}

// opened remembers a look that its caller recorded, or hands over one that could not
// be recorded.
func (v *Views) opened(by, patient clinic.ID, late *viewAct) {
	now, _ := v.o.Clock.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.note(look{by: by, patient: patient}, now)
	if late != nil {
		v.late = append(v.late, *late)
	}
}
