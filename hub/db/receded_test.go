package db

import (
	"context"
	"sync/atomic"
	"testing"
)

// stopAfter ends after that many looks at it.
type stopAfter struct {
	context.Context
	looks atomic.Int64
	ended chan struct{}
}

// Done implements context.Context.
func (s *stopAfter) Done() <-chan struct{} {
	if s.looks.Add(-1) < 0 {
		return s.ended
	}
	return s.Context.Done()
}

// Err implements context.Context.
func (s *stopAfter) Err() error {
	if s.looks.Load() < 0 {
		return context.Canceled
	}
	return nil
}

// TestRecededGoesOn: cut between two of its steps and asked for again, everything that a
// box lost is queued, once, and nothing that it has.
func TestRecededGoesOn(t *testing.T) {
	const had, n = 500, 2*recededAtOnce + 7
	d, cut, ended := fleet(t, 4), 0, make(chan struct{})
	close(ended)
	count := func(table string) (n int) {
		if err := d.r.QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for looks, whole := int64(0), false; !whole; looks += 4 {
		if _, err := d.w.ExecContext(t.Context(), `DELETE FROM given; DELETE FROM shares`); err != nil {
			t.Fatal(err)
		}
		giveAll(t, d, had+n)
		ctx := &stopAfter{Context: t.Context(), ended: ended}
		ctx.looks.Store(looks)
		first, err := d.Receded(ctx, "box-00001", had)
		left := count("shares")
		if int64(left) < first || left+count("given") != had+n {
			t.Fatalf("%d queued of %d", left, first)
		}
		if whole = err == nil; whole && first != n {
			t.Fatalf("%d of %d and no error", first, n)
		}
		if left > 0 && left < n {
			cut++
		}
		if again, err := d.Receded(t.Context(), "box-00001", had); err != nil || left+int(again) != n {
			t.Fatalf("%d and %d queued, want %d: %v", left, again, n, err)
		}
		if left := count("given"); left != had {
			t.Fatalf("%d are still acknowledged, want %d", left, had)
		}
	}
	if cut == 0 {
		t.Error("it was never cut between two steps")
	}
}
