package store

import (
	"context"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/durable"
)

// ErrLives tells that the own journal parted from what the centre holds too often: a
// person has to find out why.
var ErrLives = errors.New("store: the journal began anew too often")

// Turn begins a new epoch of the own journal, whose first size entries are those of the
// epoch from: what it holds beyond them is not what others know of that epoch. Nothing
// of the journal changes: entries keep bytes, salts, leaf hashes and places, and what
// comes next stands in a new segment. When from is not the present epoch any more, it
// was turned before and nothing happens. Durable on return. After an error it is turned
// or not.
//
// A crash after the epoch's file was written leaves views of the epoch before, which
// the next open builds anew.
func (s *Store) Turn(ctx context.Context, from [8]byte, size uint64) error {
	return s.between(ctx, func() error {
		if s.frozen {
			return ErrReadOnly
		}
		e := s.line()
		if e.Epoch != from {
			return nil
		}
		if len(e.lives()) >= maxLives {
			return ErrLives
		}
		root, err := s.own.Root(size)
		if err != nil {
			return err
		}
		e.turn(size, root)
		if err := durable.WriteFile(epochPath(s.o.Dir), e.encode(), 0o600); err != nil {
			return fmt.Errorf("store: epoch: %w", err)
		}
		s.setLine(e)
		s.own.SetEpoch(e.Epoch)
		s.heads.turn(checkpoint.Origin(s.o.Box, e.Epoch))
		return s.ownViews(e.Epoch)
	})
}

// ownViews makes the views those of an epoch.
func (s *Store) ownViews(e [8]byte) error {
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("%w: views: %w", ErrFatal, err)
	}
	kv := &txKV{tx: tx}
	var m meta
	m.decode(kv.get(tMeta, metaKey()))
	m.epoch = e
	kv.putMeta(m)
	if kv.err != nil {
		return errors.Join(kv.err, tx.Rollback())
	}
	if err := s.commit(tx); err != nil {
		return fmt.Errorf("%w: %w", ErrFatal, err)
	}
	return nil
}

// line returns epoch and incarnation; they change only by Turn.
func (s *Store) line() epoch {
	s.epochs.Lock()
	defer s.epochs.Unlock()
	return s.epoch
}

func (s *Store) setLine(e epoch) {
	s.epochs.Lock()
	defer s.epochs.Unlock()
	s.epoch = e
}

// Lives lists the epochs before the present one, oldest first.
func (s *Store) Lives() []Life {
	e := s.line()
	return e.lives()
}

// HoldsOf is Holds for what somebody knows of an epoch, the present one or one before;
// ok is false for an epoch that the journal never was, or of which it does not have what
// the witness knows: it ended before.
func (s *Store) HoldsOf(h clinic.TreeHead) (ok bool, err error) {
	e := s.line()
	if h.Log == e.Epoch {
		return true, s.Holds(h.Size, h.Root)
	}
	for _, l := range e.lives() {
		if l.Epoch == h.Log && h.Size <= l.Size {
			return true, s.Holds(h.Size, h.Root)
		}
	}
	return false, nil
}
