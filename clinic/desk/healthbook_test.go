package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/clinic/starting"
)

// bookStation has the templates of the health book and of health checks.
func bookStation(t *testing.T) *station {
	t.Helper()
	s := newStation(t)
	rows, err := starting.Rows(clinic.CatalogHealthBook, clinic.CatalogHealthCheck)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i]})
	}
	return s
}

func (s *station) bookPage(id clinic.ID) desk.Book {
	s.Helper()
	b, err := s.BookPage(s.Context(), s.nurse, id)
	if err != nil {
		s.Fatal(err)
	}
	return b
}

// said returns what the page shows of a thing.
func said(b desk.Book, code string) []string {
	for _, sec := range b.Sections {
		for _, x := range sec.Things {
			if x.Row.Code == code {
				return x.Values
			}
		}
	}
	for _, x := range b.Rest {
		if x.Row.Code == code {
			return x.Values
		}
	}
	return nil
}

// TestBook fills in a health book: only what changed is saved, an old form writes nothing,
// the same form twice saves once, and what is wrong is told by field.
func TestBook(t *testing.T) {
	s := bookStation(t)
	ctx := t.Context()
	id := s.register("Nguyễn Thị Mẫu")
	empty := s.bookPage(id).Mark
	in := desk.BookInput{Patient: id, Base: empty, Values: map[string]string{"S3SMOK": "Đã bỏ", "S6HTN": "bố", "S2WEEKS": "39", "S7PREG": "02", "S3ALC": ""}}
	for field, value := range map[string]string{"S3SMOK": "Có lẽ", "S2WEEKS": "120", "S7PREG": "x", "S6HTN": strings.Repeat("a", 301)} {
		bad := in
		bad.Values = map[string]string{field: value}
		_, err := s.SaveBook(ctx, call(s.nurse), bad)
		if refusals := desk.ErrorsOf(err); len(refusals) != 1 || refusals[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, by := range []clinic.ID{s.cashier, s.admin, s.technician} {
		_, err := s.SaveBook(ctx, call(by), in)
		s.refused(err, desk.CodeNotAllowed, "")
	}
	c := call(s.nurse)
	d := s.must(s.SaveBook(ctx, c, in))
	if n := len(d.Records[0].Body.(*clinic.HealthBook).Items); n != 4 {
		t.Errorf("%d things were saved, not those that say something", n)
	}
	if !s.must(s.SaveBook(ctx, c, in)).Again {
		t.Error("pressed twice, saved twice")
	}
	changed := in
	changed.Values = map[string]string{"S3SMOK": "Có"}
	_, err := s.SaveBook(ctx, c, changed)
	s.refused(err, desk.CodeFormStale, "")
	_, err = s.SaveBook(ctx, call(s.nurse), changed) // filled in before the other was saved
	s.refused(err, desk.CodeChanged, "")
	if b := s.bookPage(id); !slices.Equal(said(b, "S3SMOK"), []string{"Đã bỏ"}) || !slices.Equal(said(b, "S7PREG"), []string{"2"}) {
		t.Errorf("%q %q", said(b, "S3SMOK"), said(b, "S7PREG"))
	}
	in.Base = s.bookPage(id).Mark
	_, err = s.SaveBook(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeNothing, "")
	in.Values = map[string]string{"S6HTN": ""}
	s.must(s.SaveBook(ctx, call(s.doctor), in))
	if b := s.bookPage(id); len(said(b, "S6HTN")) != 0 || len(said(b, "S3SMOK")) != 1 {
		t.Error("taking one thing back changed another, or nothing")
	}
}

// TestBookDigitsInWords: digits in a field of words stay as they were typed, and the same
// form twice saves once.
func TestBookDigitsInWords(t *testing.T) {
	s := bookStation(t)
	id := s.register("A")
	in := desk.BookInput{Patient: id, Base: s.bookPage(id).Mark, Values: map[string]string{"S6HTN": "07"}}
	c := call(s.nurse)
	s.must(s.SaveBook(t.Context(), c, in))
	if !s.must(s.SaveBook(t.Context(), c, in)).Again || !slices.Equal(said(s.bookPage(id), "S6HTN"), []string{"07"}) {
		t.Errorf("%q", said(s.bookPage(id), "S6HTN"))
	}
}

// TestBookApart: what another box wrote of the same thing stays beside it until somebody
// decides; saving other things settles nothing.
func TestBookApart(t *testing.T) {
	s := bookStation(t)
	ctx := t.Context()
	id := s.register("A")
	s.must(s.SaveBook(ctx, call(s.nurse), desk.BookInput{Patient: id, Base: s.bookPage(id).Mark, Values: map[string]string{"S3SMOK": "Có"}}))
	s.put(clinic.Draft{Kind: clinic.KindHealthBook, Subject: id, Body: &clinic.HealthBook{Items: []clinic.BookItem{{Code: "S3SMOK", Name: "Thuốc lá", Value: "Không"}}}})
	b := s.bookPage(id)
	if got := said(b, "S3SMOK"); len(got) != 2 {
		t.Fatalf("%q", got)
	}
	s.must(s.SaveBook(ctx, call(s.nurse), desk.BookInput{Patient: id, Base: b.Mark, Values: map[string]string{"S3SMOK": "", "S1CARE": "chồng"}}))
	if b = s.bookPage(id); len(said(b, "S3SMOK")) != 2 || len(said(b, "S1CARE")) != 1 {
		t.Fatalf("saving another thing settled it: %q", said(b, "S3SMOK"))
	}
	s.must(s.SaveBook(ctx, call(s.nurse), desk.BookInput{Patient: id, Base: b.Mark, Values: map[string]string{"S3SMOK": "Không"}}))
	if got := said(s.bookPage(id), "S3SMOK"); !slices.Equal(got, []string{"Không"}) {
		t.Errorf("%q", got)
	}
	s.put(clinic.Draft{Kind: clinic.KindHealthBook, Subject: id, Body: &clinic.HealthBook{Items: []clinic.BookItem{{Code: "OLD", Name: "Mục cũ", Value: "điều cũ"}}}})
	if got := said(s.bookPage(id), "OLD"); !slices.Equal(got, []string{"điều cũ"}) {
		t.Errorf("what an older template asked is not shown: %q", got)
	}
}

// TestBookLong: much text at once fits, in several entries of one act; a form that came
// again with other words in a later entry is told so.
func TestBookLong(t *testing.T) {
	s := bookStation(t)
	id := s.register("A")
	in := desk.BookInput{Patient: id, Base: s.bookPage(id).Mark, Values: map[string]string{}}
	for _, sec := range s.bookPage(id).Sections {
		for _, x := range sec.Things {
			if x.Row.Value == clinic.ValueText {
				in.Values[x.Row.Code] = x.Row.Code + strings.Repeat("ệ", 290)
			}
		}
	}
	c := call(s.nurse)
	d := s.must(s.SaveBook(t.Context(), c, in))
	if len(d.Records) < 2 {
		t.Fatalf("%d entries", len(d.Records))
	}
	b := s.bookPage(id)
	for code, want := range in.Values {
		if got := said(b, code); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %d values", code, len(got))
		}
	}
	last := d.Records[len(d.Records)-1].Body.(*clinic.HealthBook).Items[0].Code
	in.Values[last] = "khác"
	_, err := s.SaveBook(t.Context(), c, in)
	s.refused(err, desk.CodeFormStale, "")
}

// TestBookFaultsInPairs: what failed is not there, what was saved although it failed is
// there once after the form came again.
func TestBookFaultsInPairs(t *testing.T) {
	for fault, want := range map[desktest.Fault]int{desktest.FaultNotApplied: 0, desktest.FaultApplied: 1} {
		s := bookStation(t)
		id := s.register("A")
		book := desk.BookInput{Patient: id, Base: s.bookPage(id).Mark, Values: map[string]string{"S1CARE": "mẹ"}}
		past := desk.PastInput{Patient: id, PastItem: clinic.PastItem{About: clinic.PastIllness, Text: "sốt rét", Source: clinic.PastPatient}}
		n := 0
		for _, save := range []func(desk.Call) (desk.Done, error){
			func(c desk.Call) (desk.Done, error) { return s.SaveBook(t.Context(), c, book) },
			func(c desk.Call) (desk.Done, error) { return s.SavePast(t.Context(), c, past) },
		} {
			c := call(s.nurse)
			s.store.Plan(fault)
			if _, err := save(c); !errors.Is(err, desktest.ErrFault) {
				t.Fatal("the fault did not come:", err)
			}
			if got := len(s.bookPage(id).Patient.Book.Entries); got != n+want {
				t.Errorf("fault %d: %d entries", fault, got)
			}
			s.must(save(c))
			n++
			if got := len(s.bookPage(id).Patient.Book.Entries); got != n {
				t.Errorf("fault %d: %d entries after the form came again", fault, got)
			}
		}
	}
}

// TestPast: history without a day is added once, corrected and taken back with a reason.
func TestPast(t *testing.T) {
	s := bookStation(t)
	ctx := t.Context()
	id := s.register("Nguyễn Thị Mẫu") // born in 1990
	in := desk.PastInput{Patient: id, PastItem: clinic.PastItem{About: clinic.PastOperation, Text: "mổ ruột thừa", Year: 2005, Source: clinic.PastPatient}}
	for field, change := range map[string]func(*desk.PastInput){
		"text":   func(x *desk.PastInput) { x.Text = " " },
		"about":  func(x *desk.PastInput) { x.About = 9 },
		"source": func(x *desk.PastInput) { x.Source = 0 },
		"year":   func(x *desk.PastInput) { x.Year = 1989 },
	} {
		bad := in
		change(&bad)
		_, err := s.SavePast(ctx, call(s.nurse), bad)
		if refusals := desk.ErrorsOf(err); len(refusals) != 1 || refusals[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	future := in
	future.Year = 2027
	_, err := s.SavePast(ctx, call(s.nurse), future)
	s.refused(err, desk.CodePastYear, "year")
	first := s.must(s.SavePast(ctx, call(s.nurse), in))
	if !s.must(s.SavePast(ctx, call(s.nurse), in)).Again {
		t.Error("the same history twice")
	}
	in.Base, in.Year = first.Records[0].Leaf, 2006
	s.must(s.SavePast(ctx, call(s.nurse), in))
	_, err = s.SavePast(ctx, call(s.nurse), in) // of the version before
	s.refused(err, desk.CodeChanged, "")
	past := s.bookPage(id).Past
	if len(past) != 1 || clinic.PastOf(&past[0]).Year != 2006 || len(past[0].Versions) != 2 {
		t.Fatalf("%+v", past)
	}
	back := desk.PastInput{Patient: id, Base: past[0].Leaf(), PastItem: clinic.PastItem{Gone: true}}
	_, err = s.SavePast(ctx, call(s.nurse), back)
	s.refused(err, desk.CodeRequired, "why")
	back.Why = "nhầm người"
	c := call(s.nurse)
	s.must(s.SavePast(ctx, c, back))
	if !s.must(s.SavePast(ctx, c, back)).Again || len(s.bookPage(id).Past) != 0 {
		t.Error("it was not taken back once")
	}
}

// TestBookGathers: the book shows what other entries say, without keeping it twice.
func TestBookGathers(t *testing.T) {
	s := bookStation(t)
	ctx := t.Context()
	id := s.register("Nguyễn Thị Mẫu")
	for i, w := range []string{"61", "62,5"} {
		on := s.open(id)
		s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"weight": w, "height": "160", "systolic": "128", "diastolic": "82"}}))
		s.exam(on, "khám")
		s.diagnose(on)
		s.must(s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "3", Days: "5"}}}))
		s.sign(on)
		if i == 0 {
			s.clock.Add(20 * 24 * time.Hour)
		}
	}
	b := s.bookPage(id)
	if len(b.Problems) != 2 || b.Problems[0].Visits != 2 || b.Problems[0].First == b.Problems[0].Last || b.Problems[0].Name == "" {
		t.Errorf("%+v", b.Problems)
	}
	if len(b.Running) != 1 || b.Running[0].Last != (clinic.Date{Year: 2026, Month: 11, Day: 26}) {
		t.Errorf("running: %+v", b.Running)
	}
	if len(b.Indicators) != 4 || b.Indicators[2].Name != clinic.FieldWeight || len(b.Indicators[2].Points) != 2 {
		t.Errorf("%+v", b.Indicators)
	}
	if len(b.Sections) == 0 || len(said(b, "S3SMOK")) != 0 {
		t.Error("no template")
	}
}

// TestBookPapers: a copy is recorded before it prints, those after the first are marked,
// and the same form prints the same copy once.
func TestBookPapers(t *testing.T) {
	s := bookStation(t)
	ctx := t.Context()
	id := s.register("Nguyễn Thị Mẫu")
	s.must(s.SetAllergies(ctx, call(s.nurse), desk.AllergiesInput{Patient: id, Asked: true, Items: []clinic.Allergy{{Substance: "penicillin", Reaction: "mề đay"}}}))
	s.must(s.SaveBook(ctx, call(s.nurse), desk.BookInput{Patient: id, Base: s.bookPage(id).Mark, Values: map[string]string{"S6HTN": "bố"}}))
	s.must(s.SavePast(ctx, call(s.nurse), desk.PastInput{Patient: id, PastItem: clinic.PastItem{About: clinic.PastIllness, Text: "sốt rét", Year: 2001, Source: clinic.PastPatient}}))
	c := call(s.nurse)
	s.must(s.PrintBook(ctx, c, id))
	s.must(s.PrintBook(ctx, c, id))
	first := s.slipText()
	if len(s.papers.Docs) != 1 || strings.Contains(first, "BẢN IN LẠI") {
		t.Fatalf("%d papers: %s", len(s.papers.Docs), first)
	}
	for _, want := range []string{"penicillin (mề đay)", "bố", "sốt rét, năm 2001", "NGUYỄN THỊ MẪU", "không phải mẫu chính thức", "CB2/"} {
		if !strings.Contains(first, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	s.must(s.PrintBook(ctx, call(s.nurse), id))
	if again := s.slipText(); !strings.Contains(again, "BẢN IN LẠI") {
		t.Error("a reprint is not marked:", again)
	}
	d := s.must(s.BookSheetCopy(ctx, call(s.doctor), id))
	sheet, err := s.BookSheet(ctx, s.doctor, id, d.Records[0].Leaf)
	if err != nil || sheet.Form != "healthbook" || sheet.Blocks[0].Text == "BẢN IN LẠI" {
		t.Errorf("%+v %v", sheet, err)
	}
	_, err = s.BookSheet(ctx, s.doctor, id, clinic.Leaf{1})
	s.refused(err, desk.CodeBookCopy, "")
	_, err = s.BookSheet(ctx, s.doctor, s.register("B"), d.Records[0].Leaf) // somebody else's copy
	s.refused(err, desk.CodeBookCopy, "")
}
