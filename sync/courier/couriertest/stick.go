// Package couriertest simulates USB sticks that are full, that fail, and that are
// pulled out at any call. A file system without a journal is assumed, and nothing of
// its habits: until a file is synced each of its sectors may be there or not, until a
// folder is synced each change of a name in it may be, and of a rename that was cut
// both names may be there, or one, or none.
package couriertest

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"clinicbox/internal/durable"
)

// Stick is a stick in memory. It implements courier.Medium.
type Stick struct {
	mu    sync.Mutex
	rng   *rand.Rand
	names map[string]*node // as they are seen while it is plugged in
	safe  map[string]*node // as they surely are after it was pulled out
	loose []change         // not synced yet
	room  int64

	steps, cut, fail int
	applied          bool
	gone             bool
}

type node struct {
	dir    bool
	data   []byte
	synced []byte
}

type change struct {
	name string
	node *node // nil: removed
}

// New returns an empty stick with so many bytes of room.
func New(seed uint64, room int64) *Stick {
	return &Stick{rng: rand.New(rand.NewPCG(seed, 3)), names: map[string]*node{}, safe: map[string]*node{}, room: room}
}

// PullAt has the stick pulled out in the middle of the n-th call that changes it from
// now on; 0 leaves it in.
func (s *Stick) PullAt(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps, s.cut = 0, n
}

// FailAt makes the n-th call that changes the stick fail once, after it was done or
// without.
func (s *Stick) FailAt(n int, applied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps, s.fail, s.applied = 0, n, applied
}

// Steps returns how many calls changed the stick since PullAt or FailAt.
func (s *Stick) Steps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.steps
}

// Grow gives the stick more room.
func (s *Stick) Grow(room int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = room
}

// Pull pulls the stick out, if it is not yet, and plugs it in again: what was not
// synced is there, or in part, or not.
func (s *Stick) Pull() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.loose {
		switch {
		case s.rng.IntN(2) == 0:
		case c.node == nil:
			delete(s.safe, c.name)
		default:
			s.safe[c.name] = c.node
		}
	}
	next := map[string]*node{}
	for name, n := range s.safe {
		if parent := s.safe[path.Dir(name)]; path.Dir(name) != "." && (parent == nil || !parent.dir) {
			continue // its folder was never there
		}
		kept := &node{dir: n.dir, data: s.survivor(n)}
		kept.synced = slices.Clone(kept.data)
		next[name] = kept
	}
	for name := range next { // folders of folders that are not there
		for p := path.Dir(name); p != "."; p = path.Dir(p) {
			if next[p] == nil {
				delete(next, name)
			}
		}
	}
	s.names, s.safe, s.loose = next, map[string]*node{}, nil
	for name, n := range next {
		s.safe[name] = n
	}
	s.gone, s.cut, s.fail, s.steps = false, 0, 0, 0
}

// survivor is what a file holds after a cut.
func (s *Stick) survivor(n *node) []byte {
	if string(n.data) == string(n.synced) {
		return slices.Clone(n.data)
	}
	size := len(n.synced)
	if len(n.data) > size {
		size += s.rng.IntN(len(n.data) - size + 1)
	}
	out := make([]byte, size)
	for at := 0; at < size; at += 512 {
		from := n.data
		if s.rng.IntN(2) == 0 {
			from = n.synced
		}
		if at < len(from) {
			copy(out[at:min(at+512, size)], from[at:])
		}
	}
	return out
}

// Files returns the names of files, in order.
func (s *Stick) Files() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range s.names {
		if !n.dir {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Content returns a file, nil when there is none.
func (s *Stick) Content(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.names[name]; n != nil {
		return slices.Clone(n.data)
	}
	return nil
}

// Put writes a file as somebody at another machine does.
func (s *Stick) Put(name string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := path.Dir(name); p != "."; p = path.Dir(p) {
		d := &node{dir: true}
		s.names[p], s.safe[p] = d, d
	}
	n := &node{data: slices.Clone(data), synced: slices.Clone(data)}
	s.names[name], s.safe[name] = n, n
}

// Delete removes a file as somebody at another machine does.
func (s *Stick) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.names, name)
	delete(s.safe, name)
}

// Copy returns another stick with the same files.
func (s *Stick) Copy(seed uint64) *Stick {
	out := New(seed, s.room)
	s.mu.Lock()
	for name, n := range s.names {
		if n.dir {
			out.names[name], out.safe[name] = n, n
		}
	}
	s.mu.Unlock()
	for _, name := range s.Files() {
		out.Put(name, s.Content(name))
	}
	return out
}

// step counts a change. half asks for it to be done in part.
func (s *Stick) step(do func(half bool) error) error {
	if s.gone {
		return syscall.EIO
	}
	s.steps++
	switch s.steps {
	case s.cut:
		_ = do(true)
		s.gone = true
		return syscall.EIO
	case s.fail:
		if s.applied {
			_ = do(false)
		}
		return syscall.EIO
	}
	return do(false)
}

func missing(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

func (s *Stick) change(name string, n *node) {
	if n == nil {
		delete(s.names, name)
	} else {
		s.names[name] = n
	}
	s.loose = append(s.loose, change{name, n})
}

// Mkdir implements courier.Medium.
func (s *Stick) Mkdir(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step(func(bool) error {
		if s.names[name] == nil {
			s.change(name, &node{dir: true})
		}
		return nil
	})
}

// OpenFile implements durable.FS.
func (s *Stick) OpenFile(name string, flag int, _ fs.FileMode) (f durable.File, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.names[name]
	if flag&os.O_CREATE == 0 {
		if s.gone {
			return nil, syscall.EIO
		}
		if n == nil || n.dir {
			return nil, missing("open", name)
		}
		return &file{s, n}, nil
	}
	err = s.step(func(bool) error {
		if d := s.names[path.Dir(name)]; d == nil || !d.dir {
			return missing("open", name)
		}
		if n == nil {
			n = &node{}
			s.change(name, n)
		}
		if flag&os.O_TRUNC != 0 {
			n.data = nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &file{s, n}, nil
}

// Rename implements durable.FS.
func (s *Stick) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step(func(bool) error {
		n := s.names[from]
		if n == nil {
			return missing("rename", from)
		}
		s.change(to, n)
		s.change(from, nil)
		return nil
	})
}

// Remove implements durable.FS.
func (s *Stick) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step(func(bool) error {
		if s.names[name] != nil {
			s.change(name, nil)
		}
		return nil
	})
}

// SyncDir implements durable.FS.
func (s *Stick) SyncDir(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.step(func(half bool) error {
		var rest []change
		for _, c := range s.loose {
			switch {
			case path.Dir(c.name) != dir, half && s.rng.IntN(2) == 0:
				rest = append(rest, c)
			case c.node == nil:
				delete(s.safe, c.name)
			default:
				s.safe[c.name] = c.node
			}
		}
		s.loose = rest
		return nil
	})
}

// List implements courier.Medium.
func (s *Stick) List(dir string, most int) (es []fs.DirEntry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, syscall.EIO
	}
	if n := s.names[dir]; n == nil || !n.dir {
		return nil, missing("open", dir)
	}
	var names []string
	for name := range s.names {
		if path.Dir(name) == dir {
			names = append(names, name)
		}
	}
	s.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:min(most, len(names))] {
		es = append(es, fs.FileInfoToDirEntry(info{path.Base(name), s.names[name]}))
	}
	return es, nil
}

// Free implements courier.Medium. It promises a little more than there is.
func (s *Stick) Free() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return 0, syscall.EIO
	}
	return s.room - s.used() + 64<<10, nil
}

func (s *Stick) used() (n int64) {
	for _, f := range s.names {
		n += int64(len(f.data))
	}
	return n
}

type info struct {
	name string
	n    *node
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.n.data)) }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.n.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.n.dir {
		return fs.ModeDir
	}
	return 0
}

// file is an open file of a stick.
type file struct {
	s *Stick
	n *node
}

func (f *file) ReadAt(b []byte, off int64) (int, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if f.s.gone {
		return 0, syscall.EIO
	}
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, off int64) (n int, err error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	err = f.s.step(func(half bool) error {
		n = len(b)
		if half {
			n = f.s.rng.IntN(len(b) + 1)
		}
		full := false
		if left := f.s.room - f.s.used(); int64(n) > left {
			n, full = int(max(left, 0)), true
		}
		if need := int(off) + n; need > len(f.n.data) {
			f.n.data = append(f.n.data, make([]byte, need-len(f.n.data))...)
		}
		copy(f.n.data[off:], b[:n])
		if full {
			return syscall.ENOSPC
		}
		return nil
	})
	return n, err
}

func (f *file) Truncate(size int64) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.s.step(func(bool) error {
		f.n.data = append(f.n.data, make([]byte, max(int(size)-len(f.n.data), 0))...)[:size]
		return nil
	})
}

func (f *file) Size() (int64, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if f.s.gone {
		return 0, syscall.EIO
	}
	return int64(len(f.n.data)), nil
}

func (f *file) Sync() error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	return f.s.step(func(half bool) error {
		if !half {
			f.n.synced = slices.Clone(f.n.data)
		}
		return nil
	})
}

func (f *file) Close() error { return nil }

// String lists the files, for messages of tests.
func (s *Stick) String() string {
	var b strings.Builder
	for _, n := range s.Files() {
		fmt.Fprintf(&b, "%s %d\n", n, len(s.Content(n)))
	}
	return b.String()
}
