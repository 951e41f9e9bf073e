package names_test

import (
	"encoding/hex"
	"sync"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/names"
)

// TestThereAndBack: whoever has the key gets the number, nobody else does.
func TestThereAndBack(t *testing.T) {
	c, other := names.New(names.Key{1}), names.New(names.Key{2})
	for _, n := range []uint64{0, 1, 1 << 32, 1<<64 - 1} {
		id := c.ID(n)
		if got, ok := c.Number(id[:]); !ok || got != n {
			t.Errorf("%d became %d", n, got)
		}
		if _, ok := other.Number(id[:]); ok {
			t.Errorf("%d under another key", n)
		}
	}
	random := clinic.NewID()
	for _, b := range [][]byte{nil, {1}, random[:], make([]byte, 17)} {
		if _, ok := c.Number(b); ok {
			t.Errorf("%x has a number", b)
		}
	}
}

// TestGolden: a centre rebuilds identifiers for as long as there are boxes.
func TestGolden(t *testing.T) {
	id := names.New(names.Key{1, 2, 3}).ID(77)
	if got := hex.EncodeToString(id[:]); got != golden {
		t.Error(got)
	}
}

const golden = "eb28847846babf131278c4a1203ab8de"

// TestSourcesDoNotMeet: two openings of one box, or two bodies of it, draw apart, each
// identifier once, on many goroutines.
func TestSourcesDoNotMeet(t *testing.T) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[clinic.ID]bool{}
	for range 4 {
		s := names.NewSource(names.Key{1})
		for range 4 {
			wg.Go(func() {
				for range 500 {
					id := s.Next()
					mu.Lock()
					if seen[id] || id.IsZero() {
						t.Error("drawn twice")
					}
					seen[id] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
}

// TestAt is where the source is: the next differs by one.
func TestAt(t *testing.T) {
	s := names.NewSource(names.Key{1})
	at := s.At()
	id := s.Next()
	if n, ok := names.New(names.Key{1}).Number(id[:]); !ok || n != at+1 || s.At() != n {
		t.Errorf("%d after %d", n, at)
	}
}
