package boxmain

import (
	"context"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/testlog"
)

// TestAskedElsewhere: with the programs, a nurse registers somebody from elsewhere with
// their consent, and what the other station knows comes; that station reads who was told.
func TestAskedElsewhere(t *testing.T) {
	h, log, ctx := centre(t), testlog.New(t), t.Context()
	a, b := station(t, h, log, "22731"), station(t, h, log, "22732")
	p := a.register()
	if _, err := a.desk.SetAllergies(ctx, a.call(), desk.AllergiesInput{Patient: p, Items: []clinic.Allergy{{Substance: "Penicilin", Severe: true}}}); err != nil {
		t.Fatal(err)
	}
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	testlog.Eventually(within, t, "the other station's records at the centre", func() bool { x := a.Truths(); return x.Saved > 0 && x.Saved == x.Received })
	began := time.Now()
	done, err := b.desk.Register(ctx, b.call(), desk.PatientInput{Patient: shared(), Ask: clinic.ConsentPerson})
	if err != nil {
		t.Fatal(err)
	}
	q := done.Patient
	if s := b.page(q).Away.State; s == desk.AskNone {
		t.Error("nothing was asked")
	}
	testlog.Eventually(within, t, "the answer", func() bool {
		e := b.page(q).Away
		return e.State == desk.AskAnswered && e.Now.Outcome == clinic.SummaryFound
	})
	t.Logf("the answer is on the page after %v", time.Since(began).Round(10*time.Millisecond))
	x := b.page(q)
	if len(x.Allergies.Heard) != 1 || x.Allergies.Heard[0].Substance != "Penicilin" || x.Away.Now.Where(0).Name != "Trạm 22731" {
		t.Errorf("%+v of %+v", x.Allergies.Heard, x.Away.Now.Places)
	}
	testlog.Eventually(within, t, "who was told", func() bool {
		v, err := a.desk.LooksAt(ctx, a.nurse, p, desk.LookFilter{})
		return err == nil && len(v.Given) == 1 && v.Given[0].Body.(*clinic.Asked).Code == "22732"
	})
	log.Absent(shared().Name, "056184000017", "Penicilin")
}
