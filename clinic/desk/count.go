package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

// CountInput is the form of a count.
type CountInput struct {
	// At is StockView.At of the page that counting began with.
	At    uint64
	Words string
	Lines []CountLine
	// Confirmed: Args["confirm"] of what was asked.
	Confirmed []string
}

// CountLine is one batch of it.
type CountLine struct {
	Goods  clinic.Goods
	Booked clinic.Milli // what the page showed
	Found  string       // as typed, in units; empty = not counted
}

// countFor is how long a count may take: what the page showed is too old after it.
const countFor = 24 * time.Hour

// Count saves what stood on the shelf when counting began. What is handed out while
// people count goes off it afterwards (stock.Fold).
func (d *Desk) Count(ctx context.Context, c Call, in CountInput) (Done, error) {
	words, err := d.note("words", in.Words)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightCount, kind: clinic.KindCounted, patient: clinic.StockChangesID(),
		build: func(w *work) ([]clinic.Draft, error) {
			body := &clinic.Counted{Site: d.site(), At: in.At, Words: words}
			if err := w.count(body, in); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindCounted, Subject: clinic.StockChangesID(), Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Counted)
			return ok && s.At == in.At && s.Words == words &&
				moves(s, in.Lines, func(l CountLine) (clinic.Goods, string) { return l.Goods, l.Found })
		},
	})
}

func (w *work) count(body *clinic.Counted, in CountInput) error {
	s := w.shelf(in.Confirmed)
	all, err := s.Stock(StockQuery{Site: s.site, From: s.today, To: s.today})
	if err != nil {
		return err
	}
	newest := clinic.HLCAt(s.now)
	for i := range all {
		newest = max(newest, all[i].State)
	}
	switch {
	case in.At == 0 || in.At > newest:
		return &Error{Code: CodeFormStale}
	case in.At < clinic.HLCAt(s.now.Add(-countFor)):
		return &Error{Code: CodeCountOld}
	}
	var counted []clinic.Goods
	for i, l := range in.Lines {
		field := fmt.Sprintf("lines.%d.found", i)
		if strings.TrimSpace(l.Found) == "" {
			continue
		}
		found, ok := s.quantity(field, l.Found)
		if !ok {
			continue
		}
		sheet, err := s.batch(l.Goods)
		if err != nil {
			return err
		}
		row := row(s, l.Goods, s.today)
		if sheet == nil {
			s.refuse(CodeStockNone, field, map[string]string{"code": l.Goods.Code})
			continue
		}
		s.twice(field, l.Goods, counted)
		counted = append(counted, l.Goods)
		if off := found - l.Booked; max(off, -off) > 10_000 && max(off, -off) > max(l.Booked, 0)/2 {
			s.question(CodeCountFar, field, l.Goods.Key()+strconv.Itoa(int(found)), map[string]string{
				"name": named(row), "lot": lotName(l.Goods), "booked": l.Booked.String(), "found": found.String(), "unit": row.Unit,
			})
		}
		body.Lines = append(body.Lines, clinic.CountedLine{Goods: l.Goods, Name: named(row), Unit: row.Unit, Booked: l.Booked, Found: found})
	}
	return s.some(len(body.Lines))
}

// some refuses a form without lines, or with too many.
func (s *shelf) some(lines int) error {
	switch {
	case lines == 0 && len(s.bad) == 0:
		s.refuse(CodeNothing, "lines", nil)
	case lines > maxStockLines:
		s.refuse(CodeTooMany, "lines", map[string]string{"max": strconv.Itoa(maxStockLines)})
	}
	return s.result()
}

// AdjustInput is the form for goods that left or were found without a patient.
type AdjustInput struct {
	Reason     clinic.AdjustReason
	Department string // clinic.AdjustUsed: code
	Words      string
	Lines      []AdjustLine
}

// AdjustLine is one batch of it.
type AdjustLine struct {
	Goods    clinic.Goods
	Quantity string
}

// Adjust saves it.
func (d *Desk) Adjust(ctx context.Context, c Call, in AdjustInput) (Done, error) {
	words, err := d.note("words", in.Words)
	if err != nil {
		return Done{}, err
	}
	need := rightReceive
	if in.Reason == clinic.AdjustUsed {
		need = rightDispense
	}
	switch {
	case !slices.Contains(clinic.AdjustReasons(), in.Reason):
		return Done{}, &Error{Code: CodeRequired, Field: "reason"}
	case words == "" && in.Reason != clinic.AdjustUsed && in.Reason != clinic.AdjustExpired:
		return Done{}, &Error{Code: CodeRequired, Field: "words"}
	}
	return d.save(ctx, c, plan{
		need: need, kind: clinic.KindAdjusted, patient: clinic.StockChangesID(),
		build: func(w *work) ([]clinic.Draft, error) {
			body := &clinic.Adjusted{Site: d.site(), Reason: in.Reason, Words: words}
			s := w.shelf(nil)
			if in.Reason == clinic.AdjustUsed {
				if _, ok := w.Row(clinic.CatalogDepartment, in.Department, w.today); !ok {
					s.refuse(CodeRequired, "department", nil)
				}
				body.Department = in.Department
			}
			if err := s.adjust(body, in.Lines); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindAdjusted, Subject: clinic.StockChangesID(), Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Adjusted)
			return ok && s.Reason == in.Reason && s.Words == words && s.Code == "" &&
				(in.Reason != clinic.AdjustUsed || s.Department == in.Department) && moves(s, in.Lines, adjusted)
		},
	})
}

func adjusted(l AdjustLine) (clinic.Goods, string) { return l.Goods, l.Quantity }

func (s *shelf) adjust(body *clinic.Adjusted, lines []AdjustLine) error {
	var taken []clinic.Goods
	for i, l := range lines {
		field := fmt.Sprintf("lines.%d.quantity", i)
		q, ok := s.quantity(field, l.Quantity)
		if !ok || q == 0 {
			continue
		}
		row := row(s, l.Goods, s.today)
		s.twice(field, l.Goods, taken)
		taken = append(taken, l.Goods)
		sheet, err := s.batch(l.Goods)
		if err != nil {
			return err
		}
		switch {
		case sheet == nil:
			s.refuse(CodeStockNone, field, map[string]string{"code": l.Goods.Code})
		case body.Reason == clinic.AdjustSent && l.Goods.Expired(s.today):
			s.refuse(CodeStockExpired, field, map[string]string{"lot": lotName(l.Goods), "day": l.Goods.Expiry.String()})
		case body.Reason != clinic.AdjustFound:
			if err := s.take(field, l.Goods, q, row.Unit); err != nil {
				return err
			}
		}
		line := clinic.AdjustedLine{Goods: l.Goods, Name: named(row), Unit: row.Unit, Quantity: q}
		if body.Reason == clinic.AdjustSent {
			in, err := receipt(s, clinic.Batch{Site: s.site, Goods: l.Goods})
			if err != nil {
				return err
			}
			if line.Pack = row.Pack; in != nil {
				line.Price, line.Pack = in.Price, cmp.Or(in.Pack, row.Pack)
			}
		}
		body.Lines = append(body.Lines, line)
	}
	return s.some(len(body.Lines))
}

// addressed reads to whom goods, or the wish for them, go, and the words with it.
func (d *Desk) addressed(to, words string) (string, string, error) {
	words, err := d.note("words", words)
	if err != nil {
		return "", "", err
	}
	if to, err = d.line("to", to, 100); err == nil && to == "" {
		err = &Error{Code: CodeRequired, Field: "to"}
	}
	return to, words, err
}

// number takes the next number of a series of this box's book.
func (w *work) number(name string, series func(book string) string, code func(facility, book string, n int) (string, error)) (string, error) {
	f := w.desk.o.Site.Facility
	n, err := w.next(series(f.Book))
	if err != nil {
		return "", err
	}
	out, err := code(f.Code, f.Book, n)
	if err != nil {
		return "", &Error{Code: CodeSeriesFull, Args: map[string]string{"series": name}}
	}
	return out, nil
}

// SendInput is the form that sends goods to another site.
type SendInput struct {
	To    string
	Words string
	Lines []AdjustLine
}

// Send takes goods off the shelf for another site, and numbers the paper.
func (d *Desk) Send(ctx context.Context, c Call, in SendInput) (Done, error) {
	to, words, err := d.addressed(in.To, in.Words)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightReceive, kind: clinic.KindAdjusted, patient: clinic.TransfersID(),
		build: func(w *work) ([]clinic.Draft, error) {
			body := &clinic.Adjusted{Site: d.site(), Reason: clinic.AdjustSent, To: to, Words: words}
			if err := w.shelf(nil).adjust(body, in.Lines); err != nil {
				return nil, err
			}
			var err error
			if body.Code, err = w.number("transfer", clinic.SeriesTransfer, clinic.NewTransferCode); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindAdjusted, Subject: clinic.TransfersID(), Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Adjusted)
			return ok && s.Reason == clinic.AdjustSent && s.To == to && s.Words == words && moves(s, in.Lines, adjusted)
		},
	})
}

// RequisitionInput is the form of a requisition.
type RequisitionInput struct {
	To    string
	Words string
	Lines []RequisitionLine
}

// RequisitionLine is one row of a catalogue that is asked for.
type RequisitionLine struct {
	Catalog  string
	Code     string
	Quantity string // in units
}

// Requisition saves what the site asks for, with what it has and uses.
func (d *Desk) Requisition(ctx context.Context, c Call, in RequisitionInput) (Done, error) {
	to, words, err := d.addressed(in.To, in.Words)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightReceive, kind: clinic.KindRequisition, patient: clinic.RequisitionsID(),
		build: func(w *work) ([]clinic.Draft, error) {
			body := &clinic.Requisition{Site: d.site(), To: to, Words: words}
			if err := w.requisition(body, in.Lines); err != nil {
				return nil, err
			}
			return []clinic.Draft{{Kind: clinic.KindRequisition, Subject: clinic.RequisitionsID(), Body: body}}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Requisition)
			return ok && s.To == to && s.Words == words && sameAsked(s.Lines, in.Lines)
		},
	})
}

// sameAsked tells whether the saved lines are those of a form: one without an amount says
// nothing.
func sameAsked(saved []clinic.RequisitionLine, typed []RequisitionLine) bool {
	amount := func(l RequisitionLine) clinic.Milli { q, _ := clinic.ParseMilli("", l.Quantity); return q }
	typed = slices.DeleteFunc(slices.Clone(typed), func(l RequisitionLine) bool { return amount(l) == 0 })
	return slices.EqualFunc(saved, typed, func(s clinic.RequisitionLine, l RequisitionLine) bool {
		return strings.EqualFold(s.Code, l.Code) && s.Quantity == amount(l)
	})
}

func (w *work) requisition(body *clinic.Requisition, lines []RequisitionLine) error {
	s := w.shelf(nil)
	rules := s.rules()
	for i, l := range lines {
		field := fmt.Sprintf("lines.%d.quantity", i)
		q, ok := s.quantity(field, l.Quantity)
		if !ok || q == 0 {
			continue
		}
		g := clinic.Goods{Catalog: l.Catalog, Code: l.Code}
		if g.Catalog == clinic.CatalogMedicine {
			g.Catalog = ""
		}
		row, ok := s.Row(g.In(), g.Code, s.today)
		if !ok {
			s.refuse(CodeStockNone, field, map[string]string{"code": l.Code})
			continue
		}
		sheets, err := s.Stock(StockQuery{Site: s.site, Catalog: g.Catalog, Code: g.Code, From: s.today.AddDays(1 - rules.Use), To: s.today})
		if err != nil {
			return err
		}
		level := rules.LevelOf(sheets, row.Minimum, s.today)
		if slices.ContainsFunc(body.Lines, func(o clinic.RequisitionLine) bool { return o.Code == row.Code && o.Catalog == g.Catalog }) {
			s.refuse(CodeStockTwice, field, map[string]string{"lot": row.Code})
		}
		body.Lines = append(body.Lines, clinic.RequisitionLine{
			Catalog: g.Catalog, Code: row.Code, Name: named(row), Unit: row.Unit, Booked: level.Usable, Used: level.Usage, Quantity: q,
		})
	}
	if err := s.some(len(body.Lines)); err != nil {
		return err
	}
	var err error
	body.Code, err = s.number("requisition", clinic.SeriesRequisition, clinic.NewRequisitionCode)
	return err
}
