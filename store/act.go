package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
	"clinicbox/store/search"
)

// act is one use case on its way to be saved.
type act struct {
	ctx        context.Context
	id, author clinic.ID
	f          func(desk.Reader) ([]clinic.Draft, error)
	done       chan outcome // has room for the answer
	out        outcome
}

type outcome struct {
	saved desk.Saved
	err   error
	panic any // of f: goes on in the caller
}

func (a *act) failed(err error) { a.done <- outcome{err: err} }

// Act implements desk.Store.
func (s *Store) Act(ctx context.Context, id, author clinic.ID, f func(desk.Reader) ([]clinic.Draft, error)) (desk.Saved, error) {
	if id.IsZero() {
		return desk.Saved{}, fmt.Errorf("%w: act without an ID", ErrDraft)
	}
	a := &act{ctx: ctx, id: id, author: author, f: f, done: make(chan outcome, 1)}
	if err := s.submit(ctx, a); err != nil {
		return desk.Saved{}, err
	}
	var o outcome
	select {
	case o = <-a.done:
	case <-ctx.Done():
		return desk.Saved{}, ctx.Err() // it may be saved all the same: repeat it
	case <-s.dead:
		// Run may have answered, or may have ended between our submit and its drain.
		select {
		case o = <-a.done:
		default:
			s.running.Lock() // Run has ended
			s.drain()
			s.running.Unlock()
			o = <-a.done
		}
	}
	if o.panic != nil {
		panic(o.panic)
	}
	return o.saved, o.err
}

// batch is acts that are committed together.
type batch struct {
	s       *Store
	log     *journal.Batch
	kv      *txKV
	applier applier
	names   *search.Names    // of patients that changed in the batch
	changed []*clinic.Record // for the indexes, after the commit
	pending map[clinic.ID]bool
	err     error // the batch is spoilt
}

// commitActs runs acts over one write transaction of the views, saves what they
// return with one sync, and answers. An error is fatal.
func (s *Store) commitActs(acts []*act) error {
	for len(acts) > 0 {
		var from uint64
		var n int
		err := guardFault(func() (err error) {
			n, err = s.commitBatch(acts, &from)
			return err
		})
		fatal := err != nil && !refused(err)
		if fatal {
			n = len(acts)
		}
		for _, a := range acts[:n] {
			if err != nil && !errors.Is(err, errSaved) {
				a.unsaved(err, from)
			}
			if a.out.panic != nil && a.ctx.Err() != nil {
				s.log.Error("a use case panicked and its caller may have left")
			}
			a.done <- a.out
		}
		if fatal {
			return err
		}
		acts = acts[n:]
	}
	return nil
}

// refused tells that the disk takes nothing at present, which breaks nothing.
func refused(err error) bool { return errors.Is(err, ErrFull) || errors.Is(err, ErrReadOnly) }

// unsaved sets the answer of an act whose batch, from an index on, was not saved.
// What an earlier batch saved stays saved. Everything else that the act found, an
// error of its own too, may rest on acts of the batch that are gone.
func (a *act) unsaved(err error, from uint64) {
	earlier := len(a.out.saved.Records) > 0 && a.out.saved.Records[0].Ref.Index < from
	if a.out.panic == nil && !earlier {
		a.out = outcome{err: err}
	}
}

// errSaved marks a failure after the journal's sync: the acts are saved, the views
// are not, and the next open applies them.
var errSaved = errors.New("store: views failed after the acts were saved")

// commitBatch saves the first of the acts, as many as one batch carries, and
// returns how many those are. from is the size of the journal before.
func (s *Store) commitBatch(acts []*act, from *uint64) (n int, err error) {
	if err := s.takes(); err != nil {
		return len(acts), err
	}
	log, err := s.own.Begin()
	if err != nil {
		return len(acts), err
	}
	*from = log.Size()
	tx, err := s.db.Begin(true)
	if err != nil {
		return len(acts), fmt.Errorf("%w: views: %w", ErrFatal, err)
	}
	b := &batch{s: s, log: log, kv: &txKV{tx: tx}, pending: map[clinic.ID]bool{}}
	b.applier = applier{kv: b.kv, tokens: s.tokens, hlc: s.hlc, changed: b.note}
	defer func() {
		if p := recover(); p != nil { // a fault: the transaction cannot be ended
			s.stuck = true
			panic(p)
		}
	}()
	for ; n < len(acts) && log.Bytes() < maxBatchBytes; n++ {
		acts[n].out = b.run(acts[n])
	}
	return n, b.finish(tx, *from)
}

// takes tells why the disk takes nothing, if so.
func (s *Store) takes() error {
	if s.frozen {
		return ErrReadOnly
	}
	if free, err := s.o.Free(s.o.Dir); err == nil && free < s.o.Reserve {
		return ErrFull
	}
	return nil
}

// finish makes the batch durable. Until the journal's sync nothing is saved; from
// it on everything is, and a crash leaves views that lag behind.
func (b *batch) finish(tx *bbolt.Tx, from uint64) error {
	s := b.s
	err := b.err
	if err == nil && b.log.Size() == from {
		return tx.Rollback()
	}
	var m meta
	if err == nil {
		m, err = b.meta()
		b.kv.putMeta(m)
		if err = errors.Join(err, b.kv.err); err != nil {
			err = fmt.Errorf("%w: %w", ErrFatal, err)
		}
	}
	if err == nil {
		err = b.log.Commit()
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	s.hlc = b.applier.hlc
	s.heads.grew(m.own, m.ownRoot)
	if err := s.commit(tx); err != nil {
		return fmt.Errorf("%w: %w: %w", ErrFatal, errSaved, err)
	}
	for _, r := range b.changed {
		s.index(r)
	}
	return nil
}

func (b *batch) meta() (meta, error) {
	var m meta
	m.decode(b.kv.get(tMeta, metaKey()))
	m.own, m.hlc, m.epoch = b.log.Size(), b.applier.hlc, b.s.line().Epoch
	root, err := b.log.Root()
	m.ownRoot = root
	return m, err
}

// note remembers what the indexes must learn once the batch is saved.
func (b *batch) note(r *clinic.Record) {
	if r.Body == nil { // it was read before
		if rec, ok, err := (&reader{s: b.s, kv: b.kv, batch: b}).record(r.Ref); ok && err == nil {
			r = &rec
		}
	}
	b.changed = append(b.changed, r)
	if p, ok := r.Body.(*clinic.Patient); ok {
		if b.names == nil {
			b.names = search.NewNames(b.s.o.Fold)
		}
		b.names.Put(r.Subject, p.SearchName())
		b.pending[r.Subject] = true
	}
}

// run asks an act for its drafts and puts them into journal batch and views.
func (b *batch) run(a *act) (o outcome) {
	if err := errors.Join(b.err, a.ctx.Err()); err != nil {
		return outcome{err: err}
	}
	r := &reader{s: b.s, kv: b.kv, batch: b}
	if saved, ok, err := r.again(a.id); ok || err != nil {
		return outcome{saved: saved, err: err}
	}
	drafts, o := call(a.f, r)
	if o.err != nil || o.panic != nil || len(drafts) == 0 {
		return o
	}
	entries, recs, err := b.encode(a, drafts)
	if err != nil {
		return outcome{err: err}
	}
	raws, err := b.log.Add(entries)
	if err != nil {
		b.err = fmt.Errorf("%w: %w", ErrFatal, err) // the batch holds half an act
		return outcome{err: b.err}
	}
	for i := range raws {
		recs[i].Ref, recs[i].Leaf = clinic.Ref{Journal: clinic.Own, Index: raws[i].Index}, raws[i].Leaf
		b.applier.apply(&recs[i])
	}
	o.saved.Records = recs
	return o
}

// call runs f with a reader that dies with it.
func call(f func(desk.Reader) ([]clinic.Draft, error), r *reader) (drafts []clinic.Draft, o outcome) {
	defer func() {
		r.over = ErrDead // the transaction goes on with the next act
		if p := recover(); p != nil {
			if isFault(p) {
				panic(p)
			}
			o.panic = p
		}
	}()
	drafts, o.err = f(r)
	return drafts, o
}

// encode turns drafts into entry bytes. The clock's step back never shows: hybrid
// time goes on from the highest of the journal.
func (b *batch) encode(a *act, drafts []clinic.Draft) (out []journal.Entry, recs []clinic.Record, err error) {
	now, trusted := b.s.o.Clock.Now()
	if len(drafts) > desk.MostDrafts {
		return nil, nil, fmt.Errorf("%w: %d in one act", ErrDraft, len(drafts))
	}
	hlc := b.applier.hlc
	for i, d := range drafts {
		want := clinic.NewBody(d.Kind)
		if want == nil || reflect.TypeOf(want) != reflect.TypeOf(d.Body) || reflect.ValueOf(d.Body).IsNil() {
			return nil, nil, fmt.Errorf("%w: number %d has a body that is not of %v", ErrDraft, i, d.Kind)
		}
		for _, blob := range clinic.BlobsOf(d.Body) {
			if !b.s.blobs.has(blob) {
				return nil, nil, fmt.Errorf("%w: number %d names a blob that is not kept", ErrDraft, i)
			}
		}
		if d.Event.IsZero() {
			d.Event = now
		}
		hlc = max(hlc+1, clinic.HLCAt(now))
		bytes, err := entry.Encode(d, a.id, a.author, hlc, trusted)
		var rec clinic.Record
		if err == nil { // what is saved is what is read later, not what was meant
			rec, err = entry.Decode(bytes, clinic.Ref{}, clinic.Leaf{})
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: number %d: %w", ErrDraft, i, err)
		}
		out, recs = append(out, journal.Entry{Bytes: bytes}), append(recs, rec)
	}
	return out, recs, nil
}

// again returns what an act saved before.
func (r *reader) again(id clinic.ID) (desk.Saved, bool, error) {
	v := r.kv.get(tAct, id[:])
	if len(v) != 8 {
		return desk.Saved{}, false, nil
	}
	saved := desk.Saved{Again: true}
	for i := binary.BigEndian.Uint64(v); ; i++ {
		raw, err := r.raw(clinic.Ref{Journal: clinic.Own, Index: i})
		if errors.Is(err, journal.ErrRange) {
			return saved, true, nil
		}
		if err != nil {
			return saved, true, err
		}
		if raw.Hole() { // the rest of the act may still be there
			continue
		}
		rec, err := entry.Decode(raw.Bytes, clinic.Ref{Journal: clinic.Own, Index: i}, raw.Leaf)
		if err != nil || rec.Act != id {
			return saved, true, nil // what is no entry of it ends the act
		}
		if saved.Records = append(saved.Records, rec); !raw.More() {
			return saved, true, nil
		}
	}
}
