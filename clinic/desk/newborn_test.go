package desk_test

import (
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// ward is a station with a mother, at 08:00 of 2 November 2026.
type ward struct {
	*station
	mother clinic.ID
}

func newWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{station: newStation(t)}
	in := somebody("Nguyễn Thị Mẹ")
	in.Address, in.Phone, in.Ethnic = "Thôn Đông, xã Mẫu", "0900 000 001", "01"
	w.mother = w.must(w.Register(t.Context(), call(w.nurse), in)).Patient
	return w
}

// baby is the form of a girl born here this morning.
func (w *ward) baby() desk.ChildInput {
	return desk.ChildInput{
		Mother: w.mother, Sex: clinic.SexFemale, Birth: clinic.Date{Year: 2026, Month: 11, Day: 2}, Time: "6:05", Grams: 2950, Born: clinic.BornHere,
	}
}

func (w *ward) born(change func(*desk.ChildInput)) clinic.ID {
	w.Helper()
	in := w.baby()
	if change != nil {
		change(&in)
	}
	return w.must(w.RegisterChild(w.Context(), call(w.nurse), in)).Patient
}

func (w *ward) page(id clinic.ID) desk.Patient {
	w.Helper()
	p, err := w.PatientPage(w.Context(), w.doctor, id)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *ward) find(q string) []desk.Hit {
	w.Helper()
	hits, err := w.Find(w.Context(), w.nurse, q)
	if err != nil {
		w.Fatal(err)
	}
	return hits
}

// change saves details of a patient, made from the current ones.
func (s *station) change(id clinic.ID, f func(*clinic.Patient)) (desk.Done, error) {
	s.Helper()
	p, err := s.PatientPage(s.Context(), s.doctor, id)
	if err != nil {
		s.Fatal(err)
	}
	in := desk.PatientInput{ID: id, Patient: *p.Own(), Base: p.Versions[len(p.Versions)-1].Leaf}
	f(&in.Patient)
	return s.ChangePatient(s.Context(), call(s.nurse), in)
}

func TestChildIsRegisteredFromTheMothersPage(t *testing.T) {
	w := newWard(t)
	id := w.born(nil)
	p := w.page(id)
	n := p.Now
	switch {
	case n.Name != "Con bà NGUYỄN THỊ MẸ" || n.Folded != "con ba nguyen thi me" || !n.Unnamed:
		t.Errorf("the name is %q", n.Name)
	case n.Address != "Thôn Đông, xã Mẫu" || n.Phone != "0900 000 001" || n.Ethnic != "01" || n.Guardian != "Nguyễn Thị Mẹ":
		t.Error("address or contact is not the mother's")
	case n.BirthTime != "06:05" || n.BornGrams != 2950 || n.Born != clinic.BornHere || n.Order != 0:
		t.Errorf("%+v", n)
	case len(n.Identifiers) != 1 || n.Identifiers[0].System != clinic.SystemTemporary:
		t.Errorf("numbers: %+v", n.Identifiers)
	case p.Mother == nil || p.Mother.ID != w.mother || p.Mother.Now.Name != "Nguyễn Thị Mẹ":
		t.Errorf("the page does not show the mother: %+v", p.Mother)
	}
	m := w.page(w.mother)
	if len(m.Children) != 1 || m.Children[0].ID != id || len(m.Alike) != 0 || len(p.Alike) != 0 {
		t.Errorf("children %+v, alike %v %v", m.Children, m.Alike, p.Alike)
	}
	for _, q := range []string{"nguyen thi me", "Con bà NGUYỄN THỊ MẸ", n.Identifiers[0].Value} {
		if hits := w.find(q); !slices.ContainsFunc(hits, func(h desk.Hit) bool { return h.ID == id }) {
			t.Errorf("%q does not find the child", q)
		}
	}
}

func TestSameChildTwice(t *testing.T) {
	w := newWard(t)
	in, c := w.baby(), call(w.nurse)
	first := w.must(w.RegisterChild(t.Context(), c, in))
	if again := w.must(w.RegisterChild(t.Context(), c, in)); !again.Again || again.Patient != first.Patient {
		t.Error("the same form saved another child")
	}
	other := in
	other.Sex = clinic.SexMale
	_, err := w.RegisterChild(t.Context(), c, other)
	w.refused(err, desk.CodeFormStale, "")
	in.Name = "Trần Bé" // from the other desk, which knows the name
	_, err = w.RegisterChild(t.Context(), call(w.doctor), in)
	if e := w.refused(err, desk.CodeDuplicates, ""); len(e.Found) != 1 || e.Found[0].ID != first.Patient || e.Found[0].Why != desk.ByMother {
		t.Errorf("%+v", e.Found)
	}
	year := func(id clinic.ID, y int) {
		w.must(w.change(id, func(p *clinic.Patient) { p.Birth, p.BirthTime = clinic.Date{Year: y}, "" }))
	}
	year(first.Patient, 2026) // nobody knows the day any more
	_, err = w.RegisterChild(t.Context(), call(w.nurse), in)
	w.refused(err, desk.CodeDuplicates, "")
	w.must(w.change(first.Patient, func(p *clinic.Patient) { p.Birth, p.BirthTime = in.Birth, "06:05" }))
	in.Different = true
	second := w.must(w.RegisterChild(t.Context(), call(w.doctor), in)).Patient
	if a := w.page(second).Alike; len(a) != 1 || a[0].ID != first.Patient || a[0].Like != clinic.LikeBirth {
		t.Errorf("born of one mother on one day and not twins: %+v", a)
	}
	year(first.Patient, 2024)
	year(second, 2023)
	in.Different = false
	w.must(w.RegisterChild(t.Context(), call(w.nurse), in)) // brothers of other years
}

func TestTwins(t *testing.T) {
	w := newWard(t)
	place := func(n int) func(*desk.ChildInput) {
		return func(in *desk.ChildInput) { in.Order, in.Of = n, 2 }
	}
	a, b := w.born(place(1)), w.born(place(2))
	_, err := w.RegisterChild(t.Context(), call(w.nurse), func() desk.ChildInput { in := w.baby(); place(2)(&in); return in }())
	w.refused(err, desk.CodeDuplicates, "")
	if x, y := w.page(a).Now.Name, w.page(b).Now.Name; x != "Con bà NGUYỄN THỊ MẸ 1/2" || y != "Con bà NGUYỄN THỊ MẸ 2/2" {
		t.Errorf("%q, %q", x, y)
	}
	card := clinic.Identifier{System: clinic.SystemInsurance, Value: "TE1560000000001"}
	for id, name := range map[clinic.ID]string{a: "Trần Văn An", b: "Trần Văn Ân"} { // one search key
		w.must(w.change(id, func(p *clinic.Patient) { p.Name, p.Unnamed = name, false }))
		w.put(clinic.Draft{Kind: clinic.KindPatient, Subject: id, Body: func() *clinic.Patient {
			p := *w.page(id).Now
			p.Identifiers = append(slices.Clone(p.Identifiers), card) // one card typed for both, on two boxes
			return &p
		}()})
	}
	w.put(clinic.Draft{Kind: clinic.KindPatient, Subject: w.mother, Body: func() *clinic.Patient {
		p := *w.page(w.mother).Now
		p.Identifiers = append(slices.Clone(p.Identifiers), card)
		return &p
	}()})
	for _, id := range []clinic.ID{a, b, w.mother} {
		if p := w.page(id); len(p.Alike) != 0 {
			t.Errorf("%s is offered as %s", p.Now.Name, p.Alike[0].Now.Name)
		}
	}
	v, err := w.Compare(t.Context(), w.nurse, a, b)
	if err != nil || v.Like != clinic.LikeNone {
		t.Errorf("compared: %d, %v", v.Like, err)
	}
	for _, q := range []string{"tran van an", "con bà Nguyễn Thị Mẹ", "TE1560000000001"} {
		hits := w.find(q)
		if len(hits) < 2 || slices.ContainsFunc(hits, func(h desk.Hit) bool { return h.Like != clinic.LikeNone }) {
			t.Errorf("%q: %d found, or offered as one", q, len(hits))
		}
	}
}

// Twins whose mother stands twice are twins all the same once that is known.
func TestTwinsOfALinkedMother(t *testing.T) {
	w := newWard(t)
	a := w.born(func(in *desk.ChildInput) { in.Name, in.Order, in.Of = "Trần An", 1, 2 })
	again := somebody("Nguyễn Thị Mẹ")
	again.Different = true
	other := w.must(w.Register(t.Context(), call(w.nurse), again)).Patient
	b := w.born(func(in *desk.ChildInput) {
		in.Mother, in.Name, in.Order, in.Of, in.Different = other, "Trần Ân", 2, 2, true
	})
	if p := w.page(a); len(p.Alike) != 1 {
		t.Errorf("of two mothers, one name and birth date: %d alike", len(p.Alike))
	}
	w.must(w.Link(t.Context(), call(w.nurse), desk.LinkInput{Patient: w.mother, Other: other, Same: true}))
	if p := w.page(a); len(p.Alike) != 0 {
		t.Errorf("twins are offered as one person")
	}
	for _, id := range []clinic.ID{w.mother, other} {
		if m := w.page(id); len(m.Children) != 2 || m.Children[0].ID != a || m.Children[1].ID != b {
			t.Errorf("the mother has %d children", len(m.Children))
		}
	}
	if p := w.page(b); p.Mother == nil || p.Mother.ID != w.page(other).ID {
		t.Error("the child's page does not lead to the mother's record")
	}
}

func TestChildIsNamedLater(t *testing.T) {
	w := newWard(t)
	id := w.born(nil)
	w.must(w.change(w.mother, func(p *clinic.Patient) { p.Name = "Nguyễn Thị Mai" })) // it was typed wrong
	if _, err := w.change(id, func(p *clinic.Patient) { p.BornGrams = 3050 }); err != nil {
		t.Fatal(err)
	}
	if n := w.page(id).Now; n.Name != "Con bà NGUYỄN THỊ MAI" || n.BornGrams != 3050 {
		t.Errorf("%q after her name was corrected", n.Name)
	}
	w.must(w.change(id, func(p *clinic.Patient) { p.Name, p.Unnamed = "Trần Bảo Châu", false }))
	p := w.page(id)
	if p.Now.Name != "Trần Bảo Châu" || p.Now.Unnamed || len(p.Versions) != 3 || p.Mother == nil {
		t.Fatalf("%+v", p.Now)
	}
	for _, q := range []string{"bao chau", "con ba nguyen thi mai", "Con bà NGUYỄN THỊ MAI 1/2"} {
		if hits := w.find(q); len(hits) != 1 || hits[0].ID != id || (hits[0].Mother == "") != (q == "bao chau") {
			t.Errorf("%q: %+v", q, hits)
		}
	}
	w.clock.Add(6 * 366 * 24 * 3600e9)
	if hits := w.find("con ba nguyen thi mai"); len(hits) != 0 {
		t.Errorf("at school age the child is still found under its mother's name: %d", len(hits))
	}
	if hits := w.find("bao chau"); len(hits) != 1 {
		t.Error("the name does not find the child")
	}
}

func TestBirthsThatCannotBe(t *testing.T) {
	w := newWard(t)
	father := somebody("Trần Văn Cha")
	father.Sex = clinic.SexMale
	man := w.must(w.Register(t.Context(), call(w.nurse), father)).Patient
	girl := somebody("Trần Thị Nhỏ")
	girl.Birth = clinic.Date{Year: 2022}
	small := w.must(w.Register(t.Context(), call(w.nurse), girl)).Patient
	n := w.store.Len()
	for name, c := range map[string]struct {
		change func(*desk.ChildInput)
		code   desk.Code
		field  string
	}{
		"no sex":             {func(in *desk.ChildInput) { in.Sex = 0 }, desk.CodeSex, "sex"},
		"no birth":           {func(in *desk.ChildInput) { in.Birth = clinic.Date{} }, desk.CodeRequired, "birth"},
		"a month only":       {func(in *desk.ChildInput) { in.Birth.Day = 0 }, desk.CodeRequired, "birth"},
		"tomorrow":           {func(in *desk.ChildInput) { in.Birth.Day = 3 }, desk.CodeBirth, "birth"},
		"a schoolchild":      {func(in *desk.ChildInput) { in.Birth.Year = 2016 }, desk.CodeBirth, "birth"},
		"in an hour":         {func(in *desk.ChildInput) { in.Time = "09:00" }, desk.CodeBirthTime, "birthtime"},
		"no time of day":     {func(in *desk.ChildInput) { in.Time = "25:61" }, desk.CodeBirthTime, "birthtime"},
		"here, nobody knows": {func(in *desk.ChildInput) { in.Time = "" }, desk.CodeRequired, "birthtime"},
		"35 g":               {func(in *desk.ChildInput) { in.Grams = 35 }, desk.CodeBornGrams, "borngrams"},
		"35 kg":              {func(in *desk.ChildInput) { in.Grams = 35000 }, desk.CodeBornGrams, "borngrams"},
		"less than nothing":  {func(in *desk.ChildInput) { in.Grams = -3200 }, desk.CodeBornGrams, "borngrams"},
		"third of two":       {func(in *desk.ChildInput) { in.Order, in.Of = 3, 2 }, desk.CodeBornOrder, "order"},
		"none of two":        {func(in *desk.ChildInput) { in.Of = 2 }, desk.CodeBornOrder, "order"},
		"of ninety":          {func(in *desk.ChildInput) { in.Order, in.Of = 1, 90 }, desk.CodeBornOrder, "order"},
		"born nowhere":       {func(in *desk.ChildInput) { in.Born = 9 }, desk.CodeRequired, "born"},
		"of a man":           {func(in *desk.ChildInput) { in.Mother = man }, desk.CodeMotherMale, ""},
		"of a child":         {func(in *desk.ChildInput) { in.Mother = small }, desk.CodeMotherAge, "birth"},
		"older than she":     {func(in *desk.ChildInput) { in.Mother, in.Birth.Year = small, 2021 }, desk.CodeMotherAge, "birth"},
		"of nobody":          {func(in *desk.ChildInput) { in.Mother = clinic.ID{99} }, desk.CodeNoPatient, ""},
		"of no ID":           {func(in *desk.ChildInput) { in.Mother = clinic.ID{} }, desk.CodeNoPatient, ""},
		"a number as a name": {func(in *desk.ChildInput) { in.Name = "123" }, desk.CodeName, "name"},
	} {
		in := w.baby()
		c.change(&in)
		_, err := w.RegisterChild(t.Context(), call(w.nurse), in)
		if len(desk.ErrorsOf(err)) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		w.refused(err, c.code, c.field)
	}
	id := w.born(nil)
	for name, c := range map[string]struct {
		of     clinic.ID
		change func(*clinic.Patient)
		code   desk.Code
	}{
		"her own mother": {w.mother, func(p *clinic.Patient) { p.Mother = w.mother[:] }, desk.CodeMotherAge},
		"without a birth date": {w.mother, func(p *clinic.Patient) {
			p.Mother, p.Birth, p.Source = w.mother[:], clinic.Date{}, clinic.SourceUnknown
		}, desk.CodeMotherSelf},
		"her daughter's daughter": {w.mother, func(p *clinic.Patient) { p.Mother, p.Birth, p.Source = id[:], clinic.Date{}, clinic.SourceUnknown }, desk.CodeMotherSelf},
		"of a man":                {id, func(p *clinic.Patient) { p.Mother = man[:] }, desk.CodeMotherMale},
		"half an ID":              {id, func(p *clinic.Patient) { p.Mother = []byte{1, 2} }, desk.CodeMixed},
		"later than now":          {id, func(p *clinic.Patient) { p.BirthTime = "23:00" }, desk.CodeBirthTime},
		"an elephant":             {id, func(p *clinic.Patient) { p.BornGrams = 90000 }, desk.CodeBornGrams},
	} {
		_, err := w.change(c.of, c.change)
		if len(desk.ErrorsOf(err)) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		w.refused(err, c.code, "")
	}
	if w.store.Len() != n+1 {
		t.Errorf("%d entries were written, not the one child", w.store.Len()-n)
	}
	w.must(w.change(id, func(p *clinic.Patient) { p.Mother = nil })) // she was the wrong one
	if p := w.page(id); p.Mother != nil || p.Now.Name != clinic.UnknownName || len(w.page(w.mother).Children) != 0 {
		t.Errorf("%q", p.Now.Name)
	}
}

// With a clock that nobody vouches for a birth that seems to lie ahead is taken.
func TestBirthWithAnUntrustedClock(t *testing.T) {
	w := newWard(t)
	w.clock.Trust(false)
	w.born(func(in *desk.ChildInput) { in.Time = "23:00" })
}

func TestProtectedFamily(t *testing.T) {
	w := newWard(t)
	open := w.born(func(in *desk.ChildInput) { in.Name, in.Birth.Day, in.Birth.Month = "Trần An", 1, 1 })
	err := w.Protect(t.Context(), call(w.admin), desk.ProtectInput{Patient: w.mother, On: true, Why: "làm ở trạm"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.RegisterChild(t.Context(), call(w.nurse), w.baby())
	w.refused(err, desk.CodeProtected, "")
	if err := w.OpenProtected(t.Context(), call(w.nurse), desk.OpenInput{Patient: w.mother, Reason: clinic.OpenCare, Words: "đỡ đẻ"}); err != nil {
		t.Fatal(err)
	}
	id := w.born(nil)
	if _, err := w.PatientPage(t.Context(), w.nurse, id); err != nil {
		t.Errorf("who delivered the child cannot go on: %v", err)
	}
	_, err = w.PatientPage(t.Context(), w.doctor, id)
	w.refused(err, desk.CodeProtected, "") // her address stands in it
	p := w.page(open)
	if p.Mother == nil || !p.Mother.Closed || p.Mother.Now.Address != "" || p.Mother.Now.Birth.Month != 0 || len(p.Mother.Now.Identifiers) != 0 {
		t.Errorf("the child's page shows of the closed record: %+v", p.Mother)
	}
	in := desk.PatientInput{ID: open, Patient: *p.Own(), Base: p.Versions[0].Leaf}
	in.Birth, in.BirthTime = clinic.Date{Year: 1991}, ""
	if _, err = w.ChangePatient(t.Context(), call(w.doctor), in); err != nil {
		t.Errorf("a refusal tells how old she is whose record is closed: %v", err)
	}
	other := somebody("Người Khác")
	other.Birth = clinic.Date{Year: 2015}
	other.Mother = w.mother[:]
	w.must(w.Register(t.Context(), call(w.nurse), other)) // who has her record open
	other.Name = "Người Khác Nữa"
	_, err = w.Register(t.Context(), call(w.cashier), other)
	w.refused(err, desk.CodeProtected, "")
}

// Two desks at once, and a disk that fails in between: one child.
func TestChildUnderFaults(t *testing.T) {
	for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		w := newWard(t)
		c := call(w.nurse)
		w.store.Plan(fault)
		if _, err := w.RegisterChild(t.Context(), c, w.baby()); err == nil {
			t.Fatal("the fault was not seen")
		}
		w.must(w.RegisterChild(t.Context(), c, w.baby()))
		if kids := w.page(w.mother).Children; len(kids) != 1 || strings.Contains(kids[0].Now.Name, "/") {
			t.Errorf("%d children", len(kids))
		}
	}
}
