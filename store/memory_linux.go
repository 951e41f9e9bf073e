package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// openMemory opens a new file that has no place on any disk.
func openMemory(name string, _ int, _ os.FileMode) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
