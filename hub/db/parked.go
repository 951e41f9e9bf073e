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
			for _, table := range looked() {
				if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET next=min(next,?) WHERE stream=?`, int63(f.Index), f.Stream); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}
