package desktest

import (
	"cmp"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

func (r *reader) visits() []desk.VisitRow {
	var out []desk.VisitRow
	at := map[clinic.ID]int{}
	for _, rec := range r.every {
		if v, ok := rec.Body.(*clinic.Visit); ok {
			if i, twice := at[rec.Visit]; twice {
				out[i].Type = v.Type
				continue
			}
			at[rec.Visit] = len(out)
			out = append(out, desk.VisitRow{
				ID: rec.Visit, Patient: rec.Subject, Key: v.Key, Day: v.Day, Queue: v.Queue, Opened: rec.Event, Type: v.Type,
			})
			if v.After != nil {
				out[at[rec.Visit]].Has |= desk.HasAfter
			}
		}
	}
	for _, rec := range r.every {
		if i, ok := at[rec.Visit]; ok {
			out[i].Has |= desk.ProgressOf(rec.Kind)
		}
	}
	return out
}

func (r *reader) Visit(id clinic.ID) (desk.VisitRow, bool, error) {
	if r.dead {
		return desk.VisitRow{}, false, errDead
	}
	for _, v := range r.visits() {
		if v.ID == id {
			return v, true, nil
		}
	}
	return desk.VisitRow{}, false, nil
}

func (r *reader) Day(day clinic.Date) ([]desk.VisitRow, error) {
	if r.dead {
		return nil, errDead
	}
	out := slices.DeleteFunc(r.visits(), func(v desk.VisitRow) bool { return v.Day != day })
	slices.SortStableFunc(out, func(a, b desk.VisitRow) int { return cmp.Compare(a.Queue, b.Queue) })
	return out, nil
}

func (r *reader) NextDay(from clinic.Date) (day clinic.Date, ok bool, err error) {
	if r.dead {
		return day, false, errDead
	}
	for _, v := range r.visits() {
		if !v.Day.Before(from) && (!ok || v.Day.Before(day)) {
			day, ok = v.Day, true
		}
	}
	return day, ok, nil
}

func (r *reader) appointments() []desk.AppointmentRow {
	var out []desk.AppointmentRow
	for _, rec := range r.every {
		switch b := rec.Body.(type) {
		case *clinic.Appointment:
			for i := range out {
				out[i].Void = out[i].Void || out[i].Visit == rec.Visit
			}
			out = append(out, desk.AppointmentRow{
				Slip: b.Slip, Patient: rec.Subject, Visit: rec.Visit, Due: b.Due, Ref: rec.Ref,
			})
		case *clinic.Arrived:
			for i := range out {
				if out[i].Slip == b.Slip && out[i].Used.IsZero() {
					out[i].Used = rec.Visit
				}
			}
		}
	}
	return out
}

func (r *reader) Due(from, to clinic.Date) ([]desk.AppointmentRow, error) {
	if r.dead {
		return nil, errDead
	}
	out := slices.DeleteFunc(r.appointments(), func(a desk.AppointmentRow) bool {
		return a.Due.Before(from) || to.Before(a.Due)
	})
	slices.SortStableFunc(out, func(a, b desk.AppointmentRow) int {
		return cmp.Or(cmp.Compare(a.Due.Int(), b.Due.Int()), cmp.Compare(a.Slip, b.Slip))
	})
	for i := range out {
		out[i] = r.codeless(out[i])
	}
	return out, nil
}

func (r *reader) Slip(code string) (desk.AppointmentRow, bool, error) {
	if r.dead {
		return desk.AppointmentRow{}, false, errDead
	}
	for _, a := range r.appointments() {
		if a.Slip == code {
			return r.codeless(a), true, nil
		}
	}
	return desk.AppointmentRow{}, false, nil
}

// codeless leaves out the code of a slip whose entry can no longer be read: it stands
// nowhere else.
func (r *reader) codeless(a desk.AppointmentRow) desk.AppointmentRow {
	if slices.ContainsFunc(r.lost, func(l clinic.Record) bool { return l.Ref == a.Ref }) {
		a.Slip = ""
	}
	return a
}
