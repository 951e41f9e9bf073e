package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// View implements desk.Store. A read transaction that lives long makes the views'
// file grow and can stop the writer, so an old one is logged.
func (s *Store) View(ctx context.Context, f func(desk.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.views.RLock()
	defer s.views.RUnlock()
	if s.closed {
		return ErrClosed
	}
	start := time.Now()
	watch := time.AfterFunc(s.o.SlowView, func() { s.log.Warn("a read transaction is old", "age", s.o.SlowView) })
	defer func() {
		if !watch.Stop() {
			s.log.Warn("the old read transaction has ended", "age", time.Since(start))
		}
	}()
	err = guardFault(func() error {
		tx, err := s.db.Begin(false)
		if err != nil {
			return fmt.Errorf("store: views: %w", err)
		}
		r := &reader{s: s, kv: &txKV{tx: tx}}
		defer func() {
			r.dead = true
			_ = tx.Rollback() // of a read transaction: cannot fail
		}()
		return f(r)
	})
	return err
}

// reader implements desk.Reader over one transaction.
type reader struct {
	s     *Store
	kv    *txKV
	batch *batch // in acts: what is not in the journal yet
	dead  bool
}

// alive must come first in every method: the transaction ends with View or Act.
func (r *reader) alive() error {
	if r.dead {
		return ErrDead
	}
	return nil
}

// raw reads an entry of either journal, or of the batch in hand.
func (r *reader) raw(ref clinic.Ref) (journal.Raw, error) {
	switch {
	case ref.Journal == clinic.In:
		return r.s.in.Get(ref.Index)
	case ref.Journal != clinic.Own:
		return journal.Raw{}, journal.ErrRange
	case r.batch != nil:
		return r.batch.log.Get(ref.Index)
	}
	return r.s.own.Get(ref.Index)
}

// record reads and decodes an entry. ok is false for one that cannot be read any
// more: a hole, or bytes that are no entry.
func (r *reader) record(ref clinic.Ref) (rec clinic.Record, ok bool, err error) {
	raw, err := r.raw(ref)
	if err != nil || raw.Hole() {
		return rec, false, err
	}
	rec, err = entry.Decode(raw.Bytes, ref, raw.Leaf)
	return rec, err == nil, nil
}

// recordOf is record for a row of the views that names subject and stamp. bbolt
// does not notice a flipped bit: a record must never show under another person.
func (r *reader) recordOf(subject clinic.ID, s, value []byte) (rec clinic.Record, ok bool, err error) {
	rec, ok, err = r.record(refFrom(value))
	if got := stampOf(&rec); errors.Is(err, journal.ErrRange) || ok && (rec.Subject != subject || !bytes.Equal(got[:], s)) {
		r.s.log.Error("a row of the views names another entry; check the store")
		return rec, false, nil
	}
	return rec, ok, err
}
