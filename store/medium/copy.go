package medium

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"clinicbox/internal/durable"
)

// Copy is a copy on a medium that its manifest says to be whole.
type Copy struct {
	Manifest
	// Damaged lets Restore take what there is of a copy that is not whole: segments as
	// they are, whose lost entries become holes, and no other file that is damaged.
	Damaged bool

	dir  string // the folder clinicbox-copy
	cold durable.Cold
}

// Find reads which copy a medium holds: the folder To of the options, or the folder
// clinicbox-copy itself. It believes the manifest; Verify does not.
func Find(to string, cold durable.Cold) (*Copy, error) {
	dir := filepath.Join(to, Folder)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && filepath.Base(filepath.Clean(to)) == Folder {
		dir = filepath.Clean(to)
	}
	if _, err := os.Stat(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNone
		}
		return nil, cause(err)
	}
	ms, err := manifests(context.Background(), dir)
	if len(ms) == 0 {
		return nil, errors.Join(ErrNone, err)
	}
	return &Copy{Manifest: *ms[0], dir: dir, cold: cold}, nil
}

// manifests returns those that can be read, the newest first; an error tells of one
// that cannot.
func manifests(ctx context.Context, dir string) (out []*Manifest, bad error) {
	for _, slot := range []string{slotA, slotB} {
		b, _, err := durable.Cold{}.Read(ctx, manifestPath(dir, slot), maxManifest+1)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var m *Manifest
		if err == nil {
			m, err = parse(b)
		}
		if err != nil {
			bad = errors.Join(bad, err)
			continue
		}
		out = append(out, m)
	}
	if len(out) == 2 && out[1].Count > out[0].Count {
		out[0], out[1] = out[1], out[0]
	}
	return out, bad
}

func (c *Copy) path(f File) string { return placeOf(c.dir, f) }

// Read returns a file of the copy. A MiB that is not as it was written is zeros.
func (c *Copy) Read(ctx context.Context, file string) ([]byte, error) {
	f, ok := c.file(file)
	if !ok {
		return nil, fmt.Errorf("medium: %s: %w", file, fs.ErrNotExist)
	}
	b, _, err := c.cold.Read(ctx, c.path(f), f.Size)
	if err != nil {
		return nil, cause(err)
	}
	b = append(b, make([]byte, max(f.Size-int64(len(b)), 0))...)
	for i, want := range f.Chunks {
		if p := chunk(b, i); !same(p, want) {
			clear(p)
		}
	}
	return b, nil
}

func chunk(b []byte, i int) []byte { return b[i*chunkSize : min((i+1)*chunkSize, len(b))] }

func same(p, sum []byte) bool {
	got := sha256.Sum256(p)
	return bytes.Equal(got[:], sum)
}

// Verify reads every byte of the copy from the medium. It returns the files that are
// not as they were written, and ErrDamaged when there are any.
func (c *Copy) Verify(ctx context.Context, progress func(done, total int64)) (bad []string, err error) {
	total, done := c.Bytes(), int64(0)
	for _, f := range c.Files {
		ok, err := c.sound(ctx, f, c.path(f))
		if err != nil && ctx.Err() != nil {
			return bad, err
		}
		if !ok {
			bad = append(bad, f.Path)
		}
		if done += f.Size; progress != nil {
			progress(done, total)
		}
	}
	if len(bad) > 0 {
		return bad, fmt.Errorf("%w: %d files, the first is %s", ErrDamaged, len(bad), bad[0])
	}
	return nil, nil
}

// sound tells whether a file is what the manifest says.
func (c *Copy) sound(ctx context.Context, f File, path string) (bool, error) {
	fi, err := os.Stat(path)
	if err != nil || fi.Size() < f.Size {
		return false, err
	}
	b, bad, err := c.cold.Read(ctx, path, f.Size)
	if err != nil || bad > 0 {
		return false, err
	}
	for i, want := range f.Chunks {
		if !same(chunk(b, i), want) {
			return false, nil
		}
	}
	return true, nil
}
