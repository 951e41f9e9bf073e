package desk_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// year is a clinic's year as it is lived: people come, some are not seen, medicines come
// in lots, are handed out, come back and are counted, tests are done and looked at.
// What happened is added up beside it in the plainest way.
type year struct {
	*bench
	rnd    *rand.Rand
	people []clinic.ID
	months map[clinic.Date]map[[2]string]int64 // by the first day of the month
	seen   map[clinic.Date]map[clinic.ID]bool
	lots   map[string][]*lot // by medicine, in the order in which they end
	tests  struct{ asked, done, reviewed int }
	open   []pending
	lost   map[string]clinic.Milli // by medicine: what counts did not find
}

type lot struct {
	goods                clinic.Goods
	in, out, back, count clinic.Milli
}

func (l *lot) left() clinic.Milli { return l.in - l.out + l.back + l.count }

// pending is an order whose result comes another day.
type pending struct {
	on    desk.On
	order clinic.Leaf
	due   clinic.Date
}

func newYear(t *testing.T, seed uint64) *year {
	y := &year{
		bench: newBench(t), rnd: rand.New(rand.NewPCG(seed, 7)), months: map[clinic.Date]map[[2]string]int64{},
		seen: map[clinic.Date]map[clinic.ID]bool{}, lots: map[string][]*lot{}, lost: map[string]clinic.Milli{},
	}
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	for _, row := range []clinic.CatalogRow{
		{Catalog: clinic.CatalogICD10, Code: "A90", Name: "Sốt Dengue", From: from},
		{Catalog: clinic.CatalogNotifiable, Code: "DENGUE", Name: "Sốt xuất huyết Dengue", Applies: "A90 A91", Flags: clinic.FlagNow, From: from},
	} {
		y.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row})
	}
	y.must(y.EndVisit(t.Context(), call(y.doctor), desk.EndInput{Patient: y.on.Patient, Visit: y.on.Visit, Why: "mở nhầm"}))
	for i := range 60 {
		id := y.register(fmt.Sprintf("Người %c%c", 'A'+i/20, 'a'+i%20))
		y.must(y.SetAllergies(t.Context(), call(y.nurse), desk.AllergiesInput{Patient: id, Asked: true}))
		y.people = append(y.people, id)
	}
	return y
}

func (y *year) chance(percent int) bool { return y.rnd.IntN(100) < percent }

func (y *year) today() clinic.Date {
	now, _ := y.clock.Now()
	return clinic.DateOf(now)
}

func (y *year) count(day clinic.Date, key, of string, n int64) {
	day.Day = 1
	if y.months[day] == nil {
		y.months[day] = map[[2]string]int64{}
	}
	y.months[day][[2]string{key, of}] += n
}

// delivery brings a lot of each medicine.
func (y *year) delivery(month int) {
	for _, code := range []string{"AMOX", "PARA"} {
		n := clinic.Milli(100+y.rnd.IntN(200)) * 1000
		line := desk.ReceiveLine{Code: code, Lot: fmt.Sprintf("%s%02d", code, month), Expiry: fmt.Sprintf("%02d/2029", month), Quantity: fmt.Sprint(int64(n / 1000))}
		d := y.must(y.Receive(y.Context(), call(y.cashier), desk.ReceiveInput{Supplier: "Công ty Dược Mẫu", Paper: fmt.Sprint("PX", month), Lines: []desk.ReceiveLine{line}}))
		y.lots[code] = append(y.lots[code], &lot{goods: d.Records[0].Body.(*clinic.Received).Lines[0].Goods, in: n})
	}
}

// visit is one person's visit.
func (y *year) visit(patient clinic.ID) {
	on, day, ctx := y.queued(patient), y.today(), y.Context()
	if y.chance(8) { // goes home before anybody saw them
		y.must(y.EndVisit(ctx, call(y.nurse), desk.EndInput{Patient: patient, Visit: on.Visit, Why: "về trước"}))
		return
	}
	y.exam(on, "ho")
	main := []string{"J00", "I10", "A90"}[y.rnd.IntN(3)]
	y.must(y.Diagnose(ctx, call(y.doctor), desk.DiagnosisInput{On: on, Main: main}))
	if y.chance(10) { // another illness after all: what was reported is taken back
		main = []string{"J00", "I10"}[y.rnd.IntN(2)]
		y.must(y.Diagnose(ctx, call(y.doctor), desk.DiagnosisInput{On: y.base(on, clinic.KindDiagnosis), Main: main}))
	}
	if y.chance(30) {
		y.ask(on)
	}
	rx := y.prescribe(on)
	y.count(day, clinic.ReportVisits, "", 1)
	y.count(day, clinic.ReportDay, fmt.Sprint(day.Int()), 1)
	y.count(day, clinic.ReportDiagnosis, main, 1)
	y.count(day, clinic.ReportFemale, "", 1)
	if main == "A90" {
		y.count(day, clinic.ReportAlert, "DENGUE", 1)
	}
	month := clinic.Date{Year: day.Year, Month: day.Month, Day: 1}
	if y.seen[month] == nil {
		y.seen[month] = map[clinic.ID]bool{}
	}
	y.seen[month][patient] = true
	if y.chance(90) {
		y.sign(on)
		y.count(day, clinic.ReportSigned, "", 1)
		if rx != (clinic.Leaf{}) {
			y.hands(on, rx)
		}
	}
}

func (y *year) queued(patient clinic.ID) desk.On {
	d := y.must(y.OpenVisit(y.Context(), call(y.nurse), desk.VisitInput{Patient: patient, Another: true}))
	return desk.On{Patient: patient, Visit: d.Visit}
}

// ask orders a test whose result comes within three days, or never.
func (y *year) ask(on desk.On) {
	d := y.must(y.Order(y.Context(), call(y.doctor), desk.OrderInput{On: on, Tests: []string{"HB"}, Confirmed: []string{"HB"}}))
	y.tests.asked++
	y.open = append(y.open, pending{on, d.Records[0].Leaf, y.today().AddDays(y.rnd.IntN(4))})
}

// prescribe gives one or two medicines, and sometimes others instead.
func (y *year) prescribe(on desk.On) clinic.Leaf {
	if y.chance(25) {
		return clinic.Leaf{}
	}
	write := func() (desk.Done, error) {
		in := desk.PrescriptionInput{On: on}
		for _, code := range []string{"AMOX", "PARA"}[y.rnd.IntN(2):] {
			in.Lines = append(in.Lines, desk.DrugInput{Medicine: code, Dose: "1", Times: "2", Days: fmt.Sprint(1 + y.rnd.IntN(5))})
		}
		return y.Prescribe(y.Context(), call(y.doctor), in)
	}
	d := y.must(write())
	if y.chance(15) {
		on = y.base(on, clinic.KindPrescribe)
		d = y.must(write())
	}
	for _, l := range d.Records[0].Body.(*clinic.Prescription).Lines {
		y.count(y.today(), clinic.ReportPrescribed, l.Medicine, int64(l.Quantity))
	}
	return d.Records[0].Leaf
}

// hands gives what is prescribed from the lots that end first, mostly whole; some comes
// back days later.
func (y *year) hands(on desk.On, rx clinic.Leaf) {
	page, err := y.HandPage(y.Context(), y.nurse, on.Patient, on.Visit)
	if err != nil {
		y.Fatal(err)
	}
	in := desk.DispenseInput{Patient: on.Patient, Visit: on.Visit, Prescription: rx}
	var from []*lot
	for _, l := range clinic.BodyOf[clinic.Prescription](page.Prescription).Lines {
		want := l.Quantity
		if y.chance(20) {
			want -= 1000
		}
		for _, x := range y.lots[l.Medicine] {
			n := min(want, x.left())
			if n <= 0 {
				continue
			}
			in.Lines = append(in.Lines, desk.DispenseLine{Goods: x.goods, Quantity: n.String(), Checked: true})
			from, want = append(from, x), want-n
			x.out += n
			y.count(y.today(), clinic.ReportUsed, l.Medicine, int64(n))
		}
	}
	if len(in.Lines) == 0 {
		return
	}
	y.must(y.Dispense(y.Context(), call(y.cashier), in))
	if y.chance(10) {
		x := from[0]
		y.must(y.Return(y.Context(), call(y.nurse), desk.ReturnInput{Patient: on.Patient, Visit: on.Visit, Words: "thừa", Lines: []desk.ReturnLine{{Goods: x.goods, Quantity: "1"}}}))
		x.back += 1000
		y.count(y.today(), clinic.ReportUsed, x.goods.Code, -1000)
	}
}

// results enters what is due today; most are looked at at once.
func (y *year) results() {
	for i := 0; i < len(y.open); i++ {
		o := y.open[i]
		if y.today().Before(o.due) || y.chance(5) {
			continue
		}
		y.on = o.on
		leaf := y.result(desk.ResultInput{Order: o.order, Values: entries("HB", fmt.Sprintf("%d,%d", 9+y.rnd.IntN(8), y.rnd.IntN(10)), "")})
		y.tests.done++
		if y.chance(90) {
			if err := y.review("", leaf); err != nil {
				y.Fatal(err)
			}
			y.tests.reviewed++
		}
		y.open = slices.Delete(y.open, i, i+1)
		i--
	}
}

// inventory counts every lot; a tablet is missing here and there.
func (y *year) inventory() {
	page, err := y.StockPage(y.Context(), y.nurse, clinic.Date{}, clinic.Date{})
	if err != nil {
		y.Fatal(err)
	}
	in := desk.CountInput{At: page.At, Words: "kiểm kê"}
	for _, code := range slices.Sorted(maps.Keys(y.lots)) {
		for _, x := range y.lots[code] {
			found := x.left()
			if found > 0 && y.chance(30) {
				x.count -= 1000
				y.lost[code] += 1000
			}
			in.Lines = append(in.Lines, desk.CountLine{Goods: x.goods, Booked: found, Found: x.left().String()})
		}
	}
	y.must(y.Count(y.Context(), call(y.cashier), in))
}

// live lives a year from the station's first day on.
func (y *year) live() {
	for day := range 365 {
		if day%30 == 0 && day < 360 {
			y.delivery(1 + day/30)
		}
		for range y.rnd.IntN(4) {
			y.clock.Add(20 * time.Minute)
			y.visit(y.people[y.rnd.IntN(len(y.people))])
		}
		y.results()
		if day%91 == 90 {
			y.inventory()
		}
		now, _ := y.clock.Now()
		y.clock.Add(y.today().AddDays(1).Time().Add(8 * time.Hour).Sub(now))
	}
}

// TestYear: a year of visits, stock and results adds up, whichever page is asked.
func TestYear(t *testing.T) {
	for _, seed := range []uint64{1} {
		y := newYear(t, seed)
		first := y.today()
		y.live()
		total := map[[2]string]int64{}
		for _, month := range slices.SortedFunc(maps.Keys(y.months), func(a, b clinic.Date) int { return cmp.Compare(a.Int(), b.Int()) }) {
			y.month(month, total)
		}
		y.stock(first, total)
		y.lab()
		t.Logf("seed %d: %d visits, %d tests, %v", seed, total[[2]string{clinic.ReportVisits, ""}], y.tests.asked, y.lost)
	}
}

// month compares the report and the registers of a month with what happened.
func (y *year) month(month clinic.Date, total map[[2]string]int64) {
	want := y.months[month]
	want[[2]string{clinic.ReportPeople, ""}] = int64(len(y.seen[month]))
	maps.DeleteFunc(want, func(_ [2]string, n int64) bool { return n == 0 })
	m, err := y.MonthReport(y.Context(), y.nurse, month)
	if err != nil {
		y.Fatal(err)
	}
	got := map[[2]string]int64{}
	for _, l := range m.Lines {
		got[[2]string{l.Key, l.Of}] = l.Value
		total[[2]string{l.Key, l.Of}] += l.Value
	}
	if !reflect.DeepEqual(got, want) {
		y.Errorf("%v: the report says %v, what happened was %v", month, got, want)
	}
	for day := month; day.Month == month.Month; day = day.AddDays(1) {
		book, err := y.DayBook(y.Context(), y.nurse, day)
		if err != nil {
			y.Fatal(err)
		}
		rows := slices.DeleteFunc(book.Rows, func(r desk.BookRow) bool { return r.Has&desk.HasEnded != 0 })
		if n := got[[2]string{clinic.ReportDay, fmt.Sprint(day.Int())}]; int64(len(rows)) != n {
			y.Errorf("%v: %d in the register, %d in the report", day, len(rows), n)
		}
	}
}

// stock: what the year used by the stock's own books is what the months' reports say, and
// every lot holds what is left of it.
func (y *year) stock(first clinic.Date, total map[[2]string]int64) {
	page, err := y.StockPage(y.Context(), y.nurse, first, y.today())
	if err != nil {
		y.Fatal(err)
	}
	listed := map[clinic.Goods]bool{}
	for _, it := range page.Items {
		code := it.Row.Code
		if got, want := int64(it.Sum.Usage()), total[[2]string{clinic.ReportUsed, code}]; got != want {
			y.Errorf("%s: the stock says %d were used, the reports %d", code, got, want)
		}
		if it.Sum.Counted != -y.lost[code] || it.Sum.Lowest < 0 {
			y.Errorf("%s: counts did not find %v, the stock says %v, lowest %v", code, y.lost[code], it.Sum.Counted, it.Sum.Lowest)
		}
		for _, b := range it.Batches {
			at := slices.IndexFunc(y.lots[code], func(x *lot) bool { return x.goods == b.Batch.Goods })
			if at < 0 || y.lots[code][at].left() != b.Booked {
				y.Errorf("%s %s: booked %v", code, b.Batch.Lot, b.Booked)
			}
			listed[b.Batch.Goods] = true
		}
	}
	for _, x := range slices.Concat(y.lots["AMOX"], y.lots["PARA"]) {
		if !listed[x.goods] && x.left() != 0 {
			y.Errorf("%v are left of %v, which no list shows", x.left(), x.goods)
		}
	}
}

// lab: every test that was asked for is done or waits, and what nobody looked at waits.
func (y *year) lab() {
	done, waiting, lines := 0, 0, 0
	for _, id := range y.people {
		p, err := y.PatientPage(y.Context(), y.doctor, id)
		if err != nil {
			y.Fatal(err)
		}
		done += len(p.Lab.Results)
		waiting += len(p.Lab.Waiting())
		for _, l := range p.OrderLines() {
			if l.Result == nil {
				lines++
			}
		}
	}
	if done != y.tests.done || waiting != y.tests.done-y.tests.reviewed || lines != y.tests.asked-y.tests.done || lines != len(y.open) {
		y.Errorf("%d done, %d unseen, %d open; it was %+v and %d open", done, waiting, lines, y.tests, len(y.open))
	}
}
