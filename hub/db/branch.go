package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/hub"
)

// Branch copies a step of the box's stream from into another one: the entries from had
// up to s.Size with their tree hashes. At the first step, when had is 0, the stream is
// made, with how far what will stand in it was looked through up to base, and
// hub.AlarmSplit is raised: what the old stream holds beyond is of a box that has gone
// another way. After each step the stream is whole, of that size, with the root s.Root.
// hub.ErrMoved when it is not at had, or the old one is shorter.
func (d *DB) Branch(ctx context.Context, s hub.Stream, from hub.Epoch, had, base uint64) error {
	return wrap("branch", inTx(ctx, d.w, func(tx *sql.Tx) error {
		var old, size int64
		err := tx.QueryRowContext(ctx, `SELECT id, size FROM streams WHERE box=? AND epoch=?`, s.Box, from[:]).Scan(&old, &size)
		if errors.Is(err, sql.ErrNoRows) || err == nil && size < int63(s.Size) {
			return fmt.Errorf("%w: no stream %v of %d entries to branch from", hub.ErrMoved, from, s.Size)
		} else if err != nil {
			return err
		}
		var id, at int64
		err = tx.QueryRowContext(ctx, `SELECT id, size FROM streams WHERE box=? AND epoch=?`, s.Box, s.Epoch[:]).Scan(&id, &at)
		switch {
		case errors.Is(err, sql.ErrNoRows) && had == 0:
			if id, err = beginBranch(ctx, tx, s, old, base); err != nil {
				return err
			}
			if _, err = raise(ctx, tx, hub.Alarm{
				Box: s.Box, Code: hub.AlarmSplit, Last: s.Started,
				Detail: fmt.Sprintf("epoch %v goes on from %v at %d, %d more held there", s.Epoch, from, base, size-int63(base)),
			}); err != nil {
				return err
			}
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		case err != nil || at != int63(had):
			return fmt.Errorf("%w: the branch is not at %d", hub.ErrMoved, had)
		}
		return branching{id, old, had}.step(ctx, tx, s)
	}))
}

func beginBranch(ctx context.Context, tx *sql.Tx, s hub.Stream, old int64, base uint64) (int64, error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO streams (box, epoch, root, incarnation, parent, tip, started, receipt_root, site)
		SELECT ?1,?2,?3,?4,?5,?6,?7,?3,site FROM boxes WHERE name=?1`, s.Box, s.Epoch[:], s.Root[:], s.Incarnation[:], s.Parent[:],
		int63(s.Tip), millis(s.Started))
	if err != nil {
		return 0, err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return 0, err
	}
	for _, table := range looked() {
		_, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (stream, next) SELECT ?, min(next, ?3) FROM `+table+` WHERE stream=?2`, id, old, int63(base))
		if err != nil {
			return 0, err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO shared (box, stream, next) SELECT box, ?, min(next, ?3) FROM shared WHERE stream=?2`, id, old, int63(base))
	return id, err
}

// branching is a step of a branch: rows of both streams, and how far the copy is.
type branching struct {
	id, old int64
	had     uint64
}

// step copies what is lacking up to s.Size.
func (b branching) step(ctx context.Context, tx *sql.Tx, s hub.Stream) error {
	id, old, had := b.id, b.old, b.had
	size, at := int63(s.Size), millis(s.Started)
	first, hashes := tlog.StoredHashCount(int63(had))/perChunk, tlog.StoredHashCount(size)
	for _, st := range []struct {
		q    string
		args []any
	}{
		{
			`INSERT INTO entries (stream, idx, salt, bytes, leaf, kind, flag)
			SELECT ?, idx, salt, bytes, leaf, kind, flag FROM entries WHERE stream=? AND idx>=? AND idx<?`,
			[]any{id, old, int63(had), size},
		},
		{
			`INSERT OR REPLACE INTO hashes (stream, chunk, data) SELECT ?1, chunk, CASE WHEN chunk<?3 THEN data ELSE substr(data, 1, ?4) END
			FROM hashes WHERE stream=?2 AND chunk>=?5 AND (chunk<?3 OR chunk=?3 AND ?4>0)`,
			[]any{id, old, hashes / perChunk, hashes % perChunk * 32, first},
		},
		{
			`UPDATE streams SET size=?2, root=?3, stated=max(stated,?2), receipt_at=?4, receipt_size=?2, receipt_root=?3 WHERE id=?1`,
			[]any{id, size, s.Root[:], at},
		},
	} {
		if _, err := tx.ExecContext(ctx, st.q, st.args...); err != nil {
			return err
		}
	}
	return nil
}

// RestartDowns gives the stream down to a box a new epoch: the box knows another one
// than is queued here, as after the centre was put back from a copy. Everything goes
// down again; the box keeps a set.
func (d *DB) RestartDowns(ctx context.Context, a hub.Alarm, at time.Time) error {
	return wrap("restart downs", inTx(ctx, d.w, func(tx *sql.Tx) error {
		var epoch hub.Epoch
		rand.Read(epoch[:])
		if _, err := tx.ExecContext(ctx, `UPDATE downs SET epoch=?1 WHERE box=?2 AND epoch=(SELECT down_epoch FROM boxes WHERE name=?2)`,
			epoch[:], a.Box); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `UPDATE boxes SET down_epoch=?, down_acked=0, acked_at=? WHERE name=?`, epoch[:], millis(at), a.Box)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n != 1 {
			return errors.Join(hub.ErrUnknownBox, err)
		}
		_, err = raise(ctx, tx, a)
		return err
	}))
}

// Elsewhere counts the entries of a box that stand in other streams of it and not in the
// one of the epoch. It reads all of them.
func (d *DB) Elsewhere(ctx context.Context, box string, e hub.Epoch) (n uint64, err error) {
	err = d.r.QueryRowContext(ctx, `SELECT count(DISTINCT o.leaf) FROM streams s JOIN entries o ON o.stream=s.id
		LEFT JOIN streams own ON own.box=s.box AND own.epoch=?2
		LEFT JOIN entries x ON x.stream=own.id AND x.idx=o.idx
		WHERE s.box=?1 AND s.epoch<>?2 AND (x.leaf IS NULL OR x.leaf<>o.leaf)`, box, e[:]).Scan(&n)
	return n, wrap("elsewhere", err)
}
