package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// looks tells the kinds that say who looked at what. They are far more than records,
// so they stand in a table of their own and no page of a record reads them.
func looks(k clinic.Kind) bool { return k == clinic.KindLooked || k == clinic.KindViewed }

// lookTime is the length of a look's time in its row: seconds since 1970.
const lookTime = 4

// look puts a row for the person who looked, for every patient looked at, and for
// all openings of protected records.
func (a *applier) look(r *clinic.Record, s stamp, ref []byte) {
	value := binary.BigEndian.AppendUint32(slices.Clip(ref), uint32(min(max(r.Event.Unix(), 0), math.MaxUint32)))
	ids := lookedAt(r)
	if !r.Author.IsZero() {
		ids = append(ids, r.Author)
	}
	for _, id := range ids {
		if !id.IsZero() {
			a.kv.putMin(tLook, join(id[:], s[:]), value)
		}
	}
}

// lookedAt returns what a look is found under beside its author.
func lookedAt(r *clinic.Record) []clinic.ID {
	b, ok := r.Body.(*clinic.Looked)
	switch {
	case r.Kind == clinic.KindViewed:
		return []clinic.ID{r.Subject}
	case !ok:
		return nil
	case b.Opened != 0:
		return append(b.Subjects(), clinic.OpenedSubject())
	}
	return b.Subjects()
}

// Looks implements desk.Audit. Rows are read from the newest back, and an entry only
// when its row may be wanted.
func (r *reader) Looks(id clinic.ID, q desk.LookQuery) (out []desk.Look, next desk.LookMark, err error) {
	if err := r.enter(); err != nil {
		return nil, next, err
	}
	defer r.leave()
	c := r.kv.bucket(tLook).Cursor()
	end := join(id[:], q.Before[:])
	if q.Before == (desk.LookMark{}) {
		end = join(id[:], bytes.Repeat([]byte{0xff}, len(stamp{})))
	}
	k, v := c.Seek(end)
	if k == nil {
		k, v = c.Last()
	}
	for k != nil && bytes.Compare(k, end) >= 0 {
		k, v = c.Prev()
	}
	for ; k != nil && bytes.HasPrefix(k, id[:]); k, v = c.Prev() {
		if q.Ends(k[16:24]) {
			break
		}
		if len(out) >= q.Limit {
			return out, next, nil
		}
		next = desk.LookMark(k[16:32])
		if len(v) < refLen+lookTime || !q.May(time.Unix(int64(binary.BigEndian.Uint32(v[refLen:])), 0)) {
			continue
		}
		rec, ok, err := r.lookOf(id, k[16:], v)
		if err != nil {
			return nil, desk.LookMark{}, err
		}
		if ok {
			out = append(out, q.Pick(id, &rec)...)
		}
	}
	return out, desk.LookMark{}, nil
}

// lookOf reads the entry of a row. Like recordOf it never takes the row's word: the
// entry itself must say that it is about the person or patient.
func (r *reader) lookOf(id clinic.ID, s, value []byte) (rec clinic.Record, ok bool, err error) {
	return r.fitting(refFrom(value), func(rec *clinic.Record, at []byte) bool {
		return looks(rec.Kind) && bytes.Equal(at, s) && (rec.Author == id || slices.Contains(lookedAt(rec), id))
	})
}

// Protected implements desk.People.
func (r *reader) Protected(patient clinic.ID) (on bool, err error) {
	if err := r.enter(); err != nil {
		return false, err
	}
	defer r.leave()
	var all []clinic.Record
	lost := r.s.holes.list(patient) // of which views that were built anew have no row
	err = r.each(tGuard, patient[:], func(k, v []byte) error {
		rec, ok, err := r.recordOf(patient, k[16:], v)
		if ok {
			all = append(all, rec)
		} else {
			h := r.lostOf(k, v)
			h.Kind = clinic.KindProtection
			lost = append(lost, h)
		}
		return err
	})
	on, _ = clinic.Protected(all)
	return on || clinic.MayProtect(all, lost), err // what cannot be read any more may have closed it
}
