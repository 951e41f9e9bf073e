package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// TypeInput is the form that sets what kind of visit it is.
type TypeInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Type    clinic.VisitType
}

// ChangeType says that the visit is of another kind than was chosen when it was opened.
// What is recorded stays, key and place in the queue too.
func (d *Desk) ChangeType(ctx context.Context, c Call, in TypeInput) (Done, error) {
	if !in.Type.Known() {
		return Done{}, &Error{Code: CodeRequired, Field: "type"}
	}
	return d.changeVisit(ctx, c, visitChange{
		patient: in.Patient, visit: in.Visit,
		change: func(_ *work, v *clinic.Visit) error { v.Type = in.Type; return nil },
		same:   func(v *clinic.Visit) bool { return v.Type == in.Type },
	})
}

// visitChange is what an act says anew of a visit's opening.
type visitChange struct {
	patient, visit clinic.ID
	base           *clinic.Leaf // what the form showed; nil = the latest word counts
	change         func(w *work, v *clinic.Visit) error
	same           func(v *clinic.Visit) bool
}

// changeVisit says the opening of a visit anew.
func (d *Desk) changeVisit(ctx context.Context, c Call, in visitChange) (Done, error) {
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindVisit, patient: in.patient, visit: in.visit,
		build: func(w *work) ([]clinic.Draft, error) {
			doc, err := w.visit(in.patient, in.visit)
			switch {
			case err != nil:
				return nil, err
			case doc.file.Visit == nil:
				return nil, &Error{Code: CodeNoVisit}
			case doc.row.Has&HasEnded != 0:
				return nil, &Error{Code: CodeVisitEnded}
			}
			last := doc.file.Opening()
			body := *doc.file.Visit
			if in.same(&body) {
				return nil, &unchanged{*last}
			}
			if in.base != nil && *in.base != last.Leaf {
				return nil, &Error{Code: CodeChanged}
			}
			if err := in.change(w, &body); err != nil {
				return nil, err
			}
			return []clinic.Draft{{
				Kind: clinic.KindVisit, Subject: in.patient, Visit: in.visit, Event: doc.file.Opened.Event, Corrects: last.Leaf, Body: &body,
			}}, nil
		},
		same: func(body any) bool { v, ok := body.(*clinic.Visit); return ok && in.same(v) },
	})
}

// TripInput is the form of where a visit outside the station was, and who went.
type TripInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Base    clinic.Leaf // of the opening that the page showed (VisitFile.Opening)
	Place   clinic.TripPlace
	Where   string // empty = the address in the patient's record
	Minutes int
	With    []clinic.ID
}

// SetTrip saves it. Who recorded it went too, unless others are named.
func (d *Desk) SetTrip(ctx context.Context, c Call, in TripInput) (Done, error) {
	var bad Errors
	where, err := d.line("where", in.Where, 300)
	if err := bad.collect(err); err != nil {
		return Done{}, err
	}
	if in.Place != clinic.TripHome && in.Place != clinic.TripVillage {
		bad = append(bad, &Error{Code: CodeRequired, Field: "place"})
	}
	if in.Place == clinic.TripVillage && where == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "where"})
	}
	if in.Minutes < 0 || in.Minutes > clinic.MostMinutes {
		bad = append(bad, &Error{Code: CodeTripMinutes, Field: "minutes"})
	}
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	with := slices.Clone(in.With)
	if len(with) == 0 {
		with = []clinic.ID{c.By}
	}
	slices.SortFunc(with, func(a, b clinic.ID) int { return slices.Compare(a[:], b[:]) })
	with = slices.Compact(with)
	return d.changeVisit(ctx, c, visitChange{
		patient: in.Patient, visit: in.Visit, base: &in.Base,
		change: func(w *work, v *clinic.Visit) error {
			people, err := names(w)
			if err != nil {
				return err
			}
			trip := &clinic.Trip{Place: in.Place, Where: where, Minutes: in.Minutes}
			for _, id := range with {
				if _, ok := people[id]; !ok {
					return &Error{Code: CodeNoPerson}
				}
				trip.With = append(trip.With, id[:])
			}
			if _, p, err := detailsOf(w, in.Patient); err != nil {
				return err
			} else if trip.Where == "" && p != nil {
				trip.Where = p.Address
			}
			v.Trip = trip
			return nil
		},
		same: func(v *clinic.Visit) bool {
			t := v.Trip
			return t != nil && t.Place == in.Place && (where == "" || t.Where == where) && t.Minutes == in.Minutes && slices.Equal(t.Went(), with)
		},
	})
}
