package hubmain_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// body is one body of the box: its journal, and what it keeps beside.
type body struct {
	log  *outboxtest.Log
	box  *outboxtest.Box
	last wire.Epoch // incarnation
}

// swap ends the machine that runs and starts another one under the same name.
func (p *pair) swap(m *body) {
	if p.stopBox != nil {
		p.stopBox()
	}
	p.log, p.box, p.opts.Incarnation = m.log, m.box, m.last
	p.startBox()
	m.last = p.opts.Incarnation
}

// missing are the entries of the machines that the centre has in none of its streams.
func (p *pair) missing(ms ...*body) (n int) {
	p.t.Helper()
	held := map[clinic.Leaf]bool{}
	ss, err := p.db.Streams(p.t.Context(), "tram-01")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range ss {
		ls, err := p.db.Leaves(p.t.Context(), "tram-01", s.Epoch, 0, int(s.Size))
		if err != nil || uint64(len(ls)) != s.Size {
			p.t.Fatalf("%d leaves of %d, %v", len(ls), s.Size, err)
		}
		for _, l := range ls {
			held[l] = true
		}
	}
	for _, m := range ms {
		for _, l := range m.log.Leaves() {
			if !held[l] {
				n++
			}
		}
	}
	return n
}

// settled fails unless the running machine and the centre agree, and both are whole.
func (p *pair) settled(d time.Duration, what string) {
	p.t.Helper()
	p.within(d, what)
	if tr := p.out.Truths(); tr.Problem != "" {
		p.t.Fatalf("%s: %+v", what, tr)
	}
	s, err := p.db.Stream(p.t.Context(), "tram-01", hub.Epoch(p.log.Epoch))
	root, err2 := p.log.Root(p.log.Size())
	if err != nil || err2 != nil || s.Size != p.log.Size() || s.Root != root {
		p.t.Fatalf("%s: %+v, %v, %v", what, s, err, err2)
	}
}

// end stops both and verifies the database: several streams are no fault here.
func (p *pair) end() {
	p.t.Helper()
	p.stopBox()
	p.stopHub()
	fs, err := p.db.Check(p.t.Context())
	if err != nil {
		p.t.Error(err)
	}
	for _, f := range fs {
		if f.Problem != "" {
			p.t.Errorf("check: %+v", f)
		}
	}
	if err := p.db.Close(); err != nil {
		p.t.Error(err)
	}
}

// TestRestoredBoxRealigns: a copy that is older than the centre is put back, and goes on
// recording before it has a link. The centre hands back what the copy lacks, what was
// recorded since goes up, and nothing that is there travels again.
func TestRestoredBoxRealigns(t *testing.T) {
	for _, c := range []struct{ copied, since int }{{300, 40}, {300, 0}, {0, 10}, {499, 1}, {1, 700}, {500, 3}} {
		t.Run(fmt.Sprintf("%d of 500, %d since", c.copied, c.since), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t, 51)
				defer p.end()
				p.net.Set(outboxtest.Faults{Delay: 150 * time.Millisecond})
				p.startHub()
				p.net.Connect(true)
				old := &body{log: p.log, box: p.box}
				p.log.Append(500, 250)
				p.swap(old)
				p.settled(time.Minute, "before")
				m := &body{log: p.log.CutBack(c.copied), box: outboxtest.NewBox()}
				p.net.Connect(false)
				m.log.Append(c.since, 250)
				from := p.net.SentUp
				p.swap(m)
				p.net.Connect(true)
				p.settled(time.Minute, "after")
				if n := p.missing(old, m); n > 0 {
					t.Errorf("%d entries are nowhere at the centre", n)
				}
				for i, l := range old.log.Leaves() {
					if i >= c.copied && !p.box.Has(l) {
						t.Fatalf("entry %d was not handed back", i)
					}
				}
				want := 500 - c.copied
				if p.box.In() != want {
					t.Errorf("%d entries came in, want %d", p.box.In(), want)
				}
				if bytes, most := p.net.SentUp-from, 12_000+c.since*120; bytes > most {
					t.Errorf("%d bytes went up, more than %d", bytes, most)
				}
				m.log.Append(5, 200)
				p.settled(time.Minute, "going on")
				p.stopBox()
				p.startBox()
				m.log.Append(5, 200)
				p.settled(time.Minute, "after a restart")
			})
		})
	}
}

// TestTwoBodiesOfOneBox: a card is copied and both boxes go on. An alarm tells, no entry
// of either is lost, and each gets what the other recorded.
func TestTwoBodiesOfOneBox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, 52)
		defer p.end()
		p.net.Set(outboxtest.Faults{Delay: 150 * time.Millisecond})
		p.startHub()
		p.net.Connect(true)
		a := &body{log: p.log, box: p.box}
		p.log.Append(100, 200)
		p.swap(a)
		p.settled(time.Minute, "the one")
		b := &body{log: a.log.CutBack(80), box: outboxtest.NewBox(), last: a.last}
		for i := range 6 {
			m := []*body{b, a}[i%2]
			m.log.Append(20, 200)
			p.swap(m)
			m.log.Append(20, 200)
			p.settled(2*time.Hour, fmt.Sprint("turn ", i))
		}
		if n := p.missing(a, b); n > 0 {
			t.Errorf("%d entries are nowhere at the centre", n)
		}
		for i, l := range a.log.Leaves()[80:100] {
			if !b.box.Has(l) {
				t.Fatalf("entry %d of the first was not handed to the second", 80+i)
			}
		}
		codes := map[string]bool{}
		as, err := p.db.Alarms(t.Context(), "tram-01", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range as {
			codes[a.Code] = true
		}
		if !codes[hub.AlarmClone] || !codes[hub.AlarmSplit] {
			t.Errorf("nobody is told: %+v", as)
		}
	})
}

// TestRealignUnderFaults cuts a realignment anywhere: link, box, centre, disk.
func TestRealignUnderFaults(t *testing.T) {
	seeds := uint64(10)
	if os.Getenv("CLINICBOX_SOAK") != "" {
		seeds = 200
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { realignUnderFaults(t, seed) })
		})
	}
}

func realignUnderFaults(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	p := newPair(t, 60+seed)
	defer p.end()
	p.startHub()
	p.net.Connect(true)
	old := &body{log: p.log, box: p.box}
	p.log.Append(200+rng.IntN(2000), 250)
	p.swap(old)
	p.settled(10*time.Minute, "before")
	m := &body{log: p.log.CutBack(rng.IntN(int(p.log.Size()))), box: outboxtest.NewBox()}
	m.log.Append(rng.IntN(300), 250)
	p.swap(m)
	for range 12 {
		switch rng.IntN(8) {
		case 0:
			p.net.Connect(rng.IntN(3) > 0)
		case 1:
			p.net.Set(outboxtest.Faults{
				Drop: rng.Float64() / 3, Repeat: rng.Float64() / 3,
				Delay: time.Duration(rng.IntN(1500)) * time.Millisecond, Jitter: time.Duration(rng.IntN(1000)) * time.Millisecond,
			})
		case 2:
			p.swap(m)
		case 3:
			p.stopHub()
			p.startHub()
		case 4:
			m.log.FailTurns(rng.IntN(2), rng.IntN(2))
		case 5:
			m.box.FailNext(rng.IntN(3), rng.IntN(3))
		case 6:
			p.net.BlackHole(rng.IntN(2) == 0)
		default:
			m.log.Append(1+rng.IntN(30), 250)
		}
		time.Sleep(time.Duration(rng.IntN(8000)) * time.Millisecond)
	}
	m.log.FailTurns(0, 0)
	m.box.FailNext(0, 0)
	p.net.Set(outboxtest.Faults{Delay: 100 * time.Millisecond})
	p.net.BlackHole(false)
	p.net.Connect(true)
	p.settled(4*time.Hour, "at last")
	if n := p.missing(old, m); n > 0 {
		t.Errorf("%d entries are nowhere at the centre", n)
	}
	for _, l := range old.log.Leaves() {
		if !m.box.Has(l) && !m.log.Has(l) {
			t.Fatal("an entry was not handed back")
		}
	}
}

// openAgain closes the centre's database, lets f do something with its file, and opens it.
func (p *pair) openAgain(f func()) {
	p.t.Helper()
	if err := p.db.Close(); err != nil {
		p.t.Fatal(err)
	}
	f()
	d, err := db.Open(p.t.Context(), p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	p.db = d
}

// TestRestoredCentre puts yesterday's copy of the centre's database back: the box sends
// again what the copy lacks, and gets what was queued since, though it stands at places
// of the stream down that the box had passed.
func TestRestoredCentre(t *testing.T) {
	for _, later := range []int{0, 1, 2, 5} { // pushes after the restore; two are lost with it
		t.Run(fmt.Sprint(later), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { restoredCentre(t, later) })
		})
	}
}

func restoredCentre(t *testing.T, later int) {
	p := newPair(t, 71)
	defer p.end()
	p.net.Set(outboxtest.Faults{Delay: 150 * time.Millisecond})
	p.startHub()
	p.net.Connect(true)
	m := &body{log: p.log, box: p.box}
	p.log.Append(200, 250)
	p.swap(m)
	p.push(3)
	p.settled(time.Minute, "before")
	p.stopHub()
	var copied []byte
	p.openAgain(func() {
		b, err := os.ReadFile(p.path)
		if err != nil {
			t.Fatal(err)
		}
		copied = b
	})
	p.startHub()
	p.log.Append(100, 250)
	p.push(2)
	p.settled(time.Minute, "the lost day")
	p.stopHub()
	p.openAgain(func() {
		if err := os.WriteFile(p.path, copied, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	p.startHub()
	p.push(later)
	p.log.Append(3, 250)
	p.within(time.Hour, "the restored centre")
	if want := (3 + 2 + later) * len(sampleRows()); p.box.In() != want {
		t.Errorf("the box has %d entries from the centre, want %d", p.box.In(), want)
	}
	if n := p.missing(m); n > 0 {
		t.Errorf("%d entries are nowhere at the centre", n)
	}
	as, err := p.db.Alarms(t.Context(), "tram-01", 10)
	if err != nil || len(as) != 1 || as[0].Code != hub.AlarmDown {
		t.Errorf("%+v %v", as, err)
	}
	p.push(1)
	p.within(time.Minute, "going on")
}

// TestRestoredCentreByStick is TestRestoredCentre for a box that never has a link.
func TestRestoredCentreByStick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, 72)
		defer p.end()
		p.startHub()
		p.startBox()
		m := stick(t, 1)
		round := func() { // box, centre, box
			t.Helper()
			for i := range 3 {
				var err error
				if i == 1 {
					_, err = p.bring(m)
				} else {
					_, err = p.visit(m)
				}
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			}
		}
		p.log.Append(200, 250)
		p.push(3)
		round()
		p.stopHub()
		var copied []byte
		p.openAgain(func() {
			b, err := os.ReadFile(p.path)
			if err != nil {
				t.Fatal(err)
			}
			copied = b
		})
		p.startHub()
		p.push(2)
		round()
		p.stopHub()
		p.openAgain(func() {
			if err := os.WriteFile(p.path, copied, 0o600); err != nil {
				t.Fatal(err)
			}
		})
		p.startHub()
		p.push(5)
		round()
		round()
		if want := 10 * len(sampleRows()); p.box.In() != want {
			t.Errorf("the box has %d entries from the centre, want %d", p.box.In(), want)
		}
		if n := p.missing(&body{log: p.log}); n > 0 {
			t.Errorf("%d entries are nowhere at the centre", n)
		}
	})
}
