package clinic_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
)

// TestAddIsTheDayOfTheAge: the day on which somebody is so many months old is the first
// one that AgeAt says so of.
func TestAddIsTheDayOfTheAge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		birth := clinic.Date{Year: 2020, Month: 1, Day: 1}.AddDays(r.IntN(3000))
		m := 1 + r.IntN(40)
		at := birth.Add(clinic.Span{Months: m})
		if got := birth.AgeAt(at).InMonths(); got != m {
			t.Fatalf("born %s, %d months on %s: %d", birth, m, at, got)
		}
		if got := birth.AgeAt(at.AddDays(-1)).InMonths(); got != m-1 {
			t.Fatalf("born %s, the day before %s: %d", birth, at, got)
		}
	}
}

func TestParseTiming(t *testing.T) {
	got, ok := clinic.ParseTiming("18m min 12m after 6m max 7y")
	want := clinic.Timing{Age: clinic.Span{Months: 18}, Min: clinic.Span{Months: 12}, After: clinic.Span{Months: 6}, Max: clinic.Span{Months: 84}}
	if !ok || got != want {
		t.Errorf("%+v %v", got, ok)
	}
	if got, ok := clinic.ParseTiming("12m7d"); !ok || got.Min != got.Age || got.Age != (clinic.Span{Months: 12, Days: 7}) {
		t.Errorf("%+v %v", got, ok)
	}
	for _, bad := range []string{"", "m", "2", "2m min", "2m least 6w", "2m min x", "-1m", "2m 6w", "99999m"} {
		if got, ok := clinic.ParseTiming(bad); ok {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func FuzzParseTiming(f *testing.F) {
	for _, s := range []string{"2m min 6w", "0d max 7d", "18m7d after 28d", "1y1y1y", "9m max"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := clinic.ParseTiming(s)
		birth := clinic.Date{Year: 2020, Month: 2, Day: 29}
		if ok && (birth.Add(got.Age).Before(birth) || birth.Add(got.Max).Before(birth)) {
			t.Errorf("%q leads before the birth: %+v", s, got)
		}
	})
}

func schedule(t testing.TB) []clinic.ScheduledDose {
	t.Helper()
	rows, err := starting.Rows(clinic.CatalogSchedule)
	if err != nil {
		t.Fatal(err)
	}
	out, bad := clinic.Schedule(rows, clinic.Date{Year: 2026, Month: 11, Day: 29})
	if len(bad) > 0 || len(out) < 18 {
		t.Fatalf("%d doses, bad: %v", len(out), bad)
	}
	return out
}

// mayGive is the rule in words: old enough, not too old, long enough after the one
// before, which must have been given.
func mayGive(d clinic.ScheduledDose, birth clinic.Date, given map[string]clinic.Date, on clinic.Date) bool {
	if d.Number > 1 {
		before, ok := given[fmt.Sprint(d.Series, d.Number-1)]
		if !ok || on.Before(before.Add(d.After)) {
			return false
		}
	}
	old := d.Max != clinic.Span{} && !on.Before(birth.Add(d.Max))
	return !on.Before(birth.Add(d.Min)) && !old
}

// TestDueDatesAreRight lets children come on random days and compares what DueDoses says
// of the next dose of each series with a walk over every day by the rule in words.
func TestDueDatesAreRight(t *testing.T) {
	all := schedule(t)
	r := rand.New(rand.NewPCG(7, 7))
	for child := range 60 {
		birth := clinic.Date{Year: 2024, Month: 1, Day: 1}.AddDays(r.IntN(700))
		given := map[string]clinic.Date{}
		var doses []clinic.GivenDose
		day := birth
		for range 12 {
			day = day.AddDays(1 + r.IntN(90))
			due := clinic.DueDoses(all, birth, doses, day)
			if len(due) != len(all) {
				t.Fatalf("%d of %d doses", len(due), len(all))
			}
			next := map[string]bool{} // the series whose first missing dose was looked at
			for _, d := range due {
				checkDose(t, d, birth, given, day, next)
			}
			if t.Failed() {
				t.Fatalf("child %d born %s on %s, given %v", child, birth, day, given)
			}
			for _, d := range due { // some of what is due is given
				if (d.State == clinic.DoseNow || d.State == clinic.DoseLate) && r.IntN(3) > 0 && mayGive(d.ScheduledDose, birth, given, day) {
					given[d.Code] = day
					doses = append(doses, clinic.GivenDose{Code: d.Code, Day: day})
				}
			}
		}
	}
}

func checkDose(t *testing.T, d clinic.DoseDue, birth clinic.Date, given map[string]clinic.Date, day clinic.Date, next map[string]bool) {
	t.Helper()
	if at, ok := given[d.Code]; ok {
		if d.State != clinic.DoseGiven || d.Given != at {
			t.Errorf("%s was given on %s: %+v", d.Code, at, d)
		}
		return
	}
	if d.State == clinic.DoseGiven {
		t.Errorf("%s was not given", d.Code)
	}
	if next[d.Series] {
		return
	}
	next[d.Series] = true
	now := mayGive(d.ScheduledDose, birth, given, day)
	planned := !day.Before(birth.Add(d.Age))
	switch {
	case d.State == clinic.DoseNow || d.State == clinic.DoseLate:
		if !now || !planned {
			t.Errorf("%s is said to be due", d.Code)
		}
	case now && planned:
		t.Errorf("%s is due and said to be %d", d.Code, d.State)
	}
	if d.State == clinic.DoseLater { // the day that is promised is the first one
		for x := day; x.Before(d.Due); x = x.AddDays(1) {
			if mayGive(d.ScheduledDose, birth, given, x) && !x.Before(birth.Add(d.Age)) {
				t.Errorf("%s could be given on %s, %s is said", d.Code, x, d.Due)
				return
			}
		}
		if !mayGive(d.ScheduledDose, birth, given, d.Due) {
			t.Errorf("%s cannot be given on the day that is said: %s", d.Code, d.Due)
		}
	}
	if d.State == clinic.DoseClosed {
		for x := day; x.Before(birth.Add(clinic.Span{Months: 100})); x = x.AddDays(1) {
			if mayGive(d.ScheduledDose, birth, given, x) {
				t.Errorf("%s is said to be too late, and may be given on %s", d.Code, x)
				return
			}
		}
	}
}

// TestDueInOrder: the order of what was given does not matter, and more time never makes
// a dose that is due be one for later.
func TestDueInOrder(t *testing.T) {
	all := schedule(t)
	birth := clinic.Date{Year: 2026, Month: 1, Day: 31}
	doses := []clinic.GivenDose{
		{Code: "DPT1", Day: clinic.Date{Year: 2026, Month: 4, Day: 2}},
		{Code: "OPV1", Day: clinic.Date{Year: 2026, Month: 4, Day: 2}},
		{Code: "DPT2", Day: clinic.Date{Year: 2026, Month: 5, Day: 5}},
	}
	back := slices.Clone(doses)
	slices.Reverse(back)
	on := clinic.Date{Year: 2026, Month: 6, Day: 1}
	a, b := clinic.DueDoses(all, birth, doses, on), clinic.DueDoses(all, birth, back, on)
	for i := range a {
		if a[i].Code != b[i].Code || a[i].State != b[i].State || a[i].Due != b[i].Due {
			t.Errorf("%+v, %+v", a[i], b[i])
		}
	}
	want := clinic.Date{}
	for _, d := range a {
		if d.State == clinic.DoseLater && (want.IsZero() || d.Due.Before(want)) {
			want = d.Due
		}
	}
	if at, ok := clinic.NextDose(a, on); !ok || at != want || !on.Before(at) {
		t.Errorf("the next day is %s, want %s", at, want)
	}
	if _, ok := clinic.NextDose(nil, on); ok {
		t.Error("a next day of nothing")
	}
	if clinic.DueDoses(all, clinic.Date{Year: 2026}, nil, on) != nil {
		t.Error("a birth day that nobody knows gives days")
	}
	if got := clinic.DueDoses(all, birth, []clinic.GivenDose{{Code: "DPT3", Day: on}}, on); got[slices.IndexFunc(got, func(d clinic.DoseDue) bool { return d.Code == "DPT1" })].State != clinic.DoseGiven {
		t.Error("a paper with the third dose only leaves the first one missing")
	}
}
