// Package storetest opens stores for tests, with a clock that stands still, a file
// layer that fails on demand, and a check of everything after each test.
package storetest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/seal"
)

// Key is the storage key of tests.
func Key() seal.Key { return seal.Key{1, 2, 3, 4, 5} }

// Clock is a clock that moves only when told.
type Clock struct {
	mu      sync.Mutex
	t       time.Time
	trusted bool
}

// NewClock returns a trusted clock at 2026-06-15 08:00 in Viet Nam.
func NewClock() *Clock {
	return &Clock{t: time.Date(2026, 6, 15, 8, 0, 0, 0, clinic.ICT), trusted: true}
}

// Now implements store.Clock and desk.Clock.
func (c *Clock) Now() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t, c.trusted
}

// Add moves the clock, also backwards.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Set lets the clock jump.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// Trust sets whether the clock is trusted.
func (c *Clock) Trust(trusted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trusted = trusted
}

// Identity is the key that signs checkpoints in tests.
func Identity() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

// Options returns options for a directory, with Key, Identity and a new Clock.
func Options(dir string) store.Options {
	return store.Options{Dir: dir, Key: Key(), Clock: NewClock(), Box: "tram-01", Identity: Identity()}
}

// Open opens and runs a store in a new directory; at the end of the test it is
// closed and the directory checked.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenWith(t, Options(t.TempDir()))
}

// OpenWith opens and runs a store; at the end of the test it is closed and the
// directory checked.
func OpenWith(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	t.Cleanup(func() { Check(t, o.Dir) })
	return Start(t, o)
}

// Start is OpenWith without the check: for stores that a test damages.
func Start(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	<-s.Ready()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("closing the store:", err)
		}
		if err := <-done; err != nil && !errors.Is(err, store.ErrFatal) {
			t.Error("running the store:", err)
		}
	})
	return s
}

// Check verifies a closed store's directory under Key: every frame, the trees, and
// the views against a computation from the journals.
func Check(t testing.TB, dir string) {
	t.Helper()
	if t.Failed() {
		return // there is enough to read
	}
	rep, err := store.Check(context.Background(), Options(dir))
	if err != nil {
		t.Error("checking the store:", err)
	}
	for _, p := range rep.Problems {
		t.Error("checking the store:", p)
	}
}

// Save saves drafts as one act and returns the records.
func Save(t testing.TB, s desk.Store, drafts ...clinic.Draft) []clinic.Record {
	t.Helper()
	saved, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
		return drafts, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return saved.Records
}

// View runs f over a snapshot.
func View(t testing.TB, s desk.Store, f func(desk.Reader)) {
	t.Helper()
	if err := s.View(context.Background(), func(r desk.Reader) error { f(r); return nil }); err != nil {
		t.Fatal(err)
	}
}
