package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"clinicbox/hub"
)

const operatorColumns = `name, token, added, ended FROM operators`

// FirstOperator makes hub.FirstOperator with the token. In service already, the
// operator gets the token: who may write the centre's files may lock everybody in
// again. Ended stays ended.
func (d *DB) FirstOperator(ctx context.Context, token [32]byte, at time.Time) error {
	_, err := d.w.ExecContext(ctx, `INSERT INTO operators (name, token, added) VALUES (?,?,?)
		ON CONFLICT (name) DO UPDATE SET token=excluded.token WHERE ended=0`, hub.FirstOperator, token[:], millis(at))
	return wrap("first operator", err)
}

// AddOperator enters a new operator. A name that was ever used is
// hub.ErrOperatorExists.
func (d *DB) AddOperator(ctx context.Context, o hub.Operator) error {
	if !hub.ValidOperatorName(o.Name) {
		return hub.ErrOperatorName
	}
	return wrap("add operator", inTx(ctx, d.w, func(tx *sql.Tx) error {
		switch old, err := scanOperator(tx.QueryRowContext(ctx, `SELECT `+operatorColumns+` WHERE name=?`, o.Name)); {
		case errors.Is(err, hub.ErrOperator):
		case err != nil:
			return err
		case old.Token == o.Token && old.Ended.IsZero():
			return nil // asked again after an answer that was lost
		default:
			return hub.ErrOperatorExists
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO operators (name, token, added) VALUES (?,?,?)`, o.Name, o.Token[:], millis(o.Added))
		return err
	}))
}

// EndOperator ends an operator and with that every session. The last one stays.
// Again is no error.
func (d *DB) EndOperator(ctx context.Context, name string, at time.Time) error {
	return wrap("end operator", inTx(ctx, d.w, func(tx *sql.Tx) error {
		o, err := scanOperator(tx.QueryRowContext(ctx, `SELECT `+operatorColumns+` WHERE name=?`, name))
		if err != nil || !o.Ended.IsZero() {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM operators WHERE ended=0`).Scan(&n); err != nil {
			return err
		}
		if n <= 1 {
			return hub.ErrLastOperator
		}
		_, err = tx.ExecContext(ctx, `UPDATE operators SET ended=? WHERE name=?`, millis(at), name)
		return err
	}))
}

// Operator returns who has the name, in service or ended, or hub.ErrOperator.
func (d *DB) Operator(ctx context.Context, name string) (hub.Operator, error) {
	o, err := scanOperator(d.r.QueryRowContext(ctx, `SELECT `+operatorColumns+` WHERE name=?`, name))
	return o, wrap("operator", err)
}

// OperatorOf returns who is in service with the token, or hub.ErrOperator.
func (d *DB) OperatorOf(ctx context.Context, token [32]byte) (hub.Operator, error) {
	o, err := scanOperator(d.r.QueryRowContext(ctx, `SELECT `+operatorColumns+` WHERE token=? AND ended=0`, token[:]))
	return o, wrap("operator", err)
}

// Operators returns all, also who ended, in order of their beginning.
func (d *DB) Operators(ctx context.Context) ([]hub.Operator, error) {
	return list(ctx, d.r, scanOperator, `SELECT `+operatorColumns+` ORDER BY added, name`)
}

func scanOperator(r row) (o hub.Operator, err error) {
	var (
		token        []byte
		added, ended int64
	)
	err = r.Scan(&o.Name, &token, &added, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return o, hub.ErrOperator
	} else if err != nil {
		return o, err
	}
	if copy(o.Token[:], token) != len(o.Token) {
		return o, ErrDamaged
	}
	o.Added, o.Ended = fromMillis(added), fromMillis(ended)
	return o, nil
}
