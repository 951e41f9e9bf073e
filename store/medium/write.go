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

// file copies a file, unless the copy before has it as it is.
func (c *Copier) file(ctx context.Context, f store.SnapshotFile, before *Manifest) (File, error) {
	old, had := before.file(f.Path)
	had = had && !c.distrusted(f.Path)
	if had && f.Final && f.Size == old.Size && f.Mod == old.Mod && c.stands(old) {
		return old, nil
	}
	src, size, err := c.open(f)
	if err != nil {
		return File{}, err
	}
	defer src.Close()
	if had && strings.HasSuffix(f.Path, ".seg") {
		if src, err = c.guarded(ctx, f, old, src, size); err != nil {
			return File{}, err
		}
	}
	out := File{Path: f.Path, Slot: slotA, Size: size}
	if f.Final {
		out.Mod = f.Mod
	}
	if out.Chunks, err = sums(src, size); err != nil {
		return File{}, err
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
	n, err := src.ReadAt(now, 0)
	if int64(n) < size && !errors.Is(err, io.EOF) {
		clear(now[n:]) // the disk does not give it
	}
	if bytes.Equal(now[:len(kept)], kept) && int64(n) == size {
		return src, nil
	}
	if c.o.Differs != nil {
		c.o.Differs(f.Path)
	}
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

// source is what a file is read from.
type source interface {
	io.ReaderAt
	io.Closer
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func (c *Copier) open(f store.SnapshotFile) (source, int64, error) {
	if f.Data != nil {
		return inMemory{bytes.NewReader(f.Data)}, int64(len(f.Data)), nil
	}
	src, err := os.Open(filepath.Join(c.o.Dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return nil, 0, err
	}
	if f.Size >= 0 {
		return src, f.Size, nil
	}
	fi, err := src.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, src.Close())
	}
	return src, fi.Size(), nil
}

// eachChunk passes the chunks of a file; the bytes hold until fn returns.
func eachChunk(src io.ReaderAt, size int64, fn func(i int, p []byte) error) error {
	buf := make([]byte, min(size, chunkSize))
	for i := 0; int64(i)*chunkSize < size; i++ {
		p := buf[:min(size-int64(i)*chunkSize, chunkSize)]
		if n, err := src.ReadAt(p, int64(i)*chunkSize); n < len(p) {
			return fmt.Errorf("medium: original: %w", err)
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
// grow: there the next copy goes on.
func (c *Copier) tidy(m *Manifest) {
	keep := map[string]bool{}
	for _, f := range m.Files {
		keep[c.path(f)] = true
		if f.Mod == 0 {
			f.Slot = other(f.Slot)
			keep[c.path(f)] = true
		}
	}
	c.remove(func(name string) bool { return !keep[name] })
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.bad)
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
