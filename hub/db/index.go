package db

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Unindexed returns up to n entries of patients that the index has not taken in, oldest
// first of each stream.
func (d *DB) Unindexed(ctx context.Context, n int) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, unlooked()+`
		FROM streams s LEFT JOIN indexed c ON c.stream=s.id
		CROSS JOIN entries e ON e.stream=s.id AND e.kind IN (10, 11, 12, 13, 16, 20, 23, 24, 27, 28, 63, 70, 74) AND e.idx >= COALESCE(c.next, 0)
		ORDER BY s.id, e.idx LIMIT ?`, n)
}

// Index takes entries in: what they tell of, which box has it, and that each patient is
// to be judged, in one transaction.
func (d *DB) Index(ctx context.Context, found []hub.Found, rows []hub.Indexed) error {
	return wrap("index", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for i := range rows {
			if err := putIndexed(ctx, tx, &found[rows[i].Found], &rows[i]); err != nil {
				return err
			}
		}
		return markScanned(ctx, tx, "indexed", found)
	}))
}

func putIndexed(ctx context.Context, tx *sql.Tx, f *hub.Found, r *hub.Indexed) error {
	if err := putNote(ctx, tx, f, r); err != nil || !r.Keep && !r.Wrote {
		return err
	}
	for _, id := range r.Patients {
		if r.Keep {
			_, err := tx.ExecContext(ctx, `INSERT INTO index_entries (patient, leaf, kind, stream, idx) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING`,
				id[:], f.Leaf[:], int(f.Kind), f.Stream, int63(f.Index))
			if err != nil {
				return err
			}
			if err := mark(ctx, tx, "index_judge", id); err != nil {
				return err
			}
		}
		if r.Wrote {
			if err := putHome(ctx, tx, id, hub.Home{Box: f.Box, Wrote: true}); err != nil {
				return err
			}
		} else if err := mark(ctx, tx, "index_tell", id); err != nil {
			return err
		}
	}
	return nil
}

func putHome(ctx context.Context, tx *sql.Tx, id clinic.ID, h hub.Home) error {
	r, err := tx.ExecContext(ctx, `INSERT INTO index_homes (patient, box, wrote) VALUES (?,?,?)
		ON CONFLICT DO UPDATE SET wrote=1 WHERE excluded.wrote > wrote`, id[:], h.Box, h.Wrote)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if err := mark(ctx, tx, "index_judge", id); err != nil {
		return err
	}
	return mark(ctx, tx, "index_tell", id)
}

// Holds notes that a box was given what others wrote of patients: it hears of their links
// from now on.
func (d *DB) Holds(ctx context.Context, box string, patients []clinic.ID) error {
	return wrap("holds", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for _, id := range patients {
			if err := putHome(ctx, tx, id, hub.Home{Box: box}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// mark puts a patient into one of the lists of what is to be done.
func mark(ctx context.Context, tx *sql.Tx, table string, id clinic.ID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (patient) VALUES (?) ON CONFLICT DO UPDATE SET n=n+1`, id[:])
	return err
}

// IndexEntries returns the entries of a kind that tell of a patient.
func (d *DB) IndexEntries(ctx context.Context, id clinic.ID, k clinic.Kind) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, foundColumns+`
		FROM index_entries x JOIN entries e ON e.stream=x.stream AND e.idx=x.idx JOIN streams s ON s.id=x.stream
		WHERE x.patient=? AND x.kind=? ORDER BY x.leaf`, id[:], int(k))
}

// Homes returns the boxes that hold a patient, by name.
func (d *DB) Homes(ctx context.Context, id clinic.ID) ([]hub.Home, error) {
	return list(ctx, d.r, func(r row) (h hub.Home, err error) { return h, r.Scan(&h.Box, &h.Wrote) },
		`SELECT box, wrote FROM index_homes WHERE patient=? ORDER BY box`, id[:])
}

// crowd is how many patients of one key are compared: more are of a name and year that
// says nothing.
const crowd = 200

// Alike returns the patients that have one of the keys.
func (d *DB) Alike(ctx context.Context, keys [][12]byte) (out []clinic.ID, err error) {
	for _, k := range keys {
		ids, err := list(ctx, d.r, scanID, `SELECT patient FROM index_keys WHERE key=? LIMIT ?`, k[:], crowd)
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, nil
}

func scanID(r row) (id clinic.ID, err error) {
	var b []byte
	if err := r.Scan(&b); err != nil {
		return id, err
	}
	if len(b) != len(id) {
		return id, ErrDamaged
	}
	return clinic.ID(b), nil
}

// SetKeys exchanges the keys by which a patient is found.
func (d *DB) SetKeys(ctx context.Context, id clinic.ID, keys [][12]byte) error {
	return wrap("keys", inTx(ctx, d.w, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM index_keys WHERE patient=?`, id[:]); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, `INSERT INTO index_keys (key, patient) VALUES (?,?) ON CONFLICT DO NOTHING`, k[:], id[:]); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Unjoined returns up to n patients that are to be judged, and as many whose boxes are to
// be told.
func (d *DB) Unjoined(ctx context.Context, n int) (judge, tell []hub.Todo, err error) {
	if judge, err = list(ctx, d.r, scanTodo, `SELECT patient, n FROM index_judge ORDER BY patient LIMIT ?`, n); err != nil {
		return nil, nil, err
	}
	tell, err = list(ctx, d.r, scanTodo, `SELECT patient, n FROM index_tell ORDER BY patient LIMIT ?`, n)
	return judge, tell, err
}

func scanTodo(r row) (t hub.Todo, err error) {
	var b []byte
	if err := r.Scan(&b, &t.N); err != nil {
		return t, err
	}
	if copy(t.ID[:], b) != len(t.ID) {
		return t, ErrDamaged
	}
	return t, nil
}

// JudgedPatient ends one that Unjoined returned, unless there is another reason since.
func (d *DB) JudgedPatient(ctx context.Context, t hub.Todo) error {
	_, err := d.w.ExecContext(ctx, `DELETE FROM index_judge WHERE patient=? AND n=?`, t.ID[:], t.N)
	return wrap("judged patient", err)
}

// ToldPatient is JudgedPatient for the boxes.
func (d *DB) ToldPatient(ctx context.Context, t hub.Todo) error {
	_, err := d.w.ExecContext(ctx, `DELETE FROM index_tell WHERE patient=? AND n=?`, t.ID[:], t.N)
	return wrap("told patient", err)
}

// Pair changes what stands of a pair, in one transaction. What was asked since stays as
// old as it was, and what was put off stays put off.
func (d *DB) Pair(ctx context.Context, p hub.PairAct) error {
	a, b := inOrder(p.A, p.B)
	return wrap("pair", inTx(ctx, d.w, func(tx *sql.Tx) error {
		if p.Ask == nil {
			if _, err := tx.ExecContext(ctx, `DELETE FROM index_asks WHERE a=? AND b=?`, a[:], b[:]); err != nil {
				return err
			}
		} else if _, err := tx.ExecContext(ctx, `INSERT INTO index_asks (a, b, signs, score, since) VALUES (?,?,?,?,?)
			ON CONFLICT DO UPDATE SET signs=excluded.signs, score=excluded.score`, a[:], b[:], int64(p.Ask.Signs), p.Ask.Score, millis(p.At)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE questions SET due=due+1 WHERE patient IN (?,?)`, a[:], b[:]); err != nil || p.Said == nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO index_said (leaf, a, b, salt, bytes, at, who, what) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			p.Said.Leaf[:], a[:], b[:], p.Said.Salt[:], p.Said.Bytes, millis(p.At), int(p.Who), p.What)
		for _, id := range []clinic.ID{a, b} {
			err = errors.Join(err, mark(ctx, tx, "index_tell", id), mark(ctx, tx, "index_judge", id))
		}
		return err
	}))
}

func inOrder(a, b clinic.ID) (clinic.ID, clinic.ID) {
	if bytes.Compare(a[:], b[:]) > 0 {
		return b, a
	}
	return a, b
}

// Said returns what the centre said of a patient and others.
func (d *DB) Said(ctx context.Context, id clinic.ID) ([]hub.Down, error) {
	return list(ctx, d.r, func(r row) (e hub.Down, err error) {
		var salt, leaf []byte
		if err := r.Scan(&salt, &e.Bytes, &leaf); err != nil {
			return e, err
		}
		if copy(e.Salt[:], salt)+copy(e.Leaf[:], leaf) != 16+32 {
			return e, ErrDamaged
		}
		return e, nil
	}, `SELECT salt, bytes, leaf FROM index_said WHERE a=?1 OR b=?1 ORDER BY leaf`, id[:])
}

// Asks returns pairs that wait, the likeliest first; put off ones only with later.
func (d *DB) Asks(ctx context.Context, now time.Time, later bool, n int) ([]hub.Ask, error) {
	return list(ctx, d.r, scanAsk, `SELECT a, b, signs, score, since, later FROM index_asks
		WHERE (later > ?1) = ?2 ORDER BY score DESC, since, a, b LIMIT ?3`, millis(now), later, n)
}

// AskOf returns one that waits; hub.ErrPair when it does not.
func (d *DB) AskOf(ctx context.Context, a, b clinic.ID) (hub.Ask, error) {
	a, b = inOrder(a, b)
	q, err := scanAsk(d.r.QueryRowContext(ctx, `SELECT a, b, signs, score, since, later FROM index_asks WHERE a=? AND b=?`, a[:], b[:]))
	if errors.Is(err, sql.ErrNoRows) {
		err = hub.ErrPair
	}
	return q, wrap("ask", err)
}

func scanAsk(r row) (q hub.Ask, err error) {
	var (
		a, b         []byte
		signs        int64
		since, later int64
	)
	if err := r.Scan(&a, &b, &signs, &q.Score, &since, &later); err != nil {
		return q, err
	}
	if copy(q.A[:], a)+copy(q.B[:], b) != 32 {
		return q, ErrDamaged
	}
	q.Signs, q.Since, q.Later = uint32(signs), fromMillis(since), fromMillis(later)
	return q, nil
}

// PutOff keeps a pair from the desk until a time.
func (d *DB) PutOff(ctx context.Context, a, b clinic.ID, until time.Time) error {
	a, b = inOrder(a, b)
	r, err := d.w.ExecContext(ctx, `UPDATE index_asks SET later=? WHERE a=? AND b=?`, millis(until), a[:], b[:])
	if err != nil {
		return wrap("put off", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return wrap("put off", errors.Join(hub.ErrPair, err))
	}
	return nil
}
