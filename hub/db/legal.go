package db

import (
	"context"
	"database/sql"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// LegalAsks returns up to n entries that ask for legal signatures and that nobody
// has looked at, oldest first of each stream.
func (d *DB) LegalAsks(ctx context.Context, n int) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, unlooked()+`
		FROM entries e JOIN streams s ON s.id=e.stream LEFT JOIN legal_scanned c ON c.stream=e.stream
		WHERE e.kind=30 AND e.idx >= COALESCE(c.next, 0) ORDER BY e.stream, e.idx LIMIT ?`, n)
}

// LegalTake keeps what was found in entries, and that they were looked at, in one
// transaction. A signature that was asked for before is not asked for again.
func (d *DB) LegalTake(ctx context.Context, found []hub.Found, rs []hub.LegalRequest) error {
	return wrap("legal take", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for i := range rs {
			r := &rs[i]
			_, err := tx.ExecContext(ctx, `INSERT INTO legal (leaf, role, box, licence, asked, state, due) VALUES (?,?,?,?,?,?,?)
				ON CONFLICT DO NOTHING`, r.Leaf[:], int(r.Role), r.Box, r.Licence, millis(r.Asked), int(hub.LegalWaits), millis(r.Due))
			if err != nil {
				return err
			}
		}
		return markScanned(ctx, tx, "legal_scanned", found)
	}))
}

// LegalDue returns up to n requests in the state whose time has come, the longest
// due first.
func (d *DB) LegalDue(ctx context.Context, s hub.LegalState, at time.Time, n int) ([]hub.LegalRequest, error) {
	return list(ctx, d.r, scanLegal, `SELECT leaf, role, box, licence, asked, state, tries, due, problem, down_salt, down_bytes, down_leaf
		FROM legal WHERE state=? AND state<3 AND due<=? ORDER BY due, leaf, role LIMIT ?`, int(s), millis(at), n)
}

func scanLegal(r row) (x hub.LegalRequest, err error) {
	var (
		leaf, salt, down []byte
		asked, due       int64
		role, state      int
	)
	err = r.Scan(&leaf, &role, &x.Box, &x.Licence, &asked, &state, &x.Tries, &due, &x.Problem, &salt, &x.Down.Bytes, &down)
	if err == nil && copy(x.Leaf[:], leaf) != len(x.Leaf) {
		err = ErrDamaged
	}
	x.Role, x.State = clinic.LegalRole(role), hub.LegalState(state)
	x.Asked, x.Due = fromMillis(asked), fromMillis(due)
	if x.State == hub.LegalSigned && copy(x.Down.Salt[:], salt)+copy(x.Down.Leaf[:], down) != 16+32 {
		err = ErrDamaged
	}
	return x, err
}

// LegalMove keeps how far a request has come. A state never steps back, and the
// entry for the box is written once: a later one does not replace it.
func (d *DB) LegalMove(ctx context.Context, r hub.LegalRequest) error {
	var salt, bytes, down any
	if r.Down.Bytes != nil {
		salt, bytes, down = r.Down.Salt[:], r.Down.Bytes, r.Down.Leaf[:]
	}
	_, err := d.w.ExecContext(ctx, `UPDATE legal SET state=?1, tries=?2, due=?3, problem=?4,
		down_salt=COALESCE(down_salt,?5), down_bytes=COALESCE(down_bytes,?6), down_leaf=COALESCE(down_leaf,?7)
		WHERE leaf=?8 AND role=?9 AND (state<?1 OR state=?1 AND ?1=1)`,
		int(r.State), r.Tries, millis(r.Due), r.Problem, salt, bytes, down, r.Leaf[:], int(r.Role))
	return wrap("legal move", err)
}

// LegalWithdraw ends what is still waiting for a document that was corrected: what is
// signed stays so.
func (d *DB) LegalWithdraw(ctx context.Context, leaf clinic.Leaf) error {
	_, err := d.w.ExecContext(ctx, `UPDATE legal SET state=?, problem='corrected since' WHERE leaf=? AND state=?`,
		int(hub.LegalRefused), leaf[:], int(hub.LegalWaits))
	return wrap("legal withdraw", err)
}

// LegalDocument finds the entry of a legal document by its leaf.
func (d *DB) LegalDocument(ctx context.Context, leaf clinic.Leaf) (f hub.Found, ok bool, err error) {
	all, err := list(ctx, d.r, scanFound, foundColumns+`
		FROM entries e JOIN streams s ON s.id=e.stream
		WHERE e.leaf=? AND e.kind IN (24, 26) AND e.bytes IS NOT NULL LIMIT 1`, leaf[:])
	if err != nil || len(all) == 0 {
		return hub.Found{}, false, err
	}
	return all[0], true, nil
}

// LegalWaiting tells how many signatures are not on their way yet, and since when
// the oldest was asked for.
func (d *DB) LegalWaiting(ctx context.Context) (n int, oldest time.Time, err error) {
	var ms int64
	err = d.r.QueryRowContext(ctx, `SELECT count(*), COALESCE(min(asked),0) FROM legal WHERE state<3`).Scan(&n, &ms)
	return n, fromMillis(ms), wrap("legal waiting", err)
}
