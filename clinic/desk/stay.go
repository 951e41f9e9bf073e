package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"clinicbox/clinic"
)

// StayInput is the form that puts a patient into a bed, or into another one. Take back
// with Mistake, over the version that says it, with a reason.
type StayInput struct {
	On
	clinic.Stay
	// From is the bed that the page showed, by the leaf of its version; zero = none. A
	// move from another one is an old form.
	From clinic.Leaf
}

// Stay saves in which bed the patient lies. A zero On.Base is the admission or a move.
// A bed in which somebody else lies is CodeBedTaken.
func (d *Desk) Stay(ctx context.Context, c Call, in StayInput) (Done, error) {
	body := in.Stay
	var bad Errors
	for _, f := range []struct {
		name  string
		p     *string
		limit int
	}{{"bed", &body.Bed, 40}, {"reason", &body.Reason, 300}} {
		s, err := d.line(f.name, *f.p, f.limit)
		if err := bad.collect(err); err != nil {
			return Done{}, err
		}
		*f.p = s
	}
	if body.Bed == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "bed"})
	}
	bad = append(bad, checkMoment(&body.Day, &body.Time)...)
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindStay, many: true, why: body.Mistake,
		body: func(w *document) (any, error) { return w.stay(body, in.From) },
		same: func(b any) bool {
			s, ok := b.(*clinic.Stay)
			return ok && s.Bed == body.Bed && s.Reason == body.Reason && s.Mistake == body.Mistake && sameMoment(s.Day, s.Time, body.Day, body.Time)
		},
	})
}

// stay checks the bed against what is recorded.
func (w *document) stay(b clinic.Stay, from clinic.Leaf) (any, error) {
	end := w.file.Discharged()
	if w.old == nil {
		var now clinic.Leaf
		if p, ok := w.file.Lies(); ok {
			now = p.Doc.Leaf()
		}
		if now != from || b.Mistake {
			return nil, &Error{Code: CodeChanged}
		}
		if end != nil {
			return nil, &Error{Code: CodeStayGone}
		}
	}
	if err := w.moment(&b.Day, &b.Time); err != nil {
		return nil, err
	}
	before, after := w.file.Placements(), w.placed(&b)
	switch {
	case w.old == nil && len(before) > 0 && b.At().Before(before[len(before)-1].At()):
		return nil, &Error{Code: CodeStayTime, Field: "time"} // no move: it would stand before the bed that the page showed
	case end != nil && len(after) == 0:
		return nil, &Error{Code: CodeStayOnly}
	case end != nil && !b.Mistake && b.At().After(end.At()):
		return nil, &Error{Code: CodeStayOver, Field: "time"}
	case end != nil, died(&w.file):
		return &b, nil // whoever lies there now
	}
	return &b, w.lands(after, &b)
}

// placed returns the beds as they are once the form is saved, the first one first.
func (w *document) placed(b *clinic.Stay) []clinic.Placement {
	all := w.file.Placements()
	i := slices.IndexFunc(all, func(p clinic.Placement) bool { return p.Doc == w.old })
	switch {
	case b.Mistake && i >= 0:
		return slices.Delete(all, i, i+1)
	case b.Mistake:
		return all
	case i >= 0:
		all[i].Stay = b
	default:
		all = append(all, clinic.Placement{Stay: b, Doc: w.old})
	}
	slices.SortStableFunc(all, func(a, b clinic.Placement) int { return a.At().Compare(b.At()) })
	return all
}

// lands refuses what puts the patient into a bed in which somebody else lies, or into a
// second one: all is where the patient will have been, mine the bed that the form names.
// Where the patient lies already is nothing new.
func (w *document) lands(all []clinic.Placement, mine *clinic.Stay) error {
	if len(all) == 0 {
		return nil
	}
	bed := all[len(all)-1]
	if now, ok := w.file.Lies(); ok && strings.EqualFold(now.Bed, bed.Bed) {
		return nil
	}
	for i := range w.whole.Visits {
		if v := &w.whole.Visits[i]; v.ID != w.file.ID && lies(v) {
			return &Error{Code: CodeLying, Visit: v.ID}
		}
	}
	lying, err := w.desk.lying(w)
	if err != nil {
		return err
	}
	for _, l := range lying {
		if !strings.EqualFold(l.Bed, bed.Bed) || w.whole.Who.Has(l.Patient) {
			continue
		}
		if bed.Stay != mine {
			return &Error{Code: CodeStayBack, Args: map[string]string{"bed": bed.Bed}}
		}
		return &Error{Code: CodeBedTaken, Field: "bed", Args: map[string]string{"bed": bed.Bed}}
	}
	return nil
}

// DischargeInput is the form that ends a stay.
type DischargeInput struct {
	On
	clinic.Discharge
}

// Discharge ends the stay. One with Mistake takes the end back: the bed is the patient's
// again.
func (d *Desk) Discharge(ctx context.Context, c Call, in DischargeInput) (Done, error) {
	body := in.Discharge
	var bad Errors
	for _, f := range []struct {
		name string
		p    *string
	}{{"course", &body.Course}, {"treatment", &body.Treatment}, {"advice", &body.Advice}} {
		s, err := d.text(f.name, *f.p, 1500)
		if err := bad.collect(err); err != nil {
			return Done{}, err
		}
		*f.p = s
	}
	to, err := d.line("to", body.To, 200)
	if err := bad.collect(err); err != nil {
		return Done{}, err
	}
	if body.To = to; !body.Sent() {
		body.To = ""
	}
	if !body.Mistake {
		for field, missing := range map[string]bool{
			"result": body.Result < 1 || body.Result > clinic.MostResults, "way": body.Way < 1 || body.Way > clinic.MostWays,
			"treatment": body.Treatment == "", "to": body.Sent() && body.To == "",
		} {
			if missing {
				bad = append(bad, &Error{Code: CodeRequired, Field: field})
			}
		}
	}
	bad = append(bad, checkMoment(&body.Day, &body.Time)...)
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindDischarge, why: body.Mistake,
		body: func(w *document) (any, error) { return w.discharge(body) },
		same: func(b any) bool {
			s, ok := b.(*clinic.Discharge)
			if !ok || !sameMoment(s.Day, s.Time, body.Day, body.Time) {
				return false
			}
			x := body
			x.Day, x.Time = s.Day, s.Time
			return *s == x
		},
	})
}

// resultDied is Discharge.Result of who died here.
const resultDied = 5

// discharge checks the end of the stay against its beginning.
func (w *document) discharge(b clinic.Discharge) (any, error) {
	if err := w.moment(&b.Day, &b.Time); err != nil {
		return nil, err
	}
	all := w.file.Placements()
	switch {
	case b.Mistake && w.old == nil:
		return nil, &Error{Code: CodeNothing}
	case b.Mistake && (w.file.Discharged() == nil || died(&w.file)):
		return &b, nil
	case b.Mistake:
		return &b, w.lands(all, nil)
	case len(all) == 0:
		return nil, &Error{Code: CodeStayNone}
	case b.At().Before(all[len(all)-1].At()):
		return nil, &Error{Code: CodeStayTime, Field: "time"}
	case b.Result == resultDied && !died(&w.file):
		return nil, &Error{Code: CodeStayDied, Field: "result"}
	case b.Result != resultDied && diedBefore(&w.file, &b):
		return nil, &Error{Code: CodeStayDead, Field: "result"}
	}
	return &b, nil
}

// diedBefore reports whether a death stands in the visit that is not after the discharge:
// who went home may die there.
func diedBefore(v *clinic.VisitFile, end *clinic.Discharge) bool {
	b := clinic.BodyOf[clinic.Death](v.Doc(clinic.KindDeath))
	if b == nil || b.Mistake || end.Day.Before(b.Day) {
		return false
	}
	return b.Time == "" || !(&clinic.Stay{Day: b.Day, Time: b.Time}).At().After(end.At())
}

// checkMoment checks a day and a clock that may be left out.
func checkMoment(day *clinic.Date, clock *string) (bad Errors) {
	if !day.IsZero() && (!day.Full() || !day.Valid()) {
		bad = append(bad, &Error{Code: CodeValue, Field: "day", Args: map[string]string{"problem": clinic.ProblemDate}})
	}
	if s, ok := clinic.ParseClock(*clock); *clock != "" && !ok {
		bad = append(bad, &Error{Code: CodeHour, Field: "time"})
	} else if *clock != "" {
		*clock = s
	}
	return bad
}

// sameMoment compares a saved moment with one of a form, in which what was left out
// means the moment of saving.
func sameMoment(day clinic.Date, clock string, formDay clinic.Date, formClock string) bool {
	return (formDay.IsZero() || day == formDay) && (formClock == "" || clock == formClock)
}

// moment fills in now for what was left out, and refuses what is before the visit's day
// or has not come yet.
func (w *document) moment(day *clinic.Date, clock *string) error {
	now := w.now
	if at := w.event(); !at.IsZero() {
		now = at
	}
	if day.IsZero() {
		*day = clinic.DateOf(now)
	}
	if *clock == "" {
		*clock = now.In(clinic.ICT).Format("15:04")
	}
	at := (&clinic.Stay{Day: *day, Time: *clock}).At()
	if day.Before(w.row.Day) || w.sure && at.After(w.now) {
		return &Error{Code: CodeStayTime, Field: "time"}
	}
	return nil
}

// Lying is somebody who lies in a bed.
type Lying struct {
	Patient clinic.ID
	Visit   clinic.ID
	Name    string
	Birth   clinic.Date
	Sex     clinic.Sex
	Closed  bool // the record is protected: the name, the year of birth and the bed
	Bed     string
	Since   time.Time // in this bed
	First   clinic.Date
	Days    int // of the stay
}

// BedRow is a bed of the catalogue and who lies in it.
type BedRow struct {
	Row  clinic.CatalogRow
	Here []Lying // nobody: the bed is free
}

// Beds is who lies where.
type Beds struct {
	Day    clinic.Date
	Beds   []BedRow
	Others []Lying // in a bed that the catalogue does not have
}

// Beds reads who lies where.
func (d *Desk) Beds(ctx context.Context, by clinic.ID) (out Beds, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		out.Day = d.today()
		lying, err := d.lying(r)
		if err != nil {
			return err
		}
		row, ok := r.Row(clinic.CatalogCareRule, clinic.RuleStayDays, out.Day)
		rule := clinic.CareRule(row, ok, clinic.RuleStayDays)
		for i := range lying {
			l := &lying[i]
			l.Days = max(int(out.Day.Time().Sub(l.First.Time()).Hours()/24), 0) + rule
			if l.Closed, err = d.closed(r, by, l.Patient); err != nil {
				return err
			}
			if l.Closed {
				l.Birth, l.Sex = clinic.Date{Year: l.Birth.Year}, 0
			}
		}
		for _, row := range holding(r.Rows(clinic.CatalogBed, ""), out.Day) {
			b := BedRow{Row: row}
			lying = slices.DeleteFunc(lying, func(l Lying) bool {
				here := strings.EqualFold(l.Bed, row.Code)
				if here {
					b.Here = append(b.Here, l)
				}
				return here
			})
			out.Beds = append(out.Beds, b)
		}
		out.Others = lying
		return nil
	})
	return out, err
}

// CountLying tells how many lie in a bed, and names nobody.
func (d *Desk) CountLying(ctx context.Context, by clinic.ID) (n int, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		lying, err := d.lying(r)
		n = len(lying)
		return err
	})
	return n, err
}

// lying returns who lies in a bed, in the order of the beds; not yet who may see what.
func (d *Desk) lying(r Reader) (out []Lying, err error) {
	ids, err := r.Members(clinic.KindStay)
	if err != nil {
		return nil, err
	}
	seen := map[clinic.ID]bool{}
	for _, id := range ids {
		l, ok, err := d.stays.of(r, id)
		if err != nil {
			return nil, err
		}
		if ok && !seen[l.Visit] {
			seen[l.Visit] = true
			if row, known, err := r.Visit(l.Visit); err != nil {
				return nil, err
			} else if known && !d.here(&row) {
				continue // in a bed of another site
			}
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b Lying) int { return strings.Compare(a.Bed, b.Bed) })
	return out, nil
}
