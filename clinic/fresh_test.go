package clinic_test

import (
	"math/rand/v2"
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

// TestFreshOfManyYears: a jump goes on growing, and never uses up codes of six digits.
func TestFreshOfManyYears(t *testing.T) {
	from := time.Date(2026, 6, 15, 8, 0, 0, 0, clinic.ICT)
	last := 0
	for _, years := range []int{1, 2, 3, 4, 8, 19} {
		f := clinic.NewFresh(from, from.AddDate(years, 0, 0), true, 0)
		if f.Skip <= last {
			t.Errorf("after %d years the jump is %d, the one before was %d", years, f.Skip, last)
		}
		last = f.Skip
	}
	for _, years := range []int{20, 50, 200} {
		if f := clinic.NewFresh(from, from.AddDate(years, 0, 1), true, 0); f.Skip < last || f.Skip > 700_000 {
			t.Errorf("after %d years the jump is %d", years, f.Skip)
		}
	}
}

// TestThirdMachineMeetsNoNumber: of several machines in one place each begins behind what
// those before it issue from their own first day on, as fast as the rule allows.
func TestThirdMachineMeetsNoNumber(t *testing.T) {
	const day = 24 * 60
	const busy = 3*366*day - 4*30*day // each machine more makes the three years shorter by a month
	rnd := rand.New(rand.NewPCG(5, 5))
	first := time.Date(2026, 6, 15, 8, 0, 0, 0, clinic.ICT)
	slow := func(a, b int) int { // as rule: every fourth minute of three years, then one of thirty
		return max(min(b, busy)-min(a, busy), 0)/4 + (max(b, busy)-max(a, busy))/30
	}
	for range 2000 {
		type machine struct{ at, start int }
		var all []machine
		at := 180 * day // since when the first one may have issued numbers
		for n := range 5 {
			at += 1 + rnd.IntN([]int{60, 2 * day, 200 * day, 1000 * day}[rnd.IntN(4)])
			since := clinic.FreshSince(first, n)
			m := machine{at: at}
			if n > 0 {
				m.start = clinic.NewFresh(since, first.Add(time.Duration(at)*time.Minute), true, 0).Skip
			}
			for i, o := range all {
				burst := min(at-o.at, day)
				if issued := o.start + burst + slow(o.at+burst, at); n > 0 && i > 0 && m.start < issued {
					t.Fatalf("machine %d begins at %d; number %d may have issued up to %d: %v", n, m.start, i, issued, all)
				}
			}
			all = append(all, m)
		}
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
