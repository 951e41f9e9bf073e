package desk

import (
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// Limits of one form of stock: its entry stays within 16 KiB.
const (
	maxStockLines = 30
	maxStock      = 1_000_000 // units
)

// site is the shelf of this box.
func (d *Desk) site() string { return clinic.StockSite(d.o.Site.Facility) }

// shelf is what a form of stock reads and asks.
type shelf struct {
	*work
	site      string
	confirmed []string
	bad       Errors // refusals
	ask       Errors // what the person must confirm, when nothing is refused
	sheets    map[string][]stock.Sheet
}

func (w *work) shelf(confirmed []string) *shelf {
	return &shelf{work: w, site: w.desk.site(), confirmed: confirmed, sheets: map[string][]stock.Sheet{}}
}

// result is what the form is told.
func (s *shelf) result() error {
	if len(s.bad) > 0 {
		return s.bad.join()
	}
	return s.ask.join()
}

func (s *shelf) refuse(code Code, field string, args map[string]string) {
	s.bad = append(s.bad, &Error{Code: code, Field: field, Args: args})
}

// question asks about something once: Args["confirm"] is what the form sends back when the
// person says yes.
func (s *shelf) question(code Code, field, about string, args map[string]string) {
	args["confirm"] = string(code) + ":" + about
	asked := slices.ContainsFunc(s.ask, func(e *Error) bool { return e.Args["confirm"] == args["confirm"] })
	if !asked && !slices.Contains(s.confirmed, args["confirm"]) {
		s.ask = append(s.ask, &Error{Code: code, Field: field, Args: args})
	}
}

// of returns the sheets of one row of a catalogue.
func (s *shelf) of(g clinic.Goods) ([]stock.Sheet, error) {
	key := g.In() + ";" + strings.ToLower(g.Code)
	if x, ok := s.sheets[key]; ok {
		return x, nil
	}
	x, err := s.Stock(StockQuery{Site: s.site, Catalog: g.Catalog, Code: g.Code, From: s.today, To: s.today})
	s.sheets[key] = x
	return x, err
}

// batch returns the sheet of the goods; nil when no entry ever moved them here.
func (s *shelf) batch(g clinic.Goods) (*stock.Sheet, error) {
	all, err := s.of(g)
	i := slices.IndexFunc(all, func(x stock.Sheet) bool { return x.Batch.Goods == g })
	if i < 0 {
		return nil, err
	}
	return &all[i], err
}

// row is what the catalogue says of the goods: on the day, or when nothing holds then, as
// it said last.
func row(r Reader, g clinic.Goods, on clinic.Date) clinic.CatalogRow {
	if row, ok := r.Row(g.In(), g.Code, on); ok {
		return row
	}
	if all := r.Rows(g.In(), g.Code); len(all) > 0 && g.Code != "" {
		return all[len(all)-1]
	}
	return clinic.CatalogRow{Catalog: g.In(), Code: g.Code, Name: g.Code}
}

// receipt is what was written when the batch came in last; nil when that is not here.
func receipt(r Shelves, b clinic.Batch) (*clinic.ReceivedLine, error) {
	records, err := r.StockRecords(b)
	for i := len(records) - 1; i >= 0; i-- {
		if in, ok := records[i].Body.(*clinic.Received); ok {
			for j := range in.Lines {
				if in.Lines[j].Goods == b.Goods {
					return &in.Lines[j], err
				}
			}
		}
	}
	return nil, err
}

// quantity reads a typed amount; 0 with ok for an empty one.
func (s *shelf) quantity(field, typed string) (clinic.Milli, bool) {
	if strings.TrimSpace(typed) == "" {
		return 0, true
	}
	q, err := clinic.ParseMilli(field, typed)
	if err != nil {
		_ = s.bad.collect(valueError(err)) // always a refusal
		return 0, false
	}
	if q > maxStock*1000 {
		s.refuse(CodeStockRange, field, map[string]string{"max": strconv.Itoa(maxStock)})
		return 0, false
	}
	return q, true
}

// take checks that so much of a batch may leave the shelf.
func (s *shelf) take(field string, g clinic.Goods, q clinic.Milli, unit string) error {
	sheet, err := s.batch(g)
	if err != nil {
		return err
	}
	args := map[string]string{"lot": lotName(g), "booked": "0", "asked": q.String(), "unit": unit}
	if sheet != nil {
		args["booked"] = sheet.Booked.String()
	}
	if sheet == nil || sheet.Booked < q {
		s.refuse(CodeStockShort, field, args)
	}
	return nil
}

// twice refuses a batch that a form names in two lines: it must not count double.
func (s *shelf) twice(field string, g clinic.Goods, before []clinic.Goods) {
	if slices.Contains(before, g) {
		s.refuse(CodeStockTwice, field, map[string]string{"lot": lotName(g)})
	}
}

// lotName names a batch in a sentence.
func lotName(g clinic.Goods) string {
	if g.Lot == "" {
		return g.Code
	}
	return g.Lot
}

// rules are the numbers of days that hold today.
func (w *work) rules() stock.Rules { return rulesOn(w, w.today) }

func rulesOn(r Reference, on clinic.Date) stock.Rules {
	return stock.RulesOn(func(code string) (clinic.CatalogRow, bool) { return r.Row(clinic.CatalogStockRule, code, on) })
}

// Asks reports whether a refusal only asks: the form is saved when the person says yes.
func (c Code) Asks() bool {
	switch c {
	case CodeStockAgain, CodeStockLot, CodeStockNear, CodeStockPrice, CodeStockDiffers, CodeStockEarlier, CodeCountFar:
		return true
	}
	return false
}

// known drops what a form made of goods that are no key's.
func known(g clinic.Goods) bool {
	same, ok := clinic.ParseGoodsKey(g.Key())
	return ok && g == same
}

// note reads the words of a form of stock.
func (d *Desk) note(field, s string) (string, error) { return d.line(field, s, 200) }

// moves reports whether a saved entry moves what a form says, line by line: of says which
// goods a line is about, and the amount as typed. A line without an amount says nothing;
// in a count 0 is one.
func moves[L any](body any, lines []L, of func(L) (clinic.Goods, string)) bool {
	_, counts := body.(*clinic.Counted)
	var said []stock.Part
	for _, l := range lines {
		g, typed := of(l)
		if q, _ := clinic.ParseMilli("", typed); q > 0 || counts && strings.TrimSpace(typed) != "" {
			said = append(said, stock.Part{Batch: clinic.Batch{Goods: g}, Quantity: q})
		}
	}
	return slices.EqualFunc(stock.Moves(&clinic.Record{Body: body}), said, func(m stock.Line, p stock.Part) bool {
		return m.Batch.Goods == p.Batch.Goods && m.Quantity == p.Quantity
	})
}
