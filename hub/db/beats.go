package db

import (
	"context"
	"database/sql"
	"errors"

	"clinicbox/hub"
)

// keptBoots starts of a machine are remembered, so that heartbeats of an earlier
// one are known when they are played back.
const keptBoots = 256

// Beat keeps a heartbeat unless it is a repeat: the number must have grown within
// the start of the machine.
func (d *DB) Beat(ctx context.Context, b hub.Beat) (fresh bool, err error) {
	err = inTx(ctx, d.w, func(tx *sql.Tx) error {
		fresh = false
		var n uint64
		err := tx.QueryRowContext(ctx, `SELECT n FROM beats WHERE serial=? AND boot=?`, b.Serial, b.Boot[:]).Scan(&n)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if uint64(int63(b.N)) <= n {
			return nil
		}
		fresh = true
		_, err = tx.ExecContext(ctx, `INSERT INTO beats (number, serial, boot, box, n, at, state, obeyed, agent)
			VALUES ((SELECT COALESCE(max(number),0)+1 FROM beats),?,?,?,?,?,?,?,?)
			ON CONFLICT (serial, boot) DO UPDATE SET number=excluded.number, n=excluded.n, at=excluded.at,
				state=excluded.state, obeyed=excluded.obeyed, agent=excluded.agent`,
			b.Serial, b.Boot[:], b.Box, int63(b.N), millis(b.At), b.State, int63(b.Obeyed), b.Agent)
		if err != nil || n > 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM beats WHERE serial=?1 AND number <=
			(SELECT number FROM beats WHERE serial=?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)`, b.Serial, keptBoots)
		return err
	})
	return fresh, wrap("beat", err)
}

// Beats returns the last heartbeat of each machine, by serial.
func (d *DB) Beats(ctx context.Context) (map[string]hub.Beat, error) {
	all, err := list(ctx, d.r, func(r row) (b hub.Beat, err error) {
		var (
			boot []byte
			at   int64
		)
		err = r.Scan(&b.Box, &b.Serial, &boot, &b.N, &at, &b.State, &b.Obeyed, &b.Agent)
		if err == nil && copy(b.Boot[:], boot) != len(b.Boot) {
			err = ErrDamaged
		}
		b.At = fromMillis(at)
		return b, err
	}, `SELECT box, serial, boot, n, at, state, obeyed, agent FROM beats b
		WHERE number=(SELECT max(number) FROM beats o WHERE o.serial=b.serial)`)
	out := make(map[string]hub.Beat, len(all))
	for _, b := range all {
		out[b.Serial] = b
	}
	return out, err
}
