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

// Branch makes a stream that begins with the first s.Size entries of the box's stream
// from, which has at least as many, and whose root at that size is s.Root: entries, tree
// hashes, and how far both were looked through. It raises hub.AlarmSplit with it, for
// what the old stream holds beyond is of a box that has gone another way. made is false
// when the stream is there already.
func (d *DB) Branch(ctx context.Context, s hub.Stream, from hub.Epoch) (made bool, err error) {
	err = inTx(ctx, d.w, func(tx *sql.Tx) error {
		made = false
		var there bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM streams WHERE box=? AND epoch=?)`, s.Box, s.Epoch[:]).Scan(&there)
		if err != nil || there {
			return err
		}
		var old, size int64
		err = tx.QueryRowContext(ctx, `SELECT id, size FROM streams WHERE box=? AND epoch=?`, s.Box, from[:]).Scan(&old, &size)
		if errors.Is(err, sql.ErrNoRows) || err == nil && size < int63(s.Size) {
			return fmt.Errorf("%w: no stream %v of %d entries to branch from", hub.ErrMoved, from, s.Size)
		} else if err != nil {
			return err
		}
		if err := copyStream(ctx, tx, s, old); err != nil {
			return err
		}
		made = true
		_, err = raise(ctx, tx, hub.Alarm{
			Box: s.Box, Code: hub.AlarmSplit, Last: s.Started,
			Detail: fmt.Sprintf("epoch %v goes on from %v at %d, %d more held there", s.Epoch, from, s.Size, size-int63(s.Size)),
		})
		return err
	})
	return made, wrap("branch", err)
}

func copyStream(ctx context.Context, tx *sql.Tx, s hub.Stream, old int64) error {
	size, at := int63(s.Size), millis(s.Started)
	r, err := tx.ExecContext(ctx, `INSERT INTO streams (box, epoch, size, root, incarnation, parent, tip, stated, started, receipt_at, receipt_size, receipt_root, site)
		SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,site FROM boxes WHERE name=?1`, s.Box, s.Epoch[:], size, s.Root[:], s.Incarnation[:], s.Parent[:],
		int63(s.Tip), size, at, at, size, s.Root[:])
	if err != nil {
		return err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return err
	}
	hashes := tlog.StoredHashCount(size)
	type step struct {
		q    string
		args []any
	}
	steps := []step{
		{
			`INSERT INTO entries (stream, idx, salt, bytes, leaf, kind, flag)
			SELECT ?, idx, salt, bytes, leaf, kind, flag FROM entries WHERE stream=? AND idx<?`,
			[]any{id, old, size},
		},
		{
			`INSERT INTO hashes (stream, chunk, data) SELECT ?, chunk, CASE WHEN chunk<?3 THEN data ELSE substr(data, 1, ?4) END
			FROM hashes WHERE stream=?2 AND (chunk<?3 OR chunk=?3 AND ?4>0)`,
			[]any{id, old, hashes / perChunk, hashes % perChunk * 32},
		},
	}
	for _, table := range looked() {
		steps = append(steps, step{
			`INSERT INTO ` + table + ` (stream, next) SELECT ?, min(next, ?3) FROM ` + table + ` WHERE stream=?2`,
			[]any{id, old, size},
		})
	}
	steps = append(steps, step{
		`INSERT INTO shared (box, stream, next) SELECT box, ?, min(next, ?3) FROM shared WHERE stream=?2`,
		[]any{id, old, size},
	})
	for _, st := range steps {
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
