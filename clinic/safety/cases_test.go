package safety_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/safety"
	"clinicbox/clinic/starting"
	"clinicbox/internal/fold"
)

var today = clinic.Date{Year: 2026, Month: 3, Day: 2}

// known compiles the starting rows of the day; none may be bad.
func known(t testing.TB) (*safety.Rules, map[string]clinic.CatalogRow) {
	t.Helper()
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	rows = slices.DeleteFunc(rows, func(r clinic.CatalogRow) bool { return !r.ValidOn(today) })
	rules, bad := safety.Compile(rows, fold.String)
	for _, p := range bad {
		t.Error(p)
	}
	medicines := map[string]clinic.CatalogRow{}
	for _, r := range rows {
		if r.Catalog == clinic.CatalogMedicine {
			medicines[r.Code] = r
		}
	}
	return rules, medicines
}

// oneCase is a line of testdata/cases.txt.
type oneCase struct {
	id, expect   string
	patient      safety.Patient
	now, running []safety.Line
}

type reader struct {
	t         testing.TB
	medicines map[string]clinic.CatalogRow
}

func cases(t testing.TB, medicines map[string]clinic.CatalogRow) []oneCase {
	t.Helper()
	f, err := os.Open("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := &reader{t, medicines}
	var all []oneCase
	for s := bufio.NewScanner(f); s.Scan(); {
		l := strings.TrimSpace(s.Text())
		switch {
		case l == "" || l[0] == '#':
		case strings.HasPrefix(l, "medicine "):
			r.medicine(strings.Fields(l)[1:])
		default:
			p := strings.Split(l, " | ")
			if len(p) != 6 || p[5] == "" {
				t.Fatalf("not six fields: %s", l)
			}
			all = append(all, oneCase{p[0], p[4], r.patient(p[1]), r.lines(p[3]), r.lines(p[2])})
		}
	}
	return all
}

// medicine reads: CODE = ATC substance amount unit route.
func (r *reader) medicine(w []string) {
	if len(w) < 5 {
		r.t.Fatalf("medicine %v", w)
	}
	row := clinic.CatalogRow{Catalog: clinic.CatalogMedicine, Code: w[0], Name: w[3], Unit: w[len(w)-2], Route: strings.ReplaceAll(w[len(w)-1], "-", " ")}
	if w[2] != "-" {
		row.ATC = w[2]
	}
	codes := map[string]string{"paracetamol": "N02BE01", "chlorphenamine": "R06AB04"}
	if w[3] != "-" {
		amounts := strings.Split(w[4], "+")
		for i, inn := range strings.Split(w[3], "+") {
			s := clinic.Substance{Code: row.ATC, INN: inn}
			if c := codes[inn]; c != "" {
				s.Code = c
			}
			if mg, err := strconv.ParseFloat(strings.TrimSuffix(amounts[i], "mg"), 64); err == nil {
				s.Amount = int64(mg * 1000)
			}
			row.Substances = append(row.Substances, s)
		}
	}
	r.medicines[row.Code] = row
}

var (
	ageForm  = regexp.MustCompile(`^(\d+)([ymd])$`)
	kgForm   = regexp.MustCompile(`^([\d.]+)kg(@-(\d+))?$`)
	lineForm = regexp.MustCompile(`^(\S+) ([\d.]+)x(\d+)x(\d+)(@-(\d+))?$`)
)

func (r *reader) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *reader) patient(s string) safety.Patient {
	p := safety.Patient{On: today, AgeDays: -1}
	s, allergy, found := strings.Cut(s, " allergy")
	if found {
		severe := strings.HasPrefix(allergy, "!")
		p.Allergies = []clinic.Allergy{{Substance: strings.TrimSpace(strings.TrimPrefix(allergy, "!")), Severe: severe}}
	}
	w := strings.Fields(s)
	for i := 0; i < len(w); i++ {
		next := func() string { i++; return w[i] }
		switch age, kg := ageForm.FindStringSubmatch(w[i]), kgForm.FindStringSubmatch(w[i]); {
		case w[i] == "m":
			p.Sex = clinic.SexMale
		case w[i] == "f":
			p.Sex = clinic.SexFemale
		case w[i] == "?":
		case age != nil:
			p.AgeDays = r.number(age[1]) * map[string]int{"y": 365, "m": 30, "d": 1}[age[2]]
		case kg != nil:
			v, err := strconv.ParseFloat(kg[1], 64)
			if err != nil {
				r.t.Fatal(err)
			}
			p.Weight, p.Weighed = int(v*10), today
			if kg[3] != "" {
				p.Weighed = today.AddDays(-r.number(kg[3]))
			}
		case w[i] == "pregnant":
			p.Pregnant = clinic.AnswerYes
			if n := next(); n != "?" {
				p.Weeks = r.number(n)
			}
		case w[i] == "not":
			next()
			p.Pregnant = clinic.AnswerNo
		case w[i] == "breastfeeding":
			p.Breastfeeding = clinic.AnswerYes
		case w[i] == "egfr":
			p.EGFR = r.number(next())
		case w[i] == "creatinine":
			p.Creatinine = r.number(next())
		case w[i] == "code":
			p.Allergies = append(p.Allergies, clinic.Allergy{Code: next(), Substance: "không ghi"})
		case w[i] == "dx":
			code, ago, dated := strings.Cut(next(), "@-")
			q := safety.Problem{Code: code, On: today}
			if dated {
				q.On = today.AddDays(-r.number(ago))
			}
			p.Problems = append(p.Problems, q)
		default:
			r.t.Fatalf("patient %q: %q", s, w[i])
		}
	}
	return p
}

func (r *reader) lines(s string) (out []safety.Line) {
	if s == "-" {
		return nil
	}
	for _, one := range strings.Split(s, "; ") {
		m := lineForm.FindStringSubmatch(one)
		if m == nil {
			r.t.Fatalf("line %q", one)
		}
		row, ok := r.medicines[m[1]]
		if !ok {
			r.t.Fatalf("no medicine %s", m[1])
		}
		units, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			r.t.Fatal(err)
		}
		start := today.AddDays(-3)
		if m[6] != "" {
			start = today.AddDays(-r.number(m[6]))
		}
		l := clinic.DrugLine{Medicine: row.Code, Name: row.Name, Dose: clinic.Milli(units * 1000), Times: r.number(m[3]), Days: r.number(m[4])}
		out = append(out, safety.LineOf(l, row, start))
	}
	return out
}

func said(found []safety.Finding) string {
	if len(found) == 0 {
		return "silent"
	}
	var all []string
	for _, f := range found {
		all = append(all, f.Severity.String()+":"+f.Rule)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestCases holds every line of the case file, and that half of them are silent.
func TestCases(t *testing.T) {
	rules, medicines := known(t)
	all := cases(t, medicines)
	family, silent, seen := map[byte]int{}, map[byte]int{}, map[string]bool{}
	for _, c := range all {
		if seen[c.id] {
			t.Errorf("%s twice", c.id)
		}
		seen[c.id] = true
		family[c.id[0]]++
		if c.expect == "silent" {
			silent[0]++
			silent[c.id[0]]++
		}
		want := strings.Fields(c.expect)
		slices.Sort(want)
		found := safety.Check(rules, c.patient, c.now, c.running)
		if got := said(found); got != strings.Join(want, " ") {
			t.Errorf("%s: found %s, want %s\n%s", c.id, got, c.expect, texts(found))
		}
		checkWords(t, c.id, found)
	}
	if len(all) < 200 || 2*silent[0] < len(all) {
		t.Errorf("%d cases, %d silent", len(all), silent[0])
	}
	t.Logf("%d cases, %d silent; by family %v, silent %v", len(all), silent[0], names(family), names(silent))
}

func names(m map[byte]int) string {
	var out []string
	for _, k := range "IDAPBGSRCHUE" {
		out = append(out, fmt.Sprintf("%c %d", k, m[byte(k)]))
	}
	return strings.Join(out, ", ")
}

func texts(found []safety.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "  %s | %s | %s | %s\n", f.Severity, f.Vi, f.En, f.Source)
	}
	return b.String()
}

// checkWords: both languages, a source for what a row says, no empty names.
func checkWords(t *testing.T, id string, found []safety.Finding) {
	t.Helper()
	for _, f := range found {
		if f.Vi == "" || f.En == "" || f.Vi == f.En || strings.Contains(f.Vi+f.En, "%!") {
			t.Errorf("%s: words of %s: %q, %q", id, f.Rule, f.Vi, f.En)
		}
		own := f.Kind == safety.KindMissing || f.Kind == safety.KindUnmapped || f.Rule == safety.RuleAllergySame
		if f.Source == "" && !own {
			t.Errorf("%s: %s has no source", id, f.Rule)
		}
		if f.Rule != safety.RuleUnmappedAllergy && len(f.Now)+len(f.Running) == 0 {
			t.Errorf("%s: %s is about no medicine", id, f.Rule)
		}
		if f.Interrupting() && len(f.Now) == 0 {
			t.Errorf("%s: %s interrupts for what is not on this prescription", id, f.Rule)
		}
	}
}

// TestOrder: the order of lines, allergies, problems and rows changes nothing.
func TestOrder(t *testing.T) {
	rules, medicines := known(t)
	all := cases(t, medicines)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		c, d := all[rnd.IntN(len(all))], all[rnd.IntN(len(all))]
		p := c.patient
		p.Allergies = append(slices.Clone(p.Allergies), d.patient.Allergies...)
		p.Problems = append(slices.Clone(p.Problems), d.patient.Problems...)
		now, running := append(slices.Clone(c.now), d.now...), append(slices.Clone(c.running), d.running...)
		want := safety.Check(rules, p, now, running)
		mix := func(n int, swap func(i, j int)) { rnd.Shuffle(n, swap) }
		mix(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
		mix(len(running), func(i, j int) { running[i], running[j] = running[j], running[i] })
		mix(len(p.Allergies), func(i, j int) { p.Allergies[i], p.Allergies[j] = p.Allergies[j], p.Allergies[i] })
		mix(len(p.Problems), func(i, j int) { p.Problems[i], p.Problems[j] = p.Problems[j], p.Problems[i] })
		if got := safety.Check(rules, p, now, running); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s with %s:\n%s\n%s", c.id, d.id, texts(got), texts(want))
		}
	}
}

// TestRunning: more that runs never takes a finding of the new prescription away,
// duplicates of a refill aside.
func TestRunning(t *testing.T) {
	rules, medicines := known(t)
	all := cases(t, medicines)
	for _, c := range all {
		alone := safety.Check(rules, c.patient, c.now, nil)
		both := safety.Check(rules, c.patient, c.now, c.running)
		for _, f := range alone {
			if !slices.ContainsFunc(both, func(g safety.Finding) bool { return g.Rule == f.Rule && g.Severity >= f.Severity }) {
				t.Errorf("%s: %s is gone when something runs", c.id, f.Rule)
			}
		}
	}
}

// TestRowsReordered: the order of the catalogue's rows changes nothing.
func TestRowsReordered(t *testing.T) {
	rules, medicines := known(t)
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	rows = slices.DeleteFunc(rows, func(r clinic.CatalogRow) bool { return !r.ValidOn(today) })
	slices.Reverse(rows)
	other, bad := safety.Compile(rows, fold.String)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	for _, c := range cases(t, medicines) {
		a, b := safety.Check(rules, c.patient, c.now, c.running), safety.Check(other, c.patient, c.now, c.running)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\n%s\n%s", c.id, texts(a), texts(b))
		}
	}
}
