// Package clock tells the box's wall time and whether to believe it. A board
// without a battery wakes up in the past, so a time before the program itself was
// made is never trusted, whatever the configuration says. Order between records
// does not depend on it: the store keeps a hybrid logical time that never steps
// back.
package clock

import (
	"runtime/debug"
	"time"
)

// sourceDate is a day on which this source existed: the floor of programs that
// were built without a version stamp. Raise it with a release.
const sourceDate = "2026-11-01T00:00:00Z"

// Clock is the system clock with a floor. It may be used by several goroutines.
type Clock struct {
	now     func() time.Time
	floor   time.Time
	trusted bool
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
	t = c.now()
	return t, c.trusted && !t.Before(c.floor)
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
