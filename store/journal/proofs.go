package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Hashes calls f with the stored hashes of the tree, for proofs about sizes that are
// saved. No other use of the tree runs beside it.
func (j *Journal) Hashes(f func(tlog.HashReader) error) error {
	if j.tree == nil {
		return fmt.Errorf("%w: journal without a tree", ErrRange)
	}
	j.treeMu.Lock()
	defer j.treeMu.Unlock()
	return f(j.tree)
}

// minPrefix is the least of a leaf hash that names an entry: 128 bits.
const minPrefix = 16

// FindLeaf returns the index of the first entry whose leaf hash, as the tree holds it,
// begins with 16 to 32 bytes. It reads the file of hashes from its beginning: 64 bytes
// an entry, for questions that people ask. ErrRange when there is none.
func (j *Journal) FindLeaf(prefix []byte) (uint64, error) {
	if len(prefix) < minPrefix || len(prefix) > hashSize || j.tree == nil {
		return 0, fmt.Errorf("%w: a leaf hash of %d bytes", ErrRange, len(prefix))
	}
	size := j.Size()
	j.treeMu.Lock()
	defer j.treeMu.Unlock()
	r := bufio.NewReaderSize(io.NewSectionReader(j.tree.file, 0, tlog.StoredHashCount(int64(size))*hashSize), 64<<10)
	var h [(1 + 64) * hashSize]byte // of one entry: its leaf and what it completes
	for i := range size {
		n := 1 + bits.TrailingZeros64(i+1)
		if _, err := io.ReadFull(r, h[:n*hashSize]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			return 0, fmt.Errorf("journal: hashes: %w", err)
		}
		if bytes.HasPrefix(h[:hashSize], prefix) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: no entry with this leaf hash", ErrRange)
}
