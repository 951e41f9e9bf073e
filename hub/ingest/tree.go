package ingest

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// tree computes with the stored hashes of one stream and those of entries that
// are not stored yet.
type tree struct {
	ctx   context.Context
	db    Ledger
	box   string
	epoch hub.Epoch
	edge  map[int64]tlog.Hash // right edge of the stored tree
	first int64               // position of fresh[0]
	fresh []tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(pos []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(pos))
	var ask []int64
	for i, p := range pos {
		if p >= t.first && p < t.first+int64(len(t.fresh)) {
			out[i] = t.fresh[p-t.first]
		} else if h, ok := t.edge[p]; ok {
			out[i] = h
		} else {
			ask = append(ask, p)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	stored, err := t.db.Hashes(t.ctx, t.box, t.epoch, ask)
	if err != nil {
		return nil, err
	}
	for i, p := range pos {
		if len(ask) > 0 && p == ask[0] {
			out[i], ask, stored = stored[0], ask[1:], stored[1:]
		}
	}
	return out, nil
}

// grow adds leaves to a tree of n and returns the new root.
func (t *tree) grow(n uint64, leaves []clinic.Leaf) (root tlog.Hash, err error) {
	t.first = tlog.StoredHashCount(int64(n))
	for _, l := range leaves {
		hs, err := tlog.StoredHashesForRecordHash(int64(n), tlog.Hash(l), t)
		if err != nil {
			return root, err
		}
		t.fresh = append(t.fresh, hs...)
		n++
	}
	return tlog.TreeHash(int64(n), t)
}

// edgeOf returns the hashes that growing a tree of n ever needs: the roots of its
// perfect subtrees, at most 63.
func (t *tree) edgeOf(n uint64) (map[int64]tlog.Hash, error) {
	var pos []int64
	for level := range 63 {
		if n>>level&1 == 1 {
			pos = append(pos, tlog.StoredHashIndex(level, int64(n>>level)-1))
		}
	}
	hs, err := t.ReadHashes(pos)
	if err != nil {
		return nil, err
	}
	edge := make(map[int64]tlog.Hash, len(pos))
	for i, p := range pos {
		edge[p] = hs[i]
	}
	return edge, nil
}

func (t *tree) hashes() []hub.Hash {
	out := make([]hub.Hash, len(t.fresh))
	for i, h := range t.fresh {
		out[i] = hub.Hash{Pos: t.first + int64(i), Hash: h}
	}
	return out
}
