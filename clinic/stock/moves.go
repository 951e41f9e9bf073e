// Package stock adds up what went on and off the shelves: a pure fold over the entries of
// stock, in any order and from any box, and the rules that read its sums. It imports the
// domain only and does no I/O.
package stock

import (
	"cmp"
	"slices"

	"clinicbox/clinic"
)

// What tells what a movement is. Values are frozen: they stand in the store's views.
type What uint8

// The movements. Each but Count takes or adds Quantity as its name says.
const (
	In      What = 1  // came from outside
	MovedIn What = 2  // came from another site
	Out     What = 3  // handed out in a visit
	Back    What = 4  // a patient brought it back, and it stands on the shelf again
	Waste   What = 5  // a patient brought it back, and it was thrown away
	Used    What = 6  // by a department
	Moved   What = 7  // went to another site
	Spoilt  What = 8  // broken, expired, lost, back to the supplier
	Found   What = 9  // adds
	Count   What = 10 // Quantity stood on the shelf
	Start   What = 11 // stood there before the books began
	Unstart What = 12 // a Start that was taken back
)

// Move is one line of an entry as the fold reads it.
type Move struct {
	What     What
	Quantity clinic.Milli // never negative; one that is counts as 0
	At       uint64       // Count: the hybrid time up to which the books were counted
	HLC      uint64
	Leaf     clinic.Leaf
	Place    int         // of the line in its entry
	Day      clinic.Date // when it happened
}

// compare orders movements in time; a count stands where it was begun.
func (m *Move) compare(o *Move) int {
	return cmp.Or(
		cmp.Compare(m.place(), o.place()), cmp.Compare(m.order(), o.order()), cmp.Compare(m.HLC, o.HLC),
		slices.Compare(m.Leaf[:], o.Leaf[:]), cmp.Compare(m.Place, o.Place),
	)
}

func (m *Move) place() uint64 {
	if m.What == Count {
		return min(m.At, m.HLC)
	}
	return m.HLC
}

// order lets a count come after the movement it saw last.
func (m *Move) order() int {
	if m.What == Count {
		return 1
	}
	return 0
}

// same reports whether the two are one line of one entry.
func (m *Move) same(o *Move) bool { return m.HLC == o.HLC && m.Leaf == o.Leaf && m.Place == o.Place }

// effect is what the movement does to the balance; a count's is not known alone.
func (m *Move) effect() clinic.Milli {
	switch q := max(m.Quantity, 0); m.What {
	case In, MovedIn, Back, Found, Start:
		return q
	case Out, Used, Moved, Spoilt, Unstart:
		return -q
	}
	return 0
}

// Line is a movement with the batch that it moves.
type Line struct {
	Batch clinic.Batch
	Move
}

// Moves returns the movements of an entry; none for what is not of stock.
func Moves(r *clinic.Record) (out []Line) {
	site := clinic.SiteOf(r.Body)
	add := func(g clinic.Goods, what What, q clinic.Milli) *Move {
		g.Lot = clinic.NormalLot(g.Lot)
		if g.Catalog == clinic.CatalogMedicine {
			g.Catalog = ""
		}
		m := Move{What: what, Quantity: q, HLC: r.HLC, Leaf: r.Leaf, Place: len(out), Day: clinic.DateOf(r.Event)}
		out = append(out, Line{clinic.Batch{Site: site, Goods: g}, m})
		return &out[len(out)-1].Move
	}
	switch b := r.Body.(type) {
	case *clinic.Received:
		what := In
		switch {
		case b.From != "":
			what = MovedIn
		case len(b.Import) > 0:
			what = Start
		}
		for _, l := range b.Lines {
			add(l.Goods, what, l.Quantity)
		}
	case *clinic.Dispensed:
		for _, l := range b.Lines {
			add(l.Goods, Out, l.Quantity)
		}
	case *clinic.Returned:
		for _, l := range b.Lines {
			what := Back
			if l.Waste {
				what = Waste
			}
			add(l.Goods, what, l.Quantity)
		}
	case *clinic.Counted:
		for _, l := range b.Lines {
			add(l.Goods, Count, l.Found).At = b.At
		}
	case *clinic.Adjusted:
		for _, l := range b.Lines {
			add(l.Goods, adjusts(b.Reason), l.Quantity)
		}
	}
	return out
}

func adjusts(r clinic.AdjustReason) What {
	switch r {
	case clinic.AdjustFound:
		return Found
	case clinic.AdjustUsed:
		return Used
	case clinic.AdjustSent:
		return Moved
	case clinic.AdjustUnbegun:
		return Unstart
	}
	return Spoilt
}
