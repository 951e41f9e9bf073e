package db

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"clinicbox/hub"
)

// Admit brings the row of a box to what the authority certified under its name. A
// new certificate, that of a machine in the old one's place, exchanges the keys;
// what was received and what is queued stays, and goes down to the new machine from
// the start. The same again changes nothing.
func (d *DB) Admit(ctx context.Context, m hub.Member, at time.Time) (changed bool, err error) {
	if !hub.ValidBoxName(m.Name) {
		return false, hub.ErrBoxName
	}
	err = inTx(ctx, d.w, func(tx *sql.Tx) error {
		changed = false
		old, err := scanBox(tx.QueryRowContext(ctx, `SELECT `+boxColumns+` FROM boxes WHERE name=?`, m.Name))
		switch {
		case errors.Is(err, hub.ErrUnknownBox):
			if err := insertBox(ctx, tx, hub.Box{Name: m.Name, Keys: m.Keys, Added: at}); err != nil {
				return err
			}
		case err != nil:
			return err
		case old.Serial == m.Serial && old.Keys.Identity == m.Keys.Identity && bytes.Equal(old.Keys.HPKE, m.Keys.HPKE):
			if old.Revoked == m.Revoked {
				return nil
			}
			changed = true
			_, err := tx.ExecContext(ctx, `UPDATE boxes SET revoked=? WHERE name=?`, m.Revoked, m.Name)
			return err
		}
		changed = true
		if old.Serial != "" && old.Facility.Code != m.Facility.Code {
			if err := forgetDowns(ctx, tx, m.Name); err != nil {
				return err
			}
		}
		f, err := json.Marshal(m.Facility)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE boxes SET identity=?, hpke=?, serial=?, revoked=?, facility=?, down_acked=0 WHERE name=?`,
			m.Keys.Identity[:], m.Keys.HPKE, m.Serial, m.Revoked, string(f), m.Name)
		if err != nil {
			return err
		}
		return share(ctx, tx, m, err == nil && old.Keys.Identity == m.Keys.Identity)
	})
	return changed, wrap("admit", err)
}

// forgetDowns ends what was queued for a box of that name: another facility has the name
// now, and what the first was told is not for it.
func forgetDowns(ctx context.Context, tx *sql.Tx, box string) error {
	var epoch hub.Epoch
	rand.Read(epoch[:])
	for _, q := range []string{`DELETE FROM downs WHERE box=?`, `DELETE FROM told WHERE box=?`} {
		if _, err := tx.ExecContext(ctx, q, box); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE boxes SET down_epoch=? WHERE name=?`, epoch[:], box)
	return err
}

func insertBox(ctx context.Context, tx *sql.Tx, b hub.Box) error {
	rand.Read(b.DownEpoch[:]) // never fails since Go 1.24
	_, err := tx.ExecContext(ctx, `INSERT INTO boxes (name, identity, hpke, added, down_epoch) VALUES (?,?,?,?,?)`,
		b.Name, b.Keys.Identity[:], b.Keys.HPKE, millis(b.Added), b.DownEpoch[:])
	return err
}

// Tell queues on the stream down to a box what it was not told yet, once for each
// digest, all or none. encode makes the entry of the digest with that number;
// one without bytes is noted as told and not queued.
func (d *DB) Tell(ctx context.Context, box string, digests [][32]byte, encode func(i int) (hub.Down, error)) (n int, err error) {
	err = inTx(ctx, d.w, func(tx *sql.Tx) error {
		n = 0
		var es []hub.Down
		for i, digest := range digests {
			var told bool
			if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM told WHERE box=? AND digest=?)`, box, digest[:]).Scan(&told); err != nil {
				return err
			}
			if told {
				continue
			}
			e, err := encode(i)
			if err != nil {
				return err
			}
			if e.Bytes != nil {
				es = append(es, e)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO told (box, digest) VALUES (?,?) ON CONFLICT DO NOTHING`, box, digest[:]); err != nil {
				return err
			}
		}
		if n = len(es); n == 0 {
			return nil
		}
		_, err := queue(ctx, tx, box, es)
		return err
	})
	return n, wrap("tell", err)
}
