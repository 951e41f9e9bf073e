package desk_test

import (
	"fmt"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestRecall: everybody who got something of a batch is on the list, once a visit, and
// nobody else; who reads it has looked at them.
func TestRecall(t *testing.T) {
	s := newShop(t)
	s.vaccines()
	ctx := t.Context()
	s.vaccine("AB 12", 20)
	on, rx := s.prescribed("Phạm Thị Uống")
	s.must(s.Dispense(ctx, call(s.cashier), desk.DispenseInput{Patient: on.Patient, Visit: on.Visit, Prescription: rx, Lines: []desk.DispenseLine{{Goods: s.para, Quantity: "10", Checked: true}}}))
	s.must(s.Return(ctx, call(s.cashier), desk.ReturnInput{Patient: on.Patient, Visit: on.Visit, Words: "thừa", Lines: []desk.ReturnLine{{Goods: s.para, Quantity: "4"}}}))
	off, rx := s.prescribed("Lê Thị Không Uống")
	s.must(s.Dispense(ctx, call(s.cashier), desk.DispenseInput{Patient: off.Patient, Visit: off.Visit, Prescription: rx, Lines: []desk.DispenseLine{{Goods: s.para, Quantity: "10", Checked: true}}}))
	s.must(s.Return(ctx, call(s.cashier), desk.ReturnInput{Patient: off.Patient, Visit: off.Visit, Words: "ghi nhầm", Mistake: true, Lines: []desk.ReturnLine{{Goods: s.para, Quantity: "10"}}}))
	list, err := s.Recall(ctx, s.nurse, " p1 ", clinic.Goods{})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].Patient != on.Patient || list.Rows[0].Out != 10_000 || list.Rows[0].Back != 4_000 || list.Rows[0].Name != "Phạm Thị Uống" || list.Rows[0].Visit != on.Visit {
		t.Fatalf("%+v %v", list, err)
	}
	for i := range 3 {
		s.must(s.Immunise(ctx, call(s.nurse), desk.ImmuniseInput{On: s.vaccineVisit(s.child(i, 3)), Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{pentavalent()}}))
	}
	child := oldPerson(2, "Lê Bé Mẫu", 2025, "034225000007")
	s.must(s.BringOld(ctx, call(s.admin), oldFile(clinic.OldPatients, child)))
	child.Dose = &clinic.OldDose{Vaccine: "DPTVGBHIB", Number: 1, Day: clinic.Date{Year: 2026, Month: 4}, Lot: "AB 12", Place: "TYT Khác"}
	s.must(s.BringOld(ctx, call(s.admin), oldFile(clinic.OldDoses, child)))
	list, err = s.Recall(ctx, s.nurse, "ab  12", clinic.Goods{Catalog: clinic.CatalogVaccine, Code: "DPTVGBHIB"})
	if err != nil || len(list.Rows) != 4 {
		t.Fatalf("%+v %v", list, err)
	}
	old := list.Rows[3]
	if old.Place != "TYT Khác" || old.Day != (clinic.Date{Year: 2026, Month: 4}) || !old.Visit.IsZero() || old.Out != 1000 || list.Rows[0].Out != 1000 || list.Rows[0].Unit != "liều" {
		t.Errorf("%+v", list.Rows)
	}
	for _, g := range []clinic.Goods{{Catalog: clinic.CatalogVaccine, Code: "BCG"}, {Code: "PARA"}} {
		if list, err := s.Recall(ctx, s.nurse, "AB 12", g); err != nil || len(list.Rows) != 0 {
			t.Errorf("of other goods: %+v %v", list.Rows, err)
		}
	}
	_, err = s.Recall(ctx, s.technician, "AB 12", clinic.Goods{})
	s.refused(err, desk.CodeNotAllowed, "")
	if err := s.Views().Flush(ctx); err != nil {
		t.Fatal(err)
	}
	looks, err := s.LooksAt(ctx, s.admin, old.Patient, desk.LookFilter{})
	if err != nil || len(looks.Rows) == 0 || looks.Rows[0].By != s.nurse {
		t.Errorf("%s", fmt.Sprint(looks.Rows, err))
	}
}
