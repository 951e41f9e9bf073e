package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clinicbox/hub"
)

// Incarnation records that an incarnation of a box speaks, and which one it
// follows. When another line had superseded it, or the parent whose line it goes
// on, two machines have one key: it raises hub.AlarmClone in the same transaction
// and returns which one had superseded; zero when all is well.
func (d *DB) Incarnation(ctx context.Context, s hub.Stream) (by hub.Epoch, err error) {
	err = inTx(ctx, d.w, func(tx *sql.Tx) error {
		var sup []byte
		err := tx.QueryRowContext(ctx, `SELECT superseded FROM incarnations WHERE box=? AND incarnation=?`,
			s.Box, s.Incarnation[:]).Scan(&sup)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			err = addIncarnation(ctx, tx, s, &by)
		case err == nil:
			copy(by[:], sup)
		}
		if err != nil || by == (hub.Epoch{}) {
			return err
		}
		_, err = raise(ctx, tx, hub.Alarm{
			Box: s.Box, Code: hub.AlarmClone, Last: s.Started, Detail: fmt.Sprintf("%v after %v", s.Incarnation, by),
		})
		return err
	})
	return by, wrap("incarnation", err)
}

// addIncarnation makes a new incarnation supersede whatever spoke before it. by is
// set when that is not its parent's line: a restored copy branches off an ancestor
// of the latest, which is one machine's story; going on from where the latest does
// not come from takes two.
func addIncarnation(ctx context.Context, tx *sql.Tx, s hub.Stream, by *hub.Epoch) error {
	var latest []byte
	err := tx.QueryRowContext(ctx, `SELECT incarnation FROM incarnations WHERE box=? AND superseded IS NULL`, s.Box).Scan(&latest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if latest != nil {
		var known, ancestor bool
		err := tx.QueryRowContext(ctx, `WITH RECURSIVE line(id, n) AS (
				SELECT ?2, 0
				UNION SELECT i.parent, n+1 FROM incarnations i JOIN line ON i.incarnation=line.id AND i.box=?1 WHERE n < 10000)
			SELECT EXISTS (SELECT 1 FROM incarnations WHERE box=?1 AND incarnation=?3),
				EXISTS (SELECT 1 FROM line WHERE id=?3)`, s.Box, latest, s.Parent[:]).Scan(&known, &ancestor)
		if err != nil {
			return err
		}
		if known && !ancestor {
			copy(by[:], latest)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE incarnations SET superseded=? WHERE box=? AND superseded IS NULL`,
		s.Incarnation[:], s.Box); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO incarnations (box, incarnation, epoch, parent, tip, first_seen)
		VALUES (?,?,?,?,?,?)`, s.Box, s.Incarnation[:], s.Epoch[:], s.Parent[:], int63(s.Tip), millis(s.Started))
	return err
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
