package desk

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// GoodsFound is what a scanned code of goods leads to.
type GoodsFound struct {
	Scan    clinic.GoodsScan
	Batches []clinic.Goods      // on this box's shelf, first expiry first
	Rows    []clinic.CatalogRow // of the catalogues, by the number of the trade item
	// Sent is the transfer that the code is about: from the entry when that is here, else
	// from the paper. Nil = none.
	Sent *clinic.Adjusted
}

// ScanGoods recognises a code of goods or of a paper of stock.
func (d *Desk) ScanGoods(ctx context.Context, by clinic.ID, raw []byte) (out GoodsFound, err error) {
	scan, err := d.o.Scans.Recognise(raw)
	if err != nil {
		return out, &Error{Code: CodeScanUnknown, Err: err}
	}
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		switch {
		case scan.Kind == clinic.ScanGoods:
			out.Scan = *scan.Goods
		case scan.Kind == clinic.ScanPaper && scan.Record == clinic.TransfersID():
		default:
			return &Error{Code: CodeScanNotGoods}
		}
		if scan.Kind == clinic.ScanPaper || out.Scan.Transfer != "" {
			return out.transfer(r, scan.Paper)
		}
		return d.goods(r, &out)
	})
	return out, err
}

// transfer finds the entry of a paper, or takes what its QR lists.
func (f *GoodsFound) transfer(r People, q *clinic.PaperQR) error {
	records, err := r.Records(clinic.TransfersID())
	for i := range records {
		b, ok := records[i].Body.(*clinic.Adjusted)
		if ok && (b.Code == f.Scan.Transfer || q != nil && bytes.HasPrefix(records[i].Leaf[:], q.Leaf)) {
			f.Sent, f.Scan.Transfer = b, b.Code
		}
	}
	if f.Sent == nil && len(f.Scan.Sent) > 0 {
		f.Sent = &clinic.Adjusted{Reason: clinic.AdjustSent, Code: f.Scan.Transfer}
		for _, l := range f.Scan.Sent {
			f.Sent.Lines = append(f.Sent.Lines, clinic.AdjustedLine{Goods: l.Goods, Quantity: l.Quantity, Price: l.Price, Pack: l.Pack})
		}
	}
	if err == nil && f.Scan.Transfer == "" {
		return &Error{Code: CodeScanPaperNone}
	}
	return err
}

// goods finds rows by the number of the trade item, and batches by that and the lot, or by
// our label.
func (d *Desk) goods(r Reader, f *GoodsFound) error {
	today := d.today()
	var numbered []clinic.Goods // batches that came in under the number, or the label
	records, err := r.Records(clinic.StockID())
	if err != nil {
		return err
	}
	for i := range records {
		b, ok := records[i].Body.(*clinic.Received)
		if !ok || b.Site != d.site() {
			continue
		}
		for _, l := range b.Lines {
			if l.Label != "" && l.Label == f.Scan.Label || l.GTIN != "" && l.GTIN == f.Scan.GTIN {
				numbered = append(numbered, l.Goods)
			}
		}
	}
	if f.Scan.GTIN != "" {
		f.Rows = byGTIN(r, f.Scan.GTIN, numbered, today)
	}
	sheets, err := r.Stock(StockQuery{Site: d.site(), From: today, To: today})
	for _, s := range sheets {
		g := s.Batch.Goods
		same := func(o clinic.Goods) bool { return o.In() == g.In() && strings.EqualFold(o.Code, g.Code) }
		row := slices.ContainsFunc(f.Rows, func(r clinic.CatalogRow) bool { return same(clinic.Goods{Catalog: r.Catalog, Code: r.Code}) })
		lot := f.Scan.Lot != "" && g.Lot == f.Scan.Lot && (f.Scan.Expiry.IsZero() || g.Expiry == f.Scan.Expiry)
		switch {
		case f.Scan.Label != "" && slices.Contains(numbered, g):
		case f.Scan.Lot == "" && row && slices.Contains(numbered, g):
		case lot && (row || len(f.Rows) == 0):
		default:
			continue
		}
		f.Batches = append(f.Batches, g)
	}
	return err
}

// byGTIN returns the rows whose boxes carry the number, by the catalogue or by what came in
// under it before.
func byGTIN(r Reader, gtin string, numbered []clinic.Goods, on clinic.Date) (out []clinic.CatalogRow) {
	for _, name := range clinic.GoodsCatalogs() {
		for _, row := range r.Rows(name, "") {
			came := slices.ContainsFunc(numbered, func(g clinic.Goods) bool { return g.In() == name && strings.EqualFold(g.Code, row.Code) })
			if row.ValidOn(on) && (came || slices.Contains(strings.Fields(row.GTIN), gtin)) {
				out = append(out, row)
			}
		}
	}
	return out
}
