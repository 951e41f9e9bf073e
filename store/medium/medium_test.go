package medium_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/store/storetest"
)

// rig is a store, a stick, and a copier between them.
type rig struct {
	*testing.T
	o     store.Options
	s     *store.Store
	stick string
	opts  medium.Options
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, o: storetest.Options(t.TempDir()), stick: t.TempDir()}
	r.o.SegmentSize = 4 << 10
	r.s = storetest.Start(t, r.o)
	if err := os.MkdirAll(filepath.Join(r.o.Dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.o.Dir, "keys", "slots"), []byte("slots"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.opts = medium.Options{
		Dir: r.o.Dir, To: r.stick, Box: "tram-01", Key: storetest.Key(), Source: r.s,
		More: r.keys, SameDisk: true, Now: r.o.Clock.Now,
	}
	return r
}

// keys is a file beside the records that its owner can judge.
func (r *rig) keys(context.Context) ([]store.SnapshotFile, error) {
	return []store.SnapshotFile{{Path: "keys/slots", Size: -1, Check: func(b []byte) error {
		if string(b) != "slots" {
			return errors.New("rotten")
		}
		return nil
	}}}, nil
}

func (r *rig) fill(n int) {
	r.Helper()
	for i := range n {
		storetest.Save(r, r.s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.NewID(), Body: &clinic.Vitals{Pulse: 50 + i%100}})
	}
}

func (r *rig) copy() *medium.Manifest {
	r.Helper()
	m, err := medium.New(r.opts).Run(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return m
}

// whole fails unless the stick holds a copy that is whole, and returns it.
func (r *rig) whole() *medium.Copy {
	r.Helper()
	c, err := medium.Find(r.stick, durable.Cold{})
	if err != nil {
		r.Fatal(err)
	}
	if bad, err := c.Verify(r.Context(), nil); err != nil {
		r.Fatal(bad, err)
	}
	return c
}

// opensAs restores the copy and checks every entry of it.
func (r *rig) opensAs(c *medium.Copy, entries uint64, root [32]byte) {
	r.Helper()
	dir := filepath.Join(r.TempDir(), "spare")
	if err := c.Restore(r.Context(), dir, nil); err != nil {
		r.Fatal(err)
	}
	o := r.o
	o.Dir = dir
	s, err := store.Open(r.Context(), o)
	if err != nil {
		r.Fatal(err)
	}
	got, err := s.Own().Root(s.Own().Size())
	if err != nil || s.Own().Size() != entries || got != root {
		r.Fatalf("%d entries of %d, or another root, %v", s.Own().Size(), entries, err)
	}
	if err := s.Close(); err != nil {
		r.Fatal(err)
	}
	storetest.Check(r, dir)
}

func (r *rig) root() (uint64, [32]byte) {
	n := r.s.Own().Size()
	root, err := r.s.Own().Root(n)
	if err != nil {
		r.Fatal(err)
	}
	return n, root
}

// TestCopiesAndRestores makes copies while the store grows, and restores each.
func TestCopiesAndRestores(t *testing.T) {
	r := newRig(t)
	if err := r.s.State().Put("b", "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	for round := range uint64(4) {
		r.fill(25)
		m := r.copy()
		n, root := r.root()
		if m.Count != round+1 || m.Own.Size != n || m.Newest.IsZero() {
			t.Fatalf("%+v", m)
		}
		c := r.whole()
		r.opensAs(c, n, root)
		if b, err := c.Read(t.Context(), "keys/slots"); string(b) != "slots" || err != nil {
			t.Fatalf("keys: %q, %v", b, err)
		}
		for _, f := range c.Files {
			if strings.HasPrefix(f.Path, "views") || f.Path == "LOCK" {
				t.Errorf("%s is in the copy", f.Path)
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "spare")
	if err := r.whole().Restore(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	o := r.o
	o.Dir = dir
	s := storetest.Start(t, o)
	if v, err := s.State().Get("b", "k"); string(v) != "v" || err != nil {
		t.Errorf("state: %q, %v", v, err)
	}
	if m, err := medium.Marked(dir); err != nil || m == nil || m.CheckKey(storetest.Key()) != nil || m.CheckKey([32]byte{7}) == nil {
		t.Errorf("the mark: %+v, %v", m, err)
	}
	if err := medium.Noted(dir); err != nil {
		t.Error(err)
	}
	if m, _ := medium.Marked(dir); m != nil {
		t.Error("the mark stays")
	}
}

// tape counts what is written and pulls the stick out after a number of bytes and
// steps: from then on everything fails.
type tape struct {
	durable.OS
	left  int // bytes and steps until it is gone; each step counts as one
	cause error
	wrote int
}

func (l *tape) step(n int) error {
	if l.left -= n; l.left < 0 {
		return l.cause
	}
	return nil
}

func (l *tape) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if err := l.step(1); err != nil {
		return nil, err
	}
	f, err := l.OS.OpenFile(name, flag, perm)
	return tapeFile{f, l}, err
}

func (l *tape) Rename(from, to string) error {
	if err := l.step(1); err != nil {
		return err
	}
	return l.OS.Rename(from, to)
}

func (l *tape) Remove(name string) error {
	if l.left < 0 && !errors.Is(l.cause, syscall.ENOSPC) {
		return l.cause
	}
	return l.OS.Remove(name)
}

func (l *tape) SyncDir(dir string) error {
	if err := l.step(1); err != nil {
		return err
	}
	return l.OS.SyncDir(dir)
}

type tapeFile struct {
	durable.File
	l *tape
}

func (f tapeFile) WriteAt(b []byte, at int64) (int, error) {
	fits := min(len(b), max(f.l.left, 0))
	err := f.l.step(len(b))
	if err != nil {
		b = b[:fits]
	}
	n, werr := f.File.WriteAt(b, at)
	f.l.wrote += n
	return n, errors.Join(err, werr)
}

func (f tapeFile) Sync() error {
	if err := f.l.step(1); err != nil {
		return err
	}
	return f.File.Sync()
}

// TestPulledAtAnyByte pulls the stick out, or fills it, at many places of a copy: what
// it holds is the copy before, or the new one, whole; and the next copy works.
func TestPulledAtAnyByte(t *testing.T) {
	for _, cause := range []error{syscall.EIO, syscall.ENOSPC} {
		r := newRig(t)
		r.fill(30)
		r.copy()
		for round := range 2 {
			r.fill(30)
			all := &tape{left: 1 << 30}
			before := r.stick
			// How long the whole copy is: on a second stick that is as this one.
			r.stick = filepath.Join(t.TempDir(), "twin")
			if err := os.CopyFS(r.stick, os.DirFS(before)); err != nil {
				t.Fatal(err)
			}
			r.opts.To, r.opts.FS = r.stick, all
			r.copy()
			r.stick, r.opts.To = before, before
			total := 1<<30 - all.left
			rnd := rand.New(rand.NewPCG(uint64(round), 1))
			for cut := 0; cut < total; cut += 1 + rnd.IntN(total/40) {
				had := r.whole().Count
				r.opts.FS = &tape{left: cut, cause: cause}
				m, err := medium.New(r.opts).Run(t.Context())
				if err == nil && m.Count != had+1 {
					t.Fatalf("cut at %d: %+v", cut, m)
				}
				if err != nil && errors.Is(cause, syscall.ENOSPC) && !errors.Is(err, medium.ErrFull) {
					t.Fatalf("cut at %d: %v", cut, err)
				}
				if c := r.whole(); c.Count != had && c.Count != had+1 {
					t.Fatalf("cut at %d: copy %d, before %d", cut, c.Count, had)
				}
			}
			r.opts.FS = nil
			r.copy()
			n, root := r.root()
			r.opensAs(r.whole(), n, root)
		}
	}
}

// TestIncremental: a copy of what is there already writes next to nothing, and one
// more record costs its tail, the state and a manifest.
func TestIncremental(t *testing.T) {
	r := newRig(t)
	r.fill(200)
	first := &tape{left: 1 << 30}
	r.opts.FS = first
	r.copy()
	for range 2 { // both places of the files that grow
		r.fill(1)
		r.copy()
	}
	r.fill(1)
	next := &tape{left: 1 << 30}
	r.opts.FS = next
	m := r.copy()
	var state int
	for _, f := range m.Files {
		if f.Path == "state.db" {
			state = int(f.Size)
		}
	}
	if segments := next.wrote - state; segments > 8<<10 || first.wrote < 60<<10 {
		t.Errorf("%d bytes at first, %d for one record more, state %d", first.wrote, next.wrote, state)
	}
}

// TestRefusals: what is not this box's, or is newer, is never written to, and each
// trouble has its name.
func TestRefusals(t *testing.T) {
	r := newRig(t)
	r.fill(20)
	refused := func(name string, want error, change func(o *medium.Options)) {
		t.Helper()
		o := r.opts
		change(&o)
		before := dump(t, o.To)
		if _, err := medium.New(o).Run(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if dump(t, o.To) != before {
			t.Errorf("%s: something was written", name)
		}
	}
	refused("no stick", medium.ErrAbsent, func(o *medium.Options) { o.To = filepath.Join(o.To, "none") })
	refused("not mounted", medium.ErrSameDisk, func(o *medium.Options) { o.SameDisk = false })
	r.copy()
	refused("another box's", medium.ErrOther, func(o *medium.Options) { o.Key[0]++ })
	other := newRig(t)
	refused("the box has less", medium.ErrAhead, func(o *medium.Options) { o.Source, o.Dir = other.s, other.o.Dir })
	other.fill(40)
	refused("the box has others", medium.ErrAhead, func(o *medium.Options) { o.Source, o.Dir = other.s, other.o.Dir })
	r.opts.FS = &tape{left: 0, cause: syscall.EROFS}
	if _, err := medium.New(r.opts).Run(t.Context()); !errors.Is(err, medium.ErrReadOnly) {
		t.Errorf("read-only: %v", err)
	}
	r.opts.FS = nil
	for _, slot := range []string{"a", "b"} {
		name := filepath.Join(r.stick, medium.Folder, "manifest."+slot)
		if _, err := os.Stat(name); err == nil {
			flipIn(t, name, 20)
		}
	}
	refused("nobody knows whose", medium.ErrOther, func(*medium.Options) {})
}

func dump(t *testing.T, dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(path + "\x00" + string(content) + "\x00")
		}
		return nil
	})
	return b.String()
}

func flipIn(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at%len(b)] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// liar gives other bytes than were written.
type liar struct{ durable.ColdFile }

func (l liar) ReadAt(b []byte, at int64) (int, error) {
	n, err := l.ColdFile.ReadAt(b, at)
	if n > 10 {
		b[10] ^= 1
	}
	return n, err
}

// TestLyingStick: what does not read back is no copy, and the one before holds.
func TestLyingStick(t *testing.T) {
	r := newRig(t)
	r.fill(10)
	r.copy()
	r.fill(10)
	r.opts.Cold.Open = func(path string) (durable.ColdFile, error) {
		f, err := os.Open(path)
		return liar{f}, err
	}
	if _, err := medium.New(r.opts).Run(t.Context()); !errors.Is(err, medium.ErrDamaged) {
		t.Fatal(err)
	}
	if c := r.whole(); c.Count != 1 {
		t.Errorf("copy %d", c.Count)
	}
}

// TestRotIsNotCopied: what rotted since the last copy does not go over what can mend
// it, in a finished segment and in the growing one; and everything is mended from it.
func TestRotIsNotCopied(t *testing.T) {
	r := newRig(t)
	r.fill(60)
	r.copy()
	n, root := r.root()
	last := len(segments(t, r.o.Dir)) - 1
	for _, name := range []string{segments(t, r.o.Dir)[0], segments(t, r.o.Dir)[last]} {
		flipIn(t, name, 1300)
		flipIn(t, name, 1024+60)
	}
	r.fill(2)
	var differs []string
	r.opts.Differs = func(f string) { differs = append(differs, f) }
	c := medium.New(r.opts)
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(differs) == 0 {
		t.Error("nobody is told")
	}
	if _, err := r.s.Scrubber(store.ScrubOptions{Copies: c.Copies}).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if own, in := r.s.Holes(); own+in != 0 {
		t.Errorf("%d holes are left", own+in)
	}
	if got, err := r.s.Own().Root(n); err != nil || got != root {
		t.Error("another root")
	}
	now, root := r.root()
	r.copy()
	r.opensAs(r.whole(), now, root)
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "own", "*.seg"))
	if err != nil || len(out) < 2 {
		t.Fatal(out, err)
	}
	return out
}

// TestDamagedStick: bits that flip on the stick are found by Scrub, and written anew
// by the next copy.
func TestDamagedStick(t *testing.T) {
	r := newRig(t)
	r.fill(60)
	r.copy()
	c := medium.New(r.opts)
	for _, f := range r.whole().Files {
		flipIn(t, filepath.Join(r.stick, medium.Folder, f.Path+"."+f.Slot), 1500)
	}
	if err := c.Scrub(t.Context(), durable.Cold{}); !errors.Is(err, medium.ErrDamaged) {
		t.Fatal(err)
	}
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, root := r.root()
	r.opensAs(r.whole(), n, root)
}

// TestLostSegmentStays: the copy of a segment that the box lost altogether stays named.
func TestLostSegmentStays(t *testing.T) {
	r := newRig(t)
	r.fill(60)
	r.copy()
	n, root := r.root()
	if err := r.s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(segments(t, r.o.Dir)[1]); err != nil {
		t.Fatal(err)
	}
	r.s = storetest.Start(t, r.o)
	r.opts.Source = r.s
	r.copy()
	r.opensAs(r.whole(), n, root)
}

// hung is a stick that never answers.
type hung struct {
	durable.OS
	asked   chan struct{}
	release chan struct{}
}

func (h hung) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	select {
	case h.asked <- struct{}{}:
	default:
	}
	<-h.release
	return nil, syscall.EIO
}

// TestHungStickHoldsUpNobody: acts, views and state go on while the stick hangs.
func TestHungStickHoldsUpNobody(t *testing.T) {
	r := newRig(t)
	r.fill(5)
	h := hung{asked: make(chan struct{}, 1), release: make(chan struct{})}
	r.opts.FS = h
	done := make(chan error)
	go func() {
		_, err := medium.New(r.opts).Run(context.Background())
		done <- err
	}()
	<-h.asked
	r.fill(100)
	for i := range 300 { // more than the state has room for at first
		if err := r.s.State().Put("b", strings.Repeat("k", i), make([]byte, 8<<10)); err != nil {
			t.Fatal(err)
		}
	}
	close(h.release)
	if err := <-done; err == nil {
		t.Error("the copy was made")
	}
}

// TestRestoreCut cuts a restore at many places: nothing opens the directory until the
// same restore went through, and then it is whole.
func TestRestoreCut(t *testing.T) {
	r := newRig(t)
	r.fill(40)
	r.copy()
	c := r.whole()
	dir := filepath.Join(t.TempDir(), "spare")
	all := &tape{left: 1 << 30}
	if err := medium.RestoreOver(c, t.Context(), filepath.Join(t.TempDir(), "x"), all); err != nil {
		t.Fatal(err)
	}
	total := 1<<30 - all.left
	cuts := 0
	for cut := 0; cut < total; cut += total/30 + 1 {
		err := medium.RestoreOver(c, t.Context(), dir, &tape{left: cut, cause: syscall.EIO})
		if err == nil && cuts > 5 {
			break // each goes on where the one before was cut
		}
		cuts++
		_, begun := os.Stat(dir)
		if err == nil || begun == nil && medium.Unfinished(dir) == nil && len(files(t, dir)) > 0 {
			t.Fatalf("cut at %d: %v, and the directory can be used", cut, err)
		}
	}
	if err := medium.Unfinished(dir); err != nil {
		t.Fatal(err)
	}
	n, root := r.root()
	r.opensAs(c, n, root)
	if err := c.Restore(t.Context(), dir, nil); !errors.Is(err, medium.ErrInUse) {
		t.Errorf("over a whole one: %v", err)
	}
	half := filepath.Join(t.TempDir(), "half")
	_ = medium.RestoreOver(c, t.Context(), half, &tape{left: total / 2, cause: syscall.EIO})
	r.fill(1)
	r.copy()
	if err := r.whole().Restore(t.Context(), half, nil); !errors.Is(err, medium.ErrInUse) {
		t.Errorf("another copy goes into half of one: %v", err)
	}
}

func files(t *testing.T, dir string) (out []string) {
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		if !strings.HasSuffix(e.Name(), durable.TempSuffix) {
			out = append(out, e.Name())
		}
	}
	return out
}

// TestRestoreOfADamagedCopy: it is refused, and taken as it is when somebody says so.
func TestRestoreOfADamagedCopy(t *testing.T) {
	r := newRig(t)
	r.fill(60)
	r.copy()
	c := r.whole()
	for _, f := range c.Files {
		if f.Path == "own/00000001.seg" || f.Path == "state.db" {
			flipIn(t, filepath.Join(r.stick, medium.Folder, f.Path+"."+f.Slot), 1300)
		}
	}
	dir := filepath.Join(t.TempDir(), "spare")
	if err := c.Restore(t.Context(), dir, nil); !errors.Is(err, medium.ErrDamaged) {
		t.Fatal(err)
	}
	c.Damaged = true
	if err := c.Restore(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	o := r.o
	o.Dir = dir
	s := storetest.Start(t, o)
	if own, _ := s.Holes(); own != 1 || s.Own().Size() != 60 {
		t.Errorf("%d holes of %d entries", own, s.Own().Size())
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"v":1,"files":[{"path":"../x","slot":"a"}]}` + "\nmac " + strings.Repeat("0", 64) + "\n"))
	f.Add([]byte(`{"v":1,"own":{"root":"` + strings.Repeat("A", 43) + `="},"in":{"root":"` + strings.Repeat("A", 43) + `="},"files":[]}` + "\nmac " + strings.Repeat("0", 64) + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := medium.Parse(b)
		if err != nil {
			return
		}
		if m.Genuine(storetest.Key()) {
			t.Fatal("made up, and genuine")
		}
		for _, file := range m.Files {
			if !fs.ValidPath(file.Path) || file.Size < 0 {
				t.Fatalf("%+v", file)
			}
		}
	})
}

// TestMadeByANewerProgram is refused, not overwritten.
func TestMadeByANewerProgram(t *testing.T) {
	r := newRig(t)
	dir := filepath.Join(r.stick, medium.Folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	newer := []byte(`{"v":9}` + "\nmac " + strings.Repeat("0", 64) + "\n")
	if err := os.WriteFile(filepath.Join(dir, "manifest.a"), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := medium.New(r.opts).Run(t.Context()); !errors.Is(err, medium.ErrVersion) {
		t.Error(err)
	}
	if _, err := medium.Find(t.TempDir(), durable.Cold{}); !errors.Is(err, medium.ErrNone) {
		t.Error(err)
	}
}

// TestKeysChange: after the data keys changed, the copy on the stick is still this
// box's and goes on, blobs of before are found and kept, and a restore has all keys.
func TestKeysChange(t *testing.T) {
	r := newRig(t)
	r.o.SegmentSize = 0
	content := []byte(strings.Repeat("phim ", 500))
	blob, err := r.s.Blobs().Put(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Save(t, r.s, clinic.Draft{Kind: clinic.KindAttached, Subject: clinic.ID{3}, Body: &clinic.Attached{Title: "X", Blob: blob}})
	r.opts.Key = r.s.CopyKey()
	r.copy()
	if err := r.s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Rotate(t.Context(), r.o); err != nil {
		t.Fatal(err)
	}
	r.s = storetest.Start(t, r.o)
	r.opts.Source, r.opts.Key = r.s, r.s.CopyKey()
	r.fill(5)
	if n, err := r.s.Blobs().Collect(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d blobs collected, %v", n, err)
	}
	if m := r.copy(); m.Count != 2 {
		t.Fatalf("%+v", m)
	}
	dir := filepath.Join(t.TempDir(), "spare")
	if err := r.whole().Restore(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	o := r.o
	o.Dir = dir
	key, err := store.CopyKey(o)
	if err != nil || r.whole().CheckKey(key) != nil {
		t.Fatal("the restored directory does not know its own copy", err)
	}
	s := storetest.Start(t, o)
	if got, err := s.Blobs().Get(t.Context(), blob); err != nil || string(got) != string(content) {
		t.Error(err)
	}
	s.Close()
	storetest.Check(t, dir)
}
