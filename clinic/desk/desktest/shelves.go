package desktest

import (
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/stock"
)

// Stock implements desk.Shelves.
func (r *reader) Stock(q desk.StockQuery) ([]stock.Sheet, error) {
	if r.dead {
		return nil, errDead
	}
	out := stock.Sheets(r.every, q.Site, q.From, q.To)
	if q.Code == "" {
		return out, nil
	}
	return slices.DeleteFunc(out, func(s stock.Sheet) bool {
		return !strings.EqualFold(s.Batch.Code, q.Code) || s.Batch.In() != (clinic.Goods{Catalog: q.Catalog}).In()
	}), nil
}

// StockRecords implements desk.Shelves.
func (r *reader) StockRecords(b clinic.Batch) (out []clinic.Record, err error) {
	if r.dead {
		return nil, errDead
	}
	for i := range r.all {
		if slices.ContainsFunc(stock.Moves(&r.all[i]), func(m stock.Line) bool { return m.Batch == b }) {
			out = append(out, r.all[i])
		}
	}
	return out, nil
}

// StockLost implements desk.Shelves.
func (r *reader) StockLost() (n int, err error) {
	if r.dead {
		return 0, errDead
	}
	for i := range r.lost {
		if r.lost[i].Kind.IsStock() {
			n++
		}
	}
	return n, nil
}
