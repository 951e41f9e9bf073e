package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// VaccineCard is what the page of somebody's vaccines shows.
type VaccineCard struct {
	Patient  Patient
	Due      []clinic.DoseDue   // every dose of the schedule
	Given    []clinic.GivenDose // oldest first
	Past     []*clinic.Document // doses elsewhere, that can be taken back
	Next     clinic.Date        // zero = nothing is left
	Vaccines []clinic.CatalogRow
	Bad      []string
}

// VaccineCard reads what somebody has had and what is due; the view is recorded.
func (d *Desk) VaccineCard(ctx context.Context, by, patient clinic.ID) (out VaccineCard, err error) {
	if out.Patient, err = d.PatientPage(ctx, by, patient); err != nil {
		return VaccineCard{}, err
	}
	today := d.today()
	err = d.view(ctx, func(r Reader) error {
		var schedule []clinic.ScheduledDose
		schedule, out.Bad = clinic.Schedule(r.Rows(clinic.CatalogSchedule, ""), today)
		out.Vaccines = holding(r.Rows(clinic.CatalogVaccine, ""), today)
		out.Given = out.Patient.GivenDoses()
		out.Due = clinic.DueDoses(schedule, out.Patient.Now.Birth, out.Given, today)
		out.Next, _ = clinic.NextDose(out.Due, today)
		return nil
	})
	for i := range out.Patient.Files {
		if b := clinic.BodyOf[clinic.Immunised](&out.Patient.Files[i]); b != nil && len(b.Doses) > 0 {
			out.Past = append(out.Past, &out.Patient.Files[i])
		}
	}
	return out, err
}

// PastDosesInput is the form of doses that a paper shows, given elsewhere or before.
type PastDosesInput struct {
	Patient clinic.ID
	Place   string
	Doses   []PastDose
}

// PastDose is a dose of the schedule with its day.
type PastDose struct {
	Code string
	Day  clinic.Date
}

// PastDoses saves doses from a paper: one entry for each day, outside visits.
func (d *Desk) PastDoses(ctx context.Context, c Call, in PastDosesInput) (Done, error) {
	place, err := d.line("place", in.Place, 120)
	if err != nil {
		return Done{}, err
	}
	if len(in.Doses) == 0 {
		return Done{}, &Error{Code: CodeNothing}
	}
	if place == "" {
		place = paperPlace
	}
	first := in.earliest()
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindImmunised, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.readable(in.Patient)
			if err != nil {
				return nil, err
			}
			days, err := w.pastDays(in, &file, place)
			if err != nil {
				return nil, err
			}
			var out []clinic.Draft
			for _, b := range days {
				out = append(out, clinic.Draft{Kind: clinic.KindImmunised, Subject: in.Patient, Body: b})
			}
			return out, nil
		},
		same: func(b any) bool { // the first day of the form stands first
			s, ok := b.(*clinic.Immunised)
			if !ok || s.Place != place || len(s.Doses) != len(first) {
				return false
			}
			for _, x := range s.Doses {
				if !slices.Contains(first, PastDose{x.Counts[0], s.Day}) {
					return false
				}
			}
			return true
		},
	})
}

// earliest are the doses of the first day.
func (in *PastDosesInput) earliest() []PastDose {
	first := slices.MinFunc(in.Doses, func(a, b PastDose) int { return a.Day.Int() - b.Day.Int() }).Day
	return slices.DeleteFunc(slices.Clone(in.Doses), func(x PastDose) bool { return x.Day != first })
}

// paperPlace says where, when the paper does not.
const paperPlace = "Theo sổ tiêm chủng"

// pastDays groups the doses by their day, the earliest first.
func (w *work) pastDays(in PastDosesInput, file *clinic.PatientFile, place string) ([]*clinic.Immunised, error) {
	schedule, _ := clinic.Schedule(w.Rows(clinic.CatalogSchedule, ""), w.today)
	given := file.GivenDoses()
	var out []*clinic.Immunised
	var bad Errors
	doses := slices.SortedStableFunc(slices.Values(in.Doses), func(a, b PastDose) int { return a.Day.Int() - b.Day.Int() })
	for _, x := range doses {
		at := slices.IndexFunc(schedule, func(s clinic.ScheduledDose) bool { return s.Code == x.Code })
		field := "day." + x.Code
		switch {
		case at < 0 || len(schedule[at].Vaccines) == 0:
			bad = append(bad, &Error{Code: CodeDoseVaccine, Field: field})
			continue
		case !x.Day.Full(), !x.Day.Valid(), w.sure && w.today.Before(x.Day), x.Day.Before(file.Now.Birth):
			bad = append(bad, &Error{Code: CodeDoseDay, Field: field})
			continue
		case slices.ContainsFunc(given, func(g clinic.GivenDose) bool { return g.Code == x.Code }):
			bad = append(bad, &Error{Code: CodeDoseTwice, Field: field, Args: map[string]string{"name": schedule[at].Name, "day": x.Day.String()}})
			continue
		}
		row, _ := w.Row(clinic.CatalogVaccine, schedule[at].Vaccines[0], w.today)
		dose := clinic.Dose{Vaccine: schedule[at].Vaccines[0], Name: row.Name, Counts: []string{x.Code}, Route: row.Route}
		if n := len(out); n > 0 && out[n-1].Day == x.Day {
			out[n-1].Doses = append(out[n-1].Doses, dose)
			continue
		}
		out = append(out, &clinic.Immunised{Day: x.Day, Outcome: clinic.OutcomeGiven, Place: place, Doses: []clinic.Dose{dose}})
	}
	return out, bad.join()
}

// TakeBackInput is the form that takes back what was written down of a paper.
type TakeBackInput struct {
	Patient clinic.ID
	Base    clinic.Leaf // of the document, current version
	Why     string
}

// TakeBackDoses corrects doses from a paper to none: the wrong child, the wrong line.
func (d *Desk) TakeBackDoses(ctx context.Context, c Call, in TakeBackInput) (Done, error) {
	why, err := d.text("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	if strings.TrimSpace(why) == "" {
		return Done{}, &Error{Code: CodeRequired, Field: "why"}
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindImmunised, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.readable(in.Patient)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(file.Files, func(x clinic.Document) bool { return x.Leaf() == in.Base })
			old := (*clinic.Immunised)(nil)
			if i >= 0 {
				old = clinic.BodyOf[clinic.Immunised](&file.Files[i])
			}
			if old == nil || len(old.Doses) == 0 {
				return nil, &Error{Code: CodeChanged}
			}
			body := &clinic.Immunised{Day: old.Day, Outcome: old.Outcome, Place: old.Place}
			subject := file.Files[i].Current().Record.Subject
			return []clinic.Draft{{Kind: clinic.KindImmunised, Subject: subject, Corrects: in.Base, Why: why, Body: body}}, nil
		},
		same: func(b any) bool { s, ok := b.(*clinic.Immunised); return ok && len(s.Doses) == 0 },
	})
}

// DosesDue tells what the visit's form offers: every dose of the schedule as it stood
// before the visit, and the vaccines that hold on its day.
type DosesDue struct {
	Due      []clinic.DoseDue
	Vaccines []clinic.CatalogRow
	Session  *clinic.Session // today's, or the last one; nil = none
	Today    bool            // Session is today's
	Bad      []string
}

// DosesDue reads it for a visit that the person's page shows.
func (d *Desk) DosesDue(ctx context.Context, by clinic.ID, v *VisitView) (out DosesDue, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		day := v.Row.Day
		var schedule []clinic.ScheduledDose
		schedule, out.Bad = clinic.Schedule(r.Rows(clinic.CatalogSchedule, ""), day)
		out.Vaccines = holding(r.Rows(clinic.CatalogVaccine, ""), day)
		given := slices.DeleteFunc(v.Patient.GivenDoses(), func(g clinic.GivenDose) bool { return g.Visit == v.Row.ID })
		out.Due = clinic.DueDoses(schedule, v.Patient.Now.Birth, given, day)
		records, err := r.Records(clinic.SessionSubject())
		if err != nil {
			return err
		}
		if now := sessionOn(records, day); now != nil {
			out.Session, out.Today = now.Body.(*clinic.Session), true
		} else {
			out.Session = lastSession(records, day)
		}
		return nil
	})
	if err != nil {
		return DosesDue{}, fmt.Errorf("desk: doses due: %w", err)
	}
	return out, nil
}
