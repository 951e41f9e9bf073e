package db

import (
	"context"
	"database/sql"
	"fmt"

	"clinicbox/hub"
)

// looked lists the tables that note how far each stream was looked through, in columns
// stream and next. What is released behind such a mark must be looked at all the same,
// and a stream that branches off begins with the marks of the one it comes from.
func looked() []string { return []string{"scanned", "legal_scanned", "judged", "indexed"} }

// ParkedEntries returns up to n parked entries, those after the given one of the given
// stream, of all streams.
func (d *DB) ParkedEntries(ctx context.Context, stream, after int64, n int) ([]hub.Found, error) {
	return list(ctx, d.r, scanFound, foundColumns+`
		FROM entries e INDEXED BY flagged JOIN streams s ON s.id=e.stream
		WHERE e.flag<>0 AND e.flag=1 AND (e.stream, e.idx) > (?,?) ORDER BY e.stream, e.idx LIMIT ?`, stream, after, n)
}

// Release takes entries out of parking that the program can read by now: their kinds
// are those of found. Whatever looks through streams looks at them again. One that is
// not parked any more is no error.
func (d *DB) Release(ctx context.Context, found []hub.Found) error {
	return wrap("release", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for i := range found {
			f := &found[i]
			_, err := tx.ExecContext(ctx, `UPDATE entries SET flag=0, kind=? WHERE stream=? AND idx=? AND flag<>0 AND flag=1`,
				int(f.Kind), f.Stream, int63(f.Index))
			if err != nil {
				return fmt.Errorf("entry %d: %w", f.Index, err)
			}
			if err := lookAgain(ctx, tx, f.Stream, f.Index); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Fill gives holes of a stream their bytes, all or none; what is no hole with that leaf
// is left alone. Whatever looks through streams looks at them.
func (d *DB) Fill(ctx context.Context, box string, e hub.Epoch, es []hub.Entry) error {
	return wrap("fill", inTx(ctx, d.w, func(tx *sql.Tx) error {
		var stream int64
		if err := tx.QueryRowContext(ctx, `SELECT id FROM streams WHERE box=? AND epoch=?`, box, e[:]).Scan(&stream); err != nil {
			return err
		}
		for i := range es {
			x := &es[i]
			flag := 0
			if x.Parked {
				flag = flagParked
			}
			_, err := tx.ExecContext(ctx, `UPDATE entries SET salt=?, bytes=?, kind=?, flag=? WHERE stream=? AND idx=? AND flag=2 AND leaf=?`,
				x.Salt[:], x.Bytes, int(x.Kind), flag, stream, int63(x.Index), x.Leaf[:])
			if err != nil {
				return fmt.Errorf("entry %d: %w", x.Index, err)
			}
			if err := lookAgain(ctx, tx, stream, x.Index); err != nil {
				return err
			}
		}
		return nil
	}))
}

// lookAgain moves the marks of a stream back to an entry.
func lookAgain(ctx context.Context, tx *sql.Tx, stream int64, index uint64) error {
	for _, table := range looked() {
		// One less than it could be: a mark that somebody has read must not be there any
		// more, or what was read before would move it over this entry.
		if _, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (stream, next) VALUES (?2,-1)
			ON CONFLICT (stream) DO UPDATE SET next=min(next,?1)-1`, int63(index), stream); err != nil {
			return err
		}
	}
	// What boxes share was queued behind the mark: only this entry is looked at.
	_, err := tx.ExecContext(ctx, `INSERT INTO unshared (box, stream, idx) SELECT box, stream, ?2 FROM shared
		WHERE stream=?1 AND next>?2 ON CONFLICT DO NOTHING`, stream, int63(index))
	return err
}
