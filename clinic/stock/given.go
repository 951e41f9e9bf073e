package stock

import (
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Given is how a visit's handing out stands for one line of its prescription.
type Given struct {
	Line clinic.DrugLine
	Out  clinic.Milli // handed out, less what was written by mistake
	Back clinic.Milli // brought back
	// Price is what the visit showed for a unit when it was first handed out.
	Price clinic.Dong
}

// Left is what is still to be handed out.
func (g *Given) Left() clinic.Milli { return max(g.Line.Quantity-g.Out, 0) }

// Hand adds up what was handed out for each line of a prescription, whichever version of
// it that was, and what was handed out beside it. handed are records of the visit
// (VisitFile.Handed) in any order.
func Hand(p *clinic.Prescription, handed []clinic.Record) (lines, beside []Given) {
	if p != nil {
		for _, l := range p.Lines {
			lines = append(lines, Given{Line: l})
		}
	}
	of := func(g clinic.Goods, name, unit string) *Given {
		in := func(all []Given) *Given {
			i := slices.IndexFunc(all, func(x Given) bool { return x.Line.Medicine == g.Code })
			if i < 0 {
				return nil
			}
			return &all[i]
		}
		if at := in(lines); at != nil && g.In() == clinic.CatalogMedicine {
			return at
		}
		if in(beside) == nil {
			beside = append(beside, Given{Line: clinic.DrugLine{Medicine: g.Code, Name: name, Unit: unit}})
		}
		return in(beside)
	}
	seen := map[clinic.Leaf]bool{}
	first := map[string]uint64{}
	for i := range handed {
		r := &handed[i]
		if seen[r.Leaf] {
			continue
		}
		seen[r.Leaf] = true
		switch b := r.Body.(type) {
		case *clinic.Dispensed:
			for _, l := range b.Lines {
				g := of(l.Goods, l.Name, l.Unit)
				g.Out += max(l.Quantity, 0)
				if at, ok := first[l.Goods.Code]; !ok || r.HLC < at {
					first[l.Goods.Code], g.Price = r.HLC, l.Price
				}
			}
		case *clinic.Returned:
			for _, l := range b.Lines {
				g := of(l.Goods, l.Name, l.Unit)
				if b.Mistake {
					g.Out -= max(l.Quantity, 0)
				} else {
					g.Back += max(l.Quantity, 0)
				}
			}
		}
	}
	slices.SortFunc(beside, func(a, b Given) int { return strings.Compare(a.Line.Medicine, b.Line.Medicine) })
	return lines, beside
}

// Took returns how much of one batch the visit has: handed out and not brought back.
func Took(handed []clinic.Record, g clinic.Goods) (q clinic.Milli) {
	seen := map[clinic.Leaf]bool{}
	for i := range handed {
		if seen[handed[i].Leaf] {
			continue
		}
		seen[handed[i].Leaf] = true
		for _, m := range Moves(&handed[i]) {
			if m.Batch.Goods != g {
				continue
			}
			switch m.What {
			case Out:
				q += m.Quantity
			case Back, Waste:
				q -= m.Quantity
			}
		}
	}
	return q
}
