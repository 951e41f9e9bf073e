package db

import "context"

// Bytes returns how large the database is, without what waits in the write-ahead log.
func (d *DB) Bytes(ctx context.Context) (n int64, err error) {
	err = d.r.QueryRowContext(ctx, `SELECT c.page_count * s.page_size FROM pragma_page_count() c, pragma_page_size() s`).Scan(&n)
	return n, wrap("bytes", err)
}
