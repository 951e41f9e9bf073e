package store

import "clinicbox/store/journal"

// Raw is an entry as the journal keeps it. A hole has nil Bytes.
type Raw = journal.Raw

// Bad is a stretch of a journal that was set aside.
type Bad = journal.Bad

// Log is the journal that is uploaded. All methods may be called at the same time.
type Log struct{ j *journal.Journal }

// Own returns the journal of what this box recorded.
func (s *Store) Own() *Log { return &Log{s.own} }

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

// Quarantine lists what the journals set aside: it stays on the disk and reads as
// holes.
func (s *Store) Quarantine() (own, in []journal.Bad) {
	return s.own.Quarantine(), s.in.Quarantine()
}
