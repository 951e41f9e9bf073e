package db

import (
	"context"
	"database/sql"
	"errors"

	"clinicbox/hub"
)

const (
	// maxAlarms rows of one box and code are kept apart; what follows counts up
	// the newest row, so that no box can fill the disk with alarms.
	maxAlarms = 200
	// maxConflicts entries of one box are kept under alarms.
	maxConflicts = 20_000
)

// Raise records an alarm; the same one again counts up.
func (d *DB) Raise(ctx context.Context, a hub.Alarm) error {
	return wrap("alarm", inTx(ctx, d.w, func(tx *sql.Tx) error {
		_, err := raise(ctx, tx, a)
		return err
	}))
}

func raise(ctx context.Context, tx *sql.Tx, a hub.Alarm) (id int64, err error) {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM alarms WHERE box=? AND code=?`, a.Box, a.Code).Scan(&n); err != nil {
		return 0, err
	}
	if n >= maxAlarms {
		err := tx.QueryRowContext(ctx, `UPDATE alarms SET last=?1, count=count+1 WHERE id=
			COALESCE((SELECT id FROM alarms WHERE box=?2 AND code=?3 AND detail=?4),
			(SELECT max(id) FROM alarms WHERE box=?2 AND code=?3)) RETURNING id`,
			millis(a.Last), a.Box, a.Code, a.Detail).Scan(&id)
		return id, err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO alarms (box, code, detail, first, last, count) VALUES (?,?,?,?,?,1)
		ON CONFLICT (box, code, detail) DO UPDATE SET last=excluded.last, count=count+1 RETURNING id`,
		a.Box, a.Code, a.Detail, millis(a.Last), millis(a.Last)).Scan(&id)
	return id, err
}

// Conflict records an alarm with the entries that came under it, in one
// transaction. Entries that are known already are not kept twice.
func (d *DB) Conflict(ctx context.Context, a hub.Alarm, e hub.Epoch, es []hub.Entry) error {
	return wrap("conflict", inTx(ctx, d.w, func(tx *sql.Tx) error {
		id, err := raise(ctx, tx, a)
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM conflicts WHERE box=?`, a.Box).Scan(&n); err != nil {
			return err
		}
		for i := range es {
			if n+i >= maxConflicts {
				break
			}
			var body any
			if es[i].Bytes != nil {
				body = es[i].Bytes
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO conflicts (box, epoch, idx, leaf, salt, bytes, alarm)
				VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
				a.Box, e[:], int63(es[i].Index), es[i].Leaf[:], es[i].Salt[:], body, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Conflicts returns what was kept under alarms of a stream, lowest index first.
func (d *DB) Conflicts(ctx context.Context, box string, e hub.Epoch) ([]hub.Entry, error) {
	return list(ctx, d.r, scanEntry,
		`SELECT idx, salt, bytes, leaf, 0, CASE WHEN bytes IS NULL THEN 2 ELSE 0 END FROM conflicts WHERE box=? AND epoch=? ORDER BY idx, leaf`, box, e[:])
}

// Alarms returns a box's alarms, the latest first; box "" means all boxes.
func (d *DB) Alarms(ctx context.Context, box string, limit int) ([]hub.Alarm, error) {
	return list(ctx, d.r, func(r row) (a hub.Alarm, err error) {
		var first, last int64
		err = r.Scan(&a.ID, &a.Box, &a.Code, &a.Detail, &first, &last, &a.Count)
		a.First, a.Last = fromMillis(first), fromMillis(last)
		return a, err
	}, `SELECT id, box, code, detail, first, last, count FROM alarms WHERE ?1='' OR box=?1
		ORDER BY last DESC, id DESC LIMIT ?2`, box, limit)
}

// Incarnation records that an incarnation of a box speaks, and which one it
// follows. It returns the incarnation that superseded it, zero for none.
func (d *DB) Incarnation(ctx context.Context, s hub.Stream) (by hub.Epoch, err error) {
	err = inTx(ctx, d.w, func(tx *sql.Tx) error {
		var sup []byte
		err := tx.QueryRowContext(ctx, `SELECT superseded FROM incarnations WHERE box=? AND incarnation=?`,
			s.Box, s.Incarnation[:]).Scan(&sup)
		if err == nil {
			copy(by[:], sup)
			return nil
		} else if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		// A new incarnation supersedes whatever spoke before it.
		if _, err := tx.ExecContext(ctx, `UPDATE incarnations SET superseded=? WHERE box=? AND superseded IS NULL`,
			s.Incarnation[:], s.Box); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO incarnations (box, incarnation, epoch, parent, tip, first_seen)
			VALUES (?,?,?,?,?,?)`, s.Box, s.Incarnation[:], s.Epoch[:], s.Parent[:], int63(s.Tip), millis(s.Started))
		return err
	})
	return by, wrap("incarnation", err)
}

// Incarnations returns a box's incarnations, the latest first.
func (d *DB) Incarnations(ctx context.Context, box string, limit int) ([]hub.Incarnation, error) {
	return list(ctx, d.r, func(r row) (i hub.Incarnation, err error) {
		var (
			id, epoch, parent, sup []byte
			first                  int64
		)
		err = r.Scan(&id, &epoch, &parent, &i.Tip, &first, &sup)
		copy(i.ID[:], id)
		copy(i.Epoch[:], epoch)
		copy(i.Parent[:], parent)
		copy(i.Superseded[:], sup)
		i.FirstSeen = fromMillis(first)
		return i, err
	}, `SELECT incarnation, epoch, parent, tip, first_seen, superseded FROM incarnations
		WHERE box=? ORDER BY first_seen DESC, rowid DESC LIMIT ?`, box, limit)
}
