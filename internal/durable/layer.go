package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// FS is the file layer under the journals. Implementations may be called from
// several goroutines. What Rename did is durable after SyncDir of the directory.
type FS interface {
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	SyncDir(dir string) error
}

// File is an open file. After Sync returns nil, all that was written before it
// survives a power cut; after Sync returned an error nothing is known about any
// write since the last good one, and it must not be tried again (the kernel may
// have dropped the pages and would answer nil).
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Size() (int64, error)
	Sync() error // fdatasync: data and the file's size
}

// DirReader is a layer that lists directories itself, as bad media do.
type DirReader interface {
	ReadDir(dir string) ([]fs.DirEntry, error)
}

// ReadDir lists a directory. With an error come the names that could be read.
func ReadDir(l FS, dir string) ([]fs.DirEntry, error) {
	if r, ok := l.(DirReader); ok {
		return r.ReadDir(dir)
	}
	return os.ReadDir(dir)
}

// OS is the real file layer.
type OS struct{}

var _ FS = OS{}

// OpenFile opens a file of the operating system.
func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename renames without syncing the directory.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove deletes a file; a missing one is no error.
func (OS) Remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// SyncDir makes the names in a directory durable.
func (OS) SyncDir(dir string) error { return SyncDir(dir) }

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (f osFile) Sync() error {
	if err := datasync(f.File); err != nil {
		return fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	return nil
}
