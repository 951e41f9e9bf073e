package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clinicbox/hub"
)

// Push queues entries on the stream down to a box, all or none, and returns the
// last sequence number. An entry whose leaf is queued already is not queued again,
// so repeating after an uncertain error is harmless.
func (d *DB) Push(ctx context.Context, box string, es []hub.Down) (last uint64, err error) {
	err = inTx(ctx, d.w, func(tx *sql.Tx) (err error) {
		last, err = queue(ctx, tx, box, es)
		return err
	})
	return last, wrap("push", err)
}

func queue(ctx context.Context, tx *sql.Tx, box string, es []hub.Down) (last uint64, err error) {
	var epoch []byte
	err = tx.QueryRowContext(ctx, `SELECT down_epoch FROM boxes WHERE name=?`, box).Scan(&epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, hub.ErrUnknownBox
	} else if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(max(seq),0) FROM downs WHERE box=? AND epoch=?`, box, epoch).Scan(&last)
	if err != nil {
		return 0, err
	}
	for i := range es {
		r, err := tx.ExecContext(ctx, `INSERT INTO downs (box, epoch, seq, salt, bytes, leaf)
			SELECT ?1,?2,?3,?4,?5,?6 WHERE NOT EXISTS (SELECT 1 FROM downs WHERE box=?1 AND epoch=?2 AND leaf=?6)`,
			box, epoch, int63(last+1), es[i].Salt[:], es[i].Bytes, es[i].Leaf[:])
		if err != nil {
			return 0, err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return 0, err
		}
		last += uint64(n)
	}
	return last, nil
}

// Downs returns up to n entries for a box after a sequence number.
func (d *DB) Downs(ctx context.Context, box string, after uint64, n int) ([]hub.Down, error) {
	return list(ctx, d.r, func(r row) (e hub.Down, err error) {
		var salt, leaf []byte
		if err := r.Scan(&e.Seq, &salt, &e.Bytes, &leaf); err != nil {
			return e, err
		}
		if copy(e.Salt[:], salt)+copy(e.Leaf[:], leaf) != 16+32 {
			return e, ErrDamaged
		}
		return e, nil
	}, `SELECT d.seq, d.salt, d.bytes, d.leaf FROM downs d JOIN boxes b ON b.name=d.box AND b.down_epoch=d.epoch
		WHERE d.box=? AND d.seq>? ORDER BY d.seq LIMIT ?`, box, int63(after), n)
}

// Acked notes how far the box has applied the stream down to it. It never steps
// back; more than was queued, or another epoch, is hub.ErrMoved.
func (d *DB) Acked(ctx context.Context, box string, e hub.Epoch, seq uint64, at time.Time) error {
	return wrap("acked", inTx(ctx, d.w, func(tx *sql.Tx) error {
		st, err := downState(ctx, tx, box)
		if err != nil {
			return err
		}
		if st.Epoch != e || seq > st.Last {
			return fmt.Errorf("%w: %d acknowledged, %d sent", hub.ErrMoved, seq, st.Last)
		}
		_, err = tx.ExecContext(ctx, `UPDATE boxes SET down_acked=max(down_acked,?), acked_at=? WHERE name=?`,
			int63(seq), millis(at), box)
		return err
	}))
}

// DownState returns how far the stream down to a box has come.
func (d *DB) DownState(ctx context.Context, box string) (hub.DownState, error) {
	st, err := downState(ctx, d.r, box)
	return st, wrap("down state", err)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func downState(ctx context.Context, q querier, box string) (st hub.DownState, err error) {
	var (
		epoch []byte
		at    int64
	)
	err = q.QueryRowContext(ctx, `SELECT b.down_epoch, b.down_acked, b.acked_at,
		(SELECT COALESCE(max(seq),0) FROM downs d WHERE d.box=b.name AND d.epoch=b.down_epoch)
		FROM boxes b WHERE b.name=?`, box).Scan(&epoch, &st.Acked, &at, &st.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return st, hub.ErrUnknownBox
	}
	copy(st.Epoch[:], epoch)
	st.AckedAt = fromMillis(at)
	return st, err
}

// Pending returns the boxes that have not acknowledged all that is queued, or shared.
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	return list(ctx, d.r, func(r row) (n string, err error) { return n, r.Scan(&n) },
		`SELECT b.name FROM boxes b WHERE b.down_acked < (SELECT COALESCE(max(seq),0) FROM downs d
		WHERE d.box=b.name AND d.epoch=b.down_epoch) OR EXISTS (SELECT 1 FROM shares x WHERE x.box=b.name) ORDER BY b.name`)
}
