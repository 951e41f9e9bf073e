package store

import (
	"bytes"
	"errors"
	"fmt"
)

// Sentinels of Holds.
var (
	// ErrLost tells that a witness knows of more entries than the journal has: a disk
	// that lied, or a copy that was put back. They are gone from this box.
	ErrLost = errors.New("store: entries that were saved are missing")
	// ErrForked tells that the journal's entries are not those that a witness knows.
	ErrForked = errors.New("store: other entries than a witness knows")
)

// Lost returns how many entries the views knew that the journals did not have any more
// when the store was opened: a disk that lied about a flush, most often.
func (s *Store) Lost() uint64 { return s.own.Lost() + s.in.Lost() }

// leastRoot is how many bytes of a root tell trees apart.
const leastRoot = 16

// Holds compares the own journal with what somebody outside knows of it (a slip, a
// receipt, a checkpoint): the size that it had, and the root of its tree then or the
// first 16 bytes or more of it. nil means that every entry under that root is here.
func (s *Store) Holds(size uint64, root []byte) error {
	if have := s.own.Size(); size > have {
		return fmt.Errorf("%w: %d, of %d that there were", ErrLost, size-have, size)
	}
	got, err := s.own.Root(size)
	if err != nil {
		return err
	}
	if len(root) < leastRoot || !bytes.HasPrefix(got[:], root) {
		return fmt.Errorf("%w: root at %d", ErrForked, size)
	}
	return nil
}
