package proof

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestQuestionWaitsForTheLink: what is asked of the centre without a link is saved, shown
// as unsent, and answered when the link is there.
func TestQuestionWaitsForTheLink(t *testing.T) {
	w := newWorld(t, 10, "")
	w.begins()
	w.agree()
	w.cable.Set(false)
	w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
	nurse := w.seed(clinic.RoleNurse).ID
	done, err := w.desk.Register(t.Context(), desk.Call{Act: clinic.NewID(), By: nurse}, desk.PatientInput{
		Patient: clinic.Patient{Name: "Đỗ Thị Bịa", Birth: clinic.Date{Year: 1977, Month: 5, Day: 3}, Sex: clinic.SexFemale},
		Ask:     clinic.ConsentPerson, Different: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	away := func() desk.Elsewhere {
		p, err := w.desk.PatientPage(t.Context(), nurse, done.Patient)
		if err != nil {
			t.Fatal(err)
		}
		return p.Away
	}
	if e := away(); e.State != desk.AskUnsent || e.Now != nil {
		t.Fatalf("%+v", e)
	}
	w.cable.Set(true)
	w.box.Reconnect()
	w.within(time.Minute, "the answer", func() bool {
		e := away()
		return e.State == desk.AskAnswered && e.Now.Outcome == clinic.SummaryNobody
	})
	w.log.Absent("Đỗ Thị Bịa")
}
