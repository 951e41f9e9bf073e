package clinic

import (
	"slices"
	"time"
)

// ElsewhereFile is what was asked and heard of a person beyond what is recorded here.
type ElsewhereFile struct {
	Questions []Record // KindAsked, oldest first: of this facility, and of others who saw this record
	Answers   []Record // KindSummary that came from the centre, oldest first
	// Now is the latest answer; nil = none came. Earlier ones do not count: what was
	// linked by mistake may be another person's.
	Now *Summary
	At  time.Time // when the centre made Now, by its clock
}

// Open returns the latest question of the facility (MA_CSKCB) that no answer names; nil
// when there is none.
func (e *ElsewhereFile) Open(facility string) *Record {
	for i := range slices.Backward(e.Questions) {
		q := &e.Questions[i]
		if q.Body.(*Asked).Code != facility {
			continue
		}
		if slices.ContainsFunc(e.Answers, func(a Record) bool { return a.Body.(*Summary).of(q.Leaf) }) {
			return nil
		}
		return q
	}
	return nil
}

// Given returns the questions of other facilities: who saw what is recorded here.
func (e *ElsewhereFile) Given(facility string) []Record {
	return slices.DeleteFunc(slices.Clone(e.Questions), func(r Record) bool { return r.Body.(*Asked).Code == facility })
}

func (s *Summary) of(question Leaf) bool { return string(s.Asked) == string(question[:]) }

// take keeps a record of the two kinds. An answer counts only when it was received: no
// box speaks for the centre.
func (e *ElsewhereFile) take(r *Record) {
	switch b := r.Body.(type) {
	case *Asked:
		e.Questions = append(e.Questions, *r)
	case *Summary:
		if r.Ref.Journal == In {
			e.Answers = append(e.Answers, *r)
			e.Now, e.At = b, r.Event
		}
	}
}

// hear adds what other facilities know of allergies to what is known here: it counts for
// every check, until somebody asks the person and writes it down.
func (a *AllergyFile) hear(s *Summary) {
	if s == nil {
		return
	}
	for _, p := range s.Allergies {
		if !slices.Contains(a.Items, p.Allergy) && !slices.Contains(a.Heard, p.Allergy) {
			a.Heard = append(a.Heard, p.Allergy)
		}
	}
}

// All returns what is known here and what was heard from elsewhere.
func (a *AllergyFile) All() []Allergy { return slices.Concat(a.Items, a.Heard) }
