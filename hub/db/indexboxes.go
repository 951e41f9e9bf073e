package db

import (
	"context"
	"database/sql"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// Sites brings the index to the boxes that there are and their facilities: what is said of
// a patient goes to all boxes of a facility that has them. All patients of a facility that
// has another box are to be told again.
func (d *DB) Sites(ctx context.Context, boxes []hub.Box) error {
	known, err := list(ctx, d.r, func(r row) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) }, `SELECT box, facility FROM index_boxes`)
	if err != nil {
		return err
	}
	old := map[string]string{}
	for _, x := range known {
		old[x[0]] = x[1]
	}
	for i := range boxes {
		name, at := boxes[i].Name, Site(&boxes[i])
		if old[name] == at {
			continue
		}
		err := inTx(ctx, d.w, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO index_boxes (box, facility) VALUES (?,?) ON CONFLICT DO UPDATE SET facility=excluded.facility`, name, at)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO index_tell (patient) SELECT DISTINCT h.patient FROM index_homes h
				JOIN index_boxes x ON x.box=h.box WHERE x.facility=? ON CONFLICT DO UPDATE SET n=n+1`, at)
			return err
		})
		if err != nil {
			return wrap("sites", err)
		}
	}
	return nil
}

// Site is where boxes share patients: the facility, or the box alone while nobody has
// said whose it is.
func Site(b *hub.Box) string {
	if b.Facility.Code == "" {
		return "box " + b.Name
	}
	return b.Facility.Code
}

// HeldBy returns the boxes in service that hold one of the patients, or whose facility
// does, by name.
func (d *DB) HeldBy(ctx context.Context, patients []clinic.ID) ([]string, error) {
	seen := map[string]bool{}
	var out []string
	for _, id := range patients {
		boxes, err := list(ctx, d.r, func(r row) (n string, err error) { return n, r.Scan(&n) },
			`SELECT DISTINCT y.box FROM index_homes h JOIN index_boxes x ON x.box=h.box JOIN index_boxes y ON y.facility=x.facility
			JOIN boxes b ON b.name=y.box WHERE h.patient=? AND b.revoked=0 ORDER BY y.box`, id[:])
		if err != nil {
			return nil, err
		}
		for _, n := range boxes {
			if !seen[n] {
				seen[n], out = true, append(out, n)
			}
		}
	}
	return out, nil
}

// Beside returns the boxes of the box's facility, itself too, by name: all that ever were,
// and those in service.
func (d *DB) Beside(ctx context.Context, box string) (all, serving []string, err error) {
	type is struct {
		name    string
		revoked int
	}
	rows, err := list(ctx, d.r, func(r row) (x is, err error) { return x, r.Scan(&x.name, &x.revoked) },
		`SELECT y.box, b.revoked FROM index_boxes x JOIN index_boxes y ON y.facility=x.facility
		JOIN boxes b ON b.name=y.box WHERE x.box=? ORDER BY y.box`, box)
	for _, x := range rows {
		all = append(all, x.name)
		if x.revoked == 0 {
			serving = append(serving, x.name)
		}
	}
	return all, serving, err
}

// IndexCounts sums up.
func (d *DB) IndexCounts(ctx context.Context, now time.Time) (c hub.IndexCounts, err error) {
	err = d.r.QueryRowContext(ctx, `SELECT
		(SELECT count(DISTINCT patient) FROM index_keys),
		(SELECT count(*) FROM index_asks WHERE later <= ?1),
		(SELECT count(*) FROM index_asks WHERE later > ?1),
		(SELECT count(*) FROM index_judge),
		(SELECT count(DISTINCT leaf) FROM index_entries WHERE kind=13),
		(SELECT COALESCE(sum(allergies),0) FROM index_conflicts),
		(SELECT COALESCE(sum(details),0) FROM index_conflicts)`, millis(now)).
		Scan(&c.Patients, &c.Waiting, &c.Later, &c.Unread, &c.Boxes, &c.Allergies, &c.Details)
	if err != nil {
		return c, wrap("counts", err)
	}
	type said struct{ who, what, n int }
	rows, err := list(ctx, d.r, func(r row) (x said, err error) { return x, r.Scan(&x.who, &x.what, &x.n) },
		`SELECT who, what, count(*) FROM index_said GROUP BY who, what`)
	for _, x := range rows {
		a := &c.Rule
		if clinic.CentreBy(x.who) == clinic.CentreOperator {
			a = &c.Operator
		}
		switch x.what {
		case hub.SaidOne:
			a.One = x.n
		case hub.SaidTwo:
			a.Two = x.n
		default:
			a.Open = x.n
		}
	}
	return c, err
}

// SetConflicts notes of a person, by the leading ID, whether boxes wrote different things
// of the allergies and of the details; nothing stays of the person's other IDs.
func (d *DB) SetConflicts(ctx context.Context, ids []clinic.ID, allergies, details bool) error {
	return wrap("conflicts", inTx(ctx, d.w, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM index_conflicts WHERE patient=?`, id[:]); err != nil {
				return err
			}
		}
		if !allergies && !details {
			return nil
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO index_conflicts (patient, allergies, details) VALUES (?,?,?)`, ids[0][:], allergies, details)
		return err
	}))
}

// LastSaid returns what the centre said last, the latest first.
func (d *DB) LastSaid(ctx context.Context, n int) ([]hub.Down, error) {
	return list(ctx, d.r, func(r row) (e hub.Down, err error) {
		var leaf []byte
		if err := r.Scan(&e.Bytes, &leaf); err != nil {
			return e, err
		}
		if copy(e.Leaf[:], leaf) != len(e.Leaf) {
			return e, ErrDamaged
		}
		return e, nil
	}, `SELECT bytes, leaf FROM index_said ORDER BY at DESC, leaf LIMIT ?`, n)
}
