package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
	"clinicbox/internal/testpeer"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// content lists every file of a folder with what it holds.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReadOnlyDisk opens a store on a disk that takes nothing, with views that lag, or
// without what can be made again: everything that was saved can be read, acts are
// refused in words, PINs are counted in memory, and no byte changes. The disk is a real
// one, remounted, where the test may mount one; and any disk with Options.Frozen.
func TestReadOnlyDisk(t *testing.T) {
	for name, gone := range map[string]string{
		"nothing lost": "", "views": viewsFile(""), "hashes": "own/hashes", "all hashes": "in/hashes", "state": "state.db",
	} {
		t.Run(name, func(t *testing.T) {
			o := storetest.Options(t.TempDir())
			last, inc := laggingStore(t, o)
			cut := filepath.Join(o.Dir, "blobs", "00", "cut"+durable.TempSuffix)
			if err := errors.Join(os.MkdirAll(filepath.Dir(cut), 0o700), os.WriteFile(cut, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			if gone != "" {
				if err := os.Remove(filepath.Join(o.Dir, gone)); err != nil {
					t.Fatal(err)
				}
			}
			o.Frozen = true
			before := content(t, o.Dir)
			frozen(t, o, last, gone != "state.db")
			if after := content(t, o.Dir); len(after) != len(before) {
				t.Error("files came or went")
			} else {
				for path, data := range before {
					if after[path] != data {
						t.Error(path, "has changed")
					}
				}
			}
			o.Frozen = false
			s := storetest.OpenWith(t, o) // the disk takes data again
			if _, parent, _ := s.Incarnation(); parent != inc {
				t.Error("a frozen open counts as a life of the journal")
			}
			readable(t, s, last)
			storetest.Save(t, s, patient(clinic.NewID(), "Lại ghi được"))
		})
	}
}

func TestRemountedReadOnly(t *testing.T) {
	o := storetest.Options(t.TempDir())
	remount := testpeer.Disk(t, o.Dir, "64m")
	last, _ := laggingStore(t, o)
	remount(syscall.MS_RDONLY)
	frozen(t, o, last, true)
	if rep, err := store.Check(t.Context(), o); err != nil || len(rep.Problems) > 0 {
		t.Errorf("check on a read-only disk: %+v, %v", rep, err)
	}
	remount(0)
	s := storetest.Start(t, o)
	readable(t, s, last)
	storetest.Save(t, s, patient(clinic.NewID(), "Trước khi hỏng"))
	// The kernel remounts a disk that failed while files are open for writing; that
	// cannot be asked of it, so the file layer says what it would.
}

func frozen(t *testing.T, o store.Options, last clinic.ID, pins bool) {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	if !s.ReadOnly() {
		t.Error("the store does not know that its disk is read-only")
	}
	root := readable(t, s, last)
	if root == [32]byte{} {
		t.Error("no root")
	}
	if _, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{1}, anAct); !errors.Is(err, store.ErrReadOnly) {
		t.Error("an act:", err)
	}
	if _, err := s.Receive(t.Context(), received(t, 1)); !errors.Is(err, store.ErrReadOnly) {
		t.Error("what comes from elsewhere:", err)
	}
	storetest.View(t, s, func(r desk.Reader) {
		if _, err := r.Records(last); err != nil {
			t.Error(err)
		}
	})
	if v, err := s.State().Get("pins", "0"); err != nil || (len(v) == 1 && v[0] == 1) != pins {
		t.Error("the state of before:", v, err)
	}
	if err := s.State().Put("pins", "0", []byte{2}); err != nil {
		t.Error(err)
	}
	if v, err := s.State().Get("pins", "0"); err != nil || len(v) != 1 || v[0] != 2 {
		t.Error("a count in memory:", v, err)
	}
	if err := errors.Join(s.Close(), <-done); err != nil {
		t.Error(err)
	}
}

// TestDiskBecomesReadOnly: the disk turns read-only under an open store. The act is
// not answered as saved, the store ends, and the next one reads.
func TestDiskBecomesReadOnly(t *testing.T) {
	l := &storetest.Faults{}
	o := storetest.Options(t.TempDir())
	o.Files = l
	s := storetest.Start(t, o)
	last := clinic.NewID()
	storetest.Save(t, s, patient(last, "Lần cuối"))
	for _, step := range []storetest.Step{storetest.StepTruncate, storetest.StepWrite} {
		l.ArmForever(step, 0, syscall.EROFS)
	}
	if _, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{1}, anAct); !errors.Is(err, store.ErrFatal) || !errors.Is(err, syscall.EROFS) {
		t.Fatal(err)
	}
	s.Close()
	l.Disarm()
	o.Frozen = true
	s = storetest.Start(t, o)
	storetest.View(t, s, func(r desk.Reader) {
		if p, err := r.Patient(last); err != nil || p == nil {
			t.Error(p, err)
		}
	})
}
