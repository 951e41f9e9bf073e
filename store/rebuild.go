package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
)

// source is the two journals, up to the sizes in upTo, as something to apply.
type source struct {
	own, in *journal.Journal
	tokens  tokens
	upTo    meta // own and in: where to stop
	done    func(done, total uint64)
}

// compute applies everything to fresh views in memory.
func (s *source) compute(ctx context.Context) (*bulk, uint64, error) {
	b := newBulk()
	a := applier{kv: b, tokens: s.tokens}
	var done uint64
	for _, j := range []struct {
		kind clinic.Journal
		log  *journal.Journal
		end  uint64
	}{{clinic.Own, s.own, s.upTo.own}, {clinic.In, s.in, s.upTo.in}} {
		err := eachRecord(ctx, j.log, j.kind, j.end, func(rs []clinic.Record) {
			for i := range rs {
				a.apply(&rs[i])
			}
			if done += uint64(len(rs)); s.done != nil {
				s.done(done, s.upTo.own+s.upTo.in)
			}
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return b, a.hlc, nil
}

// eachRecord passes the readable records below end in order, a segment at a time.
// Segments are opened side by side, for unsealing and decoding cost most.
func eachRecord(ctx context.Context, j *journal.Journal, kind clinic.Journal, end uint64, fn func([]clinic.Record)) error {
	type result struct {
		rs  []clinic.Record
		err error
	}
	n := j.Segments()
	ahead := make(chan chan result, max(runtime.GOMAXPROCS(0)-1, 1))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(ahead)
		for i := range n {
			out := make(chan result, 1)
			select {
			case ahead <- out:
			case <-ctx.Done():
				return
			}
			go func() {
				rs, err := segmentRecords(j, i, kind, end)
				out <- result{rs, err}
			}()
		}
	}()
	for out := range ahead {
		r := <-out
		if err := errors.Join(r.err, ctx.Err()); err != nil {
			return err
		}
		fn(r.rs)
	}
	return ctx.Err()
}

func segmentRecords(j *journal.Journal, n int, kind clinic.Journal, end uint64) ([]clinic.Record, error) {
	from, to := j.Span(n)
	if from >= end {
		return nil, nil
	}
	rs := make([]clinic.Record, 0, min(to, end)-from)
	err := j.Each(n, func(r journal.Raw) error {
		if r.Hole() || r.Index >= end {
			return nil
		}
		rs = append(rs, decodeHead(kind, &r))
		return nil
	})
	return rs, err
}

// decodeHead decodes what applying needs. What is no entry stays in the journal,
// known by its place and leaf only.
func decodeHead(kind clinic.Journal, r *journal.Raw) clinic.Record {
	ref := clinic.Ref{Journal: kind, Index: r.Index}
	rec, err := entry.DecodeIf(r.Bytes, ref, r.Leaf, needsBody)
	if err == nil && rec.Kind == clinic.KindSigned && rec.Visit.IsZero() { // of results: few
		rec, err = entry.Decode(r.Bytes, ref, r.Leaf)
	}
	if err != nil {
		return clinic.Record{Ref: ref, Leaf: r.Leaf}
	}
	return rec
}

// build writes a views file beside path and renames it. A crash leaves the old
// file, or none, and something to remove.
func (b *bulk) build(path string, m meta) (err error) {
	tmp := path + durable.TempSuffix
	if err := durable.Remove(tmp); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp) // it may be what fills the disk
		}
	}()
	db, err := b.fill(tmp, m, nil)
	if err == nil {
		err = db.Sync()
	}
	if db != nil {
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return fmt.Errorf("store: views: %w", err)
	}
	if err := syncFile(tmp); err != nil {
		return err
	}
	return durable.Rename(tmp, path)
}

// inMemory makes views that end with the process, for a disk that takes none.
func (b *bulk) inMemory(m meta) (*bbolt.DB, error) {
	db, err := b.fill("views", m, openMemory)
	if err != nil {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
		return nil, fmt.Errorf("store: views in memory: %w", err)
	}
	return db, nil
}

// openFile is what bbolt opens its file with; nil is os.OpenFile.
type openFile func(path string, flag int, perm os.FileMode) (*os.File, error)

// fill makes a database of all rows. It syncs nothing.
func (b *bulk) fill(path string, m meta, open openFile) (*bbolt.DB, error) {
	o := bboltOptions(false)
	o.NoSync, o.OpenFile = true, open
	db, err := bbolt.Open(path, 0o600, o)
	if err != nil {
		return nil, err
	}
	for t := tMeta + 1; t < tables; t++ {
		sum, err := b.load(db, t)
		if err != nil {
			return db, err
		}
		m.rows += sum
	}
	b.maps[tMeta] = map[string][]byte{string(metaKey()): m.encode()}
	_, err = b.load(db, tMeta)
	return db, err
}

// rowsPerTx bounds what a transaction holds in memory.
const rowsPerTx = 50_000

// load fills a table and returns what it adds to meta.rows.
func (b *bulk) load(db *bbolt.DB, t table) (sum uint64, err error) {
	tx, err := db.Begin(true)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // of the last one; an error after Commit means nothing
	bucket, err := tx.CreateBucketIfNotExists(t.name())
	if err != nil {
		return 0, err
	}
	n := 0
	err = b.each(t, func(k, v []byte) error {
		sum += rowSum(t, k, v)
		if n++; n%rowsPerTx == 0 {
			if err := tx.Commit(); err != nil {
				return err
			}
			if tx, err = db.Begin(true); err != nil {
				return err
			}
			bucket = tx.Bucket(t.name())
		}
		bucket.FillPercent = 0.9 // keys ascend; random keys come later
		return bucket.Put(k, v)
	})
	if err != nil {
		return 0, err
	}
	return sum, tx.Commit()
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("store: %s: %w", filepath.Base(path), err)
	}
	return errors.Join(f.Sync(), f.Close())
}
