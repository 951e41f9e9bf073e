package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// StockItem is one row of a catalogue in the list of stock.
type StockItem struct {
	Row     clinic.CatalogRow
	Level   stock.Level
	Batches []stock.Sheet // first expiry first; those that are empty and settled are left out
	Sum     stock.Sheet   // over all batches, also the empty ones
	Near    bool          // a batch expires soon
	Expired bool          // a batch that is expired still stands there
	Short   bool          // more left a batch than the books had
}

// StockView is the list of stock.
type StockView struct {
	Site     string
	Today    clinic.Date
	From, To clinic.Date // the period of the sums
	Rules    stock.Rules
	Items    []StockItem
	Lost     int    // entries of stock that can no longer be read
	At       uint64 // CountInput.At of a count that begins with this page
	// What the person may do.
	Receives, Counts bool
}

// StockPage lists what stands on this box's shelf, with sums over a period: the zero From
// means the days over which the rules look at use. It names no patient.
func (d *Desk) StockPage(ctx context.Context, by clinic.ID, from, to clinic.Date) (StockView, error) {
	now := d.now()
	out := StockView{Site: d.site(), Today: dayOf(now), From: from, To: to, At: clinic.HLCAt(now) - 1}
	err := d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightRead)
		if err != nil {
			return err
		}
		out.Receives, out.Counts = slices.Contains(rightReceive.roles(), p.Role), slices.Contains(rightCount.roles(), p.Role)
		out.Rules = rulesOn(r, out.Today)
		if out.From.IsZero() {
			out.From, out.To = out.Today.AddDays(1-out.Rules.Use), out.Today
		}
		if out.Lost, err = r.StockLost(); err != nil {
			return err
		}
		sheets, err := r.Stock(StockQuery{Site: out.Site, From: out.From, To: out.To})
		out.fill(r, sheets)
		return err
	})
	return out, err
}

func (v *StockView) fill(r Reader, sheets []stock.Sheet) {
	for len(sheets) > 0 {
		g := sheets[0].Batch.Goods
		n := slices.IndexFunc(sheets, func(s stock.Sheet) bool { return s.Batch.In() != g.In() || !strings.EqualFold(s.Batch.Code, g.Code) })
		if n < 0 {
			n = len(sheets)
		}
		v.Items = append(v.Items, v.item(row(r, g, v.Today), sheets[:n]))
		sheets = sheets[n:]
	}
	for _, name := range clinic.GoodsCatalogs() {
		for _, row := range r.Rows(name, "") { // what must be there and never came
			if row.Minimum > 0 && row.ValidOn(v.Today) && !v.has(&row) {
				v.Items = append(v.Items, v.item(row, nil))
			}
		}
	}
	slices.SortStableFunc(v.Items, func(a, b StockItem) int {
		return cmp.Or(strings.Compare(a.Row.Catalog, b.Row.Catalog), strings.Compare(a.Row.Name, b.Row.Name), strings.Compare(a.Row.Code, b.Row.Code))
	})
}

func (v *StockView) has(row *clinic.CatalogRow) bool {
	return slices.ContainsFunc(v.Items, func(i StockItem) bool { return i.Row.Catalog == row.Catalog && i.Row.Code == row.Code })
}

func (v *StockView) item(row clinic.CatalogRow, sheets []stock.Sheet) StockItem {
	it := StockItem{Row: row, Level: v.Rules.LevelOf(sheets, row.Minimum, v.Today)}
	for _, s := range sheets {
		v.At = max(v.At, s.State)
		it.Sum.Add(&s)
		if s.Booked == 0 && !s.Short() {
			continue
		}
		it.Batches = append(it.Batches, s)
		it.Short = it.Short || s.Short()
		if s.Booked > 0 {
			it.Near = it.Near || v.Rules.IsNear(s.Batch.Goods, v.Today)
			it.Expired = it.Expired || s.Batch.Expired(v.Today)
		}
	}
	return it
}

// Posting is one movement of a batch as its card shows it.
type Posting struct {
	stock.Posting
	Record clinic.Record
	By     Person
}

// BatchView is the stock card of one batch. It names no patient.
type BatchView struct {
	Batch    clinic.Batch
	Row      clinic.CatalogRow
	Sheet    stock.Sheet
	Postings []Posting            // the latest first
	Receipt  *clinic.ReceivedLine // the latest; nil = it never came in here
	Today    clinic.Date
}

// BatchPage reads the card of a batch on this box's shelf.
func (d *Desk) BatchPage(ctx context.Context, by clinic.ID, g clinic.Goods) (BatchView, error) {
	out := BatchView{Batch: clinic.Batch{Site: d.site(), Goods: g}, Today: d.today()}
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		records, err := r.StockRecords(out.Batch)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return &Error{Code: CodeStockNone, Args: map[string]string{"code": g.Code}}
		}
		people, err := names(r)
		if err != nil {
			return err
		}
		out.Row = row(r, g, out.Today)
		if out.Receipt, err = receipt(r, out.Batch); err != nil {
			return err
		}
		sheets, err := r.Stock(StockQuery{Site: out.Batch.Site, Catalog: g.Catalog, Code: g.Code, From: clinic.Date{Year: 2000, Month: 1, Day: 1}, To: out.Today})
		for _, s := range sheets {
			if s.Batch == out.Batch {
				out.Sheet = s
			}
		}
		out.post(records, people)
		return err
	})
	return out, err
}

func (v *BatchView) post(records []clinic.Record, people map[clinic.ID]Person) {
	var moves []stock.Move
	of := map[clinic.Leaf]int{}
	for i := range records {
		of[records[i].Leaf] = i
		for _, m := range stock.Moves(&records[i]) {
			if m.Batch == v.Batch {
				moves = append(moves, m.Move)
			}
		}
	}
	for _, p := range stock.Card(moves) {
		r := records[of[p.Leaf]]
		r.Subject, r.Visit = clinic.ID{}, clinic.ID{} // whose it was stands in the visit only
		v.Postings = append(v.Postings, Posting{p, r, people[r.Author]})
	}
	slices.Reverse(v.Postings)
}

// StockPaper is a transfer or a requisition in its list.
type StockPaper struct {
	Record clinic.Record // of *clinic.Adjusted or *clinic.Requisition
	Code   string
	To     string
	Lines  int
	By     Person
	Copies int
	// Arrived is the entry with which the other site took a transfer in; nil = not known here.
	Arrived *clinic.Received
}

// papersShown is how far back the lists of papers go.
const papersShown = 50

// StockPapers lists the latest transfers, or requisitions, of this box.
func (d *Desk) StockPapers(ctx context.Context, by clinic.ID, kind clinic.Kind) (out []StockPaper, err error) {
	err = d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		out, err = stockPapers(r, kind)
		return err
	})
	return out, err
}

func stockPapers(r Reader, kind clinic.Kind) (out []StockPaper, err error) {
	subject := clinic.TransfersID()
	if kind == clinic.KindRequisition {
		subject = clinic.RequisitionsID()
	}
	records, err := r.Records(subject)
	if err != nil {
		return nil, err
	}
	people, err := names(r)
	if err != nil {
		return nil, err
	}
	copies := map[string]int{}
	for i := len(records) - 1; i >= 0 && len(out) < papersShown; i-- {
		p := StockPaper{Record: records[i], By: people[records[i].Author]}
		switch b := records[i].Body.(type) {
		case *clinic.Paper:
			copies[b.Code] = max(copies[b.Code], b.Copy)
			continue
		case *clinic.Adjusted:
			p.Code, p.To, p.Lines = b.Code, b.To, len(b.Lines)
		case *clinic.Requisition:
			p.Code, p.To, p.Lines = b.Code, b.To, len(b.Lines)
		default:
			continue
		}
		p.Copies = copies[p.Code]
		out = append(out, p)
	}
	if kind == clinic.KindRequisition || len(out) == 0 {
		return out, nil
	}
	in, err := r.Records(clinic.StockID())
	for i := range in {
		if b, ok := in[i].Body.(*clinic.Received); ok && b.From != "" {
			for j := range out {
				if out[j].Code == b.From {
					out[j].Arrived = b
				}
			}
		}
	}
	return out, err
}
