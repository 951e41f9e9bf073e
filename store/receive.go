package store

import (
	"context"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// Received is an entry from elsewhere. It keeps the salt it came with.
type Received struct {
	Salt  entry.Salt
	Bytes []byte
}

// receipt is a Receive on its way to the committer.
type receipt struct {
	ctx     context.Context
	entries []Received
	done    chan received // has room for the answer
}

type received struct {
	added int
	err   error
}

func (r *receipt) failed(err error) { r.done <- received{err: err} }

// maxReceived bounds what one sync carries, and how long acts wait for it.
const maxReceived = 1 << 13

// Receive adds entries to the in journal, all or none, with one sync. The journal
// is a set: what is there already is no error and is not counted. An entry that
// cannot be decoded is kept all the same, for a newer program may know it.
func (s *Store) Receive(ctx context.Context, entries []Received) (added int, err error) {
	if len(entries) > maxReceived {
		return 0, fmt.Errorf("%w: %d entries at once", entry.ErrTooLarge, len(entries))
	}
	r := &receipt{ctx: ctx, entries: entries, done: make(chan received, 1)}
	if err := s.submit(ctx, r); err != nil {
		return 0, err
	}
	var out received
	select {
	case out = <-r.done:
	case <-ctx.Done():
		return 0, ctx.Err() // it may be saved all the same; repeating is no harm
	case <-s.dead:
		s.running.Lock() // Run has ended
		s.drain()
		s.running.Unlock()
		out = <-r.done
	}
	return out.added, out.err
}

// commitReceived saves a receipt and answers. An error is fatal.
func (s *Store) commitReceived(r *receipt) error {
	var out received
	out.err = guardFault(func() (err error) {
		out.added, err = s.addReceived(r)
		return err
	})
	switch {
	case out.err == nil, refused(out.err), errors.Is(out.err, entry.ErrTooLarge), r.ctx.Err() != nil && errors.Is(out.err, r.ctx.Err()):
		r.done <- out
		return nil
	case errors.Is(out.err, errSaved):
		err := out.err
		out.err = nil
		r.done <- out
		return err
	}
	r.done <- out
	return out.err
}

func (s *Store) addReceived(r *receipt) (added int, err error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if err := s.takes(); err != nil {
		return 0, err
	}
	log, err := s.in.Begin()
	if err != nil {
		return 0, err
	}
	tx, err := s.db.Begin(true)
	if err != nil {
		return 0, fmt.Errorf("%w: views: %w", ErrFatal, err)
	}
	defer func() {
		if p := recover(); p != nil {
			s.stuck = true
			panic(p)
		}
	}()
	b := &inBatch{s: s, log: log, kv: &txKV{tx: tx}}
	if err = b.add(r.entries); err == nil && b.added > 0 {
		if err = b.meta(); err == nil {
			err = log.Commit()
		}
	}
	if err != nil || b.added == 0 {
		return 0, errors.Join(err, tx.Rollback())
	}
	if err := s.commit(tx); err != nil {
		return b.added, fmt.Errorf("%w: %w: %w", ErrFatal, errSaved, err)
	}
	for _, rec := range b.changed {
		s.index(rec)
	}
	s.follow(b.hlc)
	return b.added, nil
}

// inBatch is one Receive being saved.
type inBatch struct {
	s       *Store
	log     *journal.Batch
	kv      *txKV
	added   int
	hlc     uint64 // highest that a trusted clock gave
	changed []*clinic.Record
}

func (b *inBatch) add(entries []Received) error {
	a := applier{kv: b.kv, tokens: b.s.tokens, changed: func(r *clinic.Record) { b.changed = append(b.changed, r) }}
	for i := range entries {
		e := &entries[i]
		leaf := entry.LeafHash(e.Salt, e.Bytes)
		if b.kv.get(tLeaf, leaf[:16]) != nil {
			continue
		}
		raws, err := b.log.Add([]journal.Entry{{Bytes: e.Bytes, Salt: &e.Salt}})
		if err != nil {
			return err
		}
		b.added++
		rec, err := entry.Decode(e.Bytes, clinic.Ref{Journal: clinic.In, Index: raws[0].Index}, leaf)
		if err != nil { // kept, known by its leaf only
			rec = clinic.Record{Ref: clinic.Ref{Journal: clinic.In, Index: raws[0].Index}, Leaf: leaf}
		}
		a.apply(&rec)
		if rec.Trusted {
			b.hlc = max(b.hlc, rec.HLC)
		}
	}
	return nil
}

func (b *inBatch) meta() error {
	var m meta
	m.decode(b.kv.get(tMeta, metaKey()))
	var err error
	m.in = b.log.Size()
	m.inRoot, err = b.log.Root()
	b.kv.putMeta(m)
	if err = errors.Join(err, b.kv.err); err != nil {
		return fmt.Errorf("%w: %w", ErrFatal, err)
	}
	return nil
}

// hlcAhead is how far another box's trusted clock may be ahead of ours to be
// followed: one wrong clock must not bend everybody's.
const hlcAhead = 10 * 60 * 1000 << 16

// follow lets the next own entries come after what was received, so that an answer
// stands behind what it answers.
func (s *Store) follow(hlc uint64) {
	now, trusted := s.o.Clock.Now()
	if trusted && hlc < clinic.HLCAt(now)+hlcAhead {
		s.hlc = max(s.hlc, hlc)
	}
}
