// Package db keeps the centre's records in SQLite: boxes, their streams with
// tree hashes, the streams down to them, and alarms. WAL with synchronous=FULL:
// a method that returned nil has its change on disk.
//
// What the parts of the hub need is declared by them as small interfaces, and
// hub/db/dbtest holds any implementation to them.
package db

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo
)

//go:embed schema.sql
var schema1 string

//go:embed schema2.sql
var schema2 string

//go:embed schema3.sql
var schema3 string

//go:embed schema4.sql
var schema4 string

//go:embed schema5.sql
var schema5 string

//go:embed schema6.sql
var schema6 string

//go:embed schema7.sql
var schema7 string

//go:embed schema8.sql
var schema8 string

//go:embed schema9.sql
var schema9 string

//go:embed schema10.sql
var schema10 string

//go:embed schema11.sql
var schema11 string

//go:embed schema12.sql
var schema12 string

// schemas are applied in order; a file's user_version says how many it has.
func schemas() []string {
	return []string{schema1, schema2, schema3, schema4, schema5, schema6, schema7, schema8, schema9, schema10, schema11, schema12}
}

// Sentinels for callers that decide on them.
var (
	// ErrNewer: the file was written by a later program.
	ErrNewer = errors.New("hub/db: file is of a later version")
	// ErrDamaged: what is stored does not fit together.
	ErrDamaged = errors.New("hub/db: damaged")
)

// DB is the centre's database. All methods may be called at the same time.
type DB struct {
	w *sql.DB // one connection: SQLite has one writer, waiting here is cheaper than SQLITE_BUSY
	r *sql.DB
	s statements
}

// Open opens or makes the file. Other processes may have it open, too; only one
// may ingest.
func Open(ctx context.Context, path string) (*DB, error) {
	d := &DB{}
	if err := d.open(ctx, path); err != nil {
		d.Close()
		return nil, fmt.Errorf("hub/db: %w", err)
	}
	return d, nil
}

func (d *DB) open(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // SQLite would let others read it
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if d.w, err = sql.Open("sqlite", dsn(path, "immediate")); err != nil {
		return err
	}
	d.w.SetMaxOpenConns(1)
	d.w.SetConnMaxLifetime(0)
	if err := d.migrate(ctx); err != nil {
		return err
	}
	if d.r, err = sql.Open("sqlite", dsn(path, "deferred")+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	d.r.SetMaxOpenConns(4)
	d.r.SetMaxIdleConns(4)
	return d.s.prepare(ctx, d.w)
}

// dsn carries the pragmas, so that every connection of the pool has them. FULL:
// a receipt says "stored", so the commit must have reached the disk.
func dsn(path, lock string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	return u.String() + "?_txlock=" + lock +
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_pragma=journal_size_limit(67108864)"
}

// migrate brings the file to the last version in one transaction.
func (d *DB) migrate(ctx context.Context) error {
	var v int
	if err := d.w.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&v); err != nil {
		return err
	}
	all := schemas()
	switch {
	case v == len(all):
		return nil
	case v > len(all):
		return fmt.Errorf("%w: %d, this program knows %d", ErrNewer, v, len(all))
	}
	return inTx(ctx, d.w, func(tx *sql.Tx) error {
		// Another process may have done it since.
		if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&v); err != nil {
			return err
		}
		for _, s := range all[min(v, len(all)):] {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, max(v, len(all))))
		return err
	})
}

// Close releases the file.
func (d *DB) Close() error {
	var errs []error
	if d.r != nil {
		errs = append(errs, d.r.Close())
	}
	if d.w != nil {
		errs = append(errs, d.s.close(), d.w.Close())
	}
	return errors.Join(errs...)
}

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var n int
	return wrap("ping", d.r.QueryRowContext(ctx, `SELECT count(*) FROM boxes`).Scan(&n))
}

// Probe tries to write: a full disk still reads.
func (d *DB) Probe(ctx context.Context, at time.Time) error {
	_, err := d.w.ExecContext(ctx, `INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at=excluded.at`, millis(at))
	return wrap("probe", err)
}

// inTx runs f in one transaction. An error of the commit may come though it was
// applied: every caller's work is safe to repeat.
func inTx(ctx context.Context, w *sql.DB, f func(*sql.Tx) error) error {
	tx, err := w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // no-op after Commit; otherwise f's error counts
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// statements are what every frame runs.
type statements struct {
	entry, hash, tail, move *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, w *sql.DB) error {
	for _, p := range []struct {
		to **sql.Stmt
		q  string
	}{
		{&s.entry, `INSERT INTO entries (stream, idx, salt, bytes, leaf, kind, flag) VALUES (?,?,?,?,?,?,?)`},
		{&s.hash, `INSERT INTO hashes (stream, chunk, data) VALUES (?,?,?)
			ON CONFLICT (stream, chunk) DO UPDATE SET data = excluded.data`},
		{&s.tail, `SELECT data FROM hashes WHERE stream = ? AND chunk = ?`},
		{&s.move, `UPDATE streams SET size=?, root=?, incarnation=?, parent=?, tip=?, stated=max(stated,?),
			behind=CASE WHEN max(stated,?) <= ? THEN 0 WHEN behind=0 THEN ? ELSE behind END,
			receipt_at=?, receipt_size=?, receipt_root=?, checkpoint=coalesce(?,checkpoint),
			checkpoint_size=CASE WHEN ? IS NULL THEN checkpoint_size ELSE ? END WHERE id=? AND size=?`},
	} {
		st, err := w.PrepareContext(ctx, p.q)
		if err != nil {
			return err
		}
		*p.to = st
	}
	return nil
}

func (s *statements) close() error {
	var errs []error
	for _, st := range []*sql.Stmt{s.entry, s.hash, s.tail, s.move} {
		if st != nil {
			errs = append(errs, st.Close())
		}
	}
	return errors.Join(errs...)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("hub/db: %s: %w", what, err)
}

// millis keeps times as Unix milliseconds, the zero time as 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// int63 fits a count from outside into SQLite's signed integer.
func int63(n uint64) int64 { return int64(min(n, 1<<63-1)) }
