package medium

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"clinicbox/internal/durable"
	"clinicbox/store/seal"
)

// The files by which a data directory tells what it is.
const (
	// Restoring marks a directory that is not whole yet: nothing may open it.
	Restoring = "restoring"
	// Restored holds the manifest of the copy that a directory came from, until the
	// box noted it in its records.
	Restored = "restored"
)

// ErrRestoring tells that a restore of the directory was cut: it must be finished
// before the directory is used.
var ErrRestoring = errors.New("medium: the restore of this directory is not finished")

// Unfinished returns ErrRestoring for a directory whose restore was cut.
func Unfinished(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, Restoring)); err == nil {
		return ErrRestoring
	}
	return nil
}

// Marked returns the copy that a directory was restored from and that the box has not
// noted yet; nil for none.
func Marked(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, Restored))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("medium: %w", err)
	}
	m, err := parse(b)
	if err != nil {
		// It says that there was a restore, which is what counts.
		return &Manifest{raw: b}, nil
	}
	return m, nil
}

// Noted removes the mark of Marked.
func Noted(dir string) error { return durable.Remove(filepath.Join(dir, Restored)) }

// Restore puts a copy into a data directory that is empty or not there, or goes on
// with one that was cut. All of it is read back and compared before the directory can
// be used. Who uses it first must note what Marked returns.
func (c *Copy) Restore(ctx context.Context, dir string, progress func(done, total int64)) error {
	return c.restore(ctx, dir, durable.OS{}, progress)
}

func (c *Copy) restore(ctx context.Context, dir string, l durable.FS, progress func(done, total int64)) error {
	if err := c.enter(dir, l); err != nil {
		return err
	}
	total, done := c.Bytes(), int64(0)
	for _, f := range c.Files {
		if err := c.putBack(ctx, f, dir, l); err != nil {
			return fmt.Errorf("medium: restore %s: %w", f.Path, cause(err))
		}
		if done += f.Size; progress != nil {
			progress(done, total)
		}
	}
	for _, f := range c.Files {
		if ok, err := c.sound(ctx, f, filepath.Join(dir, filepath.FromSlash(f.Path))); !ok {
			if whole, _ := c.sound(ctx, f, c.path(f)); c.Damaged && !whole {
				continue
			}
			return errors.Join(fmt.Errorf("%w: %w: %s", ErrNewDisk, ErrDamaged, f.Path), err)
		}
	}
	if err := durable.WriteFileFS(l, filepath.Join(dir, Restored), c.raw, 0o600); err != nil {
		return err
	}
	if err := l.Remove(filepath.Join(dir, Restoring)); err != nil {
		return err
	}
	return l.SyncDir(dir)
}

// enter begins a restore, or goes on with the same.
func (c *Copy) enter(dir string, l durable.FS) error {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mark := filepath.Join(dir, Restoring)
	id := c.ID()
	if b, err := os.ReadFile(mark); err == nil {
		if !bytes.Equal(b, id[:]) {
			return fmt.Errorf("%w: another copy was being restored", ErrInUse)
		}
		return nil
	}
	es, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("medium: %w", err)
	}
	for _, e := range es {
		if e.Name() != Restoring+durable.TempSuffix { // of a cut before anything else
			return fmt.Errorf("%w: %s", ErrInUse, e.Name())
		}
	}
	return durable.WriteFileFS(l, mark, id[:], 0o600)
}

// putBack writes a file, unless a restore before did.
func (c *Copy) putBack(ctx context.Context, f File, dir string, l durable.FS) error {
	name := filepath.Join(dir, filepath.FromSlash(f.Path))
	if ok, _ := c.sound(ctx, f, name); ok {
		return nil
	}
	if err := durable.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	whole, err := c.sound(ctx, f, c.path(f))
	switch {
	case err != nil && ctx.Err() != nil, !whole && !c.Damaged:
		return errors.Join(ErrDamaged, err)
	case !whole && filepath.Ext(name) != ".seg":
		return nil
	}
	b, _, err := c.cold.Read(ctx, c.path(f), f.Size)
	if err != nil {
		if c.Damaged {
			return nil
		}
		return err
	}
	return durable.WriteFileFS(l, name, b, 0o600)
}

// CheckKey tells whether the box whose key it is made the copy.
func (m *Manifest) CheckKey(key seal.Key) error {
	if !m.Genuine(key) {
		return ErrForged
	}
	return nil
}
