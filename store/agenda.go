package store

import (
	"bytes"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Visit implements desk.Agenda.
func (r *reader) Visit(id clinic.ID) (desk.VisitRow, bool, error) {
	if err := r.enter(); err != nil {
		return desk.VisitRow{}, false, err
	}
	defer r.leave()
	v, key, ok := r.visit(id)
	if !ok || v.opened == (stamp{}) {
		return desk.VisitRow{}, false, nil
	}
	return v.row(key), true, nil
}

func (r *reader) visit(id clinic.ID) (v visitRow, key []byte, ok bool) {
	at := r.kv.get(tVisit, id[:])
	if len(at) != 8 {
		return v, nil, false
	}
	key = join(at, id[:])
	return v, key, v.decode(r.kv.get(tDay, key))
}

// Day implements desk.Agenda.
func (r *reader) Day(day clinic.Date) ([]desk.VisitRow, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	var out []desk.VisitRow
	err := r.each(tDay, u32(day.Int()), func(k, b []byte) error {
		var v visitRow
		if v.decode(b) && v.opened != (stamp{}) {
			out = append(out, v.row(k))
		}
		return nil
	})
	return out, err
}

// NextDay implements desk.Agenda.
func (r *reader) NextDay(from clinic.Date) (clinic.Date, bool, error) {
	if err := r.enter(); err != nil {
		return clinic.Date{}, false, err
	}
	defer r.leave()
	c := r.kv.bucket(tDay).Cursor()
	for k, b := c.Seek(u32(from.Int())); k != nil; k, b = c.Next() {
		var v visitRow
		if v.decode(b) && v.opened != (stamp{}) {
			return v.row(k).Day, true, nil
		}
	}
	return clinic.Date{}, false, nil
}

// Due implements desk.Agenda.
func (r *reader) Due(from, to clinic.Date) ([]desk.AppointmentRow, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	var out []desk.AppointmentRow
	c := r.kv.bucket(tDue).Cursor()
	end := u32(to.Int() + 1)
	for k, _ := c.Seek(u32(from.Int())); k != nil && bytes.Compare(k, end) < 0; k, _ = c.Next() {
		a, ok, err := r.appointment(token(k[4:20]))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, a)
		}
	}
	return out, nil
}

// Slip implements desk.Agenda.
func (r *reader) Slip(code string) (desk.AppointmentRow, bool, error) {
	if err := r.enter(); err != nil {
		return desk.AppointmentRow{}, false, err
	}
	defer r.leave()
	return r.appointment(r.s.tokens.slip(code))
}

func (r *reader) appointment(t token) (a desk.AppointmentRow, ok bool, err error) {
	var row slipRow
	if !row.decode(r.kv.get(tSlip, t[:])) || row.made == (stamp{}) {
		return a, false, nil
	}
	a = desk.AppointmentRow{
		Patient: row.patient, Visit: row.visit, Due: clinic.DateFromInt(int(row.due)), Used: row.usedWith, Ref: row.ref,
	}
	if v, _, ok := r.visit(row.visit); ok {
		a.Void = v.slip != t
	}
	// The code stands in the entry only: in the views it would name a paper.
	rec, ok, err := r.record(row.ref)
	if b, is := rec.Body.(*clinic.Appointment); ok && is && r.s.tokens.slip(b.Slip) == t {
		a.Slip = b.Slip
	}
	return a, err == nil, err
}

// Last implements desk.Reference.
func (r *reader) Last(series string) (int, error) {
	if err := r.enter(); err != nil {
		return 0, err
	}
	defer r.leave()
	n := number64(r.kv.get(tSeries, []byte(series)))
	day, ok := clinic.SeriesDay(series)
	if !ok {
		return int(n + number64(r.kv.get(tSeries, freshKey()))), nil
	}
	c := r.kv.bucket(tSeries).Cursor()
	for k, v := c.Seek(untilKey(day.Int())); k != nil && bytes.HasPrefix(k, untilPrefix()); k, v = c.Next() {
		n = max(n, number64(v))
	}
	return int(n), nil
}
