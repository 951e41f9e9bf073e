package desk_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestVisitsOfAnotherBox: a patient of another box of the facility is found here with all
// that stands in the record; the queue there is not the queue here.
func TestVisitsOfAnotherBox(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	patient, visit := clinic.NewID(), clinic.NewID()
	today := clinic.Date{Year: 2026, Month: 11, Day: 2}
	key, err := clinic.NewVisitKey("22736", "b", today, 1)
	if err != nil {
		t.Fatal(err)
	}
	body := somebody("Nguyễn Thị Mẫu").Patient
	for _, d := range []clinic.Draft{
		{Kind: clinic.KindPatient, Subject: patient, Body: &body},
		{Kind: clinic.KindVisit, Subject: patient, Visit: visit, Body: &clinic.Visit{Key: key, Day: today, Queue: 1}},
		{Kind: clinic.KindAllergies, Subject: patient, Body: &clinic.Allergies{Asked: true, Items: []clinic.Allergy{{Substance: "Penicilin", Severe: true}}}},
		{Kind: clinic.KindPrescribe, Subject: patient, Visit: visit, Body: &clinic.Prescription{Code: "22736b000001-C"}},
	} {
		if err := s.store.Receive(clinic.ID{99}, d); err != nil {
			t.Fatal(err)
		}
	}
	hits, err := s.Find(ctx, s.nurse, "nguyen thi mau")
	if err != nil || len(hits) != 1 || hits[0].ID != patient {
		t.Fatalf("%+v, %v", hits, err)
	}
	page, err := s.PatientPage(ctx, s.nurse, patient)
	if err != nil || len(page.Allergies.Items) != 1 || len(page.Visits) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if day, err := s.Today(ctx, s.nurse); err != nil || len(day.Rows) != 0 {
		t.Errorf("who waits elsewhere waits here: %+v, %v", day.Rows, err)
	}
	if hand, err := s.HandList(ctx, s.cashier); err != nil || len(hand) != 0 {
		t.Errorf("%+v, %v", hand, err)
	}
	// The first visit here has number 1 again, and its own key.
	done, err := s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: patient})
	if err != nil {
		t.Fatal(err)
	}
	if v := done.Records[0].Body.(*clinic.Visit); v.Queue != 1 || v.Key == key {
		t.Errorf("%+v", v)
	}
	day, err := s.Today(ctx, s.nurse)
	if err != nil || len(day.Rows) != 1 || day.Rows[0].ID != done.Visit {
		t.Errorf("%+v, %v", day.Rows, err)
	}
	book, err := s.DayBook(ctx, s.doctor, today)
	if err != nil || len(book.Rows) != 2 {
		t.Errorf("the facility's register has %d rows, %v", len(book.Rows), err)
	}
}
