package safety_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/safety"
	"clinicbox/clinic/starting"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
)

// TestRows: how many rules there are of each family, and that 100 pairs are severe.
func TestRows(t *testing.T) {
	rules, _ := known(t)
	for _, f := range []struct {
		catalog, kind string
		least         int
	}{
		{clinic.CatalogInteraction, "pair", 140},
		{clinic.CatalogInteraction, "duplicate", 20},
		{clinic.CatalogAllergyClass, "class", 25},
		{clinic.CatalogAllergyClass, "cross", 10},
		{clinic.CatalogDoseLimit, "limit", 120},
		{clinic.CatalogCaution, "pregnancy", 30},
		{clinic.CatalogCaution, "breastfeeding", 15},
		{clinic.CatalogCaution, "age", 25},
		{clinic.CatalogCaution, "weight", 3},
		{clinic.CatalogCaution, "renal", 20},
		{clinic.CatalogCaution, "condition", 40},
	} {
		n := rules.Len(f.catalog, f.kind)
		t.Logf("%s %s: %d", f.catalog, f.kind, n)
		if n < f.least {
			t.Errorf("%s %s: %d rules, want %d", f.catalog, f.kind, n, f.least)
		}
	}
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	severe := 0
	for _, r := range rows {
		if r.Catalog == clinic.CatalogInteraction && r.Rule.Kind == "pair" && r.Rule.Severity == "interrupt" {
			severe++
		}
	}
	if severe < 100 {
		t.Errorf("%d severe pairs of classes, want 100", severe)
	}
}

// TestMedicinesAreMapped: every medicine of the starting catalogue has substances, and
// each of them an amount or, in the file, why there is none.
func TestMedicinesAreMapped(t *testing.T) {
	rules, medicines := known(t)
	if len(medicines) < 280 {
		t.Fatalf("%d medicines", len(medicines))
	}
	for code, row := range medicines {
		l := safety.LineOf(clinic.DrugLine{Medicine: code, Name: row.Name}, row, clinic.Date{})
		p := safety.Patient{On: today, AgeDays: 40 * 365, Sex: clinic.SexMale, Weight: 600}
		for _, f := range safety.Check(rules, p, []safety.Line{l}, nil) {
			if f.Kind == safety.KindUnmapped {
				t.Errorf("%s: %s", code, f.En)
			}
		}
		for _, s := range row.Substances {
			if s.INN == "" || s.Code == "" {
				t.Errorf("%s: %+v", code, s)
			}
		}
	}
}

// everyRow makes the prescription that a row is about, from the row alone.
func everyRow(r clinic.CatalogRow) (p safety.Patient, now []safety.Line, ok bool) {
	p = safety.Patient{On: today, AgeDays: 40*365 + 1, Sex: clinic.SexFemale, Weight: 600, Pregnant: clinic.AnswerNo}
	x := r.Rule
	line := func(codes string, n int) safety.Line {
		var in []string
		for _, c := range strings.Fields(codes) {
			if c[0] != '-' {
				in = append(in, c)
			}
		}
		c := in[n%len(in)]
		return safety.Line{
			Medicine: fmt.Sprintf("%s%d", c, n), Name: c, ATC: c, Dose: 1000, Times: 1,
			Substances: []clinic.Substance{{Code: c, INN: c, Amount: 1e11}},
		}
	}
	switch r.Catalog + " " + x.Kind {
	case "interaction pair":
		return p, []safety.Line{line(x.A, 0), line(x.B, 7)}, true
	case "interaction duplicate":
		if x.A == "*" {
			return p, []safety.Line{line("N02BE01", 0), line("N02BE01", 1)}, true
		}
		two := []safety.Line{line(x.A, 0), line(x.A, 1)}
		two[0].Substances, two[1].Substances = nil, nil
		return p, two, true
	case "allergyclass class":
		p.Allergies = []clinic.Allergy{{Substance: "x", Code: r.Code}}
		return p, []safety.Line{line(x.A, 0)}, true
	case "allergyclass cross":
		p.Allergies = []clinic.Allergy{{Substance: "x", Code: x.A}}
		return p, []safety.Line{line(x.B, 0)}, true
	case "caution pregnancy":
		p.Pregnant, p.Weeks = clinic.AnswerYes, max(x.Low, 1)
	case "caution breastfeeding":
		p.Breastfeeding = clinic.AnswerYes
	case "caution age":
		p.AgeDays = x.AgeFrom
	case "caution weight":
		p.Weight = x.High - 1
	case "caution renal":
		p.EGFR = x.High - 1
	case "caution condition":
		p.Problems = []safety.Problem{{Code: strings.Fields(x.B)[0]}}
	case "doselimit ":
		p.AgeDays = x.AgeFrom + 1
		if x.High > 0 {
			p.Weight = x.High - 1
		}
	default:
		return p, nil, false
	}
	return p, []safety.Line{line(x.A, 0)}, true
}

func checked(catalog string) bool {
	return slices.Contains([]string{clinic.CatalogInteraction, clinic.CatalogAllergyClass, clinic.CatalogDoseLimit, clinic.CatalogCaution}, catalog)
}

// TestEveryRuleSpeaks: no row is dead. The prescription that it is about finds it.
func TestEveryRuleSpeaks(t *testing.T) {
	rules, _ := known(t)
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	spoke := 0
	for _, r := range rows {
		if r.Rule == nil || !checked(r.Catalog) || r.Rule.Kind == "name" {
			continue
		}
		p, now, ok := everyRow(r)
		if !ok {
			t.Fatalf("%s %s: no such kind", r.Catalog, r.Code)
		}
		found := safety.Check(rules, p, now, nil)
		if !slices.ContainsFunc(found, func(f safety.Finding) bool { return f.Rule == r.Code }) {
			t.Errorf("%s %s is silent: %s", r.Catalog, r.Code, said(found))
		}
		spoke++
	}
	t.Log(spoke, "rules speak")
}

// TestNamesMeanSomething: every name that people write leads to a class or a substance.
func TestNamesMeanSomething(t *testing.T) {
	rules, medicines := known(t)
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	l := safety.LineOf(clinic.DrugLine{Medicine: "ORS"}, medicines["ORS"], clinic.Date{})
	n := 0
	for _, r := range rows {
		if r.Rule == nil || r.Rule.Kind != "name" {
			continue
		}
		for _, name := range strings.Split(r.Name, ";") {
			n++
			p := safety.Patient{On: today, AgeDays: 40 * 365, Sex: clinic.SexMale, Allergies: []clinic.Allergy{{Substance: "Dị ứng " + strings.ToUpper(strings.TrimSpace(name))}}}
			if found := safety.Check(rules, p, []safety.Line{l}, nil); len(found) > 0 {
				t.Errorf("%q: %s", name, said(found))
			}
		}
	}
	t.Log(n, "names")
}

// TestBadRows: a row that cannot be used is named, and the others go on.
func TestBadRows(t *testing.T) {
	good := func() clinic.CatalogRow {
		return clinic.CatalogRow{
			Catalog: clinic.CatalogInteraction, Code: "X1", Name: "a", English: "b", Version: "1", Source: "s",
			Rule: &clinic.Rule{Kind: "pair", A: "N02BE01", B: "M01A", Severity: "warn"},
		}
	}
	for what, change := range map[string]func(*clinic.CatalogRow){
		"has no rule":           func(r *clinic.CatalogRow) { r.Rule = nil },
		"source":                func(r *clinic.CatalogRow) { r.Source = "" },
		"edition":               func(r *clinic.CatalogRow) { r.Version = "" },
		"severity":              func(r *clinic.CatalogRow) { r.Rule.Severity = "high" },
		"reach":                 func(r *clinic.CatalogRow) { r.Rule.Reach = "skin" },
		"names no medicine":     func(r *clinic.CatalogRow) { r.Rule.B = "" },
		"no ATC code":           func(r *clinic.CatalogRow) { r.Rule.A = "N02BE0" },
		"no such kind":          func(r *clinic.CatalogRow) { r.Rule.Kind = "triple" },
		"negative":              func(r *clinic.CatalogRow) { r.Rule.Days = -1 },
		"too large":             func(r *clinic.CatalogRow) { r.Rule.MaxDay = math.MaxInt64 },
		"ends before it begins": func(r *clinic.CatalogRow) { r.Rule.AgeFrom, r.Rule.AgeTo = 10, 5 },
		"limits nothing":        func(r *clinic.CatalogRow) { r.Catalog, r.Rule.Kind = clinic.CatalogDoseLimit, "limit" },
		"no diagnosis":          func(r *clinic.CatalogRow) { r.Catalog, r.Rule.Kind, r.Rule.B = clinic.CatalogCaution, "condition", "" },
		"no ICD-10":             func(r *clinic.CatalogRow) { r.Catalog, r.Rule.Kind = clinic.CatalogCaution, "condition" },
		"no ages":               func(r *clinic.CatalogRow) { r.Catalog, r.Rule.Kind = clinic.CatalogCaution, "age" },
		"no limit":              func(r *clinic.CatalogRow) { r.Catalog, r.Rule.Kind = clinic.CatalogCaution, "renal" },
		"wants one class": func(r *clinic.CatalogRow) {
			r.Catalog, r.Rule.Kind, r.Rule.A = clinic.CatalogAllergyClass, "cross", "A B"
		},
		"no class": func(r *clinic.CatalogRow) {
			r.Catalog, r.Rule.Kind, r.Rule.A = clinic.CatalogAllergyClass, "cross", "PENI"
		},
		"no such class": func(r *clinic.CatalogRow) {
			r.Catalog, r.Rule.Kind, r.Rule.A = clinic.CatalogAllergyClass, "name", "PENI"
		},
		"an empty name": func(r *clinic.CatalogRow) {
			r.Catalog, r.Rule.Kind, r.Name = clinic.CatalogAllergyClass, "name", "a;;b"
		},
	} {
		r, other := good(), good()
		rule := *r.Rule
		r.Rule = &rule
		change(&r)
		other.Code = "X2"
		rules, bad := safety.Compile([]clinic.CatalogRow{r, other}, fold.String)
		if len(bad) != 1 || !strings.Contains(bad[0].String(), what) {
			t.Errorf("%s: %v", what, bad)
		}
		if rules.Len(clinic.CatalogInteraction, "pair") != 1 {
			t.Errorf("%s: the good row is gone", what)
		}
	}
	if _, bad := safety.Compile([]clinic.CatalogRow{good(), good()}, nil); len(bad) != 1 || !strings.Contains(bad[0].What, "twice") {
		t.Errorf("twice: %v", bad)
	}
}

// TestTotal: whatever comes in, an answer comes out.
func TestTotal(t *testing.T) {
	rules, medicines := known(t)
	var codes []string
	for code := range medicines {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	rnd := rand.New(rand.NewPCG(3, 4))
	odd := []int64{0, 1, -1, 999, 1000, math.MaxInt32, math.MaxInt64, math.MinInt64}
	num := func() int64 { return odd[rnd.IntN(len(odd))] }
	for range 5000 {
		var now, running []safety.Line
		for range rnd.IntN(5) {
			l := safety.LineOf(clinic.DrugLine{Medicine: "X"}, medicines[codes[rnd.IntN(len(codes))]], today.AddDays(rnd.IntN(200)-150))
			l.Dose, l.Times, l.Days = clinic.Milli(num()), int(num()), int(int32(num()))
			l.Substances = slices.Clone(l.Substances)
			for i := range l.Substances {
				if rnd.IntN(4) == 0 {
					l.Substances[i].Amount = num()
				}
			}
			now, running = running, append(now, l)
		}
		p := safety.Patient{
			On: today, AgeDays: int(int32(num())), Sex: clinic.Sex(rnd.IntN(4)), Weight: int(int32(num())), Weighed: today.AddDays(-rnd.IntN(400)),
			Pregnant: clinic.Answer(rnd.IntN(4)), Weeks: int(int32(num())), Breastfeeding: clinic.Answer(rnd.IntN(4)), EGFR: int(int32(num())), Creatinine: int(int32(num())),
			Allergies: []clinic.Allergy{{Substance: string(rune(rnd.IntN(0x2000))), Code: "J0"}},
		}
		checkWords(t, "random", safety.Check(rules, p, now, running))
	}
	if found := safety.Check(nil, safety.Patient{}, []safety.Line{{Medicine: "A"}}, nil); said(found) != "warn:NO-RULES warn:UNMAPPED" {
		t.Error("without rules:", said(found))
	}
}

// TestDayWithoutRules: a catalogue without a row on the day is said, not passed over.
func TestDayWithoutRules(t *testing.T) {
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	line := []safety.Line{{Medicine: "PARA500", ATC: "N02BE01"}}
	for _, gone := range []string{clinic.CatalogInteraction, clinic.CatalogAllergyClass, clinic.CatalogDoseLimit, clinic.CatalogCaution} {
		rest := slices.DeleteFunc(slices.Clone(rows), func(r clinic.CatalogRow) bool { return r.Catalog == gone || !r.ValidOn(today) })
		rules, bad := safety.Compile(rest, fold.String)
		p := safety.Patient{On: today, AgeDays: 9999, Sex: clinic.SexMale}
		if found := safety.Check(rules, p, line, nil); len(bad) > 0 || !strings.HasPrefix(said(found), "note:ASK-DOSE warn:NO-RULES") && said(found) != "warn:NO-RULES" {
			t.Errorf("without %s: %s, %v", gone, said(found), bad)
		}
	}
}

// TestEGFR compares with values worked out by hand from the published formula.
func TestEGFR(t *testing.T) {
	for _, c := range []struct {
		creatinine, years int
		sex               clinic.Sex
		want              int
	}{
		{88, 50, clinic.SexMale, 92},
		{88, 50, clinic.SexFemale, 69},
		{177, 70, clinic.SexMale, 35},
		{53, 30, clinic.SexFemale, 124},
		{0, 50, clinic.SexMale, 0},
		{88, 17, clinic.SexMale, 0},
		{88, 50, clinic.SexUnknown, 0},
	} {
		if got := safety.EGFR(c.creatinine, c.years, c.sex); got < c.want-1 || got > c.want+1 {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// inventedPatient is what the desk would know of an invented person.
func inventedPatient(p *invent.Person, v *invent.VisitPlan, day clinic.Date) safety.Patient {
	out := safety.Patient{
		On: day, AgeDays: int(day.Time().Sub(p.Patient.Birth.Time()).Hours() / 24), Sex: p.Patient.Sex,
		Weight: v.Vitals.Weight, Weighed: day, Allergies: append(slices.Clone(p.Allergies.Items), p.Said...),
		Creatinine: p.Creatinine, Tested: day.AddDays(-100), Pregnant: clinic.AnswerNo, Breastfeeding: clinic.AnswerNo,
	}
	if p.Chronic == "pregnancy" {
		out.Pregnant, out.Weeks = clinic.AnswerYes, 24
	}
	if p.Nursing {
		out.Breastfeeding = clinic.AnswerYes
	}
	for _, code := range append(slices.Clone(p.Illnesses), append([]string{v.Diagnosis.Main}, v.Diagnosis.Others...)...) {
		out.Problems = append(out.Problems, safety.Problem{Code: code, On: day})
	}
	return out
}

// clinicDays is two months of prescriptions. blind: the prescriber writes what is usual
// for the reason of the visit, and never asks about allergies or pregnancy. Either way
// nobody who prescribes knows what comes from elsewhere: the checks do.
type clinicDays struct {
	blind         bool
	prescriptions int
	stopped       int // prescriptions with an interruptive alert
	count         map[safety.Severity]int
	by            map[string]int
}

func (c *clinicDays) run(seed uint64, rules *safety.Rules, medicines map[string]clinic.CatalogRow) {
	c.count, c.by = map[safety.Severity]int{}, map[string]int{}
	g := invent.New(seed)
	people := make([]invent.Person, 1500)
	for i := range people {
		people[i] = g.Patient()
	}
	usual := slices.Clone(people)
	taken := make([][]safety.Line, len(people))
	for i := range people {
		for _, l := range people[i].Takes {
			taken[i] = append(taken[i], safety.LineOf(l, medicines[l.Medicine], clinic.Date{}))
		}
		if c.blind {
			usual[i].Allergies = clinic.Allergies{}
		}
	}
	for n := range 60 {
		day := clinic.Date{Year: 2026, Month: 1, Day: 5}.AddDays(n)
		for _, a := range g.Day(usual, day, 60) {
			p := &people[a.Person]
			if c.blind && p.Chronic == "pregnancy" && a.Plan.Diagnosis.Main != "Z34.9" { // as if she were not
				q := usual[a.Person]
				q.Chronic = ""
				a.Plan = g.Visit(&q, day)
			}
			var now []safety.Line
			for _, l := range a.Plan.Prescription.Lines {
				now = append(now, safety.LineOf(l, medicines[l.Medicine], day))
			}
			if len(now) > 0 {
				c.prescriptions++
				c.take(safety.Check(rules, inventedPatient(p, &a.Plan, day), now, taken[a.Person]))
				taken[a.Person] = append(taken[a.Person], now...)
			}
		}
	}
}

func (c *clinicDays) take(found []safety.Finding) {
	interrupted := 0
	for _, f := range found {
		c.count[f.Severity]++
		c.by[f.Severity.String()+":"+f.Rule]++
		if f.Interrupting() {
			interrupted = 1
		}
	}
	c.stopped += interrupted
}

func (c *clinicDays) per100(n int) float64 {
	return 100 * float64(n) / float64(max(c.prescriptions, 1))
}

// TestAlertRate: how often a clinic is interrupted, goal: at most 5 alerts in 100
// prescriptions, also where nobody asks anything. The people have allergies, pregnancies
// and medicines from elsewhere in plausible shares (invent.Person); none of it is counted
// from a real clinic.
func TestAlertRate(t *testing.T) {
	rules, medicines := known(t)
	rates := map[bool]float64{}
	for _, blind := range []bool{false, true} {
		c := clinicDays{blind: blind}
		c.run(11, rules, medicines)
		rates[blind] = c.per100(c.count[safety.Interrupt])
		t.Logf("blind %v, %d prescriptions: per 100 %.2f interruptive alerts (in %.2f prescriptions), %.1f warnings, %.1f notes", blind, c.prescriptions,
			rates[blind], c.per100(c.stopped), c.per100(c.count[safety.Warn]), c.per100(c.count[safety.Note]))
		var often []string
		for _, k := range slices.SortedFunc(maps.Keys(c.by), func(a, b string) int { return c.by[b] - c.by[a] }) {
			often = append(often, fmt.Sprintf("%s %.2f", k, c.per100(c.by[k])))
		}
		t.Log(strings.Join(often, ", "))
		if c.prescriptions < 2000 || rates[blind] > 5 {
			t.Errorf("blind %v: %.2f interruptive alerts in 100 prescriptions of %d", blind, rates[blind], c.prescriptions)
		}
	}
	if rates[false] == 0 || rates[true] <= rates[false] {
		t.Errorf("the checks find nothing that care would have seen: %v", rates)
	}
}

// FuzzCompile: rows come from the centre and from files.
func FuzzCompile(f *testing.F) {
	f.Add("interaction", "pair", "C10AA01", "J01FA09", "interrupt", "x", "Simvastatin", int64(1), int64(2))
	f.Add("allergyclass", "name", "PENI", "", "", "", "penicilin; ;", int64(0), int64(0))
	f.Add("doselimit", "", "N02BE01", "", "warn", "", "x", int64(-1), int64(1<<62))
	f.Add("caution", "condition", "M01A -M01AX05", "K25 K26", "warn", "all", "x", int64(0), int64(0))
	f.Fuzz(func(t *testing.T, catalog, kind, a, b, severity, reach, name string, n, m int64) {
		row := clinic.CatalogRow{
			Catalog: catalog, Code: "R", Name: name, English: name, Version: "1", Source: "s",
			Rule: &clinic.Rule{
				Kind: kind, A: a, B: b, Severity: severity, Severe: severity, Reach: reach, AgeFrom: int(n), AgeTo: int(m), Low: int(n), High: int(m),
				MaxDose: n, MaxDay: m, DoseKg: n, DayKg: m, Days: int(n), Percent: int(m),
			},
		}
		medicine := clinic.CatalogRow{Catalog: clinic.CatalogMedicine, Name: name, ATC: a, Substances: []clinic.Substance{{Code: b, INN: name, Amount: n}}}
		rules, bad := safety.Compile([]clinic.CatalogRow{row, medicine}, fold.String)
		for _, p := range bad {
			if p.What == "" {
				t.Error("a problem without words")
			}
		}
		p := safety.Patient{On: today, AgeDays: 9000, Weight: 100, Allergies: []clinic.Allergy{{Substance: name, Code: a, Severe: true}}}
		l := safety.Line{Medicine: "M", Name: name, ATC: a, Substances: medicine.Substances, Dose: clinic.Milli(m), Times: int(int32(n)), Days: int(int32(m))}
		o := safety.Line{Medicine: "N", ATC: b, Start: today}
		safety.Check(rules, p, []safety.Line{l, o}, []safety.Line{o, l})
	})
}

// BenchmarkCheck10x20 is what one tap on "save" waits for: ten medicines, twenty that
// run. Goal: below 5 ms.
func BenchmarkCheck10x20(b *testing.B) {
	rules, medicines := known(b)
	var lines []safety.Line
	for _, code := range []string{
		"SIMVA20", "CLARI500", "WARF", "METF500", "ENA10", "SPIRO25", "KCL600", "DICLO50", "ASP81", "COTRI480", "AMLO5", "DOMPE10", "HALO15", "DIGO025", "FURO40",
		"PARA500", "IBU400", "OME20", "CLOPI75", "GLIB5", "CIPRO500", "THEO100", "PRED5", "ALLO300", "COLCH1", "CARBA200", "FLUOX20", "BISO5", "LOSA50", "ATOR10",
	} {
		l := clinic.DrugLine{Medicine: code, Name: code, Dose: 1000, Times: 2, Days: 28}
		lines = append(lines, safety.LineOf(l, medicines[code], today.AddDays(-3)))
	}
	p := safety.Patient{
		On: today, AgeDays: 70 * 365, Sex: clinic.SexFemale, Weight: 500, EGFR: 40,
		Allergies: []clinic.Allergy{{Substance: "Penicilin, sulfamid"}, {Substance: "viên thuốc trắng"}},
		Problems:  []safety.Problem{{Code: "I10"}, {Code: "I50.0"}, {Code: "J45.9"}, {Code: "M10.9"}},
	}
	for b.Loop() {
		safety.Check(rules, p, lines[:10], lines[10:])
	}
}

// BenchmarkCompile is paid once for each version of the catalogues and day.
func BenchmarkCompile(b *testing.B) {
	rows, err := starting.Rows()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		safety.Compile(rows, fold.String)
	}
}

// TestDoseInMeasures: a dose in ml, drops or puffs counts by what it holds.
func TestDoseInMeasures(t *testing.T) {
	rules, medicines := known(t)
	for _, c := range []struct {
		dose   string
		weight int
		want   string
	}{
		{"5 ml", 120, "silent"},          // 100 mg, 8 mg/kg
		{"5 ml", 60, "interrupt:IBU-CH"}, // 17 mg/kg each time, 50 a day
		{"100 giọt", 120, "silent"},      // the same 5 ml
		{"100 giọt", 60, "interrupt:IBU-CH"},
		{"2,5 ml", 60, "silent"},
	} {
		row := medicines["IBUSY"]
		l := clinic.DrugLine{Medicine: "IBUSY", Times: 3, Days: 3, Strength: row.Strength, Unit: row.Unit}
		var err error
		if l.Dose, l.Measure, err = clinic.ParseDose("dose", c.dose); err != nil || !l.Measured(&row) {
			t.Fatal(c.dose, err)
		}
		p := safety.Patient{On: today, AgeDays: 2 * 365, Sex: clinic.SexMale, Weight: c.weight, Weighed: today}
		if got := said(safety.Check(rules, p, []safety.Line{safety.LineOf(l, row, clinic.Date{})}, nil)); got != c.want {
			t.Errorf("%s at %d: %q, want %q", c.dose, c.weight, got, c.want)
		}
	}
	row := medicines["IBUSY"]
	row.Strength = "100 mg"
	l := safety.LineOf(clinic.DrugLine{Medicine: "IBUSY", Dose: 5000, Measure: "ml", Times: 3, Days: 3}, row, clinic.Date{})
	p := safety.Patient{On: today, AgeDays: 20 * 365, Sex: clinic.SexMale}
	if got := said(safety.Check(rules, p, []safety.Line{l}, nil)); got != "note:ASK-DOSE" {
		t.Errorf("without a pack: %q", got)
	}
}
