package clinic

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// LabFile is what tests showed of a person, under any ID.
type LabFile struct {
	Results []Document // KindResult, the latest sample first
	Samples []Record   // KindSample, oldest first
	Reviews []Record   // KindReviewed, oldest first

	results []Record
}

// fold makes documents of the results; those that confirmations outside visits name are
// signed.
func (l *LabFile) fold(signed []Signature) {
	by := map[Leaf][]Signature{}
	for _, s := range signed {
		for _, x := range s.Record.Body.(*Signed).Leaves {
			if len(x) == len(Leaf{}) {
				by[Leaf(x)] = append(by[Leaf(x)], s)
			}
		}
	}
	var subjects []ID
	for i := range l.results {
		if id := l.results[i].Subject; !slices.Contains(subjects, id) {
			subjects = append(subjects, id)
		}
	}
	for _, id := range subjects { // a signature is bound to the patient; so is a result
		mine := slices.DeleteFunc(slices.Clone(l.results), func(r Record) bool { return r.Subject != id })
		l.Results = append(l.Results, documents(KindResult, mine, by)...)
	}
	slices.SortFunc(l.Results, func(a, b Document) int {
		x, y := BodyOf[Result](&a), BodyOf[Result](&b)
		ra, rb := &a.Versions[0].Record, &b.Versions[0].Record
		return cmp.Or(cmp.Compare(y.Taken.Int(), x.Taken.Int()), cmp.Compare(rb.HLC, ra.HLC), bytes.Compare(ra.Leaf[:], rb.Leaf[:]))
	})
}

func (l *LabFile) judged(states map[Leaf]SignatureState) {
	for i := range l.Results {
		l.Results[i].judged(states)
	}
}

// Find returns the result of which the leaf is a version, or nil.
func (l *LabFile) Find(leaf Leaf) *Document {
	for i := range l.Results {
		if slices.ContainsFunc(l.Results[i].Versions, func(v Version) bool { return v.Record.Leaf == leaf }) {
			return &l.Results[i]
		}
	}
	return nil
}

// Sample returns the record of the sample with the number, or nil.
func (l *LabFile) Sample(number string) *Record {
	for i := range l.Samples {
		if b, ok := l.Samples[i].Body.(*Sample); ok && b.Number == number {
			return &l.Samples[i]
		}
	}
	return nil
}

// ReviewsOf returns what clinicians said who saw the version, oldest first.
func (l *LabFile) ReviewsOf(leaf Leaf) (out []Record) {
	for _, r := range l.Reviews {
		b := r.Body.(*Reviewed)
		if slices.ContainsFunc(b.Results, func(x []byte) bool { return bytes.Equal(x, leaf[:]) }) {
			out = append(out, r)
		}
	}
	return out
}

// Waiting returns the results whose current version nobody signed, the latest first.
func (l *LabFile) Waiting() (out []*Document) {
	for i := range l.Results {
		if l.Results[i].State != DocSigned {
			out = append(out, &l.Results[i])
		}
	}
	return out
}

// Alarms returns the results that are critical, and that no clinician has seen.
func (l *LabFile) Alarms() (out []*Document) {
	for _, d := range l.Waiting() {
		if BodyOf[Result](d).Critical() && len(l.ReviewsOf(d.Leaf())) == 0 {
			out = append(out, d)
		}
	}
	return out
}

// LabPoint is one result of one test.
type LabPoint struct {
	Taken Date
	At    time.Time // when the result was recorded first
	Value ResultValue
	Of    *Document
}

// Points returns the results of a test as they stand, oldest first. Those of tests that
// did not work are left out.
func (l *LabFile) Points(test string) (out []LabPoint) {
	for i := range slices.Backward(l.Results) {
		d := &l.Results[i]
		b := BodyOf[Result](d)
		for _, v := range b.Values {
			if v.Test == test && v.Flag != FlagInvalid {
				out = append(out, LabPoint{b.Taken, d.Versions[0].Record.Event, v, d})
			}
		}
	}
	return out
}

// Latest returns the last result of a test; ok is false when there is none. It may be of
// long ago, and nobody may have signed it: see Taken and Of.
func (l *LabFile) Latest(test string) (p LabPoint, ok bool) {
	points := l.Points(test)
	if len(points) == 0 {
		return LabPoint{}, false
	}
	return points[len(points)-1], true
}

// Tests returns the codes of the tests of which there are results, the latest first.
func (l *LabFile) Tests() (out []string) {
	for i := range l.Results {
		for _, v := range BodyOf[Result](&l.Results[i]).Values {
			if !slices.Contains(out, v.Test) {
				out = append(out, v.Test)
			}
		}
	}
	return out
}

// LineState tells where an ordered test stands.
type LineState uint8

// The states of an ordered test.
const (
	LineOrdered LineState = 1 // no sample was taken, or its test did not work
	LineSampled LineState = 2
	LineResult  LineState = 3 // no clinician signed the result
	LineSigned  LineState = 4
)

// OrderLine is one ordered test with what became of it.
type OrderLine struct {
	Order  *Document
	Visit  *VisitFile
	Test   OrderedTest
	Sample *Record   // the last; nil = none
	Result *Document // the last; nil = none
	Value  *ResultValue
	State  LineState
}

// Body returns the order as it stands.
func (o *OrderLine) Body() *Order { return BodyOf[Order](o.Order) }

// OrderLines returns the tests of every order that stands, the latest visit first. Those
// of visits that were ended without care are left out.
func (p *PatientFile) OrderLines() (out []OrderLine) {
	for i := range p.Visits {
		v := &p.Visits[i]
		if v.Ended != nil {
			continue
		}
		for _, d := range v.Docs(KindOrder) {
			b := BodyOf[Order](d)
			if b.Off {
				continue
			}
			for _, t := range b.Tests {
				l := OrderLine{Order: d, Visit: v, Test: t, State: LineOrdered}
				p.Lab.follow(&l)
				out = append(out, l)
			}
		}
	}
	return out
}

// follow finds sample and result of an ordered test.
func (l *LabFile) follow(o *OrderLine) {
	of := func(order []byte) bool {
		return slices.ContainsFunc(o.Order.Versions, func(v Version) bool { return bytes.Equal(v.Record.Leaf[:], order) })
	}
	for i := range l.Samples {
		if b := l.Samples[i].Body.(*Sample); of(b.Order) && slices.Contains(b.Tests, o.Test.Code) {
			o.Sample, o.State = &l.Samples[i], LineSampled
		}
	}
	for i := range l.Results { // the latest first
		d := &l.Results[i]
		b := BodyOf[Result](d)
		v := b.Value(o.Test.Code)
		if v == nil || !of(b.Order) || o.Result != nil {
			continue
		}
		o.Result, o.Value = d, v
		switch {
		case v.Flag == FlagInvalid:
			if o.Sample == nil || o.Sample.HLC < d.Versions[0].Record.HLC {
				o.State = LineOrdered
			}
		case d.State == DocSigned:
			o.State = LineSigned
		default:
			o.State = LineResult
		}
	}
}
