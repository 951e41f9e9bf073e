package testpeer

import (
	"syscall"
	"testing"
)

// Disk mounts a disk of its own in memory on a folder until the test ends. Its size is
// as mount(8) takes it: "8m". Where none may be mounted the test is as one that lacks a
// peer. Remount changes it: syscall.MS_RDONLY, or 0 for a disk that takes data again.
func Disk(t testing.TB, dir, size string) (remount func(flags uintptr)) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		Lacks(t, "a disk of its own needs the rights to mount one: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
}
