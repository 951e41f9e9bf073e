// Package clock tells the box's wall time and whether to believe it. A board
// without a battery wakes up in the past, so a time before the program itself was
// made is never trusted, whatever the configuration says. Order between records
// does not depend on it: the store keeps a hybrid logical time that never steps
// back.
package clock

import (
	"runtime/debug"
	"sync"
	"time"
)

// sourceDate is a day on which this source existed: the floor of programs that
// were built without a version stamp. Raise it with a release.
const sourceDate = "2026-11-01T00:00:00Z"

// Clock is the system clock with a floor, until the centre's signed time was heard:
// from then on it is that time, carried on by the monotonic clock. It may be used by
// several goroutines.
type Clock struct {
	now     func() time.Time
	trusted bool

	mu    sync.Mutex
	floor time.Time
	heard time.Time // the centre's time; zero while none was heard
	at    time.Time // monotonic moment at which it was
}

// New returns the system clock. trusted says that somebody reliable sets it, such
// as NTP; floor is the latest time that is known to have passed, normally
// BuildTime().
func New(trusted bool, floor time.Time) *Clock { return with(time.Now, trusted, floor) }

func with(now func() time.Time, trusted bool, floor time.Time) *Clock {
	return &Clock{now: now, floor: floor, trusted: trusted}
}

// Now returns the wall time as it is, also when it is below the floor, and
// whether it may be dated and signed with.
func (c *Clock) Now() (t time.Time, trusted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t = c.now()
	if !c.heard.IsZero() {
		return c.heard.Add(t.Sub(c.at)), true
	}
	return t, c.trusted && !t.Before(c.floor)
}

// Heard takes the centre's signed time, which must have been verified against a
// nonce of this boot. It may step back: only the floor may not.
func (c *Clock) Heard(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Before(c.floor) {
		return // older than what is surely past: the centre's clock is wrong
	}
	c.heard, c.at, c.floor = t, c.now(), t
}

// ByHub returns the time, and true once it is the centre's.
func (c *Clock) ByHub() (time.Time, bool) {
	c.mu.Lock()
	heard := !c.heard.IsZero()
	c.mu.Unlock()
	t, _ := c.Now()
	return t, heard
}

// Floor returns the latest time that is surely past.
func (c *Clock) Floor() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.floor
}

// Raise lifts the floor to a time that was heard before this start.
func (c *Clock) Raise(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.floor) {
		c.floor = t
	}
}

// BuildTime returns when this program's source was committed, or a constant day
// before that for a build without a stamp.
func BuildTime() time.Time {
	floor, _ := time.Parse(time.RFC3339, sourceDate)
	info, _ := debug.ReadBuildInfo()
	return later(floor, info)
}

func later(floor time.Time, info *debug.BuildInfo) time.Time {
	if info == nil {
		return floor
	}
	for _, s := range info.Settings {
		if s.Key != "vcs.time" {
			continue
		}
		if t, err := time.Parse(time.RFC3339, s.Value); err == nil && t.After(floor) {
			return t
		}
	}
	return floor
}
