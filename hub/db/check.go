package db

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// Finding is what Check found in one stream.
type Finding struct {
	Box     string
	Epoch   hub.Epoch
	Size    uint64
	Root    [32]byte
	Problem string // "" = all fits together
}

// Check recomputes every stream's tree from its entries and compares leaves,
// stored hashes, size and root. It returns one finding a stream; err only when
// the database cannot be read.
func (d *DB) Check(ctx context.Context) ([]Finding, error) {
	boxes, err := d.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, b := range boxes {
		streams, err := d.Streams(ctx, b.Name)
		if err != nil {
			return out, err
		}
		for i := range streams {
			s := &streams[i]
			f := Finding{Box: s.Box, Epoch: s.Epoch, Size: s.Size, Root: s.Root}
			if f.Problem, err = d.checkStream(ctx, s, nil); err != nil {
				return out, err
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// seen is passed an entry of a stream and the tree that it completes.
type seen func(e *hub.Entry, tree memHashes) error

func (d *DB) checkStream(ctx context.Context, s *hub.Stream, see seen) (problem string, err error) {
	var mem memHashes
	next := uint64(0)
	for next < s.Size { // what a running hub adds meanwhile is not looked at
		es, err := d.Entries(ctx, s.Box, s.Epoch, next, int(min(512, s.Size-next)))
		if err != nil {
			return "", err
		}
		for i := range es {
			if p := checkEntry(&es[i], next); p != "" {
				return p, nil
			}
			hs, err := tlog.StoredHashesForRecordHash(int64(next), tlog.Hash(es[i].Leaf), mem)
			if err != nil {
				return "", err
			}
			mem = append(mem, hs...)
			next++
			if see != nil {
				if err := see(&es[i], mem); err != nil {
					return "", err
				}
			}
		}
		if len(es) == 0 {
			return fmt.Sprintf("%d entries, the stream says %d", next, s.Size), nil
		}
	}
	if p, err := d.beyond(ctx, s); p != "" || err != nil {
		return p, err
	}
	if p, err := d.compareHashes(ctx, s, mem); p != "" || err != nil {
		return p, err
	}
	root, err := tlog.TreeHash(int64(s.Size), mem)
	if err != nil {
		return "", err
	}
	if root != tlog.Hash(s.Root) && s.Size > 0 {
		return "the entries hash to another root than the stream says", nil
	}
	return "", nil
}

// beyond finds entries that the stream's size does not cover.
func (d *DB) beyond(ctx context.Context, s *hub.Stream) (string, error) {
	var n int
	err := d.r.QueryRowContext(ctx, `SELECT count(*) FROM entries e JOIN streams s ON s.id=e.stream
		WHERE s.box=? AND s.epoch=? AND e.idx>=s.size`, s.Box, s.Epoch[:]).Scan(&n)
	if n > 0 {
		return fmt.Sprintf("%d entries beyond the stream's size", n), err
	}
	return "", wrap("check", err)
}

func checkEntry(e *hub.Entry, want uint64) string {
	if e.Index != want {
		return fmt.Sprintf("entry %d is missing", want)
	}
	if e.Bytes != nil && entry.LeafHash(entry.Salt(e.Salt), e.Bytes) != e.Leaf {
		return fmt.Sprintf("entry %d does not hash to its leaf", want)
	}
	return ""
}

func (d *DB) compareHashes(ctx context.Context, s *hub.Stream, mem memHashes) (string, error) {
	for from := 0; from < len(mem); from += 4096 {
		var pos []int64
		for p := from; p < min(from+4096, len(mem)); p++ {
			pos = append(pos, int64(p))
		}
		stored, err := d.Hashes(ctx, s.Box, s.Epoch, pos)
		if err != nil {
			return "", err
		}
		for i, h := range stored {
			if tlog.Hash(h) != mem[from+i] {
				return fmt.Sprintf("stored tree hash %d is wrong", from+i), nil
			}
		}
	}
	return "", nil
}

// memHashes is a tree's stored hashes in memory: 64 bytes an entry.
type memHashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (m memHashes) ReadHashes(pos []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(pos))
	for i, p := range pos {
		if p < 0 || p >= int64(len(m)) {
			return nil, ErrDamaged
		}
		out[i] = m[p]
	}
	return out, nil
}
