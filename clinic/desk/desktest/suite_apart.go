package desktest

import (
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// testApart: whoever has two versions that do not know each other is named, and who has
// one of each is not.
func testApart(t *testing.T, h *harness) {
	alone, details, allergies, linked, other, visit := clinic.NewID(), clinic.NewID(), clinic.NewID(), clinic.NewID(), clinic.NewID(), clinic.NewID()
	h.put(person(alone, "A"))
	first := h.put(person(details, "B"))[0]
	for _, name := range []string{"B1", "B2"} {
		p := person(details, name)
		p.Corrects = first.Leaf
		h.put(p)
	}
	for range 2 {
		h.put(clinic.Draft{Kind: clinic.KindAllergies, Subject: allergies, Body: &clinic.Allergies{Asked: true}})
	}
	h.put(clinic.Draft{Kind: clinic.KindLink, Subject: linked, Body: &clinic.Link{Other: other[:], Same: true}})
	patient := clinic.NewID()
	exam := h.put(clinic.Draft{Kind: clinic.KindExam, Subject: patient, Visit: visit, Body: &clinic.Exam{Reason: "x"}})[0]
	for range 2 {
		h.put(clinic.Draft{Kind: clinic.KindExam, Subject: patient, Visit: visit, Corrects: exam.Leaf, Body: &clinic.Exam{Reason: "y"}})
	}
	h.see(func(r desk.Reader) error {
		got, err := r.Apart()
		for _, id := range []clinic.ID{details, allergies, linked, other, patient} {
			if !slices.Contains(got, id) {
				t.Errorf("%v is not named", id)
			}
		}
		if slices.Contains(got, alone) || !slices.IsSortedFunc(got, func(a, b clinic.ID) int { return slices.Compare(a[:], b[:]) }) {
			t.Errorf("%v", got)
		}
		return err
	})
}
