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
	// maxEvidence bytes of one box's entries are kept under alarms.
	maxEvidence = 32 << 20
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
		a.ID = id
		return keep(ctx, tx, a, e, es)
	}))
}

// keep stores evidence under the alarm as far as there is room for it.
func keep(ctx context.Context, tx *sql.Tx, a hub.Alarm, e hub.Epoch, es []hub.Entry) error {
	var used int64
	if err := tx.QueryRowContext(ctx, `SELECT evidence FROM boxes WHERE name=?`, a.Box).Scan(&used); err != nil {
		return err
	}
	before := used
	for i := range es {
		cost := int64(len(es[i].Bytes) + 64)
		if used+cost > maxEvidence {
			break
		}
		var body any
		if es[i].Bytes != nil {
			body = es[i].Bytes
		}
		r, err := tx.ExecContext(ctx, `INSERT INTO conflicts (box, epoch, idx, leaf, salt, bytes, alarm)
			VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			a.Box, e[:], int63(es[i].Index), es[i].Leaf[:], es[i].Salt[:], body, a.ID)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return err
		}
		used += n * cost
	}
	if used == before {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE boxes SET evidence=? WHERE name=?`, used, a.Box)
	return err
}

// Conflicts returns what was kept under alarms of a stream, lowest index first.
func (d *DB) Conflicts(ctx context.Context, box string, e hub.Epoch) ([]hub.Entry, error) {
	return list(ctx, d.r, scanEntry,
		`SELECT idx, salt, bytes, leaf, 0, CASE WHEN bytes IS NULL THEN 2 ELSE 0 END FROM conflicts WHERE box=? AND epoch=? ORDER BY idx, leaf`, box, e[:])
}

const alarmColumns = `a.id, a.box, a.code, a.detail, a.first, a.last, a.count,
	(SELECT count(*) FROM conflicts c WHERE c.alarm=a.id), COALESCE(k.count,0), COALESCE(k.at,0), COALESCE(k.who,'')
	FROM alarms a LEFT JOIN acks k ON k.alarm=a.id AND k.count=(SELECT max(count) FROM acks WHERE alarm=a.id)`

// Alarms returns a box's alarms, open ones first, then the latest first; box ""
// means all boxes.
func (d *DB) Alarms(ctx context.Context, box string, limit int) ([]hub.Alarm, error) {
	return list(ctx, d.r, scanAlarm, `SELECT `+alarmColumns+` WHERE ?1='' OR a.box=?1
		ORDER BY a.count > COALESCE(k.count,0) DESC, a.last DESC, a.id DESC LIMIT ?2`, box, limit)
}

// OpenAlarms sums up what nobody acknowledged: one row for each box and code,
// however many there are, with the count since the last acknowledgement.
func (d *DB) OpenAlarms(ctx context.Context) ([]hub.Alarm, error) {
	return list(ctx, d.r, func(r row) (a hub.Alarm, err error) {
		var first, last int64
		err = r.Scan(&a.Box, &a.Code, &first, &last, &a.Count)
		a.First, a.Last = fromMillis(first), fromMillis(last)
		return a, err
	}, `SELECT box, code, min(first), max(last), sum(fresh) FROM (
		SELECT box, code, first, last, count - COALESCE((SELECT max(count) FROM acks WHERE alarm=alarms.id), 0) AS fresh FROM alarms)
		WHERE fresh > 0 GROUP BY box, code ORDER BY box, max(last) DESC`)
}

func scanAlarm(r row) (a hub.Alarm, err error) {
	var first, last, at int64
	err = r.Scan(&a.ID, &a.Box, &a.Code, &a.Detail, &first, &last, &a.Count, &a.Kept, &a.Ack.Count, &at, &a.Ack.Who)
	a.First, a.Last, a.Ack.At = fromMillis(first), fromMillis(last), fromMillis(at)
	return a, err
}

// Acknowledge notes that a person saw an alarm of the box when it had happened
// ack.Count times. Twice is no error; hub.ErrAgain when it has happened more
// often since, and nothing is noted.
func (d *DB) Acknowledge(ctx context.Context, box string, id int64, ack hub.Ack) error {
	return wrap("acknowledge", inTx(ctx, d.w, func(tx *sql.Tx) error {
		var count int
		err := tx.QueryRowContext(ctx, `SELECT count FROM alarms WHERE id=? AND box=?`, id, box).Scan(&count)
		if errors.Is(err, sql.ErrNoRows) {
			return hub.ErrUnknownBox
		} else if err != nil {
			return err
		}
		if count != ack.Count {
			return hub.ErrAgain
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO acks (alarm, count, at, who) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`,
			id, count, millis(ack.At), ack.Who)
		return err
	}))
}
