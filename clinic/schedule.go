package clinic

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Span is a length of time as schedules say it: months of the calendar, then days.
type Span struct{ Months, Days int }

// Add returns the first day on which somebody born on d is that old (AgeAt), or that
// lies so long after d. The date must be Full.
func (d Date) Add(s Span) Date {
	m := d.Year*12 + d.Month - 1 + s.Months
	at := Date{m / 12, m%12 + 1, d.Day}
	if !at.Valid() { // the month is too short: its last day is over first
		m++
		at = Date{m / 12, m%12 + 1, 1}
	}
	return at.AddDays(s.Days)
}

// parseSpan reads 2m, 6w, 28d or 18m7d.
func parseSpan(s string) (out Span, ok bool) {
	for s != "" {
		i := strings.IndexAny(s, "ymwd")
		n, err := strconv.Atoi(s[:max(i, 0)])
		if i < 1 || err != nil || n < 0 || n > 1500 {
			return Span{}, false
		}
		switch s[i] {
		case 'y':
			out.Months += 12 * n
		case 'm':
			out.Months += n
		case 'w':
			out.Days += 7 * n
		case 'd':
			out.Days += n
		}
		s, ok = s[i+1:], true
	}
	return out, ok
}

// Timing says when a dose of a schedule is given.
type Timing struct {
	Age   Span // when it is due
	Min   Span // never at a smaller age
	Max   Span // no more from this age on; zero = at any age
	After Span // at least so long after the dose before
}

// ParseTiming reads the column timing of CatalogSchedule: the age, then min, after and
// max with theirs, such as "3m min 10w after 4w max 12m".
func ParseTiming(s string) (t Timing, ok bool) {
	words := strings.Fields(s)
	if len(words)%2 != 1 {
		return t, false
	}
	if t.Age, ok = parseSpan(words[0]); !ok {
		return t, false
	}
	t.Min = t.Age
	for i := 1; i < len(words); i += 2 {
		span, ok := parseSpan(words[i+1])
		at := map[string]*Span{"min": &t.Min, "max": &t.Max, "after": &t.After}[words[i]]
		if !ok || at == nil {
			return t, false
		}
		*at = span
	}
	return t, true
}

// ScheduledDose is one dose of a schedule.
type ScheduledDose struct {
	Code     string // DPT2
	Series   string // DPT
	Number   int    // 2
	Name     string
	English  string
	Vaccines []string // codes of what may be given, the usual one first
	Unsure   bool
	Timing
}

// SplitDose takes the code of a dose apart: DPT2 is the second of DPT.
func SplitDose(code string) (series string, number int) {
	series = strings.TrimRight(code, "0123456789")
	number, _ = strconv.Atoi(code[len(series):])
	return series, number
}

// Schedule returns the doses that rows of CatalogSchedule hold on the day, by series and
// number, and the codes of rows that cannot be read: nobody may take a schedule with a
// hole for a whole one.
func Schedule(rows []CatalogRow, on Date) (doses []ScheduledDose, bad []string) {
	for i := range rows {
		r := &rows[i]
		if r.Catalog != CatalogSchedule || !r.ValidOn(on) {
			continue
		}
		t, ok := ParseTiming(r.Timing)
		series, number := SplitDose(r.Code)
		if !ok || series == "" || number < 1 || number > 99 {
			bad = append(bad, r.Code)
			continue
		}
		doses = append(doses, ScheduledDose{r.Code, series, number, r.Name, r.English, strings.Fields(r.Parent), r.Has(FlagUnsure), t})
	}
	slices.SortFunc(doses, func(a, b ScheduledDose) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Number, b.Number))
	})
	return slices.CompactFunc(doses, func(a, b ScheduledDose) bool { return a.Code == b.Code }), bad
}

// GivenDose is one dose of the schedule that somebody has had.
type GivenDose struct {
	Code  string // DPT2
	Day   Date
	Dose  Dose
	Visit ID     // zero = elsewhere
	Place string // where, unless here
}

// DoseState is where a dose of the schedule stands for somebody.
type DoseState uint8

// The states of a dose, as DueDoses finds them.
const (
	DoseGiven  DoseState = 1
	DoseLater  DoseState = 2 // not yet
	DoseNow    DoseState = 3 // may be given, and is due
	DoseLate   DoseState = 4 // due for more than lateAfter days
	DoseClosed DoseState = 5 // too old for it
)

// lateAfter is how many days a dose is due before lists call it late.
const lateAfter = 30

// DoseDue is a dose of the schedule as it stands for somebody on a day.
type DoseDue struct {
	ScheduledDose
	State DoseState
	Given Date // DoseGiven: when
	Due   Date // the planned day
	From  Date // the first day on which it may be given
	Until Date // the last; zero = open
}

// Early reports whether a dose on the day would be too early.
func (d *DoseDue) Early(on Date) bool { return d.State != DoseGiven && on.Before(d.From) }

// DueDoses tells where every dose of the schedule stands on the day for somebody born on
// birth, in the order of the schedule. Doses behind one that is missing are planned from
// the day on which that one could be given. A dose counts as given when it, or a later
// one of its series, was: papers often show the last only. An unknown birth day gives
// none: nothing can be said.
func DueDoses(schedule []ScheduledDose, birth Date, given []GivenDose, on Date) []DoseDue {
	if !birth.Full() || !birth.Valid() {
		return nil
	}
	out := make([]DoseDue, 0, len(schedule))
	for i := 0; i < len(schedule); {
		n := i
		for n < len(schedule) && schedule[n].Series == schedule[i].Series {
			n++
		}
		out = append(out, dueSeries(schedule[i:n], birth, given, on)...)
		i = n
	}
	return out
}

func dueSeries(doses []ScheduledDose, birth Date, given []GivenDose, on Date) (out []DoseDue) {
	days, top := map[int]Date{}, 0
	var before Date // of the dose before: given, or planned
	for _, g := range given {
		series, number := SplitDose(g.Code)
		if series != doses[0].Series {
			continue
		}
		top = max(top, number)
		if at, ok := days[number]; !ok || g.Day.Before(at) {
			days[number] = g.Day
		}
		if before.Before(g.Day) {
			before = g.Day
		}
	}
	closed := false
	for _, d := range doses {
		x := DoseDue{ScheduledDose: d}
		if d.Number <= top {
			x.State, x.Given = DoseGiven, days[d.Number]
			out = append(out, x)
			continue
		}
		x.From, x.Due = birth.Add(d.Min), birth.Add(d.Age)
		if before.Full() {
			x.From = latest(x.From, before.Add(d.After))
		}
		x.Due = latest(x.Due, x.From)
		if d.Max != (Span{}) {
			x.Until = birth.Add(d.Max).AddDays(-1)
		}
		closed = closed || !x.Until.IsZero() && (x.Until.Before(on) || x.Until.Before(x.From))
		x.State = x.stand(on, closed)
		out, before = append(out, x), latest(x.Due, on)
	}
	return out
}

// stand tells the state of a dose that was not given.
func (d *DoseDue) stand(on Date, closed bool) DoseState {
	switch {
	case closed:
		return DoseClosed
	case on.Before(d.Due):
		return DoseLater
	case d.Due.AddDays(lateAfter).Before(on):
		return DoseLate
	}
	return DoseNow
}

func latest(a, b Date) Date {
	if a.Before(b) {
		return b
	}
	return a
}

// NextDose returns the first day after the given one on which a dose becomes due; ok is
// false when none does. What is due already and was not given waits for the vaccine, not
// for a day: it is given along with the next.
func NextDose(due []DoseDue, after Date) (day Date, ok bool) {
	for _, d := range due {
		if d.State == DoseLater && after.Before(d.Due) && (!ok || d.Due.Before(day)) {
			day, ok = d.Due, true
		}
	}
	return day, ok
}

// GivenDoses returns every dose of the schedule that the person has had, oldest first:
// here and elsewhere. A visit that was ended as opened by mistake counts too: a vaccine
// that stands in a record was given until a correction takes it back.
func (p *PatientFile) GivenDoses() (out []GivenDose) {
	add := func(d *Document, visit ID) {
		b := BodyOf[Immunised](d)
		if b == nil {
			return
		}
		for _, dose := range b.Doses {
			for _, code := range dose.Counts {
				out = append(out, GivenDose{code, b.Day, dose, visit, b.Place})
			}
		}
	}
	for i := range p.Visits {
		for _, d := range p.Visits[i].Docs(KindImmunised) {
			add(d, p.Visits[i].ID)
		}
	}
	for i := range p.Files {
		add(&p.Files[i], ID{})
	}
	slices.SortStableFunc(out, func(a, b GivenDose) int {
		return cmp.Or(cmp.Compare(a.Day.Int(), b.Day.Int()), cmp.Compare(a.Code, b.Code))
	})
	return out
}
