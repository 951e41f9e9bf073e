package hubmain_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"clinicbox/sync/outbox/outboxtest"
)

// TestRecovery states how long both sides may need to agree again after what
// happens every day. A frame that is lost may cost the outbox's patience (10 s);
// one that only comes late, twice or in another order may not.
func TestRecovery(t *testing.T) {
	mobile := outboxtest.Faults{Delay: 150 * time.Millisecond}
	swap := outboxtest.Faults{Delay: 150 * time.Millisecond, Jitter: 600 * time.Millisecond, Repeat: 0.3}
	lossy := outboxtest.Faults{Delay: 150 * time.Millisecond, Jitter: 100 * time.Millisecond, Drop: 0.1}
	for _, c := range []struct {
		name   string
		faults outboxtest.Faults
		limit  time.Duration
		event  func(p *pair)
	}{
		{"the link comes", mobile, 3 * time.Second, func(p *pair) { p.flap(time.Minute) }},
		{"the box restarts", mobile, 4 * time.Second, (*pair).restartBox},
		{"the centre restarts behind its broker", mobile, 3 * time.Second, func(p *pair) { p.restartHub(time.Minute) }},
		{"the centre restarts with its broker", mobile, 4 * time.Second, func(p *pair) { p.restartBroker(400 * time.Millisecond) }},
		{"the box is back long after", mobile, 4 * time.Second, func(p *pair) { p.restartBroker(7 * time.Minute) }},
		{"the box restarts, swapping link", swap, 9 * time.Second, (*pair).restartBox},
		{"the centre restarts, swapping link", swap, 9 * time.Second, func(p *pair) { p.restartHub(time.Second) }},
		{"centre and broker restart, swapping link", swap, 9 * time.Second, func(p *pair) { p.restartBroker(400 * time.Millisecond) }},
		{"the box restarts, lossy link", lossy, 70 * time.Second, (*pair).restartBox},
		{"the centre restarts, lossy link", lossy, 70 * time.Second, func(p *pair) { p.restartHub(time.Second) }},
		{"centre and broker restart, lossy link", lossy, 70 * time.Second, func(p *pair) { p.restartBroker(400 * time.Millisecond) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			worst := time.Duration(0)
			for seed := range uint64(4) {
				together(t, seed, func(t *testing.T, p *pair) {
					p.net.Connect(true)
					p.log.Append(20, 300)
					p.within(time.Minute, "the first contact")
					p.net.Set(c.faults)
					for range 3 {
						p.log.Append(20, 300)
						c.event(p)
						p.push(1)
						worst = max(worst, p.within(c.limit, c.name))
						time.Sleep(time.Minute)
					}
				})
			}
			fmt.Fprintf(t.Output(), "%s: at most %v\n", c.name, worst)
		})
	}
}

func (p *pair) flap(away time.Duration) {
	p.net.Connect(false)
	time.Sleep(away)
	p.net.Connect(true)
}

func (p *pair) restartBox() {
	p.stopBox()
	p.startBox()
}

func (p *pair) restartHub(away time.Duration) {
	p.stopHub()
	time.Sleep(away)
	p.startHub()
}

// restartBroker restarts the centre with its embedded broker: it announces itself
// before the box's link is back.
func (p *pair) restartBroker(back time.Duration) {
	p.net.Connect(false)
	p.stopHub()
	time.Sleep(2 * time.Second)
	p.startHub()
	time.Sleep(back)
	p.net.Connect(true)
}

// TestAnyInterleaving is the property over the real two sides: whatever the link,
// the box and the centre do, everything arrives once, in order, both ways, and
// nothing of it looks like an attack.
func TestAnyInterleaving(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			together(t, 100+seed, func(t *testing.T, p *pair) { interleave(p, seed) })
		})
	}
}

func interleave(p *pair, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 40 {
		switch rng.IntN(10) {
		case 0, 1:
			p.net.Connect(rng.IntN(3) > 0)
		case 2:
			p.net.BlackHole(rng.IntN(3) == 0)
		case 3, 4:
			p.net.Set(outboxtest.Faults{
				Drop: rng.Float64() / 2, Repeat: rng.Float64() / 3,
				Delay:  time.Duration(rng.IntN(2000)) * time.Millisecond,
				Jitter: time.Duration(rng.IntN(3000)) * time.Millisecond,
			})
		case 5:
			p.restartBox()
		case 6:
			p.restartHub(time.Duration(rng.IntN(30)) * time.Second)
		case 7:
			p.push(1 + rng.IntN(3))
		case 8:
			p.box.FailNext(rng.IntN(3), rng.IntN(3))
		default:
			p.log.Append(1+rng.IntN(60), 50+rng.IntN(400))
		}
		time.Sleep(time.Duration(rng.IntN(30_000)) * time.Millisecond)
	}
	p.box.FailNext(0, 0)
	p.net.Set(outboxtest.Faults{Delay: 100 * time.Millisecond, Drop: 0.05})
	p.net.BlackHole(false)
	p.net.Connect(true)
	p.within(time.Hour, "peace")
}
