package stock_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/stock"
)

const site = "22736A"

func day(n int) clinic.Date { return clinic.Date{Year: 2026, Month: 10, Day: 1}.AddDays(n - 1) }

func amox(lot string) clinic.Goods {
	return clinic.Goods{Code: "AMOX", Lot: lot, Expiry: clinic.Date{Year: 2027, Month: 6, Day: 30}}
}

// book is a journal: each entry comes a minute after the one before.
type book struct {
	records []clinic.Record
	at      time.Time
}

func newBook() *book { return &book{at: day(1).Time().Add(7 * time.Hour)} }

func (b *book) put(body any) *clinic.Record {
	b.at = b.at.Add(time.Minute)
	r := clinic.Record{HLC: clinic.HLCAt(b.at), Event: b.at, Body: body}
	r.Leaf[0], r.Leaf[1], r.Leaf[2] = byte(len(b.records)), byte(len(b.records)>>8), 1
	b.records = append(b.records, r)
	return &b.records[len(b.records)-1]
}

func (b *book) receive(g clinic.Goods, q clinic.Milli) {
	b.put(&clinic.Received{Site: site, Lines: []clinic.ReceivedLine{{Goods: g, Quantity: q}}})
}

func (b *book) out(g clinic.Goods, q clinic.Milli) {
	b.put(&clinic.Dispensed{Site: site, Lines: []clinic.DispensedLine{{Goods: g, Quantity: q}}})
}

func (b *book) count(g clinic.Goods, at uint64, found clinic.Milli) {
	b.put(&clinic.Counted{Site: site, At: at, Lines: []clinic.CountedLine{{Goods: g, Found: found}}})
}

func (b *book) sheet(t *testing.T) stock.Sheet {
	t.Helper()
	all := stock.Sheets(b.records, site, day(1), day(31))
	if len(all) != 1 {
		t.Fatalf("%d sheets", len(all))
	}
	return all[0]
}

// Two tablets: one counts while the other hands out. What was recorded before counting
// began is in the count; what came meanwhile goes off it, also when the tablet's clock or
// the order in the journal say otherwise.
func TestCountWhileHandingOut(t *testing.T) {
	b := newBook()
	b.receive(amox("A"), 100_000)
	b.out(amox("A"), 10_000)
	began := b.sheet(t).State
	b.out(amox("A"), 7_000) // on the other tablet
	b.count(amox("A"), began, 88_000)
	b.out(amox("A"), 1_000)
	s := b.sheet(t)
	if s.Booked != 80_000 || s.Counted != -2_000 || s.Out != 18_000 || s.Short() || s.Checked != day(1) {
		t.Fatalf("%+v", s)
	}
	// Both tablets count at once: each against what it saw.
	c := newBook()
	c.receive(amox("A"), 100_000)
	first := c.sheet(t).State
	c.out(amox("A"), 5_000)
	second := c.sheet(t).State
	c.count(amox("A"), second, 95_000)
	c.count(amox("A"), first, 99_000)
	if s := c.sheet(t); s.Booked != 95_000 || s.Counted != 0 {
		t.Fatalf("the one that began last counts: %+v", s)
	}
}

// What arrives later from elsewhere and leads below zero is shown until a count settles
// it, also when a delivery covers it.
func TestBelowZeroIsShown(t *testing.T) {
	b := newBook()
	b.receive(amox("A"), 10_000)
	b.out(amox("A"), 8_000)
	b.out(amox("A"), 5_000) // of another box with the same shelf
	if s := b.sheet(t); s.Booked != -3_000 || !s.Short() || s.Lowest != -3_000 {
		t.Fatalf("%+v", s)
	}
	b.receive(amox("A"), 50_000)
	if s := b.sheet(t); s.Booked != 47_000 || !s.Short() {
		t.Fatalf("a delivery hides it: %+v", s)
	}
	b.count(amox("A"), b.sheet(t).State, 50_000)
	if s := b.sheet(t); s.Booked != 50_000 || s.Short() || s.Counted != 3_000 {
		t.Fatalf("%+v", s)
	}
	late := b.records[0]
	late.HLC, late.Leaf[2] = late.HLC+1, 9 // recorded before the count, arrived after it
	late.Body = &clinic.Dispensed{Site: site, Lines: []clinic.DispensedLine{{Goods: amox("A"), Quantity: 2_000}}}
	b.records = append(b.records, late)
	if s := b.sheet(t); s.Booked != 50_000 || s.Short() || s.Counted != 5_000 || s.Out != 15_000 {
		t.Fatalf("the count knew of it: %+v", s)
	}
}

func TestNegativeQuantitiesMoveNothing(t *testing.T) {
	b := newBook()
	b.receive(amox("A"), 10_000)
	b.out(amox("A"), -5_000)
	b.receive(amox("a "), -1)
	if s := b.sheet(t); s.Booked != 10_000 || s.Out != 0 || s.Moves != 3 {
		t.Fatalf("%+v", s)
	}
}

func TestProposeFirstExpiryFirst(t *testing.T) {
	exp := func(m int) clinic.Date { return clinic.Date{Year: 2026, Month: m, Day: 28} }
	sheet := func(lot string, e clinic.Date, q clinic.Milli) stock.Sheet {
		return stock.Sheet{Batch: clinic.Batch{Goods: clinic.Goods{Code: "AMOX", Lot: lot, Expiry: e}}, Booked: q}
	}
	all := []stock.Sheet{
		sheet("never", clinic.Date{}, 100_000), sheet("late", exp(12), 20_000), sheet("early", exp(11), 5_500),
		sheet("expired", exp(9), 100_000), sheet("short", exp(10), -2_000), sheet("none", exp(10), 0),
	}
	got, short := stock.Propose(all, 21_000, day(5))
	if len(got) != 2 || got[0].Batch.Lot != "EARLY" && got[0].Batch.Lot != "early" || got[0].Quantity != 5_500 || got[1].Quantity != 15_500 || short != 0 {
		t.Fatalf("%+v, short %v", got, short)
	}
	if got, short := stock.Propose(all, 130_000, day(5)); len(got) != 3 || got[2].Batch.Lot != "never" || short != 4_500 {
		t.Fatalf("%+v, short %v", got, short)
	}
	if got, _ := stock.Propose(all, 1_000, exp(11)); got[0].Batch.Lot != "early" {
		t.Fatal("the last day of use is a day of use")
	}
}

func TestLevels(t *testing.T) {
	rules := stock.RulesOn(func(code string) (clinic.CatalogRow, bool) {
		return clinic.CatalogRow{Minimum: 45}, code == stock.RuleNear
	})
	if rules != (stock.Rules{Near: 45, Use: 90, Low: 30, Cover: 60}) {
		t.Fatalf("%+v", rules)
	}
	today := day(1)
	good := clinic.Goods{Code: "A", Expiry: today.AddDays(45)}
	if !rules.IsNear(good, today) || rules.IsNear(clinic.Goods{Expiry: today.AddDays(46)}, today) ||
		rules.IsNear(clinic.Goods{Expiry: today.AddDays(-1)}, today) || rules.IsNear(clinic.Goods{}, today) {
		t.Error("near expiry")
	}
	sheets := []stock.Sheet{
		{Batch: clinic.Batch{Goods: good}, Booked: 10_000, Out: 100_000, Back: 1_000, Used: 9_000},
		{Batch: clinic.Batch{Goods: clinic.Goods{Expiry: today.AddDays(-1)}}, Booked: 500_000},
		{Batch: clinic.Batch{Goods: good}, Booked: -5_000},
	}
	l := rules.LevelOf(sheets, 0, today) // 108 units in 90 days
	if l.Usable != 10_000 || l.Usage != 108_000 || l.Minimum != 36_000 || l.Propose != 62_000 || !l.Low() || l.Out() {
		t.Errorf("%+v", l)
	}
	if l := rules.LevelOf(sheets, 5, today); l.Minimum != 5_000 || l.Low() {
		t.Errorf("%+v", l)
	}
	if l := rules.LevelOf(nil, 5, today); !l.Out() || l.Propose != 5_000 {
		t.Errorf("%+v", l)
	}
	if l := rules.LevelOf(nil, 0, today); l.Out() || l.Low() {
		t.Errorf("nothing is known of it: %+v", l)
	}
}

func TestHand(t *testing.T) {
	b := newBook()
	p := &clinic.Prescription{Lines: []clinic.DrugLine{{Medicine: "AMOX", Quantity: 20_000}, {Medicine: "PARA", Quantity: 10_000}}}
	give := func(code string, q clinic.Milli, price clinic.Dong) {
		b.put(&clinic.Dispensed{Site: site, Lines: []clinic.DispensedLine{{Goods: clinic.Goods{Code: code, Lot: "A"}, Quantity: q, Price: price}}})
	}
	give("AMOX", 5_000, 1000)
	give("AMOX", 7_000, 1200)
	give("GAC", 1_000, 0)
	b.put(&clinic.Returned{Site: site, Lines: []clinic.ReturnedLine{{Goods: clinic.Goods{Code: "AMOX", Lot: "A"}, Quantity: 3_000}}})
	b.put(&clinic.Returned{Site: site, Mistake: true, Lines: []clinic.ReturnedLine{{Goods: clinic.Goods{Code: "AMOX", Lot: "A"}, Quantity: 2_000}}})
	want, beside := stock.Hand(p, b.records)
	if want[0].Out != 10_000 || want[0].Back != 3_000 || want[0].Left() != 10_000 || want[0].Price != 1000 || want[1].Left() != 10_000 {
		t.Fatalf("%+v", want)
	}
	if len(beside) != 1 || beside[0].Line.Medicine != "GAC" || beside[0].Out != 1_000 {
		t.Fatalf("%+v", beside)
	}
	if q := stock.Took(b.records, clinic.Goods{Code: "AMOX", Lot: "A"}); q != 7_000 {
		t.Errorf("the patient has %v", q)
	}
	slices.Reverse(b.records)
	got, other := stock.Hand(p, append(b.records, b.records...))
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(other, beside) {
		t.Fatalf("in another order, and twice: %+v", got)
	}
}

// month makes a month of a clinic: deliveries, visits that hand out, partly or in two
// steps, returns, counts begun earlier, breakage, departments, transfers, and visits that
// are ended afterwards.
func month(seed uint64) (records []clinic.Record) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	b := newBook()
	var goods []clinic.Goods
	for i := range 6 {
		goods = append(goods, clinic.Goods{Code: fmt.Sprintf("M%d", i/2), Lot: fmt.Sprint("L", i), Expiry: day(200 + i)})
	}
	pick := func() clinic.Goods { return goods[rnd.IntN(len(goods))] }
	q := func(n int) clinic.Milli { return clinic.Milli(1+rnd.IntN(2*n)) * 500 }
	for range 200 {
		b.at = b.at.Add(time.Duration(rnd.IntN(240)) * time.Minute)
		patient, visit := clinic.ID{byte(rnd.IntN(40)), 1}, clinic.ID{byte(rnd.IntN(60)), 2}
		of := func(r *clinic.Record, k clinic.Kind) { r.Kind, r.Subject, r.Visit = k, patient, visit }
		switch rnd.IntN(10) {
		case 0:
			b.put(&clinic.Received{Site: site, Lines: []clinic.ReceivedLine{{Goods: pick(), Quantity: q(300)}, {Goods: pick(), Quantity: q(300)}}})
		case 1:
			at := uint64(0)
			if n := len(b.records); n > 0 {
				at = b.records[max(0, n-1-rnd.IntN(4))].HLC
			}
			b.put(&clinic.Counted{Site: site, At: at, Lines: []clinic.CountedLine{{Goods: pick(), Found: q(100)}}})
		case 2:
			reasons := append(clinic.AdjustReasons(), clinic.AdjustSent)
			b.put(&clinic.Adjusted{Site: site, Reason: reasons[rnd.IntN(len(reasons))], Lines: []clinic.AdjustedLine{{Goods: pick(), Quantity: q(10)}}})
		case 3:
			of(b.put(&clinic.Returned{Site: site, Mistake: rnd.IntN(2) == 0, Lines: []clinic.ReturnedLine{{Goods: pick(), Quantity: q(5), Waste: rnd.IntN(2) == 0}}}), clinic.KindReturned)
		case 4:
			of(b.put(&clinic.VisitEnded{Why: "về"}), clinic.KindVisitEnded)
		default:
			of(b.put(&clinic.Dispensed{Site: site, Lines: []clinic.DispensedLine{{Goods: pick(), Quantity: q(20)}, {Goods: pick(), Quantity: q(20)}}}), clinic.KindDispensed)
		}
	}
	return b.records
}

// TestUsageEqualsTheVisits is the property of the whole: over generated months, what
// stock says was used is what the files of the visits say, to half a tablet, in every
// order of the entries and with entries that came twice; and every sheet adds up.
func TestUsageEqualsTheVisits(t *testing.T) {
	for seed := range uint64(60) {
		records := month(seed)
		from, to := day(1), day(31)
		sheets := stock.Sheets(records, site, from, to)
		used := map[string]clinic.Milli{}
		for _, s := range sheets {
			used[s.Batch.Code] += s.Usage() - s.Used
			if s.Closing != s.Opening+s.Received+s.MovedIn-s.Out+s.Back-s.Used-s.Moved-s.Spoilt+s.Found+s.Counted || s.Lowest > 0 {
				t.Fatalf("seed %d: a sheet does not add up: %+v", seed, s)
			}
		}
		if got := visitsSay(records, from, to); !reflect.DeepEqual(got, used) {
			t.Fatalf("seed %d: visits say %v, stock says %v", seed, got, used)
		}
		rnd := rand.New(rand.NewPCG(seed, 1))
		mixed := append(slices.Clone(records), records[:50]...)
		rnd.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := stock.Sheets(mixed, site, from, to); !reflect.DeepEqual(got, sheets) {
			t.Fatalf("seed %d: another order, or an entry twice, gives other sums", seed)
		}
		// The month in two halves: the first's closing is the second's opening.
		one, two := stock.Sheets(records, site, from, day(11)), stock.Sheets(records, site, day(12), day(400))
		for i := range one {
			if one[i].Closing != two[i].Opening || two[i].Closing != two[i].Booked || one[i].Booked != two[i].Booked {
				t.Fatalf("seed %d: %+v then %+v", seed, one[i], two[i])
			}
		}
	}
}

// visitsSay adds up what each visit's file shows, patient by patient.
func visitsSay(records []clinic.Record, from, to clinic.Date) map[string]clinic.Milli {
	out := map[string]clinic.Milli{}
	for _, s := range stock.Sheets(records, site, from, to) {
		out[s.Batch.Code] += 0
	}
	type key struct{ patient, visit clinic.ID }
	seen := map[key]bool{}
	for _, r := range records {
		k := key{r.Subject, r.Visit}
		if r.Visit.IsZero() || seen[k] {
			continue
		}
		seen[k] = true
		var own []clinic.Record
		for _, o := range records {
			if o.Subject == r.Subject && !o.Event.Before(from.Time()) && o.Event.Before(to.AddDays(1).Time()) {
				own = append(own, o)
			}
		}
		v := clinic.FoldVisit(r.Visit, own)
		for _, h := range v.Handed {
			switch b := h.Body.(type) {
			case *clinic.Dispensed:
				for _, l := range b.Lines {
					out[l.Goods.Code] += l.Quantity
				}
			case *clinic.Returned:
				for _, l := range b.Lines {
					out[l.Goods.Code] -= l.Quantity
				}
			}
		}
	}
	return out
}
