package desk_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// bench is a station that does tests, with a woman born 1990 in a visit.
type bench struct {
	*station
	on desk.On
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{station: newStation(t)}
	from := clinic.Date{Year: 2026, Month: 1, Day: 1}
	ranges := func(s string) []clinic.RefRange { g, _ := clinic.ParseRanges(s); return g }
	for _, row := range []clinic.CatalogRow{
		{Code: "HB", Name: "Huyết sắc tố", Unit: "g/dL", Value: "1", Possible: "1-30", ValidFor: 30, Ranges: ranges("F 15y-: 12-16 !8-20; M 15y-: 13-17 !8-20")},
		{Code: "GLU", Name: "Glucose", Unit: "mmol/L", Value: "1", Possible: "0,3-60", Units: "mg/dL:18,016", ValidFor: 1, Ranges: ranges("3,9-11 !2,8-25")},
		{Code: "NS1", Name: "Dengue NS1", Value: "Âm tính|Dương tính!|Không đọc được?", Ranges: ranges("=Âm tính")},
		{Code: "MAU", Name: "Nhóm máu", Value: "A|B|O"},
		{Code: "NT", Name: "Nước tiểu bằng que"},
		{Code: "NTPH", Name: "pH niệu", Value: "1", Parent: "NT", Possible: "4-10", Ranges: ranges("4,5-8")},
		{Code: "NTPRO", Name: "Protein niệu", Value: "Âm tính|1+!", Parent: "NT", Ranges: ranges("=Âm tính")},
	} {
		row.Catalog, row.From = clinic.CatalogLabTest, from
		b.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row})
	}
	b.on = b.open(b.register("Nguyễn Thị Máu"))
	return b
}

func (b *bench) order(tests ...string) clinic.Leaf {
	b.Helper()
	return b.must(b.Order(b.Context(), call(b.doctor), desk.OrderInput{On: b.on, Tests: tests})).Records[0].Leaf
}

func (b *bench) sample(order clinic.Leaf, tests ...string) string {
	b.Helper()
	d := b.must(b.TakeSample(b.Context(), call(b.nurse), desk.SampleInput{Patient: b.on.Patient, Order: order, Tests: tests, Specimen: "blood"}))
	return d.Records[0].Body.(*clinic.Sample).Number
}

func (b *bench) enter(in desk.ResultInput) (clinic.Leaf, error) {
	b.Helper()
	in.Patient = b.on.Patient
	d, err := b.EnterResult(b.Context(), call(b.nurse), in)
	if err != nil {
		return clinic.Leaf{}, err
	}
	return d.Records[0].Leaf, nil
}

func (b *bench) result(in desk.ResultInput) clinic.Leaf {
	b.Helper()
	l, err := b.enter(in)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func (b *bench) file() desk.Patient {
	b.Helper()
	p, err := b.PatientPage(b.Context(), b.doctor, b.on.Patient)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) list() desk.LabDay {
	b.Helper()
	l, err := b.Lab(b.Context(), b.doctor)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func (b *bench) review(note string, results ...clinic.Leaf) error {
	_, err := b.Review(b.Context(), call(b.doctor), desk.ReviewInput{Patient: b.on.Patient, Results: results, Note: note, PIN: doctorPIN})
	return err
}

func entries(pairs ...string) (out []desk.ResultEntry) {
	for i := 0; i+2 < len(pairs); i += 3 {
		out = append(out, desk.ResultEntry{Test: pairs[i], Text: pairs[i+1], Unit: pairs[i+2]})
	}
	return out
}

// The story of a test: asked, taken, measured, seen, signed, long after the visit.
func TestOneTest(t *testing.T) {
	b := newBench(t)
	order := b.order("HB", "NT")
	lines := b.file()
	if l := lines.OrderLines(); len(l) != 3 || l[1].Test.Panel != "NT" {
		t.Fatalf("a panel becomes %d tests", len(l))
	}
	if l := b.list(); len(l.ToSample) != 1 || len(l.ToSample[0].Tests) != 3 || len(l.ToResult)+len(l.ToReview) != 0 {
		t.Fatalf("%+v", l)
	}
	b.exam(b.on, "mệt")
	b.diagnose(b.on)
	b.sign(b.on) // the order with it
	n := b.sample(order, "HB")
	if n != "M22736A00001"+n[12:] || len(b.papers.Docs) != 1 || b.papers.Docs[0].Form != "sample" {
		t.Fatalf("sample %s, %d papers", n, len(b.papers.Docs))
	}
	b.scans["label"] = clinic.Scan{Kind: clinic.ScanSample, Sample: n}
	if res, err := b.FromScan(t.Context(), b.nurse, []byte("label")); err != nil || res.Answer != desk.ScanKnown || res.Hits[0].ID != b.on.Patient {
		t.Errorf("the label leads to %+v, %v", res.Hits, err)
	}
	b.scans["strange"] = clinic.Scan{Kind: clinic.ScanSample, Sample: "M22736A000999"}
	_, err := b.FromScan(t.Context(), b.nurse, []byte("strange"))
	b.refused(err, desk.CodeSampleNone, "")
	if d := b.must(b.PrintSample(t.Context(), call(b.nurse), b.on.Patient, n)); d.Records[0].Body.(*clinic.Paper).Copy != 2 || len(b.papers.Docs) != 2 {
		t.Error("the label is not printed again as a copy")
	}
	_, err = b.PrintSample(t.Context(), call(b.nurse), b.on.Patient, "M22736A000999")
	b.refused(err, desk.CodeSampleNone, "")
	b.clock.Add(26 * time.Hour)
	leaf := b.result(desk.ResultInput{Order: order, Values: entries("HB", "10,5", "", "NTPH", "6", "", "NTPRO", "Âm tính", "")})
	p := b.file()
	v := p.Lab.Find(leaf)
	body := clinic.BodyOf[clinic.Result](v)
	if len(p.Lab.Results) != 2 || body.Sample != n || len(body.Values) != 1 {
		t.Errorf("what was taken from the patient and what was not stand together: %+v", body)
	}
	if body.Taken != (clinic.Date{Year: 2026, Month: 11, Day: 2}) || body.Values[0].Flag != clinic.FlagLow || body.Values[0].Range.Says() != "12–16" {
		t.Errorf("%+v", body)
	}
	if p.Visits[0].State != clinic.VisitSigned {
		t.Errorf("a result that comes later opens the visit again: %d", p.Visits[0].State)
	}
	var waits []clinic.Leaf
	for _, d := range p.Lab.Waiting() {
		waits = append(waits, d.Leaf())
	}
	if l := b.list(); len(l.ToReview) != 1 || len(l.ToReview[0].Tests) != 3 || len(l.ToSample)+len(l.ToResult) != 0 {
		t.Errorf("%+v", l)
	}
	if err := b.review("", waits...); err != nil {
		t.Fatal(err)
	}
	p = b.file()
	if len(p.Lab.Waiting()) != 0 || len(b.list().ToReview) != 0 || len(p.Signed) != 1 || len(p.Signed[0].Record.Body.(*clinic.Signed).Leaves) != 3 {
		t.Errorf("%d wait, %d signatures", len(p.Lab.Waiting()), len(p.Signed))
	}
	b.refused(b.review("", clinic.Leaf{9}), desk.CodeSignSeen, "")
}

func TestOrderAsksFirst(t *testing.T) {
	b := newBench(t)
	first := b.order("HB")
	again := desk.OrderInput{On: b.on, Tests: []string{"HB", "MAU"}}
	_, err := b.Order(t.Context(), call(b.doctor), again)
	b.refused(err, desk.CodeLabWaits, "tests")
	b.result(desk.ResultInput{Order: first, Values: entries("HB", "13", "")})
	b.clock.Add(29 * 24 * time.Hour)
	b.on = b.open(b.on.Patient)
	again.On = b.on
	_, err = b.Order(t.Context(), call(b.doctor), again)
	if e := b.refused(err, desk.CodeLabValid, "tests"); e.Args["value"] != "13 g/dL" || e.Args["date"] != "02/11/2026" {
		t.Errorf("%v", e.Args)
	}
	again.Confirmed = []string{"HB"}
	d := b.must(b.Order(t.Context(), call(b.doctor), again))
	if o := d.Records[0].Body.(*clinic.Order); !slices.Equal(o.Confirmed, []string{"HB"}) || len(o.Tests) != 2 {
		t.Errorf("%+v", o)
	}
	b.clock.Add(24 * time.Hour) // the thirty-first day
	b.on = b.open(b.on.Patient)
	if _, err := b.Order(t.Context(), call(b.doctor), desk.OrderInput{On: b.on, Tests: []string{"HB"}}); !errors.Is(err, &desk.Error{Code: desk.CodeLabWaits}) || errors.Is(err, &desk.Error{Code: desk.CodeLabValid}) {
		t.Errorf("%v", err)
	}
	for _, in := range []desk.OrderInput{{Tests: []string{"KHONG"}}, {}} {
		in.On = b.on
		if _, err := b.Order(t.Context(), call(b.doctor), in); len(desk.ErrorsOf(err)) == 0 {
			t.Errorf("%v is taken", in.Tests)
		}
	}
	_, err = b.Order(t.Context(), call(b.nurse), again)
	b.refused(err, desk.CodeNotAllowed, "")
}

func TestOrderIsTakenBack(t *testing.T) {
	b := newBench(t)
	order := b.order("HB", "NS1")
	on := b.on
	on.Base = order
	order = b.must(b.Order(t.Context(), call(b.doctor), desk.OrderInput{On: on, Tests: []string{"HB", "NS1", "MAU"}})).Records[0].Leaf
	b.sample(order, "HB")
	on.Base = order
	_, err := b.Order(t.Context(), call(b.doctor), desk.OrderInput{On: on, Tests: []string{"NS1"}})
	b.refused(err, desk.CodeLabTaken, "tests")
	b.must(b.Order(t.Context(), call(b.doctor), desk.OrderInput{On: on, Tests: []string{"HB"}}))
	if f := b.file(); len(f.OrderLines()) != 1 {
		t.Errorf("%d tests stand", len(f.OrderLines()))
	}
	other := newBench(t)
	on = other.on
	on.Base = other.order("HB")
	other.must(other.Order(t.Context(), call(other.doctor), desk.OrderInput{On: on}))
	if l := other.list(); len(l.ToSample) != 0 {
		t.Error("an order that was taken back stands on the list")
	}
}

func TestTypedResults(t *testing.T) {
	b := newBench(t)
	order := b.order("HB", "GLU", "NS1", "MAU")
	n := b.store.Len()
	for name, c := range map[string]struct {
		in   []desk.ResultEntry
		code desk.Code
	}{
		"impossible":           {entries("HB", "125", ""), desk.CodeLabImpossible},
		"no unit":              {entries("GLU", "126", ""), desk.CodeLabUnit},
		"the other unit":       {entries("GLU", "126", "mmol/L"), desk.CodeLabOtherUnit},
		"not a number":         {entries("HB", "mười", ""), desk.CodeValue},
		"not a word":           {entries("NS1", "có", ""), desk.CodeValue},
		"critical":             {entries("HB", "7,5", ""), desk.CodeLabCritical},
		"not ordered":          {entries("NTPH", "6", ""), desk.CodeChanged},
		"nothing":              {entries("HB", "", ""), desk.CodeNothing},
		"a control character":  {entries("NS1", "Âm\x07", ""), desk.CodeText},
		"one right, one wrong": {entries("HB", "12", "", "GLU", "4", ""), desk.CodeLabUnit},
	} {
		in := desk.ResultInput{Order: order, Values: c.in}
		_, err := b.enter(in)
		if len(desk.ErrorsOf(err)) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		b.refused(err, c.code, "")
	}
	if b.store.Len() != n {
		t.Fatal("something of a refused result was saved")
	}
	in := desk.ResultInput{
		Order: order, Confirmed: []string{"HB"},
		Values: entries("HB", "7,5", "", "GLU", "126", "mg/dL", "NS1", "Không đọc được", "", "MAU", "O", ""),
	}
	leaf := b.result(in)
	p := b.file()
	doc := p.Lab.Find(leaf)
	r := clinic.BodyOf[clinic.Result](doc)
	for test, want := range map[string]clinic.ResultFlag{
		"HB": clinic.FlagCriticalLow, "GLU": clinic.FlagUsual, "NS1": clinic.FlagInvalid, "MAU": clinic.FlagUnjudged,
	} {
		if v := r.Value(test); v == nil || v.Flag != want {
			t.Errorf("%s: %+v", test, v)
		}
	}
	if v := r.Value("GLU"); v.Say() != "7 mmol/L" || v.Typed != "126 mg/dL" {
		t.Errorf("%+v", v)
	}
	_, err := b.enter(desk.ResultInput{Order: order, Values: entries("HB", "12", "")})
	b.refused(err, desk.CodeLabDone, "HB")
	b.result(desk.ResultInput{Order: order, Values: entries("NS1", "Dương tính", "")}) // the strip did not work: once more

	a, err := b.Alarms(t.Context(), b.doctor)
	if err != nil || len(a) != 1 || !a[0].Critical {
		t.Fatalf("%+v %v", a, err)
	}
	b.refused(b.review("", leaf), desk.CodeLabNote, "note")
	if _, err := b.Review(t.Context(), call(b.doctor), desk.ReviewInput{Patient: b.on.Patient, Results: []clinic.Leaf{leaf}, Note: "chuyển viện"}); err != nil {
		t.Fatal(err) // without the PIN: seen
	}
	if a, _ := b.Alarms(t.Context(), b.doctor); len(a) != 0 || len(b.list().ToReview) != 1 {
		t.Error("what was seen still alarms, or does not wait for a signature")
	}
	_, err = b.Review(t.Context(), call(b.nurse), desk.ReviewInput{Patient: b.on.Patient, Results: []clinic.Leaf{leaf}, Note: "x"})
	b.refused(err, desk.CodeNotAllowed, "")
}

func TestResultIsCorrected(t *testing.T) {
	b := newBench(t)
	order := b.order("HB")
	first := b.result(desk.ResultInput{Order: order, Values: entries("HB", "9", "")})
	if err := b.review("thiếu máu", first); err != nil {
		t.Fatal(err)
	}
	fix := desk.ResultInput{Base: first, Values: entries("HB", "9,9", "")}
	_, err := b.enter(fix)
	b.refused(err, desk.CodeWhy, "why")
	fix.Why = "đọc nhầm"
	second := b.result(fix)
	p := b.file()
	doc := p.Lab.Find(first)
	if len(doc.Versions) != 2 || doc.Leaf() != second || doc.State != clinic.DocAmended || doc.Current().Record.Why != "đọc nhầm" || len(p.Lab.Results) != 1 {
		t.Fatalf("%+v", doc)
	}
	if l := b.list(); len(l.ToReview) != 1 {
		t.Error("a corrected result is not to be seen again")
	}
	_, err = b.enter(fix)
	b.refused(err, desk.CodeChanged, "")
	b.refused(b.review("", first), desk.CodeSignSeen, "")
	if v, ok := p.Lab.Latest("HB"); !ok || v.Value.Say() != "9,9 g/dL" {
		t.Errorf("%+v", v)
	}
}

// A fault between seeing and signing, and within either: the same form again ends it, and
// nothing is written twice.
func TestReviewUnderFaults(t *testing.T) {
	for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		for at := range 2 {
			b := newBench(t)
			leaf := b.result(desk.ResultInput{Order: b.order("HB"), Values: entries("HB", "9", "")})
			n := b.store.Len()
			c, in := call(b.doctor), desk.ReviewInput{Patient: b.on.Patient, Results: []clinic.Leaf{leaf}, Note: "uống sắt", PIN: doctorPIN}
			b.store.PlanAt(at, fault)
			if _, err := b.Review(t.Context(), c, in); !errors.Is(err, desktest.ErrFault) {
				t.Fatalf("%d: the fault was not seen: %v", at, err)
			}
			b.must(b.Review(t.Context(), c, in))
			if p := b.file(); b.store.Len() != n+2 || p.Lab.Results[0].State != clinic.DocSigned {
				t.Errorf("%d, %d: %d entries", fault, at, b.store.Len()-n)
			}
		}
	}
}

// An untrusted clock signs nothing; that a critical result was seen is recorded.
func TestReviewWithAnUntrustedClock(t *testing.T) {
	b := newBench(t)
	leaf := b.result(desk.ResultInput{Order: b.order("HB"), Values: entries("HB", "7", ""), Confirmed: []string{"HB"}})
	b.clock.Trust(false)
	b.refused(b.review("truyền máu", leaf), desk.CodeClockUntrusted, "")
	if a, err := b.Alarms(t.Context(), b.doctor); len(a) != 0 || err != nil || len(b.list().ToReview) != 1 {
		t.Error("what was done is not recorded, or the result counts as signed")
	}
}

// What stands under linked IDs follows.
func TestResultsOfLinkedRecords(t *testing.T) {
	b := newBench(t)
	b.result(desk.ResultInput{Order: b.order("HB"), Values: entries("HB", "12", "")})
	in := somebody("Nguyễn Thị Máu")
	in.Different = true
	other := b.must(b.Register(t.Context(), call(b.nurse), in)).Patient
	first := b.on
	b.must(b.Link(t.Context(), call(b.nurse), desk.LinkInput{Patient: first.Patient, Other: other, Same: true}))
	visit := b.must(b.OpenVisit(t.Context(), call(b.nurse), desk.VisitInput{Patient: other, Another: true}))
	b.on = desk.On{Patient: other, Visit: visit.Visit}
	_, err := b.Order(t.Context(), call(b.doctor), desk.OrderInput{On: b.on, Tests: []string{"HB"}})
	b.refused(err, desk.CodeLabValid, "")
	order := b.order("GLU")
	n := b.sample(order, "GLU")
	for _, id := range []clinic.ID{first.Patient, other} { // by whichever address
		b.on.Patient = id
		if f := b.file(); len(f.Lab.Results) != 1 || f.Lab.Sample(n) == nil {
			t.Errorf("%d results", len(f.Lab.Results))
		}
	}
	b.on.Patient = first.Patient
	leaf := b.result(desk.ResultInput{Order: order, Values: entries("GLU", "5", "mmol/L")})
	if err := b.review("", leaf); err != nil {
		t.Fatal(err)
	}
	if l := b.list(); len(l.ToReview) != 1 || len(l.ToReview[0].Tests) != 1 {
		t.Errorf("%+v", l)
	}
}

// A result of which nothing can be read stays on the list: it was there, and nobody saw it.
func TestLostResult(t *testing.T) {
	b := newBench(t)
	leaf := b.result(desk.ResultInput{Order: b.order("HB"), Values: entries("HB", "7", ""), Confirmed: []string{"HB"}})
	b.store.Lose(leaf)
	l := b.list()
	if len(l.ToReview) != 1 || !l.ToReview[0].Lost || len(l.ToSample) != 1 {
		t.Errorf("%+v", l)
	}
}

// recorded is an analyser that plays what a device sent over its cable: frames of a
// carriage return each, "sample,test,value,unit", by one STX and ETX around a measurement.
type recorded struct {
	in   *bufio.Reader
	now  desk.Measured
	said []error
}

func (r *recorded) Next(context.Context) (desk.Measured, error) {
	if _, err := r.in.ReadBytes(0x02); err != nil {
		return desk.Measured{}, err
	}
	frame, err := r.in.ReadBytes(0x03)
	if err != nil {
		return desk.Measured{}, err
	}
	m := desk.Measured{Device: "HemoThử HT-1 SN 0042", ID: clinic.ID{byte(len(r.said) + 1), 0xaa}}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(frame, []byte{0x03}), []byte{'\r'}) {
		if f := strings.Split(string(line), ","); len(f) == 4 {
			m.Sample = f[0]
			m.Values = append(m.Values, desk.ResultEntry{Test: f[1], Text: f[2], Unit: f[3]})
		}
	}
	r.now = m
	return m, nil
}

func (r *recorded) Done(_ context.Context, id clinic.ID, refused error) error {
	if id != r.now.ID {
		return errors.New("not the measurement")
	}
	r.said = append(r.said, refused)
	return nil
}

func TestResultsOfADevice(t *testing.T) {
	b := newBench(t)
	order := b.order("HB", "GLU")
	n := b.sample(order, "HB", "GLU")
	cable := "\x06noise\x02" + n + ",HB,7.1,g/dL\r" + n + ",GLU,126,mg/dL\r\x03\x05" +
		"\x02M22736A099999,HB,12,\r\x03" + "\x02" + n + ",HB,13.0,g/dL\r\x03" + "\x02" + n + ",HB,1"
	dev := &recorded{in: bufio.NewReader(strings.NewReader(cable))}
	if err := b.Analyse(t.Context(), dev); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(dev.said) != 3 || dev.said[0] != nil {
		t.Fatalf("%v", dev.said)
	}
	b.refused(dev.said[1], desk.CodeSampleNone, "")
	b.refused(dev.said[2], desk.CodeLabDone, "HB")
	p := b.file()
	r := clinic.BodyOf[clinic.Result](&p.Lab.Results[0])
	if len(p.Lab.Results) != 1 || r.Device == "" || r.Value("HB").Flag != clinic.FlagCriticalLow || r.Value("GLU").Say() != "7 mmol/L" || !p.Lab.Results[0].Current().Record.Author.IsZero() {
		t.Errorf("%+v", r)
	}
	again := &recorded{in: bufio.NewReader(strings.NewReader(cable))} // after a power cut it sends all once more
	if err := b.Analyse(t.Context(), again); !errors.Is(err, io.EOF) || again.said[0] != nil {
		t.Fatal(err, again.said)
	}
	if p := b.file(); len(p.Lab.Results) != 1 {
		t.Error("the same measurement was saved twice")
	}
}
