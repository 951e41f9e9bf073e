package desk

import (
	"context"
	"fmt"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// DispenseInput is the form that hands out what a prescription says, or supplies that are
// used in a visit.
type DispenseInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	// Prescription is the leaf of the version that the form showed; zero = supplies.
	Prescription clinic.Leaf
	Lines        []DispenseLine
	Confirmed    []string // Args["confirm"] of what was asked
}

// DispenseLine is one batch of it.
type DispenseLine struct {
	Goods    clinic.Goods
	Quantity string // as typed; empty = none of it
	Price    clinic.Dong
	Priced   bool // Price is what the form showed
	Checked  bool // scanned, or compared with the box by hand
}

// Dispense saves what was handed out.
func (d *Desk) Dispense(ctx context.Context, c Call, in DispenseInput) (Done, error) {
	return d.save(ctx, c, plan{
		need: rightDispense, kind: clinic.KindDispensed, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			body, err := w.dispense(in)
			if err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindDispensed, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Dispensed)
			return ok && (len(s.Prescription) == 0) == (in.Prescription == clinic.Leaf{}) && moves(s, in.Lines, func(l DispenseLine) (clinic.Goods, string) { return l.Goods, l.Quantity })
		},
	})
}

// handing is a form on its way.
type handing struct {
	*shelf
	doc   *document
	lines []stock.Given
	other []stock.Given
	taken []clinic.Goods
	total map[string]clinic.Milli // by code
}

func (w *work) dispense(in DispenseInput) (*clinic.Dispensed, error) {
	doc, err := w.visit(in.Patient, in.Visit)
	if err != nil {
		return nil, err
	}
	if doc.row.Has&HasEnded != 0 {
		return nil, &Error{Code: CodeVisitEnded}
	}
	h := &handing{shelf: w.shelf(in.Confirmed), doc: doc, total: map[string]clinic.Milli{}}
	body := &clinic.Dispensed{Site: h.site}
	if in.Prescription != (clinic.Leaf{}) {
		rx, err := h.prescription(in.Prescription)
		if err != nil {
			return nil, err
		}
		h.lines, h.other = stock.Hand(rx, doc.file.Handed)
		body.Prescription = slices.Clone(in.Prescription[:])
	} else {
		h.lines, h.other = stock.Hand(nil, doc.file.Handed)
	}
	for i, l := range in.Lines {
		line, ok, err := h.line(fmt.Sprintf("lines.%d.", i), l, len(body.Prescription) > 0)
		if err != nil {
			return nil, err
		}
		if ok {
			body.Lines = append(body.Lines, line)
		}
	}
	if err := h.earlier(in.Lines); err != nil {
		return nil, err
	}
	return body, h.some(len(body.Lines))
}

// prescription returns the version that the form showed when it still counts.
func (h *handing) prescription(leaf clinic.Leaf) (*clinic.Prescription, error) {
	doc, rx, signed := h.doc.file.Prescribed()
	switch {
	case rx == nil && h.doc.misses(clinic.KindPrescribe, HasPrescription):
		return nil, &Error{Code: CodeLost}
	case rx == nil:
		return nil, &Error{Code: CodeDispenseNone}
	case doc.Leaf() != leaf:
		return nil, &Error{Code: CodeDispenseChanged}
	case !signed:
		return nil, &Error{Code: CodeDispenseUnsigned}
	}
	return rx, nil
}

func (h *handing) line(at string, in DispenseLine, prescribed bool) (line clinic.DispensedLine, ok bool, err error) {
	q, good := h.quantity(at+"quantity", in.Quantity)
	if !good || q == 0 {
		return line, false, nil
	}
	g := in.Goods
	if !known(g) || !prescribed && g.Catalog != clinic.CatalogSupply {
		h.refuse(CodeStockNone, at+"quantity", map[string]string{"code": g.Code})
		return line, false, nil
	}
	row := row(h, g, h.doc.row.Day)
	n := len(h.bad)
	h.twice(at+"quantity", g, h.taken)
	h.taken = append(h.taken, g)
	if prescribed {
		h.prescribed(at, g, q)
	}
	if g.Expired(h.today) {
		h.refuse(CodeStockExpired, at+"quantity", map[string]string{"lot": lotName(g), "day": g.Expiry.String()})
	}
	if err := h.take(at+"quantity", g, q, row.Unit); err != nil {
		return line, false, err
	}
	if !in.Checked && len(h.bad) == n {
		h.refuse(CodeStockUnchecked, at+"checked", map[string]string{"lot": lotName(g)})
	}
	price, err := h.price(at, in, row)
	return clinic.DispensedLine{Goods: g, Name: named(row), Unit: row.Unit, Quantity: q, Price: price}, len(h.bad) == n, err
}

// prescribed refuses what is not prescribed, and more of it than is left.
func (h *handing) prescribed(at string, g clinic.Goods, q clinic.Milli) {
	i := slices.IndexFunc(h.lines, func(x stock.Given) bool { return x.Line.Medicine == g.Code && g.Catalog == "" })
	if i < 0 {
		h.refuse(CodeDispenseOther, at+"quantity", map[string]string{"code": g.Code})
		return
	}
	x := &h.lines[i]
	if h.total[g.Code] += q; h.total[g.Code] > x.Left() {
		h.refuse(CodeDispenseMore, at+"quantity", map[string]string{"name": x.Line.Name, "left": x.Left().String(), "unit": x.Line.Unit})
	}
}

// price is what the visit keeps: what it showed for the medicine first. A price that
// changed since the form was shown stays what the form showed, when the catalogue ever
// said so.
func (h *handing) price(at string, in DispenseLine, row clinic.CatalogRow) (clinic.Dong, error) {
	for _, x := range slices.Concat(h.lines, h.other) {
		if x.Line.Medicine == in.Goods.Code && x.Price > 0 {
			return x.Price, nil
		}
	}
	now, err := priceOf(h, clinic.Batch{Site: h.site, Goods: in.Goods}, row)
	if err != nil || !in.Priced || in.Price == now {
		return now, err
	}
	versions, err := h.RowVersions(in.Goods.In(), in.Goods.Code)
	for _, v := range versions {
		if v.Row.Price == in.Price {
			return in.Price, err
		}
	}
	h.refuse(CodeDispensePrice, at+"quantity", map[string]string{"name": named(row), "price": now.String()})
	return now, err
}

// priceOf is the price per unit: the catalogue's on the visit's day, or where it has none,
// what the batch was bought for.
func priceOf(r Shelves, b clinic.Batch, row clinic.CatalogRow) (clinic.Dong, error) {
	if row.Price > 0 || row.Has(clinic.FlagFree) {
		return row.Price, nil
	}
	in, err := receipt(r, b)
	if in == nil {
		return 0, err
	}
	return in.Price, err
}

// earlier asks when a batch stays on the shelf that expires before one that is taken.
func (h *handing) earlier(lines []DispenseLine) error {
	typed := map[clinic.Goods]clinic.Milli{}
	for _, l := range lines {
		q, _ := clinic.ParseMilli("", l.Quantity)
		typed[l.Goods] += q
	}
	for i, l := range lines {
		if typed[l.Goods] == 0 {
			continue
		}
		all, err := h.of(l.Goods)
		if err != nil {
			return err
		}
		for _, x := range all {
			g := x.Batch.Goods
			if stock.FirstExpiry(g, l.Goods) < 0 && !g.Expired(h.today) && x.Booked > typed[g] {
				h.question(CodeStockEarlier, fmt.Sprintf("lines.%d.quantity", i), l.Goods.Key(), map[string]string{
					"lot": lotName(l.Goods), "earlier": lotName(g), "day": g.Expiry.String(),
				})
				break
			}
		}
	}
	return nil
}

// ReturnInput is the form for goods that a patient brings back, or that were written as
// handed out by mistake.
type ReturnInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Words   string
	Mistake bool
	Lines   []ReturnLine
}

// ReturnLine is one batch of it.
type ReturnLine struct {
	Goods    clinic.Goods
	Quantity string
	Waste    bool
}

// Return saves what came back from a patient: never more than the visit handed out.
func (d *Desk) Return(ctx context.Context, c Call, in ReturnInput) (Done, error) {
	words, err := d.note("words", in.Words)
	if err != nil {
		return Done{}, err
	}
	if words == "" {
		return Done{}, &Error{Code: CodeRequired, Field: "words"}
	}
	return d.save(ctx, c, plan{
		need: rightDispense, kind: clinic.KindReturned, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			body := &clinic.Returned{Site: d.site(), Words: words, Mistake: in.Mistake}
			if err := w.bringBack(body, in); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindReturned, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool {
			r, ok := b.(*clinic.Returned)
			return ok && r.Words == words && r.Mistake == in.Mistake &&
				moves(r, in.Lines, func(l ReturnLine) (clinic.Goods, string) { return l.Goods, l.Quantity })
		},
	})
}

func (w *work) bringBack(body *clinic.Returned, in ReturnInput) error {
	doc, err := w.visit(in.Patient, in.Visit)
	if err != nil {
		return err
	}
	s := w.shelf(nil)
	var taken []clinic.Goods
	for i, l := range in.Lines {
		field := fmt.Sprintf("lines.%d.quantity", i)
		q, ok := s.quantity(field, l.Quantity)
		if !ok || q == 0 {
			continue
		}
		row := row(s, l.Goods, doc.row.Day)
		has := stock.Took(doc.file.Handed, l.Goods)
		if l.Goods.Catalog == clinic.CatalogVaccine {
			has = 0 // the correction of the dose brings it back
		}
		if q > has {
			s.refuse(CodeReturnMore, field, map[string]string{"lot": lotName(l.Goods), "has": max(has, 0).String(), "unit": row.Unit})
		}
		s.twice(field, l.Goods, taken)
		taken = append(taken, l.Goods)
		body.Lines = append(body.Lines, clinic.ReturnedLine{Goods: l.Goods, Name: named(row), Unit: row.Unit, Quantity: q, Waste: l.Waste && !in.Mistake})
	}
	return s.some(len(body.Lines))
}
