package invent

import (
	"slices"

	"clinicbox/clinic"
)

// VisitPlan is one visit from door to slip, as bodies of package clinic without the
// numbers that a store gives out (key, queue, slip, prescription code).
type VisitPlan struct {
	Day          clinic.Date
	Minute       int // of arrival, after midnight
	Source       clinic.Source
	Insurance    string // number shown, "" for none
	Vitals       clinic.Vitals
	Exam         clinic.Exam
	Diagnosis    clinic.Diagnosis
	Prescription clinic.Prescription // without lines when nothing is prescribed
	Bill         clinic.Bill
	FollowUp     clinic.Appointment // Due is zero when nobody needs to come back
}

// Arrival is a visit of one of the people that Day was given.
type Arrival struct {
	Person int // index
	Plan   VisitPlan
}

// Day makes up n arrivals of different people in the order in which they come, or
// one for each when the people are fewer.
func (g *Gen) Day(people []Person, day clinic.Date, n int) []Arrival {
	out := make([]Arrival, 0, n)
	seen := map[int]bool{}
	for len(out) < n && len(seen) < len(people) {
		i := g.rnd.IntN(len(people))
		if seen[i] || people[i].Chronic == "" && g.chance(60) { // the ill come more often
			continue
		}
		seen[i] = true
		if day.Before(people[i].Patient.Birth) {
			continue
		}
		out = append(out, Arrival{i, g.Visit(&people[i], day)})
	}
	slices.SortFunc(out, func(a, b Arrival) int { return a.Plan.Minute - b.Plan.Minute })
	return out
}

// Visit makes up a visit of the person on a day of their life.
func (g *Gen) Visit(p *Person, day clinic.Date) VisitPlan {
	age := p.Patient.Birth.AgeAt(day).Years
	c := g.condition(p, age)
	v := VisitPlan{
		Day: day, Minute: g.between(7*60, 11*60), Source: clinic.SourceTyped,
		Vitals: g.vitals(p, day),
		Exam:   clinic.Exam{Reason: c.reason, History: c.history, Finding: c.finding},
	}
	if g.chance(40) {
		v.Minute = g.between(13*60+30, 16*60+30)
	}
	switch {
	case p.CitizenQR != "":
		v.Source = clinic.SourceCitizenQR
	case p.InsuranceQR != "":
		v.Source = clinic.SourceHealthQR
	}
	for _, id := range p.Patient.Identifiers {
		if id.System == clinic.SystemInsurance || id.System == clinic.SystemSocial {
			v.Insurance = id.Value
		}
	}
	if c.change != nil {
		c.change(g, &v.Vitals)
		if age < 7 {
			v.Vitals.Systolic, v.Vitals.Diastolic = 0, 0
		}
	}
	for _, f := range clinic.CheckVitals(&v.Vitals, p.Patient.Birth.AgeAt(day).InMonths()) {
		v.Vitals.Confirmed = append(v.Vitals.Confirmed, f.Field.Name)
	}
	main := g.row(c.icd, day)
	v.Diagnosis = clinic.Diagnosis{Main: c.icd, Others: c.others, Text: main.Name, Release: main.Version}
	v.Prescription = g.prescription(p, c, age, day)
	v.Bill = g.bill(c, &v.Prescription, v.Insurance != "", day)
	if c.again > 0 && (c.always || g.chance(30)) {
		v.FollowUp = clinic.Appointment{Due: day.AddDays(c.again), Hour: "08:00", Place: "Phòng khám", Note: c.reason}
		if c.name == "" {
			v.FollowUp.Note = "Khám lại: " + main.Name
		}
	}
	return v
}

// condition draws the reason of a visit: mostly the long illness, if there is one.
func (g *Gen) condition(p *Person, age int) *condition {
	fits := func(c *condition) bool {
		return c.ages[0] <= age && age <= c.ages[1] && (c.sex == 0 || c.sex == p.Patient.Sex) &&
			(age < 12 && c.child != nil || age >= 12 && c.adult != nil || c.adult == nil && c.child == nil)
	}
	long := p.Chronic != "" && g.chance(75)
	total := 0
	for i := range g.ills {
		c := &g.ills[i]
		if long && c.name == p.Chronic && fits(c) {
			return c
		}
		if fits(c) {
			total += c.weight
		}
	}
	n := g.rnd.IntN(total)
	for i := range g.ills {
		c := &g.ills[i]
		if !fits(c) {
			continue
		}
		if n -= c.weight; n < 0 {
			return c
		}
	}
	panic("invent: weights do not add up")
}

// vitals are those of a healthy person of the age; a condition changes them.
func (g *Gen) vitals(p *Person, day clinic.Date) clinic.Vitals {
	age := p.Patient.Birth.AgeAt(day)
	v := clinic.Vitals{
		Temperature: g.near(367, 3), SpO2: g.between(96, 99), Pulse: g.near(78, 8), Breathing: g.between(16, 20),
	}
	switch {
	case age.Years < 1:
		v.Pulse, v.Breathing = g.near(130, 10), g.between(32, 42)
		v.Weight, v.Height = g.near(33+60*age.Months/11, 4), g.near(500+240*age.Months/11, 15)
	case age.Years < 12:
		v.Pulse, v.Breathing = g.near(115-3*age.Years, 8), g.between(20, 28)
		v.Weight, v.Height = g.near(80+20*age.Years+5*max(0, age.Years-6), 10), g.near(750+60*(age.Years-1), 25)
	case age.Years < 18:
		v.Weight, v.Height = g.near(380+30*(age.Years-12), 50), g.near(1450+30*(age.Years-12), 40)
	case p.Patient.Sex == clinic.SexMale:
		v.Weight, v.Height = g.near(620, 80), g.near(1650, 55)
	default:
		v.Weight, v.Height = g.near(530, 70), g.near(1550, 50)
	}
	if age.Years >= 7 {
		v.Systolic, v.Diastolic = g.near(104+age.Years/4, 8), g.near(66+age.Years/8, 5)
	}
	return v
}
