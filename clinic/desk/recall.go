package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

// RecallRow is somebody who got something of a batch.
type RecallRow struct {
	Patient clinic.ID
	Visit   clinic.ID // zero: a vaccine that a paper shows
	Name    string
	Birth   clinic.Date
	Address string
	// Guardian is who is asked about a child.
	Guardian string
	Phone    string
	Closed   bool // the record is protected: the name and the year of birth, no more
	Goods    clinic.Goods
	Item     string // what it is
	Unit     string
	Day      clinic.Date // the latest on which they got it
	Out      clinic.Milli
	Back     clinic.Milli // brought back
	Place    string       // where, unless at this facility
}

// Recall is the list of those who got something of a batch: handed out, or given as a
// vaccine, at any box of the facility as far as its entries are here, or elsewhere.
type Recall struct {
	Lot  string
	Rows []RecallRow // the latest first
	Lost int         // entries of stock that can no longer be read: somebody may be missing
}

// Recall reads the list. What it shows of people is recorded as looks. A batch is what its
// number says; goods narrows it to one row of a catalogue when its Code is set.
func (d *Desk) Recall(ctx context.Context, by clinic.ID, lot string, goods clinic.Goods) (Recall, error) {
	out := Recall{Lot: clinic.NormalLot(lot)}
	if out.Lot == "" {
		return out, nil
	}
	l := recaller{d: d, by: by, lot: out.Lot, goods: goods, of: map[recallKey]*RecallRow{}}
	var members []clinic.ID
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		var err error
		if out.Lost, err = r.StockLost(); err != nil {
			return err
		}
		if err := l.shelves(r); err != nil {
			return err
		}
		if goods.Code == "" || goods.In() == clinic.CatalogVaccine {
			members, err = r.Members(clinic.KindImmunised)
		}
		return err
	})
	for some := range slices.Chunk(members, 50) { // a snapshot is held for a moment only
		if err == nil {
			err = d.view(ctx, func(r Reader) error { return l.vaccinated(r, some) })
		}
	}
	if err == nil {
		err = d.view(ctx, func(r Reader) error { return l.names(r, &out) })
	}
	if err != nil {
		return Recall{}, err
	}
	var looks []look
	for i := range out.Rows {
		looks = append(looks, look{by: by, patient: out.Rows[i].Patient, visit: out.Rows[i].Visit, audit: out.Rows[i].Closed})
	}
	d.views.hold(ctx, looks...)
	return out, nil
}

type recallKey struct {
	patient, visit clinic.ID
	catalog, code  string
	day            int // of a vaccine outside visits
}

type recaller struct {
	d     *Desk
	by    clinic.ID
	lot   string
	goods clinic.Goods
	of    map[recallKey]*RecallRow
}

// row returns the line of somebody and some goods.
func (l *recaller) row(patient, visit clinic.ID, g clinic.Goods, day clinic.Date) *RecallRow {
	key := recallKey{patient: patient, visit: visit, catalog: g.In(), code: strings.ToLower(g.Code)}
	if visit.IsZero() {
		key.day = day.Int()
	}
	x := l.of[key]
	if x == nil {
		x = &RecallRow{Patient: patient, Visit: visit, Goods: g}
		l.of[key] = x
	}
	if x.Day.Before(day) {
		x.Day = day
	}
	return x
}

// shelves reads what left the shelves of the facility's boxes.
func (l *recaller) shelves(r Reader) error {
	today := l.d.today()
	f := l.d.o.Site.Facility
	for _, book := range "0123456789abcdefghijklmnopqrstuvwxyz" { // a box's book is one of these
		f.Book = string(book)
		sheets, err := r.Stock(StockQuery{Site: clinic.StockSite(f), Catalog: l.goods.Catalog, Code: l.goods.Code, From: today, To: today})
		if err != nil {
			return err
		}
		for i := range sheets {
			if sheets[i].Batch.Lot != l.lot {
				continue
			}
			if err := l.batch(r, sheets[i].Batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *recaller) batch(r Reader, b clinic.Batch) error {
	records, err := r.StockRecords(b)
	for i := range records {
		rec := &records[i]
		mistake := false
		if back, ok := rec.Body.(*clinic.Returned); ok {
			mistake = back.Mistake
		}
		for _, m := range stock.Moves(rec) {
			if m.Batch != b {
				continue
			}
			switch {
			case m.What == stock.Out:
				l.row(rec.Subject, rec.Visit, b.Goods, m.Day).Out += m.Quantity
			case m.What != stock.Back && m.What != stock.Waste:
			case mistake:
				l.row(rec.Subject, rec.Visit, b.Goods, clinic.Date{}).Out -= m.Quantity
			default:
				l.row(rec.Subject, rec.Visit, b.Goods, clinic.Date{}).Back += m.Quantity
			}
		}
	}
	return err
}

// vaccinated reads the vaccines of people: also those that no shelf of ours had.
func (l *recaller) vaccinated(r Reader, ids []clinic.ID) error {
	for _, id := range ids {
		had, err := l.d.doses.of(r, id)
		if err != nil {
			return err
		}
		for _, g := range had.given {
			x := g.Dose
			if clinic.NormalLot(x.Batch) != l.lot || l.goods.Code != "" && !strings.EqualFold(l.goods.Code, x.Vaccine) {
				continue
			}
			lead := had.ids[0]
			if !g.Visit.IsZero() { // the visit stands under the ID that it was opened for
				if v, ok, err := r.Visit(g.Visit); err != nil {
					return err
				} else if ok {
					lead = v.Patient
				}
			}
			row := l.row(lead, g.Visit, clinic.Goods{Catalog: clinic.CatalogVaccine, Code: x.Vaccine, Lot: l.lot, Expiry: x.Expiry}, g.Day)
			row.Out, row.Place = max(row.Out, 1000), g.Place
		}
	}
	return nil
}

// names says who they are, as lists do.
func (l *recaller) names(r Reader, out *Recall) error {
	for _, x := range l.of {
		if x.Out <= 0 {
			continue // it was written by mistake
		}
		_, p, err := detailsOf(r, x.Patient)
		if err != nil {
			return err
		}
		if x.Closed, err = l.d.closed(r, l.by, x.Patient); err != nil {
			return err
		}
		if p != nil {
			x.Name, x.Birth = p.Name, p.Birth
		}
		if x.Closed { // that they are on the list is all that it says
			out.Rows = append(out.Rows, RecallRow{Patient: x.Patient, Visit: x.Visit, Name: x.Name, Birth: clinic.Date{Year: x.Birth.Year}, Closed: true})
			continue
		}
		if p != nil {
			x.Address, x.Phone, x.Guardian = p.Address, p.Phone, p.Guardian
		}
		row := row(r, x.Goods, x.Day)
		x.Item, x.Unit = named(row), row.Unit
		out.Rows = append(out.Rows, *x)
	}
	slices.SortFunc(out.Rows, func(a, b RecallRow) int {
		return cmp.Or(b.Day.Int()-a.Day.Int(), strings.Compare(a.Name, b.Name), slices.Compare(a.Patient[:], b.Patient[:]), strings.Compare(a.Goods.Code, b.Goods.Code))
	})
	return nil
}
