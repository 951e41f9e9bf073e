package store_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestBlobFolderOfBadSectors: a folder of blobs that the disk does not list keeps
// nothing else from opening. It is told, nothing of it leaves the copy, and it ends when
// the folder can be read again.
func TestBlobFolderOfBadSectors(t *testing.T) {
	disk := new(storetest.Faults)
	o := storetest.Options(t.TempDir())
	o.Files = disk
	s := storetest.Start(t, o)
	var blobs []clinic.Blob
	for n := range 6 {
		b, err := s.Blobs().Put(t.Context(), scan(100+n))
		if err != nil {
			t.Fatal(err)
		}
		storetest.Save(t, s, attach(b))
		blobs = append(blobs, b)
	}
	if s.Blobs().Trouble() != nil {
		t.Fatal("trouble with nothing wrong")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files := blobFiles(t, o.Dir)
	for _, bad := range []string{filepath.Base(filepath.Dir(files[0])), "blobs"} {
		disk.Unreadable(bad, 0, 1)
		s = storetest.Start(t, o)
		if err := s.Blobs().Trouble(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("%s: %v", bad, err)
		}
		for i, b := range blobs { // the names of files are known without the list
			if got, err := s.Blobs().Get(t.Context(), b); !bytes.Equal(got, scan(100+i)) || err != nil {
				t.Errorf("%s: blob %d: %v", bad, i, err)
			}
		}
		storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{3}, Body: &clinic.Vitals{Pulse: 60}})
		snap, err := s.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := strings.TrimPrefix(filepath.ToSlash(f), filepath.ToSlash(o.Dir)+"/")
			if !slices.ContainsFunc(snap.Files, func(f store.SnapshotFile) bool { return f.Path == name }) {
				t.Errorf("%s: %s is not copied any more", bad, name)
			}
		}
		var told []store.Finding
		scrub := store.ScrubOptions{Found: func(f store.Finding) { told = append(told, f) }}
		if st, err := s.Scrubber(scrub).Pass(t.Context()); err != nil || st.Wrong != 1 || len(told) != 1 || told[0].Part != "blobs" || told[0].Mended {
			t.Errorf("%s: %+v, %+v, %v", bad, st, told, err)
		}
		disk.Readable(bad)
		if st, err := s.Scrubber(store.ScrubOptions{}).Pass(t.Context()); err != nil || st.Wrong != 0 || s.Blobs().Trouble() != nil {
			t.Errorf("%s again: %+v, %v, %v", bad, st, err, s.Blobs().Trouble())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		disk.Unreadable(bad, 0, 1)
		if rep, err := store.Check(t.Context(), o); err != nil || len(rep.Problems) == 0 {
			t.Errorf("%s: check: %+v, %v", bad, rep.Problems, err)
		}
		disk.Readable(bad)
	}
}

// TestNoBlobFolder: something else stands where the blobs should. Records open, what an
// entry names is missed, and the copy brings it back once there is a folder again.
func TestNoBlobFolder(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	b, err := s.Blobs().Put(t.Context(), scan(100))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Save(t, s, attach(b))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := blobFiles(t, o.Dir)[0]
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(o.Dir, "blobs")
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	s = storetest.Start(t, o)
	if s.Blobs().Trouble() == nil {
		t.Error("nobody is told")
	}
	if _, err := s.Blobs().Get(t.Context(), b); !errors.Is(err, store.ErrBlob) {
		t.Error(err)
	}
	if _, err := s.Blobs().Put(t.Context(), scan(7)); err == nil {
		t.Error("a blob is kept nowhere")
	}
	copies := func(_ context.Context, name string) ([]byte, error) {
		if !strings.HasSuffix(filepath.ToSlash(file), name) {
			return nil, fs.ErrNotExist
		}
		return good, nil
	}
	if st, err := s.Scrubber(store.ScrubOptions{Copies: copies}).Pass(t.Context()); err != nil || st.Wrong != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Scrubber(store.ScrubOptions{Copies: copies}).Pass(t.Context()); err != nil || st.Wrong != 0 || s.Blobs().Trouble() != nil {
		t.Errorf("%+v, %v", st, err)
	}
	if got, err := s.Blobs().Get(t.Context(), b); !bytes.Equal(got, scan(100)) || err != nil {
		t.Error(err)
	}
}
