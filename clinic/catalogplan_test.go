package clinic

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func dayOf(t testing.TB, s string) Date {
	t.Helper()
	if s == "" {
		return Date{}
	}
	d, ok := ParseDay(s)
	if !ok {
		t.Fatal(s)
	}
	return d
}

// svc makes a service from "CODE name price from to".
func svc(t testing.TB, s string) CatalogRow {
	t.Helper()
	f := strings.Split(s, " ")
	r := CatalogRow{Catalog: CatalogService, Code: f[0], Name: f[1], Unit: "lần"}
	if f[2] != "-" {
		if code := setPrice(&r, f[2]); code != "" {
			t.Fatal(s, code)
		}
	}
	for i, at := range []*Date{&r.From, &r.To} {
		if len(f) > 3+i && f[3+i] != "-" {
			*at = dayOf(t, f[3+i])
		}
	}
	return r
}

// told writes a plan in one line a change, to compare.
func told(p CatalogPlan) (out []string) {
	kinds := map[ChangeKind]string{ChangeAdded: "added", ChangeChanged: "changed", ChangeEnded: "ended", ChangeClosed: "closed"}
	for _, c := range p.Changes {
		s := fmt.Sprintf("%s %s %d %s–%s", kinds[c.Kind], c.Row.Code, c.Row.Price, c.Row.From, c.Row.To)
		if len(c.Fields) > 0 {
			s += " " + strings.Join(c.Fields, ",")
		}
		out = append(out, s)
	}
	if p.Same > 0 {
		out = append(out, fmt.Sprintf("same %d", p.Same))
	}
	for _, b := range p.Problems {
		s := fmt.Sprintf("line %d %s%s", b.At, b.Code, map[bool]string{true: " (warn)"}[b.Warn])
		if b.Args["line"] != "" {
			s += " line " + b.Args["line"]
		}
		out = append(out, s)
	}
	return out
}

func TestPlan(t *testing.T) {
	for _, tt := range []struct {
		name      string
		now, file []string // file: "" stands for no first day
		whole     bool
		want      []string
	}{
		{"a new code", nil, []string{"A a 10 -"}, false, []string{"added A 10 01/07/2026–"}},
		{"the same again", []string{"A a 10 2020-01-01"}, []string{"A a 10 2020-01-01"}, false, []string{"same 1"}},
		{"the same again, from today on", []string{"A a 10 2020-01-01"}, []string{"A a 10 -"}, false, []string{"same 1"}},
		{
			"a new price",
			[]string{"A a 10 2020-01-01"},
			[]string{"A a 12 -"},
			false,
			[]string{"closed A 10 01/01/2020–30/06/2026 to", "changed A 12 01/07/2026– price"},
		},
		{
			"two new prices, one in the future",
			[]string{"A a 10 2020-01-01"},
			[]string{"A a 14 2027-01-01", "A a 12 -"},
			false,
			[]string{"closed A 10 01/01/2020–30/06/2026 to", "changed A 12 01/07/2026–31/12/2026 price", "changed A 14 01/01/2027– price"},
		},
		{
			"in its place, in the past",
			[]string{"A a 10 2020-01-01"},
			[]string{"A b 10 2020-01-01"},
			false,
			[]string{"changed A 10 01/01/2020– name", "line 1 past (warn)"},
		},
		{
			"a price for a month leaves nothing behind it",
			[]string{"A a 10 2020-01-01"},
			[]string{"A a 12 2026-08-01 2026-08-31"},
			false,
			[]string{"closed A 10 01/01/2020–31/07/2026 to", "changed A 12 01/08/2026–31/08/2026 price", "line 1 gap (warn)"},
		},
		{"twice in the file", nil, []string{"A a 10 -", "a b 11 -"}, false, []string{"added A 10 01/07/2026–", "line 2 twice line 1"}},
		{"twice, the first one known", []string{"A a 10 2020-01-01"}, []string{"A a 10 -", "A b 11 -"}, false, []string{"same 1", "line 2 twice line 1"}},
		{"over a later row", []string{"A a 10 2020-01-01 2026-12-31", "A a 12 2027-01-01"}, []string{"A a 11 -"}, false, []string{"line 1 overlap"}},
		{
			"up to a later row",
			[]string{"A a 10 2020-01-01 2026-12-31", "A a 12 2027-01-01"},
			[]string{"A a 11 - 2026-12-31"},
			false,
			[]string{"closed A 10 01/01/2020–30/06/2026 to", "changed A 11 01/07/2026–31/12/2026 price"},
		},
		{"over one of the file", nil, []string{"A a 10 2026-01-01 2026-12-31", "A a 11 2026-06-01"}, false, []string{"added A 10 01/01/2026–31/12/2026", "line 2 overlap line 1"}},
		{
			"the whole catalogue",
			[]string{"A a 10 2020-01-01", "B b 20 2020-01-01", "C c 5 2020-01-01 2020-12-31", "D d 4 2027-01-01"},
			[]string{"A a 10 -"},
			true,
			[]string{"ended B 20 01/01/2020–30/06/2026 to", "ended D 4 01/01/2027–31/12/2026 to", "same 1"},
		},
		{"ends before it begins", nil, []string{"A a 10 2026-02-01 2026-01-01"}, false, []string{"line 1 order"}},
		{"a code with a space", nil, []string{"A\u00a0B a 10 -", "C\td x 1 -"}, false, []string{"line 1 text", "line 2 text", "line 2 form"}},
		{
			"after a row that ended",
			[]string{"A a 10 2020-01-01 2020-12-31"},
			[]string{"A a 12 -"},
			false,
			[]string{"added A 12 01/07/2026–"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := PlanInput{Catalog: CatalogService, Day: dayOf(t, "2026-07-01"), Today: dayOf(t, "2026-07-01"), Whole: tt.whole}
			for _, s := range tt.now {
				in.Current = append(in.Current, svc(t, s))
			}
			for i, s := range tt.file {
				in.Rows = append(in.Rows, ImportRow{At: i + 1, Row: svc(t, s)})
			}
			if got := told(PlanCatalog(in)); !slices.Equal(got, tt.want) {
				t.Errorf("got\n %s\nwant\n %s", strings.Join(got, "\n "), strings.Join(tt.want, "\n "))
			}
		})
	}
}

// TestWholeFromADayThatIsPast: what ends because the file does not have it changes days
// that are past as a row of the file does, and is warned of once.
func TestWholeFromADayThatIsPast(t *testing.T) {
	in := PlanInput{Catalog: CatalogService, Day: dayOf(t, "2026-07-01"), Today: dayOf(t, "2026-07-02"), Whole: true}
	in.Current = []CatalogRow{svc(t, "A a 10 2020-01-01"), svc(t, "B b 20 2020-01-01"), svc(t, "C c 20 2020-01-01")}
	in.Rows = []ImportRow{{At: 1, Row: svc(t, "A a 10 -")}}
	want := []string{"ended B 20 01/01/2020–30/06/2026 to", "ended C 20 01/01/2020–30/06/2026 to", "same 1", "line 0 past (warn)"}
	if got := told(PlanCatalog(in)); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	in.Today = in.Day
	if got := told(PlanCatalog(in)); !slices.Equal(got, want[:3]) {
		t.Errorf("got %q", got)
	}
}

// shelf is a catalogue as entries set it: by code and first day, the last one stays.
type shelf map[string]CatalogRow

func spot(r *CatalogRow) string { return r.Code + " " + r.From.String() }

func (s shelf) rows() (out []CatalogRow) {
	for _, r := range s {
		out = append(out, r)
	}
	return out
}

// holds answers as the store does: of several rows the one that began last.
func (s shelf) holds(code string, on Date) string {
	var best *CatalogRow
	for _, r := range s {
		if r.Code == code && r.ValidOn(on) && (best == nil || best.From.Before(r.From)) {
			best = &r
		}
	}
	if best == nil {
		return "nothing"
	}
	return best.Name + " " + best.Price.String()
}

// TestPlansHold: over invented catalogues and files, a plan that is carried out leaves
// no code with two rows on a day, changes nothing when it comes again, also after it
// was cut in the middle, and is taken back to what held on every day.
func TestPlansHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	first := dayOf(t, "2026-01-01")
	invent := func() CatalogRow {
		r := svc(t, fmt.Sprintf("%c %c %d -", 'A'+rng.IntN(4), 'a'+rng.IntN(3), 1+rng.IntN(3)))
		r.From = first.AddDays(rng.IntN(30))
		if rng.IntN(3) == 0 {
			r.To = r.From.AddDays(rng.IntN(20))
		}
		return r
	}
	carried := 0
	for range 600 {
		now := shelf{}
		in := PlanInput{Catalog: CatalogService, Day: first.AddDays(rng.IntN(30)), Today: first, Whole: rng.IntN(4) == 0}
		for step := range 3 { // two imports make the catalogue, the third is looked at
			in.Current, in.Rows, in.Columns = now.rows(), nil, nil
			if rng.IntN(2) == 0 {
				in.Columns = []string{"code", "name", "price", "from"}
				if rng.IntN(2) == 0 {
					in.Columns = append(in.Columns, "to")
				}
			}
			for i := range rng.IntN(4) {
				in.Rows = append(in.Rows, ImportRow{At: i + 1, Row: invent()})
			}
			p := PlanCatalog(in)
			if p.Refused() {
				continue
			}
			before := shelf{}
			for k, r := range now {
				before[k] = r
			}
			var set []SetRow
			cut := rng.IntN(len(p.Changes) + 1)
			for i, c := range p.Changes {
				if i == cut { // killed here: the file comes again
					half := in
					half.Current = now.rows()
					again := PlanCatalog(half)
					if again.Refused() {
						t.Fatalf("a cut import is refused: %v; had %v, file %v", told(again), told(p), in.Rows)
					}
				}
				s := SetRow{Row: c.Row}
				if b, ok := before[spot(&c.Row)]; ok {
					s.Before = &b
				}
				set = append(set, s)
				now[spot(&c.Row)] = c.Row
			}
			in.Current = now.rows()
			if again := PlanCatalog(in); len(again.Changes) > 0 {
				t.Fatalf("again: %v", told(again))
			}
			checkOnce(t, now)
			if step == 2 {
				carried++
				back := shelf{}
				for k, r := range now {
					back[k] = r
				}
				for _, c := range PlanUndo(set).Changes {
					back[spot(&c.Row)] = c.Row
				}
				for day := range 60 {
					for _, code := range []string{"A", "B", "C", "D"} {
						if on := first.AddDays(day - 5); back.holds(code, on) != before.holds(code, on) {
							t.Fatalf("%s on %s: %s after the undo, %s before the import", code, on, back.holds(code, on), before.holds(code, on))
						}
					}
				}
				in.Current = back.rows()
				forth := PlanCatalog(in)
				if forth.Refused() {
					t.Fatalf("after the undo the file is refused: %v", told(forth))
				}
				for _, c := range forth.Changes {
					back[spot(&c.Row)] = c.Row
				}
				sameDays(t, back, now)
			}
		}
	}
	if carried < 120 {
		t.Errorf("only %d plans were carried out and taken back", carried)
	}
}

// sameDays fails when the catalogues do not say the same on every day.
func sameDays(t *testing.T, a, b shelf) {
	t.Helper()
	first := dayOf(t, "2025-12-20")
	for day := range 70 {
		for _, code := range []string{"A", "B", "C", "D"} {
			if on := first.AddDays(day); a.holds(code, on) != b.holds(code, on) {
				t.Fatalf("%s on %s: %s, was %s", code, on, a.holds(code, on), b.holds(code, on))
			}
		}
	}
}

// checkOnce fails when two rows of a code hold on one day.
func checkOnce(t *testing.T, s shelf) {
	t.Helper()
	for _, a := range s {
		for _, b := range s {
			if a.Code == b.Code && a.From.Before(b.From) && !b.Withdrawn() && a.ValidOn(b.From) {
				t.Fatalf("%s holds twice on %s", a.Code, b.From)
			}
		}
	}
}

// TestColumnsThatAreNotThere: a list of prices changes prices.
func TestColumnsThatAreNotThere(t *testing.T) {
	old := svc(t, "A tên 10 2020-01-01")
	old.English, old.Flags, old.Version, old.Source, old.ATC = "name", FlagFree, "1", "luật", "N02BE01"
	in := PlanInput{
		Catalog: CatalogService, Current: []CatalogRow{old}, Day: dayOf(t, "2026-07-01"), Today: dayOf(t, "2026-07-01"),
		Columns: []string{"code", "name", "price", "flags"}, Source: "giá.csv",
		Rows: []ImportRow{{At: 2, Row: CatalogRow{Code: "A", Name: "tên", Price: 12}}, {At: 3, Row: CatalogRow{Code: "B", Name: "mới", Price: 1}}},
	}
	p := PlanCatalog(in)
	want := []string{"closed A 10 01/01/2020–30/06/2026 to", "changed A 12 01/07/2026– price,flags,version,source", "added B 1 01/07/2026–"}
	if got := told(p); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if r := p.Changes[1].Row; r.English != "name" || r.ATC != "N02BE01" || r.Unit != "lần" || r.Flags != "" || r.Source != "giá.csv" || r.Version != "" {
		t.Errorf("%+v", r)
	}
	if r := p.Changes[2].Row; r.Source != "giá.csv" || r.Unit != "" {
		t.Errorf("%+v", r)
	}
	in.Current = []CatalogRow{p.Changes[0].Row, p.Changes[1].Row, p.Changes[2].Row}
	if again := PlanCatalog(in); len(again.Changes) > 0 || again.Same != 2 {
		t.Errorf("again: %q", told(again))
	}
	// At the same place, too.
	in.Current, in.Rows = []CatalogRow{old}, []ImportRow{{At: 2, Row: CatalogRow{Code: "A", Name: "tên", Price: 10, Flags: FlagFree, From: old.From}}}
	if same := PlanCatalog(in); len(same.Changes) > 0 || same.Same != 1 {
		t.Errorf("the same row: %q", told(same))
	}
}

func TestUndoKeepsWhatCameSince(t *testing.T) {
	old, now := svc(t, "A a 10 2020-01-01"), svc(t, "A a 12 2020-01-01")
	p := PlanUndo([]SetRow{
		{Row: now, Before: &old},
		{Row: svc(t, "B b 1 2026-07-01")},
		{Row: svc(t, "C c 1 2026-07-01"), Since: true},
	})
	want := []string{"changed A 10 01/01/2020– price", "ended B 1 01/07/2026–30/06/2026 to", "line 0 since (warn)"}
	if got := told(p); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
