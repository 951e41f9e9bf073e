package desk

import (
	"context"
	"fmt"
	"slices"

	"clinicbox/clinic"
)

// DeathInput is the form of a death. Take back with Mistake, over the version that says
// it, with a reason.
type DeathInput struct {
	On
	clinic.Death
}

// Death saves that somebody died. From then on no new visit opens; what belongs to the
// visits that are there can still be written.
func (d *Desk) Death(ctx context.Context, c Call, in DeathInput) (Done, error) {
	body, err := d.deathForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindDeath, why: body.Mistake,
		body: func(w *document) (any, error) { return w.death(body) },
		same: func(b any) bool {
			s, ok := b.(*clinic.Death)
			return ok && s.Day == body.Day && s.Time == body.Time && s.Place == body.Place && s.Where == body.Where && s.Told == body.Told &&
				s.Mistake == body.Mistake && slices.Equal(s.Chain, body.Chain) && slices.Equal(s.Others, body.Others)
		},
	})
}

// deathForm checks what needs no record to be read.
func (d *Desk) deathForm(in DeathInput) (*clinic.Death, error) {
	body := in.Death
	if body.Mistake {
		if in.Base == (clinic.Leaf{}) {
			return nil, &Error{Code: CodeNothing}
		}
		return &clinic.Death{Day: body.Day, Place: body.Place, Mistake: true}, nil
	}
	var bad Errors
	for _, f := range []struct {
		name  string
		p     *string
		limit int
	}{{"where", &body.Where, 200}, {"told", &body.Told, 200}} {
		s, err := d.line(f.name, *f.p, f.limit)
		if err := bad.collect(err); err != nil {
			return nil, err
		}
		*f.p = s
	}
	if !body.Day.Full() || !body.Day.Valid() {
		bad = append(bad, &Error{Code: CodeDeathDay, Field: "day"})
	}
	if clock, ok := clinic.ParseClock(body.Time); body.Time != "" && !ok {
		bad = append(bad, &Error{Code: CodeHour, Field: "time"})
	} else if body.Time != "" {
		body.Time = clock
	}
	if !slices.Contains(clinic.DeathPlaces(), body.Place) {
		bad = append(bad, &Error{Code: CodeRequired, Field: "place"})
	}
	bad = append(bad, d.causes(&body)...)
	return &body, bad.join()
}

// causes cleans the chain and what contributed.
func (d *Desk) causes(body *clinic.Death) (bad Errors) {
	if len(body.Chain) == 0 {
		bad = append(bad, &Error{Code: CodeDeathCause, Field: "chain"})
	}
	if len(body.Chain) > clinic.MostCauses {
		bad = append(bad, &Error{Code: CodeTooMany, Field: "chain", Args: map[string]string{"max": fmt.Sprint(clinic.MostCauses)}})
	}
	body.Chain, body.Others = slices.Clone(body.Chain), slices.Clone(body.Others)
	for i := range body.Chain {
		x := &body.Chain[i]
		x.Code = clinic.NormalICD(x.Code)
		since, err := d.line(fmt.Sprintf("since.%d", i), x.Since, 60)
		if err != nil {
			bad = append(bad, ErrorsOf(err)...)
		}
		x.Since = since
	}
	for i := range body.Others {
		body.Others[i] = clinic.NormalICD(body.Others[i])
	}
	return bad
}

// death checks the form against what is recorded.
func (w *document) death(body *clinic.Death) (any, error) {
	var bad Errors
	if w.sure && w.today.Before(body.Day) || !w.patient.Birth.IsZero() && body.Day.Before(w.patient.Birth) && !body.Mistake {
		bad = append(bad, &Error{Code: CodeDeathDay, Field: "day"})
	}
	if doc, _ := w.whole.Died(); doc != nil && (w.old == nil || doc.Leaf() != w.old.Leaf()) && !body.Mistake {
		return nil, &Error{Code: CodeDied}
	}
	codes := map[string]bool{}
	check := func(code, field string) {
		row, ok := w.Row(clinic.CatalogICD10, code, w.row.Day)
		switch {
		case clinic.CheckICD("", code) != nil || !ok:
			bad = append(bad, &Error{Code: CodeICDNone, Field: field, Args: map[string]string{"code": code}})
		case row.Has(clinic.FlagNever):
			bad = append(bad, &Error{Code: CodeICDNever, Field: field, Args: map[string]string{"code": code}})
		case codes[code]:
			bad = append(bad, &Error{Code: CodeICDTwice, Field: field, Args: map[string]string{"code": code}})
		}
		codes[code] = true
	}
	for i, x := range body.Chain {
		check(x.Code, fmt.Sprintf("since.%d", i))
	}
	for _, code := range body.Others {
		check(code, "chain")
	}
	if body.Mistake && len(bad) == 0 && died(&w.file) && w.file.Discharged() == nil {
		return body, w.lands(w.file.Placements(), nil) // who did not die lies there again
	}
	return body, bad.join()
}
