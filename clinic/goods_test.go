package clinic_test

import (
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
)

func TestParseExpiry(t *testing.T) {
	day := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	for s, want := range map[string]clinic.Date{
		"31/05/2027": day(2027, 5, 31), "5/2027": day(2027, 5, 31), "02/2028": day(2028, 2, 29), "2027-05": day(2027, 5, 31), "2027.05.30": day(2027, 5, 30), " 1-6-2027 ": day(2027, 6, 1),
	} {
		if got, ok := clinic.ParseExpiry(s); !ok || got != want {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "2027", "13/2027", "0/2027", "5/27", "31/02/2027", "abc", "1/2/3/4", "05/2027x"} {
		if got, ok := clinic.ParseExpiry(s); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func TestValidGTIN(t *testing.T) {
	for s, want := range map[string]bool{"08930000000125": true, "08930000000124": false, "0893000000012": false, "0893000000012x": false, "": false} {
		if clinic.ValidGTIN(s) != want {
			t.Error(s)
		}
	}
}

// A transfer of many lines has several codes, none longer than narrow paper holds.
func TestGoodsQRIsDivided(t *testing.T) {
	code, _ := clinic.NewTransferCode("22736", "a", 1)
	line := clinic.AdjustedLine{Goods: clinic.Goods{Code: "PARA500", Lot: "LOT123456", Expiry: clinic.Date{Year: 2027, Month: 5, Day: 31}}, Quantity: 1_000_000, Price: 400, Pack: 100}
	lines := slices.Repeat([]clinic.AdjustedLine{line}, 30)
	all := clinic.GoodsQR(code, lines)
	n := 0
	for _, s := range all {
		got, err := clinic.ParseGoodsQR(s)
		if err != nil || len(s) > 600 || got.Transfer != code {
			t.Fatal(len(s), err)
		}
		n += len(got.Sent)
	}
	if n != 30 || len(all) != 3 {
		t.Errorf("%d lines in %d codes", n, len(all))
	}
}

func FuzzParseGoodsQR(f *testing.F) {
	code, _ := clinic.NewTransferCode("22736", "a", 1)
	f.Add(clinic.GoodsQR(code, []clinic.AdjustedLine{{Goods: clinic.Goods{Code: "A", Lot: "%/;", Expiry: clinic.Date{Year: 2027, Month: 1, Day: 2}}, Quantity: 500}})[0])
	f.Add("CBG1/" + code + "/S;GAC;;0;1;0;0")
	f.Fuzz(func(t *testing.T, s string) {
		g, err := clinic.ParseGoodsQR(s)
		if err != nil {
			return
		}
		var lines []clinic.AdjustedLine
		for _, p := range g.Sent {
			if p.Quantity <= 0 || p.Price < 0 || p.Goods.Code == "" || strings.ContainsRune(p.Goods.Lot, '\uFFFD') && !strings.Contains(s, "%") && !strings.ContainsRune(s, '\uFFFD') {
				t.Fatalf("%+v", p)
			}
			lines = append(lines, clinic.AdjustedLine{Goods: p.Goods, Quantity: p.Quantity, Price: p.Price, Pack: p.Pack})
			if k, ok := clinic.ParseGoodsKey(p.Goods.Key()); !ok || k != p.Goods {
				t.Fatalf("%q is %+v", p.Goods.Key(), k)
			}
		}
		n := 0
		for _, again := range clinic.GoodsQR(g.Transfer, lines) {
			b, err := clinic.ParseGoodsQR(again)
			if err != nil {
				t.Fatalf("%q reads as nothing: %v", again, err)
			}
			n += len(b.Sent)
		}
		if n != len(g.Sent) {
			t.Fatalf("%d lines of %d", n, len(g.Sent))
		}
	})
}
