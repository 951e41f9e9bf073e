package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
)

const hashSize = tlog.HashSize

// tree is the flat file of the tree's stored hashes, in the order of
// tlog.StoredHashIndex. It is derived from the segments: never synced with a
// commit, verified and repaired at open.
type tree struct {
	file    durable.File
	pending []tlog.Hash // of the batch in hand, behind the file's
	base    int64       // stored hashes in the file
	owed    bool        // pending is what a repair could not write: the disk was full
}

func hashesPath(dir string) string { return filepath.Join(dir, "hashes") }

func openTree(l durable.FS, dir string, readOnly bool) (*tree, error) {
	path, flag := hashesPath(dir), os.O_RDWR|os.O_CREATE
	if readOnly {
		flag = os.O_RDONLY
	}
	f, err := l.OpenFile(path, flag, 0o600)
	if readOnly && errors.Is(err, fs.ErrNotExist) {
		f, err = l.OpenFile(os.DevNull, flag, 0) // all hashes are missing
	}
	if err != nil {
		return nil, fmt.Errorf("journal: hashes: %w", err)
	}
	return &tree{file: f}, nil
}

// stored returns how many hashes the file holds.
func (t *tree) stored() (int64, error) {
	n, err := t.file.Size()
	return n / hashSize, err
}

// ReadHashes implements tlog.HashReader over file and pending hashes.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if p := x - t.base; len(t.pending) > 0 && p >= 0 {
			if p >= int64(len(t.pending)) {
				return nil, fmt.Errorf("%w: hash %d", ErrRange, x)
			}
			out[i] = t.pending[p]
			continue
		}
		if _, err := t.file.ReadAt(out[i][:], x*hashSize); err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("%w: hash %d", ErrRange, x)
			}
			return nil, err
		}
	}
	return out, nil
}

// leaf returns the leaf hash that the file holds for an entry.
func (t *tree) leaf(i uint64) (clinic.Leaf, error) {
	h, err := t.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
	if err != nil {
		return clinic.Leaf{}, err
	}
	return clinic.Leaf(h[0]), nil
}

// root returns the tree head of the first n entries (RFC 6962 section 2.1).
func (t *tree) root(n uint64) ([32]byte, error) { return rootOver(t, n) }

func rootOver(hashes tlog.HashReader, n uint64) ([32]byte, error) {
	if n == 0 {
		return sha256.Sum256(nil), nil // the empty tree
	}
	return tlog.TreeHash(int64(n), hashes)
}

// begin starts pending hashes behind the first n entries.
func (t *tree) begin(n uint64) {
	t.base = tlog.StoredHashCount(int64(n))
	t.pending = t.pending[:0]
}

// add computes the hashes that the leaf of entry i adds.
func (t *tree) add(i uint64, leaf clinic.Leaf) error {
	hs, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(leaf), t)
	if err != nil {
		return fmt.Errorf("journal: tree: %w", err)
	}
	t.pending = append(t.pending, hs...)
	return nil
}

// write moves the pending hashes into the file, without sync.
func (t *tree) write() error {
	b := make([]byte, 0, len(t.pending)*hashSize)
	for _, h := range t.pending {
		b = append(b, h[:]...)
	}
	if _, err := t.file.WriteAt(b, t.base*hashSize); err != nil {
		return err
	}
	t.base += int64(len(t.pending))
	t.pending = t.pending[:0]
	return nil
}

// settle writes what a repair could not.
func (t *tree) settle() error {
	if !t.owed {
		return nil
	}
	if err := t.write(); err != nil {
		return err
	}
	t.owed = false
	return nil
}

// stalePath marks hashes that may not be what the entries say: all of them are computed
// anew at the next open.
func stalePath(dir string) string { return hashesPath(dir) + ".stale" }

// markHashes is durable before any hash that others rest on is written anew.
func (j *Journal) markHashes() error {
	return full(durable.WriteFileFS(j.cfg.FS, stalePath(j.cfg.Dir), nil, 0o600))
}

// hashesRight ends the mark. One that stays, or comes back after a cut, costs time only.
func (j *Journal) hashesRight() {
	if err := j.cfg.FS.Remove(stalePath(j.cfg.Dir)); err != nil {
		j.log.Warn("tree hashes stay marked as wrong", "kind", j.cfg.Kind, "err", err)
	}
}

// staleHashes tells that a change of many hashes was not finished.
func (j *Journal) staleHashes() bool {
	_, err := os.Stat(stalePath(j.cfg.Dir))
	return !errors.Is(err, fs.ErrNotExist)
}

// cut shortens the file to the hashes of n entries.
func (t *tree) cut(n uint64) error {
	t.pending = t.pending[:0]
	return t.file.Truncate(tlog.StoredHashCount(int64(n)) * hashSize)
}

// lostLeaf stands in the tree for an entry that was damaged before its leaf hash
// was kept anywhere. It is the same at every repair.
func lostLeaf(kind clinic.Journal, epoch [8]byte, i uint64) clinic.Leaf {
	b := append([]byte("\x00clinicbox lost entry"), byte(kind))
	b = append(b, epoch[:]...)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, i))
}
