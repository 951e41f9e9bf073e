package db

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"clinicbox/hub"
)

const boxColumns = `name, identity, hpke, facility, added, first_seen, last_seen, down_epoch, serial, revoked`

// AddBox registers a box with its pinned keys. The same box again is no error;
// the same name with other keys is hub.ErrBoxExists.
func (d *DB) AddBox(ctx context.Context, name string, k hub.Keys, at time.Time) error {
	if !hub.ValidBoxName(name) {
		return hub.ErrBoxName
	}
	return wrap("add box", inTx(ctx, d.w, func(tx *sql.Tx) error {
		old, err := scanBox(tx.QueryRowContext(ctx, `SELECT `+boxColumns+` FROM boxes WHERE name=?`, name))
		if err == nil {
			if old.Keys.Identity != k.Identity || !bytes.Equal(old.Keys.HPKE, k.HPKE) {
				return hub.ErrBoxExists
			}
			return nil
		} else if !errors.Is(err, hub.ErrUnknownBox) {
			return err
		}
		return insertBox(ctx, tx, hub.Box{Name: name, Keys: k, Added: at})
	}))
}

// Box returns a box, or hub.ErrUnknownBox.
func (d *DB) Box(ctx context.Context, name string) (hub.Box, error) {
	b, err := scanBox(d.r.QueryRowContext(ctx, `SELECT `+boxColumns+` FROM boxes WHERE name=?`, name))
	return b, wrap("box", err)
}

// Boxes returns every box by name.
func (d *DB) Boxes(ctx context.Context) ([]hub.Box, error) {
	return list(ctx, d.r, scanBox, `SELECT `+boxColumns+` FROM boxes ORDER BY name`)
}

// Seen notes that the box was heard.
func (d *DB) Seen(ctx context.Context, name string, at time.Time) error {
	_, err := d.w.ExecContext(ctx, `UPDATE boxes SET last_seen=max(last_seen,?),
		first_seen=CASE WHEN first_seen=0 THEN ? ELSE first_seen END WHERE name=?`, millis(at), millis(at), name)
	return wrap("seen", err)
}

type row interface{ Scan(dest ...any) error }

func scanBox(r row) (b hub.Box, err error) {
	var (
		identity, epoch    []byte
		facility           string
		added, first, last int64
	)
	err = r.Scan(&b.Name, &identity, &b.Keys.HPKE, &facility, &added, &first, &last, &epoch, &b.Serial, &b.Revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return b, hub.ErrUnknownBox
	} else if err != nil {
		return b, err
	}
	if copy(b.Keys.Identity[:], identity) != 32 || copy(b.DownEpoch[:], epoch) != 8 {
		return b, ErrDamaged
	}
	b.Added, b.FirstSeen, b.LastSeen = fromMillis(added), fromMillis(first), fromMillis(last)
	return b, json.Unmarshal([]byte(facility), &b.Facility)
}

// list collects the rows of a query.
func list[T any](ctx context.Context, q *sql.DB, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap("read", err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, wrap("read", err)
		}
		out = append(out, v)
	}
	return out, wrap("read", rows.Err())
}
