package store_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

func head(t *testing.T, s *store.Store, size uint64) clinic.TreeHead {
	t.Helper()
	root, err := s.Own().Root(size)
	if err != nil {
		t.Fatal(err)
	}
	return clinic.TreeHead{Log: s.Epoch(), Size: size, Root: root[:]}
}

// TestTurn begins a new epoch while people work: the journal stays what it is, papers of
// before are still proven as far as the epoch went, and every later open knows both.
func TestTurn(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	grow(t, s, 30)
	before, common, beyond := s.Epoch(), head(t, s, 20), head(t, s, 25)
	done := make(chan struct{})
	go func() {
		defer close(done)
		grow(t, s, 10)
	}()
	for range 2 { // the second is of an epoch that ended
		if err := s.Turn(t.Context(), before, 20); err != nil {
			t.Fatal(err)
		}
	}
	<-done
	grow(t, s, 5)
	after := s.Epoch()
	check := func(s *store.Store) {
		t.Helper()
		if ls := s.Lives(); s.Epoch() != after || after == before || len(ls) != 1 || ls[0].Epoch != before || ls[0].Size != 20 || ls[0].Root != [32]byte(common.Root) {
			t.Fatalf("%x after %x: %+v", s.Epoch(), before, ls)
		}
		if ok, err := s.HoldsOf(common); !ok || err != nil {
			t.Errorf("what both epochs have: %v %v", ok, err)
		}
		if ok, err := s.HoldsOf(beyond); ok || err != nil {
			t.Errorf("what the old epoch has elsewhere: %v %v", ok, err)
		}
		if ok, err := s.HoldsOf(clinic.TreeHead{Log: [8]byte{9}, Size: 1, Root: common.Root}); ok || err != nil {
			t.Errorf("an epoch that never was: %v %v", ok, err)
		}
		common.Root[0] ^= 1
		if ok, err := s.HoldsOf(common); !ok || !errors.Is(err, store.ErrForked) {
			t.Errorf("another root: %v %v", ok, err)
		}
		common.Root[0] ^= 1
		if len(s.Rewound()) > 0 {
			t.Errorf("%+v", s.Rewound())
		}
		if _, c := checkpointOf(t, s); c.Size != s.Own().Size() || !strings.HasSuffix(c.Origin, hex.EncodeToString(after[:])) {
			t.Errorf("%+v is signed, the epoch is %x", c, after)
		}
	}
	check(s)
	size := s.Own().Size()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storetest.Start(t, o)
	check(s)
	if s.Own().Size() != size {
		t.Errorf("%d entries of %d", s.Own().Size(), size)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Without the file the journal's last segment knows.
	if err := os.WriteFile(filepath.Join(o.Dir, "epoch"), []byte("rotten"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s = storetest.Start(t, o); s.Epoch() != after {
		t.Errorf("epoch %x, the journal's is %x", s.Epoch(), after)
	}
}

// TestTurnCutBetween: the file tells of the new epoch, the views do not yet.
func TestTurnCutBetween(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	grow(t, s, 12)
	views, err := os.ReadFile(viewsFile(o.Dir))
	if err != nil {
		t.Fatal(err)
	}
	before := s.Epoch()
	if err := s.Turn(t.Context(), before, 7); err != nil {
		t.Fatal(err)
	}
	after, size := s.Epoch(), s.Own().Size()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(viewsFile(o.Dir), views, 0o600); err != nil {
		t.Fatal(err)
	}
	s = storetest.Start(t, o)
	if s.Epoch() != after || s.Own().Size() != size {
		t.Fatalf("epoch %x with %d entries, want %x with %d", s.Epoch(), s.Own().Size(), after, size)
	}
	grow(t, s, 3)
}

// TestTurnsEnd: what turns for ever is stopped, and says so.
func TestTurnsEnd(t *testing.T) {
	s := storetest.Start(t, storetest.Options(t.TempDir()))
	grow(t, s, 2)
	var err error
	turns := 0
	for ; err == nil && turns < 1000; turns++ {
		err = s.Turn(t.Context(), s.Epoch(), 1)
	}
	if !errors.Is(err, store.ErrLives) || turns != 257 {
		t.Errorf("%d turns, %v", turns, err)
	}
	grow(t, s, 2)
}
