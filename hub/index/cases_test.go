package index_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub/index"
	"clinicbox/internal/fold"
)

// someone is a record as a card gives it.
func someone(change func(p *clinic.Patient)) clinic.Patient {
	p := clinic.Patient{
		Name: "Nguyễn Thị Hòa", Birth: clinic.Date{Year: 1984, Month: 3, Day: 12}, Sex: clinic.SexFemale, Source: clinic.SourceTyped,
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056184000017"}}, Phone: "0200 123 456",
		Address: "Thôn Bãi Đông, Xã Yến Xa, Huyện Biển Ngoài, Khánh Hòa",
	}
	if change != nil {
		change(&p)
	}
	p.Folded = fold.String(p.Name)
	return p
}

func numbers(ns ...clinic.Identifier) func(*clinic.Patient) {
	return func(p *clinic.Patient) { p.Identifiers = ns }
}

// TestRule: what links, what asks, and what does neither, beside the record of someone.
func TestRule(t *testing.T) {
	old := func(n clinic.Identifier) clinic.Identifier {
		n.System, n.Value = clinic.SystemOldID, "225000017"
		return n
	}
	day := func(y int) clinic.Date { return clinic.Date{Year: y, Month: 1, Day: 1} }
	for name, c := range map[string]struct {
		a, b func(*clinic.Patient)
		want index.Do
	}{
		"all agrees":                   {want: index.DoLink},
		"the tone stands elsewhere":    {b: func(p *clinic.Patient) { p.Name = "NGUYỄN THỊ HOÀ" }, want: index.DoLink},
		"another mark":                 {b: func(p *clinic.Patient) { p.Name = "Nguyễn Thị Hoa" }, want: index.DoAsk},
		"no marks":                     {b: func(p *clinic.Patient) { p.Name = "NGUYEN THI HOA" }, want: index.DoAsk},
		"no marks on both":             {a: func(p *clinic.Patient) { p.Name = "Nguyen Thi Hoa" }, b: func(p *clinic.Patient) { p.Name = "NGUYEN THI HOA" }, want: index.DoAsk},
		"the year only":                {b: func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1984} }, want: index.DoAsk},
		"the year only on both":        {a: func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1984} }, b: func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1984} }, want: index.DoAsk},
		"day and month changed places": {b: func(p *clinic.Patient) { p.Birth = clinic.Date{Year: 1984, Month: 12, Day: 3} }, want: index.DoAsk},
		"a slip in the number":         {b: numbers(clinic.Identifier{System: clinic.SystemCitizen, Value: "056184000071"}), want: index.DoAsk},
		"no number":                    {b: numbers(), want: index.DoAsk},
		"the number alone":             {b: func(p *clinic.Patient) { p.Name, p.Birth, p.Phone, p.Address = "Trần Văn Khác", day(1950), "", "" }, want: index.DoAsk},
		"the mother's number":          {b: func(p *clinic.Patient) { p.Name, p.Birth = "Lê Thị Bé", day(2025) }, want: index.DoAsk},
		"a child's record, one number": {a: func(p *clinic.Patient) { p.Birth = day(2025) }, b: func(p *clinic.Patient) { p.Birth = day(2025) }, want: index.DoAsk},
		"the husband's number":         {a: func(p *clinic.Patient) { p.Sex = clinic.SexMale }, b: func(p *clinic.Patient) { p.Sex = clinic.SexMale }, want: index.DoAsk},
		"another sex":                  {b: func(p *clinic.Patient) { p.Sex = clinic.SexMale }, want: index.DoAsk},
		"an unsure number":             {b: func(p *clinic.Patient) { p.Identifiers[0].Unsure = true }, want: index.DoAsk},
		"old numbers of nine digits":   {a: numbers(old(clinic.Identifier{})), b: numbers(old(clinic.Identifier{})), want: index.DoLink},
		"nine digits beside twelve":    {a: numbers(old(clinic.Identifier{})), b: numbers(old(clinic.Identifier{}), clinic.Identifier{System: clinic.SystemCitizen, Value: "056184000017"}), want: index.DoLink},
		"nine digits of a child":       {a: func(p *clinic.Patient) { p.Birth = day(2015); numbers(old(clinic.Identifier{}))(p) }, b: func(p *clinic.Patient) { p.Birth = day(2015); numbers(old(clinic.Identifier{}))(p) }, want: index.DoAsk},
		"reissued":                     {a: numbers(old(clinic.Identifier{To: day(2011)})), b: numbers(old(clinic.Identifier{From: day(2012)})), want: index.DoAsk},
		"ended here, open there":       {a: numbers(old(clinic.Identifier{To: day(2011)})), b: numbers(old(clinic.Identifier{})), want: index.DoAsk},
		"nine agree, twelve differ":    {a: numbers(old(clinic.Identifier{}), clinic.Identifier{System: clinic.SystemCitizen, Value: "056184000018"}), b: numbers(old(clinic.Identifier{}), clinic.Identifier{System: clinic.SystemCitizen, Value: "056184900017"}), want: index.DoAsk},
		"a temporary code": {a: numbers(clinic.Identifier{System: clinic.SystemTemporary, Value: "T1"}), b: func(p *clinic.Patient) {
			numbers(clinic.Identifier{System: clinic.SystemTemporary, Value: "T1"})(p)
			p.Name = "Lê Văn Khác"
		}, want: index.DoNothing},
		"no name":           {a: func(p *clinic.Patient) { p.Unnamed = true }, b: func(p *clinic.Patient) { p.Unnamed = true }, want: index.DoAsk},
		"twins":             {a: func(p *clinic.Patient) { p.Mother, p.Order, p.Of = make([]byte, 16), 1, 2 }, b: func(p *clinic.Patient) { p.Mother, p.Order, p.Of = make([]byte, 16), 2, 2 }, want: index.DoNothing},
		"one of twins, who": {b: func(p *clinic.Patient) { p.Mother, p.Order, p.Of = make([]byte, 16), 2, 2 }, want: index.DoAsk},
		"namesake with a number": {b: func(p *clinic.Patient) {
			p.Phone, p.Address = "", ""
			numbers(clinic.Identifier{System: clinic.SystemCitizen, Value: "001184900000"})(p)
		}, want: index.DoNothing},
		"father and son": {a: func(p *clinic.Patient) { p.Sex, p.Name = clinic.SexMale, "Lê Văn Hùng"; numbers()(p) }, b: func(p *clinic.Patient) {
			p.Sex, p.Name = clinic.SexMale, "Lê Văn Hùng"
			p.Birth.Year += 25
			numbers()(p)
		}, want: index.DoNothing},
		"taken back":                   {b: func(p *clinic.Patient) { p.Withdrawn = true }, want: index.DoNothing},
		"a cancelled number of twelve": {a: numbers(clinic.Identifier{System: clinic.SystemOldID, Value: "056184000017"}), want: index.DoLink},
		"without a number, same phone": {a: numbers(), b: func(p *clinic.Patient) { numbers()(p); p.Birth = clinic.Date{Year: 1984} }, want: index.DoAsk},
	} {
		t.Run(name, func(t *testing.T) {
			for _, swap := range []bool{false, true} {
				m := newMemory()
				one, two := someone(c.a), someone(c.b)
				if swap {
					one, two = two, one
				}
				m.write(t, clinic.ID{1}, "a", one)
				m.write(t, clinic.ID{2}, "b", two)
				got := index.DoNothing
				if m.who(clinic.ID{1}).Has(clinic.ID{2}) {
					got = index.DoLink
				} else if len(m.asks) > 0 {
					got = index.DoAsk
				}
				if got != c.want {
					t.Errorf("swapped %v: %d, want %d: %b", swap, got, c.want, m.asks)
				}
			}
		})
	}
}

// answer records what a person said.
func (m *memory) answer(t *testing.T, a, b clinic.ID, same bool) {
	t.Helper()
	f := index.Finding{A: a, B: b}
	for _, x := range clinic.Bonds(m.links[a]) {
		if x.Names(b) {
			f.Bond = x
		}
	}
	m.say(&f, &clinic.Link{Same: same})
	for _, id := range []clinic.ID{a, b} {
		if err := index.Judge(t.Context(), m, id); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(n byte) (out []clinic.ID) {
	for i := range n {
		out = append(out, clinic.ID{i + 1})
	}
	return out
}

// TestPeopleCount: what a person said outweighs the rule, for ever.
func TestPeopleCount(t *testing.T) {
	m, id := newMemory(), ids(4)
	for i, box := range []string{"a", "b", "c"} {
		m.write(t, id[i], box, someone(nil))
	}
	if n := len(m.who(id[0]).IDs); n != 3 {
		t.Fatalf("%d of 3 are one person", n)
	}
	// A box says that two of them are two people: all links of the rule that join them
	// go, and people look.
	m.answer(t, id[0], id[2], false)
	for _, x := range id[:3] {
		if who := m.who(x); who.Joined() {
			t.Fatalf("%v stays joined: %v", x, who.IDs)
		}
	}
	if _, asked := m.asks[pairOf(id[0], id[2])]; asked {
		t.Error("asked again what was answered")
	}
	if _, asked := m.asks[pairOf(id[0], id[1])]; !asked {
		t.Error("nobody is asked which of the links was wrong")
	}
	// Whoever comes is not joined with both.
	m.write(t, id[3], "d", someone(nil))
	if who := m.who(id[3]); who.Has(id[0]) && who.Has(id[2]) {
		t.Error("joined by way of another")
	}
	// The answer is changed: they are one, and so is the rest again.
	m.answer(t, id[0], id[2], true)
	if who := m.who(id[0]); !who.Has(id[2]) {
		t.Error("a changed answer does not count")
	}
}

// TestRuleTakesBack: a link of the rule goes when details are put right that made it, and
// when a box has two whom it cannot tell apart.
func TestRuleTakesBack(t *testing.T) {
	m, id := newMemory(), ids(3)
	m.write(t, id[0], "a", someone(nil))
	m.write(t, id[1], "b", someone(nil))
	m.write(t, id[1], "b", someone(func(p *clinic.Patient) {
		p.Birth = clinic.Date{Year: 1990, Month: 5, Day: 6}
		p.Identifiers[0].Value = "056190000018"
	}))
	if m.who(id[0]).Joined() || m.did[index.DoPart] == 0 {
		t.Error("a link stands whose ground was a mistake")
	}
	m.write(t, id[1], "b", someone(nil))
	if !m.who(id[0]).Joined() {
		t.Fatal("not linked again")
	}
	m.write(t, id[2], "b", someone(func(p *clinic.Patient) { p.Name = "Nguyễn Thị Hoa"; p.Identifiers = nil }))
	if m.who(id[0]).Joined() || m.asks[pairOf(id[0], id[1])]&index.Rival == 0 {
		t.Error("a twin stands beside one of the two, and the rule still chooses")
	}
	links := len(m.links[id[0]])
	for range 3 {
		for _, x := range id {
			if err := index.Judge(t.Context(), m, x); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(m.links[id[0]]) != links {
		t.Error("judging again says it again")
	}
}

// TestSetsClash: two people who were joined by others, and of whom one has two proven
// numbers, are joined by nobody but people.
func TestSetsClash(t *testing.T) {
	m, id := newMemory(), ids(3)
	m.write(t, id[0], "a", someone(nil))
	m.write(t, id[1], "b", someone(func(p *clinic.Patient) {
		p.Name, p.Source = "Nguyễn Thị Hòa Bình", clinic.SourceCitizenQR
		p.Identifiers[0].Value = "001184900000"
	}))
	m.answer(t, id[0], id[1], true)
	m.write(t, id[2], "c", someone(func(p *clinic.Patient) { p.Source = clinic.SourceCitizenQR }))
	if m.who(id[2]).Joined() || m.asks[pairOf(id[0], id[2])]&index.Clash == 0 {
		t.Errorf("two proven numbers are one person: %v %b", m.who(id[2]).IDs, m.asks)
	}
}
