package medium

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/seal"
)

// Source is the store that is copied. Its methods must not wait for the medium.
type Source interface {
	// Snapshot returns what a copy consists of at one moment.
	Snapshot(ctx context.Context) (store.Snapshot, error)
	// Extends tells whether the journals go on from two heads: they are as large, and
	// have those roots at those sizes.
	Extends(own, in store.Head) bool
}

// Options says what is copied to where.
type Options struct {
	Dir    string   // data directory
	To     string   // folder of the second medium
	Box    string   // name of the box
	Key    seal.Key // store.Store.CopyKey
	Source Source
	// More lists what else of the data directory is copied; may be nil.
	More func(ctx context.Context) ([]store.SnapshotFile, error)
	// SameDisk lets the copy be on the disk of the records, for trials.
	SameDisk bool
	Now      func() (time.Time, bool)
	// Differs is told of a file of the data directory that is not what was written: it
	// has rotted since. Its copy stays as it is. May be nil.
	Differs func(file string)
	Disk    durable.FS   // of the data directory; nil is the real one
	FS      durable.FS   // of the medium; nil is the real one
	Cold    durable.Cold // reads back from the medium
}

// Copier makes one copy after the other. Its methods may be called at the same time.
type Copier struct {
	o  Options
	fs durable.FS

	run  sync.Mutex // one copy at a time
	mu   sync.Mutex
	last *Manifest
	bad  map[string]bool // files of the copy that are not as they were written
}

// New prepares a copier; nothing is read before Run.
func New(o Options) *Copier {
	return &Copier{o: o, fs: layer(o.FS), bad: map[string]bool{}}
}

// Last returns the latest copy that is known to be on the medium; nil for none.
func (c *Copier) Last() *Manifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Look finds the copy that the medium holds, if it is this box's.
func (c *Copier) Look(ctx context.Context) error {
	m, err := c.mine(ctx)
	if err == nil {
		c.note(m)
	}
	return err
}

func (c *Copier) note(m *Manifest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = m
}

func (c *Copier) dir() string { return filepath.Join(c.o.To, Folder) }

// mine returns the box's own newest copy there, nil when the medium has none, or why
// nothing may be written.
func (c *Copier) mine(ctx context.Context) (*Manifest, error) {
	if fi, err := os.Stat(c.o.To); err != nil || !fi.IsDir() {
		return nil, errors.Join(ErrAbsent, err)
	}
	if one, err := sameDisk(c.o.Dir, c.o.To); err == nil && one && !c.o.SameDisk {
		return nil, ErrSameDisk
	}
	names, err := os.ReadDir(c.dir())
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(names) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, cause(err)
	}
	ms, bad := manifests(ctx, c.dir())
	if errors.Is(bad, ErrVersion) {
		return nil, bad
	}
	for _, m := range ms {
		if m.Genuine(c.o.Key) {
			continue
		}
		return nil, fmt.Errorf("%w: of %q", ErrOther, m.Box)
	}
	if len(ms) == 0 {
		if c.fresh(names) {
			return nil, nil // a first copy was cut before it had a manifest
		}
		return nil, errors.Join(ErrOther, bad)
	}
	return ms[0], nil
}

// fresh tells that a folder holds nothing but what a cut first manifest left.
func (c *Copier) fresh(names []fs.DirEntry) bool {
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), durable.TempSuffix) {
			return false
		}
	}
	return true
}

// Run makes a copy. The one before stays whole until the new one is.
func (c *Copier) Run(ctx context.Context) (*Manifest, error) {
	c.run.Lock()
	defer c.run.Unlock()
	m, err := c.copy(ctx)
	if err != nil {
		return nil, cause(err)
	}
	c.note(m)
	return m, nil
}

func (c *Copier) copy(ctx context.Context) (*Manifest, error) {
	before, err := c.mine(ctx)
	if err != nil {
		return nil, err
	}
	if before != nil && !c.o.Source.Extends(head(before.Own), head(before.In)) {
		return nil, ErrAhead
	}
	if err := durable.MkdirAll(c.dir(), 0o700); err != nil {
		return nil, err
	}
	if before == nil { // says whose the folder is before anything else is there
		if before, err = c.claim(ctx); err != nil {
			return nil, err
		}
	}
	snap, err := c.o.Source.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if c.o.More != nil {
		more, err := c.o.More(ctx)
		if err != nil {
			return nil, err
		}
		snap.Files = append(snap.Files, more...)
	}
	next := c.begin(before.Count+1, &snap)
	for _, f := range snap.Files {
		done, ok, err := c.file(ctx, f, before)
		if err != nil {
			c.clear()
			return nil, fmt.Errorf("medium: %s: %w", f.Path, err)
		}
		if ok {
			next.Files = append(next.Files, done)
		}
	}
	c.keepLost(before, next)
	if err := c.publish(ctx, next); err != nil {
		return nil, err
	}
	c.tidy(before, next)
	return next, nil
}

// keepLost goes on naming segments that the box has lost altogether.
func (c *Copier) keepLost(before, next *Manifest) {
	for _, f := range before.Files {
		if _, ok := next.file(f.Path); ok || !strings.HasPrefix(f.Path, "own/") && !strings.HasPrefix(f.Path, "in/") {
			continue
		}
		if c.stands(f) {
			next.Files = append(next.Files, f)
		}
	}
}

func head(h Head) store.Head { return store.Head{Size: h.Size, Root: [32]byte(h.Root)} }

func (c *Copier) begin(count uint64, s *store.Snapshot) *Manifest {
	m := &Manifest{
		Box: c.o.Box, Count: count, Newest: s.Newest,
		Own: Head{s.Own.Size, s.Own.Root[:]}, In: Head{s.In.Size, s.In.Root[:]},
	}
	m.Made, m.Trusted = c.o.Now()
	m.Made = m.Made.UTC().Truncate(time.Second)
	return m
}

// claim writes a manifest of nothing.
func (c *Copier) claim(ctx context.Context) (*Manifest, error) {
	m := c.begin(0, new(store.Snapshot))
	return m, c.publish(ctx, m)
}

// publish makes the manifest hold: in the place of the older one, whole or not at all.
func (c *Copier) publish(ctx context.Context, m *Manifest) (err error) {
	if m.raw, err = m.encode(c.o.Key); err != nil {
		return err
	}
	slot := slotA
	if ms, _ := manifests(ctx, c.dir()); len(ms) > 0 {
		if b, rerr := os.ReadFile(manifestPath(c.dir(), slotA)); rerr == nil && string(b) == string(ms[0].raw) {
			slot = slotB
		}
	}
	name := manifestPath(c.dir(), slot)
	if err := durable.WriteFileFS(c.fs, name, m.raw, 0o600); err != nil {
		return err
	}
	back, bad, err := c.o.Cold.Read(ctx, name, 0)
	if err != nil || bad > 0 || string(back) != string(m.raw) {
		return errors.Join(ErrDamaged, err)
	}
	return nil
}

// Copies gives files of the latest copy to whoever mends the records.
func (c *Copier) Copies(ctx context.Context, file string) ([]byte, error) {
	m, err := c.mine(ctx)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, ErrNone
	}
	return (&Copy{Manifest: *m, dir: c.dir(), cold: c.o.Cold}).Read(ctx, file)
}

// Scrub reads the whole copy. What is not as it was written is written anew with the
// next copy.
func (c *Copier) Scrub(ctx context.Context, cold durable.Cold) error {
	m, err := c.mine(ctx)
	if err != nil || m == nil {
		return err
	}
	bad, err := (&Copy{Manifest: *m, dir: c.dir(), cold: cold}).Verify(ctx, nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range bad {
		c.bad[p] = true
	}
	return err
}

func (c *Copier) distrusted(p string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bad[p]
}
