package dayone

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// goods reads a batch on the shelf. What it is in the catalogues, nobody knows here.
func (l *line) goods() {
	g := &clinic.OldGoods{
		Code: l.cells["code"], Name: l.cells["goods"], Registration: l.cells["registration"], Tender: l.cells["tender"],
		Lot: clinic.NormalLot(l.cells["lot"]), Unit: l.cells["unit"],
	}
	l.row.Goods = g
	if g.Code == "" && g.Name == "" && l.cells["gtin"] == "" && g.Registration == "" {
		l.fail("code", clinic.RowEmpty, "")
	}
	for column, of := range map[string]struct {
		text string
		max  int
	}{
		"code": {g.Code, 60}, "goods": {g.Name, 200}, "registration": {g.Registration, 60}, "tender": {g.Tender, 60}, "lot": {g.Lot, 30}, "unit": {g.Unit, 50},
	} {
		if len([]rune(of.text)) > of.max {
			l.fail(column, clinic.RowLong, "")
		}
	}
	l.goodsKind()
	l.gtin()
	l.amount()
	l.expiry()
	if s := strings.TrimSuffix(l.cells["pack"], ".0"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100_000 {
			l.fail("pack", clinic.RowNumber, s)
		}
		g.Pack = n
	}
	if s := l.cells["price"]; s != "" {
		var err error
		if g.Price, err = clinic.ParseDong("price", strings.TrimSuffix(strings.TrimSuffix(strings.ReplaceAll(s, " ", ""), ".0"), "VND")); err != nil {
			l.fail("price", clinic.RowNumber, s)
		}
	}
}

func (l *line) goodsKind() {
	switch sheet.Key(l.cells["kind"]) {
	case "":
	case "thuoc", "medicine", "drug", "tanduoc", "duoc":
		l.row.Goods.Catalog = clinic.CatalogMedicine
	case "vattu", "supply", "vattuyte", "vtyt":
		l.row.Goods.Catalog = clinic.CatalogSupply
	case "vacxin", "vaccine":
		l.row.Goods.Catalog = clinic.CatalogVaccine
	default:
		l.fail("kind", clinic.RowChoice, l.cells["kind"])
	}
}

// gtin reads the number of a box; zeros that a spreadsheet dropped come back.
func (l *line) gtin() {
	s := l.cells["gtin"]
	if s == "" {
		return
	}
	value, lost := digits(s)
	switch {
	case lost:
		l.fail("gtin", clinic.RowDigits, s)
		return
	case plainDigits(value) == "" || len(value) > 14 || len(value) < 8:
		l.fail("gtin", clinic.RowForm, s)
		return
	}
	value = strings.Repeat("0", 14-len(value)) + value
	if !clinic.ValidGTIN(value) {
		l.fail("gtin", clinic.RowForm, s)
		return
	}
	l.row.Goods.GTIN = value
}

// amount reads how much there is. Groups of thousands are read where they can be nothing
// else.
func (l *line) amount() {
	s := strings.ReplaceAll(l.cells["quantity"], " ", "")
	if s == "" {
		l.fail("quantity", clinic.RowEmpty, "")
		return
	}
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "(") {
		l.fail("quantity", clinic.RowMinus, s)
		return
	}
	plain, ok := ungroup(strings.TrimSuffix(s, ".0"))
	if !ok {
		l.fail("quantity", clinic.RowThousand, s)
		return
	}
	q, err := clinic.ParseMilli("quantity", plain)
	if err != nil || q < 0 || q > 1_000_000_000 {
		l.fail("quantity", clinic.RowNumber, s)
		return
	}
	l.row.Goods.Quantity = q
}

// ungroup takes the signs between thousands out of a number; not ok: it may be read as two.
func ungroup(s string) (string, bool) {
	points, commas := strings.Count(s, "."), strings.Count(s, ",")
	groups := func(s, sign string) bool { // each of three digits, the first of one to three
		for i, g := range strings.Split(s, sign) {
			if i == 0 && (len(g) > 3 || g == "" || g == "0") || i > 0 && len(g) != 3 {
				return false
			}
		}
		return true
	}
	switch {
	case points > 0 && commas > 0:
		sign, point := ".", "," // 1.234,5
		if strings.LastIndex(s, ".") > strings.LastIndex(s, ",") {
			sign, point = ",", "."
		}
		whole, frac, _ := strings.Cut(s, point)
		return strings.ReplaceAll(whole, sign, "") + "," + frac, groups(whole, sign) && !strings.ContainsAny(frac, ".,")
	case points > 1 && groups(s, "."):
		return strings.ReplaceAll(s, ".", ""), true
	case commas > 1 && groups(s, ","):
		return strings.ReplaceAll(s, ",", ""), true
	case points == 1 && groups(s, "."), commas == 1 && groups(s, ","):
		return "", false
	}
	return s, true
}

// expiry reads the last day of use: of a month its last. What is expired is on the shelf
// all the same.
func (l *line) expiry() {
	const years = 40 // ahead of today
	s := l.cells["expiry"]
	day, ok := l.day("expiry", l.today.AddDays(365*years))
	if !ok {
		return
	}
	// Of a year alone nobody knows the last day.
	if day.Month == 0 || day.Year < 2000 || day.Year > l.today.Year+years {
		l.fail("expiry", clinic.RowDate, s)
		return
	}
	day = day.Last()
	l.row.Goods.Expiry = day
	if came, ok := l.day("received", l.today); ok && day.Before(came) {
		l.fail("expiry", clinic.RowStaleCame, s)
		return
	}
	if day.Before(l.today) {
		l.warn("expiry", clinic.RowStale, day.String())
	}
}
