package boxmain

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/identity"
)

// TestReplacedCountsByTheCentresClock: a box that took another's place and whose own clock
// nobody vouches for, or is behind, jumps as far as the time goes that the centre's answer
// named; with an answer that names none, by two months and chance.
func TestReplacedCountsByTheCentresClock(t *testing.T) {
	first := time.Date(2026, 1, 10, 8, 0, 0, 0, clinic.ICT)
	joined := first.AddDate(1, 0, 0)
	e := &identity.Enrolment{Numbers: first.UnixMilli(), Joined: joined.UnixMilli()}
	want := clinic.NewFresh(first, joined, true, 0)
	for _, now := range []time.Time{time.Unix(0, 0), first, joined.AddDate(30, 0, 0)} {
		if got := replacedFresh(e, now, false, 7); got != want {
			t.Errorf("at %v, which nobody vouches for: %+v, want %+v", now, got, want)
		}
	}
	if got := replacedFresh(e, first, true, 7); got != want {
		t.Errorf("a clock that is behind the answer: %+v", got)
	}
	later := joined.AddDate(0, 0, 40)
	if got := replacedFresh(e, later, true, 7); got != clinic.NewFresh(first, later, true, 0) || got.Skip <= want.Skip {
		t.Errorf("opened 40 days after it joined: %+v", got)
	}
	e.Joined = 0
	if got := replacedFresh(e, later, false, 7); got != clinic.NewFresh(first, later, false, 7) || got.Skip < 20_000 {
		t.Errorf("an answer without a time: %+v", got)
	}
}
