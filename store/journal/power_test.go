package journal_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"clinicbox/internal/durable"
)

// tape is a file layer that notes everything that could be lost in a power cut.
type tape struct {
	durable.OS
	steps []step
}

type step struct {
	what     string // create, write, truncate, sync, rename, remove, syncdir, saved
	name, to string
	off      int64
	data     []byte
}

func (l *tape) note(s step) { l.steps = append(l.steps, s) }

// OpenFile implements durable.FS.
func (l *tape) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	_, serr := os.Stat(name)
	f, err := l.OS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	if serr != nil || flag&os.O_TRUNC != 0 {
		l.note(step{what: "create", name: name})
	}
	return &tapeFile{f, name, l}, nil
}

// Rename implements durable.FS.
func (l *tape) Rename(from, to string) error {
	l.note(step{what: "rename", name: from, to: to})
	return l.OS.Rename(from, to)
}

// Remove implements durable.FS.
func (l *tape) Remove(name string) error {
	l.note(step{what: "remove", name: name})
	return l.OS.Remove(name)
}

// SyncDir implements durable.FS.
func (l *tape) SyncDir(dir string) error {
	l.note(step{what: "syncdir"})
	return l.OS.SyncDir(dir)
}

type tapeFile struct {
	durable.File
	name string
	l    *tape
}

func (f *tapeFile) WriteAt(b []byte, off int64) (int, error) {
	f.l.note(step{what: "write", name: f.name, off: off, data: append([]byte{}, b...)})
	return f.File.WriteAt(b, off)
}

func (f *tapeFile) Truncate(n int64) error {
	f.l.note(step{what: "truncate", name: f.name, off: n})
	return f.File.Truncate(n)
}

func (f *tapeFile) Sync() error {
	f.l.note(step{what: "sync", name: f.name})
	return f.File.Sync()
}

// inode is a file of the disk that is rebuilt: what is safe, and what is not yet.
type inode struct {
	safe  []byte
	loose []step
}

func (n *inode) apply(s step) {
	need := int(s.off) + len(s.data)
	switch {
	case s.what == "truncate" && len(n.safe) > need:
		n.safe = n.safe[:need:need]
		return
	case len(n.safe) < need:
		n.safe = append(n.safe, make([]byte, need-len(n.safe))...)
	}
	copy(n.safe[s.off:], s.data)
}

// lose applies some sectors of what is loose, in any order, as a disk may.
func (n *inode) lose(r *rand.Rand) {
	keep := []int{0, 20, 50, 90}[r.IntN(4)] // sectors of a hundred
	for _, s := range n.loose {
		if s.what == "truncate" {
			if r.IntN(2) == 0 {
				n.apply(s)
			}
			continue
		}
		for len(s.data) > 0 {
			m := min(int(512-s.off%512), len(s.data))
			if r.IntN(100) < keep {
				n.apply(step{off: s.off, data: s.data[:m]})
			}
			s.off, s.data = s.off+int64(m), s.data[m:]
		}
	}
}

// cut rebuilds a disk as a power cut may leave it and returns how many entries had
// been answered as saved, then and at the commit before.
func cut(t *testing.T, steps []step, dir string, r *rand.Rand) (saved, before uint64) {
	names, safe := map[string]*inode{}, map[string]*inode{}
	var moves []map[string]*inode // names after each change that is not safe yet
	for _, s := range steps {
		n := names[s.name]
		switch s.what {
		case "create":
			names[s.name] = &inode{}
		case "rename":
			names[s.to] = n
			delete(names, s.name)
		case "remove":
			delete(names, s.name)
		case "syncdir":
			safe, moves = maps.Clone(names), nil
		case "saved":
			before, saved = saved, uint64(s.off)
		case "sync":
			for _, l := range n.loose {
				n.apply(l)
			}
			n.loose = nil
		default:
			n.loose = append(n.loose, s)
		}
		if s.what == "create" || s.what == "rename" || s.what == "remove" {
			moves = append(moves, maps.Clone(names))
		}
	}
	if n := r.IntN(len(moves) + 1); n > 0 {
		safe = moves[n-1]
	}
	for name, n := range safe {
		n := &inode{append([]byte{}, n.safe...), n.loose}
		n.lose(r)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), n.safe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return saved, before
}

// TestPowerCuts cuts the power after every step of a journal that grows over
// several segments, loses any part of what was not synced, and opens what is left:
// all that was answered as saved is there, acts are whole, nothing reads as a hole,
// and the roots are those of before. It does so with what the views may know: the
// last commit, or the one before.
func TestPowerCuts(t *testing.T) {
	l := &tape{}
	c := config(t.TempDir())
	c.FS, c.SegmentSize = l, 6000
	j := open(t, c)
	rnd := rand.New(rand.NewPCG(5, 6))
	var want []string
	whole, roots := map[uint64]bool{0: true}, map[uint64][32]byte{}
	for n := range 60 {
		var acts [][]string
		for range 1 + rnd.IntN(3) {
			var act []string
			for range 1 + rnd.IntN(4) {
				act = append(act, fmt.Sprintf("%d %0*d", len(want), 1+rnd.IntN(300), n))
				want = append(want, act[len(act)-1])
			}
			acts = append(acts, act)
			whole[uint64(len(want))] = true
		}
		addActs(t, j, acts...)
		l.note(step{what: "saved", off: int64(j.Size())})
	}
	for n := range uint64(len(want)) + 1 {
		roots[n] = must(j.Root(n))
	}
	if j.Segments() < 5 {
		t.Fatalf("only %d segments", j.Segments())
	}
	cuts := 0
	for at := range len(l.steps) {
		for round := range 2 {
			dir := t.TempDir()
			saved, before := cut(t, l.steps[:at], dir, rnd)
			c := config(dir)
			c.SegmentSize, c.Known = 6000, []uint64{saved, before}[round]
			j := open(t, c)
			got := texts(t, j)
			n := uint64(len(got))
			if n < saved || !whole[n] || fmt.Sprint(got) != fmt.Sprint(want[:n]) {
				t.Fatalf("cut after step %d, %d saved, %d known: reads %d: %.300q", at, saved, c.Known, n, got)
			}
			if must(j.Root(n)) != roots[n] || len(j.Quarantine()) > 0 {
				t.Fatalf("cut after step %d: another root, or %+v", at, j.Quarantine())
			}
			add(t, j, "goes on")
			j.Close()
			cuts++
		}
	}
	t.Logf("%d power cuts, %d entries", cuts, len(want))
}
