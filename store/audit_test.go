package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/store"
	"clinicbox/store/journal"
	"clinicbox/store/storetest"
)

// audited audits a closed store and returns the leaves that it passed on.
func audited(t *testing.T, o store.Options) (a store.Audited, seen map[clinic.Ref]clinic.Leaf) {
	t.Helper()
	seen = map[clinic.Ref]clinic.Leaf{}
	o.Seen = func(r *clinic.Record) { seen[r.Ref] = r.Leaf }
	a, err := store.Audit(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a, seen
}

// proves verifies the way of every entry that is there to the signed checkpoint.
func proves(t *testing.T, a *store.Audited, seen map[clinic.Ref]clinic.Leaf) {
	t.Helper()
	c, err := checkpoint.Open(a.SignedNote, identity())
	if err != nil || c.Size != a.Own {
		t.Fatalf("signed %d of %d: %v", c.Size, a.Own, err)
	}
	for ref, leaf := range seen {
		path, err := a.Path(ref.Index, c.Size)
		if err == nil {
			err = c.Holds(ref.Index, leaf, path)
		}
		if got, lerr := a.Leaf(ref); err != nil || lerr != nil || got != leaf {
			t.Errorf("%v: %v, %v", ref, err, lerr)
		}
		for _, n := range []int{8, 16, 32} {
			if at, ok := a.Find(leaf[:n]); !ok || at != ref {
				t.Errorf("%d bytes of its leaf hash find %v, not %v", n, at, ref)
			}
		}
	}
}

// TestAuditProvesFromEntries: hashes, roots and proofs come from the entries; what is
// stored beside them is compared, and not believed.
func TestAuditProvesFromEntries(t *testing.T) {
	o := storetest.Options(t.TempDir())
	stopped(t, o, 23)
	a, seen := audited(t, o)
	if len(seen) != 23 || a.Own != 23 || a.Signed != 23 || len(a.Problems) > 0 {
		t.Fatalf("%d seen, %+v", len(seen), a.Report)
	}
	proves(t, &a, seen)
	if root, err := a.Root(a.Own); err != nil || root != a.OwnRoot {
		t.Error(err)
	}
	for _, bad := range []error{
		errOf(a.Root(24)), errOf(a.Path(0, 24)), errOf(a.Leaf(clinic.Ref{Journal: clinic.Own, Index: 23})),
		errOf(a.Leaf(clinic.Ref{Journal: clinic.In})),
	} {
		if !errors.Is(bad, journal.ErrRange) {
			t.Errorf("beyond the journal: %v", bad)
		}
	}
	if _, ok := a.Find(bytes.Repeat([]byte{7}, 16)); ok {
		t.Error("found what is not there")
	}

	hashes := filepath.Join(o.Dir, "own", "hashes")
	b, err := os.ReadFile(hashes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 23 { // every stored hash is another one
		b[i*32] ^= 1
	}
	if err := os.WriteFile(hashes, b, 0o600); err != nil {
		t.Fatal(err)
	}
	a, seen = audited(t, o)
	if len(a.Problems) == 0 {
		t.Error("nobody says that the stored tree is another one")
	}
	proves(t, &a, seen)
}

func errOf[T any](_ T, err error) error { return err }

// TestAuditOfAHole: an entry that cannot be read keeps its place by the stored hash,
// and the others their proofs.
func TestAuditOfAHole(t *testing.T) {
	o := storetest.Options(t.TempDir())
	stopped(t, o, 9)
	_, before := audited(t, o)
	segs, err := filepath.Glob(filepath.Join(o.Dir, "own", "*.seg"))
	if err != nil || len(segs) != 1 {
		t.Fatal(segs, err)
	}
	b, err := os.ReadFile(segs[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(bytes.TrimRight(b, "\x00"))/2] ^= 1
	if err := os.WriteFile(segs[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	a, seen := audited(t, o)
	if len(seen) != 8 || a.Holes != 1 || len(a.Problems) == 0 {
		t.Fatalf("%d seen, %+v", len(seen), a.Report)
	}
	proves(t, &a, seen)
	for ref, leaf := range before {
		if _, ok := seen[ref]; ok {
			continue
		}
		if got, err := a.Leaf(ref); err != nil || got != leaf {
			t.Errorf("the hole at %v: %v", ref, err)
		}
		if at, ok := a.Find(leaf[:16]); !ok || at != ref {
			t.Errorf("the hole is found at %v", at)
		}
	}
}

// TestAuditOfAnotherHistory: entries under the same keys in the place of those that
// were signed prove nothing.
func TestAuditOfAnotherHistory(t *testing.T) {
	o, other := storetest.Options(t.TempDir()), storetest.Options(t.TempDir())
	stopped(t, o, 6)
	stopped(t, other, 6)
	a, _ := audited(t, o)
	b, seen := audited(t, other)
	c, err := checkpoint.Open(a.SignedNote, identity())
	if err != nil {
		t.Fatal(err)
	}
	for ref, leaf := range seen {
		path, err := b.Path(ref.Index, c.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Holds(ref.Index, leaf, path); !errors.Is(err, checkpoint.ErrProof) {
			t.Errorf("an entry of another history is proven: %v", err)
		}
	}
}
