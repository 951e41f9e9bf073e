package desk_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// rows makes a file of services.
func (s *station) rows(rows ...clinic.CatalogRow) desk.ImportInput {
	in := desk.ImportInput{Catalog: clinic.CatalogService, File: "giá.csv", Hash: [32]byte{byte(len(rows)), 1}}
	for i, r := range rows {
		in.Rows = append(in.Rows, clinic.ImportRow{At: i + 2, Row: r})
	}
	return in
}

func service(code string, price clinic.Dong) clinic.CatalogRow {
	return clinic.CatalogRow{Code: code, Name: "Dịch vụ " + code, Unit: "lần", Price: price}
}

// price returns what a service costs on a day, as bills find it.
func (s *station) price(code string, on clinic.Date) (p clinic.Dong) {
	s.Helper()
	err := s.store.View(s.Context(), func(r desk.Reader) error {
		row, _ := r.Row(clinic.CatalogService, code, on)
		p = row.Price
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func TestImport(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	day := func(n int) clinic.Date { return clinic.Date{Year: 2026, Month: 11, Day: 2}.AddDays(n) }
	khám := service("KHAM", 40_000)
	khám.Name, khám.From = "Khám bệnh", day(10)
	in := s.rows(khám, service("TIEM", 5000))
	n := s.store.Len()
	for _, by := range []clinic.ID{s.doctor, s.nurse, s.cashier, s.technician, {99}} {
		if _, err := s.PlanImport(ctx, by, in); len(desk.ErrorsOf(err)) != 1 {
			t.Errorf("%v plans an import: %v", by, err)
		}
		if _, err := s.Import(ctx, call(by), in); len(desk.ErrorsOf(err)) != 1 {
			t.Errorf("%v imports: %v", by, err)
		}
	}
	plan, err := s.PlanImport(ctx, s.admin, in)
	if err != nil || plan.Count(clinic.ChangeAdded) != 1 || plan.Count(clinic.ChangeChanged) != 1 || plan.Count(clinic.ChangeClosed) != 1 || plan.Day != day(0) {
		t.Fatalf("%+v, %v", plan, err)
	}
	if s.store.Len() != n {
		t.Fatal("a plan was written")
	}
	c := call(s.admin)
	done := s.must(s.Import(ctx, c, in))
	if len(done.Records) != 4 || s.store.Len() != n+4 {
		t.Fatalf("%d entries", len(done.Records))
	}
	for _, again := range []desk.Call{c, call(s.admin)} { // the same form, and the same file
		if d := s.must(s.Import(ctx, again, in)); !d.Again || s.store.Len() != n+4 {
			t.Error("the same file writes again")
		}
	}
	if s.price("KHAM", day(9)) != 36_500 || s.price("KHAM", day(10)) != 40_000 || s.price("TIEM", day(0)) != 5000 || s.price("TIEM", day(-1)) != 0 {
		t.Error("prices of the days")
	}
	list, err := s.Imports(ctx, s.nurse)
	if err != nil || len(list) != 1 || !list[0].Done || list[0].By.Name != "Quản Trị" || list[0].Added != 1 || list[0].Changed != 1 || list[0].Rows != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	page, err := s.CatalogRow(ctx, s.nurse, clinic.CatalogService, "kham")
	if err != nil || len(page.Rows) != 2 || len(page.Versions) != 3 || page.Names[page.Versions[0].Record.Author].Name != "Quản Trị" {
		t.Fatalf("%+v, %v", page, err)
	}

	// Back to what was.
	undo, err := s.PlanUndo(ctx, s.admin, list[0].ID)
	if err != nil || len(undo.Undo.Changes) != 3 || !undo.May {
		t.Fatalf("%+v, %v", undo, err)
	}
	_, err = s.Undo(ctx, call(s.nurse), list[0].ID)
	s.refused(err, desk.CodeNotAllowed, "")
	s.must(s.Undo(ctx, call(s.admin), list[0].ID))
	if s.price("KHAM", day(9)) != 36_500 || s.price("KHAM", day(10)) != 36_500 || s.price("TIEM", day(0)) != 0 {
		t.Error("prices after the undo")
	}
	list, _ = s.Imports(ctx, s.admin)
	if len(list) != 2 || list[1].Undone != list[0].ID || string(list[0].Undoes) != string(list[1].ID[:]) {
		t.Fatalf("%+v", list)
	}
	if d := s.must(s.Undo(ctx, call(s.admin), list[1].ID)); !d.Again {
		t.Error("taken back twice")
	}
	s.must(s.Undo(ctx, call(s.admin), list[0].ID)) // and forward again
	if s.price("KHAM", day(10)) != 40_000 || s.price("TIEM", day(0)) != 5000 {
		t.Error("prices after the undo of the undo")
	}
}

// TestImportOfRules: a rule that the checks could not use is refused by its line, a good
// one is used at once.
func TestImportOfRules(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	rule := func(code, a string) clinic.CatalogRow {
		return clinic.CatalogRow{
			Catalog: clinic.CatalogInteraction, Code: code, Name: "Hai thuốc", English: "Two medicines", Version: "1", Source: "thử",
			Rule: &clinic.Rule{Kind: "pair", A: a, B: "J01FA09", Severity: "interrupt"},
		}
	}
	in := s.rows(rule("GOOD", "N02BE01"), rule("BAD", "paracetamol"))
	in.Catalog = clinic.CatalogInteraction
	plan, err := s.PlanImport(ctx, s.admin, in)
	if err != nil || !plan.Refused() || len(plan.Problems) != 1 || plan.Problems[0].Code != clinic.RowRule || plan.Problems[0].At != in.Rows[1].At {
		t.Fatalf("%+v, %v", plan, err)
	}
	_, err = s.Import(ctx, call(s.admin), in)
	s.refused(err, desk.CodeImportBad, "")
	in.Rows = in.Rows[:1]
	s.must(s.Import(ctx, call(s.admin), in))
	found, err := s.CatalogSearch(ctx, s.doctor, desk.CatalogLook{Catalog: clinic.CatalogInteraction, On: clinic.Date{Year: 2026, Month: 11, Day: 3}, Limit: 9})
	if err != nil || len(found.Rows) != 1 || found.Rows[0].Rule.A != "N02BE01" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestImportRefused(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	a := service("A", 1)
	in := s.rows(a, a)
	plan, err := s.PlanImport(ctx, s.admin, in)
	if err != nil || !plan.Refused() {
		t.Fatalf("%+v, %v", plan, err)
	}
	n := s.store.Len()
	_, err = s.Import(ctx, call(s.admin), in)
	s.refused(err, desk.CodeImportBad, "")
	in = s.rows(a)
	in.Rows[0].Row.From = clinic.Date{Year: 2026, Month: 1, Day: 1}
	in.Rows[0].Row.Code = "KHAM" // the price of every visit since January
	_, err = s.Import(ctx, call(s.admin), in)
	s.refused(err, desk.CodeImportSure, "confirm")
	in.Catalog = "nothing"
	_, err = s.Import(ctx, call(s.admin), in)
	s.refused(err, desk.CodeNoCatalog, "catalog")
	in.Catalog, in.Day = clinic.CatalogService, clinic.Date{Year: 2026}
	_, err = s.Import(ctx, call(s.admin), in)
	s.refused(err, desk.CodeValue, "day")
	_, err = s.Import(ctx, call(s.admin), s.rows())
	s.refused(err, desk.CodeNothing, "file")
	_, err = s.PlanUndo(ctx, s.admin, clinic.ID{7})
	s.refused(err, desk.CodeNoCatalog, "")
	if s.store.Len() != n {
		t.Error("something was written")
	}
}

// TestImportThatIsCut: power that goes between any two acts of a large import, or in one
// of them, leaves an import that the same file finishes, by the same form or another,
// with every row set once.
func TestImportThatIsCut(t *testing.T) {
	const rows = 2*desk.MostDrafts + 20 // three acts
	for cut := range 3 {
		for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
			for _, same := range []bool{true, false} {
				t.Run(fmt.Sprint(cut, fault, same), func(t *testing.T) {
					s := newStation(t)
					ctx := t.Context()
					var list []clinic.CatalogRow
					for i := range rows {
						list = append(list, service(fmt.Sprintf("DV%04d", i), clinic.Dong(1000+i)))
					}
					in := s.rows(list...)
					c := call(s.admin)
					n := s.store.Len()
					s.store.PlanAt(cut, fault)
					_, err := s.Import(ctx, c, in)
					if !errors.Is(err, desktest.ErrFault) {
						t.Fatal(err)
					}
					whole := cut == 2 && fault == desktest.FaultApplied
					begun := cut > 0 || fault == desktest.FaultApplied
					if l, err := s.Imports(ctx, s.admin); err != nil || len(l) != map[bool]int{true: 1}[begun] || begun && l[0].Done != whole {
						t.Fatalf("%+v, %v", l, err)
					}
					if !same {
						c = call(s.admin)
					}
					if d := s.must(s.Import(ctx, c, in)); d.Again != whole {
						t.Errorf("again: %v", d.Again)
					}
					l, err := s.Imports(ctx, s.admin)
					if err != nil || len(l) != 1 || !l[0].Done || l[0].Rows != rows || l[0].Set != rows {
						t.Fatalf("%+v, %v", l, err)
					}
					if got := s.store.Len() - n; got != rows+2 {
						t.Errorf("%d entries, want each row once and two of the import", got)
					}
					s.must(s.Undo(ctx, call(s.admin), l[0].ID))
					if p := s.price(fmt.Sprintf("DV%04d", rows-1), clinic.Date{Year: 2026, Month: 12, Day: 1}); p != 0 {
						t.Errorf("after the undo: %v", p)
					}
				})
			}
		}
	}
}

// TestPriceOfTheVisitsDay: a bill has the prices of the day of the visit, whenever it is
// written, and nothing is charged with 0 đ because a price is missing.
func TestPriceOfTheVisitsDay(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	khám := service("KHAM", 40_000)
	khám.From = clinic.Date{Year: 2026, Month: 11, Day: 3} // tomorrow
	s.must(s.Import(ctx, call(s.admin), s.rows(khám)))
	on := s.open(s.register("A"))
	s.clock.Add(20 * time.Hour) // past midnight
	bill := func(on desk.On, lines ...desk.BillLineInput) error {
		_, err := s.Bill(ctx, call(s.cashier), desk.BillInput{On: s.base(on, clinic.KindBill), Lines: lines})
		return err
	}
	total := func(on desk.On) clinic.Dong {
		return s.bill(on).Total()
	}
	if err := bill(on, desk.BillLineInput{Code: "KHAM"}); err != nil || total(on) != 36_500 {
		t.Fatalf("%v, %v", err, total(on))
	}
	next := s.open(s.register("B"))
	if err := bill(next, desk.BillLineInput{Code: "KHAM"}); err != nil || total(next) != 40_000 {
		t.Fatalf("%v, %v", err, total(next))
	}

	// A row that ended, a code that begins later, a row without a price, one that is free.
	late, none, free := service("MAI", 1), service("KHONGGIA", 0), service("MIENPHI", 0)
	late.From, free.Flags = clinic.Date{Year: 2026, Month: 12, Day: 1}, clinic.FlagFree
	gone := service("CU", 7)
	gone.From, gone.To = clinic.Date{Year: 2026, Month: 1, Day: 1}, clinic.Date{Year: 2026, Month: 11, Day: 2}
	s.must(s.Import(ctx, call(s.admin), s.rows(late, none, free, gone)))
	s.refused(bill(next, desk.BillLineInput{Code: "MAI"}), desk.CodeBillNone, "lines.0.code")
	s.refused(bill(next, desk.BillLineInput{Code: "CU"}), desk.CodeBillNone, "lines.0.code")
	s.refused(bill(next, desk.BillLineInput{Code: "KHONGGIA"}), desk.CodeBillPrice, "lines.0.code")
	if total(next) != 40_000 {
		t.Errorf("a refused bill changed the one that is saved: %v", total(next))
	}
	if err := bill(next, desk.BillLineInput{Code: "KHAM"}, desk.BillLineInput{Code: "MIENPHI"}); err != nil || total(next) != 40_000 {
		t.Fatalf("%v, %v", err, total(next))
	}
	if err := bill(on, desk.BillLineInput{Code: "CU"}); err != nil { // it held on the day of that visit
		t.Fatal(err)
	}
}

// TestPriceChangesBehindABill: the catalogue is corrected for a day whose bill is saved.
// The bill keeps what it says until somebody changes it, who is told of both prices.
func TestPriceChangesBehindABill(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	on := s.open(s.register("A"))
	s.must(s.Bill(ctx, call(s.cashier), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM"}}}))
	khám := service("KHAM", 30_000)
	khám.From = clinic.Date{Year: 2026, Month: 1, Day: 1}
	in := s.rows(khám)
	in.Confirmed = true
	s.must(s.Import(ctx, call(s.admin), in))
	price := func() clinic.Dong {
		return s.bill(on).Lines[0].Price
	}
	on = s.base(on, clinic.KindBill)
	if d := s.must(s.Bill(ctx, call(s.cashier), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM"}}})); !d.Again || price() != 36_500 {
		t.Errorf("the same bill again: %v", price())
	}
	two := desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM", Quantity: "2"}}}
	_, err := s.Bill(ctx, call(s.cashier), two)
	e := s.refused(err, desk.CodeBillChanged, "lines.0.code")
	if e.Args["old"] != "36.500 đ" || e.Args["new"] != "30.000 đ" || price() != 36_500 {
		t.Errorf("%v, %v", e.Args, price())
	}
	two.Confirmed = []string{"KHAM"}
	s.must(s.Bill(ctx, call(s.cashier), two))
	if price() != 30_000 {
		t.Errorf("after it was confirmed: %v", price())
	}
}

// TestNoRuleForTheDay: what has no row on the visit's day is refused in words, and of
// rows that overlap, as several senders can make them, the one that began last counts.
func TestNoRuleForTheDay(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	put := func(code string, price clinic.Dong, from, to clinic.Date) {
		r := service(code, price)
		r.Catalog, r.From, r.To = clinic.CatalogService, from, to
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &r})
	}
	put("HAI", 10, clinic.Date{Year: 2026, Month: 1, Day: 1}, clinic.Date{})
	put("HAI", 20, clinic.Date{Year: 2026, Month: 6, Day: 1}, clinic.Date{})
	on := s.open(s.register("A"))
	s.must(s.Bill(ctx, call(s.cashier), desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "HAI"}}}))
	if p := s.bill(on).Total(); p != 20 {
		t.Errorf("of two rows: %v", p)
	}
	_, err := s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: on, Main: "A09"}) // ended on 31 October
	s.refused(err, desk.CodeICDNone, "main")
	_, err = s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "NONE", Dose: "1", Times: "1", Days: "1"}}})
	s.refused(err, desk.CodeDrugNone, "lines.0.medicine")
}

func TestFlagsOfDiagnoses(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	for code, flags := range map[string]string{
		"W19": clinic.FlagNoMain, "R95": clinic.FlagDeathOnly, "A00": clinic.FlagNever, "N40": clinic.FlagMale, "O14.1": clinic.FlagFemale, "R53": clinic.FlagPoorMain,
	} {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogICD10, Code: code, Name: code, Flags: flags, From: clinic.Date{Year: 2026, Month: 1, Day: 1},
		}})
	}
	on := s.open(s.register("A")) // a woman
	for _, tt := range []struct {
		main, other string
		code        desk.Code
		field       string
	}{
		{"W19", "", desk.CodeICDMain, "main"},
		{"I10", "R95", desk.CodeICDNever, "others.0"},
		{"A00", "", desk.CodeICDNever, "main"},
		{"N40", "", desk.CodeICDSex, "main"},
		{"I10", "N40", desk.CodeICDSex, "others.0"},
	} {
		_, err := s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: on, Main: tt.main, Others: []string{tt.other}})
		s.refused(err, tt.code, tt.field)
	}
	s.must(s.Diagnose(ctx, call(s.doctor), desk.DiagnosisInput{On: on, Main: "O14.1", Others: []string{"W19", "R53"}}))
}

func TestCatalogs(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	list, err := s.Catalogs(ctx, s.technician, day)
	if err != nil || len(list) != len(clinic.CatalogNames()) {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, c := range list {
		want := map[string]desk.CatalogInfo{
			clinic.CatalogICD10:    {Rows: 3, Holding: 2},
			clinic.CatalogMedicine: {Rows: 2, Holding: 2},
			clinic.CatalogService:  {Rows: 1, Holding: 1},
		}[c.Name]
		if c.Rows != want.Rows || c.Holding != want.Holding || c.Coming != 0 {
			t.Errorf("%+v", c)
		}
	}
	found, err := s.CatalogSearch(ctx, s.nurse, desk.CatalogLook{Catalog: clinic.CatalogICD10, On: day, Limit: 1})
	if err != nil || len(found.Rows) != 1 || found.Rows[0].Code != "I10" || found.Next != "J00" {
		t.Fatalf("%+v, %v", found, err)
	}
	found, err = s.CatalogSearch(ctx, s.nurse, desk.CatalogLook{Catalog: clinic.CatalogICD10, On: day, Limit: 1, From: found.Next})
	if err != nil || len(found.Rows) != 1 || found.Rows[0].Code != "J00" || found.Next != "" {
		t.Fatalf("%+v, %v", found, err)
	}
	found, err = s.CatalogSearch(ctx, s.nurse, desk.CatalogLook{Catalog: clinic.CatalogICD10, Query: "tieu chay", On: day.AddDays(-10), Limit: 9})
	if err != nil || len(found.Rows) != 1 || found.Rows[0].Code != "A09" {
		t.Fatalf("%+v, %v", found, err)
	}
	_, err = s.CatalogSearch(ctx, clinic.ID{99}, desk.CatalogLook{Catalog: clinic.CatalogICD10})
	s.refused(err, desk.CodeNoPerson, "")
	_, err = s.CatalogRow(ctx, s.nurse, clinic.CatalogICD10, "Z99")
	s.refused(err, desk.CodeNoCatalog, "")
}

// bill reads the bill as it is saved.
func (s *station) bill(on desk.On) *clinic.Bill {
	s.Helper()
	v := s.visit(on)
	return clinic.BodyOf[clinic.Bill](v.Visit.Doc(clinic.KindBill))
}
