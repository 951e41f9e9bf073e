package store_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// rotting fills a store of several segments and returns its options and a patient with
// the records that the store gave.
func rotting(t *testing.T) (o store.Options, patient clinic.ID, records []clinic.Record) {
	t.Helper()
	o = storetest.Options(t.TempDir())
	o.SegmentSize = 4 << 10
	s := storetest.Start(t, o)
	patient = clinic.NewID()
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindPatient, Subject: patient, Body: &clinic.Patient{Name: "Đỗ Thị Ví Dụ"}})
	visit := clinic.NewID()
	for i := range 60 {
		storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: patient, Visit: visit, Body: &clinic.Vitals{Pulse: 60 + i}})
	}
	for _, some := range [][]store.Received{received(t, 40)[:38], received(t, 40)[38:]} { // two batches
		if _, err := s.Receive(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	storetest.View(t, s, func(r desk.Reader) { records, _ = r.Records(patient) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return o, patient, records
}

// copyOf copies a data directory; damaged ones are mended from it.
func copyOf(t *testing.T, dir string) store.Copies {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, file string) ([]byte, error) {
		return os.ReadFile(filepath.Join(to, filepath.FromSlash(file)))
	}
}

func flipIn(t *testing.T, path string, at int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, int64(at)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{b[0] ^ 4}, int64(at)); err != nil {
		t.Fatal(err)
	}
}

// TestScrubNamesMendsAndShows: damage in both journals is found while the store runs,
// the patient's page can say what is missing, also after the views were built anew
// without it, and from the copy everything is back on the page.
func TestScrubNamesMendsAndShows(t *testing.T) {
	o, patient, want := rotting(t)
	copies := copyOf(t, o.Dir)
	s := storetest.Start(t, o)
	for _, at := range []int{1100, 1500, 2900} {
		flipIn(t, filepath.Join(o.Dir, "own", "00000001.seg"), at)
		flipIn(t, filepath.Join(o.Dir, "in", "00000000.seg"), at)
	}
	var found []store.Finding
	so := store.ScrubOptions{Found: func(f store.Finding) { found = append(found, f) }}
	st, err := s.Scrubber(so).Pass(t.Context())
	own, in := s.Holes()
	if err != nil || st.Wrong != 2 || st.Last != 2 || own != 3 || in != 3 || len(found) != 2 || found[0].Mended {
		t.Fatalf("%v: %+v, %d and %d holes, %+v", err, st, own, in, found)
	}
	lost := func(s *store.Store) (out []clinic.Hole) {
		storetest.View(t, s, func(r desk.Reader) {
			recs, err1 := r.Records(patient)
			holes, err := r.Lost(patient)
			if err = errors.Join(err, err1); err != nil || len(recs)+len(holes) != len(want) {
				t.Fatalf("%d records and %d holes of %d, %v", len(recs), len(holes), len(want), err)
			}
			out = holes
		})
		return out
	}
	holes := lost(s)
	for _, h := range holes {
		if i := slices.IndexFunc(want, func(r clinic.Record) bool { return r.Ref == h.Ref }); i < 0 ||
			want[i].Leaf != h.Leaf || want[i].Kind != h.Kind || !want[i].Recorded().Equal(h.Recorded) {
			t.Errorf("a hole is not the record that was there: %+v", h)
		}
	}
	s.Close()
	os.Remove(viewsFile(o.Dir))
	s = storetest.Start(t, o)
	if again := lost(s); !slices.Equal(again, holes) {
		t.Fatal("after the views were built anew nobody knows what is missing")
	}
	so.Copies, found = copies, nil
	if st, err := s.Scrubber(so).Pass(t.Context()); err != nil || st.Wrong != 0 || len(found) != 2 || !found[0].Mended || found[0].Back != 3 {
		t.Fatalf("%v: %+v, %+v", err, st, found)
	}
	if got := lost(s); len(got) != 0 {
		t.Fatalf("still lost: %+v", got)
	}
	storetest.View(t, s, func(r desk.Reader) {
		got, err := r.Records(patient)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d of %d records, %v", len(got), len(want), err)
		}
		for i := range got {
			if got[i].Leaf != want[i].Leaf {
				t.Errorf("record %d is another", i)
			}
		}
	})
	s.Close()
	storetest.Check(t, o.Dir)
}

// TestMendByLeaf: somebody who kept salt and bytes gives back what is lost.
func TestMendByLeaf(t *testing.T) {
	o, _, _ := rotting(t)
	s := storetest.Start(t, o)
	raws, err := s.Own().Read(0, 100, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var kept []store.Received
	for _, r := range raws {
		kept = append(kept, store.Received{Salt: r.Salt, Bytes: slices.Clone(r.Bytes)})
	}
	flipIn(t, filepath.Join(o.Dir, "own", "00000001.seg"), 1400)
	if _, err := s.Scrubber(store.ScrubOptions{}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	forged := slices.Clone(kept)
	for i := range forged {
		forged[i].Bytes = append([]byte{1}, forged[i].Bytes...)
	}
	if n, err := s.Mend(t.Context(), forged, store.ScrubOptions{}); n != 0 || err != nil {
		t.Fatalf("forged entries: %d, %v", n, err)
	}
	if n, err := s.Mend(t.Context(), kept, store.ScrubOptions{}); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	s.Close()
	storetest.Check(t, o.Dir)
}

// TestScrubOfWhatIsNoJournal: the epoch file comes from memory, damaged views are
// built anew at the next open, a damaged state is told.
func TestScrubOfWhatIsNoJournal(t *testing.T) {
	o, _, _ := rotting(t)
	s := storetest.Start(t, o)
	if err := s.State().Put("b", "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	flipIn(t, filepath.Join(o.Dir, "epoch"), 30)
	found := map[string]store.Finding{}
	so := store.ScrubOptions{Found: func(f store.Finding) { found[f.Part] = f }}
	if _, err := s.Scrubber(so).Pass(t.Context()); err != nil || len(found) != 1 || !found["epoch"].Mended {
		t.Fatalf("%v, %+v", err, found)
	}
	s.Close()
	storetest.DamageState(t, o.Dir, "b", 1)
	s = storetest.Start(t, o)
	clear(found)
	if _, err := s.Scrubber(so).Pass(t.Context()); err != nil || len(found) != 1 || found["state.db"].Err == nil {
		t.Fatalf("%v, %+v", err, found)
	}
	for page := range 16 { // page heads of the views
		flipIn(t, viewsFile(o.Dir), (2+page)*4096+8)
	}
	clear(found)
	if _, err := s.Scrubber(so).Pass(t.Context()); err != nil || found[filepath.Base(viewsFile(o.Dir))].Err == nil {
		t.Fatalf("%v, %+v", err, found)
	}
	s.Close()
	if fi, err := os.Stat(viewsFile(o.Dir) + ".stale"); err != nil || fi.Size() != 0 {
		t.Fatal("the views are not marked")
	}
	s = storetest.Start(t, o)
	s.Close()
	if _, err := os.Stat(viewsFile(o.Dir) + ".stale"); err == nil {
		t.Error("the mark stays")
	}
	storetest.Check(t, o.Dir)
}

// TestScrubOfALostFile: a file that vanished under an open store is damage that is
// told, and the rest is read.
func TestScrubOfALostFile(t *testing.T) {
	o, _, _ := rotting(t)
	copies := copyOf(t, o.Dir)
	s := storetest.Start(t, o)
	if err := os.Remove(filepath.Join(o.Dir, "own", "00000001.seg")); err != nil {
		t.Fatal(err)
	}
	flipIn(t, filepath.Join(o.Dir, "own", "00000000.seg"), 1200)
	st, err := s.Scrubber(store.ScrubOptions{Copies: copies}).Pass(t.Context())
	if err != nil || st.Wrong != 1 {
		t.Fatalf("%+v, %v", st, err)
	}
	s.Close()
	s = storetest.Start(t, o)
	if st, err = s.Scrubber(store.ScrubOptions{Copies: copies}).Pass(t.Context()); err != nil || st.Wrong != 0 {
		t.Fatalf("after a start: %+v, %v", st, err)
	}
	s.Close()
	storetest.Check(t, o.Dir)
}

// TestScrubGoesOn: a pass takes the time that it is given, and a restart goes on where
// it was.
func TestScrubGoesOn(t *testing.T) {
	o, _, _ := rotting(t)
	synctest.Test(t, func(t *testing.T) {
		const pass = 7 * 24 * time.Hour
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		run := func(d time.Duration) store.ScrubState {
			ctx, stop := context.WithCancel(t.Context())
			c := s.Scrubber(store.ScrubOptions{Pass: pass})
			done := make(chan error)
			go func() { done <- c.Run(ctx) }()
			time.Sleep(d)
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			st, err := c.State()
			if err != nil {
				t.Error(err)
			}
			return st
		}
		half := run(pass/2 + time.Hour)
		if half.Next < half.Steps/2-1 || half.Next > half.Steps/2+1 || half.Steps < 7 || !half.Done.IsZero() {
			t.Errorf("after half of the time: %+v", half)
		}
		whole := run(pass/2 + pass/4 + time.Hour)
		if whole.Done.IsZero() || whole.Next == 0 || whole.Next > whole.Steps/2 {
			t.Errorf("after the rest and a quarter: %+v", whole)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestCutBetweenMendingAndShowing: entries that were mended, and that the power kept
// from the views, are on the page after the next open, and nobody calls them lost.
func TestCutBetweenMendingAndShowing(t *testing.T) {
	o, patient, want := rotting(t)
	copies := copyOf(t, o.Dir)
	flipIn(t, filepath.Join(o.Dir, "own", "00000001.seg"), 1100)
	s := storetest.Start(t, o)
	if _, err := s.Scrubber(store.ScrubOptions{}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
	os.Remove(viewsFile(o.Dir))
	s = storetest.Start(t, o) // views that know nothing of it
	s.SetCommit(func(tx *bbolt.Tx) error { return errors.Join(errors.New("cut"), tx.Rollback()) })
	if err := s.Scrubber(store.ScrubOptions{Copies: copies}).Part(t.Context(), "own/00000001.seg"); !errors.Is(err, store.ErrFatal) {
		t.Fatal(err)
	}
	s.Close()
	s = storetest.Start(t, o)
	storetest.View(t, s, func(r desk.Reader) {
		recs, err1 := r.Records(patient)
		holes, err := r.Lost(patient)
		if err = errors.Join(err, err1); err != nil || len(recs) != len(want) || len(holes) != 0 {
			t.Errorf("%d records of %d, %d are said to be lost, %v", len(recs), len(want), len(holes), err)
		}
	})
	if s.Stale() {
		t.Error("the views are built anew for ever")
	}
}

// TestScrubOnAFullDisk: reading everything comes to its end though its position cannot
// be kept.
func TestScrubOnAFullDisk(t *testing.T) {
	o, _, _ := rotting(t)
	var full atomic.Bool
	o.Free = func(string) (uint64, error) {
		if full.Load() {
			return 0, nil
		}
		return 1 << 40, nil
	}
	s := storetest.Start(t, o)
	if err := s.StopState(); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	read := 0
	last := store.Look{Name: "last", Check: func(context.Context) (bool, error) { read++; return true, nil }}
	st, err := s.Scrubber(store.ScrubOptions{More: []store.Look{last}}).Pass(t.Context())
	if err != nil || read != 1 || st.Next != 0 || st.Done.IsZero() {
		t.Errorf("%v: %+v, the last step was done %d times", err, st, read)
	}
}

// TestScrubTellsNobody: findings name places, never people.
func TestScrubTellsNobody(t *testing.T) {
	o, patient, _ := rotting(t)
	var log strings.Builder
	o.Log = lines(&log)
	s := storetest.Start(t, o)
	flipIn(t, filepath.Join(o.Dir, "own", "00000000.seg"), 1100)
	if _, err := s.Scrubber(store.ScrubOptions{}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "damage found") || strings.Contains(log.String(), "Ví Dụ") || strings.Contains(log.String(), patient.String()) {
		t.Errorf("the log says:\n%s", log.String())
	}
}

func lines(w *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// TestHandBackByIndex: an entry that is lost with its leaf hash comes back from the
// centre by its index where a root that the box knows says that it is the one; another
// one in its place does not.
func TestHandBackByIndex(t *testing.T) {
	for _, last := range []bool{false, true} {
		o := storetest.Options(t.TempDir())
		o.SegmentSize = 2 << 10
		stopped(t, o, 40)
		s := storetest.Start(t, o)
		size := s.Own().Size()
		root, err := s.Own().Root(size)
		if err != nil {
			t.Fatal(err)
		}
		raws, err := s.Own().Read(0, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		good, bad := map[uint64]store.Received{}, map[uint64]store.Received{}
		for _, r := range raws {
			good[r.Index] = store.Received{Salt: r.Salt, Bytes: slices.Clone(r.Bytes)}
			bad[r.Index] = store.Received{Salt: r.Salt, Bytes: slices.Clone(raws[0].Bytes)}
		}
		segs, err := filepath.Glob(filepath.Join(o.Dir, "own", "*.seg"))
		if err = errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		seg := segs[1]
		if last {
			seg = segs[len(segs)-1]
		}
		flipIn(t, seg, 1024+60)
		for _, name := range []string{filepath.Join(o.Dir, "own", "hashes"), strings.TrimSuffix(seg, ".seg") + ".idx"} {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		s = storetest.Start(t, o)
		if lacks := s.Lacks(); len(lacks) != 1 {
			t.Fatalf("last %v: %v", last, lacks)
		}
		if n, err := s.HandBack(t.Context(), bad, store.ScrubOptions{}); n != 0 || err != nil {
			t.Fatalf("last %v: others: %d, %v", last, n, err)
		}
		if n, err := s.HandBack(t.Context(), good, store.ScrubOptions{}); n != 1 || err != nil {
			t.Fatalf("last %v: %d, %v", last, n, err)
		}
		if got, err := s.Own().Root(size); got != root || err != nil || len(s.Lacks()) != 0 {
			t.Errorf("last %v: another root, %v", last, err)
		}
	}
}
