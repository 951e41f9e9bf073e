package storetest

import (
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"

	"clinicbox/internal/durable"
)

// Step names an operation on files that can be made to fail.
type Step string

// The steps. Write and Truncate are applied by halves when they fail unapplied:
// half of the bytes, or nothing of a truncation.
const (
	StepOpen     Step = "open"
	StepWrite    Step = "write"
	StepTruncate Step = "truncate"
	StepSync     Step = "sync"
	StepRename   Step = "rename"
	StepSyncDir  Step = "syncdir"
)

// Faults is a file layer that does as the real one until a fault is armed. Faults
// come in pairs: failed and not applied, failed but applied.
type Faults struct {
	under durable.OS

	mu      sync.Mutex
	step    Step
	after   int // how many of the step still go well
	err     error
	applied bool
	forever bool
	counts  map[Step]int
	bad     map[string][2]int64 // by end of the name: bytes that cannot be read
}

var (
	_ durable.FS        = (*Faults)(nil)
	_ durable.DirReader = (*Faults)(nil)
)

// Arm makes one operation fail with err: the one behind n good ones of the step.
// With applied it takes effect before it fails.
func (l *Faults) Arm(step Step, n int, err error, applied bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.step, l.after, l.err, l.applied, l.forever = step, n, err, applied, false
}

// ArmForever is Arm for that operation and all of the step that follow.
func (l *Faults) ArmForever(step Step, n int, err error) {
	l.Arm(step, n, err, false)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forever = true
}

// Disarm lets everything go well again.
func (l *Faults) Disarm() { l.Arm("", 0, nil, false) }

// Unreadable makes reads fail with EIO that touch the bytes from one offset up to
// another of a file whose name ends so, as a bad sector does.
func (l *Faults) Unreadable(name string, from, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bad == nil {
		l.bad = map[string][2]int64{}
	}
	l.bad[name] = [2]int64{from, to}
}

// readable returns how many of n bytes from off on come before a bad sector.
func (l *Faults) readable(name string, off int64, n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for end, b := range l.bad {
		if strings.HasSuffix(name, end) && off < b[1] && off+int64(n) > b[0] {
			return int(max(b[0]-off, 0))
		}
	}
	return n
}

// ReadDir implements durable.DirReader: Unreadable holds for directories, too.
func (l *Faults) ReadDir(dir string) ([]fs.DirEntry, error) {
	if l.readable(dir, 0, 1) < 1 {
		return nil, &fs.PathError{Op: "readdir", Path: dir, Err: syscall.EIO}
	}
	return os.ReadDir(dir)
}

// Readable takes back what Unreadable did.
func (l *Faults) Readable(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.bad, name)
}

func (l *Faults) cure(name string, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for end, b := range l.bad {
		if strings.HasSuffix(name, end) && size <= b[0] {
			delete(l.bad, end)
		}
	}
}

// Count returns how many operations of the step there were.
func (l *Faults) Count(step Step) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[step]
}

// hit counts an operation and returns its fault.
func (l *Faults) hit(step Step) (err error, applied bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[Step]int{}
	}
	l.counts[step]++
	if l.err == nil || l.step != step {
		return nil, false
	}
	if l.after > 0 {
		l.after--
		return nil, false
	}
	err, applied = l.err, l.applied
	if !l.forever {
		l.err = nil
	}
	return err, applied
}

func (l *Faults) do(step Step, f func() error) error {
	err, applied := l.hit(step)
	if err != nil && !applied {
		return err
	}
	if ferr := f(); ferr != nil {
		return ferr
	}
	return err
}

// OpenFile implements durable.FS.
func (l *Faults) OpenFile(name string, flag int, perm fs.FileMode) (f durable.File, err error) {
	if err, _ := l.hit(StepOpen); err != nil {
		return nil, err
	}
	if f, err = l.under.OpenFile(name, flag, perm); err != nil {
		return nil, err
	}
	return &faultFile{f, l, name}, nil
}

// Rename implements durable.FS.
func (l *Faults) Rename(from, to string) error {
	return l.do(StepRename, func() error { return l.under.Rename(from, to) })
}

// Remove implements durable.FS.
func (l *Faults) Remove(name string) error { return l.under.Remove(name) }

// SyncDir implements durable.FS.
func (l *Faults) SyncDir(dir string) error {
	return l.do(StepSyncDir, func() error { return l.under.SyncDir(dir) })
}

type faultFile struct {
	durable.File
	l    *Faults
	name string
}

func (f *faultFile) ReadAt(b []byte, off int64) (int, error) {
	if n := f.l.readable(f.name, off, len(b)); n < len(b) {
		n, err := f.File.ReadAt(b[:n], off)
		if err == nil {
			err = &fs.PathError{Op: "read", Path: f.name, Err: syscall.EIO}
		}
		return n, err
	}
	return f.File.ReadAt(b, off)
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	err, applied := f.l.hit(StepWrite)
	if err == nil {
		return f.File.WriteAt(b, off)
	}
	part := b[:len(b)/2]
	if applied {
		part = b
	}
	n, werr := f.File.WriteAt(part, off)
	if werr != nil {
		return n, werr
	}
	return n, err
}

// Truncate also cures bad sectors that it cuts off: their place gets others.
func (f *faultFile) Truncate(size int64) error {
	f.l.cure(f.name, size)
	return f.l.do(StepTruncate, func() error { return f.File.Truncate(size) })
}

func (f *faultFile) Sync() error { return f.l.do(StepSync, f.File.Sync) }
