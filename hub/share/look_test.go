package share_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/share"
)

// broken is a database that cannot read some streams.
type broken struct {
	*db.DB
	bad map[string]bool // by the box that uploaded
	of  map[int64]string
}

func (b *broken) Sharing(ctx context.Context, box string, after *hub.Sharing, n int) ([]hub.Sharing, error) {
	ss, err := b.DB.Sharing(ctx, box, after, min(n, 2)) // several reads even of a few boxes
	for _, s := range ss {
		b.of[s.Stream] = s.From
	}
	return ss, err
}

func (b *broken) StreamEntries(ctx context.Context, stream int64, from uint64, n int) ([]hub.Entry, error) {
	if from := b.of[stream]; b.bad[from] {
		return nil, errors.New("cannot read " + from)
	}
	return b.DB.StreamEntries(ctx, stream, from, n)
}

// TestLookGoesOnPastAStream: what cannot be read of one stream is told, and holds up
// nothing of the others, also when it stands before them.
func TestLookGoesOnPastAStream(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	d := newDB(t, names...)
	for _, n := range names {
		raw := bytesOf(t, clinic.KindAllergies, &clinic.Allergies{Asked: true}, dbtest.At(0))
		b := (&dbtest.Maker{Box: n, Epoch: dbtest.Epoch()}).Of(raw)
		b.Entries[0].Kind = clinic.KindAllergies
		if err := d.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	x := &broken{DB: d, bad: map[string]bool{"a": true, "c": true}, of: map[int64]string{}}
	s := share.New(share.Options{DB: x})
	owed := func(want map[string]int) {
		t.Helper()
		for _, n := range names {
			if got, err := d.OwedCount(t.Context(), n); err != nil || got != want[n] {
				t.Errorf("%s gets %d entries, want %d: %v", n, got, want[n], err)
			}
		}
	}
	err := s.Look(t.Context(), "e")
	if err == nil || !strings.Contains(err.Error(), "cannot read a") || !strings.Contains(err.Error(), "cannot read c") {
		t.Errorf("what failed is not told: %v", err)
	}
	owed(map[string]int{"a": 3, "b": 2, "c": 3, "d": 2, "e": 2})
	clear(x.bad)
	if err := s.Look(t.Context(), ""); err != nil {
		t.Error(err)
	}
	owed(map[string]int{"a": 4, "b": 4, "c": 4, "d": 4, "e": 4})
}

// looks is a database in which nothing is to be shared, and which counts who asks.
type looks struct {
	share.DB
	mu   sync.Mutex
	all  []time.Time // looks at all boxes
	some int
}

func (l *looks) Sharing(_ context.Context, box string, _ *hub.Sharing, _ int) ([]hub.Sharing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if box == "" {
		l.all = append(l.all, time.Now())
	} else {
		l.some++
	}
	return nil, nil
}

func (l *looks) Unshared(context.Context, *hub.Unshared, int) ([]hub.Unshared, error) {
	return nil, nil
}

// TestFullLookIsNotStarved: all boxes are looked at once a minute, also while one of them
// uploads all the time.
func TestFullLookIsNotStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &looks{}
		s := share.New(share.Options{DB: l})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		<-s.Ready()
		tick, end := time.NewTicker(150*time.Millisecond), time.After(10*time.Minute)
		for busy := true; busy; {
			select {
			case <-tick.C:
				s.Stored(&hub.Batch{Box: "a"})
			case <-end:
				busy = false
			}
		}
		tick.Stop()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if l.some < 1000 {
			t.Errorf("the box that uploads was looked at %d times", l.some)
		}
		if len(l.all) < 10 || len(l.all) > 12 {
			t.Errorf("all boxes were looked at %d times in ten minutes", len(l.all))
		}
		for i := range l.all[1:] {
			if d := l.all[i+1].Sub(l.all[i]); d > 61*time.Second {
				t.Errorf("%v between two looks at all boxes", d)
			}
		}
	})
}
