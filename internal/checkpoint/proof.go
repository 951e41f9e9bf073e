package checkpoint

import (
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/tlog"
)

// Path returns the hashes from an entry's leaf up to the root at a size (RFC 6962
// section 2.1.1). Checkpoint.Holds verifies them.
func Path(index, size uint64, hashes tlog.HashReader) ([][32]byte, error) {
	if index >= size || size > math.MaxInt64 {
		return nil, fmt.Errorf("%w: entry %d of %d", ErrProof, index, size)
	}
	path, err := tlog.ProveRecord(int64(size), int64(index), hashes)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: prove: %w", err)
	}
	return fromHashes(path), nil
}

// Holds verifies the path from an entry's leaf hash to the root. It is the caller's
// duty to have verified the checkpoint.
func (c Checkpoint) Holds(index uint64, leaf [32]byte, path [][32]byte) error {
	if index >= c.Size || c.Size > math.MaxInt64 {
		return fmt.Errorf("%w: entry %d of %d", ErrProof, index, c.Size)
	}
	if err := tlog.CheckRecord(toHashes(path), int64(c.Size), tlog.Hash(c.Root), int64(index), leaf); err != nil {
		return fmt.Errorf("%w: entry %d", ErrProof, index)
	}
	return nil
}

// Grow makes the proof that the log at a later size still begins with what it was at
// an earlier one (RFC 6962 section 2.1.2): 0 < from ≤ to.
func Grow(from, to uint64, hashes tlog.HashReader) ([][32]byte, error) {
	if from == 0 || from > to {
		return nil, fmt.Errorf("%w: from %d to %d", ErrProof, from, to)
	}
	path, err := tlog.ProveTree(int64(to), int64(from), hashes)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: prove: %w", err)
	}
	return fromHashes(path), nil
}

// Grew verifies what Grow made: both checkpoints are of one log that only grew.
func Grew(from, to Checkpoint, proof [][32]byte) error {
	if from.Origin != to.Origin || from.Size > to.Size {
		return fmt.Errorf("%w: %s %d to %s %d", ErrProof, from.Origin, from.Size, to.Origin, to.Size)
	}
	if from.Size == 0 {
		return nil // everything begins with nothing
	}
	if err := tlog.CheckTree(toHashes(proof), int64(to.Size), tlog.Hash(to.Root), int64(from.Size), tlog.Hash(from.Root)); err != nil {
		return fmt.Errorf("%w: %d does not begin with %d", ErrProof, to.Size, from.Size)
	}
	return nil
}

func fromHashes(in []tlog.Hash) [][32]byte {
	out := make([][32]byte, len(in))
	for i, h := range in {
		out[i] = h
	}
	return out
}

func toHashes(in [][32]byte) []tlog.Hash {
	out := make([]tlog.Hash, len(in))
	for i, h := range in {
		out[i] = h
	}
	return out
}
