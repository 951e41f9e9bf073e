package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/starting"
	"clinicbox/internal/invent"
)

// deliver puts invented batches of medicines and vaccines on the shelf.
func (s *seeder) deliver(ctx context.Context, shelf []clinic.ReceivedLine) error {
	var lines []desk.ReceiveLine
	for _, l := range shelf {
		lines = append(lines, desk.ReceiveLine{
			Code: l.Goods.Code, Lot: l.Goods.Lot, Expiry: l.Goods.Expiry.String(), Quantity: clinic.FormatFixed(int(l.Quantity), 3), Price: strconv.Itoa(int(l.Price)),
		})
	}
	for i, row := range starting.Of(clinic.CatalogVaccine) {
		day := clinic.DateOf(s.clock.peek())
		lines = append(lines, desk.ReceiveLine{
			Catalog: row.Catalog, Code: row.Code, Lot: fmt.Sprintf("VX%03d", i+1), Expiry: clinic.MonthEnd(day.Year+1, 1+i%12).String(), Quantity: "60", Pack: "10",
		})
	}
	const most = 30 // lines of one form
	n := 0
	for some := range slices.Chunk(lines, most) {
		n++
		in := desk.ReceiveInput{Supplier: invent.Supplier, Paper: fmt.Sprintf("PX%02d", n), Lines: some}
		_, err := s.desk.Receive(ctx, s.call(clinic.RoleCashier), in)
		for _, e := range desk.ErrorsOf(err) { // the invented pharmacist looked at the box
			if e.Code.Asks() {
				in.Confirmed = append(in.Confirmed, e.Args["confirm"])
			}
		}
		if len(in.Confirmed) > 0 {
			_, err = s.desk.Receive(ctx, s.call(clinic.RoleCashier), in)
		}
		if err != nil {
			return fmt.Errorf("demo: stock: %w", err)
		}
	}
	return nil
}

// hand gives out what a visit's prescription says, as the page proposes it.
func (s *seeder) hand(ctx context.Context, on desk.On) error {
	v, err := s.desk.HandPage(ctx, s.team.of(clinic.RoleCashier).ID, on.Patient, on.Visit)
	if err != nil || !v.Signed {
		return err
	}
	in := desk.DispenseInput{Patient: on.Patient, Visit: on.Visit, Prescription: v.Prescription.Leaf()}
	for i := range v.Lines {
		for _, p := range v.Lines[i].Parts {
			if p.Propose > 0 {
				in.Lines = append(in.Lines, desk.DispenseLine{Goods: p.Goods, Quantity: clinic.FormatFixed(int(p.Propose), 3), Price: p.Price, Priced: true, Checked: true})
			}
		}
	}
	if len(in.Lines) == 0 {
		return nil
	}
	if _, err := s.desk.Dispense(ctx, s.call(clinic.RoleCashier), in); err != nil {
		return fmt.Errorf("demo: handing out: %w", err)
	}
	return nil
}
