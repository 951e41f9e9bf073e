package medium

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clinicbox/internal/durable"
	"clinicbox/store"
)

// file copies a file, unless the copy before has it as it is. ok is false for one that
// is left out: it is damaged here, and no sound copy of it is there.
func (c *Copier) file(ctx context.Context, f store.SnapshotFile, before *Manifest) (out File, ok bool, err error) {
	old, had := before.file(f.Path)
	if f.Lost {
		if had = had && c.stands(old); had {
			c.differs(f.Path)
		}
		return old, had, nil
	}
	if out, err = c.renew(ctx, f, old, had && !c.distrusted(f.Path)); errors.Is(err, errOriginal) {
		return c.instead(ctx, f.Path, old)
	}
	return out, true, err
}

// renew is file for an original that is sound; errOriginal when it is not.
func (c *Copier) renew(ctx context.Context, f store.SnapshotFile, old File, had bool) (out File, err error) {
	if had && f.Final && f.Size == old.Size && f.Mod == old.Mod && c.stands(old) {
		return old, nil
	}
	src, size, err := c.read(f)
	if err != nil {
		return out, err
	}
	defer src.Close()
	if had && isSegment(f.Path) {
		if src, err = c.guarded(ctx, f, old, src, size); err != nil {
			return out, err
		}
	}
	out = File{Path: f.Path, Slot: slotA, Size: size}
	if f.Final {
		out.Mod = f.Mod
	}
	if out.Chunks, err = sums(src, size); err != nil {
		return out, err
	}
	if had && size == old.Size && slices.EqualFunc(out.Chunks, old.Chunks, bytes.Equal) && c.stands(old) {
		out.Slot = old.Slot
		return out, nil
	}
	if old.Slot != "" {
		out.Slot = other(old.Slot)
	}
	return out, c.place(ctx, out, src)
}

func isSegment(path string) bool { return strings.HasSuffix(path, ".seg") }

// instead leaves the copy of a file that is damaged here as it is: it may be what mends
// the file. What the medium does not hold whole either is left out.
func (c *Copier) instead(ctx context.Context, path string, old File) (File, bool, error) {
	c.differs(path)
	if old.Slot == "" {
		return old, false, nil
	}
	ok, err := (&Copy{dir: c.dir(), cold: c.o.Cold}).sound(ctx, old, c.path(old))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return old, ok, err
}

func (c *Copier) differs(path string) {
	if c.o.Differs != nil {
		c.o.Differs(path)
	}
}

// guarded is a segment's file whose beginning is as the sound copy has it. A segment
// only grows: where the original differs it has rotted, and rot must not be copied over
// what can mend it.
func (c *Copier) guarded(ctx context.Context, f store.SnapshotFile, old File, src source, size int64) (source, error) {
	here := &Copy{Manifest: Manifest{Files: []File{old}}, dir: c.dir(), cold: c.o.Cold}
	if ok, err := here.sound(ctx, old, c.path(old)); !ok || old.Size > size {
		return src, err
	}
	kept, err := here.Read(ctx, f.Path)
	if err != nil {
		return src, err
	}
	now := make([]byte, size)
	if _, err := src.ReadAt(now, 0); err != nil && !errors.Is(err, io.EOF) {
		return src, fmt.Errorf("%w: %w", errOriginal, err)
	}
	if bytes.Equal(now[:len(kept)], kept) {
		return src, nil
	}
	c.differs(f.Path)
	copy(now, kept)
	return inMemory{bytes.NewReader(now)}, nil
}

// stands tells whether a file of the copy is there with its size. What it holds is
// read by Scrub.
func (c *Copier) stands(f File) bool {
	fi, err := os.Stat(c.path(f))
	return err == nil && fi.Size() >= f.Size
}

func (c *Copier) path(f File) string { return placeOf(c.dir(), f) }

// eachChunk passes the chunks of a file; the bytes hold until fn returns.
func eachChunk(src io.ReaderAt, size int64, fn func(i int, p []byte) error) error {
	buf := make([]byte, min(size, chunkSize))
	for i := 0; int64(i)*chunkSize < size; i++ {
		p := buf[:min(size-int64(i)*chunkSize, chunkSize)]
		if n, err := src.ReadAt(p, int64(i)*chunkSize); n < len(p) {
			return fmt.Errorf("%w: %w", errOriginal, err)
		}
		if err := fn(i, p); err != nil {
			return err
		}
	}
	return nil
}

func sums(src io.ReaderAt, size int64) (out [][]byte, err error) {
	err = eachChunk(src, size, func(_ int, p []byte) error {
		s := sha256.Sum256(p)
		out = append(out, s[:])
		return nil
	})
	return out, err
}

// place writes what is not there yet, syncs it, and reads all of the file back from
// the medium. Each chunk is synced alone, so that a slow medium never holds much of
// the system's memory.
func (c *Copier) place(ctx context.Context, f File, src io.ReaderAt) error {
	name := c.path(f)
	if err := durable.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	w, err := c.fs.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = eachChunk(src, f.Size, func(i int, p []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !same(p, f.Chunks[i]) {
			return fmt.Errorf("medium: %s changed while it was copied", f.Path)
		}
		return writeNew(w, p, int64(i)*chunkSize)
	})
	if err == nil {
		err = w.Truncate(f.Size)
	}
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	if err := c.fs.SyncDir(filepath.Dir(name)); err != nil {
		return err
	}
	ok, err := (&Copy{dir: c.dir(), cold: c.o.Cold}).sound(ctx, f, name)
	if err == nil && !ok {
		err = fmt.Errorf("%w: it does not give back what was written", ErrDamaged)
	}
	return err
}

// writeNew writes from the first byte on that is not there yet.
func writeNew(w durable.File, p []byte, at int64) error {
	have := make([]byte, len(p))
	n, err := w.ReadAt(have, at)
	if err != nil && !errors.Is(err, io.EOF) {
		n = 0
	}
	same := 0
	for same < n && have[same] == p[same] {
		same++
	}
	if same == len(p) {
		return nil
	}
	if _, err := w.WriteAt(p[same:], at+int64(same)); err != nil {
		return err
	}
	return w.Sync()
}

// clear removes what a copy that failed wrote and no manifest names: it may be what
// fills the medium.
func (c *Copier) clear() {
	ms, _ := manifests(context.Background(), c.dir())
	c.remove(func(name string) bool {
		for _, m := range ms {
			for _, f := range m.Files {
				if c.path(f) == name {
					return false
				}
			}
		}
		return !growing(name)
	})
}

// tidy removes what the newest copy does not name, but the other place of files that
// grow: there the next copy goes on. That of a key file goes once two copies have named
// the same place: it may hold what a change of keys has ended.
func (c *Copier) tidy(before, m *Manifest) {
	keep := map[string]bool{}
	for _, f := range m.Files {
		keep[c.path(f)] = true
		was, _ := before.file(f.Path)
		if f.Mod == 0 && !(holdsKeys(f.Path) && was.Slot == f.Slot) {
			f.Slot = other(f.Slot)
			keep[c.path(f)] = true
		}
	}
	c.remove(func(name string) bool { return !keep[name] })
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.bad)
}

func holdsKeys(path string) bool {
	return strings.HasPrefix(path, "keys/") || path == "ring" || path == "ring.copy"
}

// growing tells of files whose other place saves work later.
func growing(name string) bool { return strings.Contains(name, ".seg.") }

// remove deletes files of the copy; the manifests stay. What cannot be removed only
// takes room.
func (c *Copier) remove(which func(name string) bool) {
	_ = filepath.WalkDir(c.dir(), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if manifest := filepath.Dir(name) == c.dir() && strings.HasPrefix(d.Name(), "manifest."); !manifest && which(name) {
			_ = c.fs.Remove(name)
		}
		return nil
	})
}
