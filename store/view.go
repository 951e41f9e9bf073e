package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// View implements desk.Store. A read transaction that lives long makes the views' file
// grow with every act and can stop the writer. So none does: one that is old is logged,
// and at MaxView it ends under f, whose reader then answers ErrSlow.
func (s *Store) View(ctx context.Context, f func(desk.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.views.RLock()
	defer s.views.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return guardFault(func() error {
		tx, err := s.db.Begin(false)
		if err != nil {
			return fmt.Errorf("store: views: %w", err)
		}
		r := &reader{s: s, kv: &txKV{tx: tx}}
		defer s.watch(r)()
		return f(r)
	})
}

// watch ends a reader when it is too old, or at the latest when done is called.
func (s *Store) watch(r *reader) (done func()) {
	start := time.Now()
	slow := time.AfterFunc(s.o.SlowView, func() { s.log.Warn("a read transaction is old", "age", s.o.SlowView) })
	late := time.AfterFunc(s.o.MaxView, func() {
		if r.end(ErrSlow) {
			s.log.Error("a read transaction was ended for its age", "age", s.o.MaxView)
		}
	})
	return func() {
		late.Stop()
		r.end(ErrDead)
		if !slow.Stop() {
			s.log.Warn("the old read transaction has ended", "age", time.Since(start))
		}
	}
}

// reader implements desk.Reader over one transaction. It is for one goroutine, which
// is inside a method or outside of all; only outside can the transaction be ended.
type reader struct {
	s     *Store
	kv    *txKV
	batch *batch                      // in acts: what is not in the journal yet
	lost  map[clinic.ID][]clinic.Hole // found by Records

	inside sync.Mutex // held by the outermost method on its way
	depth  int        // of methods that call each other
	over   error      // why the reader is dead
}

// enter must come first in every method, and leave last: the transaction ends with
// View or Act, or when View is too old.
func (r *reader) enter() error {
	if r.depth == 0 {
		r.inside.Lock()
		if r.over != nil {
			r.inside.Unlock()
			return r.over
		}
	}
	r.depth++
	return nil
}

func (r *reader) leave() {
	if r.depth--; r.depth == 0 {
		r.inside.Unlock()
	}
}

// end ends the transaction of a View once, and reports whether it was this call.
func (r *reader) end(why error) bool {
	r.inside.Lock()
	defer r.inside.Unlock()
	if r.over != nil {
		return false
	}
	r.over = why
	_ = r.kv.tx.Rollback() // of a read transaction: cannot fail
	return true
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
	return r.fitting(refFrom(value), func(rec *clinic.Record, at []byte) bool {
		return rec.Subject == subject && bytes.Equal(at, s)
	})
}

// fitting is record for a row of the views whose word is not taken: the entry itself, by
// what it says and its stamp, must be what the row is about. What is not is as one that
// cannot be read.
func (r *reader) fitting(ref clinic.Ref, fits func(rec *clinic.Record, stamp []byte) bool) (rec clinic.Record, ok bool, err error) {
	rec, ok, err = r.record(ref)
	if got := stampOf(&rec); errors.Is(err, journal.ErrRange) || ok && !fits(&rec, got[:]) {
		r.s.log.Error("a row of the views names another entry; check the store")
		return rec, false, nil
	}
	return rec, ok, err
}
