package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Sentinels of Group.Run.
var (
	// ErrStop, returned by a task, asks the group to stop in good order.
	ErrStop = errors.New("task: stop was asked for")
	// ErrEnded is the failure of a task that returned nil before it was told to.
	ErrEnded = errors.New("task: ended by itself")
	// ErrStuck is the failure of a task that did not stop in time.
	ErrStuck = errors.New("task: did not stop in time")
)

// Defaults of NewGroup: a store closes within milliseconds, a slip prints within
// seconds; slow starts (a rebuild) are said once in the log, never cut off.
const (
	DefaultGrace = 10 * time.Second
	slowStart    = 10 * time.Second
)

// Group runs tasks together. It is a Task itself, ready when all of them are.
type Group struct {
	Flag
	log   *slog.Logger
	grace time.Duration
	tasks []Task
}

// NewGroup prepares a group that gives each task the grace time to stop; 0 means
// DefaultGrace.
func NewGroup(log *slog.Logger, grace time.Duration, tasks ...Task) *Group {
	if grace <= 0 {
		grace = DefaultGrace
	}
	return &Group{log: log, grace: grace, tasks: tasks}
}

// String names the group.
func (g *Group) String() string { return "group" }

// Names lists the tasks in the order of their start.
func (g *Group) Names() []string {
	names := make([]string, len(g.tasks))
	for i, t := range g.tasks {
		names[i] = t.String()
	}
	return names
}

// running is a task that was started.
type running struct {
	Task
	cancel context.CancelFunc
	done   chan struct{} // closed when Run returned
	err    *error        // what it returned; read after done
}

// Run starts the tasks and returns when all have stopped, or have outlived their
// grace. It returns nil when ctx ended or a task asked to stop, else the errors,
// each with its task's name. A stuck task's goroutine is left behind: the program
// is expected to exit.
func (g *Group) Run(ctx context.Context) error {
	eg, failed := errgroup.WithContext(ctx)
	var started []running
	for _, t := range g.tasks {
		if failed.Err() != nil {
			break
		}
		r := g.start(ctx, eg, t)
		started = append(started, r)
		g.await(failed, r)
	}
	if failed.Err() == nil {
		g.Raise()
	}
	<-failed.Done()
	return g.stop(started)
}

// start runs the task under a context of its own, which outlives ctx, so that
// tasks stop one after the other.
func (g *Group) start(ctx context.Context, eg *errgroup.Group, t Task) running {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := running{Task: t, cancel: cancel, done: make(chan struct{}), err: new(error)}
	eg.Go(func() error {
		defer close(r.done)
		err := t.Run(own)
		switch {
		case own.Err() != nil && (err == nil || errors.Is(err, own.Err())):
			return nil
		case errors.Is(err, ErrStop):
			return err
		case err == nil:
			err = ErrEnded
		}
		*r.err = &Failure{Task: t.String(), Err: err}
		return *r.err // the first one ends the context that all wait for
	})
	return r
}

// Failure is an error of one task.
type Failure struct {
	Task string
	Err  error
}

// Error starts with the task's name.
func (f *Failure) Error() string { return fmt.Sprintf("task %s: %v", f.Task, f.Err) }

// Unwrap returns the task's own error.
func (f *Failure) Unwrap() error { return f.Err }

// await waits until the task is ready, has returned, or the group is to stop.
func (g *Group) await(failed context.Context, r running) {
	slow := time.NewTimer(slowStart)
	defer slow.Stop()
	for {
		select {
		case <-r.Ready():
			g.log.Debug("task ready", "task", r.String())
			return
		case <-r.done:
			return
		case <-failed.Done():
			return
		case <-slow.C:
			g.log.Warn("task takes long to start", "task", r.String())
		}
	}
}

// stop ends the tasks in the opposite order of their start and returns their
// errors, those of closing too.
func (g *Group) stop(started []running) error {
	var errs []error
	for i := len(started) - 1; i >= 0; i-- {
		r := started[i]
		r.cancel()
		timer := time.NewTimer(g.grace)
		select {
		case <-r.done:
			g.log.Debug("task stopped", "task", r.String())
			errs = append(errs, *r.err)
		case <-timer.C:
			g.log.Error("task did not stop", "task", r.String(), "grace", g.grace)
			errs = append(errs, &Failure{Task: r.String(), Err: ErrStuck})
		}
		timer.Stop()
	}
	return errors.Join(errs...)
}
