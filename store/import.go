package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// Sentinels of importing, for callers that decide on them.
var (
	// ErrNotEmpty tells that the directory has records: nothing was changed.
	ErrNotEmpty = errors.New("store: there are records already")
	// ErrImport tells that an import was cut off: it must be run again.
	ErrImport = errors.New("store: an import was cut off")
	// ErrOther tells that the entries have not the sizes and roots that they must have.
	ErrOther = errors.New("store: imported entries have another root")
)

// Received returns the journal of what this box was sent.
func (s *Store) Received() *Log { return &Log{j: s.in} }

// Imported is an entry of another store. One of which only the leaf hash is known has
// nil Bytes.
type Imported struct {
	Journal clinic.Journal
	Salt    entry.Salt
	Bytes   []byte
	Leaf    clinic.Leaf
}

// Import is what a new store takes over from another: the store goes on as that one.
type Import struct {
	Epoch   [8]byte
	Own, In Head
	// Entries are those of own in order, then those of in. Its memory may be used again.
	Entries iter.Seq2[Imported, error]
}

// importing is the folder in which an import works: the records are there when own is.
func importing(dir string) string { return filepath.Join(dir, "importing") }

// unfinished refuses a directory in which an import was cut off, and clears what a
// finished one left.
func unfinished(dir string) error {
	if !exists(importing(dir)) {
		return nil
	}
	if !exists(filepath.Join(dir, "own")) {
		return ErrImport
	}
	_ = os.RemoveAll(importing(dir)) // on a read-only disk it stays, and means nothing
	return nil
}

// ImportTo makes the store of a directory that has none. Each entry keeps bytes, salt,
// leaf hash and place, so the own journal has the root that it had. Nothing is there
// before everything is, and is what in says: a cut or an error leaves an import to be
// run again.
func ImportTo(ctx context.Context, o Options, in Import) (err error) {
	o.defaults()
	if err := durable.MkdirAll(o.Dir, 0o700); err != nil {
		return err
	}
	l, err := takeLock(o.Dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.release(err == nil)) }()
	if err := emptied(o.Dir); err != nil {
		return err
	}
	s := &Store{o: o, log: o.Log, epoch: epoch{Epoch: in.Epoch}}
	if ring, err := s.openRing(); err != nil || ring.lost != nil {
		return errors.Join(err, ring.lost)
	}
	if err := s.fill(ctx, in); err != nil {
		return errors.Join(err, os.RemoveAll(importing(o.Dir)))
	}
	if err := durable.WriteFile(epochPath(o.Dir), s.epoch.encode(), 0o600); err != nil {
		return err
	}
	for _, name := range []string{"in", "own"} { // own last: from then on the records are there
		if err := durable.Rename(filepath.Join(importing(o.Dir), name), filepath.Join(o.Dir, name)); err != nil {
			return err
		}
	}
	return os.RemoveAll(importing(o.Dir))
}

// emptied refuses a directory with records, and removes what a cut import left.
func emptied(dir string) error {
	cut := exists(importing(dir))
	if exists(filepath.Join(dir, "own")) || !cut && (exists(filepath.Join(dir, "in")) || exists(epochPath(dir))) {
		return ErrNotEmpty
	}
	return errors.Join(os.RemoveAll(importing(dir)), os.RemoveAll(filepath.Join(dir, "in")))
}

// fill writes both journals beside their place.
func (s *Store) fill(ctx context.Context, in Import) error {
	heads := map[clinic.Journal]Head{clinic.Own: in.Own, clinic.In: in.In}
	var into [2]*importer
	defer func() {
		for _, x := range into {
			if x != nil {
				_ = x.j.Close() // after an error, or again
			}
		}
	}()
	for kind := range heads {
		c := s.journal(kind, meta{})
		c.Dir = filepath.Join(importing(s.o.Dir), filepath.Base(c.Dir))
		j, err := journal.Open(c)
		if err != nil {
			return err
		}
		into[kind-clinic.Own] = &importer{j: j, own: kind == clinic.Own}
	}
	for e, err := range in.Entries {
		if err = errors.Join(err, ctx.Err()); err == nil {
			err = into[e.Journal-clinic.Own].add(e)
		}
		if err != nil {
			return err
		}
	}
	for kind, want := range heads {
		if err := into[kind-clinic.Own].finish(want); err != nil {
			return err
		}
	}
	return nil
}

// importer writes one journal in batches.
type importer struct {
	j     *journal.Journal
	own   bool
	batch *journal.Batch
	act   []journal.Entry // entries of one act: they survive together
	id    clinic.ID
}

// importBatch is when a batch is committed.
const importBatch = 1000

func (x *importer) add(e Imported) (err error) {
	if e.Bytes != nil && entry.LeafHash(e.Salt, e.Bytes) != e.Leaf {
		return fmt.Errorf("%w: an entry has another leaf", ErrOther)
	}
	var id clinic.ID
	if x.own && e.Bytes != nil {
		r, err := entry.DecodeIf(e.Bytes, clinic.Ref{}, e.Leaf, func(clinic.Kind) bool { return false })
		if err == nil {
			id = r.Act
		}
	}
	if len(x.act) > 0 && (id.IsZero() || id != x.id || len(x.act) == desk.MostDrafts) {
		if err := x.flush(); err != nil {
			return err
		}
	}
	if x.batch == nil {
		if x.batch, err = x.j.Begin(); err != nil {
			return err
		}
	}
	if e.Bytes == nil {
		return x.batch.AddHole(e.Leaf)
	}
	salt := e.Salt
	x.act, x.id = append(x.act, journal.Entry{Bytes: append([]byte(nil), e.Bytes...), Salt: &salt}), id
	return nil
}

// flush adds the act in hand, and commits a full batch.
func (x *importer) flush() error {
	if x.batch == nil {
		return nil
	}
	if _, err := x.batch.Add(x.act); err != nil {
		return err
	}
	x.act = x.act[:0]
	if x.batch.Size()-x.j.Size() < importBatch && x.batch.Bytes() < maxBatchBytes {
		return nil
	}
	return x.commit()
}

func (x *importer) commit() error {
	b := x.batch
	x.batch = nil
	return b.Commit()
}

// finish makes everything durable and compares it with what it must be.
func (x *importer) finish(want Head) error {
	if err := x.flush(); err != nil {
		return err
	}
	if x.batch != nil {
		if err := x.commit(); err != nil {
			return err
		}
	}
	if x.j.Size() != want.Size {
		return fmt.Errorf("%w: %d entries, %d expected", ErrOther, x.j.Size(), want.Size)
	}
	if root, err := x.j.Root(want.Size); err != nil || root != want.Root {
		return errors.Join(ErrOther, err)
	}
	return x.j.Close()
}
