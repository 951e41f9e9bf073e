package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clinicbox/internal/cert"
)

// Revoke ends a certificate of a box or a person, issued or provisional. The same
// again is no error; a smaller From reaches further back.
func (a *Authority) Revoke(ctx context.Context, by By, r cert.Revoked) error {
	return a.o.Store.Update(ctx, func(tx Tx) error {
		if err := a.end(tx, r); err != nil {
			return err
		}
		return a.note(tx, by, event{what: "revoke", object: r.Serial.String()})
	})
}

// end writes the list of the certificate's facility anew.
func (a *Authority) end(tx Tx, r cert.Revoked) error {
	var facility string
	if err := get(tx, tableSerials, r.Serial.String(), &facility); err != nil {
		return err
	}
	var l record[cert.Revocations]
	if err := get(tx, tableLists, facility, &l); err != nil && !errors.Is(err, ErrMissing) {
		return err
	}
	i := slices.IndexFunc(l.V.Items, func(o cert.Revoked) bool { return o.Serial == r.Serial })
	switch {
	case i < 0:
		l.V.Items = append(l.V.Items, r)
	case r.From < l.V.Items[i].From:
		l.V.Items[i] = r
	default:
		return nil
	}
	l.V.Facility = facility
	if err := a.publish(tx, l.V); err != nil {
		return err
	}
	return markBox(tx, r)
}

// publish signs a list under its next number.
func (a *Authority) publish(tx Tx, v cert.Revocations) error {
	head, err := a.head(tx)
	if err != nil {
		return err
	}
	v.Issuer, v.Seq, v.History = a.issuer, v.Seq+1, &head
	raw, err := cert.Sign(a.o.Keys.Issuing, v)
	if err != nil {
		return err
	}
	return put(tx, tableLists, v.Facility, record[cert.Revocations]{v, raw})
}

// markBox keeps the end at the box's row too, when it is a box.
func markBox(tx Tx, r cert.Revoked) error {
	var b Box
	switch err := get(tx, tableBoxes, r.Serial.String(), &b); {
	case errors.Is(err, ErrMissing):
		return nil
	case err != nil:
		return err
	}
	b.Revoked = &r
	return put(tx, tableBoxes, r.Serial.String(), b)
}

// Order is what a command asks of a box.
type Order struct {
	Op   cert.Op
	Args []byte
}

// Command signs an order for the box that has the name now, or that has the serial.
// Orders are sent again until the box obeyed: see Orders.
func (a *Authority) Command(ctx context.Context, by By, ref string, o Order) (raw []byte, err error) {
	err = a.o.Store.Update(ctx, func(tx Tx) error {
		b, err := boxFor(tx, ref)
		if err != nil {
			return err
		}
		raw, err = a.order(tx, by, &b, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return raw, nil
}

// order signs the next command for a box and keeps it.
func (a *Authority) order(tx Tx, by By, b *Box, o Order) ([]byte, error) {
	b.Orders++
	raw, err := cert.Sign(a.o.Keys.Command, cert.Command{
		Box: b.Facility.Box, Serial: b.Serial, Seq: b.Orders, Op: o.Op, Args: o.Args, Time: a.o.Now().UnixMilli(),
	})
	if err != nil {
		return nil, err
	}
	if err := put(tx, tableBoxes, b.Serial.String(), b); err != nil {
		return nil, err
	}
	if err := tx.Put(tableOrders, orderKey(b.Serial, b.Orders), raw); err != nil {
		return nil, err
	}
	return raw, a.note(tx, by, event{what: fmt.Sprintf("command %d", o.Op), object: b.Facility.Box + " " + b.Serial.String()})
}

func orderKey(s cert.Serial, seq uint64) string { return fmt.Sprintf("%s/%020d", s, seq) }

// Orders returns the commands for a certificate after the given number, in order.
func (a *Authority) Orders(ctx context.Context, s cert.Serial, after uint64) (out [][]byte, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) error {
		return tx.List(tableOrders, s.String()+"/", func(key string, raw []byte) error {
			if key > orderKey(s, after) {
				out = append(out, raw)
			}
			return nil
		})
	})
	return out, err
}

// Stolen ends a box and orders it to erase itself, should it ever come on line.
// What the centre had received before stays good: size is the log that it held.
// ref is a name or, for a box that was replaced before, a serial. The same again
// returns the same order.
func (a *Authority) Stolen(ctx context.Context, by By, ref string, size uint64) (raw []byte, err error) {
	err = a.o.Store.Update(ctx, func(tx Tx) error {
		b, err := boxFor(tx, ref)
		if err != nil {
			return err
		}
		if b.Revoked != nil && b.Revoked.Reason == cert.ReasonStolen {
			raw, err = lastErase(tx, b)
			return err
		}
		r := cert.Revoked{Serial: b.Serial, Reason: cert.ReasonStolen, Size: size}
		if err := a.end(tx, r); err != nil {
			return err
		}
		b.Revoked = &r
		raw, err = a.order(tx, by, &b, Order{Op: cert.OpErase})
		if err != nil {
			return err
		}
		return a.note(tx, by, event{what: "stolen", object: b.Facility.Box + " " + b.Serial.String()})
	})
	if err != nil {
		return nil, err
	}
	return raw, nil
}

// lastErase finds the order that Stolen gave.
func lastErase(tx Tx, b Box) (out []byte, err error) {
	err = tx.List(tableOrders, b.Serial.String()+"/", func(_ string, raw []byte) error {
		if v, err := cert.Unverified[cert.Command](raw); err != nil {
			return err
		} else if v.Op == cert.OpErase {
			out = raw
		}
		return nil
	})
	return out, err
}

// Time signs the hub's time for a box's nonce.
func (a *Authority) Time(box string, n cert.Nonce) ([]byte, error) {
	return cert.Sign(a.o.Keys.Command, cert.Time{Box: box, Nonce: n, Time: a.o.Now().UnixMilli()})
}

// Reissue signs anew what a withdrawn issuing key had signed: revocation lists,
// certificates of boxes and people in service, decisions. Serials stay, so nothing
// else changes; send the new ones down. The centre's rows are what is believed.
func (a *Authority) Reissue(ctx context.Context, by By) error {
	return a.o.Store.Update(ctx, func(tx Tx) error {
		lists, err := list[record[cert.Revocations]](tx, tableLists, "")
		if err != nil {
			return err
		}
		for _, l := range lists {
			if err := a.publish(tx, l.V); err != nil {
				return err
			}
		}
		n, err := a.reissueBoxes(tx)
		if err != nil {
			return err
		}
		m, err := a.reissuePeople(tx)
		if err != nil {
			return err
		}
		return a.note(tx, by, event{what: "reissue", object: fmt.Sprintf("%d lists, %d boxes, %d people", len(lists), n, m)})
	})
}

func (a *Authority) reissueBoxes(tx Tx) (int, error) {
	boxes, err := list[Box](tx, tableBoxes, "")
	if err != nil {
		return 0, err
	}
	for _, b := range boxes {
		v, err := cert.Unverified[cert.Box](b.Cert)
		if err != nil {
			return 0, err
		}
		v.Issuer = a.issuer
		if b.Cert, err = cert.Sign(a.o.Keys.Issuing, v); err != nil {
			return 0, err
		}
		if err := put(tx, tableBoxes, b.Serial.String(), b); err != nil {
			return 0, err
		}
	}
	return len(boxes), nil
}

func (a *Authority) reissuePeople(tx Tx) (int, error) {
	people, err := list[Person](tx, tablePeople, "")
	if err != nil {
		return 0, err
	}
	for _, p := range people {
		if p.Decision != nil {
			v := cert.Ratification{Issuer: a.issuer, Serial: p.Serial, Digest: cert.DigestOf(p.Cert), Accepted: p.Accepted, Facility: p.Facility}
			if p.Decision, err = cert.Sign(a.o.Keys.Issuing, v); err != nil {
				return 0, err
			}
			if err := put(tx, tableRatify, p.Serial.String(), record[cert.Ratification]{v, p.Decision}); err != nil {
				return 0, err
			}
		} else if p.Cert, err = a.resign(p.Cert); err != nil {
			return 0, err
		}
		if err := put(tx, tablePeople, p.Facility+"/"+p.Serial.String(), p); err != nil {
			return 0, err
		}
	}
	return len(people), nil
}

func (a *Authority) resign(raw []byte) ([]byte, error) {
	v, err := cert.Unverified[cert.Person](raw)
	if err != nil {
		return nil, err
	}
	v.Issuer = a.issuer
	return cert.Sign(a.o.Keys.Issuing, v)
}
