package wire

import (
	"errors"
	"math"
	"sync"
	"testing"
)

// TestCounterEnds: a session that has no counter left seals nothing more, whatever is
// tried: it does not begin again at 0.
func TestCounterEnds(t *testing.T) {
	box, hub := keys(t, "tram-01"), keys(t, "hub")
	nonce := NewNonce()
	start, s, err := StartSession(hub.Public().HPKE, box.Identity, Start{Dir: DirUp, Box: "tram-01", Nonce: nonce})
	if err != nil {
		t.Fatal(err)
	}
	_, o, err := AcceptSession(start, hub.HPKE, Expect{DirUp, "tram-01", box.Public().Identity, nonce})
	if err != nil {
		t.Fatal(err)
	}
	s.next = math.MaxUint64 - 1
	f, err := s.Seal(Ping{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(f); err != nil {
		t.Error(err)
	}
	for range 3 {
		if f, err := s.Seal(Ping{}); !errors.Is(err, ErrSpent) || f != nil {
			t.Fatalf("%x, %v", f, err)
		}
	}
}

// TestCountersAreGivenOnce: to any number of goroutines, and what fails to be sealed
// takes its counter along.
func TestCountersAreGivenOnce(t *testing.T) {
	_, s, err := StartSession(keys(t, "hub").Public().HPKE, keys(t, "tram-01").Identity, Start{Dir: DirUp, Box: "tram-01"})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	seen, large := map[uint64]bool{}, Unknown{Kind: 99, Body: make([]byte, MaxFrame)}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				if i%5 == 4 {
					if _, err := s.Seal(large); !errors.Is(err, ErrTooLarge) {
						t.Error(err)
					}
					continue
				}
				f, err := s.Seal(Ping{})
				if err != nil {
					t.Error(err)
					return
				}
				h, _ := Parse(f)
				mu.Lock()
				if seen[h.Counter] {
					t.Errorf("counter %d twice", h.Counter)
				}
				seen[h.Counter] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 320 || s.next != 400 {
		t.Errorf("%d counters, next %d", len(seen), s.next)
	}
}
