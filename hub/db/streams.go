package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

const streamColumns = `s.box, s.epoch, s.size, s.root, s.incarnation, s.parent, s.tip, s.stated, s.behind, s.started,
	s.receipt_at, s.receipt_size, s.receipt_root, s.checkpoint_size, s.checkpoint,
	(SELECT count(*) FROM entries e WHERE e.stream=s.id AND e.flag<>0 AND e.flag=1),
	(SELECT count(*) FROM entries e WHERE e.stream=s.id AND e.flag<>0 AND e.flag=2)`

// Flags of entries.
const (
	flagParked = 1
	flagHole   = 2
)

// Stream returns the stream's state; one that never was is empty.
func (d *DB) Stream(ctx context.Context, box string, e hub.Epoch) (hub.Stream, error) {
	s, err := scanStream(d.r.QueryRowContext(ctx,
		`SELECT `+streamColumns+` FROM streams s WHERE box=? AND epoch=?`, box, e[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return hub.Stream{Box: box, Epoch: e}, nil
	}
	return s, wrap("stream", err)
}

// Streams returns a box's streams, the newest first; box "" means all boxes.
func (d *DB) Streams(ctx context.Context, box string) ([]hub.Stream, error) {
	q, args := `SELECT `+streamColumns+` FROM streams s`, []any{}
	if box != "" {
		q, args = q+` WHERE box=?`, append(args, box)
	}
	return list(ctx, d.r, scanStream, q+` ORDER BY box, started DESC, id DESC`, args...)
}

func scanStream(r row) (s hub.Stream, err error) {
	var (
		epoch, root, inc, parent, rroot []byte
		behind, started, rat            int64
	)
	err = r.Scan(&s.Box, &epoch, &s.Size, &root, &inc, &parent, &s.Tip, &s.Stated, &behind, &started,
		&rat, &s.Receipt.Size, &rroot, &s.Checkpoint.Size, &s.Checkpoint.Signature, &s.Parked, &s.Holes)
	if err != nil {
		return s, err
	}
	if copy(s.Epoch[:], epoch)+copy(s.Root[:], root)+copy(s.Receipt.Root[:], rroot) != 8+32+32 {
		return s, ErrDamaged
	}
	copy(s.Incarnation[:], inc)
	copy(s.Parent[:], parent)
	s.Behind, s.Started, s.Receipt.At = fromMillis(behind), fromMillis(started), fromMillis(rat)
	return s, nil
}

// Entries returns up to n entries from an index on.
func (d *DB) Entries(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]hub.Entry, error) {
	return list(ctx, d.r, scanEntry, `SELECT e.idx, e.salt, e.bytes, e.leaf, e.kind, e.flag
		FROM entries e JOIN streams s ON s.id=e.stream WHERE s.box=? AND s.epoch=? AND e.idx>=? ORDER BY e.idx LIMIT ?`,
		box, e[:], int63(from), n)
}

func scanEntry(r row) (e hub.Entry, err error) {
	var (
		salt, leaf []byte
		kind, flag int
	)
	if err := r.Scan(&e.Index, &salt, &e.Bytes, &leaf, &kind, &flag); err != nil {
		return e, err
	}
	if copy(e.Salt[:], salt)+copy(e.Leaf[:], leaf) != 16+32 {
		return e, ErrDamaged
	}
	switch {
	case flag == flagHole:
		e.Bytes = nil
	case e.Bytes == nil:
		e.Bytes = []byte{} // the driver gives an empty blob as nil
	}
	e.Kind, e.Parked = clinic.Kind(kind), flag == flagParked
	return e, nil
}

// Leaves returns up to n leaf hashes from an index on.
func (d *DB) Leaves(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]clinic.Leaf, error) {
	return list(ctx, d.r, func(r row) (l clinic.Leaf, err error) {
		var b []byte
		if err := r.Scan(&b); err != nil || copy(l[:], b) != len(l) {
			return l, errors.Join(err, ErrDamaged)
		}
		return l, nil
	}, `SELECT e.leaf FROM entries e JOIN streams s ON s.id=e.stream
		WHERE s.box=? AND s.epoch=? AND e.idx>=? ORDER BY e.idx LIMIT ?`, box, e[:], int63(from), n)
}

// Flagged returns the indexes of parked entries and of holes, at most n each,
// the lowest first.
func (d *DB) Flagged(ctx context.Context, box string, e hub.Epoch, n int) (parked, holes []uint64, err error) {
	get := func(flag int) ([]uint64, error) {
		return list(ctx, d.r, func(r row) (i uint64, err error) { return i, r.Scan(&i) },
			`SELECT e.idx FROM entries e JOIN streams s ON s.id=e.stream
			WHERE s.box=? AND s.epoch=? AND e.flag<>0 AND e.flag=? ORDER BY e.idx LIMIT ?`, box, e[:], flag, n)
	}
	if parked, err = get(flagParked); err != nil {
		return nil, nil, err
	}
	holes, err = get(flagHole)
	return parked, holes, err
}

// Hashes returns the stored hashes at the positions; a missing one is ErrDamaged.
func (d *DB) Hashes(ctx context.Context, box string, e hub.Epoch, pos []int64) ([][32]byte, error) {
	chunks := map[int64][]byte{}
	out := make([][32]byte, len(pos))
	for i, p := range pos {
		c := p / perChunk
		b, ok := chunks[c]
		if !ok {
			err := d.r.QueryRowContext(ctx, `SELECT h.data FROM hashes h JOIN streams s ON s.id=h.stream
				WHERE s.box=? AND s.epoch=? AND h.chunk=?`, box, e[:], c).Scan(&b)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, wrap("hashes", err)
			}
			chunks[c] = b
		}
		at := int(p%perChunk) * 32
		if len(b) < at+32 {
			return nil, fmt.Errorf("%w: tree hash %d of %s/%v is missing", ErrDamaged, p, box, e)
		}
		out[i] = [32]byte(b[at:])
	}
	return out, nil
}

// Touch notes what a box said without bringing entries: the size that it states,
// and that the receipt in hand was sent again.
func (d *DB) Touch(ctx context.Context, box string, e hub.Epoch, stated uint64, at time.Time) error {
	n := int63(stated)
	_, err := d.w.ExecContext(ctx, `UPDATE streams SET stated=max(stated,?), receipt_at=?,
		behind=CASE WHEN max(stated,?) <= size THEN 0 WHEN behind=0 THEN ? ELSE behind END
		WHERE box=? AND epoch=?`, n, millis(at), n, millis(at), box, e[:])
	return wrap("touch", err)
}
