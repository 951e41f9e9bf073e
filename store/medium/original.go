package medium

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"clinicbox/internal/durable"
	"clinicbox/store"
)

// errOriginal tells that the box's own medium does not give a file, or gives another
// than was written. It must not be taken for trouble of the second medium.
var errOriginal = errors.New("medium: the original is damaged")

// source is what a file is read from.
type source interface {
	io.ReaderAt
	io.Closer
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// read opens the original of a file, and has its content judged where that is possible.
func (c *Copier) read(f store.SnapshotFile) (source, int64, error) {
	src, size, err := c.open(f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, err // it went away since it was listed; the next copy knows
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errOriginal, err)
	}
	if isSegment(f.Path) {
		src = weak{src}
	}
	if f.Check == nil {
		return src, size, nil
	}
	b := make([]byte, size)
	if n, rerr := src.ReadAt(b, 0); int64(n) < size {
		err = rerr
	} else {
		err = f.Check(b)
	}
	if err = errors.Join(err, src.Close()); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errOriginal, err)
	}
	return inMemory{bytes.NewReader(b)}, size, nil // what was judged, whatever comes after it
}

func (c *Copier) open(f store.SnapshotFile) (source, int64, error) {
	if f.Data != nil {
		return inMemory{bytes.NewReader(f.Data)}, int64(len(f.Data)), nil
	}
	src, err := layer(c.o.Disk).OpenFile(filepath.Join(c.o.Dir, filepath.FromSlash(f.Path)), os.O_RDONLY, 0)
	if err != nil {
		return nil, 0, err
	}
	if f.Size >= 0 {
		return src, f.Size, nil
	}
	size, err := src.Size()
	if err != nil {
		return nil, 0, errors.Join(err, src.Close())
	}
	return src, size, nil
}

// weak gives zeros for the sectors of a segment that the disk does not give: what
// stands around them shall be copied.
type weak struct{ source }

const sector = 4 << 10

// ReadAt implements io.ReaderAt; it fails as the segment does, but for bad sectors.
func (w weak) ReadAt(b []byte, at int64) (int, error) {
	n, err := w.source.ReadAt(b, at)
	if n == len(b) || !errors.Is(err, syscall.EIO) {
		return n, err
	}
	for n = 0; n < len(b); {
		p := b[n:min(int64(n)+sector-(at+int64(n))%sector, int64(len(b)))]
		m, err := w.source.ReadAt(p, at+int64(n))
		if errors.Is(err, syscall.EIO) {
			clear(p[m:])
			m, err = len(p), nil
		}
		if n += m; m < len(p) {
			return n, err
		}
	}
	return n, nil
}

var _ durable.ColdFile = weak{}
