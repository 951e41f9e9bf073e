package db

import (
	"context"
	"database/sql"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Unjudged returns up to n signatures of records, and what boxes told of themselves,
// that nobody has judged, oldest first of each stream. A signature waits for the keys
// that came before it (Unscanned): without them it would be judged wrongly.
func (d *DB) Unjudged(ctx context.Context, n int) ([]hub.Found, error) {
	// The order of the join keeps SQLite from walking through all signatures that were
	// judged: it seeks once in each stream.
	return list(ctx, d.r, scanFound, unlooked()+`
		FROM streams s LEFT JOIN judged c ON c.stream=s.id LEFT JOIN scanned k4 ON k4.stream=s.id
		CROSS JOIN entries e ON e.stream=s.id AND e.kind IN (6, 27, 80) AND e.idx >= COALESCE(c.next, 0)
		WHERE NOT EXISTS (SELECT 1 FROM entries k WHERE k.kind=4 AND k.stream=s.id AND k.idx >= COALESCE(k4.next, 0) AND k.idx < e.idx)
		ORDER BY s.id, e.idx LIMIT ?`, n)
}

// Judged keeps that entries were judged, and raises an alarm for each verdict that is
// news, in one transaction: an entry that is judged again, or comes again in another
// epoch, raises none.
func (d *DB) Judged(ctx context.Context, found []hub.Found, vs []hub.Verdict) error {
	return wrap("judged", inTx(ctx, d.w, func(tx *sql.Tx) error {
		void := map[clinic.Leaf]bool{}
		for i := range vs {
			v := &vs[i]
			void[v.Leaf] = true
			r, err := tx.ExecContext(ctx, `INSERT INTO voids (box, leaf, state) VALUES (?,?,?)
				ON CONFLICT (box, leaf) DO UPDATE SET state=excluded.state WHERE state<>excluded.state`, v.Alarm.Box, v.Leaf[:], int(v.State))
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue
			}
			if _, err := raise(ctx, tx, v.Alarm); err != nil {
				return err
			}
		}
		for i := range found {
			if f := &found[i]; !void[f.Leaf] {
				if _, err := tx.ExecContext(ctx, `DELETE FROM voids WHERE box=? AND leaf=?`, f.Box, f.Leaf[:]); err != nil {
					return err
				}
			}
		}
		return markScanned(ctx, tx, "judged", found)
	}))
}

// JudgedBy returns by which digest each facility's signatures were judged last.
func (d *DB) JudgedBy(ctx context.Context) (map[string][32]byte, error) {
	type row2 struct {
		facility string
		digest   []byte
	}
	rows, err := list(ctx, d.r, func(r row) (x row2, err error) {
		err = r.Scan(&x.facility, &x.digest)
		if err == nil && len(x.digest) != 32 {
			err = ErrDamaged
		}
		return x, err
	}, `SELECT facility, digest FROM judged_by`)
	out := make(map[string][32]byte, len(rows))
	for _, x := range rows {
		out[x.facility] = [32]byte(x.digest)
	}
	return out, err
}

// Rejudge has everything that the boxes sent judged anew.
func (d *DB) Rejudge(ctx context.Context, facility string, digest [32]byte, boxes []string) error {
	return wrap("rejudge", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for _, b := range boxes {
			if _, err := tx.ExecContext(ctx, `DELETE FROM judged WHERE stream IN (SELECT id FROM streams WHERE box=?)`, b); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO judged_by (facility, digest) VALUES (?,?)
			ON CONFLICT (facility) DO UPDATE SET digest=excluded.digest`, facility, digest[:])
		return err
	}))
}

// CredentialEntries returns the entries that brought keys of a person, oldest first of
// each box.
func (d *DB) CredentialEntries(ctx context.Context, person clinic.ID) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, foundColumns+`
		FROM credentials c JOIN streams s ON s.box=c.box AND s.epoch=c.epoch JOIN entries e ON e.stream=s.id AND e.idx=c.idx
		WHERE c.person=? ORDER BY s.started, s.id, e.idx`, person[:])
}

// EndedCredentials returns facility and digest of the bare requests that were turned
// down.
func (d *DB) EndedCredentials(ctx context.Context) ([]hub.Credential, error) {
	return list(ctx, d.r, func(r row) (c hub.Credential, err error) {
		return c, r.Scan(&c.Facility, &c.Digest)
	}, `SELECT facility, digest FROM credentials WHERE ended=1 ORDER BY digest`)
}
