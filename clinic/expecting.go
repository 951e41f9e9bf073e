package clinic

import (
	"cmp"
	"slices"
)

// CatalogAntenatal is the schedule of examinations in pregnancy: a row is one contact,
// its Timing the week from which it is due and, as max, the week in which it is late.
const CatalogAntenatal = "antenatal"

// Contact is one examination that the schedule asks for, in days of pregnancy.
type Contact struct {
	Row      CatalogRow
	From, To int // due from this day on, late from that day on
}

// ContactTiming reads the timing of a contact: "14w max 28w".
func ContactTiming(s string) (from, to int, ok bool) {
	t, ok := ParseTiming(s)
	if !ok || t.Age.Months != 0 || t.Max.Months != 0 || t.Max.Days <= t.Age.Days {
		return 0, 0, false
	}
	return t.Age.Days, t.Max.Days, true
}

// Contacts returns the schedule that rows of CatalogAntenatal hold on the day, in order,
// and the codes of rows that cannot be read.
func Contacts(rows []CatalogRow, on Date) (out []Contact, bad []string) {
	for _, r := range rows {
		if r.Catalog != CatalogAntenatal || !r.ValidOn(on) {
			continue
		}
		from, to, ok := ContactTiming(r.Timing)
		if !ok {
			bad = append(bad, r.Code)
			continue
		}
		out = append(out, Contact{r, from, to})
	}
	slices.SortFunc(out, func(a, b Contact) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Row.Code, b.Row.Code))
	})
	return slices.CompactFunc(out, func(a, b Contact) bool { return a.Row.Code == b.Row.Code }), bad
}

// Expecting is a pregnancy as it stands on a day.
type Expecting struct {
	Doc      *Document
	Body     *Pregnancy
	Age      int  // days; 0 with Dated false
	Dated    bool // the age is known
	Birth    Date // on which birth is expected; zero = not known
	Visits   int  // examinations in this pregnancy
	Last     Date // of the last one; zero = none
	Concerns []Concern
	From     Date       // the next examination is due from this day on
	Next     Date       // and late after this one; both zero: none is planned any more
	Contact  CatalogRow // of the schedule; empty = an appointment, or no schedule
	Slip     string     // of the appointment
}

// Overdue is how many days the next examination is late on the day; not above 0 = not late.
func (e *Expecting) Overdue(on Date) int {
	if e.Next.IsZero() {
		return 0
	}
	return DaysBetween(e.Next, on)
}

// PastDue is how many days ago birth was expected; not above 0 = not yet, or not known.
func (e *Expecting) PastDue(on Date) int {
	if e.Birth.IsZero() {
		return 0
	}
	return DaysBetween(e.Birth, on)
}

// withoutSchedule is in how many days an examination follows when no row says.
const withoutSchedule = 28

// Expecting returns the newest pregnancy that nobody ended as it stands on the day, or
// nil.
func (p *PatientFile) Expecting(schedule []Contact, on Date) *Expecting {
	open := p.OpenPregnancies()
	if len(open) == 0 {
		return nil
	}
	e := &Expecting{Doc: open[0], Body: BodyOf[Pregnancy](open[0])}
	e.Age, e.Dated = e.Body.AgeOn(on)
	e.Birth, _ = e.Body.Due()
	e.visits(p, on)
	if e.Slip == "" {
		e.plan(schedule)
	}
	return e
}

// visits counts the examinations of this pregnancy, and takes the last one's findings.
func (e *Expecting) visits(p *PatientFile, on Date) {
	all := p.Examinations(e.Body, on)
	if e.Visits = len(all); e.Visits == 0 {
		return
	}
	e.Last, e.Concerns = all[0].Visit.Day, BodyOf[Antenatal](all[0].Doc(KindAntenatal)).Concerns()
	if b := BodyOf[Appointment](all[0].Doc(KindAppointment)); b != nil && b.Due.Full() {
		e.From, e.Next, e.Slip = b.Due, b.Due, b.Slip
	}
}

// Examinations returns the visits up to the day in which the pregnancy was examined, the
// newest first.
func (p *PatientFile) Examinations(of *Pregnancy, on Date) (out []*VisitFile) {
	begin, ok := of.Begin()
	if !ok {
		begin = of.On.AddDays(-PregnancyDays)
	}
	for i := range p.Visits {
		v := &p.Visits[i]
		if v.Visit == nil || v.Ended != nil || on.Before(v.Visit.Day) || v.Visit.Day.Before(begin) {
			continue
		}
		if BodyOf[Antenatal](v.Doc(KindAntenatal)) != nil {
			out = append(out, v)
		}
	}
	return out
}

// plan finds the next contact of the schedule: the first that begins after the last
// examination, or without one the first that was not over when the pregnancy was
// recorded.
func (e *Expecting) plan(schedule []Contact) {
	begin, ok := e.Body.Begin()
	since := e.Body.On
	if !e.Last.IsZero() {
		since = e.Last
	}
	if !ok || len(schedule) == 0 {
		e.From = since
		if !e.Last.IsZero() {
			e.From = since.AddDays(withoutSchedule)
		}
		e.Next = e.From
		return
	}
	at := DaysBetween(begin, since)
	for _, c := range schedule {
		if e.Last.IsZero() && c.To > at || !e.Last.IsZero() && c.From > at {
			e.Contact, e.From, e.Next = c.Row, begin.AddDays(c.From), begin.AddDays(c.To-1)
			return
		}
	}
}

// mostUrgent sorts concerns, keeping the order of equals.
func mostUrgent(out []Concern) []Concern {
	slices.SortStableFunc(out, func(a, b Concern) int { return cmp.Compare(b.Urgency, a.Urgency) })
	return out
}
