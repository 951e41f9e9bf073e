package clinic_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestSecondRestoreMeetsNoNumber: whatever is issued after a first restore, as fast as
// the rule allows, a second restore from the same copy begins behind it.
func TestSecondRestoreMeetsNoNumber(t *testing.T) {
	copied := time.Date(2026, 6, 15, 8, 0, 0, 0, clinic.ICT)
	for _, c := range []struct{ first, between time.Duration }{
		{time.Minute, 2 * time.Hour},
		{20 * time.Minute, 3 * time.Minute},
		{5 * time.Hour, 6 * time.Hour},
		{30 * 24 * time.Hour, 8 * time.Hour},
	} {
		a := clinic.NewFresh(copied, copied.Add(c.first), true, 0)
		b := clinic.NewFresh(copied, copied.Add(c.first+c.between), true, 0)
		minutes := int(c.between / time.Minute)
		rate := 1.0
		if c.first > 24*time.Hour {
			rate = 0.25
		}
		if issued := a.Skip + int(float64(minutes)*rate); b.Skip < issued {
			t.Errorf("%v, then %v: %d numbers from %d on, the second begins at %d", c.first, c.between, issued-a.Skip, a.Skip, b.Skip)
		}
		if a.Until == b.Until && b.Base < a.Base+5*minutes {
			t.Errorf("%v, then %v: numbers of the day at %d and %d", c.first, c.between, a.Base, b.Base)
		}
		if a.Skip < 1000 || a.Base < 1000 || a.Base > 8195 {
			t.Errorf("%v: %+v", c.first, a)
		}
	}
}

// TestFreshWithoutAClock: a board that wakes up in the past must not begin at the
// numbers of yesterday.
func TestFreshWithoutAClock(t *testing.T) {
	newest := time.Date(2026, 6, 15, 8, 0, 0, 0, clinic.ICT)
	for _, trusted := range []bool{true, false} {
		f := clinic.NewFresh(newest, newest.AddDate(-3, 0, 0), trusted, 999)
		if f.Skip < 20_000 || f.Base != 5995 || f.Until != 20260814 {
			t.Errorf("%+v", f)
		}
	}
	if g := clinic.NewFresh(newest, newest.AddDate(0, 0, 1), false, 3); g.Base != 1015 {
		t.Errorf("%+v", g)
	}
}

func TestSeriesDay(t *testing.T) {
	day := clinic.Date{Year: 2026, Month: 6, Day: 15}
	for _, s := range []string{clinic.SeriesQueue(day), clinic.SeriesVisit("b", day)} {
		if got, ok := clinic.SeriesDay(s); !ok || got != day {
			t.Errorf("%s: %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{clinic.SeriesSlip("a"), clinic.SeriesPrescription("a"), clinic.SeriesTemporary("a"), "visit/a/2026", ""} {
		if _, ok := clinic.SeriesDay(s); ok {
			t.Errorf("%q is no series of days", s)
		}
	}
}

// TestFreshAfterALoss: a loss never costs more numbers than it may have taken, and a
// large one leaves the day's four digits and the book's six room.
func TestFreshAfterALoss(t *testing.T) {
	today := clinic.Date{Year: 2026, Month: 11, Day: 29}
	for _, c := range []struct {
		entries       uint64
		highest       int
		skip, atLeast int
	}{
		{1, 0, 1, 1},
		{3, 41, 3, 44},
		{1 << 40, 60, 50_000, 1060},
	} {
		f := clinic.FreshAfter(c.entries, c.highest, today)
		if f.Skip != c.skip || f.Base != c.atLeast || f.Until != today.Int() {
			t.Errorf("%d entries: %+v", c.entries, f)
		}
	}
}
