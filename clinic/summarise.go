package clinic

import (
	"bytes"
	"cmp"
	"slices"
)

// How much of a person's past a summary tells: what does not fit is counted in Left.
const (
	summaryMedicines = 40
	summaryProblems  = 40
	summaryVisits    = 20
	summaryDoses     = 60
	summaryAllergies = 60
	// endedLately: a medicine that ended so many days ago may still act, or be taken on.
	endedLately = 30
	// problemsFor is how many days a diagnosis is told, unless it came more than once.
	problemsFor = 5 * 365
)

// Known is an entry with the facility that recorded it.
type Known struct {
	Record
	From Facility
}

// Summarise tells what the records say of a person that helps somebody who treats them on
// the day. Records of other subjects than who's IDs, visits that were opened by mistake,
// and what a program cannot read are left out. The order of the records does not matter.
func Summarise(who Identity, known []Known, today Date) Summary {
	s := summarising{today: today, at: map[Leaf]int{}, out: Summary{Outcome: SummaryFound}}
	records := make([]Record, 0, len(known))
	slices.SortFunc(known, func(a, b Known) int {
		return cmp.Or(cmp.Compare(a.From.Code, b.From.Code), cmp.Compare(a.From.Name, b.From.Name), bytes.Compare(a.Leaf[:], b.Leaf[:]))
	})
	for i := range known {
		k := &known[i]
		if n := len(s.out.Places); n == 0 || s.out.Places[n-1].Code != k.From.Code || s.out.Places[n-1].Name != k.From.Name {
			s.out.Places = append(s.out.Places, Place{Code: k.From.Code, Name: k.From.Name})
		}
		s.at[k.Leaf] = len(s.out.Places) - 1
		records = append(records, k.Record)
	}
	s.file = FoldPerson(who, records)
	s.allergies()
	s.visits()
	s.problems()
	s.doses()
	s.programmes()
	if _, d := s.file.Died(); d != nil {
		s.out.Died = d.Day
	}
	return s.out
}

// Veil leaves of a summary what an emergency opens of a protected record.
func (s *Summary) Veil() {
	*s = Summary{
		Asked: s.Asked, Outcome: s.Outcome, AllergiesAsked: s.AllergiesAsked, Allergies: s.Allergies, Medicines: s.Medicines, Veiled: true,
	}
	for i := range s.Allergies { // where it is protected says something, too
		s.Allergies[i].Place = 0
	}
	for i := range s.Medicines {
		s.Medicines[i].Place = 0
	}
}

// Shorten leaves out the least needed line, and reports whether there was one: medicines
// and allergies last, and of these the severe ones.
func (s *Summary) Shorten() bool {
	was := len(s.Allergies)
	cut := shorter(&s.Visits, 5) || shorter(&s.Doses, 10) || shorter(&s.Problems, 10) ||
		shorter(&s.Visits, 0) || shorter(&s.Doses, 0) || shorter(&s.Problems, 0) || shorter(&s.Programmes, 0) ||
		shorter(&s.Medicines, 0) || shorter(&s.Allergies, 0)
	if cut {
		s.Left++
		s.AllergiesAsked = s.AllergiesAsked && (was == 0 || len(s.Allergies) > 0) // never "none known"
	}
	return cut
}

// shorter cuts one off a list that has more than so many.
func shorter[T any](list *[]T, keep int) bool {
	n := len(*list)
	if n <= keep {
		return false
	}
	*list = (*list)[:n-1]
	return true
}

// Where returns the place of a number, an empty one when there is none of it.
func (s *Summary) Where(n int) Place {
	if n < 0 || n >= len(s.Places) {
		return Place{}
	}
	return s.Places[n]
}

type summarising struct {
	today Date
	at    map[Leaf]int // place of each record
	file  PatientFile
	out   Summary
}

// first cuts a list and counts what is left out.
func first[T any](s *summarising, list []T, n int) []T {
	if len(list) > n {
		s.out.Left += len(list) - n
		list = list[:n]
	}
	return list
}

func (s *summarising) allergies() {
	a := &s.file.Allergies
	s.out.AllergiesAsked = a.State != AllergiesNotAsked
	seen := map[Allergy]bool{}
	for i := range a.Versions {
		r := &a.Versions[i]
		if !slices.Contains(a.Tips, r.Leaf) {
			continue
		}
		for _, it := range r.Body.(*Allergies).Items {
			if !seen[it] {
				seen[it] = true
				s.out.Allergies = append(s.out.Allergies, PastAllergy{it, s.at[r.Leaf], DateOf(r.Event)})
			}
		}
	}
	slices.SortStableFunc(s.out.Allergies, func(a, b PastAllergy) int { // the severe ones are cut last
		switch {
		case a.Allergy.Severe == b.Allergy.Severe:
			return 0
		case a.Allergy.Severe:
			return -1
		}
		return 1
	})
	s.out.Allergies = first(s, s.out.Allergies, summaryAllergies)
}

// dayOf is the visit's day; of one whose opening is missing the day of what is there.
func (s *summarising) dayOf(v *VisitFile) Date {
	if v.Visit != nil {
		return v.Visit.Day
	}
	if len(v.Documents) > 0 {
		return DateOf(v.Documents[0].Current().Record.Event)
	}
	return Date{}
}

func (s *summarising) visits() {
	for i := range s.file.Visits {
		v := &s.file.Visits[i]
		if v.State == VisitClosed {
			continue
		}
		day := s.dayOf(v)
		p := PastVisit{Day: day, Type: v.Type()}
		if v.Visit != nil {
			p.Place = s.at[v.Opened.Leaf]
		}
		if d := v.Doc(KindDiagnosis); d != nil {
			p.Codes, p.Place = diagnoses(BodyOf[Diagnosis](d)), s.at[d.Leaf()]
		}
		if last := &s.out.Places[p.Place].Last; last.Before(day) {
			*last = day
		}
		for _, d := range v.Docs(KindPrescribe) {
			s.medicines(d, day)
		}
		if v.Visit != nil || len(p.Codes) > 0 {
			s.out.Visits = append(s.out.Visits, p)
		}
	}
	slices.SortStableFunc(s.out.Visits, func(a, b PastVisit) int { return b.Day.Int() - a.Day.Int() })
	slices.SortStableFunc(s.out.Medicines, func(a, b PastMedicine) int { return b.Start.Int() - a.Start.Int() })
	s.out.Visits = first(s, s.out.Visits, summaryVisits)
	s.out.Medicines = first(s, s.out.Medicines, summaryMedicines)
}

func diagnoses(d *Diagnosis) []string {
	if d == nil {
		return nil
	}
	return slices.DeleteFunc(append([]string{d.Main}, d.Others...), func(c string) bool { return c == "" })
}

func (s *summarising) medicines(d *Document, day Date) {
	rx := BodyOf[Prescription](d)
	if rx == nil {
		return
	}
	for _, l := range rx.Lines {
		m := PastMedicine{Line: l, Start: day, Place: s.at[d.Leaf()], Unsigned: d.State != DocSigned}
		if !m.Ends().AddDays(endedLately).Before(s.today) {
			s.out.Medicines = append(s.out.Medicines, m)
		}
	}
}

// Ends is the day on which the medicine was last to be taken.
func (m *PastMedicine) Ends() Date {
	if m.Start.IsZero() {
		return Date{Year: 9999, Month: 12, Day: 31} // nobody knows: it runs
	}
	days := m.Line.Days
	if days <= 0 {
		days = RunsUnsaid
	}
	return m.Start.AddDays(days - 1)
}

// Runs reports whether the medicine is still to be taken on the day.
func (m *PastMedicine) Runs(on Date) bool { return !m.Ends().Before(on) }

func (s *summarising) problems() {
	by := map[string]*PastProblem{}
	for i := range s.file.Visits {
		v := &s.file.Visits[i]
		if v.State == VisitClosed {
			continue
		}
		d := v.Doc(KindDiagnosis)
		day := s.dayOf(v)
		for _, code := range diagnoses(BodyOf[Diagnosis](d)) {
			p := by[code]
			if p == nil {
				p = &PastProblem{Code: code, Last: day, Place: s.at[d.Leaf()]}
				by[code] = p
			}
			p.Times++
			if p.Last.Before(day) {
				p.Last, p.Place = day, s.at[d.Leaf()]
			}
		}
	}
	for _, p := range by {
		if p.Times > 1 || !p.Last.AddDays(problemsFor).Before(s.today) {
			s.out.Problems = append(s.out.Problems, *p)
		} else {
			s.out.Left++
		}
	}
	slices.SortFunc(s.out.Problems, func(a, b PastProblem) int {
		return cmp.Or(b.Last.Int()-a.Last.Int(), b.Times-a.Times, cmp.Compare(a.Code, b.Code))
	})
	s.out.Problems = first(s, s.out.Problems, summaryProblems)
}

func (s *summarising) doses() {
	add := func(d *Document) {
		b := BodyOf[Immunised](d)
		if b == nil {
			return
		}
		for _, x := range b.Doses {
			s.out.Doses = append(s.out.Doses, PastDose{Vaccine: x.Vaccine, Name: x.Name, Day: b.Day, Place: s.at[d.Leaf()]})
		}
	}
	for i := range s.file.Files {
		add(&s.file.Files[i])
	}
	for i := range s.file.Visits {
		if v := &s.file.Visits[i]; v.State != VisitClosed {
			for _, d := range v.Docs(KindImmunised) {
				add(d)
			}
		}
	}
	slices.SortStableFunc(s.out.Doses, func(a, b PastDose) int {
		return cmp.Or(b.Day.Int()-a.Day.Int(), cmp.Compare(a.Vaccine, b.Vaccine), a.Place-b.Place)
	})
	s.out.Doses = first(s, slices.Compact(s.out.Doses), summaryDoses)
}

func (s *summarising) programmes() {
	for i := range s.file.Files {
		d := &s.file.Files[i]
		if b := BodyOf[Enrolment](d); b != nil && b.Left.IsZero() {
			s.out.Programmes = append(s.out.Programmes, PastProgramme{b.Programme, b.On, s.at[d.Leaf()]})
		}
	}
	slices.SortFunc(s.out.Programmes, func(a, b PastProgramme) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), a.Since.Int()-b.Since.Int())
	})
}
