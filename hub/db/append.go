package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// perChunk hashes stand in one row.
const perChunk = 64

// Append stores one accepted frame in one transaction: entries, tree hashes,
// size and root, and what the entries tell of the facility. hub.ErrMoved when the
// stream is not at b.From, for instance because an earlier try was applied
// though it reported an error; hub.ErrUnknownBox for a box that is not there,
// hub.ErrRevoked for one whose certificate ended.
func (d *DB) Append(ctx context.Context, b *hub.Batch) error {
	return wrap("append", inTx(ctx, d.w, func(tx *sql.Tx) error {
		id, err := streamAt(ctx, tx, b)
		if err != nil {
			return err
		}
		if err := d.putEntries(ctx, tx, id, b.Entries); err != nil {
			return err
		}
		if err := d.putHashes(ctx, tx, id, b.Hashes); err != nil {
			return err
		}
		if err := d.move(ctx, tx, id, b); err != nil {
			return err
		}
		return putFacility(ctx, tx, b)
	}))
}

// streamAt returns the stream's row, made when it is new, and checks its size.
func streamAt(ctx context.Context, tx *sql.Tx, b *hub.Batch) (id int64, err error) {
	var size uint64
	err = tx.QueryRowContext(ctx, `SELECT id, size FROM streams WHERE box=? AND epoch=?`, b.Box, b.Epoch[:]).Scan(&id, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return newStream(ctx, tx, b)
	} else if err != nil {
		return 0, err
	}
	if size != b.From {
		return 0, fmt.Errorf("%w: at %d, batch from %d", hub.ErrMoved, size, b.From)
	}
	return id, nil
}

func newStream(ctx context.Context, tx *sql.Tx, b *hub.Batch) (int64, error) {
	var known int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM boxes WHERE name=?`, b.Box).Scan(&known); err != nil {
		return 0, err
	}
	if known == 0 {
		return 0, hub.ErrUnknownBox
	}
	if b.From != 0 {
		return 0, fmt.Errorf("%w: at 0, batch from %d", hub.ErrMoved, b.From)
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO streams (box, epoch, root, incarnation, parent, started, receipt_root, site)
		SELECT ?1,?2,?3,?4,?5,?6,?7,site FROM boxes WHERE name=?1`, b.Box, b.Epoch[:], b.Root[:], b.Incarnation[:], b.Parent[:], millis(b.At), b.Root[:])
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

func (d *DB) putEntries(ctx context.Context, tx *sql.Tx, id int64, es []hub.Entry) error {
	st := tx.StmtContext(ctx, d.s.entry)
	for i := range es {
		e := &es[i]
		flag := 0
		switch {
		case e.Bytes == nil:
			flag = flagHole
		case e.Parked:
			flag = flagParked
		}
		var body any // a nil []byte would be stored as an empty blob by some drivers
		if e.Bytes != nil {
			body = e.Bytes
		}
		if _, err := st.ExecContext(ctx, id, int63(e.Index), e.Salt[:], body, e.Leaf[:], int(e.Kind), flag); err != nil {
			return fmt.Errorf("entry %d: %w", e.Index, err)
		}
	}
	return nil
}

// putHashes fills chunks; positions must follow what is stored.
func (d *DB) putHashes(ctx context.Context, tx *sql.Tx, id int64, hs []hub.Hash) error {
	for len(hs) > 0 {
		chunk := hs[0].Pos / perChunk
		var data []byte
		err := tx.StmtContext(ctx, d.s.tail).QueryRowContext(ctx, id, chunk).Scan(&data)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		for len(hs) > 0 && hs[0].Pos/perChunk == chunk {
			if int64(len(data)) != hs[0].Pos%perChunk*32 {
				return fmt.Errorf("%w: tree hash %d does not follow", ErrDamaged, hs[0].Pos)
			}
			data = append(data, hs[0].Hash[:]...)
			hs = hs[1:]
		}
		if _, err := tx.StmtContext(ctx, d.s.hash).ExecContext(ctx, id, chunk, data); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) move(ctx context.Context, tx *sql.Tx, id int64, b *hub.Batch) error {
	size, stated, at := int63(b.From)+int64(len(b.Entries)), int63(b.Stated), millis(b.At)
	var signed any // NULL keeps the one before
	if len(b.Checkpoint) > 0 {
		signed = b.Checkpoint
	}
	r, err := tx.StmtContext(ctx, d.s.move).ExecContext(ctx, size, b.Root[:], b.Incarnation[:], b.Parent[:],
		int63(b.Tip), stated, stated, size, at, at, size, b.Root[:], signed, signed, size, id, int63(b.From))
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(hub.ErrMoved, err)
	}
	return nil
}

func putFacility(ctx context.Context, tx *sql.Tx, b *hub.Batch) error {
	q, args := `UPDATE boxes SET last_seen=max(last_seen,?), first_seen=CASE WHEN first_seen=0 THEN ? ELSE first_seen END`,
		[]any{millis(b.At), millis(b.At)}
	if b.Facility != nil {
		f, err := certified(ctx, tx, b)
		if err != nil {
			return err
		}
		j, err := json.Marshal(f)
		if err != nil {
			return err
		}
		q, args = q+`, facility=?`, append(args, string(j))
	}
	r, err := tx.ExecContext(ctx, q+` WHERE name=? AND revoked=0`, append(args, b.Box)...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(hub.ErrRevoked, err)
	}
	return nil
}

// certified is the facility as the box tells it, with what its certificate says: a box
// does not choose whose it is.
func certified(ctx context.Context, tx *sql.Tx, b *hub.Batch) (f clinic.Facility, err error) {
	f = *b.Facility
	var serial, text string
	err = tx.QueryRowContext(ctx, `SELECT serial, facility FROM boxes WHERE name=?`, b.Box).Scan(&serial, &text)
	if err != nil || serial == "" {
		return f, err
	}
	var was clinic.Facility
	if err := json.Unmarshal([]byte(text), &was); err != nil {
		return f, ErrDamaged
	}
	f.Code, f.Box, f.Book = was.Code, was.Box, was.Book
	return f, nil
}
