package store_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

func scan(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

func attach(b clinic.Blob) clinic.Draft {
	return clinic.Draft{Kind: clinic.KindAttached, Subject: clinic.ID{3}, Body: &clinic.Attached{Title: "X-quang", Type: "image/jpeg", Blob: b}}
}

// blobFiles lists the files of blobs.
func blobFiles(t *testing.T, dir string) (out []string) {
	t.Helper()
	_ = filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(out, path)
		}
		return nil
	})
	return out
}

// TestBlobs keeps content of every size around the edges of pieces, over a restart.
func TestBlobs(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	sizes := []int{1, 100, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 300_001}
	var blobs []clinic.Blob
	for _, n := range sizes {
		b, err := s.Blobs().Put(t.Context(), scan(n))
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, b)
		storetest.Save(t, s, attach(b))
	}
	for _, n := range []int{0, store.MaxBlob + 1} {
		if _, err := s.Blobs().Put(t.Context(), make([]byte, n)); !errors.Is(err, store.ErrBlobSize) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	used, _ := s.Blobs().Used()
	s.Close()
	s = storetest.Start(t, o)
	for i, b := range blobs {
		got, err := s.Blobs().Get(t.Context(), b)
		if err != nil || !bytes.Equal(got, scan(sizes[i])) {
			t.Errorf("%d bytes: %v", sizes[i], err)
		}
		b.Hash[0]++
		if _, err := s.Blobs().Get(t.Context(), b); !errors.Is(err, store.ErrNoBlob) {
			t.Errorf("another hash: %v", err)
		}
	}
	if again, _ := s.Blobs().Used(); again != used || used < 600_000 {
		t.Errorf("used %d, before %d", again, used)
	}
	s.Close()
	storetest.Check(t, o.Dir)
}

// TestBlobNamesTellNothing: the same content twice is two files, and nothing of hash
// or content stands in a name or a file.
func TestBlobNamesTellNothing(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	plain := bytes.Repeat([]byte("Đỗ Thị Ví Dụ "), 1000)
	a, err1 := s.Blobs().Put(t.Context(), plain)
	b, err2 := s.Blobs().Put(t.Context(), plain)
	if errors.Join(err1, err2) != nil || a.Hash == b.Hash {
		t.Fatal(err1, err2)
	}
	names := blobFiles(t, o.Dir)
	if len(names) != 2 {
		t.Fatal(names)
	}
	for _, name := range names {
		file, _ := os.ReadFile(name)
		for _, secret := range [][]byte{plain[:16], a.Hash[:8], b.Hash[:8], a.Salt[:8], b.Salt[:8]} {
			if bytes.Contains(file, secret) || strings.Contains(name, string(secret)) {
				t.Error("the file tells what it holds")
			}
		}
	}
}

// TestBlobBeforeItsEntry: an act that names what is not kept is refused, whatever
// fails at keeping it.
func TestBlobBeforeItsEntry(t *testing.T) {
	for _, step := range []storetest.Step{storetest.StepOpen, storetest.StepWrite, storetest.StepSync, storetest.StepRename, storetest.StepSyncDir} {
		for _, applied := range []bool{false, true} {
			l := new(storetest.Faults)
			o := storetest.Options(t.TempDir())
			o.Files = l
			s := storetest.Start(t, o)
			l.Arm(step, 0, syscall.EIO, applied)
			if _, err := s.Blobs().Put(t.Context(), scan(100)); err == nil {
				t.Fatalf("%s: kept", step)
			}
			l.Disarm()
			b := clinic.Blob{Size: 100, Hash: [32]byte{1}}
			_, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
				return []clinic.Draft{attach(b)}, nil
			})
			if !errors.Is(err, store.ErrDraft) || s.Own().Size() != 0 {
				t.Fatalf("%s: an entry names a blob that is nowhere: %v", step, err)
			}
			s.Close()
			s = storetest.Start(t, o) // what a cut left is gone
			for _, name := range blobFiles(t, o.Dir) {
				if strings.HasSuffix(name, durable.TempSuffix) {
					t.Errorf("%s is left", name)
				}
			}
			if _, err := s.Blobs().Put(t.Context(), scan(100)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestBlobBudget: blobs end at their budget and long before the records' own room.
func TestBlobBudget(t *testing.T) {
	o := storetest.Options(t.TempDir())
	o.BlobBudget = 300 << 10
	s := storetest.Start(t, o)
	if _, err := s.Blobs().Put(t.Context(), scan(200<<10)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Blobs().Put(t.Context(), scan(100<<10)); !errors.Is(err, store.ErrBlobBudget) {
		t.Error(err)
	}
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{4}, Body: &clinic.Vitals{Pulse: 61}})
	full := storetest.Options(t.TempDir())
	full.Free = func(string) (uint64, error) { return 40 << 20, nil }
	s = storetest.Start(t, full)
	if _, err := s.Blobs().Put(t.Context(), scan(10)); !errors.Is(err, store.ErrBlobBudget) {
		t.Error(err)
	}
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{4}, Body: &clinic.Vitals{Pulse: 61}})
}

// TestOrphans: what no entry names goes after a day, what one names stays.
func TestOrphans(t *testing.T) {
	o := storetest.Options(t.TempDir())
	clock := storetest.NewClock()
	clock.Add(time.Since(func() time.Time { now, _ := clock.Now(); return now }())) // files have the machine's time
	o.Clock = clock
	s := storetest.Start(t, o)
	var kept clinic.Blob
	for i := range 5 {
		b, err := s.Blobs().Put(t.Context(), scan(1000+i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			storetest.Save(t, s, attach(b))
			kept = b
		}
	}
	clock.Add(23 * time.Hour)
	if n, err := s.Blobs().Collect(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d too young, %v", n, err)
	}
	clock.Add(2 * time.Hour)
	if n, err := s.Blobs().Collect(t.Context()); n != 4 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if got, err := s.Blobs().Get(t.Context(), kept); err != nil || !bytes.Equal(got, scan(1002)) {
		t.Error("the one that an entry names is gone", err)
	}
	if used, _ := s.Blobs().Used(); used != 1002+40+40 {
		t.Errorf("%d bytes", used)
	}
}

// TestBlobRot flips every byte of a blob: it is never given, it is found, and the copy
// brings it back byte by byte; a lost one too.
func TestBlobRot(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	b, err := s.Blobs().Put(t.Context(), scan(700))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Save(t, s, attach(b))
	name := blobFiles(t, o.Dir)[0]
	good, _ := os.ReadFile(name)
	copies := func(_ context.Context, file string) ([]byte, error) {
		if !strings.HasSuffix(filepath.ToSlash(name), file) {
			return nil, fs.ErrNotExist
		}
		return good, nil
	}
	for at := range good {
		flipIn(t, name, at)
		if _, err := s.Blobs().Get(t.Context(), b); !errors.Is(err, store.ErrBlob) {
			t.Fatalf("byte %d: %v", at, err)
		}
		flipIn(t, name, at)
	}
	for _, harm := range []func(){
		func() { flipIn(t, name, 300) },
		func() { _ = os.Truncate(name, 500) },
		func() { _ = os.Remove(name) },
	} {
		harm()
		st, err := s.Scrubber(store.ScrubOptions{}).Pass(t.Context())
		if err != nil || st.Wrong != 1 {
			t.Fatalf("without a copy: %+v, %v", st, err)
		}
		st, err = s.Scrubber(store.ScrubOptions{Copies: copies}).Pass(t.Context())
		if got, _ := os.ReadFile(name); err != nil || st.Wrong != 0 || !bytes.Equal(got, good) {
			t.Fatalf("from the copy: %+v, %v", st, err)
		}
	}
	_ = os.Remove(name)
	s.Close()
	rep, err := store.Check(t.Context(), o)
	if err != nil || len(rep.Problems) == 0 {
		t.Errorf("check misses nothing: %+v, %v", rep, err)
	}
}
