package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/store/journal"
)

// Audited is what Audit found. Its hashes, roots and proofs rest on trees that were
// computed anew from the entries, not on anything stored.
type Audited struct {
	Report
	Epoch        [8]byte
	SignedNote   []byte // the newest checkpoint that this box signed; nil = none
	CosignedNote []byte // the newest that the centre cosigned; nil = none

	trees [2]*journal.Verifier // own, in
}

// Audit is Check without views and blobs: it reads both journals from end to end, with
// every entry to Options.Seen.
func Audit(ctx context.Context, o Options) (Audited, error) {
	return audit(ctx, o, func(*Store, context.Context, *Report, meta, error) error { return nil })
}

// audit verifies the journals of a closed store, and then what rests on them.
func audit(ctx context.Context, o Options, then func(*Store, context.Context, *Report, meta, error) error) (a Audited, err error) {
	o.defaults()
	if _, err := os.Stat(o.Dir); err != nil {
		return a, fmt.Errorf("store: %w", err)
	}
	if exists(importing(o.Dir)) && !exists(filepath.Join(o.Dir, "own")) {
		return a, ErrImport
	}
	l, err := takeLock(o.Dir, o.Frozen)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, l.release(false)) }()
	s := &Store{o: o, log: o.Log}
	if err := s.checkRing(&a.Report); err != nil {
		return a, err
	}
	if s.epoch, err = loadEpoch(o.Dir); err != nil {
		a.problem("epoch: %v", err)
	}
	a.Epoch = s.epoch.Epoch
	var m meta
	verr := guard(func() error {
		s.db, m, err = openViews(viewsPath(o.Dir), true)
		return err
	})
	if s.db != nil {
		defer s.db.Close()
	}
	if s.own, err = journal.Open(readOnly(s.journal(clinic.Own, m))); err != nil {
		return a, checkFailed(&a.Report, "own", err)
	}
	defer s.own.Close()
	if s.in, err = journal.Open(readOnly(s.journal(clinic.In, m))); err != nil {
		return a, checkFailed(&a.Report, "in", err)
	}
	defer s.in.Close()
	a.Own, a.In = s.own.Size(), s.in.Size()
	a.unturned(s.own.Turned(), s.in.Turned())
	a.trees[0] = a.checkJournal(ctx, s.own, clinic.Own, o.Seen)
	a.trees[1] = a.checkJournal(ctx, s.in, clinic.In, o.Seen)
	if ctx.Err() != nil {
		return a, ctx.Err()
	}
	a.OwnRoot, _ = a.Root(a.Own)
	if err := a.checkpoints(s); err != nil {
		return a, err
	}
	return a, errors.Join(then(s, ctx, &a.Report, m, verr), ctx.Err())
}

// checkpoints compares what was signed with the tree that was computed.
func (a *Audited) checkpoints(s *Store) error {
	if err := s.openCheckpoints(a.Root, true); err != nil {
		return err
	}
	defer s.heads.close()
	if s.heads.slots == nil {
		return nil
	}
	a.SignedNote, a.CosignedNote = s.heads.slots.notes[signedSort], s.heads.slots.notes[cosignedSort]
	if c, err := checkpoint.Unverified(a.SignedNote); err == nil {
		a.Signed = c.Size
	}
	if c, err := checkpoint.Unverified(a.CosignedNote); err == nil {
		a.Cosigned = c.Size
	}
	for _, r := range s.heads.rewound {
		a.problem("own: checkpoint: %s", r.Why)
	}
	return nil
}

// Root returns the RFC 6962 tree head of the first size entries of the own journal;
// journal.ErrRange beyond it.
func (a *Audited) Root(size uint64) ([32]byte, error) {
	if a.trees[0] == nil || size > a.Own {
		return [32]byte{}, fmt.Errorf("%w: root at %d of %d", journal.ErrRange, size, a.Own)
	}
	return a.trees[0].Root(size)
}

// Path returns the way from an own entry's leaf hash to the root at a size (RFC 6962
// section 2.1.1); journal.ErrRange beyond the journal.
func (a *Audited) Path(index, size uint64) ([][32]byte, error) {
	if a.trees[0] == nil || size > a.Own {
		return nil, fmt.Errorf("%w: root at %d of %d", journal.ErrRange, size, a.Own)
	}
	return checkpoint.Path(index, size, a.trees[0])
}

// Leaf returns the leaf hash of an entry, also of one that can no longer be read: then
// it is the one that the stored tree has. journal.ErrRange when there is none.
func (a *Audited) Leaf(ref clinic.Ref) (clinic.Leaf, error) {
	return a.tree(ref.Journal).Leaf(ref.Index)
}

// Find returns the first entry, of own and then of in, whose leaf hash begins with
// prefix; false when there is none.
func (a *Audited) Find(prefix []byte) (clinic.Ref, bool) {
	for _, kind := range []clinic.Journal{clinic.Own, clinic.In} {
		if index, ok := a.tree(kind).Find(prefix); ok {
			return clinic.Ref{Journal: kind, Index: index}, true
		}
	}
	return clinic.Ref{}, false
}

// tree is that of a journal, an empty one where it could not be opened.
func (a *Audited) tree(kind clinic.Journal) *journal.Verifier {
	t := a.trees[0]
	if kind == clinic.In {
		t = a.trees[1]
	}
	if t != nil {
		return t
	}
	return new(journal.Verifier)
}
