package store_test

import (
	"fmt"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

func goods(lot string) clinic.Goods { return clinic.Goods{Code: "AMOX", Lot: lot, Expiry: today} }

const shelf = "22736A"

func sheets(t testing.TB, s *store.Store) map[string]clinic.Milli {
	out := map[string]clinic.Milli{}
	storetest.View(t, s, func(r desk.Reader) {
		all, err := r.Stock(desk.StockQuery{Site: shelf, From: today, To: today})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			out[x.Batch.Lot] = x.Booked
		}
	})
	return out
}

// TestStockOfBothJournalsIsOne: an entry of stock that came back from the centre moves
// its goods once, and stock of elsewhere stands apart.
func TestStockOfBothJournalsIsOne(t *testing.T) {
	s := storetest.Open(t)
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: &clinic.Received{Site: shelf, Lines: []clinic.ReceivedLine{{Goods: goods("A"), Quantity: 5000}}}})
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: &clinic.Received{Site: "22736B", Lines: []clinic.ReceivedLine{{Goods: goods("B"), Quantity: 7000}}}})
	raws, err := s.Own().Read(0, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	var back []store.Received
	for _, r := range raws {
		back = append(back, store.Received{Salt: r.Salt, Bytes: r.Bytes})
	}
	if _, err := s.Receive(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	if got := sheets(t, s); len(got) != 1 || got["A"] != 5000 {
		t.Fatalf("%v", got)
	}
}

// BenchmarkStockYear lists a station's stock after a year: 300 days of 60 visits with
// three lines each, from 600 batches.
func BenchmarkStockYear(b *testing.B) {
	s := storetest.Open(b)
	lot := func(n int) clinic.Goods {
		return clinic.Goods{Code: fmt.Sprintf("M%03d", n%150), Lot: fmt.Sprint("L", n), Expiry: today}
	}
	for n := 0; n < 600; n += 20 {
		body := &clinic.Received{Site: shelf}
		for i := range 20 {
			body.Lines = append(body.Lines, clinic.ReceivedLine{Goods: lot(n + i), Name: "Thuốc", Unit: "viên", Quantity: 1_000_000})
		}
		storetest.Save(b, s, clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: body})
	}
	const visits = 300 * 60
	for n := 0; n < visits; n += 60 {
		var day []clinic.Draft
		for i := range 60 {
			body := &clinic.Dispensed{Site: shelf}
			for j := range 3 {
				body.Lines = append(body.Lines, clinic.DispensedLine{Goods: lot((n + 7*i + j*211) % 600), Name: "Thuốc", Unit: "viên", Quantity: 10_000})
			}
			day = append(day, clinic.Draft{Kind: clinic.KindDispensed, Subject: clinic.ID{byte(n >> 8), byte(n), byte(i)}, Visit: clinic.ID{byte(n >> 8), byte(n), byte(i), 1}, Body: body})
		}
		storetest.Save(b, s, day...)
	}
	for b.Loop() {
		if got := sheets(b, s); len(got) != 600 {
			b.Fatal(len(got))
		}
	}
}
