package desk_test

import (
	"testing"

	"clinicbox/clinic"
)

// TestLinkWithElsewhere: an ID of which nothing is here leads nobody: pages and new
// entries stay with what is here, until details come.
func TestLinkWithElsewhere(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	here := s.register("Nguyễn Thị Hòa")
	far := clinic.ID{1} // before all others, and the one that leads
	link := clinic.Draft{Kind: clinic.KindLink, Subject: far, Body: &clinic.Link{
		Other: here[:], Same: true, Centre: &clinic.CentreLink{By: clinic.CentreRule, Rule: 1},
	}}
	if err := s.store.Receive(clinic.ID{}, link); err != nil {
		t.Fatal(err)
	}
	p, err := s.PatientPage(ctx, s.nurse, here)
	if err != nil || p.ID != here || len(p.Who.IDs) != 2 || p.Own() == nil {
		t.Fatalf("%v leads, %v", p.Who.IDs, err)
	}
	if on := s.open(here); on.Patient != here {
		t.Error("a visit is under the other")
	}
	hits, err := s.Find(ctx, s.nurse, "nguyen thi hoa")
	if err != nil || len(hits) != 1 || hits[0].ID != here {
		t.Errorf("%+v %v", hits, err)
	}
	if err := s.store.Receive(clinic.ID{}, clinic.Draft{Kind: clinic.KindPatient, Subject: far, Body: &clinic.Patient{Name: "Nguyễn Thị Hòa", Folded: "nguyen thi hoa"}}); err != nil {
		t.Fatal(err)
	}
	if p, err = s.PatientPage(ctx, s.nurse, here); err != nil || p.ID != far || len(p.Visits) != 1 {
		t.Errorf("with details here it leads: %v, %d visits, %v", p.Who.IDs, len(p.Visits), err)
	}
}
