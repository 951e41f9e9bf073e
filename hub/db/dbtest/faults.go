package dbtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"clinicbox/hub"
)

// ErrFault is what Faults injects.
var ErrFault = errors.New("dbtest: injected fault")

// Fault tells how one call fails.
type Fault int

// The faults come in pairs: nothing was applied, or all was and nobody was told.
const (
	None Fault = iota
	NotApplied
	Applied
)

// Faults is a database whose changes fail as Plan says. Plan gets the name of
// the method and how many times it was called before.
type Faults struct {
	DB
	Plan func(method string, n int) Fault

	mu    sync.Mutex
	calls map[string]int
}

func (f *Faults) do(method string, call func() error) error {
	f.mu.Lock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	plan := f.Plan(method, f.calls[method])
	f.calls[method]++
	f.mu.Unlock()
	if plan == NotApplied {
		return ErrFault
	}
	if err := call(); err != nil {
		return err
	}
	if plan == Applied {
		return ErrFault
	}
	return nil
}

// Append may fail.
func (f *Faults) Append(ctx context.Context, b *hub.Batch) error {
	return f.do("Append", func() error { return f.DB.Append(ctx, b) })
}

// Conflict may fail.
func (f *Faults) Conflict(ctx context.Context, a hub.Alarm, e hub.Epoch, es []hub.Entry) error {
	return f.do("Conflict", func() error { return f.DB.Conflict(ctx, a, e, es) })
}

// Touch may fail.
func (f *Faults) Touch(ctx context.Context, box string, e hub.Epoch, stated uint64, at time.Time) error {
	return f.do("Touch", func() error { return f.DB.Touch(ctx, box, e, stated, at) })
}

// Seen may fail.
func (f *Faults) Seen(ctx context.Context, name string, at time.Time) error {
	return f.do("Seen", func() error { return f.DB.Seen(ctx, name, at) })
}

// Probe may fail.
func (f *Faults) Probe(ctx context.Context, at time.Time) error {
	return f.do("Probe", func() error { return f.DB.Probe(ctx, at) })
}

// Acked may fail.
func (f *Faults) Acked(ctx context.Context, box string, e hub.Epoch, seq uint64, at time.Time) error {
	return f.do("Acked", func() error { return f.DB.Acked(ctx, box, e, seq, at) })
}

// Push may fail.
func (f *Faults) Push(ctx context.Context, box string, es []hub.Down) (last uint64, err error) {
	err = f.do("Push", func() error {
		last, err = f.DB.Push(ctx, box, es)
		return err
	})
	return last, err
}

// Raise may fail.
func (f *Faults) Raise(ctx context.Context, a hub.Alarm) error {
	return f.do("Raise", func() error { return f.DB.Raise(ctx, a) })
}

// Incarnation may fail.
func (f *Faults) Incarnation(ctx context.Context, s hub.Stream) (by hub.Epoch, err error) {
	err = f.do("Incarnation", func() error {
		by, err = f.DB.Incarnation(ctx, s)
		return err
	})
	return by, err
}

// Stream may fail.
func (f *Faults) Stream(ctx context.Context, box string, e hub.Epoch) (s hub.Stream, err error) {
	err = f.do("Stream", func() error {
		s, err = f.DB.Stream(ctx, box, e)
		return err
	})
	return s, err
}

// Release may fail.
func (f *Faults) Release(ctx context.Context, found []hub.Found) error {
	return f.do("Release", func() error { return f.DB.Release(ctx, found) })
}

// Branch may fail.
func (f *Faults) Branch(ctx context.Context, s hub.Stream, from hub.Epoch, had, base uint64) error {
	return f.do("Branch", func() error { return f.DB.Branch(ctx, s, from, had, base) })
}

// Delivered may fail.
func (f *Faults) Delivered(ctx context.Context, box string, es []hub.Owed, received uint64) error {
	return f.do("Delivered", func() error { return f.DB.Delivered(ctx, box, es, received) })
}

// Receded may fail.
func (f *Faults) Receded(ctx context.Context, box string, received uint64) (n int64, err error) {
	err = f.do("Receded", func() error {
		n, err = f.DB.Receded(ctx, box, received)
		return err
	})
	return n, err
}

// RestartDowns may fail.
func (f *Faults) RestartDowns(ctx context.Context, a hub.Alarm, at time.Time) error {
	return f.do("RestartDowns", func() error { return f.DB.RestartDowns(ctx, a, at) })
}

// Fill may fail.
func (f *Faults) Fill(ctx context.Context, box string, e hub.Epoch, es []hub.Entry) error {
	return f.do("Fill", func() error { return f.DB.Fill(ctx, box, e, es) })
}

// Once fails one of many changes, applied or not; the zero value none.
type Once struct {
	At      int // which; counted from 1
	Applied bool
	Calls   int // that there were
}

// Do is one change.
func (o *Once) Do(call func() error) error {
	o.Calls++
	if o.Calls != o.At {
		return call()
	}
	if o.Applied {
		if err := call(); err != nil {
			return err
		}
	}
	return ErrFault
}
