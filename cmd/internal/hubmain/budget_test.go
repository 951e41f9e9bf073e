package hubmain_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// nearCap is the budget of a box that has no bytes for catalogues while near is set.
func nearCap(near *atomic.Bool) func() wire.Budget {
	return func() wire.Budget {
		b := wire.Budget{Month: 202611, Cap: 500_000_000, Used: 460_000_000, Of: []uint64{1}, Waits: []byte{}}
		if near.Load() {
			b.Waits = []byte{byte(wire.ClassCatalogues)}
		}
		return b
	}
}

// beNearCap starts the box anew with that budget, and connects it.
func (p *pair) beNearCap() *atomic.Bool {
	p.t.Helper()
	near := new(atomic.Bool)
	near.Store(true)
	p.stopBox()
	p.opts.Budget = nearCap(near)
	p.startBox()
	p.net.Connect(true)
	p.within(time.Minute, "the beginning")
	return near
}

// TestCataloguesWaitForTheNextMonth: a box that is near its cap gets no rows of
// catalogues; records go up all the while; a statement that is queued behind them brings
// all of it; and in the next month what waited goes on by itself.
func TestCataloguesWaitForTheNextMonth(t *testing.T) {
	together(t, 70, func(t *testing.T, p *pair) {
		near := p.beNearCap()
		p.push(3)
		p.log.Append(50, 300)
		for range 20 {
			time.Sleep(time.Minute)
			if p.box.In() > 0 {
				t.Fatal("rows came although the box has no bytes for them")
			}
		}
		if tr := p.out.Truths(); tr.Unsent() > 0 || tr.Received != 50 {
			t.Errorf("records wait, too: %+v", tr)
		}
		if s := p.in.Spent("tram-01"); s.Used != 460_000_000 || !s.Holds(wire.ClassCatalogues) || s.At.IsZero() {
			t.Errorf("the centre knows %+v", s)
		}
		p.net.Connect(false) // neither a new link nor a new centre lets them through
		p.restartHub(time.Minute)
		p.net.Connect(true)
		time.Sleep(10 * time.Minute)
		if p.box.In() > 0 {
			t.Fatal("rows came after a restart")
		}
		near.Store(false)
		p.within(12*time.Minute, "the next month")
		near.Store(true)
		time.Sleep(7 * time.Hour)
		p.push(1)
		time.Sleep(time.Minute)
		rows := p.box.In()
		if _, err := p.in.Push(t.Context(), "tram-01", []clinic.Draft{{Kind: clinic.KindStatement, Body: &clinic.Statement{}}}); err != nil {
			t.Fatal(err)
		}
		p.within(2*time.Minute, "a statement")
		if rows != 9 || p.box.In() != 13 {
			t.Errorf("%d rows before the statement, %d entries after it", rows, p.box.In())
		}
	})
}

// TestRolledBackProgramWaitsForNothing: what a box asked to wait goes out once it runs an
// older program, which knows of no budget and would never let it go.
func TestRolledBackProgramWaitsForNothing(t *testing.T) {
	together(t, 71, func(t *testing.T, p *pair) {
		p.beNearCap()
		p.push(3)
		for range 2 { // its next start waits, too
			time.Sleep(20 * time.Minute)
			if p.box.In() > 0 {
				t.Fatal("rows came although the box has no bytes for them")
			}
			p.stopBox()
			time.Sleep(time.Minute)
			p.startBox()
		}
		time.Sleep(20 * time.Minute)
		p.stopBox()
		if p.box.In() > 0 {
			t.Fatal("rows came after a start of the box")
		}
		p.opts.Budget = nil
		p.startBox()
		p.within(20*time.Minute, "the older program")
		if p.box.In() == 0 {
			t.Error("nothing came")
		}
	})
}

// TestCataloguesOfSetsHoldNobodyUp: of what a box's facility has for it, rows of catalogues
// wait for the next month; the patients, who stand behind them in the queue, do not.
func TestCataloguesOfSetsHoldNobodyUp(t *testing.T) {
	const rows, others = 400, 300
	raws := visits(t, others)
	at := time.Date(2026, 6, 2, 8, 0, 0, 0, clinic.ICT)
	for i := range rows {
		d := clinic.Draft{Kind: clinic.KindCatalogRow, Event: at, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogICD10, Code: fmt.Sprintf("J%03d", i), Name: "Thử", From: clinic.Date{Year: 2026, Month: 1, Day: 1},
		}}
		b, err := entry.Encode(d, clinic.NewID(), clinic.NewID(), clinic.HLCAt(at.Add(time.Duration(i)*time.Second)), true)
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, b)
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, 71)
		p.opts.Intake = &intake{box: p.box}
		var near atomic.Bool
		near.Store(true)
		p.opts.Budget = nearCap(&near)
		_, stop := p.certified(raws)
		defer stop()
		defer p.close()
		p.meet(rows + others)
		p.until(time.Minute, "all but the rows", func() bool { return p.box.In() == others && p.owed() == rows })
		time.Sleep(30 * time.Minute)
		if p.box.In() != others || p.out.Truths().Coming != rows {
			t.Errorf("%d entries came, %d are said to come", p.box.In(), p.out.Truths().Coming)
		}
		near.Store(false)
		p.until(12*time.Minute, "the next month", func() bool { return p.box.In() == rows+others && p.owed() == 0 })
	})
}
