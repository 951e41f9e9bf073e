package identity_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"clinicbox/device/identity"
	"clinicbox/internal/durable"
)

// faulty is a file layer whose n-th change fails, applied or not; and all after it when
// the disk takes nothing any more.
type faulty struct {
	durable.OS
	left    int
	applied bool
	dead    bool
	hit     bool
}

var errDisk = errors.New("injected")

func (l *faulty) change(do func() error) error {
	if l.left--; l.left > 0 || l.left < 0 && !(l.dead && l.hit) {
		return do()
	}
	l.hit = true
	if l.applied {
		return errors.Join(do(), errDisk)
	}
	return errDisk
}

func (l *faulty) OpenFile(name string, flag int, perm fs.FileMode) (f durable.File, err error) {
	if flag&os.O_CREATE == 0 {
		return l.OS.OpenFile(name, flag, perm)
	}
	err = l.change(func() (err error) {
		f, err = l.OS.OpenFile(name, flag, perm)
		return err
	})
	if err != nil && f != nil {
		err = errors.Join(err, f.Close())
	}
	return faultyFile{f, l}, err
}

func (l *faulty) Rename(from, to string) error {
	return l.change(func() error { return l.OS.Rename(from, to) })
}

func (l *faulty) SyncDir(dir string) error {
	return l.change(func() error { return l.OS.SyncDir(dir) })
}

type faultyFile struct {
	durable.File
	l *faulty
}

func (f faultyFile) WriteAt(b []byte, off int64) (n int, err error) {
	err = f.l.change(func() (err error) {
		n, err = f.File.WriteAt(b, off)
		return err
	})
	return n, err
}

func (f faultyFile) Sync() error { return f.l.change(f.File.Sync) }

// TestAnotherStorageKey: who has the key that replaced another opens what lies under
// that one, once; afterwards it opens nothing. Every change to the disk fails once, in
// each way: nobody is kept out, and the next unlock makes it good.
func TestAnotherStorageKey(t *testing.T) {
	old, next := [32]byte{1}, [32]byte{2}
	for mode := range 4 {
		for n := 1; ; n++ {
			dir := t.TempDir()
			made, err := load(t, dir).Make(old)
			if err != nil {
				t.Fatal(err)
			}
			l := &faulty{left: n, applied: mode&1 != 0, dead: mode&2 != 0}
			b, err := identity.LoadFS(l, dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Unlock(next); !errors.Is(err, identity.ErrKey) {
				t.Fatal("another key opens:", err)
			}
			for range 2 {
				k, err := b.Unlock(next, old)
				if err != nil || !k.Private.Identity.Equal(made.Private.Identity) {
					t.Fatalf("change %d, mode %d: %v", n, mode, err)
				}
				b = load(t, dir)
			}
			if _, err := load(t, dir).Unlock(old); !errors.Is(err, identity.ErrKey) {
				t.Fatal("the old key still opens:", err)
			}
			if _, err := load(t, dir).Unlock(next); err != nil {
				t.Fatal(err)
			}
			if !l.hit {
				if n < 5 {
					t.Fatal("only", n, "changes")
				}
				break
			}
		}
	}
}
