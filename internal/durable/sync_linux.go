package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync skips the times of the inode, which nobody needs after a power cut.
func datasync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
