package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Cold reads files from the medium itself: what the kernel holds of them in memory
// is dropped first, where the system allows it, for a page in memory proves nothing
// of the disk. The zero Cold reads as fast as it can.
type Cold struct {
	// Rate bounds the bytes a second, so that people at work notice nothing; 0 = not.
	Rate int
	// Open opens a file; nil is the system's. Tests put a bad medium here.
	Open func(path string) (ColdFile, error)
}

// ColdFile is what Cold reads from.
type ColdFile interface {
	io.ReaderAt
	io.Closer
}

// piece is what is read at once, sector what is given up when it cannot be read.
const (
	piece  = 128 << 10
	sector = 4 << 10
)

// Read returns what the file holds, at most its first max bytes (0 = all). Sectors
// that the medium does not give come as zeros: their number is bad. An error means
// that nothing could be read.
func (c Cold) Read(ctx context.Context, path string, max int64) (data []byte, bad int, err error) {
	open := c.Open
	if open == nil {
		open = openCold
	}
	fi, err := os.Stat(path)
	if err != nil {
		return nil, 0, fmt.Errorf("durable: %w", err)
	}
	size := fi.Size()
	if max > 0 && size > max {
		size = max
	}
	f, err := open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("durable: %w", err)
	}
	defer f.Close()
	data = make([]byte, size)
	for at := int64(0); at < size; at += piece {
		p := data[at:min(at+piece, size)]
		if n, err := f.ReadAt(p, at); n < len(p) && err != nil {
			bad += readSectors(f, p, at)
		}
		if err := c.wait(ctx, len(p)); err != nil {
			return nil, bad, err
		}
	}
	return data, bad, nil
}

// readSectors reads one sector after the other and leaves out those that fail.
func readSectors(f io.ReaderAt, p []byte, at int64) (bad int) {
	for n := 0; n < len(p); n += sector {
		s := p[n:min(n+sector, len(p))]
		if got, err := f.ReadAt(s, at+int64(n)); got < len(s) && err != nil {
			clear(s[got:])
			if !errors.Is(err, io.EOF) {
				bad++
			}
		}
	}
	return bad
}

// wait spreads reads over time.
func (c Cold) wait(ctx context.Context, n int) error {
	if c.Rate <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(time.Duration(n) * time.Second / time.Duration(c.Rate))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func openCold(path string) (ColdFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	Forget(f)
	return f, nil
}
