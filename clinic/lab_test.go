package clinic

import (
	"errors"
	"testing"
)

func glucoseRow() *CatalogRow {
	r := &CatalogRow{Code: "GLUBK", Name: "Glucose", Unit: "mmol/L", Value: "1", Possible: "0,3-60", Units: "mg/dL:18,016"}
	r.Ranges, _ = ParseRanges("28d-: 3,9-11 !2,8-25; 0d-28d: 2,6-7 !2,2-16,7")
	return r
}

func TestReadResult(t *testing.T) {
	crea := &CatalogRow{Code: "CREA", Unit: "µmol/L", Value: "0", Possible: "5-3000", Units: "mg/dL:1/88,42"}
	hb := &CatalogRow{Code: "HB", Unit: "g/dL", Value: "1", Possible: "1-30"}
	rapid := &CatalogRow{Code: "NS1", Value: "Âm tính/Negative|Dương tính/Positive!|Không đọc được/Invalid?"}
	for _, tt := range []struct {
		row         *CatalogRow
		typed, unit string
		want        string // what it says, or the problem
	}{
		{glucoseRow(), "5,6", "mmol/L", "5,6 mmol/L"},
		{glucoseRow(), "126", "mg/dL", "7 mmol/L"},
		{glucoseRow(), "100", "mg/dL", "5,6 mmol/L"}, // 5,5506
		{glucoseRow(), "126", "mmol/L", ProblemOtherUnit},
		{glucoseRow(), "5,6", "mg/dL", "0,3 mmol/L"}, // just possible; the next is not
		{glucoseRow(), "4", "mg/dL", ProblemOtherUnit},
		{glucoseRow(), "126", "", ProblemUnit},
		{glucoseRow(), "5,6", "", ProblemUnit},
		{glucoseRow(), "5,6", "g/L", ProblemUnit},
		{glucoseRow(), "5,67", "mmol/L", ProblemPrecise},
		{glucoseRow(), "-5", "mmol/L", ProblemNegative},
		{glucoseRow(), "cao", "mmol/L", ProblemNumber},
		{glucoseRow(), "99999", "mg/dL", ProblemImpossible},
		{crea, "1,1", "mg/dL", "97 µmol/L"},
		{crea, "97", "µmol/L", "97 µmol/L"},
		{hb, "12,5", "", "12,5 g/dL"},
		{hb, "125", "", ProblemImpossible},
		{hb, " ", "", ProblemEmpty},
		{rapid, "Dương tính", "", "Dương tính"},
		{rapid, "dương", "", ProblemChoice},
		{&CatalogRow{Code: "SOI", Value: ValueText}, "Trứng giun móc", "", "Trứng giun móc"},
	} {
		v, err := tt.row.ReadResult("f", tt.typed, tt.unit)
		got := v.Say()
		var fe *FieldError
		if errors.As(err, &fe) {
			got = fe.Problem
		}
		if got != tt.want {
			t.Errorf("%s %q %q: %q, want %q", tt.row.Code, tt.typed, tt.unit, got, tt.want)
		}
	}
	if v, _ := glucoseRow().ReadResult("f", "126", "mg/dL"); v.Typed != "126 mg/dL" || v.Unit != "mmol/L" {
		t.Errorf("what was read is not kept: %+v", v)
	}
}

func TestJudgeResult(t *testing.T) {
	hb := &CatalogRow{Code: "HB", Unit: "g/dL", Value: "1"}
	hb.Ranges, _ = ParseRanges("6m-2y: 10,5- !7-20; 2y-12y: 11,5- !8-20; F 15y-: 12-16 !8-20; M 15y-: 13-17,5 !8-20")
	day := func(y, m, d int) Date { return Date{y, m, d} }
	taken := day(2026, 11, 29)
	number := func(m Milli) *ResultValue { return &ResultValue{Number: &m} }
	for name, tt := range map[string]struct {
		row   *CatalogRow
		v     *ResultValue
		sex   Sex
		birth Date
		want  ResultFlag
	}{
		"a woman":                 {hb, number(12_000), SexFemale, day(1990, 1, 1), FlagUsual},
		"a man":                   {hb, number(12_000), SexMale, day(1990, 1, 1), FlagLow},
		"critical":                {hb, number(7_900), SexMale, day(1990, 1, 1), FlagCriticalLow},
		"a child":                 {hb, number(11_000), SexMale, day(2020, 1, 1), FlagLow},
		"the day before two":      {hb, number(11_000), SexMale, day(2024, 11, 30), FlagUsual},
		"two":                     {hb, number(11_000), SexMale, day(2024, 11, 27), FlagLow},
		"no range at that age":    {hb, number(11_000), SexMale, day(2026, 10, 1), FlagUnjudged},
		"sex not known":           {hb, number(12_000), SexUnknown, day(1990, 1, 1), FlagUnjudged},
		"age not known":           {hb, number(12_000), SexFemale, Date{}, FlagUnjudged},
		"the year is enough":      {hb, number(11_900), SexFemale, Date{Year: 1960}, FlagLow},
		"the year is not enough":  {hb, number(11_900), SexFemale, Date{Year: 2024}, FlagUnjudged},
		"the month is enough":     {hb, number(11_000), SexMale, Date{Year: 2024, Month: 6}, FlagLow},
		"born after the sample":   {hb, number(12_000), SexFemale, day(2027, 1, 1), FlagUnjudged},
		"no ranges":               {&CatalogRow{Value: "1"}, number(1), SexFemale, day(1990, 1, 1), FlagUnjudged},
		"any age will do":         {&CatalogRow{Value: "0", Ranges: []RefRange{{High: 5000}}}, number(6000), SexFemale, Date{}, FlagHigh},
		"nothing is low but zero": {&CatalogRow{Value: "0", Ranges: []RefRange{{High: 5000}}}, number(0), SexFemale, Date{}, FlagUsual},
	} {
		tt.row.JudgeResult(tt.v, tt.sex, tt.birth, taken)
		if tt.v.Flag != tt.want || (tt.v.Range == nil) != (tt.want == FlagUnjudged) {
			t.Errorf("%s: %d, want %d; range %+v", name, tt.v.Flag, tt.want, tt.v.Range)
		}
	}
	rapid := &CatalogRow{Value: "Âm tính|Dương tính!|Nặng!!|Không đọc được?", Ranges: []RefRange{{Text: "Âm tính"}}}
	blood := &CatalogRow{Value: "A|B"}
	for text, want := range map[string]ResultFlag{
		"Âm tính": FlagUsual, "Dương tính": FlagAbnormal, "Nặng": FlagCritical, "Không đọc được": FlagInvalid,
	} {
		v := &ResultValue{Text: text}
		if rapid.JudgeResult(v, 0, Date{}, taken); v.Flag != want {
			t.Errorf("%s: %d, want %d", text, v.Flag, want)
		}
	}
	v := &ResultValue{Text: "A"}
	if blood.JudgeResult(v, SexMale, day(1990, 1, 1), taken); v.Flag != FlagUnjudged {
		t.Error("a blood group is called normal")
	}
}

func FuzzUnits(f *testing.F) {
	f.Add("mg/dL:18,016; g/L:1/88,42", "126")
	f.Fuzz(func(t *testing.T, units, typed string) {
		all, ok := ParseUnits(units)
		if !ok {
			return
		}
		r := CatalogRow{Unit: "x", Value: "1", Units: units, Possible: "0-100"}
		for _, u := range all {
			if v, err := r.ReadResult("f", typed, u.Name); err == nil && u.Name != "x" && (v.Number == nil || *v.Number < 0 || *v.Number > 100_000) {
				t.Fatalf("%q %q: %+v", units, typed, v)
			}
		}
	})
}

func TestSampleNumbers(t *testing.T) {
	s, err := NewSampleNumber("22736", "a", 12)
	if err != nil {
		t.Fatal(err)
	}
	if got, c, err := ParseSampleNumber(" " + s); err != nil || got != s || c.Number != 12 || c.Book != "a" {
		t.Errorf("%s: %s %+v %v", s, got, c, err)
	}
	if _, _, err := ParseSlip(s); err == nil {
		t.Error("a sample's number is taken for a slip's")
	}
	is := Issued(&Sample{Number: s})
	if len(is) != 1 || is[0] != (Issue{"sample/a", 12}) {
		t.Errorf("%+v", is)
	}
}

// lab makes records of one patient by hand, in order of their hybrid time.
type lab struct {
	all []Record
	n   byte
}

func (l *lab) put(k Kind, visit ID, corrects Leaf, body any) Leaf {
	l.n++
	r := Record{Kind: k, Leaf: Leaf{l.n}, HLC: uint64(l.n), Subject: ID{1}, Visit: visit, Corrects: corrects, Body: body}
	l.all = append(l.all, r)
	return r.Leaf
}

func (l *lab) file() PatientFile { return FoldPatient(ID{1}, l.all) }

func TestOrderLines(t *testing.T) {
	l := &lab{}
	v := ID{7}
	l.put(KindVisit, v, Leaf{}, &Visit{Day: Date{2026, 11, 29}})
	tests := []OrderedTest{{Code: "HB", Name: "Hb"}, {Code: "NS1", Name: "NS1"}}
	order := l.put(KindOrder, v, Leaf{}, &Order{Tests: tests})
	state := func(test string) LineState {
		f := l.file()
		for _, x := range f.OrderLines() {
			if x.Test.Code == test {
				return x.State
			}
		}
		return 0
	}
	want := func(hb, ns1 LineState) {
		t.Helper()
		if a, b := state("HB"), state("NS1"); a != hb || b != ns1 {
			t.Errorf("HB %d, NS1 %d; want %d, %d", a, b, hb, ns1)
		}
	}
	want(LineOrdered, LineOrdered)
	l.put(KindSample, ID{}, Leaf{}, &Sample{Number: "M1", Order: order[:], Tests: []string{"HB", "NS1"}})
	want(LineSampled, LineSampled)
	order = l.put(KindOrder, v, order, &Order{Tests: tests, Urgent: true}) // the first version stands on the label
	want(LineSampled, LineSampled)
	m := Milli(7000)
	one := l.put(KindResult, ID{}, Leaf{}, &Result{Order: order[:], Taken: Date{2026, 11, 29}, Values: []ResultValue{
		{Test: "HB", Number: &m, Flag: FlagCriticalLow}, {Test: "NS1", Text: "Không đọc được", Flag: FlagInvalid},
	}})
	want(LineResult, LineOrdered) // the rapid test did not work
	f := l.file()
	if len(f.Lab.Alarms()) != 1 || len(f.Lab.Waiting()) != 1 || len(f.Lab.Points("NS1")) != 0 {
		t.Error("a critical result does not stand out, or a test that did not work counts")
	}
	l.put(KindReviewed, ID{}, Leaf{}, &Reviewed{Results: [][]byte{one[:]}, Note: "chuyển viện"})
	if f = l.file(); len(f.Lab.Alarms()) != 0 || len(f.Lab.Waiting()) != 1 {
		t.Error("seen is not signed")
	}
	l.put(KindSigned, ID{}, Leaf{}, &Signed{Leaves: [][]byte{one[:]}})
	want(LineSigned, LineOrdered)
	m2 := Milli(17000)
	l.put(KindResult, ID{}, one, &Result{Order: order[:], Taken: Date{2026, 11, 29}, Values: []ResultValue{{Test: "HB", Number: &m2}}})
	want(LineResult, LineSampled) // its sample may be tested again
	f = l.file()
	p, ok := f.Lab.Latest("HB")
	if !ok || *p.Value.Number != 17000 || len(p.Of.Versions) != 2 || p.Of.State != DocAmended {
		t.Errorf("%+v", p)
	}
	if f.Visits[0].State == VisitAmended || len(f.Visits[0].Documents) != 1 {
		t.Error("a result changes the visit")
	}
	// Judged: a signature that is broken confirms nothing.
	f.JudgeSignatures(func(*Record) SignatureState { return SignatureBroken })
	if len(f.Lab.Results[0].Versions[0].Void) != 1 || f.Lab.Results[0].State != DocUnsigned {
		t.Error("a broken signature counts")
	}
	l.put(KindOrder, v, order, &Order{Off: true})
	want(0, 0)
	// The order in which records come does not matter.
	for i, j := 0, len(l.all)-1; i < j; i, j = i+1, j-1 {
		l.all[i], l.all[j] = l.all[j], l.all[i]
	}
	want(0, 0)
	if again := l.file(); again.Lab.Results[0].State != DocAmended || len(again.Lab.Results) != 1 {
		t.Error("another order of the records makes another file")
	}
}
