package db

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Held is what the centre holds of a paper in one stream, which was verified anew from
// its entries.
type Held struct {
	Finding
	Entry hub.Entry // that the paper shows
	Named bool      // the paper names this very stream, its size and its root
	Root  [32]byte  // of the stream at the paper's size; zero beyond the stream
}

// Held looks for the entry that a paper shows: in the streams of the box whose stream
// the paper names, and in all streams for one that names none. An entry that was issued
// again after a restore stands in several. see is passed every entry of the streams that
// have it, and may be nil. It reads whole streams.
func (d *DB) Held(ctx context.Context, q *clinic.PaperQR, see func(*hub.Stream, *hub.Entry) error) (out []Held, err error) {
	streams, err := d.mayHold(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range streams {
		s := &streams[i]
		index, ok, err := d.find(ctx, s, q.Leaf)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		h := Held{Finding: Finding{Box: s.Box, Epoch: s.Epoch, Size: s.Size, Root: s.Root}, Named: s.Epoch == hub.Epoch(q.Log)}
		h.Problem, err = d.checkStream(ctx, s, func(e *hub.Entry, tree memHashes) (err error) {
			if e.Index == index {
				h.Entry = *e
			}
			if e.Index+1 == q.Size {
				var root tlog.Hash
				if root, err = tlog.TreeHash(int64(q.Size), tree); err != nil {
					return err
				}
				h.Root = root
			}
			if see != nil {
				return see(s, e)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// mayHold are the streams in which a paper's entry may stand.
func (d *DB) mayHold(ctx context.Context, q *clinic.PaperQR) ([]hub.Stream, error) {
	all, err := d.Streams(ctx, "")
	if err != nil || q.Log == [8]byte{} {
		return all, err
	}
	var out []hub.Stream
	for i := range all {
		if all[i].Epoch == hub.Epoch(q.Log) {
			of, err := d.Streams(ctx, all[i].Box)
			if err != nil {
				return nil, err
			}
			out = append(out, of...)
		}
	}
	return out, nil
}

// find returns the first entry of a stream whose leaf hash begins with a prefix.
func (d *DB) find(ctx context.Context, s *hub.Stream, prefix []byte) (index uint64, ok bool, err error) {
	for from := uint64(0); ; {
		leaves, err := d.Leaves(ctx, s.Box, s.Epoch, from, 4096)
		if err != nil || len(leaves) == 0 {
			return 0, false, err
		}
		for i, l := range leaves {
			if bytes.HasPrefix(l[:], prefix) {
				return from + uint64(i), true, nil
			}
		}
		from += uint64(len(leaves))
	}
}

// Fits reports whether the stream at the paper's size is what the paper knows; false
// also for a paper of another stream.
func (h *Held) Fits(q *clinic.PaperQR) bool {
	return h.Root != [32]byte{} && bytes.HasPrefix(h.Root[:], q.Root)
}

func (h *Held) String() string { return fmt.Sprintf("%s %s:%d", h.Box, h.Epoch, h.Entry.Index) }
