package durable_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/durable"
)

func TestWriteFileReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, want := range []string{"a longer first content", "second"} {
		if err := durable.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if _, err := os.Stat(path + durable.TempSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("temporary file is left: %v", err)
	}
}

// failing fails the named step; what was done before it stays done.
type failing struct {
	durable.OS
	step  string
	after bool // the step is applied, then reported as failed
}

var errInjected = errors.New("injected")

func (l failing) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := l.OS.OpenFile(name, flag, perm)
	return failingFile{f, l}, err
}

func (l failing) Rename(from, to string) error {
	if l.step == "rename" && !l.after {
		return errInjected
	}
	err := l.OS.Rename(from, to)
	if l.step == "rename" {
		return errInjected
	}
	return err
}

type failingFile struct {
	durable.File
	l failing
}

func (f failingFile) WriteAt(b []byte, off int64) (int, error) {
	if f.l.step == "write" {
		n, _ := f.File.WriteAt(b[:len(b)/2], off)
		return n, errInjected
	}
	return f.File.WriteAt(b, off)
}

func (f failingFile) Sync() error {
	if f.l.step == "sync" {
		return errInjected
	}
	return f.File.Sync()
}

func TestWriteFileFaults(t *testing.T) {
	for _, c := range []struct {
		l    failing
		want string
	}{
		{failing{step: "write"}, "old"},
		{failing{step: "sync"}, "old"},
		{failing{step: "rename"}, "old"},
		{failing{step: "rename", after: true}, "new"},
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := durable.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := durable.WriteFileFS(c.l, path, []byte("new"), 0o600)
		got, rerr := os.ReadFile(path)
		if !errors.Is(err, errInjected) || rerr != nil || string(got) != c.want {
			t.Errorf("%+v: %v; content %q, want %q", c.l, err, got, c.want)
		}
	}
}

func TestRemoveAndRename(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := durable.Remove(a); err != nil {
		t.Fatal("removing what is missing:", err)
	}
	if err := durable.WriteFile(a, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.Rename(a, b); err != nil {
		t.Fatal(err)
	}
	if err := durable.MkdirAll(filepath.Join(dir, "c", "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.Remove(b); err != nil {
		t.Fatal(err)
	}
}

// badDisk fails to give some sectors of a file.
type badDisk struct {
	durable.ColdFile
	bad int64 // the sector
}

func (d badDisk) ReadAt(b []byte, at int64) (int, error) {
	if from := d.bad * 4096; at < from+4096 && at+int64(len(b)) > from {
		n := max(int(from-at), 0)
		m, _ := d.ColdFile.ReadAt(b[:n], at)
		return m, errInjected
	}
	return d.ColdFile.ReadAt(b, at)
}

// TestColdReadsAroundBadSectors: one sector that the disk does not give costs itself
// and nothing beside it.
func TestColdReadsAroundBadSectors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	want := bytes.Repeat([]byte("0123456789abcdef"), 300<<10/16)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	c := durable.Cold{Open: func(path string) (durable.ColdFile, error) {
		f, err := os.Open(path)
		return badDisk{f, 40}, err
	}}
	got, bad, err := c.Read(t.Context(), path, 0)
	clear(want[40*4096 : 41*4096])
	if err != nil || bad != 1 || !bytes.Equal(got, want) {
		t.Fatalf("%d bad sectors, %v; the rest differs: %v", bad, err, !bytes.Equal(got, want))
	}
	got, bad, err = durable.Cold{}.Read(t.Context(), path, 5000)
	if err != nil || bad != 0 || len(got) != 5000 {
		t.Fatalf("%d bytes, %d bad, %v", len(got), bad, err)
	}
}

// TestColdIsSlow: the rate holds, and who waits for it can be stopped.
func TestColdIsSlow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if _, _, err := (durable.Cold{Rate: 128 << 10}).Read(t.Context(), path, 0); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 8*time.Second {
			t.Errorf("1 MiB at 128 KiB/s took %v", took)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, _, err := (durable.Cold{Rate: 1}).Read(ctx, path, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
