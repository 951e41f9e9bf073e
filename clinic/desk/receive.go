package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// ReceiveInput is the form for goods that came in.
type ReceiveInput struct {
	Supplier  string
	Paper     string // number of the delivery note
	From      string // code of the transfer paper; empty = from outside
	Lines     []ReceiveLine
	Confirmed []string // Args["confirm"] of what was asked
}

// ReceiveLine is one batch of it, as typed.
type ReceiveLine struct {
	Catalog      string // empty = medicines
	Code         string
	Lot          string
	Expiry       string // mm/yyyy or dd/mm/yyyy; empty only for supplies
	Quantity     string
	Packs        bool   // Quantity counts boxes
	Pack         string // units in a box
	Price        string // per unit, as bought
	Registration string // empty = the catalogue's
	Tender       string // the same
	GTIN         string // as scanned
	Sent         string // with From: what the paper says, in units
	Label        bool   // it has no bar code: give it one of ours
}

// Receive saves goods that came in.
func (d *Desk) Receive(ctx context.Context, c Call, in ReceiveInput) (Done, error) {
	body := &clinic.Received{Site: d.site()}
	var bad Errors
	var err error
	body.Supplier, err = d.line("supplier", in.Supplier, 100)
	_ = bad.collect(err) // nil, or a refusal
	body.Paper, err = d.line("paper", in.Paper, 60)
	_ = bad.collect(err)
	if in.From != "" {
		if body.From, _, err = clinic.ParseTransferCode(in.From); err != nil {
			bad = append(bad, &Error{Code: CodeTransferCode, Field: "from"})
		}
	}
	return d.save(ctx, c, plan{
		need: rightReceive, kind: clinic.KindReceived, patient: clinic.StockID(),
		build: func(w *work) ([]clinic.Draft, error) {
			s := w.shelf(in.Confirmed)
			s.bad = append(s.bad, bad...)
			if err := s.receive(body, in.Lines); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: body}}, nil
		},
		same: func(b any) bool {
			r, ok := b.(*clinic.Received)
			return ok && r.Supplier == body.Supplier && r.Paper == body.Paper && r.From == body.From && d.sameReceived(r.Lines, in.Lines)
		},
	})
}

// sameReceived tells whether the saved lines are the batches and amounts of a form.
func (d *Desk) sameReceived(saved []clinic.ReceivedLine, typed []ReceiveLine) bool {
	typed = slices.DeleteFunc(slices.Clone(typed), func(l ReceiveLine) bool { return l == (ReceiveLine{}) })
	return slices.EqualFunc(saved, typed, func(s clinic.ReceivedLine, l ReceiveLine) bool {
		lot, _ := d.line("lot", l.Lot, 30)
		q, _ := clinic.ParseMilli("", l.Quantity)
		if l.Packs {
			q *= clinic.Milli(s.Pack)
		}
		return strings.EqualFold(s.Goods.Code, strings.TrimSpace(l.Code)) && s.Goods.Lot == clinic.NormalLot(lot) && s.Quantity == q
	})
}

func (s *shelf) receive(body *clinic.Received, lines []ReceiveLine) error {
	body.Lines = nil
	for i, l := range lines {
		if l == (ReceiveLine{}) {
			continue
		}
		line, ok := s.receiveLine(fmt.Sprintf("lines.%d.", i), l)
		if ok {
			for _, o := range body.Lines {
				if o.Goods == line.Goods {
					s.question(CodeStockAgain, fmt.Sprintf("lines.%d.lot", i), "form:"+line.Goods.Key(), map[string]string{"lot": lotName(line.Goods), "name": line.Name, "quantity": o.Quantity.String(), "unit": o.Unit})
				}
			}
			body.Lines = append(body.Lines, line)
		}
	}
	switch {
	case len(lines) == 0 || len(body.Lines) == 0 && len(s.bad) == 0:
		s.refuse(CodeNothing, "lines", nil)
	case len(body.Lines) > maxStockLines:
		s.refuse(CodeTooMany, "lines", map[string]string{"max": strconv.Itoa(maxStockLines)})
	}
	if err := s.before(body); err != nil {
		return err
	}
	if err := s.result(); err != nil {
		return err
	}
	return s.labels(body, lines)
}

func (s *shelf) receiveLine(at string, in ReceiveLine) (clinic.ReceivedLine, bool) {
	n := len(s.bad)
	text := func(name, v string, most int) string {
		v, err := s.desk.line(at+name, v, most)
		_ = s.bad.collect(err) // nil, or a refusal
		return v
	}
	g := clinic.Goods{Catalog: in.Catalog, Code: strings.TrimSpace(in.Code), Lot: clinic.NormalLot(text("lot", in.Lot, 30))}
	if g.Catalog == clinic.CatalogMedicine {
		g.Catalog = ""
	}
	row, ok := s.Row(g.In(), g.Code, s.today)
	if !ok || !clinic.IsGoods(g.In()) {
		s.refuse(CodeStockNone, at+"code", map[string]string{"code": g.Code})
		return clinic.ReceivedLine{}, false
	}
	g.Code = row.Code
	s.expiry(at, in, &g)
	line := clinic.ReceivedLine{Name: named(row), Unit: row.Unit, Registration: text("registration", in.Registration, 60), Tender: text("tender", in.Tender, 60)}
	if line.Registration == "" {
		line.Registration = row.Registration
	}
	if line.Tender == "" {
		line.Tender = row.Tender
	}
	if in.GTIN != "" && clinic.ValidGTIN(in.GTIN) {
		line.GTIN = in.GTIN
	}
	s.amount(at, in, &line)
	line.Goods = g
	if in.Price != "" {
		price, err := clinic.ParseDong(at+"price", in.Price)
		if err != nil {
			_ = s.bad.collect(valueError(err))
		}
		line.Price = price
	}
	if p := row.Price; p > 0 && line.Price > 0 && (line.Price > 5*p || line.Price*5 < p) && len(s.bad) == n {
		s.question(CodeStockPrice, at+"price", g.Key(), map[string]string{"name": line.Name, "price": line.Price.String(), "row": p.String(), "unit": row.Unit})
	}
	return line, len(s.bad) == n
}

// named is how a row reads on papers and lists.
func named(r clinic.CatalogRow) string { return strings.TrimSpace(r.Name + " " + r.Strength) }

func (s *shelf) expiry(at string, in ReceiveLine, g *clinic.Goods) {
	typed := strings.TrimSpace(in.Expiry)
	var ok bool
	switch g.Expiry, ok = clinic.ParseExpiry(typed); {
	case typed == "" && g.Catalog == clinic.CatalogSupply:
		return
	case typed == "":
		s.refuse(CodeRequired, at+"expiry", nil)
		return
	case !ok:
		s.refuse(CodeValue, at+"expiry", map[string]string{"problem": clinic.ProblemDate})
		return
	}
	if g.Expired(s.today) {
		s.refuse(CodeStockExpired, at+"expiry", map[string]string{"lot": lotName(*g), "day": g.Expiry.String()})
	} else if s.rules().IsNear(*g, s.today) {
		s.question(CodeStockNear, at+"expiry", g.Key(), map[string]string{"lot": lotName(*g), "day": g.Expiry.String()})
	}
	if g.Lot == "" && g.Catalog != clinic.CatalogSupply {
		s.refuse(CodeRequired, at+"lot", nil)
	}
}

// amount reads how much came in, in units or in boxes.
func (s *shelf) amount(at string, in ReceiveLine, l *clinic.ReceivedLine) {
	if in.Pack != "" {
		n, err := strconv.Atoi(strings.TrimSpace(in.Pack))
		if err != nil || n < 1 || n > 100_000 {
			s.refuse(CodeStockRange, at+"pack", map[string]string{"max": "100000"})
			return
		}
		l.Pack = n
	}
	q, ok := s.quantity(at+"quantity", in.Quantity)
	switch {
	case !ok:
		return
	case q == 0:
		s.refuse(CodeRequired, at+"quantity", nil)
	case in.Packs && l.Pack == 0:
		s.refuse(CodeRequired, at+"pack", nil)
	case in.Packs && q > maxStock*1000/clinic.Milli(l.Pack):
		s.refuse(CodeStockRange, at+"quantity", map[string]string{"max": strconv.Itoa(maxStock)})
	case in.Packs:
		q *= clinic.Milli(l.Pack)
	}
	l.Quantity = q
	if in.Sent != "" {
		l.Sent, ok = s.quantity(at+"sent", in.Sent)
		if ok && l.Sent != l.Quantity && len(s.bad) == 0 {
			s.question(CodeStockDiffers, at+"quantity", in.Code+in.Lot, map[string]string{
				"lot": clinic.NormalLot(in.Lot), "sent": l.Sent.String(), "quantity": l.Quantity.String(), "unit": l.Unit,
			})
		}
	}
}

// before asks about what may have been saved already: the same paper, the same transfer,
// or a lot that is known with another last day.
func (s *shelf) before(body *clinic.Received) error {
	for i, l := range body.Lines {
		all, err := s.of(l.Goods)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Batch.Lot == l.Goods.Lot && x.Batch.Expiry != l.Goods.Expiry && l.Goods.Lot != "" {
				s.question(CodeStockLot, fmt.Sprintf("lines.%d.expiry", i), l.Goods.Key(), map[string]string{"lot": l.Goods.Lot, "day": x.Batch.Expiry.String(), "typed": l.Goods.Expiry.String()})
			}
		}
		records, err := s.StockRecords(clinic.Batch{Site: s.site, Goods: l.Goods})
		if err != nil {
			return err
		}
		for _, r := range records {
			b, ok := r.Body.(*clinic.Received)
			if !ok || b.From != body.From || body.From == "" && (b.Paper != body.Paper || b.Supplier != body.Supplier) {
				continue
			}
			if body.From == "" && body.Paper == "" && clinic.DateOf(r.Event) != s.today {
				continue
			}
			for _, o := range b.Lines {
				if o.Goods == l.Goods {
					s.question(CodeStockAgain, fmt.Sprintf("lines.%d.lot", i), "paper:"+l.Goods.Key(), map[string]string{"lot": lotName(l.Goods), "name": l.Name, "quantity": o.Quantity.String(), "unit": o.Unit})
				}
			}
		}
	}
	return nil
}

// labels gives our own codes to batches without a bar code.
func (s *shelf) labels(body *clinic.Received, lines []ReceiveLine) error {
	f := s.desk.o.Site.Facility
	n, err := s.next(clinic.SeriesLabel(f.Book))
	if err != nil {
		return err
	}
	i := 0
	for _, l := range lines {
		if l == (ReceiveLine{}) {
			continue
		}
		if line := &body.Lines[i]; l.Label {
			if line.Label, err = clinic.NewLabelCode(f.Code, f.Book, n); err != nil {
				return &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "label"}}
			}
			n++
		}
		i++
	}
	return nil
}
