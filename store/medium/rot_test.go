package medium_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/store/storetest"
)

// rotated is a rig whose data has a key ring, with some records and a copy of them.
func rotated(t *testing.T) *rig {
	r := newRig(t)
	r.fill(60)
	if err := r.s.Close(); err != nil {
		t.Fatal(err)
	}
	r.opts.Key = r.s.CopyKey()
	if err := store.Rotate(t.Context(), r.o); err != nil {
		t.Fatal(err)
	}
	r.s = storetest.Start(t, r.o)
	r.opts.Source = r.s
	r.fill(60)
	r.copy()
	return r
}

// TestRottenFilesStaySoundOnTheStick: whatever rots of the small files, copies that are
// made afterwards hold what was sound, it is told of each, and a restore opens.
func TestRottenFilesStaySoundOnTheStick(t *testing.T) {
	for _, name := range []string{"keys/slots", "ring", "ring.copy", "own/00000000.idx", "epoch"} {
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			r := rotated(t)
			path := filepath.Join(r.o.Dir, filepath.FromSlash(name))
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			flipIn(t, path, len(want)/2)
			var differs []string
			r.opts.Differs = func(f string) { differs = append(differs, f) }
			for range 3 { // both places of the file are written to, if any is
				r.fill(1)
				r.copy()
			}
			if told := slices.Contains(differs, name); told != (name != "epoch") { // that one is in memory
				t.Errorf("told of %v", differs)
			}
			c := r.whole()
			if got, err := c.Read(t.Context(), name); !bytes.Equal(got, want) || err != nil {
				t.Errorf("the stick holds another file, %v", err)
			}
			n, root := r.root()
			r.opensAs(c, n, root)
		})
	}
}

// TestRottenWithoutACopy: what is damaged before the first copy is left out of it, and
// copied once it is right again.
func TestRottenWithoutACopy(t *testing.T) {
	r := newRig(t)
	r.fill(3)
	slots := filepath.Join(r.o.Dir, "keys", "slots")
	flipIn(t, slots, 2)
	r.copy()
	if _, err := r.whole().Read(t.Context(), "keys/slots"); err == nil {
		t.Error("rot was copied")
	}
	flipIn(t, slots, 2)
	r.copy()
	if b, err := r.whole().Read(t.Context(), "keys/slots"); string(b) != "slots" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestRottenStateIsNotCopied: a state whose pages are damaged keeps the older one on the
// stick. One value that does not open does not: the others go on.
func TestRottenStateIsNotCopied(t *testing.T) {
	r := newRig(t)
	r.fill(3)
	if err := r.s.State().Put("b", "k", bytes.Repeat([]byte("value"), 100)); err != nil {
		t.Fatal(err)
	}
	r.copy()
	if err := r.s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.DamageState(t, r.o.Dir, "b", 1)
	r.s = storetest.Start(t, r.o)
	r.opts.Source = r.s
	if err := r.s.State().Put("c", "k", []byte("newer")); err != nil {
		t.Fatal(err)
	}
	var differs []string
	r.opts.Differs = func(f string) { differs = append(differs, f) }
	r.copy()
	want, err := r.whole().Read(t.Context(), "state.db")
	if err != nil || len(differs) > 0 {
		t.Fatal(err, differs)
	}
	dir := filepath.Join(t.TempDir(), "spare")
	if err := r.whole().Restore(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	o := r.o
	o.Dir = dir
	if v, err := storetest.Start(t, o).State().Get("c", "k"); string(v) != "newer" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	path := filepath.Join(r.o.Dir, "state.db")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	over(t, path, bytes.Repeat([]byte{0xee}, len(sound)-8192), 8192)
	for range 2 {
		r.copy()
	}
	over(t, path, sound, 0) // so that the store can be closed
	if got, err := r.whole().Read(t.Context(), "state.db"); !bytes.Equal(got, want) || err != nil {
		t.Errorf("another state is on the stick, %v", err)
	}
	if !slices.Contains(differs, "state.db") {
		t.Errorf("told of %v", differs)
	}
}

// over writes into a file without giving it another place.
func over(t *testing.T, path string, b []byte, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBadSectorsUnderACopy: sectors of the box's own disk that cannot be read cost the
// copy what is in them, and nothing else: it is no trouble of the stick.
func TestBadSectorsUnderACopy(t *testing.T) {
	r := newRig(t)
	put := func() clinic.Blob {
		b, err := r.s.Blobs().Put(t.Context(), bytes.Repeat([]byte("phim "), 500))
		if err != nil {
			t.Fatal(err)
		}
		storetest.Save(t, r.s, clinic.Draft{Kind: clinic.KindAttached, Subject: clinic.ID{3}, Body: &clinic.Attached{Title: "X", Blob: b}})
		return b
	}
	before := put()
	r.copy()
	put()
	r.fill(200)
	var blobs []string
	for _, f := range r.whole().Files {
		if strings.HasPrefix(f.Path, "blobs/") {
			blobs = append(blobs, f.Path)
		}
	}
	disk := new(storetest.Faults)
	disk.Unreadable("00000001.seg", 1024, 2048)
	names, err := filepath.Glob(filepath.Join(r.o.Dir, "blobs", "*", "*"))
	if err != nil || len(names) != 2 {
		t.Fatal(names, err)
	}
	for _, n := range names {
		disk.Unreadable(filepath.Base(n), 0, 100)
	}
	r.opts.Disk = disk
	var differs []string
	r.opts.Differs = func(f string) { differs = append(differs, f) }
	r.copy()
	c := r.whole()
	if len(blobs) != 1 || len(differs) != 1 { // the copied one is not read again
		t.Errorf("%v copied before, told of %v", blobs, differs)
	}
	dir := filepath.Join(t.TempDir(), "spare")
	if err := c.Restore(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	o := r.o
	o.Dir = dir
	s := storetest.Start(t, o)
	own, _ := s.Holes()
	if s.Own().Size() != r.s.Own().Size() || own == 0 || own > 30 {
		t.Errorf("%d holes of %d entries", own, s.Own().Size())
	}
	if _, err := s.Blobs().Get(t.Context(), before); err != nil {
		t.Error("the blob that was copied before: ", err)
	}
}

// TestLostBlobStays: the copy of a blob that an entry names stays when the box has lost
// it, and gives it back.
func TestLostBlobStays(t *testing.T) {
	r := newRig(t)
	content := bytes.Repeat([]byte("phim "), 500)
	b, err := r.s.Blobs().Put(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Save(t, r.s, clinic.Draft{Kind: clinic.KindAttached, Subject: clinic.ID{3}, Body: &clinic.Attached{Title: "X", Blob: b}})
	r.copy()
	if err := os.RemoveAll(filepath.Join(r.o.Dir, "blobs")); err != nil {
		t.Fatal(err)
	}
	var differs []string
	r.opts.Differs = func(f string) { differs = append(differs, f) }
	c := medium.New(r.opts)
	for range 3 {
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(differs) != 3 {
		t.Errorf("told of %v", differs)
	}
	if _, err := r.s.Scrubber(store.ScrubOptions{Copies: c.Copies, Cold: durable.Cold{}}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := r.s.Blobs().Get(t.Context(), b); !bytes.Equal(got, content) || err != nil {
		t.Errorf("not mended, %v", err)
	}
}
