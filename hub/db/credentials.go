package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Unscanned returns up to n entries with keys of people that nobody has looked at,
// oldest first of each stream.
func (d *DB) Unscanned(ctx context.Context, n int) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, unlooked()+`
		FROM entries e JOIN streams s ON s.id=e.stream LEFT JOIN scanned c ON c.stream=e.stream
		WHERE e.kind=4 AND e.idx >= COALESCE(c.next, 0) ORDER BY e.stream, e.idx LIMIT ?`, n)
}

// Escrows returns the answers by telephone that a box has left, the latest first.
func (d *DB) Escrows(ctx context.Context, box string, n int) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, foundColumns+`
		FROM entries e JOIN streams s ON s.id=e.stream
		WHERE e.kind=7 AND s.box=? AND `+notAgain+` ORDER BY s.started DESC, e.stream DESC, e.idx DESC LIMIT ?`, box, n)
}

// MachineEvents returns what a box recorded of itself, the latest first.
func (d *DB) MachineEvents(ctx context.Context, box string, n int) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, foundColumns+`
		FROM entries e JOIN streams s ON s.id=e.stream
		WHERE e.kind=6 AND s.box=? AND `+notAgain+` ORDER BY s.started DESC, e.stream DESC, e.idx DESC LIMIT ?`, box, n)
}

// notAgain leaves out entries that an earlier stream of the box has at the same place, as
// after a branch.
const notAgain = `NOT EXISTS (SELECT 1 FROM streams o JOIN entries x ON x.stream=o.id AND x.idx=e.idx AND x.leaf=e.leaf
			WHERE o.box=s.box AND o.id<s.id)`

// first hands the leading columns of a row to other places than the rest.
type first struct {
	row
	to []any
}

// Scan implements row.
func (f first) Scan(dest ...any) error { return f.row.Scan(append(f.to, dest...)...) }

// foundColumns are what scanFound reads, of streams s and entries e.
const foundColumns = `SELECT s.id, s.box, s.epoch, s.started, 0, e.idx, e.salt, e.bytes, e.leaf, e.kind, e.flag`

// unlooked are foundColumns with the mark of a table of marks c.
func unlooked() string { return strings.Replace(foundColumns, "0", "COALESCE(c.next, 0)", 1) }

func scanFound(r row) (f hub.Found, err error) {
	var (
		epoch   []byte
		started int64
	)
	f.Entry, err = scanEntry(first{r, []any{&f.Stream, &f.Box, &epoch, &started, &f.Mark}})
	f.Started = fromMillis(started)
	if err == nil && copy(f.Epoch[:], epoch) != len(f.Epoch) {
		err = ErrDamaged
	}
	return f, err
}

// Scanned keeps what was found in entries, and that they were looked at, and raises
// hub.AlarmKey for what has a problem, in one transaction. A credential that is known
// already, for its stream is looked through again, is not kept and raises nothing.
func (d *DB) Scanned(ctx context.Context, found []hub.Found, cs []hub.Credential) error {
	return wrap("scanned", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for i := range cs {
			c := &cs[i]
			fresh, err := putCredential(ctx, tx, c)
			if err == nil && fresh && c.Problem != "" {
				_, err = raise(ctx, tx, hub.Alarm{Box: c.Box, Code: hub.AlarmKey, Detail: c.Problem, Last: c.At})
			}
			if err != nil {
				return err
			}
		}
		return markScanned(ctx, tx, "scanned", found)
	}))
}

// markScanned notes in one of the tables of that form how far streams were looked at. A
// mark that was moved since found was read stays: something before it has come to light.
func markScanned(ctx context.Context, tx *sql.Tx, table string, found []hub.Found) error {
	type ends struct{ mark, next int64 }
	streams := map[int64]ends{}
	for i := range found {
		f := &found[i]
		e, ok := streams[f.Stream]
		if !ok {
			e.mark = f.Mark
		}
		e.next = max(e.next, int63(f.Index+1))
		streams[f.Stream] = e
	}
	for stream, e := range streams {
		_, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (stream, next) VALUES (?1,?2)
			ON CONFLICT (stream) DO UPDATE SET next=excluded.next WHERE next=?3`, stream, e.next, e.mark)
		if err != nil {
			return err
		}
	}
	return nil
}

func putCredential(ctx context.Context, tx *sql.Tx, c *hub.Credential) (fresh bool, err error) {
	chain, err := json.Marshal(c.Chain)
	if err != nil {
		return false, err
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO credentials
		(digest, box, epoch, idx, at, person, role, facility, serial, request, chain, problem)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
		c.Digest, c.Box, c.Epoch[:], int63(c.Index), millis(c.At), c.Person[:], int(c.Role), c.Facility, c.Serial,
		append([]byte{}, c.Request...), string(chain), c.Problem)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// Credentials returns what boxes brought and was not ended here, oldest first;
// facility "" means all.
func (d *DB) Credentials(ctx context.Context, facility string) ([]hub.Credential, error) {
	return list(ctx, d.r, scanCredential, `SELECT digest, box, epoch, idx, at, person, role, facility, serial, request, chain, problem
		FROM credentials WHERE ended=0 AND (?1='' OR facility=?1) ORDER BY at, box, idx`, facility)
}

func scanCredential(r row) (c hub.Credential, err error) {
	var (
		epoch, person []byte
		at            int64
		role          int
		chain         string
	)
	err = r.Scan(&c.Digest, &c.Box, &epoch, &c.Index, &at, &person, &role, &c.Facility, &c.Serial, &c.Request, &chain, &c.Problem)
	if err != nil {
		return c, err
	}
	if copy(c.Epoch[:], epoch)+copy(c.Person[:], person) != len(c.Epoch)+len(c.Person) {
		return c, ErrDamaged
	}
	c.At, c.Role = fromMillis(at), clinic.Role(role)
	return c, json.Unmarshal([]byte(chain), &c.Chain)
}

// EndCredential notes that a person's bare request was turned down.
func (d *DB) EndCredential(ctx context.Context, digest string) error {
	r, err := d.w.ExecContext(ctx, `UPDATE credentials SET ended=1 WHERE digest=?`, digest)
	if err != nil {
		return wrap("credential", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return wrap("credential", hub.ErrCredential)
	}
	return nil
}
