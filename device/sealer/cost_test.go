package sealer_test

import (
	"runtime"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/internal/redact"
)

// What a right PIN costs with the real parameters: within 10 s on a board that is
// five times slower with one core, and within 64 MiB and a little.
func TestUnlockCosts(t *testing.T) {
	c := sealer.DefaultCosts()
	if c.Memory > 64<<10 || c.Memory < 47104 && c.Time < 2 || c.Time*c.Memory < 3*64<<10 {
		t.Fatalf("%+v: above what a board can spare, or below RFC 9106's second choice", c)
	}
	b, ann := newBench(t), clinic.NewID()
	m := sealer.NewStaff(sealer.StaffOpts{Board: b.board, Person: ann, PIN: redact.Wrap(right)})
	f := b.create(m)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	b.opens(f, m)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	alloc := (after.TotalAlloc - before.TotalAlloc) >> 10
	t.Logf("unlock: %v on %d cores, %d KiB", took.Round(time.Millisecond), runtime.GOMAXPROCS(0), alloc)
	if alloc > 70<<10 {
		t.Errorf("%d KiB", alloc)
	}
	if took > 10*time.Second {
		t.Errorf("%v", took)
	}
}

func BenchmarkUnlock(b *testing.B) {
	bn, ann := newBench(b), clinic.NewID()
	m := sealer.NewStaff(sealer.StaffOpts{Board: bn.board, Person: ann, PIN: redact.Wrap(right)})
	f := bn.create(m)
	for b.Loop() {
		bn.opens(f, m)
	}
}
