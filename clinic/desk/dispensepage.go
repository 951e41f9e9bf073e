package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// HandLine is one line of a prescription as it is handed out.
type HandLine struct {
	stock.Given
	Parts []HandPart   // the batches that are proposed, first expiry first, or that could be taken instead
	Short clinic.Milli // what the shelf does not have of what is left
}

// HandPart is one batch that can be taken.
type HandPart struct {
	Goods   clinic.Goods
	Booked  clinic.Milli
	Propose clinic.Milli // 0 = not needed
	Price   clinic.Dong
	Pack    int // units in a box; 0 = not known
	Near    bool
}

// HandView is the page that hands out what a visit's prescription says.
type HandView struct {
	VisitView
	Prescription *clinic.Document // nil = none
	Signed       bool             // its current version is
	Lines        []HandLine
	Beside       []stock.Given   // handed out beside the prescription
	Supplies     []HandLine      // supplies on the shelf, to use in the visit
	Took         []TakenPart     // what the patient has, batch by batch
	Lost         bool            // an entry of handing out can no longer be read
	Rows         []clinic.Record // of the visit, oldest first
}

// TakenPart is a batch of which the patient has some.
type TakenPart struct {
	Goods    clinic.Goods
	Name     string
	Unit     string
	Quantity clinic.Milli
}

// HandPage reads what is to be handed out in a visit; the view is recorded.
func (d *Desk) HandPage(ctx context.Context, by, patient, visit clinic.ID) (HandView, error) {
	var out HandView
	var err error
	if out.VisitView, err = d.VisitPage(ctx, by, patient, visit); err != nil {
		return HandView{}, err
	}
	err = d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightRead)
		if err != nil {
			return err
		}
		if err := d.mayRead(r, by, patient); err != nil {
			return err
		}
		return out.fill(w)
	})
	if err != nil {
		return HandView{}, err
	}
	return out, nil
}

func (v *HandView) fill(w *work) error {
	v.Rows = v.Visit.Handed
	latest, rx, signed := v.Visit.Prescribed()
	v.Prescription, v.Signed = latest, signed
	given, beside := stock.Hand(rx, v.Visit.Handed)
	v.Beside = beside
	lost := func(h clinic.Hole) bool { return h.Kind == clinic.KindDispensed || h.Kind == clinic.KindReturned }
	v.Lost = slices.ContainsFunc(v.Visit.Lost, lost) || slices.ContainsFunc(v.Visit.MayLack, lost)
	s := w.shelf(nil)
	for _, g := range given {
		line := HandLine{Given: g}
		if err := line.parts(s, clinic.Goods{Code: g.Line.Medicine}, g.Left(), v.Row.Day); err != nil {
			return err
		}
		v.Lines = append(v.Lines, line)
	}
	v.took()
	all, err := s.Stock(StockQuery{Site: s.site, From: s.today, To: s.today})
	for _, x := range all {
		g := clinic.Goods{Catalog: x.Batch.Catalog, Code: x.Batch.Code}
		if g.Catalog != clinic.CatalogSupply || slices.ContainsFunc(v.Supplies, func(l HandLine) bool { return l.Line.Medicine == g.Code }) {
			continue
		}
		row := row(s, g, v.Row.Day)
		line := HandLine{Given: stock.Given{Line: clinic.DrugLine{Medicine: g.Code, Name: row.Name, Unit: row.Unit}}}
		if err := line.parts(s, g, 0, v.Row.Day); err != nil {
			return err
		}
		if len(line.Parts) > 0 {
			v.Supplies = append(v.Supplies, line)
		}
	}
	return err
}

// took lists the batches of which something was handed out and not brought back.
func (v *HandView) took() {
	for i := range v.Rows {
		b, ok := v.Rows[i].Body.(*clinic.Dispensed)
		if !ok {
			continue
		}
		for _, l := range b.Lines {
			known := slices.ContainsFunc(v.Took, func(t TakenPart) bool { return t.Goods == l.Goods })
			if q := stock.Took(v.Rows, l.Goods); !known && q > 0 && l.Goods.Catalog != clinic.CatalogVaccine {
				v.Took = append(v.Took, TakenPart{l.Goods, l.Name, l.Unit, q})
			}
		}
	}
}

// parts proposes batches, and lists those that could be taken instead.
func (l *HandLine) parts(s *shelf, g clinic.Goods, want clinic.Milli, day clinic.Date) error {
	sheets, err := s.of(g)
	if err != nil {
		return err
	}
	var proposed []stock.Part
	proposed, l.Short = stock.Propose(sheets, want, s.today)
	row, rules := row(s, g, day), s.rules()
	for _, x := range sheets {
		if x.Booked <= 0 || x.Batch.Expired(s.today) {
			continue
		}
		part := HandPart{Goods: x.Batch.Goods, Booked: x.Booked, Near: rules.IsNear(x.Batch.Goods, s.today), Pack: row.Pack, Price: l.Price}
		for _, p := range proposed {
			if p.Batch == x.Batch {
				part.Propose = p.Quantity
			}
		}
		in, err := receipt(s, x.Batch)
		if err != nil {
			return err
		}
		if in != nil && in.Pack > 0 {
			part.Pack = in.Pack
		}
		if part.Price == 0 {
			if part.Price, err = priceOf(s, x.Batch, row); err != nil {
				return err
			}
		}
		l.Parts = append(l.Parts, part)
	}
	return nil
}

// HandRow is a visit in the list of those whose prescription is to be handed out.
type HandRow struct {
	QueueRow
	Code   string // of the prescription
	Lines  int
	Open   int  // lines of which something is left
	Begun  bool // something was handed out
	Signed bool // a prescription that is not waits for its doctor
}

// Done reports that nothing is left.
func (h *HandRow) Done() bool { return h.Signed && h.Open == 0 && !h.Closed }

// HandList lists the prescriptions of today and of the day before that are not handed out
// whole, and those of today that are. Of a closed record it says that there is one.
func (d *Desk) HandList(ctx context.Context, by clinic.ID) (out []HandRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightRead)
		if err != nil {
			return err
		}
		for _, day := range []clinic.Date{w.today.AddDays(-1), w.today} {
			rows, err := d.dayHere(r, day)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if row.Has&HasPrescription == 0 || row.Has&HasEnded != 0 {
					continue
				}
				h, err := w.handRow(row)
				if err != nil {
					return err
				}
				if day == w.today || !h.Done() && !h.Closed {
					out = append(out, h)
				}
			}
		}
		return nil
	})
	return out, err
}

func (w *work) handRow(v VisitRow) (HandRow, error) {
	h := HandRow{QueueRow: QueueRow{VisitRow: v}}
	_, p, err := detailsOf(w, v.Patient)
	if err != nil || p == nil {
		return h, err
	}
	h.Name, h.Birth, h.BirthTime, h.Sex = p.Name, p.Birth, p.BirthTime, p.Sex
	if h.Closed, err = w.desk.closed(w, w.by.ID, v.Patient); err != nil || h.Closed {
		h.Birth, h.BirthTime, h.Sex, h.Has = clinic.Date{Year: p.Birth.Year}, "", 0, 0
		return h, err
	}
	doc, err := w.readVisit(v.Patient, v.ID)
	if err != nil {
		return h, err
	}
	_, body, signed := doc.file.Prescribed()
	if body == nil {
		return h, nil
	}
	h.Code, h.Signed = body.Code, signed
	lines, _ := stock.Hand(body, doc.file.Handed)
	h.Lines = len(lines)
	for i := range lines {
		if lines[i].Left() > 0 {
			h.Open++
		}
		h.Begun = h.Begun || lines[i].Out > 0
	}
	return h, nil
}
