//go:build linux && (amd64 || arm64)

package powercut

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// begin notes what a system call is about to do. Calls that change nothing on a disk
// are not looked at.
func (r *recorder) begin(c *call) error {
	if old, ok := legacy(c); ok { // the forms without a folder, which arm64 never had
		c = old
	}
	a := c.args
	switch c.nr {
	case unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_PWRITE64, unix.SYS_PWRITEV, unix.SYS_PWRITEV2:
		return r.write(c)
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		return r.sync(c)
	case unix.SYS_OPENAT:
		return r.open(c, c.fd(0), a[1], int(a[2]))
	case unix.SYS_OPENAT2:
		how, err := c.bytes(a[2], 8)
		if err != nil {
			return err
		}
		return r.open(c, c.fd(0), a[1], int(how[0])|int(how[1])<<8|int(how[2])<<16)
	case unix.SYS_FTRUNCATE:
		return r.sized(c, OpResize, int64(a[1]))
	case unix.SYS_FALLOCATE:
		switch a[1] {
		case 0:
			return r.sized(c, OpGrow, int64(a[2]+a[3]))
		case unix.FALLOC_FL_KEEP_SIZE:
			return nil
		}
		return r.refuse(c, c.fd(0), "fallocate")
	case unix.SYS_MKDIRAT:
		return r.name(c, OpMkdir, c.fd(0), a[1])
	case unix.SYS_UNLINKAT:
		return r.name(c, OpRemove, c.fd(0), a[1])
	case unix.SYS_RENAMEAT2, renameat:
		return r.rename(c, 0)
	case unix.SYS_LINKAT:
		return r.rename(c, OpLink)
	}
	return r.others(c)
}

// others refuses what would change a file in a way that is not modelled.
func (r *recorder) others(c *call) error {
	switch c.nr {
	case unix.SYS_MMAP:
		if c.args[2]&unix.PROT_WRITE != 0 && c.args[3]&unix.MAP_SHARED != 0 && c.args[3]&unix.MAP_ANONYMOUS == 0 {
			return r.refuse(c, c.fd(4), "a writable mapping")
		}
	case unix.SYS_COPY_FILE_RANGE:
		return r.refuse(c, c.fd(2), "copy_file_range")
	case unix.SYS_SENDFILE:
		return r.refuse(c, c.fd(0), "sendfile")
	case unix.SYS_SPLICE:
		return r.refuse(c, c.fd(2), "splice")
	case unix.SYS_SYMLINKAT, unix.SYS_TRUNCATE, unix.SYS_IO_URING_SETUP, unix.SYS_IO_SUBMIT, unix.SYS_SYNC, unix.SYS_SYNCFS:
		return fmt.Errorf("%w: number %d", ErrNotModelled, c.nr)
	}
	return nil
}

func (r *recorder) refuse(c *call, fd int, what string) error {
	name, _, ok, err := r.file(c, fd)
	if ok && err == nil {
		err = fmt.Errorf("%w: %s of %s", ErrNotModelled, what, name)
	}
	return err
}

func (r *recorder) write(c *call) error {
	fd, say := c.fd(0), c.fd(0) == 1
	var id int
	if !say {
		var ok bool
		var err error
		if _, id, ok, err = r.file(c, fd); err != nil || !ok {
			return err
		}
	}
	var data []byte
	var err error
	off := int64(c.args[3])
	switch c.nr {
	case unix.SYS_WRITE, unix.SYS_PWRITE64:
		data, err = c.bytes(c.args[1], c.args[2])
	default:
		data, err = c.vector(c.args[1], c.args[2])
	}
	if err != nil {
		return err
	}
	if say {
		r.note(c.t, Event{Op: OpSay, Data: data})
		return nil
	}
	if c.nr == unix.SYS_WRITE || c.nr == unix.SYS_WRITEV {
		if off, err = position(c.pid, fd); err != nil {
			return err
		}
	}
	r.note(c.t, Event{Op: OpWrite, File: id, Off: off, Data: data})
	return nil
}

// position is where the next write of a descriptor goes.
func position(pid, fd int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		return 0, err
	}
	fields := map[string]string{}
	for line := range bytes.Lines(b) {
		if k, v, ok := bytes.Cut(line, []byte(":")); ok {
			fields[string(k)] = string(bytes.TrimSpace(v))
		}
	}
	if flags, err := strconv.ParseUint(fields["flags"], 8, 64); err != nil || flags&unix.O_APPEND == 0 {
		return strconv.ParseInt(fields["pos"], 10, 64)
	}
	var st unix.Stat_t
	err = unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), &st)
	return st.Size, err
}

func (r *recorder) sync(c *call) error {
	name, id, ok, err := r.file(c, c.fd(0))
	switch {
	case err != nil || !ok:
		return err
	case id == 0:
		r.note(c.t, Event{Op: OpSyncDir, Name: name})
	default:
		r.note(c.t, Event{Op: OpSync, File: id})
	}
	return nil
}

func (r *recorder) sized(c *call, op Op, size int64) error {
	_, id, ok, err := r.file(c, c.fd(0))
	if err == nil && ok {
		r.note(c.t, Event{Op: op, File: id, Off: size})
	}
	return err
}

// open notes a file that is made or emptied by being opened.
func (r *recorder) open(c *call, dir int, path uint64, flags int) error {
	name, ok, err := r.path(c, dir, path)
	if err != nil || !ok {
		return err
	}
	id, there := r.names[name]
	switch {
	case flags&unix.O_TMPFILE == unix.O_TMPFILE:
		return fmt.Errorf("%w: a file without a name in %s", ErrNotModelled, name)
	case flags&unix.O_DSYNC != 0 && flags&(unix.O_WRONLY|unix.O_RDWR) != 0:
		return fmt.Errorf("%w: %s is opened for writes that sync", ErrNotModelled, name)
	case !there && flags&unix.O_CREAT != 0:
		id := r.files + 1
		r.note(c.t, Event{Op: OpCreate, Name: name, File: id})
		c.t.finish = func(fd int64) {
			_, ino, err := c.open(int(fd))
			if fd < 0 || err != nil {
				return
			}
			r.files, r.names[name], r.ids[ino] = id, id, id
		}
	case there && flags&unix.O_TRUNC != 0:
		r.note(c.t, Event{Op: OpResize, File: id})
	}
	return nil
}

// name notes a folder that is made, or a name that is taken away.
func (r *recorder) name(c *call, op Op, dir int, path uint64) error {
	name, ok, err := r.path(c, dir, path)
	if err != nil || !ok {
		return err
	}
	r.note(c.t, Event{Op: op, Name: name})
	c.t.finish = func(ret int64) {
		switch {
		case ret < 0:
		case op == OpMkdir:
			r.names[name] = 0
		default:
			delete(r.names, name)
		}
	}
	return nil
}

// rename notes renameat and linkat, whose arguments are alike.
func (r *recorder) rename(c *call, op Op) error {
	from, ok1, err := r.path(c, c.fd(0), c.args[1])
	if err != nil {
		return err
	}
	to, ok2, err := r.path(c, c.fd(2), c.args[3])
	if err != nil || !ok1 && !ok2 {
		return err
	}
	id, known := r.names[from]
	if ok1 != ok2 || filepath.Dir(from) != filepath.Dir(to) || known && id == 0 || c.nr == unix.SYS_RENAMEAT2 && c.args[4] != 0 {
		return fmt.Errorf("%w: %s becomes %s", ErrNotModelled, from, to)
	}
	e := Event{Op: OpRename, Name: from, To: to, File: id}
	if op == OpLink {
		e = Event{Op: OpLink, Name: to, File: id}
	}
	r.note(c.t, e)
	c.t.finish = func(ret int64) {
		if ret < 0 {
			return
		}
		r.names[to] = id
		if op != OpLink {
			delete(r.names, from)
		}
	}
	return nil
}
