package store

import "time"

// crowd decides how long a commit waits for company. When several desks are at
// work, each answer brings the next acts at once; a commit that leaves without
// them costs everybody a whole sync. One desk alone never waits.
type crowd struct {
	last, before int           // sizes of the last two batches
	took         time.Duration // the last commit
}

// expect returns how many acts may come and how long to wait for them.
func (c *crowd) expect() (int, time.Duration) {
	return min(max(c.last, c.before, 1), maxBatch), min(c.took/4, 2*time.Millisecond)
}

func (c *crowd) note(n int, took time.Duration) {
	// Half of the desks answer while the others wait: their sum is the crowd.
	c.before, c.last, c.took = c.last, n, took
}
