package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// Forget drops what the kernel holds of a file in memory, as far as it is written:
// the next read comes from the medium. It is advice; a file that another program
// maps may stay.
func Forget(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
