// Package durable writes files so that a power cut leaves the old content or the
// new, never a mixture: temporary file, fsync, rename, fsync of the directory.
// It also holds the small file layer through which the store's journals go, so
// that tests can inject faults.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// TempSuffix ends the names of files that a crash may leave behind; they hold
// nothing that anybody was told is saved, and whoever finds one removes it.
const TempSuffix = ".tmp"

// WriteFile replaces path by data. On return without error the content survives
// a power cut. On error path holds the old content or, when only making the new name
// durable failed, all of the new.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return WriteFileFS(OS{}, path, data, perm)
}

// WriteFileFS is WriteFile over a file layer.
func WriteFileFS(l FS, path string, data []byte, perm fs.FileMode) (err error) {
	tmp := path + TempSuffix
	f, err := l.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("durable: %w", errors.Join(err, l.Remove(tmp)))
	}
	if err := l.Rename(tmp, path); err != nil {
		return fmt.Errorf("durable: %w", errors.Join(err, l.Remove(tmp)))
	}
	if err := l.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return nil
}

// Rename moves a file whose content is already synced, and makes the move durable.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return SyncDir(filepath.Dir(to))
}

// Remove deletes a file and makes that durable. A missing file is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("durable: %w", err)
	}
	return SyncDir(filepath.Dir(path))
}

// MkdirAll makes the directory with its parents and makes each new name durable.
func MkdirAll(dir string, perm fs.FileMode) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("durable: %w", err)
	}
	return SyncDir(parent)
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return nil
}
