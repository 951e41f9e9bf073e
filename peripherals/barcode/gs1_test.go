package barcode_test

import (
	"reflect"
	"testing"

	"clinicbox/clinic"
	"clinicbox/peripherals/barcode"
)

const gtin = "08930000000125"

// TestGoods reads what stands on boxes, as scanners send it and as people type it.
func TestGoods(t *testing.T) {
	may := clinic.Date{Year: 2027, Month: 5, Day: 31}
	whole := clinic.GoodsScan{GTIN: gtin, Lot: "AB12", Expiry: may, Serial: "S9"}
	for _, c := range []struct {
		name, in string
		want     clinic.GoodsScan
	}{
		{"DataMatrix", "]d201" + gtin + "1727053110AB12\x1d21S9\r", whole},
		{"GS1-128, the last day of the month", "]C101" + gtin + "1727050010ab12\x1d21S9", whole},
		{"the separator comes first", "\x1d01" + gtin + "21S9\x1d1727053110AB12", whole},
		{"without an identifier of the symbol", "01" + gtin + "1727053110AB12\x1d21S9", whole},
		{"as it stands beside the code", "(01)" + gtin + " (17)270531 (10)AB12 (21)S9", whole},
		{"what nobody knows is passed over", "]d201" + gtin + "240X77\x1d1127010191zz\x1d10AB12", clinic.GoodsScan{GTIN: gtin, Lot: "AB12"}},
		{"a lot alone", "]C110LOT 7", clinic.GoodsScan{Lot: "LOT 7"}},
		{"EAN-13", "]E08930000000125", clinic.GoodsScan{GTIN: gtin}},
		{"UPC-A", "]E0036000291452", clinic.GoodsScan{GTIN: "00036000291452"}},
	} {
		got, err := barcode.Parse([]byte(c.in))
		if err != nil || got.Kind != clinic.ScanGoods || !reflect.DeepEqual(*got.Goods, c.want) {
			t.Errorf("%s: %+v, %v", c.name, got.Goods, err)
		}
	}
}

// TestPapersOfStock: labels, numbers of transfers, and what their QR lists.
func TestPapersOfStock(t *testing.T) {
	label, _ := clinic.NewLabelCode("22736", "a", 7)
	transfer, _ := clinic.NewTransferCode("22736", "a", 12)
	lines := []clinic.AdjustedLine{
		{Goods: clinic.Goods{Code: "PARA500", Lot: "A/1;2", Expiry: clinic.Date{Year: 2027, Month: 5, Day: 31}}, Quantity: 500_500, Price: 400, Pack: 100},
		{Goods: clinic.Goods{Catalog: clinic.CatalogSupply, Code: "GẠC"}, Quantity: 1000},
	}
	sent := []clinic.Packed{{Goods: lines[0].Goods, Quantity: 500_500, Price: 400, Pack: 100}, {Goods: lines[1].Goods, Quantity: 1000}}
	for in, want := range map[string]clinic.GoodsScan{
		label: {Label: label}, transfer: {Transfer: transfer}, clinic.GoodsQR(transfer, lines)[0]: {Transfer: transfer, Sent: sent},
	} {
		got, err := barcode.Parse([]byte(in + "\r\n"))
		if err != nil || got.Kind != clinic.ScanGoods || !reflect.DeepEqual(*got.Goods, want) {
			t.Errorf("%s: %+v, %v", in, got.Goods, err)
		}
	}
}
