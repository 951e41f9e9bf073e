package durable

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrHeld tells that another process, or another part of this one, holds a lock.
var ErrHeld = errors.New("durable: in use by another process")

// Hold locks an open file or folder until it is closed; the process's end closes it.
func Hold(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrHeld
	}
	if err != nil {
		return fmt.Errorf("durable: lock: %w", err)
	}
	return nil
}
