package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// doseGoods is the batch that a dose leaves. A dose that does not say its last day is of
// the one batch with that number, when there is one.
func (s *shelf) doseGoods(x *clinic.Dose) (clinic.Goods, error) {
	g := clinic.Goods{Catalog: clinic.CatalogVaccine, Code: x.Vaccine, Lot: clinic.NormalLot(x.Batch), Expiry: x.Expiry}
	if !x.Expiry.IsZero() {
		return g, nil
	}
	all, err := s.of(g)
	all = slices.DeleteFunc(slices.Clone(all), func(o stock.Sheet) bool { return o.Batch.Lot != g.Lot })
	if len(all) == 1 {
		g = all[0].Batch.Goods
	}
	return g, err
}

// vaccineMoves is what a visit's doses still have to move: positive goes out. A vaccine
// that never came into these books is not counted in them.
func (w *document) vaccineMoves(body *clinic.Immunised) (map[clinic.Batch]clinic.Milli, *shelf, error) {
	s := w.shelf(nil)
	moves := map[clinic.Batch]clinic.Milli{} // taken so far: negative
	total := map[clinic.Goods]clinic.Milli{}
	for i := range w.file.Handed {
		for _, m := range stock.Moves(&w.file.Handed[i]) {
			switch {
			case m.Batch.Catalog != clinic.CatalogVaccine:
			case m.What == stock.Out:
				moves[m.Batch] -= m.Quantity
				total[m.Batch.Goods] += m.Quantity
			case m.What == stock.Back:
				moves[m.Batch] += m.Quantity
				total[m.Batch.Goods] -= m.Quantity
			}
		}
	}
	for i := range body.Doses {
		g, err := s.doseGoods(&body.Doses[i])
		if err != nil {
			return nil, nil, err
		}
		known, err := s.of(g)
		if err != nil {
			return nil, nil, err
		}
		if total[g] <= 0 && len(known) == 0 {
			continue
		}
		// What another box of the facility gave stays taken from its shelf.
		at := clinic.Batch{Site: s.site, Goods: g}
		for b, q := range moves {
			if b.Goods == g && q < 0 {
				at = b
			}
		}
		moves[at] += 1000
	}
	maps.DeleteFunc(moves, func(_ clinic.Batch, q clinic.Milli) bool { return q == 0 })
	return moves, s, nil
}

// dosesShort asks about doses of batches that the shelf does not have: they may be given,
// and the books say then that more went out than came in, until a count.
func (w *document) dosesShort(body *clinic.Immunised) (bad Errors, err error) {
	moves, s, err := w.vaccineMoves(body)
	if err != nil {
		return nil, err
	}
	for i := range body.Doses {
		x := &body.Doses[i]
		g, err := s.doseGoods(x)
		if err != nil {
			return nil, err
		}
		q := moves[clinic.Batch{Site: s.site, Goods: g}]
		if q <= 0 {
			continue
		}
		sheet, err := s.batch(g)
		if err != nil {
			return nil, err
		}
		booked := clinic.Milli(0)
		if sheet != nil {
			booked = sheet.Booked
		}
		if booked < q {
			args := map[string]string{"code": "short." + x.Vaccine, "name": x.Name, "lot": lotName(g), "booked": booked.String()}
			bad = append(bad, &Error{Code: CodeDoseShort, Field: fmt.Sprintf("batch.%d", i), Args: args})
		}
	}
	return bad, nil
}

// dosesMoved takes the doses from the shelf, and puts back what a correction says was not
// given. Where an entry of it can no longer be read nothing moves: a count settles it.
func (w *document) dosesMoved(first *clinic.Draft) (out []clinic.Draft, err error) {
	if w.file.Misses(clinic.KindDispensed) || w.file.Misses(clinic.KindReturned) {
		return nil, nil
	}
	moves, _, err := w.vaccineMoves(first.Body.(*clinic.Immunised))
	if err != nil {
		return nil, err
	}
	given := map[string]*clinic.Dispensed{} // by site
	back := map[string]*clinic.Returned{}
	order := func(a, b clinic.Batch) int { return cmp.Or(cmp.Compare(a.Site, b.Site), stock.Compare(a, b)) }
	for _, b := range slices.SortedFunc(maps.Keys(moves), order) {
		row, q := row(w, b.Goods, w.row.Day), moves[b]
		draft := clinic.Draft{Subject: w.on.Patient, Visit: w.on.Visit, Event: first.Event}
		if q > 0 {
			if given[b.Site] == nil {
				given[b.Site] = &clinic.Dispensed{Site: b.Site}
				draft.Kind, draft.Body = clinic.KindDispensed, given[b.Site]
				out = append(out, draft)
			}
			given[b.Site].Lines = append(given[b.Site].Lines, clinic.DispensedLine{Goods: b.Goods, Name: row.Name, Unit: row.Unit, Quantity: q, Price: row.Price})
			continue
		}
		if back[b.Site] == nil {
			back[b.Site] = &clinic.Returned{Site: b.Site, Words: cmp.Or(first.Why, doseCorrected), Mistake: true}
			draft.Kind, draft.Body = clinic.KindReturned, back[b.Site]
			out = append(out, draft)
		}
		back[b.Site].Lines = append(back[b.Site].Lines, clinic.ReturnedLine{Goods: b.Goods, Name: row.Name, Unit: row.Unit, Quantity: -q})
	}
	return out, nil
}

// doseCorrected is the reason that stands in an entry of stock.
const doseCorrected = "Sửa mũi tiêm đã ghi"

// SessionVial is a batch of a session as its closing shows it.
type SessionVial struct {
	clinic.VaccineBatch
	Row     clinic.CatalogRow
	Kept    bool         // the books have the vaccine
	Given   clinic.Milli // doses that went out today
	Wasted  clinic.Milli // thrown away today
	Booked  clinic.Milli // left on the shelf
	Pack    int          // doses in a vial; 0 = not known
	Propose clinic.Milli // doses left in the last vial that was opened
}

// vials reads the batches of a session.
func (d *Desk) vials(r Reader, s *clinic.Session, day clinic.Date) (out []SessionVial, err error) {
	w := &work{Reader: r, desk: d, today: day}
	shelf := w.shelf(nil)
	for _, b := range s.Batches {
		v := SessionVial{VaccineBatch: b}
		g, err := shelf.doseGoods(&clinic.Dose{Vaccine: b.Vaccine, Batch: b.Batch, Expiry: b.Expiry})
		if err != nil {
			return nil, err
		}
		all, err := shelf.of(g)
		if err != nil {
			return nil, err
		}
		v.Row, v.Kept = row(r, g, day), len(all) > 0
		sheet, err := shelf.batch(g)
		if err != nil {
			return nil, err
		}
		if sheet != nil {
			v.Given, v.Wasted, v.Booked = sheet.Out-sheet.Back, sheet.Spoilt, sheet.Booked
			in, err := receipt(r, sheet.Batch)
			if err != nil {
				return nil, err
			}
			if v.Pack = v.Row.Pack; in != nil && in.Pack > 0 {
				v.Pack = in.Pack
			}
			v.Propose = leftInVial(&v)
		}
		out = append(out, v)
	}
	return out, nil
}

// leftInVial is what the last vial that was opened today still holds.
func leftInVial(v *SessionVial) clinic.Milli {
	vial := clinic.Milli(v.Pack) * 1000
	if vial <= 1000 || v.Given <= 0 {
		return 0
	}
	opened := (v.Given + vial - 1) / vial * vial
	return min(max(opened-v.Given-v.Wasted, 0), max(v.Booked, 0))
}

// CloseInput is the form that ends a session.
type CloseInput struct {
	Base  clinic.Leaf       // the version of the session that the form showed
	Waste map[string]string // doses thrown away, as typed, by vaccine
}

// CloseSession ends today's session, and takes what was left in opened vials off the
// shelf in the same act.
func (d *Desk) CloseSession(ctx context.Context, c Call, in CloseInput) (Done, error) {
	done, err := d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindSession, patient: clinic.SessionSubject(),
		build: func(w *work) ([]clinic.Draft, error) {
			records, err := w.Records(clinic.SessionSubject())
			if err != nil {
				return nil, err
			}
			now := sessionOn(records, w.today)
			if now == nil || now.Leaf != in.Base || now.Body.(*clinic.Session).Closed {
				return nil, &Error{Code: CodeChanged}
			}
			session := *now.Body.(*clinic.Session)
			session.Closed = true
			out := []clinic.Draft{{Kind: clinic.KindSession, Subject: clinic.SessionSubject(), Corrects: now.Leaf, Body: &session}}
			waste, err := w.wasted(&session, in.Waste)
			if err == nil && len(waste.Lines) > 0 {
				out = append(out, clinic.Draft{Kind: clinic.KindAdjusted, Subject: clinic.StockChangesID(), Body: waste})
			}
			return out, err
		},
		same: func(b any) bool { s, ok := b.(*clinic.Session); return ok && s.Closed },
	})
	if err == nil && done.Again && !sameWaste(done.Records, in.Waste) {
		return Done{}, &Error{Code: CodeFormStale}
	}
	return done, err
}

// sameWaste reports whether an act that ended a session threw away what the form says.
func sameWaste(records []clinic.Record, typed map[string]string) bool {
	left := map[string]clinic.Milli{}
	for i := range records {
		switch b := records[i].Body.(type) {
		case *clinic.Session:
			for _, x := range b.Batches {
				q, err := clinic.ParseMilli("waste", typed[x.Vaccine])
				if err != nil && strings.TrimSpace(typed[x.Vaccine]) != "" {
					return false
				}
				left[x.Vaccine] += q
			}
		case *clinic.Adjusted:
			for _, l := range b.Lines {
				left[l.Goods.Code] -= l.Quantity
			}
		}
	}
	for _, q := range left {
		if q != 0 {
			return false
		}
	}
	return true
}

func (w *work) wasted(session *clinic.Session, typed map[string]string) (*clinic.Adjusted, error) {
	s := w.shelf(nil)
	out := &clinic.Adjusted{Site: s.site, Reason: clinic.AdjustVial, Words: "Buổi tiêm chủng " + w.today.String()}
	for _, b := range session.Batches {
		field := "waste." + b.Vaccine
		q, ok := s.quantity(field, typed[b.Vaccine])
		if !ok || q == 0 {
			continue
		}
		g, err := s.doseGoods(&clinic.Dose{Vaccine: b.Vaccine, Batch: b.Batch, Expiry: b.Expiry})
		if err != nil {
			return nil, err
		}
		row := row(w, g, w.today)
		if err := s.take(field, g, q, row.Unit); err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, clinic.AdjustedLine{Goods: g, Name: row.Name, Unit: row.Unit, Quantity: q})
	}
	return out, s.result()
}
