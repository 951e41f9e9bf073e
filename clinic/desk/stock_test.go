package desk_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/stock"
)

// shop is a station with amoxicillin and paracetamol on its shelf.
type shop struct {
	*station
	old, fresh, para clinic.Goods
}

func newShop(t *testing.T) *shop {
	s := &shop{station: newStation(t)}
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	for _, row := range []clinic.CatalogRow{
		{Catalog: clinic.CatalogSupply, Code: "GAC", Name: "Gạc vô khuẩn", Unit: "miếng"},
		{Catalog: clinic.CatalogDepartment, Code: "KB", Name: "Khám bệnh"},
		{Catalog: clinic.CatalogMedicine, Code: "ORS", Name: "Oresol", Unit: "gói", Minimum: 20},
	} {
		row.From = from
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row})
	}
	s.receive(desk.ReceiveLine{Code: "AMOX", Lot: "b2", Expiry: "06/2028", Quantity: "2", Packs: true, Pack: "100", Price: "900"})
	s.receive(desk.ReceiveLine{Code: "AMOX", Lot: "A1", Expiry: "06/2027", Quantity: "10", Price: "950", GTIN: "08930000000125"})
	s.receive(desk.ReceiveLine{Code: "PARA", Lot: "P1", Expiry: "06/2027", Quantity: "100", Label: true})
	s.receive(desk.ReceiveLine{Catalog: clinic.CatalogSupply, Code: "GAC", Quantity: "50"})
	june := func(y int) clinic.Date { return clinic.Date{Year: y, Month: 6, Day: 30} }
	s.old, s.fresh, s.para = clinic.Goods{Code: "AMOX", Lot: "A1", Expiry: june(2027)}, clinic.Goods{Code: "AMOX", Lot: "B2", Expiry: june(2028)}, clinic.Goods{Code: "PARA", Lot: "P1", Expiry: june(2027)}
	return s
}

func (s *shop) receive(lines ...desk.ReceiveLine) {
	s.Helper()
	s.must(s.Receive(s.Context(), call(s.cashier), desk.ReceiveInput{Supplier: "Công ty Dược Mẫu", Paper: "PX" + lines[0].Lot, Lines: lines}))
}

// booked is what the list says of a batch.
func (s *shop) booked(g clinic.Goods) clinic.Milli {
	s.Helper()
	v := s.stock()
	for _, it := range v.Items {
		for _, b := range it.Batches {
			if b.Batch.Goods == g {
				return b.Booked
			}
		}
	}
	return 0
}

func (s *shop) stock() desk.StockView {
	s.Helper()
	v, err := s.StockPage(s.Context(), s.nurse, clinic.Date{}, clinic.Date{})
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// prescribed opens a visit with a signed prescription of 15 amoxicillin and 10 paracetamol.
func (s *shop) prescribed(name string) (desk.On, clinic.Leaf) {
	s.Helper()
	on := s.open(s.register(name))
	s.must(s.SetAllergies(s.Context(), call(s.nurse), desk.AllergiesInput{Patient: on.Patient, Asked: true}))
	s.exam(on, "ho")
	s.diagnose(on)
	d := s.must(s.Prescribe(s.Context(), call(s.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{
		{Medicine: "AMOX", Dose: "1", Times: "3", Days: "5"}, {Medicine: "PARA", Dose: "1", Times: "2", Days: "5"},
	}}))
	s.sign(on)
	return on, d.Records[0].Leaf
}

func (s *shop) hand(on desk.On, rx clinic.Leaf, lines ...desk.DispenseLine) error {
	s.Helper()
	_, err := s.Dispense(s.Context(), call(s.cashier), desk.DispenseInput{Patient: on.Patient, Visit: on.Visit, Prescription: rx, Lines: lines})
	return err
}

func of(g clinic.Goods, q string) desk.DispenseLine {
	return desk.DispenseLine{Goods: g, Quantity: q, Checked: true}
}

// The story of a prescription: proposed first expiry first, handed out in two steps,
// brought back in part, and the list says what each left.
func TestDispense(t *testing.T) {
	s := newShop(t)
	on, rx := s.prescribed("Nguyễn Thị Mẫu")
	v, err := s.HandPage(t.Context(), s.cashier, on.Patient, on.Visit)
	if err != nil || !v.Signed || len(v.Lines) != 2 {
		t.Fatalf("%+v, %v", v.Lines, err)
	}
	a := v.Lines[0]
	if len(a.Parts) != 2 || a.Parts[0].Goods != s.old || a.Parts[0].Propose != 10_000 || a.Parts[1].Propose != 5_000 || a.Parts[1].Pack != 100 || a.Short != 0 {
		t.Fatalf("%+v", a)
	}
	if list, err := s.HandList(t.Context(), s.cashier); err != nil || len(list) != 1 || !list[0].Signed || list[0].Open != 2 || list[0].Begun {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := s.hand(on, rx, of(s.old, "10"), of(s.fresh, "2")); err != nil {
		t.Fatal(err)
	}
	if list, _ := s.HandList(t.Context(), s.cashier); list[0].Open != 2 || !list[0].Begun || list[0].Done() {
		t.Fatalf("partly: %+v", list)
	}
	if err := s.hand(on, rx, of(s.fresh, "3"), of(s.para, "10")); err != nil {
		t.Fatal(err)
	}
	if list, _ := s.HandList(t.Context(), s.cashier); !list[0].Done() {
		t.Fatalf("whole: %+v", list)
	}
	if s.booked(s.old) != 0 || s.booked(s.fresh) != 195_000 || s.booked(s.para) != 90_000 {
		t.Fatalf("%v %v %v", s.booked(s.old), s.booked(s.fresh), s.booked(s.para))
	}
	back := func(l desk.ReturnLine, mistake bool) error {
		_, err := s.Return(t.Context(), call(s.nurse), desk.ReturnInput{Patient: on.Patient, Visit: on.Visit, Words: "nổi mẩn", Mistake: mistake, Lines: []desk.ReturnLine{l}})
		return err
	}
	s.refused(back(desk.ReturnLine{Goods: s.old, Quantity: "11"}, false), desk.CodeReturnMore, "lines.0.quantity")
	if err := back(desk.ReturnLine{Goods: s.old, Quantity: "4", Waste: true}, false); err != nil {
		t.Fatal(err)
	}
	if err := back(desk.ReturnLine{Goods: s.fresh, Quantity: "1"}, true); err != nil {
		t.Fatal(err)
	}
	if s.booked(s.old) != 0 || s.booked(s.fresh) != 196_000 {
		t.Fatal("what came back")
	}
	v, _ = s.HandPage(t.Context(), s.cashier, on.Patient, on.Visit)
	if v.Lines[0].Left() != 1_000 || v.Lines[0].Back != 4_000 || len(v.Took) != 3 || v.Took[0].Quantity != 6_000 {
		t.Fatalf("%+v %+v", v.Lines[0], v.Took)
	}
	card, err := s.BatchPage(t.Context(), s.nurse, s.fresh)
	if err != nil || len(card.Postings) != 4 || card.Postings[0].Booked != 196_000 || card.Receipt.Price != 900 || !card.Postings[1].Record.Subject.IsZero() {
		t.Fatalf("%+v, %v", card, err)
	}
}

// Everything that handing out refuses, with nothing written.
func TestDispenseIsChecked(t *testing.T) {
	s := newShop(t)
	on, rx := s.prescribed("A")
	n := s.store.Len()
	expired := clinic.Goods{Code: "AMOX", Lot: "OLD", Expiry: clinic.Date{Year: 2026, Month: 10, Day: 31}}
	gauze := clinic.Goods{Catalog: clinic.CatalogSupply, Code: "GAC"}
	later := of(s.fresh, "5")
	later.Checked = false
	for i, c := range []struct {
		err   error
		code  desk.Code
		field string
	}{
		{s.hand(on, rx), desk.CodeNothing, "lines"},
		{s.hand(on, rx, of(s.old, "")), desk.CodeNothing, "lines"},
		{s.hand(on, rx, of(s.old, "-1")), desk.CodeValue, "lines.0.quantity"},
		{s.hand(on, rx, of(s.old, "1.500")), desk.CodeValue, "lines.0.quantity"},
		{s.hand(on, rx, of(s.old, "11")), desk.CodeStockShort, "lines.0.quantity"},
		{s.hand(on, rx, of(s.old, "5"), of(s.old, "5")), desk.CodeStockTwice, "lines.1.quantity"},
		{s.hand(on, rx, of(s.old, "10"), of(s.fresh, "6")), desk.CodeDispenseMore, "lines.1.quantity"},
		{s.hand(on, rx, of(expired, "1")), desk.CodeStockExpired, "lines.0.quantity"},
		{s.hand(on, rx, of(s.fresh, "5")), desk.CodeStockEarlier, "lines.0.quantity"},
		{s.hand(on, rx, of(s.old, "10"), later), desk.CodeStockUnchecked, "lines.1.checked"},
		{s.hand(on, rx, of(gauze, "1")), desk.CodeDispenseOther, "lines.0.quantity"},
		{s.hand(on, clinic.Leaf{}, of(s.old, "1")), desk.CodeStockNone, "lines.0.quantity"},
		{s.hand(on, clinic.Leaf{9}, of(s.old, "1")), desk.CodeDispenseChanged, ""},
		{s.hand(desk.On{Patient: on.Patient, Visit: clinic.ID{9}}, rx, of(s.old, "1")), desk.CodeNoVisit, ""},
	} {
		t.Log(i)
		s.refused(c.err, c.code, c.field)
	}
	_, err := s.Dispense(t.Context(), call(s.admin), desk.DispenseInput{Patient: on.Patient, Visit: on.Visit, Prescription: rx})
	s.refused(err, desk.CodeNotAllowed, "")
	if s.store.Len() != n {
		t.Fatal("a refused form was written")
	}
	e := s.refused(s.hand(on, rx, of(s.fresh, "5")), desk.CodeStockEarlier, "")
	in := desk.DispenseInput{Patient: on.Patient, Visit: on.Visit, Prescription: rx, Lines: []desk.DispenseLine{of(s.fresh, "5")}, Confirmed: []string{e.Args["confirm"]}}
	s.must(s.Dispense(t.Context(), call(s.cashier), in))
	// The doctor changes the prescription: what is handed out goes by the new one, once signed.
	s.must(s.Prescribe(t.Context(), call(s.doctor), desk.PrescriptionInput{On: why(s.base(on, clinic.KindPrescribe)), Lines: []desk.DrugInput{{Medicine: "AMOX", Dose: "1", Times: "2", Days: "5"}}}))
	s.refused(s.hand(on, rx, of(s.old, "1")), desk.CodeDispenseChanged, "")
	now := s.doc(on, clinic.KindPrescribe).Leaf()
	s.refused(s.hand(on, now, of(s.old, "1")), desk.CodeDispenseUnsigned, "")
	s.sign(on)
	s.refused(s.hand(on, now, of(s.old, "6")), desk.CodeDispenseMore, "") // 5 of 10 are out
	if err := s.hand(on, now, of(s.old, "5")); err != nil {
		t.Fatal(err)
	}
	other := s.open(s.register("B"))
	s.refused(s.hand(other, rx, of(s.old, "1")), desk.CodeDispenseNone, "")
	// Supplies go without a prescription, and to nobody whose visit has ended.
	if err := s.hand(other, clinic.Leaf{}, of(gauze, "2")); err != nil {
		t.Fatal(err)
	}
	if s.booked(gauze) != 48_000 {
		t.Error(s.booked(gauze))
	}
}

func why(on desk.On) desk.On { on.Why = "đổi thuốc"; return on }

// The same form twice hands out once; two tablets cannot take the same tablets.
func TestTwoTablets(t *testing.T) {
	s := newShop(t)
	one, rx1 := s.prescribed("A")
	two, rx2 := s.prescribed("B")
	c := call(s.cashier)
	in := desk.DispenseInput{Patient: one.Patient, Visit: one.Visit, Prescription: rx1, Lines: []desk.DispenseLine{of(s.old, "8")}}
	s.must(s.Dispense(t.Context(), c, in))
	if again := s.must(s.Dispense(t.Context(), c, in)); !again.Again {
		t.Fatal("the same form handed out twice")
	}
	e := s.refused(s.hand(two, rx2, of(s.old, "3")), desk.CodeStockShort, "lines.0.quantity")
	if e.Args["booked"] != "2" || e.Args["lot"] != "A1" {
		t.Fatal(e.Args)
	}
	// A count on one tablet while the other hands out: the count is of when it began.
	page := s.stock()
	if err := s.hand(two, rx2, of(s.old, "2"), of(s.para, "10")); err != nil {
		t.Fatal(err)
	}
	count := func(at uint64, g clinic.Goods, booked clinic.Milli, found string, confirmed ...string) error {
		_, err := s.Count(t.Context(), call(s.nurse), desk.CountInput{At: at, Lines: []desk.CountLine{{Goods: g, Booked: booked, Found: found}, {Goods: s.fresh}}, Confirmed: confirmed})
		return err
	}
	if err := count(page.At, s.para, 100_000, "97"); err != nil {
		t.Fatal(err)
	}
	if s.booked(s.para) != 87_000 {
		t.Fatalf("97 when counting began, less 10 since: %v", s.booked(s.para))
	}
	// Counted in boxes instead of tablets: asked first.
	e = s.refused(count(s.stock().At, s.fresh, 200_000, "2"), desk.CodeCountFar, "lines.0.found")
	if err := count(s.stock().At, s.fresh, 200_000, "2", e.Args["confirm"]); err != nil {
		t.Fatal(err)
	}
	s.refused(count(0, s.para, 0, "1"), desk.CodeFormStale, "")
	s.refused(count(s.stock().At+1<<40, s.para, 0, "1"), desk.CodeFormStale, "")
	s.refused(count(s.stock().At, s.para, 0, "-1"), desk.CodeValue, "lines.0.found")
	s.refused(count(s.stock().At, s.para, 0, ""), desk.CodeNothing, "")
	s.clock.Add(25 * time.Hour)
	s.refused(count(page.At, s.para, 0, "1"), desk.CodeCountOld, "")
}

// The same form twice is saved once, and says so; an old form that comes back with another
// amount is not told that it is saved.
func TestAnOldFormOfStock(t *testing.T) {
	s := newShop(t)
	on, rx := s.prescribed("A")
	if err := s.hand(on, rx, of(s.old, "8")); err != nil {
		t.Fatal(err)
	}
	at := s.stock().At
	for name, act := range map[string]func(c desk.Call, q string) (desk.Done, error){
		"receive": func(c desk.Call, q string) (desk.Done, error) {
			return s.Receive(t.Context(), c, desk.ReceiveInput{Paper: "PX8", Lines: []desk.ReceiveLine{{Code: "para", Lot: " c 3", Expiry: "06/2028", Quantity: q, Packs: true, Pack: "10"}, {}}})
		},
		"count": func(c desk.Call, q string) (desk.Done, error) {
			return s.Count(t.Context(), c, desk.CountInput{At: at, Lines: []desk.CountLine{{Goods: s.old, Booked: 2_000, Found: q}, {Goods: s.fresh, Found: " "}}})
		},
		"count of none": func(c desk.Call, q string) (desk.Done, error) {
			return s.Count(t.Context(), c, desk.CountInput{At: at, Lines: []desk.CountLine{{Goods: s.old, Booked: 2_000, Found: map[string]string{"1": "0"}[q]}, {Goods: s.para, Booked: 100_000, Found: "99"}}})
		},
		"adjust": func(c desk.Call, q string) (desk.Done, error) {
			return s.Adjust(t.Context(), c, desk.AdjustInput{Reason: clinic.AdjustBroken, Words: "rơi", Lines: []desk.AdjustLine{{Goods: s.fresh, Quantity: q}, {Goods: s.old}}})
		},
		"send": func(c desk.Call, q string) (desk.Done, error) {
			return s.Send(t.Context(), c, desk.SendInput{To: "Bãi Mẫu", Lines: []desk.AdjustLine{{Goods: s.old}, {Goods: s.fresh, Quantity: q}}})
		},
		"requisition": func(c desk.Call, q string) (desk.Done, error) {
			return s.Requisition(t.Context(), c, desk.RequisitionInput{To: "Trung tâm", Lines: []desk.RequisitionLine{{Code: "PARA"}, {Code: "ORS", Quantity: q}}})
		},
		"return": func(c desk.Call, q string) (desk.Done, error) {
			return s.Return(t.Context(), c, desk.ReturnInput{Patient: on.Patient, Visit: on.Visit, Words: "thừa", Lines: []desk.ReturnLine{{Goods: s.old, Quantity: q}}})
		},
	} {
		t.Log(name)
		c := call(s.cashier)
		if s.must(act(c, "1")).Again || !s.must(act(c, "1")).Again {
			t.Error("the same form is not known again")
		}
		n := s.store.Len()
		_, err := act(c, "2")
		s.refused(err, desk.CodeFormStale, "")
		if s.store.Len() != n {
			t.Error("an old form was written")
		}
	}
	for _, m := range s.item("AMOX").Batches {
		if m.Batch.Goods == s.fresh && !m.Checked.IsZero() {
			t.Error("a blank was counted")
		}
	}
}

// Entries of another box that lead below zero are shown, and a count settles them.
func TestMergedEntriesBelowZero(t *testing.T) {
	s := newShop(t)
	on, _ := s.prescribed("A")
	body := &clinic.Dispensed{Site: "22736A", Lines: []clinic.DispensedLine{{Goods: s.old, Name: "Amoxicilin", Unit: "viên", Quantity: 14_000}}}
	if err := s.store.Receive(s.nurse, clinic.Draft{Kind: clinic.KindDispensed, Subject: on.Patient, Visit: on.Visit, Body: body}); err != nil {
		t.Fatal(err)
	}
	it := s.item("AMOX")
	if !it.Short || it.Batches[0].Booked != -4_000 {
		t.Fatalf("%+v", it)
	}
	_, err := s.Count(t.Context(), call(s.nurse), desk.CountInput{At: s.stock().At, Lines: []desk.CountLine{{Goods: s.old, Booked: -4_000, Found: "1"}}})
	if err != nil || s.item("AMOX").Short || s.booked(s.old) != 1_000 {
		t.Fatalf("%v %+v", err, s.item("AMOX"))
	}
}

func (s *shop) item(code string) desk.StockItem {
	s.Helper()
	for _, it := range s.stock().Items {
		if it.Row.Code == code {
			return it
		}
	}
	s.Fatal("not in the list")
	return desk.StockItem{}
}

// The visit keeps the price that it showed.
func TestPriceInTheMiddleOfAVisit(t *testing.T) {
	s := newShop(t)
	on, rx := s.prescribed("A")
	shown := of(s.old, "5")
	shown.Price, shown.Priced = 1000, true
	change := func(p clinic.Dong) {
		row := clinic.CatalogRow{Catalog: clinic.CatalogMedicine, Code: "AMOX", Name: "Amoxicilin", Unit: "viên", Strength: "500 mg", ATC: "J01CA04", Price: p, From: clinic.Date{Year: 2026, Month: 1, Day: 1}}
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row})
	}
	change(1500)
	wrong := shown
	wrong.Price = 7
	e := s.refused(s.hand(on, rx, wrong), desk.CodeDispensePrice, "lines.0.quantity")
	if e.Args["price"] != "1.500 đ" {
		t.Fatal(e.Args)
	}
	if err := s.hand(on, rx, shown); err != nil {
		t.Fatal(err)
	}
	change(1700)
	if err := s.hand(on, rx, of(s.old, "5")); err != nil {
		t.Fatal(err)
	}
	v, _ := s.HandPage(t.Context(), s.cashier, on.Patient, on.Visit)
	for _, r := range v.Rows {
		if p := r.Body.(*clinic.Dispensed).Lines[0].Price; p != 1000 {
			t.Errorf("a line costs %v", p)
		}
	}
	d := s.must(s.Bill(t.Context(), call(s.cashier), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "AMOX", Quantity: "10"}}}))
	if sum := d.Records[0].Body.(*clinic.Bill).Total(); sum != 10_000 {
		t.Errorf("the bill asks for %v", sum)
	}
}

func TestReceiveIsChecked(t *testing.T) {
	s := newShop(t)
	n := s.store.Len()
	good := desk.ReceiveLine{Code: "AMOX", Lot: "C3", Expiry: "01/2029", Quantity: "1", Packs: true, Pack: "100", Price: "900"}
	try := func(paper string, confirmed []string, lines ...desk.ReceiveLine) error {
		_, err := s.Receive(t.Context(), call(s.cashier), desk.ReceiveInput{Supplier: "Công ty Dược Mẫu", Paper: paper, Lines: lines, Confirmed: confirmed})
		return err
	}
	with := func(f func(*desk.ReceiveLine)) desk.ReceiveLine { l := good; f(&l); return l }
	for i, c := range []struct {
		line  desk.ReceiveLine
		code  desk.Code
		field string
	}{
		{desk.ReceiveLine{}, desk.CodeNothing, "lines"},
		{with(func(l *desk.ReceiveLine) { l.Code = "?" }), desk.CodeStockNone, "lines.0.code"},
		{with(func(l *desk.ReceiveLine) { l.Catalog = "icd10"; l.Code = "I10" }), desk.CodeStockNone, "lines.0.code"},
		{with(func(l *desk.ReceiveLine) { l.Quantity = "-1" }), desk.CodeValue, "lines.0.quantity"},
		{with(func(l *desk.ReceiveLine) { l.Quantity = "" }), desk.CodeRequired, "lines.0.quantity"},
		{with(func(l *desk.ReceiveLine) { l.Quantity = "999999" }), desk.CodeStockRange, "lines.0.quantity"},
		{with(func(l *desk.ReceiveLine) { l.Pack = "" }), desk.CodeRequired, "lines.0.pack"},
		{with(func(l *desk.ReceiveLine) { l.Pack = "0" }), desk.CodeStockRange, "lines.0.pack"},
		{with(func(l *desk.ReceiveLine) { l.Lot = "" }), desk.CodeRequired, "lines.0.lot"},
		{with(func(l *desk.ReceiveLine) { l.Expiry = "" }), desk.CodeRequired, "lines.0.expiry"},
		{with(func(l *desk.ReceiveLine) { l.Expiry = "31/02/2029" }), desk.CodeValue, "lines.0.expiry"},
		{with(func(l *desk.ReceiveLine) { l.Expiry = "10/2026" }), desk.CodeStockExpired, "lines.0.expiry"},
		{with(func(l *desk.ReceiveLine) { l.Price = "9,5" }), desk.CodeValue, "lines.0.price"},
		// Asked, not refused.
		{with(func(l *desk.ReceiveLine) { l.Expiry = "12/2026" }), desk.CodeStockNear, "lines.0.expiry"},
		{with(func(l *desk.ReceiveLine) { l.Price = "90000" }), desk.CodeStockPrice, "lines.0.price"}, // of the box
		{with(func(l *desk.ReceiveLine) { l.Lot = " a1" }), desk.CodeStockLot, "lines.0.expiry"},
		{with(func(l *desk.ReceiveLine) { l.Sent = "90" }), desk.CodeStockDiffers, "lines.0.quantity"},
	} {
		t.Log(i)
		s.refused(try("PX9", nil, c.line), c.code, c.field)
	}
	s.refused(try("PX9", nil, good, good), desk.CodeStockAgain, "lines.1.lot")
	_, err := s.Receive(t.Context(), call(s.nurse), desk.ReceiveInput{Lines: []desk.ReceiveLine{good}})
	s.refused(err, desk.CodeNotAllowed, "")
	if s.store.Len() != n {
		t.Fatal("a refused form was written")
	}
	if err := try("PX9", nil, good); err != nil {
		t.Fatal(err)
	}
	e := s.refused(try("PX9", nil, good), desk.CodeStockAgain, "lines.0.lot") // the paper is typed in a second time
	if e.Args["quantity"] != "100" {
		t.Fatal(e.Args)
	}
	if err := try("PX9", []string{e.Args["confirm"]}, good); err != nil {
		t.Fatal(err)
	}
	june := clinic.Goods{Code: "AMOX", Lot: "C3", Expiry: clinic.Date{Year: 2029, Month: 1, Day: 31}}
	if s.booked(june) != 200_000 {
		t.Errorf("%v", s.booked(june))
	}
}

func TestAdjustAndDepartments(t *testing.T) {
	s := newShop(t)
	adjust := func(by clinic.ID, in desk.AdjustInput) error {
		_, err := s.Adjust(t.Context(), call(by), in)
		return err
	}
	line := func(g clinic.Goods, q string) []desk.AdjustLine { return []desk.AdjustLine{{Goods: g, Quantity: q}} }
	for i, c := range []struct {
		in    desk.AdjustInput
		code  desk.Code
		field string
	}{
		{desk.AdjustInput{Lines: line(s.old, "1")}, desk.CodeRequired, "reason"},
		{desk.AdjustInput{Reason: clinic.AdjustSent, Words: "x", Lines: line(s.old, "1")}, desk.CodeRequired, "reason"},
		{desk.AdjustInput{Reason: clinic.AdjustBroken, Lines: line(s.old, "1")}, desk.CodeRequired, "words"},
		{desk.AdjustInput{Reason: clinic.AdjustBroken, Words: "rơi"}, desk.CodeNothing, "lines"},
		{desk.AdjustInput{Reason: clinic.AdjustBroken, Words: "rơi", Lines: line(s.old, "10,5")}, desk.CodeStockShort, "lines.0.quantity"},
		{desk.AdjustInput{Reason: clinic.AdjustFound, Words: "x", Lines: line(clinic.Goods{Code: "NEVER"}, "1")}, desk.CodeStockNone, "lines.0.quantity"},
		{desk.AdjustInput{Reason: clinic.AdjustUsed, Department: "?", Lines: line(s.old, "1")}, desk.CodeRequired, "department"},
	} {
		t.Log(i)
		s.refused(adjust(s.cashier, c.in), c.code, c.field)
	}
	s.refused(adjust(s.nurse, desk.AdjustInput{Reason: clinic.AdjustBroken, Words: "rơi", Lines: line(s.old, "1")}), desk.CodeNotAllowed, "")
	for _, err := range []error{
		adjust(s.cashier, desk.AdjustInput{Reason: clinic.AdjustBroken, Words: "rơi", Lines: line(s.old, "1,5")}),
		adjust(s.cashier, desk.AdjustInput{Reason: clinic.AdjustFound, Words: "sau tủ", Lines: line(s.old, "0,5")}),
		adjust(s.nurse, desk.AdjustInput{Reason: clinic.AdjustUsed, Department: "KB", Lines: line(s.old, "2")}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	it := s.item("AMOX")
	if s.booked(s.old) != 7_000 || it.Sum.Spoilt != 1_500 || it.Sum.Found != 500 || it.Sum.Used != 2_000 || it.Level.Usage != 2_000 {
		t.Fatalf("%+v", it.Sum)
	}
}

// Goods go to another site with a paper; what arrives is confirmed there, and what is
// missing is asked about. The other site has no link: it reads the paper.
func TestTransfer(t *testing.T) {
	s := newShop(t)
	_, err := s.Send(t.Context(), call(s.cashier), desk.SendInput{To: "Điểm trạm Bãi Mẫu", Lines: []desk.AdjustLine{{Goods: s.fresh, Quantity: "201"}}})
	s.refused(err, desk.CodeStockShort, "lines.0.quantity")
	d := s.must(s.Send(t.Context(), call(s.cashier), desk.SendInput{To: "Điểm trạm Bãi Mẫu", Lines: []desk.AdjustLine{{Goods: s.fresh, Quantity: "50"}}}))
	out := d.Records[0].Body.(*clinic.Adjusted)
	if out.Code == "" || s.booked(s.fresh) != 150_000 || out.Lines[0].Price != 900 || out.Lines[0].Pack != 100 {
		t.Fatalf("%+v", out)
	}
	for copy := 1; copy <= 2; copy++ {
		s.must(s.PrintStockPaper(t.Context(), call(s.cashier), out.Code))
		if doc := s.papers.Docs[len(s.papers.Docs)-1]; doc.Form != "transfer" || (copy > 1) != (doc.Blocks[0].Text == "BẢN IN LẠI") {
			t.Fatalf("%+v", doc.Blocks[0])
		}
	}
	list, err := s.StockPapers(t.Context(), s.nurse, clinic.KindAdjusted)
	if err != nil || len(list) != 1 || list[0].Copies != 2 || list[0].Arrived != nil {
		t.Fatalf("%+v, %v", list, err)
	}
	scan, err := clinic.ParseGoodsQR(clinic.GoodsQR(out.Code, out.Lines)[0])
	if err != nil {
		t.Fatal(err)
	}
	there := newShop(t) // a box that never heard of the transfer
	there.scans["paper"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: scan}
	found, err := there.ScanGoods(t.Context(), there.cashier, []byte("paper"))
	if err != nil || found.Sent == nil || found.Sent.Lines[0].Quantity != 50_000 {
		t.Fatalf("%+v, %v", found, err)
	}
	in := desk.ReceiveInput{From: found.Sent.Code, Lines: []desk.ReceiveLine{{Code: "AMOX", Lot: "B2", Expiry: "30/06/2028", Quantity: "48", Sent: "50", Price: "900"}}}
	_, err = there.Receive(t.Context(), call(there.cashier), in)
	e := there.refused(err, desk.CodeStockDiffers, "lines.0.quantity")
	in.Confirmed = []string{e.Args["confirm"]}
	there.must(there.Receive(t.Context(), call(there.cashier), in))
	_, err = there.Receive(t.Context(), call(there.cashier), in)
	there.refused(err, desk.CodeStockAgain, "") // the same paper again
	if there.booked(s.fresh) != 248_000 || there.item("AMOX").Sum.MovedIn != 48_000 {
		t.Fatalf("%v", there.booked(s.fresh))
	}
	in.From = "X22736A00001?"
	_, err = there.Receive(t.Context(), call(there.cashier), in)
	there.refused(err, desk.CodeTransferCode, "from")
	s.scans["known"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{Transfer: out.Code}}
	if found, err := s.ScanGoods(t.Context(), s.cashier, []byte("known")); err != nil || found.Sent.To != out.To {
		t.Fatalf("%+v, %v", found, err)
	}
}

func TestRequisitionAndLevels(t *testing.T) {
	s := newShop(t)
	on, rx := s.prescribed("A")
	if err := s.hand(on, rx, of(s.para, "10")); err != nil {
		t.Fatal(err)
	}
	it := s.item("ORS")
	if !it.Level.Out() || it.Level.Propose != 20_000 || len(it.Batches) != 0 {
		t.Fatalf("never there, and must be: %+v", it)
	}
	d := s.must(s.Requisition(t.Context(), call(s.doctor), desk.RequisitionInput{To: "Trung tâm Y tế khu vực", Lines: []desk.RequisitionLine{{Code: "ORS", Quantity: "20"}, {Code: "PARA"}, {Code: "PARA", Quantity: "7"}}}))
	q := d.Records[0].Body.(*clinic.Requisition)
	if len(q.Lines) != 2 || q.Lines[1].Used != 10_000 || q.Lines[1].Booked != 90_000 || q.Code == "" {
		t.Fatalf("%+v", q)
	}
	s.must(s.PrintStockPaper(t.Context(), call(s.doctor), q.Code))
	if list, err := s.StockPapers(t.Context(), s.nurse, clinic.KindRequisition); err != nil || len(list) != 1 || list[0].Copies != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, in := range []desk.RequisitionInput{{To: "x"}, {Lines: []desk.RequisitionLine{{Code: "ORS", Quantity: "1"}}}, {To: "x", Lines: []desk.RequisitionLine{{Code: "?", Quantity: "1"}}}} {
		if _, err := s.Requisition(t.Context(), call(s.doctor), in); desk.ErrorsOf(err) == nil {
			t.Errorf("%+v is taken", in)
		}
	}
	s.clock.Add(200 * 24 * time.Hour) // May 2027
	near := s.item("AMOX")
	if !near.Near || near.Expired {
		t.Errorf("%+v", near)
	}
	s.clock.Add(90 * 24 * time.Hour)
	if it := s.item("AMOX"); !it.Expired || it.Level.Usable != 200_000 {
		t.Errorf("%+v", it)
	}
}

func TestScanGoods(t *testing.T) {
	s := newShop(t)
	s.scans["box"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{GTIN: "08930000000125", Lot: "A1", Expiry: s.old.Expiry}}
	s.scans["other lot"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{GTIN: "08930000000125", Lot: "ZZ"}}
	s.scans["card"] = clinic.Scan{Kind: clinic.ScanNumber}
	label := ""
	card, err := s.BatchPage(t.Context(), s.cashier, s.para)
	if err == nil {
		label = card.Receipt.Label
	}
	s.scans["label"] = clinic.Scan{Kind: clinic.ScanGoods, Goods: &clinic.GoodsScan{Label: label}}
	for raw, want := range map[string]clinic.Goods{"box": s.old, "label": s.para} {
		got, err := s.ScanGoods(t.Context(), s.nurse, []byte(raw))
		if err != nil || len(got.Batches) != 1 || got.Batches[0] != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	got, err := s.ScanGoods(t.Context(), s.nurse, []byte("other lot"))
	if err != nil || len(got.Batches) != 0 || len(got.Rows) != 1 || got.Rows[0].Code != "AMOX" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.ScanGoods(t.Context(), s.nurse, []byte("card"))
	s.refused(err, desk.CodeScanNotGoods, "")
	_, err = s.FromScan(t.Context(), s.nurse, []byte("box"))
	s.refused(err, desk.CodeScanGoods, "")
	if err := s.PrintLabels(t.Context(), call(s.cashier), s.para, 3); err != nil || !strings.HasPrefix(s.papers.Docs[0].Blocks[2].Text, "K22736A") {
		t.Errorf("%v", err)
	}
	s.refused(s.PrintLabels(t.Context(), call(s.cashier), s.old, 1), desk.CodeStockNone, "")
	s.refused(s.PrintLabels(t.Context(), call(s.cashier), s.para, 0), desk.CodeStockRange, "copies")
	// The next label is another one, and the technician sees nothing of it.
	s.receive(desk.ReceiveLine{Code: "PARA", Lot: "P2", Expiry: "06/2027", Quantity: "5", Label: true})
	p2 := clinic.Goods{Code: "PARA", Lot: "P2", Expiry: s.para.Expiry}
	if next, err := s.BatchPage(t.Context(), s.cashier, p2); err != nil || next.Receipt.Label == label || next.Receipt.Label == "" {
		t.Errorf("%+v, %v", next.Receipt, err)
	}
	_, err = s.StockPage(t.Context(), s.technician, clinic.Date{}, clinic.Date{})
	s.refused(err, desk.CodeNotAllowed, "")
	_, err = s.HandList(t.Context(), s.technician)
	s.refused(err, desk.CodeNotAllowed, "")
}

// What the stock of a month says was used is what the pages of its visits say.
func TestMonthOfVisits(t *testing.T) {
	s := newShop(t)
	var ons []desk.On
	for i := range 12 {
		on, rx := s.prescribed("Người " + string(rune('A'+i)))
		ons = append(ons, on)
		if i%3 != 2 {
			if err := s.hand(on, rx, of(s.para, []string{"10", "4,5"}[i%2])); err != nil {
				t.Fatal(err)
			}
		}
		if i%4 == 1 && i%3 != 2 {
			in := desk.ReturnInput{Patient: on.Patient, Visit: on.Visit, Words: "thừa", Lines: []desk.ReturnLine{{Goods: s.para, Quantity: "1,5", Waste: i%8 == 1}}}
			s.must(s.Return(t.Context(), call(s.nurse), in))
		}
		s.clock.Add(26 * time.Hour)
	}
	var visits clinic.Milli
	for _, on := range ons {
		v, err := s.HandPage(t.Context(), s.nurse, on.Patient, on.Visit)
		if err != nil {
			t.Fatal(err)
		}
		given, _ := stock.Hand(clinic.BodyOf[clinic.Prescription](v.Prescription), v.Rows)
		visits += given[1].Out - given[1].Back
	}
	month, err := s.StockPage(t.Context(), s.nurse, clinic.Date{Year: 2026, Month: 11, Day: 1}, clinic.Date{Year: 2026, Month: 11, Day: 30})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range month.Items {
		if it.Row.Code == "PARA" && (it.Sum.Usage() != visits || visits == 0 || it.Sum.Closing != it.Sum.Booked) {
			t.Errorf("visits say %v, stock says %+v", visits, it.Sum)
		}
	}
}
