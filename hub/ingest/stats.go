package ingest

import (
	"sync/atomic"
	"time"
)

// Counts is what happened since the start.
type Counts struct {
	Frames, Bytes        atomic.Int64
	Entries, Receipts    atomic.Int64
	Unknown              atomic.Int64 // topics or boxes that are not ours
	Garbage              atomic.Int64 // no frame, does not open, or cannot be read
	Foreign              atomic.Int64 // another box's session
	Strangers            atomic.Int64 // frames of sessions that are not known (any more)
	Refused              atomic.Int64 // session starts
	Again                atomic.Int64 // frames with nothing new
	Gaps, Forks, Roots   atomic.Int64
	Dropped              atomic.Int64 // frames, queue full
	Failures             atomic.Int64 // of the database
	failed, lastGoodness atomic.Int64
}

// Trouble returns the time of the last failure of the database that no success
// has followed.
func (c *Counts) Trouble() (time.Time, bool) {
	f := c.failed.Load()
	return time.UnixMilli(f), f > 0 && f >= c.lastGoodness.Load()
}
