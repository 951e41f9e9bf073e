package desktest

import (
	"errors"
	"reflect"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/stock"
)

func testStock(t *testing.T, h *harness) {
	const site = "22736A"
	amox := clinic.Goods{Code: "AMOX", Lot: "A1", Expiry: clinic.Date{Year: 2027, Month: 6, Day: 30}}
	later := clinic.Goods{Code: "amox", Lot: "B2", Expiry: clinic.Date{Year: 2028, Month: 6, Day: 30}}
	gauze := clinic.Goods{Catalog: clinic.CatalogSupply, Code: "GAC"}
	patient, visit := clinic.NewID(), clinic.NewID()
	var all []clinic.Record
	put := func(d clinic.Draft) { all = append(all, h.put(d)...) }
	put(clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: &clinic.Received{Site: site, Lines: []clinic.ReceivedLine{
		{Goods: later, Quantity: 50_000}, {Goods: amox, Quantity: 100_000}, {Goods: amox, Quantity: 1_000}, {Goods: gauze, Quantity: 9_000},
	}}})
	put(clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: &clinic.Received{Site: "22736B", Lines: []clinic.ReceivedLine{{Goods: amox, Quantity: 7_000}}}})
	put(clinic.Draft{Kind: clinic.KindDispensed, Subject: patient, Visit: visit, Body: &clinic.Dispensed{Site: site, Lines: []clinic.DispensedLine{{Goods: amox, Quantity: 15_000}}}})
	put(clinic.Draft{Kind: clinic.KindReturned, Subject: patient, Visit: visit, Body: &clinic.Returned{Site: site, Lines: []clinic.ReturnedLine{{Goods: amox, Quantity: 2_500, Waste: true}}}})
	put(clinic.Draft{Kind: clinic.KindCounted, Subject: clinic.StockID(), Body: &clinic.Counted{Site: site, At: all[2].HLC, Lines: []clinic.CountedLine{{Goods: gauze, Found: 8_000}}}})
	put(clinic.Draft{Kind: clinic.KindAdjusted, Subject: clinic.StockID(), Body: &clinic.Adjusted{Site: site, Reason: clinic.AdjustBroken, Lines: []clinic.AdjustedLine{{Goods: later, Quantity: 500}}}})
	q := desk.StockQuery{Site: site, From: clinic.Date{Year: 2000, Month: 1, Day: 1}, To: clinic.Date{Year: 2100, Month: 1, Day: 1}}
	h.see(func(r desk.Reader) error {
		got, err := r.Stock(q)
		want := stock.Sheets(all, site, q.From, q.To)
		if !reflect.DeepEqual(got, want) || len(want) != 3 || want[0].Batch.Lot != "A1" || want[0].Booked != 86_000 || want[2].Booked != 8_000 {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		one := q
		one.Code = "AMOX"
		rows, err2 := r.Stock(one)
		if len(rows) != 2 || rows[1].Batch.Lot != "B2" || rows[1].Booked != 49_500 {
			t.Errorf("of one row: %+v", rows)
		}
		one.Catalog = clinic.CatalogSupply
		none, err3 := r.Stock(one)
		recs, err4 := r.StockRecords(clinic.Batch{Site: site, Goods: amox})
		if len(none) != 0 || len(recs) != 3 || recs[0].Leaf != all[0].Leaf || recs[2].Leaf != all[3].Leaf {
			t.Errorf("%d sheets of no supply; %d entries of the batch", len(none), len(recs))
		}
		if n, err := r.StockLost(); n != 0 || err != nil {
			t.Errorf("%d lost, %v", n, err)
		}
		return errors.Join(err, err2, err3, err4)
	})
	// An act sees what the acts before it in the same batch moved.
	_, err := h.Act(t.Context(), clinic.NewID(), clinic.NewID(), func(r desk.Reader) ([]clinic.Draft, error) {
		rows, err := r.Stock(q)
		if len(rows) != 3 {
			t.Errorf("an act sees %d sheets", len(rows))
		}
		return nil, err
	})
	if err != nil {
		t.Error(err)
	}
}
