package powercut

import "golang.org/x/sys/unix"

const renameat = unix.SYS_RENAMEAT

// legacy turns a call of the old form into the new one.
func legacy(c *call) (*call, bool) {
	const cwd = ^uint64(99) // AT_FDCWD
	a := c.args
	n := *c
	switch c.nr {
	case unix.SYS_OPEN:
		n.nr, n.args = unix.SYS_OPENAT, [6]uint64{cwd, a[0], a[1]}
	case unix.SYS_CREAT:
		n.nr, n.args = unix.SYS_OPENAT, [6]uint64{cwd, a[0], unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC}
	case unix.SYS_MKDIR:
		n.nr, n.args = unix.SYS_MKDIRAT, [6]uint64{cwd, a[0]}
	case unix.SYS_UNLINK, unix.SYS_RMDIR:
		n.nr, n.args = unix.SYS_UNLINKAT, [6]uint64{cwd, a[0]}
	case unix.SYS_RENAME:
		n.nr, n.args = unix.SYS_RENAMEAT, [6]uint64{cwd, a[0], cwd, a[1]}
	case unix.SYS_LINK:
		n.nr, n.args = unix.SYS_LINKAT, [6]uint64{cwd, a[0], cwd, a[1]}
	case unix.SYS_SYMLINK:
		n.nr = unix.SYS_SYMLINKAT
	default:
		return nil, false
	}
	return &n, true
}
