package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

// errViews tells that the views cannot be used and must be built anew.
var errViews = errors.New("store: views unusable")

func viewsPath(dir string) string {
	return filepath.Join(dir, "views-"+strconv.Itoa(schema)+".db")
}

// bboltOptions: docs/decisions/0002-views-bbolt.md has the measurements.
func bboltOptions(readOnly bool) *bbolt.Options {
	return &bbolt.Options{
		Timeout:         2 * time.Second,
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true,
		InitialMmapSize: initialMmap,
		ReadOnly:        readOnly,
	}
}

// initialMmap is virtual space only. A file that outgrows it makes the writer
// wait for readers; 32-bit boards have no more to give.
const initialMmap = 256 << 20 << (^uint(0) >> 63 * 2)

// openViews opens a views file and reads its row of tMeta. A damaged file may
// panic or fault anywhere in it: that comes back as errViews.
func openViews(path string, readOnly bool) (db *bbolt.DB, m meta, err error) {
	sum, err := checkViews(path)
	if err != nil {
		return nil, m, fmt.Errorf("%w: %w", errViews, err)
	}
	err = guard(func() error {
		if db, err = bbolt.Open(path, 0o600, bboltOptions(readOnly)); err != nil {
			return fmt.Errorf("%w: %w", errViews, err)
		}
		return db.View(func(tx *bbolt.Tx) error {
			for t := range tables {
				if tx.Bucket(t.name()) == nil {
					return fmt.Errorf("%w: no table %s", errViews, t.name())
				}
			}
			if !m.decode(tx.Bucket(tMeta.name()).Get(metaKey())) {
				return fmt.Errorf("%w: no cursor", errViews)
			}
			if m.rows != sum {
				return fmt.Errorf("%w: its rows are not those that were written", errViews)
			}
			return nil
		})
	})
	if err != nil {
		if db != nil && errors.Is(err, errViews) {
			_ = db.Close() // it is thrown away
		}
		return nil, m, fmt.Errorf("%w: %w", errViews, err)
	}
	return db, m, nil
}

func metaKey() []byte { return []byte("meta") }

// errFault tells that bbolt panicked, or that memory mapped from its file faulted.
var errFault = errors.New("store: views damaged")

// guard turns panics of bbolt and faults of mapped memory into errFault.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errFault, p)
		}
	}()
	return f()
}

// isFault tells a fault of mapped memory (with debug.SetPanicOnFault).
func isFault(p any) bool {
	_, ok := p.(interface{ Addr() uintptr })
	return ok
}

// guardFault is guard for code that calls use cases: their panics go on.
func guardFault(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if !isFault(p) {
				panic(p)
			}
			err = fmt.Errorf("%w: %w: %v", ErrFatal, errFault, p)
		}
	}()
	return f()
}

// ProbeViews walks a whole views file and returns what is wrong with it. A badly
// damaged file can end or hang the process: call it in a child with limits.
func ProbeViews(path string) error {
	return guard(func() error {
		db, _, err := openViews(path, true)
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error {
			var first error
			for err := range tx.Check() {
				if first == nil {
					first = fmt.Errorf("%w: %w", errViews, err)
				}
			}
			return first
		})
	})
}

// txKV is a write or read transaction as kv.
type txKV struct {
	tx      *bbolt.Tx
	buckets [tables]*bbolt.Bucket
	sum     uint64 // what the changes add to meta.rows
	err     error  // the first error of bbolt
}

func (x *txKV) bucket(t table) *bbolt.Bucket {
	if x.buckets[t] == nil {
		x.buckets[t] = x.tx.Bucket(t.name())
	}
	return x.buckets[t]
}

func (x *txKV) get(t table, key []byte) []byte { return x.bucket(t).Get(key) }

func (x *txKV) put(t table, key, value []byte) {
	x.forget(t, key)
	if t != tMeta {
		x.sum += rowSum(t, key, value)
	}
	if err := x.bucket(t).Put(key, value); err != nil && x.err == nil {
		x.err = fmt.Errorf("store: views: %w", err)
	}
}

func (x *txKV) del(t table, key []byte) {
	x.forget(t, key)
	if err := x.bucket(t).Delete(key); err != nil && x.err == nil {
		x.err = fmt.Errorf("store: views: %w", err)
	}
}

// putMeta puts the cursors, whose rows are still those of before the transaction.
func (x *txKV) putMeta(m meta) {
	m.rows += x.sum
	x.sum = 0
	x.put(tMeta, metaKey(), m.encode())
}

// forget takes a row that is about to change out of the sum.
func (x *txKV) forget(t table, key []byte) {
	if old := x.bucket(t).Get(key); old != nil && t != tMeta {
		x.sum -= rowSum(t, key, old)
	}
}

func (x *txKV) putMin(t table, key, value []byte) {
	if old := x.get(t, key); old == nil || string(value) < string(old) {
		x.put(t, key, value)
	}
}
