package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"clinicbox/clinic"
	"clinicbox/store/journal"
	"clinicbox/store/search"
)

// openViews opens the views when there is a usable file and returns its cursors.
// It leaves s.db nil when they must be built anew.
func (s *Store) openViews(ctx context.Context, unclean bool) (meta, error) {
	path := viewsPath(s.o.Dir)
	if _, err := os.Stat(path); err != nil {
		return meta{}, nil
	}
	if s.Stale() {
		s.log.Warn("views were found damaged and are built anew")
		return meta{}, nil
	}
	if unclean && s.o.Probe != nil {
		if err := s.o.Probe(ctx, path); err != nil {
			s.log.Warn("views are suspect after an unclean stop and are built anew", "err", err)
			return meta{}, ctx.Err()
		}
	}
	db, m, err := openViews(path, s.frozen)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return meta{}, ErrLocked
	case err != nil:
		s.log.Warn("views cannot be used and are built anew", "err", err)
		return meta{}, nil
	case m.epoch != s.epoch.Epoch:
		s.log.Warn("views belong to another epoch and are built anew")
		return meta{}, db.Close()
	}
	s.db = db
	return m, nil
}

// agree reports whether the views' cursors and roots are of these journals.
func agree(m meta, own, in *journal.Journal) bool {
	if m.own > own.Size() || m.in > in.Size() {
		return false
	}
	ownRoot, err1 := own.Root(m.own)
	inRoot, err2 := in.Root(m.in)
	return err1 == nil && err2 == nil && ownRoot == m.ownRoot && inRoot == m.inRoot
}

// applyAtMost is how many entries the views may lag behind before building them
// anew is the faster way.
const applyAtMost = 20_000

// recover brings the views up to the journals.
func (s *Store) recover(ctx context.Context, m meta) error {
	why := ""
	switch {
	case s.db == nil:
	case m.key != s.ring.Newest().ID():
		why = "views are hashed under an older key"
	case !agree(m, s.own, s.in):
		why = "views disagree with the journals"
	}
	if why != "" {
		s.log.Warn(why + " and are built anew")
		if err := guard(s.db.Close); err != nil {
			s.log.Warn("closing the views", "err", err)
		}
		s.db = nil
	}
	if s.db == nil {
		return s.rebuild(ctx)
	}
	missing := s.own.Size() - m.own + s.in.Size() - m.in
	if missing > applyAtMost || missing > 0 && s.frozen {
		err := s.db.Close()
		s.db = nil
		return errors.Join(err, s.rebuild(ctx))
	}
	s.hlc = m.hlc
	if missing == 0 {
		return nil
	}
	s.log.Info("views catch up", "entries", missing)
	err := guard(func() error { return s.catchUp(m) })
	if errors.Is(err, errFault) {
		s.log.Warn("views are damaged and are built anew", "err", err)
		s.db = nil // its mutexes may be held for ever
		return s.rebuild(ctx)
	}
	if err != nil {
		s.log.Error("views cannot be brought up to date", "err", err)
		_ = s.db.Close() // given up
		s.db = nil
		return s.rebuild(ctx)
	}
	return nil
}

// catchUp applies what the cursors miss, in one transaction.
func (s *Store) catchUp(m meta) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		x := &txKV{tx: tx}
		a := applier{kv: x, tokens: s.tokens, hlc: m.hlc}
		for _, j := range []struct {
			kind clinic.Journal
			log  *journal.Journal
			from uint64
		}{{clinic.Own, s.own, m.own}, {clinic.In, s.in, m.in}} {
			for i := j.from; i < j.log.Size(); i++ {
				r, err := j.log.Get(i)
				if err != nil {
					return err
				}
				s.blind = s.blind || r.Hole()
				if !r.Hole() {
					rec := decodeHead(j.kind, &r)
					a.apply(&rec)
				}
			}
		}
		s.hlc = a.hlc
		rows := m.rows
		m, err := s.metaNow()
		if err != nil {
			return err
		}
		m.rows = rows
		x.putMeta(m)
		return x.err
	})
}

// metaNow is the row of tMeta for views that have everything, but for the rows.
func (s *Store) metaNow() (m meta, err error) {
	m = meta{own: s.own.Size(), in: s.in.Size(), hlc: s.hlc, epoch: s.epoch.Epoch, key: s.ring.Newest().ID()}
	if m.ownRoot, err = s.own.Root(m.own); err != nil {
		return m, err
	}
	m.inRoot, err = s.in.Root(m.in)
	return m, err
}

// rebuild makes the views anew beside the old file.
func (s *Store) rebuild(ctx context.Context) error {
	src := source{
		own: s.own, in: s.in, tokens: s.tokens, done: s.o.Progress,
		upTo: meta{own: s.own.Size(), in: s.in.Size()},
	}
	if n := src.upTo.own + src.upTo.in; n > 0 {
		s.log.Info("views are built anew", "entries", n)
	}
	s.blind = true
	b, hlc, err := src.compute(ctx)
	if err != nil {
		return fmt.Errorf("store: rebuild: %w", err)
	}
	s.hlc = hlc
	m, err := s.metaNow()
	if err != nil {
		return err
	}
	path := viewsPath(s.o.Dir)
	if s.frozen {
		s.db, err = b.inMemory(m)
		return err
	}
	if err = b.build(path, m); err == nil {
		s.notStale()
		s.db, _, err = openViews(path, false)
	}
	if err != nil { // a full disk, most often: people must be able to read all the same
		s.log.Error("views cannot be written; they stay in memory until the next start", "err", err)
		s.db, err = b.inMemory(m)
	}
	return err
}

// Blind reports whether the views were made, when the store was opened, from what could
// be read then: of entries that once could they know nothing, nor of their numbers.
func (s *Store) Blind() bool { return s.blind }

// loadIndexes fills the indexes that live in memory only.
func (s *Store) loadIndexes() error {
	return guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			r := &reader{s: s, kv: &txKV{tx: tx}}
			err := r.eachCurrent(clinic.KindPatient, func(id clinic.ID, rec *clinic.Record) {
				s.index(rec)
			})
			if err != nil {
				return err
			}
			return r.eachCatalog(s.index)
		})
	})
}

// index puts a current record into the indexes in memory.
func (s *Store) index(r *clinic.Record) {
	if r.Body == nil {
		if raw, err := s.logOf(r.Ref.Journal).Get(r.Ref.Index); err == nil && !raw.Hole() {
			rec := decodeHead(r.Ref.Journal, &raw)
			r = &rec
		}
	}
	switch b := r.Body.(type) {
	case *clinic.Patient:
		s.names.Put(r.Subject, b.SearchName())
	case *clinic.CatalogRow:
		s.catalogs.Put(*b, search.Stamp{HLC: r.HLC, Leaf: r.Leaf})
	}
}
