package store

import (
	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// visitAt reads a visit's row and where it stands. A visit of which nothing is
// known yet has an empty row under day 0.
func (a *applier) visitAt(id clinic.ID) (at []byte, v visitRow, known bool) {
	at = make([]byte, 8)
	if p := a.kv.get(tVisit, id[:]); len(p) == 8 {
		copy(at, p)
		known = v.decode(a.kv.get(tDay, join(at, id[:])))
	}
	return at, v, known
}

func (a *applier) putVisit(at []byte, id clinic.ID, v visitRow, known bool) {
	if !known {
		a.kv.put(tVisit, id[:], at)
	}
	a.kv.put(tDay, join(at, id[:]), v.encode())
}

func (a *applier) progress(id clinic.ID, bit desk.Progress) {
	at, v, known := a.visitAt(id)
	if known && v.has&bit != 0 {
		return
	}
	v.has |= bit
	a.putVisit(at, id, v, known)
}

// visit sets what the KindVisit entry says; of several the latest counts, and the
// row moves when that changes its day or place in the queue.
func (a *applier) visit(r *clinic.Record, b *clinic.Visit, s stamp) {
	if r.Visit.IsZero() {
		return
	}
	at, v, known := a.visitAt(r.Visit)
	if known && s.compare(v.opened) <= 0 {
		return
	}
	to := join(u32(b.Day.Int()), u32(b.Queue))
	if known && string(to) != string(at) {
		a.kv.del(tDay, join(at, r.Visit[:]))
		known = false // so that the new place is noted
	}
	v.patient, v.opened, v.at, v.key, v.kind = r.Subject, s, r.Event.Unix(), b.Key, b.Type
	if b.After != nil {
		v.has |= desk.HasAfter
	}
	a.putVisit(to, r.Visit, v, known)
}

func (a *applier) slipAt(t token) (r slipRow) {
	r.decode(a.kv.get(tSlip, t[:]))
	return r
}

// appointment sets slip, due list and the visit's latest appointment.
func (a *applier) appointment(r *clinic.Record, b *clinic.Appointment, s stamp) {
	t := a.tokens.slip(b.Slip)
	row := a.slipAt(t)
	if c := s.compare(row.made); c > 0 || c == 0 && less(r.Ref, row.ref) {
		due := uint32(b.Due.Int())
		if row.made != (stamp{}) && row.due != due {
			a.kv.del(tDue, join(u32(int(row.due)), t[:]))
		}
		row.made, row.ref, row.patient, row.visit, row.due = s, r.Ref, r.Subject, r.Visit, due
		a.kv.put(tSlip, t[:], row.encode())
		a.kv.put(tDue, join(u32(int(due)), t[:]), []byte{1})
	}
	if r.Visit.IsZero() {
		return
	}
	at, v, known := a.visitAt(r.Visit)
	if s.compare(v.appointed) > 0 {
		v.appointed, v.slip = s, t
		a.putVisit(at, r.Visit, v, known)
	}
}

// arrived uses a slip up; of several arrivals the first counts.
func (a *applier) arrived(r *clinic.Record, b *clinic.Arrived, s stamp) {
	t := a.tokens.slip(b.Slip)
	row := a.slipAt(t)
	if row.used == (stamp{}) || s.compare(row.used) < 0 {
		row.used, row.usedWith = s, r.Visit
		a.kv.put(tSlip, t[:], row.encode())
	}
}

func less(a, b clinic.Ref) bool {
	return a.Journal < b.Journal || a.Journal == b.Journal && a.Index < b.Index
}
