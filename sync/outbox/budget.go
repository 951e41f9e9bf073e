package outbox

import (
	"slices"
	"time"

	"clinicbox/sync/wire"
)

// When the hub is told what the link has cost: soon when other classes wait, and now and
// then, for its pages.
const (
	budgetLook = 10 * time.Minute
	budgetTold = 6 * time.Hour
)

// told is what the hub was told last, in the present session.
type told struct {
	by     *wire.Sealer
	at     time.Time
	looked time.Time
	waits  []byte
}

// spend tells of a frame.
func (r *runner) spend(m wire.Message, bytes int) {
	if r.opts.Spent != nil {
		r.opts.Spent(m, bytes)
	}
}

// budget tells the hub what the link has cost, when that is news.
func (r *runner) budget() {
	if r.opts.Budget == nil || r.sealer == nil || r.phase != live {
		return
	}
	now, fresh := time.Now(), r.told.by != r.sealer
	if !fresh && now.Sub(r.told.looked) < budgetLook {
		return
	}
	r.told.looked = now
	if fresh || !slices.Equal(r.opts.Budget().Waits, r.told.waits) || now.Sub(r.told.at) >= budgetTold {
		r.tellBudget()
	}
}

func (r *runner) tellBudget() {
	if r.opts.Budget == nil || r.sealer == nil || !r.does.Has(wire.FeatureBudget) {
		return
	}
	b, now := r.opts.Budget(), time.Now()
	r.told = told{by: r.sealer, at: now, looked: now, waits: b.Waits}
	r.seal(b)
}
