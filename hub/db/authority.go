package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"clinicbox/hub/authority"
)

// Authority returns the authority's store. It lives in the same file, so that one
// backup has boxes, what they sent and who they are.
func (d *DB) Authority() authority.Store { return store{d} }

type store struct{ d *DB }

// View implements authority.Store.
func (s store) View(ctx context.Context, do func(authority.Tx) error) error {
	tx, err := s.d.r.BeginTx(ctx, nil)
	if err != nil {
		return wrap("authority", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return do(rows{ctx: ctx, tx: tx})
}

// Update implements authority.Store.
func (s store) Update(ctx context.Context, do func(authority.Tx) error) error {
	return wrap("authority", inTx(ctx, s.d.w, func(tx *sql.Tx) error { return do(rows{ctx, tx, true}) }))
}

type rows struct {
	ctx    context.Context // of the transaction
	tx     *sql.Tx
	writes bool
}

// errView: a view was asked to write.
var errView = errors.New("hub/db: a view does not write")

// Get implements authority.Tx.
func (r rows) Get(t authority.Table, key string) (value []byte, err error) {
	err = r.tx.QueryRowContext(r.ctx, `SELECT value FROM authority WHERE tab=? AND key=?`, string(t), key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, authority.ErrMissing
	}
	return value, wrap("authority", err)
}

// Put implements authority.Tx.
func (r rows) Put(t authority.Table, key string, value []byte) error {
	if !r.writes {
		return errView
	}
	if value == nil {
		value = []byte{}
	}
	_, err := r.tx.ExecContext(r.ctx, `INSERT INTO authority (tab, key, value) VALUES (?,?,?)
		ON CONFLICT (tab, key) DO UPDATE SET value=excluded.value`, string(t), key, value)
	return wrap("authority", err)
}

// List implements authority.Tx. The rows are collected first: do may ask for
// others, and the transaction has one connection.
func (r rows) List(t authority.Table, prefix string, do func(key string, value []byte) error) error {
	type pair struct {
		key   string
		value []byte
	}
	all, err := r.tx.QueryContext(r.ctx, `SELECT key, value FROM authority WHERE tab=? AND key>=? ORDER BY key`, string(t), prefix)
	if err != nil {
		return wrap("authority", err)
	}
	var out []pair
	for all.Next() {
		var p pair
		if err := all.Scan(&p.key, &p.value); err != nil {
			return errors.Join(wrap("authority", err), all.Close())
		}
		if !strings.HasPrefix(p.key, prefix) {
			break
		}
		out = append(out, p)
	}
	if err := errors.Join(all.Err(), all.Close()); err != nil {
		return fmt.Errorf("hub/db: authority: %w", err)
	}
	for _, p := range out {
		if err := do(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}
