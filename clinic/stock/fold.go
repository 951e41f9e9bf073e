package stock

import (
	"slices"

	"clinicbox/clinic"
)

// Sheet is what the movements of one batch add up to. Every sum is of a period except
// where noted: Opening and the sums give Closing.
type Sheet struct {
	Batch    clinic.Batch
	Opening  clinic.Milli // booked before the first day of the period, and what the books began with in it
	Received clinic.Milli // from outside
	MovedIn  clinic.Milli // from other sites
	Out      clinic.Milli // handed out in visits
	Back     clinic.Milli // brought back by patients, thrown away or not
	Used     clinic.Milli // by departments
	Moved    clinic.Milli // to other sites
	Spoilt   clinic.Milli // broken, expired, lost, back to the supplier, or brought back and thrown away
	Found    clinic.Milli
	Counted  clinic.Milli // what counts found above the books, less what they missed
	Closing  clinic.Milli // booked after the last day of the period

	Booked  clinic.Milli // now, all movements
	Lowest  clinic.Milli // the lowest that the books went since the last count; never above 0
	Touched clinic.Date  // day of the latest movement
	Checked clinic.Date  // day of the latest count; zero = never
	State   uint64       // highest hybrid time of a movement: Counted.At of a count that begins now
	Moves   int
}

// Short reports whether more left the shelf than the books had: only a count settles it.
func (s *Sheet) Short() bool { return s.Lowest < 0 }

// Usage is what patients and departments used up in the period.
func (s *Sheet) Usage() clinic.Milli { return s.Out - s.Back + s.Used }

// Add adds the sums of another batch.
func (s *Sheet) Add(o *Sheet) {
	s.Opening += o.Opening
	s.Received += o.Received
	s.MovedIn += o.MovedIn
	s.Out += o.Out
	s.Back += o.Back
	s.Used += o.Used
	s.Moved += o.Moved
	s.Spoilt += o.Spoilt
	s.Found += o.Found
	s.Counted += o.Counted
	s.Closing += o.Closing
	s.Booked += o.Booked
	s.Moves += o.Moves
}

// Fold adds up the movements of one batch; the days from and to are in the period. The
// order of the movements does not matter, and one that is there twice counts once. It
// sorts the slice.
//
// A count says what stood on the shelf when it began: the books become that, and what
// was recorded later moves on from there, also while people were still counting. An older
// movement that arrives after the count was on the shelf when it was counted: it changes
// what the count missed or found, and not what there is.
func Fold(moves []Move, from, to clinic.Date) Sheet {
	var s Sheet
	f, t := from.Int(), to.Int()
	each(moves, func(m *Move, effect, booked clinic.Milli) {
		s.Moves++
		s.State = max(s.State, m.HLC)
		if s.Touched.Int() < m.Day.Int() {
			s.Touched = m.Day
		}
		if m.What == Count {
			s.Lowest = 0
			if s.Checked.Int() < m.Day.Int() {
				s.Checked = m.Day
			}
		}
		s.Booked = booked
		s.Lowest = min(s.Lowest, s.Booked)
		switch day := m.Day.Int(); {
		case day < f, day <= t && (m.What == Start || m.What == Unstart):
			s.Opening += effect
		case day <= t:
			s.add(m, effect)
		}
	})
	s.Closing = s.Opening + s.Received + s.MovedIn - s.Out + s.Back - s.Used - s.Moved - s.Spoilt + s.Found + s.Counted
	return s
}

// each passes the movements in their order, each once, with what it does to the books
// and what they are after it.
func each(moves []Move, fn func(m *Move, effect, booked clinic.Milli)) {
	slices.SortFunc(moves, func(a, b Move) int { return a.compare(&b) })
	var booked clinic.Milli
	for i := range moves {
		m := &moves[i]
		if i > 0 && m.same(&moves[i-1]) {
			continue
		}
		effect := m.effect()
		if m.What == Count {
			effect = max(m.Quantity, 0) - booked
		}
		booked += effect
		fn(m, effect, booked)
	}
}

// Posting is one movement as a stock card shows it.
type Posting struct {
	Move
	Effect clinic.Milli
	Booked clinic.Milli // after it
}

// Card returns the movements of one batch in their order. It sorts the slice.
func Card(moves []Move) (out []Posting) {
	each(moves, func(m *Move, effect, booked clinic.Milli) { out = append(out, Posting{*m, effect, booked}) })
	return out
}

func (s *Sheet) add(m *Move, effect clinic.Milli) {
	switch q := max(m.Quantity, 0); m.What {
	case In:
		s.Received += q
	case MovedIn:
		s.MovedIn += q
	case Out:
		s.Out += q
	case Back:
		s.Back += q
	case Waste:
		s.Back += q
		s.Spoilt += q
	case Used:
		s.Used += q
	case Moved:
		s.Moved += q
	case Spoilt:
		s.Spoilt += q
	case Found:
		s.Found += q
	case Count:
		s.Counted += effect
	}
}

// Sheets folds entries in any order into a sheet for each batch of a site, in the order of
// Compare.
func Sheets(records []clinic.Record, site string, from, to clinic.Date) []Sheet {
	of := map[clinic.Batch][]Move{}
	for i := range records {
		for _, m := range Moves(&records[i]) {
			if m.Batch.Site == site {
				of[m.Batch] = append(of[m.Batch], m.Move)
			}
		}
	}
	var out []Sheet
	for b, moves := range of {
		s := Fold(moves, from, to)
		s.Batch = b
		out = append(out, s)
	}
	Sort(out)
	return out
}
