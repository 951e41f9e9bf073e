package store

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/internal/checkpoint"
	"clinicbox/store/journal"
)

// Raw is an entry as the journal keeps it. A hole has nil Bytes.
type Raw = journal.Raw

// Bad is a stretch of a journal that was set aside.
type Bad = journal.Bad

// Log is the journal that is uploaded. All methods may be called at the same time.
type Log struct {
	j *journal.Journal
	h *heads
}

// Own returns the journal of what this box recorded.
func (s *Store) Own() *Log { return &Log{s.own, s.heads} }

// Size returns how many entries are saved.
func (l *Log) Size() uint64 { return l.j.Size() }

// Root returns the RFC 6962 tree head of the first size entries.
func (l *Log) Root(size uint64) ([32]byte, error) { return l.j.Root(size) }

// Read returns entries from an index on, at most max and about maxBytes of them,
// at least one when there is one. What can no longer be read comes as a hole: a Raw
// with nil Bytes and the leaf hash that the tree holds.
func (l *Log) Read(from uint64, max, maxBytes int) ([]Raw, error) {
	return l.j.Read(from, max, maxBytes)
}

// Grown returns a channel that is closed when the log grows next. Take it before
// Size, so that nothing is missed in between.
func (l *Log) Grown() <-chan struct{} { return l.j.Grown() }

// Find returns the index of the entry whose leaf hash begins with prefix, which has 16
// to 32 bytes. It reads the tree's file, not the views, which nobody signs.
// journal.ErrRange when there is none.
func (l *Log) Find(prefix []byte) (uint64, error) { return l.j.FindLeaf(prefix) }

// Prove returns the way from an entry's leaf hash to the root that the log had at a
// size (RFC 6962 section 2.1.1): index < size ≤ Size. checkpoint.Checkpoint.Holds
// verifies it: a damaged tree proves nothing, and check names it.
func (l *Log) Prove(index, size uint64) ([][32]byte, error) {
	return l.prove(size, func(h tlog.HashReader) ([][32]byte, error) { return checkpoint.Path(index, size, h) })
}

// Grow proves that the log at a later size still begins with what it was at an earlier
// one (RFC 6962 section 2.1.2): 0 < from ≤ to ≤ Size. checkpoint.Grew verifies it.
func (l *Log) Grow(from, to uint64) ([][32]byte, error) {
	return l.prove(to, func(h tlog.HashReader) ([][32]byte, error) { return checkpoint.Grow(from, to, h) })
}

// prove makes a proof from the tree at a size.
func (l *Log) prove(at uint64, proof func(tlog.HashReader) ([][32]byte, error)) (path [][32]byte, err error) {
	if size := l.j.Size(); at > size {
		return nil, fmt.Errorf("%w: %d of %d", journal.ErrRange, at, size)
	}
	err = l.j.Hashes(func(h tlog.HashReader) (err error) {
		path, err = proof(h)
		return err
	})
	return path, err
}

// Quarantine lists what the journals set aside: it stays on the disk and reads as
// holes.
func (s *Store) Quarantine() (own, in []journal.Bad) {
	return s.own.Quarantine(), s.in.Quarantine()
}
