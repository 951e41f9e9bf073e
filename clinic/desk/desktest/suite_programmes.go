package desktest

import (
	"errors"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

func testProgrammes(t *testing.T, h *harness) {
	small, grown, old := clinic.NewID(), clinic.NewID(), clinic.NewID()
	born := func(id clinic.ID, d clinic.Date) {
		p := person(id, "A")
		p.Body.(*clinic.Patient).Birth = d
		h.put(p)
	}
	born(small, clinic.Date{Year: 2026, Month: 2, Day: 28})
	born(grown, clinic.Date{Year: 2026, Month: 2, Day: 1})
	born(grown, clinic.Date{Year: 2025, Month: 2, Day: 1}) // corrected
	born(old, clinic.Date{Year: 2026})
	visit := clinic.NewID()
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	h.put(visitDraft(small, visit, day, 1))
	h.put(clinic.Draft{Kind: clinic.KindImmunised, Subject: small, Visit: visit, Body: &clinic.Immunised{Day: day, Outcome: clinic.OutcomeGiven}})
	h.put(clinic.Draft{Kind: clinic.KindImmunised, Subject: old, Body: &clinic.Immunised{Day: day, Outcome: clinic.OutcomeGiven}})
	typed := visitDraft(small, visit, day, 1)
	typed.Body.(*clinic.Visit).Type = clinic.VisitVaccination
	h.put(typed)
	h.see(func(r desk.Reader) error {
		both := []clinic.ID{small, old}
		slices.SortFunc(both, func(a, b clinic.ID) int { return slices.Compare(a[:], b[:]) })
		got, err := r.Members(clinic.KindImmunised)
		if !slices.Equal(got, both) {
			t.Errorf("%d members of two", len(got))
		}
		none, err1 := r.Members(clinic.KindReaction)
		visits, err2 := r.Members(clinic.KindVisit) // of no programme
		if len(none)+len(visits) != 0 {
			t.Errorf("%d members of nothing", len(none)+len(visits))
		}
		for _, c := range []struct {
			year, month int
			want        []clinic.ID
		}{{2026, 2, []clinic.ID{small}}, {2025, 2, []clinic.ID{grown}}, {2026, 0, []clinic.ID{old}}, {2026, 3, nil}, {0, 0, nil}} {
			got, err := r.BornIn(c.year, c.month)
			if !slices.Equal(got, c.want) || err != nil {
				t.Errorf("born in %d/%d: %d people, %v", c.month, c.year, len(got), err)
			}
		}
		row, _, err3 := r.Visit(visit)
		if row.Type != clinic.VisitVaccination || row.Has != desk.HasOther {
			t.Errorf("%+v", row)
		}
		return errors.Join(err, err1, err2, err3)
	})
}
