package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestRingLostUnused: a medium that lied lost the first ring before anything was sealed
// under it. The records open under the root itself, and get another.
func TestRingLostUnused(t *testing.T) {
	o := storetest.Options(t.TempDir())
	secretive(t, o)
	if err := store.Rotate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	b := treeFiles(t, o.Dir)["ring"]
	for i := 40; i < len(b); i++ {
		b[i] = 0
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "ring"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first makes the ring, the second brings all under it
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	unharmed(t, o)
	if r := ringOf(t, o.Dir, o.Key); r.Len() != 2 || *r.Oldest() != o.Key {
		t.Error(r)
	}
}
