package clinic_test

import (
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
)

func on(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }

// TestDueDate: 280 days, over ends of years and leap days.
func TestDueDate(t *testing.T) {
	for lmp, want := range map[clinic.Date]clinic.Date{
		on(2026, 1, 1): on(2026, 10, 8), on(2026, 6, 15): on(2027, 3, 22), on(2027, 5, 26): on(2028, 3, 1), on(2027, 5, 25): on(2028, 2, 29),
	} {
		p := clinic.Pregnancy{LMP: lmp}
		if got, ok := p.Due(); !ok || got != want {
			t.Errorf("%v: %v, want %v", lmp, got, want)
		}
	}
	if due, ok := (&clinic.Pregnancy{}).Due(); ok || !due.IsZero() {
		t.Error("a due date out of nothing:", due)
	}
}

// TestWeeksWalk walks through the days of a pregnancy: each is one more, weeks change on
// the day of the week of the last period, and it holds from the first day until somebody
// ends it.
func TestWeeksWalk(t *testing.T) {
	p := clinic.Pregnancy{On: on(2027, 6, 20), LMP: on(2027, 5, 7)}
	day := p.LMP.AddDays(-1)
	if _, ok := p.AgeOn(day); ok || p.Holds(day) {
		t.Error("before it began")
	}
	for want := range 45 * 7 {
		day = day.AddDays(1)
		got, ok := p.AgeOn(day)
		if !ok || got != want || !p.Holds(day) {
			t.Fatalf("%v: day %d, want %d, holds %v", day, got, want, p.Holds(day))
		}
		if (got%7 == 0) != (day.Time().Weekday() == p.LMP.Time().Weekday()) {
			t.Fatalf("%v: %d+%d", day, got/7, got%7)
		}
	}
	if p.Holds(day.AddDays(1)) {
		t.Error("nobody is pregnant for 45 weeks")
	}
	p.Ended, p.End = on(2028, 2, 10), clinic.EndBirth
	if p.Holds(p.Ended) || !p.Holds(p.Ended.AddDays(-1)) {
		t.Error("the day of birth is the first without")
	}
	p.End = clinic.EndMistake
	if p.Holds(p.Ended.AddDays(-1)) {
		t.Error("there was none")
	}
	undated := clinic.Pregnancy{On: on(2027, 6, 20)}
	if undated.Holds(on(2027, 6, 19)) || !undated.Holds(on(2027, 6, 20)) || !undated.Holds(on(2028, 3, 1)) {
		t.Error("a pregnancy without a date holds from the day on which it was recorded")
	}
}

// TestRedating: both ways stay, the ultrasound counts when it is said or alone, and is
// advised when they lie too far apart for the week in which it was made.
func TestRedating(t *testing.T) {
	p := clinic.Pregnancy{LMP: on(2026, 1, 1), Scan: on(2026, 2, 26), ScanAge: 50} // 8 weeks by the period, 7+1 by the scan
	if begin, _ := p.Begin(); begin != p.LMP {
		t.Error(begin)
	}
	if days, advised, ok := p.Redate(); !ok || days != 6 || !advised {
		t.Error(days, advised, ok)
	}
	p.ByScan = true
	if due, _ := p.Due(); due != on(2026, 10, 14) {
		t.Error(due)
	}
	p.Scan, p.ScanAge = on(2026, 7, 16), 28*7-20 // three weeks' difference late in pregnancy
	if days, advised, _ := p.Redate(); days != 20 || advised {
		t.Error(days, advised)
	}
	p.LMP, p.ByScan = clinic.Date{}, false
	if begin, ok := p.Begin(); !ok || begin != on(2026, 1, 21) {
		t.Error(begin)
	}
	if _, _, ok := p.Redate(); ok {
		t.Error("nothing to compare with")
	}
}

func TestConcerns(t *testing.T) {
	for _, tc := range []struct {
		name string
		a    clinic.Antenatal
		want []string
	}{
		{"well", clinic.Antenatal{Age: 210, Systolic: 118, Diastolic: 76, Fundus: 30, Heart: 140, Hb: 115, Protein: clinic.ProteinNone, Lie: clinic.LieBreech, Tetanus: clinic.TetanusSafe}, nil},
		{"nothing measured", clinic.Antenatal{}, nil},
		{"high", clinic.Antenatal{Systolic: 140, Diastolic: 80}, []string{"pressure-high"}},
		{"high below", clinic.Antenatal{Systolic: 120, Diastolic: 90, Protein: clinic.ProteinTrace}, []string{"pressure-high"}},
		{"with protein", clinic.Antenatal{Systolic: 145, Diastolic: 80, Protein: clinic.ProteinOne}, []string{"preeclampsia"}},
		{"severe", clinic.Antenatal{Systolic: 150, Diastolic: 110, Protein: clinic.ProteinTwo}, []string{"pressure-severe"}},
		{"protein alone", clinic.Antenatal{Protein: clinic.ProteinTwo}, []string{"protein"}},
		{"106 early", clinic.Antenatal{Age: 70, Hb: 106}, []string{"hb-mild"}},
		{"106 in the middle", clinic.Antenatal{Age: 140, Hb: 106}, nil},
		{"99", clinic.Antenatal{Age: 140, Hb: 99}, []string{"hb-low"}},
		{"69", clinic.Antenatal{Age: 140, Hb: 69}, []string{"hb-severe"}},
		{"heart", clinic.Antenatal{Heart: 109}, []string{"heart"}},
		{"breech late", clinic.Antenatal{Age: 252, Lie: clinic.LieBreech}, []string{"lie"}},
		{"small womb", clinic.Antenatal{Age: 210, Fundus: 26}, []string{"fundus"}},
		{"41", clinic.Antenatal{Age: 287}, []string{"late"}},
		{"most urgent first", clinic.Antenatal{Tetanus: clinic.TetanusNone, Hb: 95, Signs: []string{"bleeding"}}, []string{"sign", "hb-low", "tetanus"}},
	} {
		var got []string
		for _, c := range tc.a.Concerns() {
			got = append(got, c.Code)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	d := clinic.Delivery{Blood: 600, Placenta: clinic.PlacentaMissing, Perineum: clinic.PerineumThree, Children: []clinic.Born{
		{State: clinic.BornAlive, Grams: 1900, Apgar5: 7}, {State: clinic.BornStill, Grams: 1500, Apgar5: 1}, {State: clinic.BornAlive, Grams: 2499, Apgar5: 8},
	}}
	var got []string
	for _, c := range d.Concerns() {
		got = append(got, c.Code)
	}
	if want := []string{"placenta", "apgar", "small", "blood", "perineum", "small"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}

// expecting makes the file of a woman with a pregnancy and examinations on days of it.
func expecting(p clinic.Pregnancy, days ...int) *clinic.PatientFile {
	id := clinic.ID{1}
	rec := func(n int, k clinic.Kind, visit clinic.ID, body any) clinic.Record {
		return clinic.Record{Leaf: clinic.Leaf{byte(n), byte(n >> 8)}, HLC: uint64(n), Kind: k, Subject: id, Visit: visit, Body: body}
	}
	records := []clinic.Record{rec(1, clinic.KindPregnancy, clinic.ID{}, &p)}
	for i, d := range days {
		v := clinic.ID{byte(i + 2)}
		records = append(records, rec(10+3*i, clinic.KindVisit, v, &clinic.Visit{Day: p.LMP.AddDays(d), Type: clinic.VisitAntenatal}),
			rec(11+3*i, clinic.KindAntenatal, v, &clinic.Antenatal{Age: d, Systolic: 120, Diastolic: 70}))
	}
	f := clinic.FoldPatient(id, records)
	return &f
}

// TestExpecting: the next examination by the schedule that ships, from the booking to the
// last contact.
func TestExpecting(t *testing.T) {
	rows, err := starting.Rows(clinic.CatalogAntenatal)
	if err != nil {
		t.Fatal(err)
	}
	schedule, bad := clinic.Contacts(rows, on(2026, 6, 1))
	if len(schedule) != 4 || bad != nil {
		t.Fatal(schedule, bad)
	}
	booked := clinic.Pregnancy{On: on(2026, 3, 1), LMP: on(2026, 1, 1)} // 8 weeks
	for _, tc := range []struct {
		name   string
		p      clinic.Pregnancy
		visits []int
		code   string
		last   int // day on which it is not late yet
	}{
		{"no visit", booked, nil, "KT1", 14*7 - 1},
		{"booked late", clinic.Pregnancy{On: on(2026, 6, 1), LMP: on(2026, 1, 1)}, nil, "KT2", 28*7 - 1},
		{"first", booked, []int{60}, "KT2", 28*7 - 1},
		{"second left out", booked, []int{60, 200}, "KT4", 40*7 - 1},
		{"twice in one", booked, []int{60, 90}, "KT2", 28*7 - 1},
	} {
		e := expecting(tc.p, tc.visits...).Expecting(schedule, on(2026, 9, 1))
		if e == nil || e.Contact.Code != tc.code || e.Next != tc.p.LMP.AddDays(tc.last) || e.Visits != len(tc.visits) || e.Overdue(e.Next) != 0 || e.Overdue(e.Next.AddDays(2)) != 2 {
			t.Errorf("%s: %+v", tc.name, e)
		}
	}
	if e := expecting(booked, 60, 120, 210, 260).Expecting(schedule, on(2026, 10, 20)); !e.Next.IsZero() || e.Overdue(on(2027, 1, 1)) != 0 || e.PastDue(on(2026, 10, 20)) != 12 {
		t.Errorf("after the last: %+v", e)
	}
	if e := expecting(booked, 60).Expecting(nil, on(2026, 9, 1)); e.Next != booked.LMP.AddDays(88) {
		t.Errorf("without a schedule: %+v", e)
	}
	booked.Ended, booked.End = on(2026, 9, 1), clinic.EndBirth
	if e := expecting(booked, 60).Expecting(schedule, on(2026, 9, 2)); e != nil {
		t.Error("it ended")
	}
	if _, bad := clinic.Contacts([]clinic.CatalogRow{{Catalog: clinic.CatalogAntenatal, Code: "X", Timing: "3m max 2w"}}, on(2026, 1, 1)); len(bad) != 1 {
		t.Error("a row that cannot be read is left out in silence")
	}
}

// TestTwinsOverMidnight: times go forward, and one child has no place among others.
func TestTwinsOverMidnight(t *testing.T) {
	d := clinic.Delivery{Day: on(2026, 11, 1), Time: "23:50", Place: clinic.BirthHere, Children: []clinic.Born{{Sex: clinic.SexMale}, {Sex: clinic.SexFemale, Time: "00:10"}}}
	if p := d.Details(1); p.Birth != on(2026, 11, 2) || p.BirthTime != "00:10" || p.Order != 2 || p.Of != 2 || p.Born != clinic.BornHere {
		t.Errorf("%+v", p)
	}
	if p := d.Details(0); p.Birth != on(2026, 11, 1) || p.BirthTime != "23:50" || p.Order != 1 {
		t.Errorf("%+v", p)
	}
	d.Children = d.Children[:1]
	if p := d.Details(0); p.Of != 0 || p.Order != 0 {
		t.Errorf("%+v", p)
	}
}

// TestBirthNumbers: a certificate uses up its number, and the series knows no other.
func TestBirthNumbers(t *testing.T) {
	n, err := clinic.NewBirthNumber("22736", "a", 17)
	if err != nil {
		t.Fatal(err)
	}
	if got := clinic.Issued(&clinic.BirthCertificate{Number: n}); len(got) != 1 || got[0] != (clinic.Issue{Series: "birth/a", Number: 17}) {
		t.Error(got)
	}
	if got := clinic.Issued(&clinic.BirthCertificate{Number: "H22736A00017X"}); got != nil {
		t.Error(got)
	}
}
