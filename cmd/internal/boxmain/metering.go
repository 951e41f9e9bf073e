package boxmain

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/task"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/sync/budget"
	"clinicbox/sync/wire"
	"clinicbox/web"
)

// How often what the link has cost is kept: a power cut forgets no more than one of
// these.
const (
	meterEvery = 10 * time.Minute
	meterBytes = 1 << 20
	meterLook  = 10 * time.Second

	bucketBudget = "budget" // of state.db
)

// newMeter counts from the start of the program on; what was kept is added once the
// records open.
func (b *Box) newMeter() *budget.Meter {
	return budget.New(budget.Options{Cap: int64(b.cfg.Hub.MonthlyMB) * 1_000_000, Now: b.linkTime, Zone: clinic.ICT})
}

// meterLink tells the meter what the connection has cost. Each life has a link of its
// own, whose counts begin anew.
func (b *Box) meterLink() {
	b.metering.Lock()
	defer b.metering.Unlock()
	if b.carrier == nil {
		return
	}
	s := b.carrier.Stats()
	b.linkCost = max(b.linkCost, s.WireUp+s.WireDown)
	b.meter.Wire(b.linksBefore + b.linkCost)
}

// newLink begins to count another connection.
func (b *Box) newLink() {
	b.meterLink()
	b.metering.Lock()
	defer b.metering.Unlock()
	b.linksBefore, b.linkCost = b.linksBefore+b.linkCost, 0
}

// spent counts a frame of sync by what is in it.
func (b *Box) spent(m wire.Message, bytes int) {
	switch m := m.(type) {
	case *wire.Data:
		items := m.Items()
		entries := make([][]byte, len(items))
		for i := range items {
			entries[i] = items[i].Bytes
		}
		b.share(entries, bytes)
	case wire.SignedDown:
		if hub, ok := b.vault.id.Hub(); ok {
			if d, err := m.Verify(hub.Identity); err == nil {
				b.shareSalted(d.Entries, bytes)
			}
		}
	case wire.SignedSet:
		if hub, ok := b.vault.id.Hub(); ok {
			if s, err := m.Verify(hub.Identity); err == nil {
				b.shareSalted(s.Entries, bytes)
			}
		}
	}
}

func (b *Box) shareSalted(es []wire.Salted, bytes int) {
	entries := make([][]byte, len(es))
	for i := range es {
		entries[i] = es[i].Bytes
	}
	b.share(entries, bytes)
}

// share divides the bytes of a frame among its entries by their size.
func (b *Box) share(entries [][]byte, bytes int) {
	total, of := 0, map[wire.Class]int{}
	for _, e := range entries {
		r, err := entry.DecodeIf(e, clinic.Ref{}, clinic.Leaf{}, func(clinic.Kind) bool { return false })
		if err != nil {
			r.Kind = 0 // a hole: a record that was
		}
		n := len(e) + 1
		of[wire.ClassOf(r.Kind)] += n
		total += n
	}
	for c, n := range of {
		b.meter.Frame(c, bytes*n/total)
	}
}

// told is what the centre hears of it.
func (b *Box) told() wire.Budget {
	b.meterLink()
	s := b.meter.State()
	out := wire.Budget{Cap: uint64(s.Cap), Used: uint64(s.Used), Of: make([]uint64, len(s.Of)), Waits: []byte{}}
	month, _ := strconv.ParseUint(strings.ReplaceAll(s.Month, "-", ""), 10, 32) // empty: 0
	out.Month = uint32(month)
	for i, u := range s.Of {
		out.Of[i] = uint64(u.Bytes)
		if u.Waits {
			out.Waits = append(out.Waits, byte(u.Class))
		}
	}
	return out
}

// buildMeter keeps the counts.
func (b *Box) buildMeter() (task.Task, error) {
	state := b.store.State()
	if !b.metered {
		kept, err := state.Get(bucketBudget, "months")
		if err == nil {
			err = b.meter.Restore(kept)
		}
		if err != nil { // begins anew: a reason to keep nobody from work
			b.log.Error("what the link has cost is not known any more", "err", err)
		}
		b.metered = true
	}
	return task.Plain("budget", func(ctx context.Context) error {
		tick := time.NewTicker(meterLook)
		defer tick.Stop()
		at, used := time.Now(), b.meter.State().Used
		for {
			select {
			case <-ctx.Done():
				b.keepMeter(state)
				return nil
			case now := <-tick.C:
				b.meterLink()
				if n := b.meter.State().Used; now.Sub(at) >= meterEvery || n-used >= meterBytes || n < used {
					b.keepMeter(state)
					at, used = now, n
				}
			}
		}
	}), nil
}

func (b *Box) keepMeter(state *store.State) {
	b.meterLink()
	kept := b.meter.Keep()
	if kept == nil {
		return
	}
	if err := state.Put(bucketBudget, "months", kept); err != nil && !errors.Is(err, store.ErrReadOnly) {
		b.log.Error("what the link has cost is not kept", "err", err)
	}
}

// budgetPages are the counts as the pages see them.
type budgetPages struct{ b *Box }

var _ web.Budget = budgetPages{}

// Spent implements web.Budget.
func (p budgetPages) Spent() web.Spent {
	p.b.meterLink()
	s := p.b.meter.State()
	out := web.Spent{Month: s.Month, Cap: s.Cap, Used: s.Used}
	for _, u := range s.Of {
		out.Of = append(out.Of, web.SpentOn{Class: u.Class.String(), Bytes: u.Bytes, Waits: u.Waits, Since: u.Since})
	}
	return out
}

// Spent tells what the box's link has cost, after Ready of a box that joined a centre.
func (b *Box) Spent() web.Spent { return budgetPages{b}.Spent() }
