package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clinicbox/hub"
)

// share lets a box that was certified have what its facility shares, from the beginning.
// What was received under its name until now is of the machines before it, unless the
// keys are the same.
func share(ctx context.Context, tx *sql.Tx, m hub.Member, same bool) error {
	if same {
		_, err := tx.ExecContext(ctx, `UPDATE streams SET site=? WHERE box=? AND site=''`, m.Facility.Code, m.Name)
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE boxes SET site=? WHERE name=?`, m.Facility.Code, m.Name)
		}
		return err
	}
	for _, q := range []string{
		`DELETE FROM shared WHERE box=?`,
		`DELETE FROM shares WHERE box=?`,
		`DELETE FROM given WHERE box=?`,
		`DELETE FROM unshared WHERE box=?`,
	} {
		if _, err := tx.ExecContext(ctx, q, m.Name); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE boxes SET site=?, before=(SELECT COALESCE(max(id),0) FROM streams) WHERE name=?`,
		m.Facility.Code, m.Name)
	return err
}

// Sharing returns what was not looked through for boxes of certified facilities: streams
// of other boxes of the same facility, and those of machines that had the box's name
// before. Up to n of those after the given one, by box and stream; only for the facility
// of the named box, unless it is "".
func (d *DB) Sharing(ctx context.Context, box string, after *hub.Sharing, n int) ([]hub.Sharing, error) {
	// The order of the join, and the equation in place of an alternative, keep SQLite from
	// walking through all boxes for one facility.
	which := `b.site<>''`
	if box != "" {
		which += ` AND b.site=(SELECT site FROM boxes WHERE name=?4)`
	}
	return list(ctx, d.r, func(r row) (s hub.Sharing, err error) {
		return s, r.Scan(&s.Box, &s.Stream, &s.From, &s.Next, &s.Size)
	}, `SELECT b.name, s.id, s.box, COALESCE(p.next, 0), s.size
		FROM boxes b CROSS JOIN streams s ON s.site=b.site AND (s.box<>b.name OR s.id<=b.before)
		LEFT JOIN shared p ON p.box=b.name AND p.stream=s.id
		WHERE `+which+` AND s.site<>'' AND b.revoked=0 AND s.size > COALESCE(p.next, 0)
		AND b.name>=?1 AND (b.name>?1 OR s.id>?2) ORDER BY b.name, s.id LIMIT ?3`, after.Box, after.Stream, n, box)
}

// StreamEntries returns up to n entries of a stream from an index on. One that an earlier
// stream of the box has at the same place, as when a box goes on in a new epoch, comes
// like a hole, without bytes: it was looked at there.
func (d *DB) StreamEntries(ctx context.Context, stream int64, from uint64, n int) ([]hub.Entry, error) {
	return list(ctx, d.r, func(r row) (e hub.Entry, err error) {
		var again bool
		if e, err = scanEntry(first{r, []any{&again}}); again {
			e.Bytes = nil
		}
		return e, err
	}, `SELECT EXISTS (SELECT 1 FROM streams o JOIN entries x ON x.stream=o.id AND x.idx=e.idx AND x.leaf=e.leaf
			WHERE o.box=s.box AND o.site=s.site AND o.id<s.id), e.idx, e.salt, e.bytes, e.leaf, e.kind, e.flag
		FROM entries e JOIN streams s ON s.id=e.stream WHERE e.stream=? AND e.idx>=? ORDER BY e.idx LIMIT ?`, stream, int63(from), n)
}

// Share queues entries of a stream for a box, keeps which of them nobody could read, and
// notes that the stream was looked through up to next, in one transaction. hub.ErrMoved
// when it was not at s.Next, for instance because the box is another machine now.
func (d *DB) Share(ctx context.Context, s *hub.Sharing, next uint64, es []hub.Share, unread []uint64) error {
	return wrap("share", inTx(ctx, d.w, func(tx *sql.Tx) error {
		var at uint64
		err := tx.QueryRowContext(ctx, `SELECT COALESCE((SELECT next FROM shared WHERE box=?1 AND stream=?2), 0)
			FROM boxes b JOIN streams s ON s.id=?2 WHERE b.name=?1 AND b.site=s.site AND (s.box<>b.name OR s.id<=b.before)`,
			s.Box, s.Stream).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) || err == nil && at != s.Next {
			return fmt.Errorf("%w: sharing at %d", hub.ErrMoved, at)
		} else if err != nil {
			return err
		}
		if err := putShares(ctx, tx, s, es); err != nil {
			return err
		}
		for _, idx := range unread {
			if _, err := tx.ExecContext(ctx, `INSERT INTO unshared (box, stream, idx) VALUES (?,?,?) ON CONFLICT DO NOTHING`,
				s.Box, s.Stream, int63(idx)); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO shared (box, stream, next) VALUES (?,?,?)
			ON CONFLICT (box, stream) DO UPDATE SET next=excluded.next`, s.Box, s.Stream, int63(next))
		return err
	}))
}

func putShares(ctx context.Context, tx *sql.Tx, s *hub.Sharing, es []hub.Share) error {
	st, err := tx.PrepareContext(ctx, `INSERT INTO shares (box, rank, stream, idx) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer st.Close()
	for i := range es {
		if _, err := st.ExecContext(ctx, s.Box, int63(es[i].Rank), s.Stream, int63(es[i].Index)); err != nil {
			return err
		}
	}
	return nil
}

// Unshared returns up to n entries, those after the given one, that no program could read
// when their stream was looked through: a later one may.
func (d *DB) Unshared(ctx context.Context, after *hub.Unshared, n int) ([]hub.Unshared, error) {
	return list(ctx, d.r, func(r row) (u hub.Unshared, err error) {
		u.Entry, err = scanEntry(first{r, []any{&u.Box, &u.Stream, &u.From}})
		return u, err
	}, `SELECT u.box, u.stream, s.box, e.idx, e.salt, e.bytes, e.leaf, e.kind, e.flag
		FROM unshared u JOIN streams s ON s.id=u.stream JOIN entries e ON e.stream=u.stream AND e.idx=u.idx
		WHERE (u.box, u.stream, u.idx) > (?,?,?) ORDER BY u.box, u.stream, u.idx LIMIT ?`,
		after.Box, after.Stream, int63(after.Entry.Index), n)
}

// ShareRead queues one of them after all, or, without shares, forgets it.
func (d *DB) ShareRead(ctx context.Context, s *hub.Sharing, index uint64, es []hub.Share) error {
	return wrap("share", inTx(ctx, d.w, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM unshared WHERE box=? AND stream=? AND idx=?`, s.Box, s.Stream, int63(index))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err // the box is another machine now
		}
		return putShares(ctx, tx, s, es)
	}))
}

// Owed returns the first entries that a box shall get, without those of held ranks. The
// queue is not walked through there: what waits costs nothing, however much it is.
func (d *DB) Owed(ctx context.Context, box string, held hub.Ranks, n int) ([]hub.Owed, error) {
	out, err := d.owed(ctx, box, hub.Ranks{To: held.From}, n)
	if err != nil || len(out) >= n {
		return out, err
	}
	rest, err := d.owed(ctx, box, hub.Ranks{From: held.To, To: 1 << 63}, n-len(out))
	return append(out, rest...), err
}

func (d *DB) owed(ctx context.Context, box string, of hub.Ranks, n int) ([]hub.Owed, error) {
	if of.From >= of.To {
		return nil, nil
	}
	return list(ctx, d.r, func(r row) (o hub.Owed, err error) {
		var salt []byte
		if err := r.Scan(&o.Rank, &o.Stream, &o.Index, &salt, &o.Bytes); err != nil {
			return o, err
		}
		if copy(o.Salt[:], salt) != len(o.Salt) {
			return o, ErrDamaged
		}
		return o, nil
	}, `SELECT x.rank, x.stream, x.idx, e.salt, e.bytes FROM shares x JOIN entries e ON e.stream=x.stream AND e.idx=x.idx
		WHERE x.box=? AND x.rank>=? AND x.rank<? ORDER BY x.rank, x.stream, x.idx LIMIT ?`, box, int63(of.From), int63(of.To), n)
}

// OwedCount returns how many entries a box shall get.
func (d *DB) OwedCount(ctx context.Context, box string) (n int, err error) {
	err = d.r.QueryRowContext(ctx, `SELECT count(*) FROM shares WHERE box=?`, box).Scan(&n)
	return n, wrap("owed", err)
}

// Delivered notes that a box has entries, and how many it had received with them.
func (d *DB) Delivered(ctx context.Context, box string, es []hub.Owed, received uint64) error {
	return wrap("delivered", inTx(ctx, d.w, func(tx *sql.Tx) error {
		del, err := tx.PrepareContext(ctx, `DELETE FROM shares WHERE box=? AND rank=? AND stream=? AND idx=?`)
		if err != nil {
			return err
		}
		defer del.Close()
		put, err := tx.PrepareContext(ctx, `INSERT INTO given (box, received, rank, stream, idx) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		defer put.Close()
		for i := range es {
			r, err := del.ExecContext(ctx, box, int63(es[i].Rank), es[i].Stream, int63(es[i].Index))
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue // acknowledged before
			}
			if _, err := put.ExecContext(ctx, box, int63(received), int63(es[i].Rank), es[i].Stream, int63(es[i].Index)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// recededAtOnce rows are queued again in one transaction: others write in between.
const recededAtOnce = 2000

// Receded queues again what a box acknowledged when it had received more than it has
// now, and returns how much that is. It does so in steps, each durable: after an error
// the same has to be asked for once more, before the box receives anything.
func (d *DB) Receded(ctx context.Context, box string, received uint64) (n int64, err error) {
	const lost = ` FROM given WHERE box=?1 AND received>?2 ORDER BY received, rank, stream, idx LIMIT ?3`
	var any bool
	err = d.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM given WHERE box=? AND received>?)`, box, int63(received)).Scan(&any)
	for err == nil && any {
		var step int64
		err = inTx(ctx, d.w, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO shares (box, rank, stream, idx) SELECT * FROM (SELECT box, rank, stream, idx`+lost+`)
				WHERE true ON CONFLICT DO NOTHING`, box, int63(received), recededAtOnce)
			if err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, `DELETE FROM given WHERE (box, received, rank, stream, idx) IN (SELECT box, received, rank, stream, idx`+lost+`)`,
				box, int63(received), recededAtOnce)
			if err != nil {
				return err
			}
			step, err = r.RowsAffected()
			return err
		})
		if err != nil {
			break
		}
		n, any = n+step, step == recededAtOnce
	}
	return n, wrap("receded", err)
}

// Facility returns the boxes in service that share with the named one, which comes first.
func (d *DB) Facility(ctx context.Context, box string) ([]string, error) {
	return list(ctx, d.r, func(r row) (n string, err error) { return n, r.Scan(&n) },
		`SELECT b.name FROM boxes b JOIN boxes me ON me.name=?
		WHERE b.name=me.name OR b.site=me.site AND b.site<>'' AND b.revoked=0 ORDER BY b.name<>me.name, b.name`, box)
}
