package desktest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

func (r *reader) Protected(patient clinic.ID) (bool, error) {
	records, err := r.Records(patient)
	if err != nil {
		return false, err
	}
	lost, err := r.Lost(patient)
	on, _ := clinic.Protected(records)
	return on || clinic.MayProtect(records, lost), err
}

// mark is the place of an entry in the order of looks.
func mark(r *clinic.Record) (m desk.LookMark) {
	binary.BigEndian.PutUint64(m[:], r.HLC)
	copy(m[8:], r.Leaf[:])
	return m
}

func (r *reader) Looks(id clinic.ID, q desk.LookQuery) (out []desk.Look, next desk.LookMark, err error) {
	if r.dead {
		return nil, next, errDead
	}
	all := slices.DeleteFunc(slices.Clone(r.all), func(rec clinic.Record) bool {
		m := mark(&rec)
		return q.Before != desk.LookMark{} && bytes.Compare(m[:], q.Before[:]) >= 0
	})
	slices.SortFunc(all, func(a, b clinic.Record) int {
		return cmp.Or(cmp.Compare(b.HLC, a.HLC), bytes.Compare(b.Leaf[:], a.Leaf[:]))
	})
	for i := range all {
		found := q.Pick(id, &all[i])
		if len(found) == 0 {
			continue
		}
		if len(out) >= q.Limit {
			return out, next, nil
		}
		out, next = append(out, found...), mark(&all[i])
	}
	return out, desk.LookMark{}, nil
}
