package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// BillInput is the form of the bill.
type BillInput struct {
	On
	Lines []BillLineInput
	// Confirmed holds the codes whose price changed since the bill, which the person saw.
	Confirmed []string
}

// BillLineInput is one line of it; name, unit and price come from the catalogue
// of services, else of medicines, of the visit's day.
type BillLineInput struct {
	Code     string
	Quantity string // as typed; empty = 1
	Insured  bool
}

const maxBillLines = 60

// Bill saves what is charged.
func (d *Desk) Bill(ctx context.Context, c Call, in BillInput) (Done, error) {
	typed, err := billLines(in.Lines)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightBill, kind: clinic.KindBill,
		body: func(w *document) (any, error) { return fillBill(w, typed, in.Confirmed) },
		same: func(b any) bool { s, ok := b.(*clinic.Bill); return ok && sameBill(s.Lines, typed) },
	})
}

func billLines(in []BillLineInput) ([]clinic.BillLine, error) {
	var bad Errors
	var out []clinic.BillLine
	for i, l := range in {
		if l == (BillLineInput{}) {
			continue
		}
		at := fmt.Sprintf("lines.%d.", i)
		line := clinic.BillLine{Code: strings.TrimSpace(l.Code), Quantity: 1000, Insured: l.Insured}
		if line.Code == "" {
			bad = append(bad, &Error{Code: CodeRequired, Field: at + "code"})
		}
		if l.Quantity != "" {
			q, err := clinic.ParseMilli(at+"quantity", l.Quantity)
			if err != nil {
				_ = bad.collect(valueError(err))
			} else if q <= 0 || q > maxQuantity*1000 {
				bad = append(bad, &Error{Code: CodeBillRange, Field: at + "quantity"})
			}
			line.Quantity = q
		}
		out = append(out, line)
	}
	switch {
	case len(out) == 0:
		bad = append(bad, &Error{Code: CodeNothing, Field: "lines"})
	case len(out) > maxBillLines:
		bad = append(bad, &Error{Code: CodeTooMany, Field: "lines", Args: map[string]string{"max": fmt.Sprint(maxBillLines)}})
	}
	return out, bad.join()
}

// fillBill copies names and prices from the catalogues of the visit's day. A row without
// a price is not charged with nothing: the catalogue says when something is free. A
// price that the catalogue says otherwise since the bill was saved is asked about.
func fillBill(w *document, typed []clinic.BillLine, confirmed []string) (any, error) {
	var bad Errors
	out := &clinic.Bill{}
	for i, l := range typed {
		row, ok := w.Row(clinic.CatalogService, l.Code, w.row.Day)
		if !ok {
			row, ok = w.Row(clinic.CatalogMedicine, l.Code, w.row.Day)
		}
		if !ok {
			bad = append(bad, &Error{Code: CodeBillNone, Field: fmt.Sprintf("lines.%d.code", i), Args: map[string]string{"code": l.Code}})
			continue
		}
		_, handed := stock.Hand(nil, w.file.Handed)
		if i := slices.IndexFunc(handed, func(g stock.Given) bool { return g.Line.Medicine == l.Code && g.Price > 0 }); i >= 0 {
			row.Price = handed[i].Price // the visit keeps the price that it showed
		}
		args := map[string]string{"code": l.Code}
		if row.Price == 0 && !row.Has(clinic.FlagFree) {
			bad = append(bad, &Error{Code: CodeBillPrice, Field: fmt.Sprintf("lines.%d.code", i), Args: args})
			continue
		}
		if old, ok := w.billed(l.Code); ok && old != row.Price && !slices.Contains(confirmed, l.Code) {
			args["old"], args["new"] = old.String(), row.Price.String()
			bad = append(bad, &Error{Code: CodeBillChanged, Field: fmt.Sprintf("lines.%d.code", i), Args: args})
			continue
		}
		l.Name, l.Unit, l.Price = row.Name, row.Unit, row.Price
		out.Lines = append(out.Lines, l)
	}
	return out, bad.join()
}

// billed returns the price of a code on the bill that the form corrects.
func (w *document) billed(code string) (clinic.Dong, bool) {
	if w.old == nil {
		return 0, false
	}
	b, ok := w.old.Current().Record.Body.(*clinic.Bill)
	if !ok {
		return 0, false
	}
	i := slices.IndexFunc(b.Lines, func(l clinic.BillLine) bool { return l.Code == code })
	if i < 0 {
		return 0, false
	}
	return b.Lines[i].Price, true
}

// sameBill compares what is typed; a price that changed since is the catalogue's.
func sameBill(saved, typed []clinic.BillLine) bool {
	if len(saved) != len(typed) {
		return false
	}
	for i, s := range saved {
		t := typed[i]
		if s.Code != t.Code || s.Quantity != t.Quantity || s.Insured != t.Insured {
			return false
		}
	}
	return true
}
