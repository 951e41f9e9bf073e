package store_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// taken is everything of a store, for an import.
func taken(t *testing.T, s *store.Store) (in store.Import, all []store.Imported) {
	t.Helper()
	in.Epoch = s.Epoch()
	for kind, l := range map[clinic.Journal]*store.Log{clinic.Own: s.Own(), clinic.In: s.Received()} {
		h := map[clinic.Journal]*store.Head{clinic.Own: &in.Own, clinic.In: &in.In}[kind]
		h.Size = l.Size()
		var err error
		if h.Root, err = l.Root(h.Size); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []clinic.Journal{clinic.Own, clinic.In} {
		l := map[clinic.Journal]*store.Log{clinic.Own: s.Own(), clinic.In: s.Received()}[kind]
		raws, err := l.Read(0, 1<<30, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range raws {
			all = append(all, store.Imported{Journal: kind, Salt: r.Salt, Bytes: r.Bytes, Leaf: r.Leaf})
			if r.Hole() {
				all[len(all)-1].Salt = [16]byte{}
			}
		}
	}
	in.Entries = each(all)
	return in, all
}

func each(all []store.Imported) iter.Seq2[store.Imported, error] {
	return func(yield func(store.Imported, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// exported is a store of a small clinic, with entries of elsewhere and, if asked, holes.
func exported(t *testing.T, holes bool) (*store.Store, storetest.Filled) {
	t.Helper()
	o := storetest.Options(t.TempDir())
	o.SegmentSize = 32 << 10
	s := storetest.Start(t, o)
	f := storetest.Fill(t, s, storetest.Population{Patients: 20, Visits: 40})
	if _, err := s.Receive(t.Context(), received(t, 30)); err != nil {
		t.Fatal(err)
	}
	if !holes {
		return s, f
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"own/00000000.seg", "own/00000001.seg", "in/00000000.seg"} {
		path := filepath.Join(o.Dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[3000] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return storetest.Start(t, o), f
}

// TestImportIsExact: what a store holds, holes included, is the same in a new store
// under another key: bytes, salts, leaves, roots, acts, and what views answer.
func TestImportIsExact(t *testing.T) {
	for _, holes := range []bool{false, true} {
		from, f := exported(t, holes)
		in, all := taken(t, from)
		o := storetest.Options(t.TempDir())
		o.SegmentSize = 20 << 10
		if err := store.ImportTo(t.Context(), o, in); err != nil {
			t.Fatal(err)
		}
		open := storetest.OpenWith
		if holes {
			open = storetest.Start // check names them, there as here
		}
		to := open(t, o)
		again, got := taken(t, to)
		if again.Own != in.Own || again.In != in.In || again.Epoch != in.Epoch || !reflect.DeepEqual(got, all) {
			t.Fatalf("holes %v: %+v, want %+v, or other entries", holes, again, in)
		}
		lost := 0
		for _, e := range got {
			if e.Bytes == nil {
				lost++
			}
		}
		if (lost > 0) != holes {
			t.Fatalf("%d holes", lost)
		}
		for _, id := range f.IDs {
			if a, b := recordsOf(t, from, id), recordsOf(t, to, id); !reflect.DeepEqual(a, b) || len(a) == 0 && !holes {
				t.Fatalf("records of a patient differ: %d and %d", len(a), len(b))
			}
		}
		// Life goes on: behind what was taken over, with the same acts known.
		recs := storetest.Save(t, to, clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.NewID(), Body: &clinic.Patient{Name: "Đỗ Thị Mới"}})
		if recs[0].Ref.Index != in.Own.Size || recs[0].HLC <= newest(all) {
			t.Fatalf("%+v", recs[0])
		}
	}
}

// newest is the highest hybrid time of own entries.
func newest(all []store.Imported) (hlc uint64) {
	for _, e := range all {
		if r, err := entry.Decode(e.Bytes, clinic.Ref{}, e.Leaf); err == nil && e.Journal == clinic.Own {
			hlc = max(hlc, r.HLC)
		}
	}
	return hlc
}

func recordsOf(t *testing.T, s *store.Store, id clinic.ID) (out []clinic.Record) {
	t.Helper()
	storetest.View(t, s, func(r desk.Reader) {
		var err error
		if out, err = r.Records(id); err != nil {
			t.Fatal(err)
		}
	})
	return out
}

// TestActsStayTogether: an act that is sent again after an import is known.
func TestActsStayTogether(t *testing.T) {
	from := storetest.Open(t)
	act := clinic.NewID()
	do := func(s *store.Store) desk.Saved {
		t.Helper()
		saved, err := s.Act(t.Context(), act, clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
			var out []clinic.Draft
			for i := range 5 {
				out = append(out, clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.ID{9, byte(i)}, Body: &clinic.Patient{Name: "Người Bịa"}})
			}
			return out, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return saved
	}
	first := do(from)
	in, _ := taken(t, from)
	o := storetest.Options(t.TempDir())
	if err := store.ImportTo(t.Context(), o, in); err != nil {
		t.Fatal(err)
	}
	if again := do(storetest.OpenWith(t, o)); !again.Again || !reflect.DeepEqual(again.Records, first.Records) {
		t.Fatalf("%d records, again %v", len(again.Records), again.Again)
	}
}

// TestImportRefuses: records that are there, and entries that are not what they are
// said to be; nothing is left behind.
func TestImportRefuses(t *testing.T) {
	from, _ := exported(t, false)
	in, all := taken(t, from)
	used := storetest.Options(t.TempDir())
	running := storetest.OpenWith(t, used)
	if err := store.ImportTo(t.Context(), used, in); !errors.Is(err, store.ErrLocked) {
		t.Error("a running store:", err)
	}
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.ImportTo(t.Context(), used, in); !errors.Is(err, store.ErrNotEmpty) {
		t.Error("a store:", err)
	}
	stop := errors.New("stop")
	for name, change := range map[string]func(*store.Import){
		"root":     func(in *store.Import) { in.In.Root[0]++ },
		"size":     func(in *store.Import) { in.Own.Size++ },
		"one less": func(in *store.Import) { in.Entries = each(all[:len(all)-1]) },
		"a leaf": func(in *store.Import) {
			other := append([]store.Imported(nil), all...)
			other[7].Salt[0]++
			in.Entries = each(other)
		},
		"reading fails": func(in *store.Import) {
			in.Entries = func(yield func(store.Imported, error) bool) { _ = yield(all[0], nil) && yield(store.Imported{}, stop) }
		},
	} {
		o, bad := storetest.Options(t.TempDir()), in
		change(&bad)
		if err := store.ImportTo(t.Context(), o, bad); !errors.Is(err, store.ErrOther) && !errors.Is(err, stop) {
			t.Errorf("%s: %v", name, err)
		}
		empty(t, o.Dir)
		if err := store.ImportTo(t.Context(), o, in); err != nil {
			t.Errorf("%s: the good one after it: %v", name, err)
		}
	}
}

// empty fails when a directory holds anything of records.
func empty(t *testing.T, dir string) {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if e.Name() != "LOCK" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// TestImportCutAnywhere: an import that ends anywhere, by a full disk, a failing one or
// a cut, leaves nothing that opens as records; run again it is whole.
func TestImportCutAnywhere(t *testing.T) {
	from, _ := exported(t, false)
	in, _ := taken(t, from)
	faults := &storetest.Faults{}
	count := storetest.Options(t.TempDir())
	count.Files = faults
	if err := store.ImportTo(t.Context(), count, in); err != nil {
		t.Fatal(err)
	}
	for _, step := range []storetest.Step{storetest.StepWrite, storetest.StepSync, storetest.StepRename} {
		n := faults.Count(step)
		for i := 0; i < n; i += max(n/5, 1) {
			f := &storetest.Faults{}
			o := storetest.Options(t.TempDir())
			o.Files = f
			f.Arm(step, i, syscall.ENOSPC, false)
			if err := store.ImportTo(t.Context(), o, in); err == nil {
				t.Fatalf("%s %d: no error", step, i)
			}
			empty(t, o.Dir)
		}
	}
	whole := func(dir string) {
		t.Helper()
		again, _ := taken(t, storetest.OpenWith(t, storetest.Options(dir)))
		if again.Own != in.Own || again.In != in.In {
			t.Error("not what was imported")
		}
	}
	// A cut between the steps at the end: each leaves the one before it undone.
	for cut, names := range map[string][]string{"before both": {"own", "in", "epoch"}, "before in": {"own", "in"}, "before own": {"own"}} {
		o := storetest.Options(t.TempDir())
		if err := store.ImportTo(t.Context(), o, in); err != nil {
			t.Fatal(err)
		}
		back(t, o.Dir, names)
		if _, err := store.Open(context.Background(), o); !errors.Is(err, store.ErrImport) {
			t.Errorf("%s: %v", cut, err)
		}
		if err := store.ImportTo(t.Context(), o, in); err != nil {
			t.Errorf("%s: %v", cut, err)
		}
		whole(o.Dir)
	}
	o := storetest.Options(t.TempDir())
	if err := store.ImportTo(t.Context(), o, in); err != nil {
		t.Fatal(err)
	}
	back(t, o.Dir, nil) // only the folder is left
	whole(o.Dir)
}

// back moves files to where an import had them.
func back(t *testing.T, dir string, names []string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "importing"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		to := filepath.Join(dir, "importing", n)
		if n == "epoch" {
			if err := os.Remove(filepath.Join(dir, n)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.Rename(filepath.Join(dir, n), to); err != nil {
			t.Fatal(err)
		}
	}
}
