package outbox_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// TestAnyInterleaving is the property: whatever link, hub and box do, every entry
// is stored once, in order, and both sides come to agree.
func TestAnyInterleaving(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { interleave(t, seed) })
		})
	}
}

func interleave(t *testing.T, seed uint64) {
	r := newRig(t, 100+seed)
	rng := rand.New(rand.NewPCG(seed, 3))
	r.start()
	defer func() { r.stop() }()
	pushed := 0
	for range 60 {
		switch rng.IntN(12) {
		case 0, 1:
			r.net.Connect(rng.IntN(2) == 0)
		case 2:
			r.net.BlackHole(rng.IntN(3) == 0)
		case 3, 4:
			r.net.Set(outboxtest.Faults{
				Drop: rng.Float64() / 2, Repeat: rng.Float64() / 3, Garble: rng.Float64() / 10,
				Delay:  time.Duration(rng.IntN(2000)) * time.Millisecond,
				Jitter: time.Duration(rng.IntN(3000)) * time.Millisecond,
			})
		case 5:
			r.restart()
		case 6:
			r.hub.Kill(rng.IntN(2) == 0)
		case 7:
			r.hub.Restart()
		case 8:
			r.box.FailNext(rng.IntN(3), rng.IntN(3))
		case 9:
			r.hub.Push(fmt.Appendf(nil, "row %d", pushed))
			pushed++
		default:
			r.log.Append(1+rng.IntN(60), 50+rng.IntN(400))
		}
		if tr := r.out.Truths(); tr.Received > uint64(r.hub.Size()) {
			t.Fatalf("box believes in %d entries, the hub has %d", tr.Received, r.hub.Size())
		}
		time.Sleep(time.Duration(rng.IntN(30_000)) * time.Millisecond)
	}
	r.box.FailNext(0, 0)
	r.net.Set(outboxtest.Faults{Delay: 100 * time.Millisecond, Drop: 0.05})
	r.net.BlackHole(false)
	r.net.Connect(true)
	r.hub.Kill(false)
	r.settle(2 * time.Hour)
	r.same()
	for range 100 {
		r.hub.Nudge()
		time.Sleep(10 * time.Second)
	}
	if r.box.In() != pushed {
		t.Fatalf("%d of %d down entries arrived", r.box.In(), pushed)
	}
}

// TestNoNonceTwice: over resends, reconnections and restarts of both sides no
// session's counter ever seals a second frame. Net compares every frame.
func TestNoNonceTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 18)
		r.net.Set(outboxtest.Faults{Delay: 300 * time.Millisecond, Drop: 0.3, Repeat: 0.3})
		r.start()
		defer func() { r.stop() }()
		for i := range 60 {
			r.log.Append(30, 300)
			r.net.Connect(i%5 != 4)
			if i%7 == 6 {
				r.restart()
			}
			if i%9 == 8 {
				r.hub.Restart()
			}
			time.Sleep(20 * time.Second)
		}
		r.net.Connect(true)
		r.settle(time.Hour)
		r.same()
		sessions, frames := r.net.Sealed()
		fmt.Fprintf(t.Output(), "%d sessions, %d sealed frames, %d entries twice at the hub\n", sessions, frames, r.hub.Twice())
		if sessions < 10 || frames < 200 || r.hub.Twice() == 0 {
			t.Fatalf("too little happened: %d sessions, %d frames", sessions, frames)
		}
	})
}

// spy takes the errors that Net reports.
type spy struct {
	testing.TB
	errors int
}

func (s *spy) Errorf(string, ...any) { s.errors++ }

func TestNonceCheckCanFail(t *testing.T) {
	r := newRig(t, 19)
	s := &spy{TB: t}
	r.net.T = s
	_, one, err := wire.StartSession(r.hub.Key.Public().HPKE, r.key.Identity, wire.Start{Dir: wire.DirUp, Box: "a"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := one.Seal(wire.Ping{})
	if err != nil {
		t.Fatal(err)
	}
	_ = r.net.Publish(f)
	_ = r.net.Publish(f) // the same frame again is a repeat
	if s.errors != 0 {
		t.Fatal("a repeat is taken for a reuse")
	}
	f[len(f)-1]++
	_ = r.net.Publish(f)
	if s.errors != 1 {
		t.Fatal("a reuse is not noticed")
	}
}
