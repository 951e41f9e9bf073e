package desk

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"clinicbox/clinic"
)

// AllergiesInput is the form of allergies, whole.
type AllergiesInput struct {
	Patient clinic.ID
	Asked   bool // somebody asked; with no item: none known
	Items   []clinic.Allergy
	Tips    []clinic.Leaf // AllergyFile.Tips as the form showed them
	Why     string
}

// SetAllergies saves the allergies and replaces every version the form showed.
func (d *Desk) SetAllergies(ctx context.Context, c Call, in AllergiesInput) (Done, error) {
	body, err := d.allergies(in)
	if err != nil {
		return Done{}, err
	}
	why, err := d.line("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	same := func(b any) bool {
		a, ok := b.(*clinic.Allergies)
		return ok && a.Asked == body.Asked && slices.Equal(a.Items, body.Items)
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindAllergies, patient: in.Patient, same: same,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := readPatient(w, in.Patient)
			if err != nil {
				return nil, err
			}
			tips := file.Allergies.Tips
			if !sameLeaves(tips, in.Tips) {
				return nil, &Error{Code: CodeChanged}
			}
			next := *body
			draft := clinic.Draft{Kind: clinic.KindAllergies, Subject: in.Patient, Why: why, Body: &next}
			if n := len(tips); n > 0 {
				draft.Corrects = tips[n-1]
				for _, t := range tips[:n-1] {
					next.Merges = append(next.Merges, slices.Clone(t[:]))
				}
			}
			return []clinic.Draft{draft}, nil
		},
	})
}

func (d *Desk) allergies(in AllergiesInput) (*clinic.Allergies, error) {
	if len(in.Items) > 30 {
		return nil, &Error{Code: CodeTooMany, Field: "items", Args: map[string]string{"max": "30"}}
	}
	var bad Errors
	body := &clinic.Allergies{Asked: in.Asked}
	for i, it := range in.Items {
		for _, f := range []struct {
			name string
			p    *string
		}{{"substance", &it.Substance}, {"code", &it.Code}, {"reaction", &it.Reaction}} {
			s, err := d.line(fmt.Sprintf("items.%d.%s", i, f.name), *f.p, 60)
			if err := bad.collect(err); err != nil {
				return nil, err
			}
			*f.p = s
		}
		switch {
		case reflect.ValueOf(it).IsZero():
		case it.Substance == "":
			bad = append(bad, &Error{Code: CodeRequired, Field: fmt.Sprintf("items.%d.substance", i)})
		default:
			body.Items = append(body.Items, it)
		}
	}
	if len(body.Items) > 0 {
		body.Asked = true
	} else if !body.Asked && len(bad) == 0 {
		bad = append(bad, &Error{Code: CodeAllergyNeeds, Field: "asked"})
	}
	return body, bad.join()
}

func sameLeaves(a, b []clinic.Leaf) bool {
	if len(a) != len(b) {
		return false
	}
	for _, l := range a {
		if !slices.Contains(b, l) {
			return false
		}
	}
	return true
}
