package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
)

// segment is one open segment file.
type segment struct {
	header
	path    string
	file    durable.File // nil: the file is missing or its header is lost
	block   []byte       // the header as it is on disk
	offsets []uint32     // of each place; 0 = not readable
	end     int64        // behind the last frame that counts
	alloc   int64        // size of the file: zeros from end on
	bad     []span
	leaves  []clinic.Leaf // from the offsets file, once a hole asked; guarded by treeMu
	asked   bool
	scanned bool // the offsets file did not serve
}

func segmentPath(dir string, n uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%08d.seg", n))
}

func offsetsPath(dir string, n uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%08d.idx", n))
}

func (g *segment) next() uint64 { return g.first + uint64(len(g.offsets)) }

// createSegment makes a segment file with its header, and before it the offsets
// file with a copy: two copies in one block are lost together. A crash here leaves
// a temporary file, an offsets file too many, or a segment without frames.
func createSegment(l durable.FS, dir string, h header) (*segment, error) {
	g := &segment{header: h, path: segmentPath(dir, h.segment), block: h.encode(), end: headerSize, alloc: headerSize}
	spare := encodeOffsets(g, nil)
	if err := durable.WriteFileFS(l, offsetsPath(dir, h.segment), spare, 0o600); err != nil {
		return nil, err
	}
	if err := durable.WriteFileFS(l, g.path, g.block, 0o600); err != nil {
		return nil, err
	}
	f, err := l.OpenFile(g.path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	g.file = f
	return g, nil
}

// readAll returns the whole file. Sectors that the disk cannot read come as bytes that
// are neither frames nor the end of the journal: what was in them is damaged, and the
// rest of the segment serves.
func (g *segment) readAll() ([]byte, error) {
	n, err := g.file.Size()
	if err != nil {
		return nil, err
	}
	return g.readSome(0, n)
}

const (
	readPiece  = 4096
	unreadable = 0xff
)

// readSome is readAll for n bytes from an offset on; fewer when the file ends.
func (g *segment) readSome(off, n int64) ([]byte, error) {
	b := make([]byte, n)
	m, err := g.file.ReadAt(b, off)
	if err == nil || errors.Is(err, io.EOF) {
		return b[:m], nil
	}
	if !errors.Is(err, syscall.EIO) {
		return nil, fmt.Errorf("journal: %s: %w", filepath.Base(g.path), err)
	}
	for at := int64(0); at < n; at += readPiece {
		piece := b[at:min(at+readPiece, n)]
		m, err := g.file.ReadAt(piece, off+at)
		if errors.Is(err, io.EOF) {
			return b[:at+int64(m)], nil
		}
		if err != nil {
			for i := range piece {
				piece[i] = unreadable
			}
		}
	}
	return b, nil
}

// usual is how much of a frame is read at first: most entries fit.
const usual = 1 << 10

// get reads the entry at a place. ok is false for what cannot be read.
func (g *segment) get(place uint32) (r Raw, ok bool) {
	off := g.offsets[place]
	if off == 0 || g.file == nil {
		return r, false
	}
	b := make([]byte, usual)
	n, err := g.file.ReadAt(b, int64(off)) // a short read shows in the frame's sum
	if err != nil && !errors.Is(err, io.EOF) {
		n, _ = g.file.ReadAt(b, int64(off)) // a weak sector may answer the second time
	}
	f, want, ok := parseFrame(b[:n])
	if !ok && want > n && n == len(b) {
		b = make([]byte, want)
		n, _ = g.file.ReadAt(b, int64(off))
		f, _, ok = parseFrame(b[:n])
	}
	if !ok || f.place != place {
		return r, false
	}
	return g.opener().open(f)
}

// each calls fn with every place in order; ok is false for what cannot be read.
// The file is read at once: this is for scans of everything. The entry's bytes hold
// until fn returns.
func (g *segment) each(fn func(place uint32, r Raw, ok bool) error) error {
	var data []byte
	if g.file != nil {
		var err error
		if data, err = g.readAll(); err != nil {
			return err
		}
	}
	o := g.opener()
	for place, off := range g.offsets {
		var r Raw
		f, ok := frameAt(data, int64(off))
		ok = ok && off != 0 && f.place == uint32(place)
		if ok {
			r, ok = o.open(f)
		}
		if err := fn(uint32(place), r, ok); err != nil {
			return err
		}
	}
	return nil
}
