package hubmain_test

import (
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/ingest"
	"clinicbox/sync/outbox/outboxtest"
)

// hazard is one row of the fault matrix: a link, and what goes wrong while a backlog
// crosses it.
type hazard struct {
	name string
	link outboxtest.Faults
	// happen is called each second until both sides agree.
	happen  func(p *pair, second int)
	prepare func(p *pair, rng *mrand.Rand)
}

const (
	mbit  = 1_000_000 / 8
	slow  = 32_000 / 8
	delay = 100 * time.Millisecond // 300 ± 200 ms there and back
)

func goodLink() outboxtest.Faults { return outboxtest.Faults{Delay: delay, Jitter: 0, Rate: mbit} }

func worse(f func(*outboxtest.Faults)) outboxtest.Faults {
	l := goodLink()
	f(&l)
	return l
}

// every calls f once in so many seconds.
func every(n int, f func(p *pair, at int)) func(*pair, int) {
	return func(p *pair, second int) {
		if second%n == n-1 {
			f(p, second)
		}
	}
}

func hazards() []hazard {
	good := goodLink()
	return []hazard{
		{name: "nothing: 1 Mbit/s, 200 ms", link: good},
		{name: "300 ± 200 ms", link: worse(func(f *outboxtest.Faults) { f.Jitter = 200 * time.Millisecond })},
		{name: "32 kbit/s, 300 ± 200 ms", link: worse(func(f *outboxtest.Faults) { f.Rate, f.Jitter = slow, 200*time.Millisecond })},
		{name: "one frame in 20 lost", link: worse(func(f *outboxtest.Faults) { f.Drop = 0.05 })},
		{name: "one frame in 5 lost", link: worse(func(f *outboxtest.Faults) { f.Drop = 0.2 })},
		{name: "every other frame twice", link: worse(func(f *outboxtest.Faults) { f.Repeat = 0.5 })},
		{name: "frames overtake each other by 2 s", link: worse(func(f *outboxtest.Faults) { f.Jitter = 2 * time.Second })},
		{name: "one frame in 50 with a bit changed", link: worse(func(f *outboxtest.Faults) { f.Garble = 0.02 })},
		{name: "reset every 4 s", link: good, happen: every(4, func(p *pair, _ int) { p.net.Connect(false); p.net.Connect(true) })},
		{name: "15 s of every minute vanish", link: good, happen: func(p *pair, s int) { p.net.BlackHole(s%60 < 15) }},
		{name: "half open for 20 min, then reset", link: good, happen: func(p *pair, s int) {
			p.net.BlackHole(s >= 2 && s < 1200)
			if s == 1200 {
				p.net.Connect(false)
				p.net.Connect(true)
			}
		}},
		{name: "centre restarts every 5 s", link: good, happen: every(5, func(p *pair, _ int) { p.stopHub(); p.startHub() })},
		{name: "box restarts every 5 s", link: good, happen: every(5, func(p *pair, _ int) { p.stopBox(); p.startBox() })},
		{name: "one write of the centre in 5 fails, applied or not", link: good, prepare: diskFaults},
		{name: "one write of the box in 6 fails, applied or not", link: good, happen: func(p *pair, s int) { p.box.FailNext(s%11/10, s%13/12) }},
		{name: "centre's clock 5 years ahead, then 5 behind", link: good, prepare: func(p *pair, _ *mrand.Rand) {
			p.now = func() time.Time { return time.Now().AddDate(5, 0, 0) }
		}, happen: func(p *pair, s int) {
			if s == 3 {
				p.stopHub()
				p.now = func() time.Time { return time.Now().AddDate(-5, 0, 0) }
				p.startHub()
			}
		}},
		{name: "garbage and old frames on its topic", link: good, prepare: strangers},
		{name: "all of it", link: outboxtest.Faults{Delay: delay, Jitter: time.Second, Rate: mbit, Drop: 0.1, Repeat: 0.1, Garble: 0.01}, prepare: diskFaults, happen: func(p *pair, s int) {
			p.net.BlackHole(s%90 < 10)
			switch {
			case s%40 == 39:
				p.stopHub()
				p.startHub()
			case s%45 == 44:
				p.stopBox()
				p.startBox()
			case s%13 == 12:
				p.net.Connect(false)
				p.net.Connect(true)
			}
		}},
	}
}

// diskFaults makes one write of the centre in five fail: not applied, or applied.
func diskFaults(p *pair, rng *mrand.Rand) {
	var mu sync.Mutex
	p.wrap = func(d ingest.DB) ingest.DB {
		return &dbtest.Faults{DB: d.(dbtest.DB), Plan: func(method string, _ int) dbtest.Fault {
			if method == "Push" { // who queues something hears of it
				return dbtest.None
			}
			mu.Lock()
			defer mu.Unlock()
			return []dbtest.Fault{dbtest.None, dbtest.None, dbtest.None, dbtest.None, dbtest.NotApplied, dbtest.None, dbtest.None, dbtest.None, dbtest.None, dbtest.Applied}[rng.IntN(10)]
		}}
	}
}

// strangers sends garbage and frames that were seen before on the box's topic.
func strangers(p *pair, rng *mrand.Rand) {
	var mu sync.Mutex
	var seen [][]byte
	p.net.Hub = func(f []byte) {
		p.receive(f)
		mu.Lock()
		seen = append(seen, f)
		old, junk := seen[rng.IntN(len(seen))], make([]byte, 20+rng.IntN(200))
		mu.Unlock()
		rand.Read(junk)
		copy(junk, f[:3]) // looks like one
		p.receive(old)
		p.receive(junk)
	}
}

// outcome is what one run cost.
type outcome struct {
	up, down, idle int
	took           time.Duration
	lost, twice    int
}

// TestFaultMatrix crosses every hazard with a backlog that grows while it travels, both
// real sides and the real database: nothing is lost, nothing is there twice, and the
// bytes that it costs have an end. CLINICBOX_SOAK=1 runs each row 40 times and prints the
// table of docs/sync.md.
func TestFaultMatrix(t *testing.T) {
	runs := uint64(1)
	if os.Getenv("CLINICBOX_SOAK") != "" {
		runs = 40
	}
	base := 0
	for i, h := range hazards() {
		var sum outcome
		for seed := range runs {
			synctest.Test(t, func(t *testing.T) {
				o := h.cross(t, 1000*uint64(i)+seed)
				sum.up, sum.down, sum.took = sum.up+o.up, sum.down+o.down, sum.took+o.took
				sum.idle, sum.lost, sum.twice = max(sum.idle, o.idle), sum.lost+o.lost, sum.twice+o.twice
			})
			if t.Failed() {
				t.Fatalf("%s, run %d", h.name, seed)
			}
		}
		up := sum.up / int(runs)
		if base == 0 {
			base = up
		}
		fmt.Fprintf(t.Output(), "| %s | %d | %d | %d | %.2f | %d | %v |\n", h.name, runs, sum.lost, sum.twice,
			float64(up)/float64(base), sum.idle, (sum.took / time.Duration(runs)).Round(time.Second))
		if float64(up) > 3*float64(base) {
			t.Errorf("%s: %d bytes up, %d when nothing goes wrong", h.name, up, base)
		}
	}
}

func (h *hazard) cross(t *testing.T, seed uint64) (o outcome) {
	p := newPair(t, seed)
	p.expected = true
	rng := mrand.New(mrand.NewPCG(seed, 9))
	if h.prepare != nil {
		h.prepare(p, rng)
	}
	p.net.Set(h.link)
	p.log.Append(5000, 250)
	p.startHub()
	p.startBox()
	p.net.Connect(true)
	began, second := time.Now(), 0
	for done := false; !done; second++ {
		if second < 30 {
			p.log.Append(15, 250)
			p.push(1)
		}
		time.Sleep(time.Second)
		if h.happen != nil {
			h.happen(p, second)
		}
		done = second >= 30 && p.agreed()
		if time.Since(began) > 6*time.Hour {
			t.Fatalf("%s: not after %v: %+v", h.name, time.Since(began), p.out.Truths())
		}
	}
	o.took, o.up, o.down = time.Since(began), p.net.SentUp, p.net.SentDown
	p.net.Set(goodLink())
	p.net.BlackHole(false)
	p.box.FailNext(0, 0)
	time.Sleep(10 * time.Minute) // what was under way arrives
	quiet := p.net.SentUp
	time.Sleep(6 * time.Hour)
	o.idle = p.net.SentUp - quiet
	if o.idle > 4<<10 {
		t.Errorf("%s: %d bytes in six idle hours", h.name, o.idle)
	}
	o.lost = p.missing(&body{log: p.log})
	o.twice = p.box.Twice
	p.close()
	return o
}
