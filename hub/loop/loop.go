// Package loop runs what the centre does again and again: soon after it is woken, and
// from time to time.
package loop

import (
	"context"
	"log/slog"
	"time"
)

// Loop is a task. A step that failed is done again after Retry; one that did not, after
// Every, or at once when it was woken. All fields are needed.
type Loop struct {
	Name  string
	Every time.Duration
	Retry time.Duration
	Step  func(ctx context.Context) error
	Log   *slog.Logger

	ready chan struct{}
	wake  chan struct{} // has room for one
}

// New prepares a loop.
func New(l Loop) *Loop {
	l.ready, l.wake = make(chan struct{}), make(chan struct{}, 1)
	return &l
}

// String names the task.
func (l *Loop) String() string { return l.Name }

// Ready is closed when the task runs.
func (l *Loop) Ready() <-chan struct{} { return l.ready }

// Wake has a step done soon. It never waits.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run does steps until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	close(l.ready)
	for pause := time.Duration(0); ; {
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-l.wake:
		case <-t.C:
		}
		t.Stop()
		pause = l.Every
		if err := l.Step(ctx); err != nil && ctx.Err() == nil {
			l.Log.Error(l.Name, "err", err)
			pause = l.Retry
		}
	}
}
