package hubmain_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/ingest"
	"clinicbox/sync/outbox/outboxtest"
)

// TestHolesHealBothWays: what rots in the box comes back from the centre, and what went
// up as a hole follows once a copy mended it. Neither needs a person, or a restart.
func TestHolesHealBothWays(t *testing.T) {
	for _, fault := range []dbtest.Fault{dbtest.None, dbtest.NotApplied, dbtest.Applied} {
		t.Run(fmt.Sprint(fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { healed(t, fault) })
		})
	}
}

func healed(t *testing.T, fault dbtest.Fault) {
	p := newPair(t, 81)
	defer p.close()
	p.wrap = func(d ingest.DB) ingest.DB {
		return &dbtest.Faults{DB: d.(dbtest.DB), Plan: func(method string, n int) dbtest.Fault {
			if method == "Fill" && n == 0 {
				return fault
			}
			return dbtest.None
		}}
	}
	p.net.Set(outboxtest.Faults{Delay: 150 * time.Millisecond})
	p.log.Append(900, 250)
	early, late := []uint64{3, 4, 5, 400, 899}, []uint64{0, 1, 77, 500, 501, 898}
	for _, i := range early {
		p.log.Lose(i)
	}
	p.startHub()
	p.startBox()
	p.net.Connect(true)
	p.within(time.Minute, "the backlog")
	flagged := func() int {
		t.Helper()
		_, holes, err := p.db.Flagged(t.Context(), "tram-01", hub.Epoch(p.log.Epoch), 99)
		if err != nil {
			t.Fatal(err)
		}
		return len(holes)
	}
	if flagged() != len(early) {
		t.Fatalf("%d holes at the centre, want %d", flagged(), len(early))
	}
	for _, i := range early[:4] {
		p.log.Mend(i)
	}
	for _, i := range late {
		p.log.Lose(i)
	}
	from := p.net.Bytes()
	for range 8 { // looks are an hour apart, and begin when something is sent
		time.Sleep(time.Hour)
		p.log.Append(1, 100)
	}
	time.Sleep(time.Minute)
	p.within(time.Minute, "what was recorded meanwhile")
	if n := flagged(); n != 1 {
		t.Errorf("%d holes are left at the centre", n)
	}
	if got := p.log.Lacks(); len(got) != 1 || got[0] != 899 {
		t.Errorf("%v cannot be read in the box", got)
	}
	if rec, _ := p.out.Receipt(); len(rec.Holes) != 1 || rec.Holes[0].From != 899 {
		t.Errorf("the box believes in holes at %v", rec.Holes)
	}
	if n := p.net.Bytes() - from; n > 12<<10 {
		t.Errorf("%d bytes went up", n)
	}
}

// TestWhatCannotBeMendedComesOnce: a lost segment whose header is gone, say. It is asked
// for once in a run, not every hour.
func TestWhatCannotBeMendedComesOnce(t *testing.T) {
	together(t, 82, func(t *testing.T, p *pair) {
		p.net.Set(outboxtest.Faults{Delay: 150 * time.Millisecond})
		p.log.Append(2000, 250)
		p.net.Connect(true)
		p.within(time.Minute, "the backlog")
		p.log.Unmendable = true
		for i := range uint64(1500) {
			p.log.Lose(i)
		}
		day := func() (bytes int) {
			from := p.net.SentDownBytes()
			for range 24 {
				time.Sleep(time.Hour)
				p.log.Append(1, 100)
			}
			p.within(time.Minute, "what was recorded meanwhile")
			return p.net.SentDownBytes() - from
		}
		first, second := day(), day()
		fmt.Fprintf(t.Output(), "%d bytes came down on the first day, %d on the second\n", first, second)
		if second > 24*500 || first < 2*second {
			t.Errorf("%d bytes, then %d", first, second)
		}
		if n := len(p.log.Lacks()); n != 1500 {
			t.Errorf("%d entries are lost", n)
		}
	})
}
