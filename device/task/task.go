// Package task starts, watches and stops the long-running parts of a program.
//
// Every such part is a Task. A Group starts its tasks in order, each when the one
// before it is ready, and stops them in the opposite order, each within a bounded
// time. The first failure stops the group and carries the task's name.
package task

import (
	"context"
	"sync"
)

// Task is one long-running part of a program.
type Task interface {
	// Run works until ctx ends, then stops and returns nil or ctx's error. An
	// error before that is a failure of the whole group; nil before that is one
	// too (ErrEnded), for nothing else would notice a part that is gone. Run is
	// called once.
	Run(ctx context.Context) error
	// Ready is closed once the task serves. A task that returns without having
	// been ready has failed to start.
	Ready() <-chan struct{}
	// String is the task's name in logs and errors, such as "web".
	String() string
}

// Flag is a readiness that is raised once. The zero Flag is ready for use.
type Flag struct {
	mu  sync.Mutex
	ch  chan struct{}
	set bool
}

// Raise closes the channel of Ready. Raising again does nothing.
func (f *Flag) Raise() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ch == nil {
		f.ch = make(chan struct{})
	}
	if !f.set {
		f.set = true
		close(f.ch)
	}
}

// Ready returns a channel that is closed by Raise.
func (f *Flag) Ready() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ch == nil {
		f.ch = make(chan struct{})
	}
	return f.ch
}

type function struct {
	Flag
	name string
	run  func(ctx context.Context, ready func()) error
}

// Func makes a task of a function, which calls ready once it serves.
func Func(name string, run func(ctx context.Context, ready func()) error) Task {
	return &function{name: name, run: run}
}

func (f *function) Run(ctx context.Context) error { return f.run(ctx, f.Raise) }
func (f *function) String() string                { return f.name }

// Plain makes a task of a Run method whose owner has no notion of readiness: it
// counts as ready when it starts.
func Plain(name string, run func(ctx context.Context) error) Task {
	return Func(name, func(ctx context.Context, ready func()) error {
		ready()
		return run(ctx)
	})
}
