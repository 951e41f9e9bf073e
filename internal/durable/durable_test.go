package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

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
