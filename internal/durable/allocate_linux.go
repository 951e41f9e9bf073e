package durable

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Allocate gives a file its blocks up to its end, and up to size when that is
// further, so that writing there needs no room on the disk later. What the file
// holds stays; new bytes are zero.
func Allocate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	fi, err := f.Stat()
	if err == nil {
		err = unix.Fallocate(int(f.Fd()), 0, 0, max(size, fi.Size()))
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("durable: allocate: %w", err)
	}
	return nil
}
