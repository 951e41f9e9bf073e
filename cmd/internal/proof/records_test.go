package proof

import (
	"path/filepath"
	"testing"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/store/seal"
)

// openStore opens the records of a station that does not run.
func openStore(t testing.TB, s *station) *store.Store {
	t.Helper()
	key := storageKey(t, s.dir)
	st, err := store.Open(t.Context(), store.Options{Dir: filepath.Join(s.dir, "data"), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// storageKey opens a station's keys.
func storageKey(t testing.TB, dir string) seal.Key {
	t.Helper()
	cfg, err := boxmain.Load(filepath.Join(dir, "box.toml"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := boxmain.StorageKey(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// journal reads every entry that a box recorded.
func journal(t testing.TB, log *store.Log) (out []clinic.Record) {
	t.Helper()
	for at := uint64(0); at < log.Size(); {
		raws, err := log.Read(at, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range raws {
			rec, err := entry.Decode(r.Bytes, clinic.Ref{Journal: clinic.Own, Index: r.Index}, r.Leaf)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, rec)
		}
		at += uint64(len(raws))
	}
	return out
}

// acts sorts the journal by act. Entries of one act must stand together, and acts
// that nobody sent must not be there: those of forms are taken out by the caller.
func acts(t testing.TB, s *station) map[clinic.ID][]clinic.Record {
	t.Helper()
	found := map[clinic.ID][]clinic.Record{}
	var last clinic.ID
	for _, r := range journal(t, openStore(t, s).Own()) {
		if len(found[r.Act]) > 0 && r.Act != last {
			t.Errorf("entry %d belongs to an act that had ended", r.Ref.Index)
		}
		found[r.Act], last = append(found[r.Act], r), r.Act
	}
	return found
}
