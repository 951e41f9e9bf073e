package web

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Limits of what one address may do. They live in memory and come on top of the
// durable counters of each person, which hold over restarts.
const (
	wrongMax  = 10               // wrong PINs from one address …
	wrongSpan = 10 * time.Minute // … within this time
	// personMax is how many of them count that were typed for one person. Their own
	// durable counter ends at ten; a colleague must then be able to log in at the same
	// tablet and help.
	personMax    = 8
	startMax     = 30   // new sessions from one address within wrongSpan
	checksMax    = 2    // PINs that are looked at at the same time, over all
	queueMax     = 4    // that one address may have on the way, one of them looked at
	neighbourMax = 1024 // addresses that are remembered; the others share one count
)

// errBusy means that an address asks for more PIN checks than one person types.
var errBusy = errors.New("web: too many PIN checks at once from one address")

// waitError refuses an address for a while.
type waitError struct{ wait time.Duration }

func (e *waitError) Error() string {
	return fmt.Sprintf("web: too many tries from one address, wait %v", e.wait)
}

// limits counts by neighbour, or by what else asks is told apart.
type limits struct {
	mu     sync.Mutex
	by     map[string]*asker
	checks chan struct{} // holds a token for each PIN that is looked at
}

// asker is what is remembered of one address.
type asker struct {
	wrong  []event       // the latest wrongMax at most
	starts []event       // the latest startMax at most
	turn   chan struct{} // one PIN of an address is looked at at a time
	using  int
}

// event is one thing that counts; about is the person whose PIN it was.
type event struct {
	at    time.Time
	about string
}

func newLimits() *limits {
	return &limits{by: map[string]*asker{}, checks: make(chan struct{}, checksMax)}
}

// check runs f, which looks at one PIN of the person, when it is the asker's turn.
// Only an error that says wrong PIN counts. Each asker has one place in the common queue, so
// a flood from one address delays another by one PIN at most.
func (l *limits) check(ctx context.Context, from, about string, f func() error) error {
	a := l.enter(from)
	if a == nil {
		return errBusy
	}
	defer l.leave(a)
	if err := take(ctx, a.turn); err != nil {
		return err
	}
	defer func() { <-a.turn }()
	if err := l.refused(a); err != nil {
		return err
	}
	if err := take(ctx, l.checks); err != nil {
		return err
	}
	defer func() { <-l.checks }()
	err := f()
	if wrongPIN(err) {
		l.count(a, about)
	}
	return err
}

// count notes a wrong PIN. What was typed for one person fills the count up to
// personMax only; a locked box knows no persons.
func (l *limits) count(a *asker, about string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	same := 0
	for _, e := range a.wrong {
		if about != "" && e.about == about && time.Since(e.at) < wrongSpan {
			same++
		}
	}
	if same < personMax {
		a.wrong = latest(append(a.wrong, event{time.Now(), about}), wrongMax)
	}
}

func take(ctx context.Context, c chan struct{}) error {
	select {
	case c <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("web: waiting for a PIN check: %w", ctx.Err())
	}
}

// enter returns the asker with a place in its own queue, nil when that is full.
func (l *limits) enter(from string) *asker {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.get(from)
	if a.using >= queueMax {
		return nil
	}
	a.using++
	return a
}

func (l *limits) leave(a *asker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.using--
}

// refused tells how long the asker must wait, if at all.
func (l *limits) refused(a *asker) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := full(a.wrong, wrongMax); wait > 0 {
		return &waitError{wait}
	}
	return nil
}

// start counts a new session of the asker, or refuses it.
func (l *limits) start(from string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.get(from)
	if wait := full(a.starts, startMax); wait > 0 {
		return &waitError{wait}
	}
	a.starts = latest(append(a.starts, event{at: time.Now()}), startMax)
	return nil
}

// get finds or makes an asker. When the table is full, those that did nothing
// lately are forgotten; if that does not help, newcomers share one count, so that
// a flood of addresses makes nobody's wrong tries forgotten.
func (l *limits) get(from string) *asker {
	if a := l.by[from]; a != nil {
		return a
	}
	if len(l.by) >= neighbourMax {
		for key, a := range l.by {
			if a.using == 0 && full(a.wrong, 1) <= 0 && full(a.starts, 1) <= 0 {
				delete(l.by, key)
			}
		}
	}
	if len(l.by) >= neighbourMax {
		if from = "others"; l.by[from] != nil {
			return l.by[from]
		}
	}
	a := &asker{turn: make(chan struct{}, 1)}
	l.by[from] = a
	return a
}

// full tells how long it is until fewer than n of the events lie within wrongSpan.
func full(times []event, n int) time.Duration {
	if len(times) < n {
		return 0
	}
	return wrongSpan - time.Since(times[len(times)-n].at)
}

func latest(times []event, n int) []event { return times[max(0, len(times)-n):] }
