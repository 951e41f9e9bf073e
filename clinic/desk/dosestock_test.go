package desk_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

func (s *shop) vaccine(lot string, doses int) clinic.Goods {
	s.Helper()
	s.receive(desk.ReceiveLine{Catalog: clinic.CatalogVaccine, Code: "DPTVGBHIB", Lot: lot, Expiry: "03/2027", Quantity: fmt.Sprint(doses), Pack: "10"})
	return clinic.Goods{Catalog: clinic.CatalogVaccine, Code: "DPTVGBHIB", Lot: lot, Expiry: clinic.MonthEnd(2027, 3)}
}

func (s *shop) immunised(patient clinic.ID) *clinic.Document {
	s.Helper()
	page, err := s.PatientPage(s.Context(), s.nurse, patient)
	if err != nil {
		s.Fatal(err)
	}
	return page.Visits[0].Doc(clinic.KindImmunised)
}

// TestDoseLeavesTheShelf: a dose takes one from its batch in the same act, a correction
// moves it, one that the books do not have is asked about, and one from elsewhere takes
// nothing.
func TestDoseLeavesTheShelf(t *testing.T) {
	s := newShop(t)
	s.vaccines()
	ctx := t.Context()
	g, other := s.vaccine("AB 12", 1), s.vaccine("ZZ9", 5)
	on := s.vaccineVisit(s.child(1, 3))
	in := desk.ImmuniseInput{On: on, Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{pentavalent()}}
	for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		s.store.PlanAt(0, fault)
		c := call(s.nurse)
		if _, err := s.Immunise(ctx, c, in); err == nil {
			t.Fatal("no fault")
		}
		if fault == desktest.FaultApplied {
			s.must(s.Immunise(ctx, c, in))
		}
	}
	if s.booked(g) != 0 {
		t.Errorf("%s left", s.booked(g))
	}
	hand, err := s.HandPage(ctx, s.cashier, on.Patient, on.Visit)
	if err != nil || len(hand.Took) != 0 {
		t.Errorf("a dose can be brought back at the counter: %+v %v", hand.Took, err)
	}
	_, err = s.Return(ctx, call(s.cashier), desk.ReturnInput{Patient: on.Patient, Visit: on.Visit, Words: "x", Lines: []desk.ReturnLine{{Goods: g, Quantity: "1"}}})
	s.refused(err, desk.CodeReturnMore, "lines.0.quantity")

	short := s.vaccineVisit(s.child(2, 3))
	late := in
	late.On = short
	n := s.store.Len()
	_, err = s.Immunise(ctx, call(s.nurse), late)
	s.refused(err, desk.CodeDoseShort, "batch.0")
	if s.store.Len() != n {
		t.Fatal("something was written")
	}
	late.Confirmed = []string{"short.DPTVGBHIB"}
	s.must(s.Immunise(ctx, call(s.nurse), late))
	if s.booked(g) != -1000 {
		t.Errorf("%s", s.booked(g))
	}
	for _, it := range s.stock().Items {
		if it.Row.Code == "DPTVGBHIB" && !it.Short {
			t.Error("nobody is told that more went out than came in")
		}
	}
	late.Base, late.Doses = s.immunised(short.Patient).Leaf(), []desk.DoseInput{pentavalent()}
	late.Doses[0].Batch, late.Confirmed = "ZZ9", nil
	s.must(s.Immunise(ctx, call(s.nurse), late))
	if s.booked(g) != 0 || s.booked(other) != 4000 {
		t.Errorf("after the batch was corrected: %s, %s", s.booked(g), s.booked(other))
	}
	late.Base, late.Doses, late.Outcome, late.Note = s.immunised(short.Patient).Leaf(), nil, clinic.OutcomePostpone, "sốt"
	s.must(s.Immunise(ctx, call(s.nurse), late))
	if s.booked(other) != 5000 {
		t.Errorf("a dose that was not given is not back: %s", s.booked(other))
	}
	s.must(s.PastDoses(ctx, call(s.nurse), desk.PastDosesInput{Patient: s.child(3, 12), Doses: []desk.PastDose{{Code: "DPT1", Day: clinic.Date{Year: 2026, Month: 3, Day: 1}}}}))
	if s.booked(g) != 0 || s.booked(other) != 5000 {
		t.Error("a dose from elsewhere left the shelf")
	}
}

// TestSessionEnds: what is left in the opened vials goes off the shelf when the session
// ends, once.
func TestSessionEnds(t *testing.T) {
	s := newShop(t)
	s.vaccines()
	ctx := t.Context()
	g := s.vaccine("AB 12", 40)
	if day := s.vaccineDay(); day.Shelf["DPTVGBHIB"] != g {
		t.Errorf("%+v", day.Shelf)
	}
	batch := clinic.VaccineBatch{Vaccine: "DPTVGBHIB", Batch: "AB 12", Expiry: clinic.MonthEnd(2027, 3)}
	opened := desk.SessionInput{Batches: []clinic.VaccineBatch{batch, {Vaccine: "BOPV", Batch: "K1"}}}
	s.must(s.SaveSession(ctx, call(s.nurse), opened))
	for i := range 13 {
		s.must(s.Immunise(ctx, call(s.nurse), desk.ImmuniseInput{On: s.vaccineVisit(s.child(i, 3)), Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{pentavalent()}}))
	}
	day := s.vaccineDay()
	if v := day.Vials[0]; v.Given != 13_000 || v.Booked != 27_000 || v.Pack != 10 || v.Propose != 7_000 || !v.Kept || day.Vials[1].Kept {
		t.Fatalf("%+v", day.Vials)
	}
	in := desk.CloseInput{Base: day.Base, Waste: map[string]string{"DPTVGBHIB": "70"}}
	_, err := s.CloseSession(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeStockShort, "waste.DPTVGBHIB")
	in.Waste["DPTVGBHIB"] = "-1"
	if _, err := s.CloseSession(ctx, call(s.nurse), in); err == nil {
		t.Error("less than nothing was thrown away")
	}
	in.Waste["DPTVGBHIB"] = "7"
	c := call(s.nurse)
	s.store.PlanAt(0, desktest.FaultApplied)
	if _, err := s.CloseSession(ctx, c, in); err == nil {
		t.Fatal("no fault")
	}
	if d := s.must(s.CloseSession(ctx, c, in)); !d.Again || s.booked(g) != 20_000 {
		t.Errorf("%s left", s.booked(g))
	}
	_, err = s.CloseSession(ctx, call(s.nurse), in) // another tablet
	s.refused(err, desk.CodeChanged, "")
	day = s.vaccineDay()
	if !day.Session.Closed || day.Vials[0].Wasted != 7_000 || day.Vials[0].Propose != 0 {
		t.Errorf("%+v", day.Vials)
	}
	opened.Base = day.Base
	s.must(s.SaveSession(ctx, call(s.nurse), opened))
	if s.vaccineDay().Session.Closed {
		t.Error("it does not open again")
	}
}

// TestSessionEndsWithOtherWaste: the form that comes again with another waste is not told
// that it is saved.
func TestSessionEndsWithOtherWaste(t *testing.T) {
	s := newShop(t)
	s.vaccines()
	g := s.vaccine("AB 12", 40)
	s.must(s.SaveSession(t.Context(), call(s.nurse), desk.SessionInput{Batches: []clinic.VaccineBatch{{Vaccine: "DPTVGBHIB", Batch: "AB 12", Expiry: clinic.MonthEnd(2027, 3)}}}))
	day := s.vaccineDay()
	if day.Shelf != nil {
		t.Error("what to open is looked for though it is open")
	}
	c, in := call(s.nurse), desk.CloseInput{Base: day.Base, Waste: map[string]string{"DPTVGBHIB": "7"}}
	s.must(s.CloseSession(t.Context(), c, in))
	s.must(s.CloseSession(t.Context(), c, in))
	for _, typed := range []string{"8", "", "x"} {
		in.Waste["DPTVGBHIB"] = typed
		_, err := s.CloseSession(t.Context(), c, in)
		s.refused(err, desk.CodeFormStale, "")
	}
	if s.booked(g) != 33_000 {
		t.Errorf("%s left", s.booked(g))
	}
}

// TestShortDoseStandsAtItsLine: beside a dose that is refused no other line is asked about.
func TestShortDoseStandsAtItsLine(t *testing.T) {
	s := newShop(t)
	s.vaccines()
	s.vaccine("AB 12", 1)
	s.must(s.Immunise(t.Context(), call(s.nurse), desk.ImmuniseInput{On: s.vaccineVisit(s.child(1, 3)), Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{pentavalent()}}))
	other := pentavalent()
	other.Vaccine = "KHONG"
	in := desk.ImmuniseInput{On: s.vaccineVisit(s.child(2, 3)), Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{other, pentavalent()}}
	_, err := s.Immunise(t.Context(), call(s.nurse), in)
	s.refused(err, desk.CodeDoseVaccine, "vaccine.0")
	for _, e := range desk.ErrorsOf(err) {
		if e.Code == desk.CodeDoseShort {
			t.Errorf("%s %s", e.Code, e.Field)
		}
	}
	in.Doses = in.Doses[1:]
	_, err = s.Immunise(t.Context(), call(s.nurse), in)
	s.refused(err, desk.CodeDoseShort, "batch.0")
}

// TestVaccineMonth: whatever is given, corrected and thrown away, the month's use is the
// doses in the records, and what was thrown away stands beside it.
func TestVaccineMonth(t *testing.T) {
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		s := newShop(t)
		s.vaccines()
		ctx := t.Context()
		lots := []string{"AB 12", "ZZ9", "K3"}
		for _, l := range lots {
			s.vaccine(l, 3+rnd.IntN(20))
		}
		var given []desk.On
		wasted := clinic.Milli(0)
		all := []string{"short.DPTVGBHIB"}
		for i := range 60 {
			dose := pentavalent()
			dose.Batch = lots[rnd.IntN(len(lots))]
			in := desk.ImmuniseInput{Outcome: clinic.OutcomeGiven, Asked: true, Doses: []desk.DoseInput{dose}, Confirmed: all}
			switch n := rnd.IntN(10); {
			case n < 6 || len(given) == 0:
				in.On = s.vaccineVisit(s.child(i, 3))
				s.must(s.Immunise(ctx, call(s.nurse), in))
				given = append(given, in.On)
			case n < 9: // another batch, or none
				in.On = given[rnd.IntN(len(given))]
				in.Base = s.immunised(in.On.Patient).Leaf()
				if n == 8 {
					in.Doses, in.Outcome, in.Note = nil, clinic.OutcomePostpone, "sốt"
				}
				s.must(s.Immunise(ctx, call(s.nurse), in))
			default:
				day := s.vaccineDay()
				if day.Session == nil || day.Session.Closed {
					b := clinic.VaccineBatch{Vaccine: "DPTVGBHIB", Batch: dose.Batch, Expiry: clinic.MonthEnd(2027, 3)}
					s.must(s.SaveSession(ctx, call(s.nurse), desk.SessionInput{Base: day.Base, Batches: []clinic.VaccineBatch{b}}))
				} else if day.Vials[0].Booked >= 1000 {
					s.must(s.CloseSession(ctx, call(s.nurse), desk.CloseInput{Base: day.Base, Waste: map[string]string{"DPTVGBHIB": "1"}}))
					wasted += 1000
				}
			}
		}
		doses := map[string]clinic.Milli{}
		for _, on := range given {
			if b := clinic.BodyOf[clinic.Immunised](s.immunised(on.Patient)); b != nil {
				for _, x := range b.Doses {
					doses[x.Batch] += 1000
				}
			}
		}
		spoilt := clinic.Milli(0)
		err := s.store.View(ctx, func(r desk.Reader) error {
			sheets, err := r.Stock(desk.StockQuery{
				Site: "22736A", Catalog: clinic.CatalogVaccine, Code: "DPTVGBHIB", From: clinic.Date{Year: 2026, Month: 11, Day: 1}, To: clinic.MonthEnd(2026, 11),
			})
			for i := range sheets {
				b := &sheets[i]
				if b.Usage() != doses[b.Batch.Lot] || b.Closing != b.Received-b.Usage()-b.Spoilt {
					t.Errorf("seed %d: %s of batch %s were used, the records have %s: %+v", seed, b.Usage(), b.Batch.Lot, doses[b.Batch.Lot], b)
				}
				spoilt += b.Spoilt
			}
			if len(sheets) != len(lots) {
				t.Errorf("%d batches", len(sheets))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if spoilt != wasted {
			t.Errorf("seed %d: %s thrown away, %s in the books", seed, wasted, spoilt)
		}
	}
}
