package clinic

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// bookBox writes entries as one box that has seen some of the others'.
type bookBox struct {
	seen []Record
	n    byte
	hlc  uint64
}

func (b *bookBox) write(who ID, items ...BookItem) Record {
	file := FoldPatient(who, b.seen)
	for i := range items {
		for _, x := range file.Book.Stands(items[i].Code) {
			items[i].Over = append(items[i].Over, slices.Clone(x.Record.Leaf[:]))
		}
	}
	return b.add(Record{Subject: who, Kind: KindHealthBook, Body: &HealthBook{Items: items}})
}

func (b *bookBox) add(r Record) Record {
	b.hlc += 10
	r.HLC = b.hlc
	for i := range r.Leaf {
		r.Leaf[i] = byte(rand.Uint32())
	}
	b.seen = append(b.seen, r)
	return r
}

// TestBookMerges: what two boxes say apart of different things both holds; of one thing
// both words stay until somebody decides; the order of arrival does not matter.
func TestBookMerges(t *testing.T) {
	who := ID{7}
	one := &bookBox{n: 1}
	first := one.write(who, BookItem{Code: "SMOKE", Value: "Có"}, BookItem{Code: "HOME", Value: "Nhà tạm"})
	two := &bookBox{seen: []Record{first}, n: 2, hlc: 3} // its clock is behind
	one.write(who, BookItem{Code: "SMOKE", Value: "Đã bỏ"})
	two.write(who, BookItem{Code: "SMOKE", Value: "Không"}, BookItem{Code: "WC", Value: "Tự hoại"})
	all := slices.Concat(one.seen, two.seen)
	file := FoldPatient(who, all).Book
	if got := file.Values("SMOKE"); !reflect.DeepEqual(got, []string{"Đã bỏ", "Không"}) {
		t.Errorf("one box's word is lost: %q", got)
	}
	if got := file.Values("WC"); !reflect.DeepEqual(got, []string{"Tự hoại"}) {
		t.Errorf("%q", got)
	}
	if got := file.Values("HOME"); !reflect.DeepEqual(got, []string{"Nhà tạm"}) {
		t.Errorf("a later entry of other things takes it: %q", got)
	}
	settle := &bookBox{seen: all, hlc: 100}
	settle.write(who, BookItem{Code: "SMOKE", Value: "Đã bỏ"})
	file = FoldPatient(who, settle.seen).Book
	if got := file.Values("SMOKE"); !reflect.DeepEqual(got, []string{"Đã bỏ"}) || len(file.Said("SMOKE")) != 4 {
		t.Errorf("%q, %d said", got, len(file.Said("SMOKE")))
	}
	gone := &bookBox{seen: settle.seen, hlc: 200}
	gone.write(who, BookItem{Code: "SMOKE"})
	if file = FoldPatient(who, gone.seen).Book; len(file.Values("SMOKE")) != 0 || !slices.Equal(file.Codes(), []string{"HOME", "WC"}) {
		t.Errorf("%q %q", file.Values("SMOKE"), file.Codes())
	}
}

// TestBookTakenBackApart: a word that one box took back while another wrote stays.
func TestBookTakenBackApart(t *testing.T) {
	who := ID{7}
	one := &bookBox{}
	first := one.write(who, BookItem{Code: "X", Value: "a"})
	two := &bookBox{seen: []Record{first}, hlc: 20}
	two.write(who, BookItem{Code: "X", Value: "b"})
	one.write(who, BookItem{Code: "X"})
	file := FoldPatient(who, slices.Concat(two.seen, one.seen)).Book
	if got := file.Values("X"); !reflect.DeepEqual(got, []string{"b"}) {
		t.Errorf("%q", got)
	}
}

// TestBookOrder: books of several boxes that exchange at random moments fold to the same
// whatever the order, an entry that came twice included, and hold every box's last word.
func TestBookOrder(t *testing.T) {
	who := ID{9}
	for range 200 {
		boxes := []*bookBox{{n: 1}, {n: 2}, {n: 3}}
		for range 12 {
			b := boxes[rand.IntN(3)]
			switch rand.IntN(4) {
			case 0: // hears of another
				for _, r := range boxes[rand.IntN(3)].seen {
					if !slices.ContainsFunc(b.seen, func(x Record) bool { return x.Leaf == r.Leaf }) {
						b.seen = append(b.seen, r)
					}
				}
			case 1:
				b.add(Record{Subject: who, Kind: KindHealthBook, Body: &HealthBook{Past: &PastItem{About: 1, Text: string(rune('a' + rand.IntN(3))), Year: rand.IntN(2) * 2000, Source: 1}}})
			default:
				b.write(who, BookItem{Code: string(rune('A' + rand.IntN(3))), Value: string(rune('a' + rand.IntN(9)))})
			}
		}
		var all []Record
		for _, b := range boxes {
			all = append(all, b.seen...)
		}
		want := FoldPatient(who, all).Book
		for _, code := range []string{"A", "B", "C"} {
			if said := want.Said(code); len(said) > 0 && len(want.Values(code)) == 0 {
				t.Fatal("a thing that was said and not taken back is gone")
			}
			for _, x := range want.Said(code) {
				replaced := slices.ContainsFunc(want.Said(code), func(y BookSaid) bool { return y.Item.over(x.Record.Leaf) })
				if stands := slices.Contains(want.Values(code), x.Item.Value); !replaced && !stands {
					t.Fatal("nobody replaced a word, and it is gone")
				}
			}
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		got := FoldPatient(who, all).Book
		if !reflect.DeepEqual(got.Entries, want.Entries) || !reflect.DeepEqual(got.Past(), want.Past()) || got.Mark() != want.Mark() {
			t.Fatal("the order of arrival matters")
		}
	}
}

// TestPastItems: what was taken back leaves the list, unless another box wrote of it at
// the same time; years stand in order, those without one last.
func TestPastItems(t *testing.T) {
	who := ID{8}
	b := &bookBox{}
	item := func(text string, year int, over Leaf, gone bool) Record {
		return b.add(Record{Subject: who, Kind: KindHealthBook, Corrects: over, Body: &HealthBook{Past: &PastItem{About: 1, Text: text, Year: year, Source: 1, Gone: gone}}})
	}
	old := item("lao phổi", 0, Leaf{}, false)
	item("mổ ruột thừa", 1999, Leaf{}, false)
	item("sốt rét", 2005, Leaf{}, false)
	text := func() (out []string) {
		file := FoldPatient(who, b.seen).Book
		for _, d := range file.Past() {
			out = append(out, PastOf(&d).Text)
		}
		return out
	}
	if got := strings.Join(text(), ","); got != "sốt rét,mổ ruột thừa,lao phổi" {
		t.Error(got)
	}
	item("lao phổi", 0, old.Leaf, true)
	if got := strings.Join(text(), ","); got != "sốt rét,mổ ruột thừa" {
		t.Error(got)
	}
	item("lao hạch", 1980, old.Leaf, false) // another box, of the version before
	if got := strings.Join(text(), ","); got != "sốt rét,mổ ruột thừa,lao hạch" {
		t.Error(got)
	}
}

// TestBookLost: an entry that can no longer be read is told, and one of another kind not.
func TestBookLost(t *testing.T) {
	for kind, want := range map[Kind]bool{KindHealthBook: true, 0: true, KindBill: false} {
		p := FoldPatient(ID{1}, nil)
		p.Lose([]Hole{{Kind: kind, Leaf: Leaf{1}}})
		if p.Book.Lost != want {
			t.Errorf("kind %d: %v", kind, p.Book.Lost)
		}
	}
}

// TestBookRing: damaged entries that replace each other leave nothing out.
func TestBookRing(t *testing.T) {
	a, b := Leaf{1}, Leaf{2}
	file := FoldPatient(ID{1}, []Record{
		{Subject: ID{1}, Kind: KindHealthBook, HLC: 1, Leaf: a, Body: &HealthBook{Items: []BookItem{{Code: "X", Value: "1", Over: [][]byte{b[:]}}}}},
		{Subject: ID{1}, Kind: KindHealthBook, HLC: 2, Leaf: b, Body: &HealthBook{Items: []BookItem{{Code: "X", Value: "2", Over: [][]byte{a[:]}}}}},
	}).Book
	if got := file.Values("X"); !slices.Equal(got, []string{"2", "1"}) {
		t.Errorf("%q", got)
	}
}

// TestIndicators: several measurements make a line with days in order; both blood
// pressures are one value.
func TestIndicators(t *testing.T) {
	p := ID{1}
	var recs []Record
	for i, v := range []Vitals{{Weight: 121, Height: 850, Systolic: 120, Diastolic: 80}, {Weight: 134, Height: 900}} {
		id := ID{byte(10 + i)}
		day := Date{2026 - i, 3, 1} // the later visit was entered first
		recs = append(recs,
			Record{Subject: p, Visit: id, Kind: KindVisit, HLC: uint64(10 * (i + 1)), Leaf: Leaf{1, byte(i)}, Body: &Visit{Day: day}},
			Record{Subject: p, Visit: id, Kind: KindVitals, HLC: uint64(10*(i+1) + 1), Leaf: Leaf{2, byte(i)}, Body: &v})
	}
	recs = append(recs, Record{Subject: p, Kind: KindPatient, Leaf: Leaf{9}, Body: &Patient{Name: "Bé Mẫu", Birth: Date{2024, 3, 1}}})
	file := FoldPatient(p, recs)
	all := file.Indicators()
	var names []string
	for _, x := range all {
		names = append(names, x.Name)
	}
	if strings.Join(names, " ") != "pressure bmi weight height" {
		t.Fatal(names)
	}
	w := all[2]
	if len(w.Points) != 2 || w.Say(w.Points[0]) != "13,4" || w.Say(w.Points[1]) != "12,1" || w.Points[1].Age.InMonths() != 24 || w.Points[0].Age.InMonths() != 12 {
		t.Errorf("%+v", w)
	}
	if x := all[0]; x.Say(x.Points[0]) != "120/80" {
		t.Errorf("%+v", x)
	}
}

// TestIndicatorsOfTests: results have the age of their day too.
func TestIndicatorsOfTests(t *testing.T) {
	n := Milli(7100)
	r := Result{Taken: Date{2026, 3, 1}, Values: []ResultValue{{Test: "GLU", Name: "Glucose", Unit: "mmol/L", Number: &n}}}
	file := FoldPatient(ID{1}, []Record{
		{Subject: ID{1}, Kind: KindPatient, Leaf: Leaf{9}, Body: &Patient{Name: "Bé Mẫu", Birth: Date{2024, 3, 1}}},
		{Subject: ID{1}, Kind: KindResult, HLC: 1, Leaf: Leaf{8}, Body: &r},
	})
	if all := file.Indicators(); len(all) != 1 || all[0].Points[0].Age.InMonths() != 24 {
		t.Errorf("%+v", all)
	}
}
