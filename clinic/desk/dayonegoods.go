package desk

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// goodsIndex finds the rows of catalogues that stand on shelves by what files call them.
type goodsIndex struct {
	version          uint64 // of the catalogues
	day              clinic.Date
	code, name       map[string][]clinic.CatalogRow // lower case; folded
	gtin, registered map[string][]clinic.CatalogRow
	dose             map[string]clinic.ScheduledDose // of the schedule, by folded code and names
}

// index returns the index of the rows that hold today.
func (x *older) index(w *work) *goodsIndex {
	if x.goods != nil && x.goods.version == w.CatalogVersion() && x.goods.day == w.today {
		return x.goods
	}
	g := &goodsIndex{version: w.CatalogVersion(), day: w.today}
	g.code, g.name = map[string][]clinic.CatalogRow{}, map[string][]clinic.CatalogRow{}
	g.gtin, g.registered = map[string][]clinic.CatalogRow{}, map[string][]clinic.CatalogRow{}
	for _, catalog := range clinic.GoodsCatalogs() {
		for _, row := range w.CatalogRows(catalog, w.today) {
			put := func(m map[string][]clinic.CatalogRow, key string) {
				if key != "" && !slices.ContainsFunc(m[key], func(o clinic.CatalogRow) bool { return o.Catalog == row.Catalog && o.Code == row.Code }) {
					m[key] = append(m[key], row)
				}
			}
			put(g.code, strings.ToLower(row.Code))
			for _, name := range []string{row.Name, named(row), row.English, strings.TrimSpace(row.English + " " + row.Strength)} {
				put(g.name, x.d.foldWords(name))
			}
			put(g.registered, x.d.foldWords(row.Registration))
			for _, n := range strings.Fields(row.GTIN) {
				put(g.gtin, n)
			}
		}
	}
	g.dose = map[string]clinic.ScheduledDose{}
	schedule, _ := clinic.Schedule(w.Rows(clinic.CatalogSchedule, ""), w.today)
	for _, s := range schedule {
		for _, name := range []string{s.English, s.Name, s.Code} {
			g.dose[x.d.foldWords(name)] = s
		}
	}
	x.goods = g
	return g
}

// foldWords writes a name as it is compared: no diacritics, single spaces.
func (d *Desk) foldWords(s string) string { return strings.Join(strings.Fields(d.o.Fold(s)), " ") }

// find returns the one row that the columns mean. Nothing is guessed: columns that name
// different rows, and names of several, are refused.
func (x *older) find(w *work, g *clinic.OldGoods) (row clinic.CatalogRow, column, code, value string) {
	of := x.index(w)
	name := x.d.foldWords(g.Name)
	var found []clinic.CatalogRow
	for _, by := range []struct {
		column, typed string
		rows          []clinic.CatalogRow
		must          bool // a value that nobody knows is an error
	}{
		{"code", g.Code, of.code[strings.ToLower(g.Code)], true},
		{"gtin", g.GTIN, of.gtin[g.GTIN], false},
		{"registration", g.Registration, of.registered[x.d.foldWords(g.Registration)], false},
		{"goods", g.Name, of.name[name], false},
	} {
		rows := slices.DeleteFunc(slices.Clone(by.rows), func(r clinic.CatalogRow) bool { return g.Catalog != "" && r.Catalog != g.Catalog })
		switch {
		case by.typed == "" || len(rows) == 0 && !by.must:
			continue
		case len(rows) == 0:
			return row, by.column, clinic.RowGoods, by.typed
		case column == "":
			found, column = rows, by.column
			continue
		}
		both := slices.DeleteFunc(slices.Clone(found), func(r clinic.CatalogRow) bool {
			return !slices.ContainsFunc(rows, func(o clinic.CatalogRow) bool { return o.Catalog == r.Catalog && o.Code == r.Code })
		})
		// The same product may be registered anew: the code and the box say more.
		if len(both) == 0 && by.column == "registration" {
			continue
		}
		if found = both; len(found) == 0 {
			return row, by.column, clinic.RowOtherGoods, by.typed
		}
	}
	switch len(found) {
	case 0:
		return row, "goods", clinic.RowGoods, cmp.Or(g.Name, g.Registration, g.GTIN)
	case 1:
		return found[0], "", "", ""
	}
	var codes []string
	for _, r := range found[:min(len(found), 4)] {
		codes = append(codes, r.Code)
	}
	return row, column, clinic.RowManyGoods, strings.Join(codes, ", ")
}

// shelf settles a row of stock.
func (x *older) shelf(w *work, i int, out *OldPlanRow) error {
	src := x.in.Rows[i].Goods
	out.Name = cmp.Or(src.Name, src.Code, src.Registration, src.GTIN)
	found, column, code, value := x.find(w, src)
	if code != "" {
		out.refuse(column, code, value)
		return nil
	}
	out.Row, out.Name = found, named(found)
	out.Goods = clinic.Goods{Catalog: found.Catalog, Code: found.Code, Lot: src.Lot, Expiry: src.Expiry}
	if out.Goods.Catalog == clinic.CatalogMedicine {
		out.Goods.Catalog = ""
	}
	amount, ok := x.d.units(src, &found)
	switch {
	case !ok:
		out.refuse("unit", clinic.RowUnit, src.Unit)
		out.Problem.Args["unit"] = found.Unit
	case found.Catalog != clinic.CatalogSupply && src.Lot == "":
		out.refuse("lot", clinic.RowEmpty, "")
	case found.Catalog != clinic.CatalogSupply && src.Expiry.IsZero():
		out.refuse("expiry", clinic.RowEmpty, "")
	case amount > maxStock*1000:
		out.refuse("quantity", clinic.RowNumber, src.Quantity.String())
	case amount == 0: // nothing stands there
		out.Does = OldSkips
	default:
		return x.again(w, i, out)
	}
	return nil
}

// units counts a row in units of the catalogue. ok is false when the file counts in others
// and does not say how many of ours they hold.
func (d *Desk) units(src *clinic.OldGoods, row *clinic.CatalogRow) (q clinic.Milli, ok bool) {
	if src.Unit == "" || row.Unit == "" || d.foldWords(src.Unit) == d.foldWords(row.Unit) {
		return src.Quantity, true
	}
	return src.Quantity * clinic.Milli(src.Pack), src.Pack > 0
}

// again asks about a batch that stands in the file twice, or in the books.
func (x *older) again(w *work, i int, out *OldPlanRow) error {
	out.Does = OldAdds
	for _, j := range x.before(aboutLot(out.Goods), i) {
		t := x.settled[j]
		switch {
		case t.Does == OldRefuses || t.Goods.Code == "":
		case t.Goods == out.Goods && x.sameRow(i, j):
			out.Twin, out.Whole, out.Does = t.At, true, OldSkips
			return nil
		case t.Goods == out.Goods:
			x.ask(out, clinic.RowTwiceLot, "line", strconv.Itoa(t.At))
			return nil
		case out.Goods.Lot != "":
			x.ask(out, clinic.RowLotDay, "value", t.Goods.Expiry.String())
			return nil
		}
	}
	s := w.shelf(nil)
	sheets, err := s.of(out.Goods)
	for k := range sheets {
		b := sheets[k].Batch.Goods
		if b.Lot != out.Goods.Lot || b.Lot == "" && b != out.Goods {
			continue
		}
		used, uerr := x.inBooks(w, &sheets[k])
		if uerr != nil {
			return uerr
		}
		switch {
		case !used:
		case b == out.Goods:
			x.ask(out, clinic.RowBooked, "value", sheets[k].Booked.String())
		case out.Problem.Code == "":
			x.ask(out, clinic.RowLotDay, "value", b.Expiry.String())
		}
	}
	return err
}

// aboutLot names the batch that rows are about, whatever its last day.
func aboutLot(g clinic.Goods) string {
	g.Expiry = clinic.Date{}
	return "lot " + g.Key()
}

// before returns the rows before one that are about the same thing, and remembers that the
// row is.
func (x *older) before(thing string, i int) []int {
	rows := x.about[thing]
	at, has := slices.BinarySearch(rows, i)
	if !has {
		x.about[thing] = slices.Insert(slices.Clone(rows), at, i)
	}
	return rows[:at]
}

// ask does what was said of a batch that may be counted twice.
func (x *older) ask(out *OldPlanRow, code, arg, value string) {
	out.Problem = clinic.RowProblem{At: out.At, Column: "lot", Code: code, Args: map[string]string{arg: value}}
	a, ok := x.in.Answers[out.At]
	if !ok {
		a.Do = x.in.ByName
	}
	out.Does = map[OldDo]OldDoes{OldOther: OldAdds, OldSame: OldAdds, OldSkip: OldSkips}[a.Do]
	if out.Does == 0 {
		out.Does = OldAsks
	}
}

// inBooks reports whether the books have something of a batch that other than the lines of
// this file put there, or that moved since: an import that was taken back left nothing.
func (x *older) inBooks(w *work, s *stock.Sheet) (bool, error) {
	records, err := w.StockRecords(s.Batch)
	if err != nil {
		return false, err
	}
	var left clinic.Milli
	for i := range records {
		b, ok := records[i].Body.(*clinic.Received)
		if ok && !x.id.IsZero() && slices.Equal(b.Import, x.id[:]) {
			continue
		}
		for _, m := range stock.Moves(&records[i]) {
			switch {
			case m.Batch != s.Batch:
			case m.What == stock.Start:
				left += m.Quantity
			case m.What == stock.Unstart:
				left -= m.Quantity
			default:
				return true, nil
			}
		}
	}
	return left != 0, nil
}

// addGoods books a batch: it stood there before the books began.
func (x *oldChunk) addGoods(src *clinic.OldRow, row *OldPlanRow, line *clinic.DayOneLine) {
	if x.came == nil || len(x.came.Lines) == maxStockLines {
		x.came = &clinic.Received{Site: x.d.site(), Import: slices.Clone(x.id[:])}
		x.drafts = append(x.drafts, clinic.Draft{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: x.came})
	}
	g := src.Goods
	q, _ := x.d.units(g, &row.Row)
	price := g.Price
	if q != g.Quantity && g.Pack > 0 { // the file's price is of its own unit
		price = (price + clinic.Dong(g.Pack)/2) / clinic.Dong(g.Pack)
	}
	goods := row.Goods
	x.came.Lines = append(x.came.Lines, clinic.ReceivedLine{
		Goods: goods, Name: named(row.Row), Unit: row.Row.Unit, Quantity: q, Price: price, GTIN: g.GTIN, Pack: g.Pack,
		Registration: cmp.Or(g.Registration, row.Row.Registration), Tender: cmp.Or(g.Tender, row.Row.Tender),
	})
	line.Goods, line.Quantity = &goods, q
}

// goodsBack takes a batch out of the books, unless something left or counted it since.
func (x *undoer) goodsBack(l *clinic.DayOneLine) ([]clinic.Draft, bool, error) {
	batch := clinic.Batch{Site: x.d.site(), Goods: *l.Goods}
	records, err := x.r.StockRecords(batch)
	if err != nil {
		return nil, false, err
	}
	came := false
	for i := range records { // oldest first
		r := &records[i]
		b, ok := r.Body.(*clinic.Received)
		if came = came || ok && slices.Equal(b.Import, x.info.ID[:]); !came || x.mine[r.Act] {
			continue
		}
		for _, m := range stock.Moves(r) {
			if m.Batch == batch && !slices.Contains([]stock.What{stock.In, stock.MovedIn, stock.Found, stock.Start, stock.Unstart}, m.What) {
				return nil, true, nil
			}
		}
	}
	if !came { // another box's shelf, or an entry that can no longer be read
		return nil, true, nil
	}
	row := row(x.r, *l.Goods, x.today)
	body := &clinic.Adjusted{Site: batch.Site, Reason: clinic.AdjustUnbegun, Words: clinic.WhyTakenBack, Lines: []clinic.AdjustedLine{
		{Goods: *l.Goods, Name: named(row), Unit: row.Unit, Quantity: l.Quantity},
	}}
	return []clinic.Draft{{Kind: clinic.KindAdjusted, Subject: clinic.StockChangesID(), Body: body}}, false, nil
}
