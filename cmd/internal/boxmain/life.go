package boxmain

import (
	"context"
	"errors"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/clock"
	"clinicbox/device/health"
	"clinicbox/device/task"
	"clinicbox/internal/cert"
)

// Why the unlocked phase ends, beside a stop and a failure.
var (
	errAnew   = errors.New("box: begins anew, for it joined a centre")
	errLock   = errors.New("box: lock")
	errErased = errors.New("box: erased by order of the centre")
)

// stopGrace is how long the parts of the records, which stop one after the other,
// have together.
const stopGrace = 6 * task.DefaultGrace

// life runs the box as what it is: alone, or a member of a fleet. The link and the
// heartbeat live as long, locked or not; the records come and go with the key.
func (b *Box) life(ctx context.Context) error {
	if err := b.join(); err != nil {
		return err
	}
	tasks, err := b.nameTasks()
	if err != nil {
		return err
	}
	link, err := b.linkTasks()
	if err != nil {
		return err
	}
	tasks = append(append(tasks, link...), task.Func("records", b.records))
	err = task.NewGroup(b.log, stopGrace, tasks...).Run(ctx)
	if f, ok := errors.AsType[*task.Failure](err); ok && f.Task == "records" {
		return f.Err // its own tasks are named inside
	}
	return err
}

// joined reports whether a centre certified this box.
func (b *Box) joined() bool {
	if b.vault == nil {
		return false
	}
	_, ok := b.vault.id.Enrolment()
	return ok
}

// join takes name and facility from the enrolment: the centre decides them.
func (b *Box) join() error {
	e, ok := b.vault.id.Enrolment()
	if !ok {
		return nil
	}
	f := e.Facility
	if f.Box != b.cfg.Box.Name || f.Code != b.cfg.Facility.Code {
		b.log.Warn("the centre's name and facility replace those of the configuration", "box", f.Box, "facility", f.Code)
	}
	b.cfg.Box.Name, b.cfg.Box.Book = f.Box, f.Book
	b.cfg.Facility.Code, b.cfg.Facility.Name, b.cfg.Facility.Governing = f.Code, f.Name, f.Governing
	b.cfg.Facility.Address, b.cfg.Facility.Phone, b.cfg.Facility.Site = f.Address, f.Phone, f.Site
	if b.cfg.Hub.Broker == "" {
		b.cfg.Hub.Broker = e.Broker
	}
	return nil
}

// raiseClock tells the clock what was surely past at the last stop.
func (b *Box) raiseClock() {
	if c, ok := b.clock.(*clock.Clock); ok {
		c.Raise(b.vault.id.Floor())
	}
}

// records alternates between waiting for an unlock and work.
func (b *Box) records(ctx context.Context, ready func()) error {
	ready()
	for {
		if !b.vault.open() {
			if err := b.waitUnlock(ctx); err != nil || ctx.Err() != nil {
				return err
			}
		}
		err := b.work(ctx)
		switch {
		case ctx.Err() != nil:
			return err
		case errors.Is(err, errLock), errors.Is(err, errErased):
			b.vault.lock()
		default:
			return err
		}
		b.stirred()
	}
}

// waitUnlock serves the page that asks for an unlock until somebody unlocks.
func (b *Box) waitUnlock(ctx context.Context) error {
	b.health.Set(health.Locked, true)
	defer b.health.Set(health.Locked, false)
	plain, secure, err := b.lockedPages()
	if err != nil {
		return err
	}
	stop := b.serve(plain, secure)
	defer stop()
	b.serving.Raise()
	tick := time.NewTicker(lockedTick)
	defer tick.Stop()
	for !b.vault.open() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// lockedTick is how long somebody who unlocked waits at most for the next page.
const lockedTick = 200 * time.Millisecond

// stirred wakes the heartbeat.
func (b *Box) stirred() {
	select {
	case b.stir <- struct{}{}:
	default:
	}
}

// finish ends the unlocked phase for a reason. One that is about to begin ends before
// it has begun: who unlocks while the order to lock comes in finds a locked box.
func (b *Box) finish(why error) {
	b.ending.Lock()
	defer b.ending.Unlock()
	switch {
	case b.end != nil:
		b.end(why)
	case b.vault.open():
		b.wanted = why
	}
}

// begin notes how the unlocked phase is ended, or tells why it must not begin.
func (b *Box) begin(end context.CancelCauseFunc) error {
	b.ending.Lock()
	defer b.ending.Unlock()
	if why := b.wanted; why != nil {
		b.wanted = nil
		return why
	}
	b.end, b.desk = end, nil // the one of the phase before is closed
	return nil
}

// work opens the records and runs every part until ctx ends, a part fails, or the
// phase is finished: then it returns why.
func (b *Box) work(outside context.Context) (err error) {
	ctx, end := context.WithCancelCause(outside)
	defer end(nil)
	if err := b.begin(end); err != nil {
		return err
	}
	defer func() {
		b.ending.Lock()
		b.end = nil
		b.ending.Unlock()
		if why := context.Cause(ctx); outside.Err() == nil && ctx.Err() != nil && err == nil {
			err = why
		}
	}()
	stop := b.serve(b.opening, b.opening)
	defer func() { stop() }()
	if err := b.open(ctx); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // ended while opening, which is no failure
		}
		return err
	}
	defer func() { err = errors.Join(err, b.store.Close()) }()
	tasks, err := b.build()
	if err != nil {
		return err
	}
	last := tasks[len(tasks)-1] // the pages take over the door
	tasks[len(tasks)-1] = task.Func(last.String(), func(ctx context.Context, ready func()) error {
		stop()
		stop = func() {}
		ready()
		b.serving.Raise()
		b.stirred()
		return last.Run(ctx)
	})
	return task.NewGroup(b.log, 0, tasks...).Run(ctx)
}

// state is how the box is, for its heartbeat.
func (b *Box) state() cert.State {
	switch {
	case b.vault.isErased():
		return cert.StateErased
	case b.vault.open():
		return cert.StateOpen
	case b.vault.id.Blocked():
		return cert.StateBlocked
	}
	return cert.StateLocked
}

// event is something about the machine that must be recorded.
type event struct {
	what   string
	person clinic.ID
	detail string
}
