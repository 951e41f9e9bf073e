package sealertest

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"clinicbox/internal/durable"
)

// ErrPower is what a disk answers at the step that fails, and after a cut.
var ErrPower = errors.New("sealertest: no power")

// Fault says which write of a disk fails, and how.
type Fault struct {
	Step    int  // counted from 1; 0: none
	Applied bool // it is done, and reported as failed
	Once    bool // the disk goes on; otherwise the power is cut
}

// Disk is a file layer in memory that forgets at a cut what was not synced: the
// content of files and, until their folder is synced, their names.
type Disk struct {
	mu     sync.Mutex
	fault  Fault
	steps  int
	dead   bool
	now    map[string]*content // as programs see it
	synced map[string]*content // names that survive
}

type content struct{ now, synced []byte }

var _ durable.FS = (*Disk)(nil)

// NewDisk returns an empty disk.
func NewDisk() *Disk { return &Disk{now: map[string]*content{}, synced: map[string]*content{}} }

// Arm sets the next fault, counted from here.
func (d *Disk) Arm(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.steps = f, 0
}

// Reached reports whether the fault happened.
func (d *Disk) Reached() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault.Step > 0 && d.steps >= d.fault.Step
}

// Reboot gives the power back. A lucky disk had written everything by itself.
func (d *Disk) Reboot(lucky bool) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := NewDisk()
	from := d.synced
	if lucky {
		from = d.now
	}
	for name, c := range from {
		b := c.synced
		if lucky {
			b = c.now
		}
		k := &content{slices.Clone(b), slices.Clone(b)}
		n.now[name], n.synced[name] = k, k
	}
	return n
}

// Files lists the files as programs see them, with their content.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string][]byte{}
	for name, c := range d.now {
		out[name] = slices.Clone(c.now)
	}
	return out
}

// Put writes a file behind the program's back; nil removes it.
func (d *Disk) Put(name string, b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b == nil {
		delete(d.now, name)
		delete(d.synced, name)
		return
	}
	k := &content{slices.Clone(b), slices.Clone(b)}
	d.now[name], d.synced[name] = k, k
}

// write does a step that changes something, or fails it. d.mu is held.
func (d *Disk) write(do func()) error {
	if d.dead {
		return ErrPower
	}
	d.steps++
	if d.steps != d.fault.Step {
		do()
		return nil
	}
	if d.fault.Applied {
		do()
	}
	d.dead = !d.fault.Once
	return ErrPower
}

// OpenFile implements durable.FS.
func (d *Disk) OpenFile(name string, flag int, _ fs.FileMode) (durable.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, ErrPower
	}
	c := d.now[name]
	if c == nil && flag&os.O_CREATE == 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if c == nil || flag&os.O_TRUNC != 0 {
		err := d.write(func() {
			if c == nil {
				c = &content{}
				d.now[name] = c
			}
			c.now = nil
		})
		if err != nil {
			return nil, err
		}
	}
	return &diskFile{d, c}, nil
}

// Rename implements durable.FS.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(func() {
		d.now[to] = d.now[from]
		delete(d.now, from)
	})
}

// Remove implements durable.FS.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(func() { delete(d.now, name) })
}

// SyncDir implements durable.FS.
func (d *Disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(func() {
		maps.DeleteFunc(d.synced, func(name string, _ *content) bool { return filepath.Dir(name) == dir })
		for name, c := range d.now {
			if filepath.Dir(name) == dir {
				d.synced[name] = c
			}
		}
	})
}

type diskFile struct {
	d *Disk
	c *content
}

// ReadAt implements io.ReaderAt.
func (f *diskFile) ReadAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dead {
		return 0, ErrPower
	}
	if off >= int64(len(f.c.now)) {
		return 0, io.EOF
	}
	n := copy(b, f.c.now[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements io.WriterAt.
func (f *diskFile) WriteAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.d.write(func() {
		if n := off + int64(len(b)); n > int64(len(f.c.now)) {
			f.c.now = append(f.c.now, make([]byte, n-int64(len(f.c.now)))...)
		}
		copy(f.c.now[off:], b)
	})
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// Truncate implements durable.File.
func (f *diskFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.d.write(func() { f.c.now = f.c.now[:size] })
}

// Size implements durable.File.
func (f *diskFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.c.now)), nil
}

// Sync implements durable.File.
func (f *diskFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.d.write(func() { f.c.synced = slices.Clone(f.c.now) })
}

// Close implements io.Closer.
func (f *diskFile) Close() error { return nil }
