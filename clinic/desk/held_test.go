package desk_test

import (
	"slices"
	"sync"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// claims is a station where A holds the number that somebody else gives.
type claims struct {
	*station
	a  clinic.ID
	in desk.PatientInput
}

func newClaims(t *testing.T) *claims {
	t.Helper()
	s := &claims{station: newStation(t)}
	s.a = s.must(s.Register(t.Context(), call(s.nurse), withNumber("Nguyễn Thị Hòa", citizen(number)))).Patient
	s.in = withNumber("Trần Thị Khác", citizen(number))
	return s
}

func (s *claims) who(id clinic.ID) desk.Patient {
	s.Helper()
	p, err := s.PatientPage(s.Context(), s.nurse, id)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func TestHeldNumberIsAsked(t *testing.T) {
	s := newClaims(t)
	n := s.store.Len()
	_, err := s.Register(t.Context(), call(s.nurse), s.in)
	if e := s.refused(err, desk.CodeDuplicates, ""); len(e.Found) != 1 || e.Found[0].ID != s.a || e.Found[0].Why != desk.ByNumber {
		t.Fatalf("%+v", e.Found)
	}
	s.in.Held = desk.HeldAnswer{Do: desk.HeldEnd, Why: "gõ nhầm"} // of nobody that the page showed
	_, err = s.Register(t.Context(), call(s.nurse), s.in)
	s.refused(err, desk.CodeDuplicates, "")
	s.in.Held = desk.HeldAnswer{Do: desk.HeldEnd, Holders: []clinic.ID{s.a}}
	_, err = s.Register(t.Context(), call(s.nurse), s.in)
	s.refused(err, desk.CodeRequired, "heldwhy")
	if s.store.Len() != n {
		t.Error("a question was saved")
	}
}

func TestHeldNumberEndsThere(t *testing.T) {
	s := newClaims(t)
	s.in.Held = desk.HeldAnswer{Do: desk.HeldEnd, Why: "gõ nhầm một số", Holders: []clinic.ID{s.a}}
	c := call(s.nurse)
	d := s.must(s.Register(t.Context(), c, s.in))
	if again := s.must(s.Register(t.Context(), c, s.in)); !again.Again || again.Patient != d.Patient || len(again.Records) != 2 {
		t.Error("the same form again is not the same act")
	}
	a := s.who(s.a)
	if _, holds := a.Now.Current(clinic.SystemCitizen, clinic.Date{Year: 2026, Month: 11, Day: 2}); holds || a.Versions[1].Why != "gõ nhầm một số" {
		t.Errorf("A still holds it, or nobody says why not: %+v", a.Now.Identifiers)
	}
	hits, err := s.Find(t.Context(), s.nurse, number)
	if err != nil || len(hits) != 2 || hits[0].ID != d.Patient || hits[0].Why != desk.ByNumber || hits[1].ID != s.a || hits[1].Why != desk.ByOld {
		t.Errorf("%+v, %v", hits, err)
	}
	s.must(s.change(s.a, func(p *clinic.Patient) { p.Phone = "0900 000 002" })) // what ended blocks nothing
}

func TestHeldNumberIsKeptUnsure(t *testing.T) {
	s := newClaims(t)
	s.in.Held = desk.HeldAnswer{Do: desk.HeldUnsure}
	b := s.must(s.Register(t.Context(), call(s.nurse), s.in)).Patient
	p := s.who(b)
	switch ids := p.Now.Identifiers; {
	case len(ids) != 2 || !ids[0].Unsure || ids[0].Value != number || ids[1].System != clinic.SystemTemporary:
		t.Fatalf("%+v", ids)
	case len(p.Alike) != 1 || p.Alike[0].ID != s.a || p.Alike[0].Like != clinic.LikeNumber:
		t.Errorf("nobody is told that it must be settled: %+v", p.Alike)
	case len(s.who(s.a).Alike) != 1:
		t.Error("the holder's page does not tell")
	}
	hits, _ := s.Find(t.Context(), s.nurse, number)
	if len(hits) != 2 || hits[0].ID != s.a || hits[0].Why != desk.ByNumber || hits[1].Why != desk.ByOld {
		t.Errorf("%+v", hits)
	}
	s.must(s.change(b, func(p *clinic.Patient) { p.Phone = "0900 000 003" }))
	if ids := s.who(b).Now.Identifiers; len(ids) != 2 || !ids[0].Unsure {
		t.Errorf("an edit of something else settled it: %+v", ids)
	}
	give := func(p *clinic.Patient) { p.Identifiers = []clinic.Identifier{citizen(number)} }
	_, err := s.change(b, give)
	s.refused(err, desk.CodeNumberTaken, "identifiers")
	s.must(s.change(s.a, func(p *clinic.Patient) { p.Identifiers = []clinic.Identifier{citizen("034190099999")} }))
	s.must(s.change(b, give))
	ids := s.who(b).Now.Identifiers
	if len(ids) != 2 || ids[0].System != clinic.SystemTemporary || ids[0].To.IsZero() || ids[1].Unsure || ids[1].Value != number {
		t.Errorf("settled: %+v", ids)
	}
	if p := s.who(b); len(p.Alike) != 0 {
		t.Errorf("still asked: %+v", p.Alike)
	}
}

// Two boxes apart, or one that kept it unsure: linked later they are one person, whose
// number is sure.
func TestHeldNumberOfLinkedRecords(t *testing.T) {
	s := newClaims(t)
	s.in.Held = desk.HeldAnswer{Do: desk.HeldUnsure}
	b := s.must(s.Register(t.Context(), call(s.nurse), s.in)).Patient
	other := clinic.ID{201}
	s.put(clinic.Draft{Kind: clinic.KindPatient, Subject: other, Body: &clinic.Patient{Name: "Hộp Kia", Folded: "hop kia", Identifiers: []clinic.Identifier{citizen(number)}}})
	for _, id := range []clinic.ID{b, other} {
		s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: s.a, Other: id, Same: true}))
	}
	p := s.who(b)
	var rows []clinic.Identifier
	for _, id := range p.Now.Identifiers {
		if id.Value == number {
			rows = append(rows, id)
		}
	}
	if p.ID != s.a || len(rows) != 1 || rows[0].Unsure || len(p.Alike) != 0 {
		t.Errorf("%+v", p.Now.Identifiers)
	}
	s.must(s.change(s.a, func(p *clinic.Patient) { p.Phone = "0900 000 004" }))
}

// A number that may be somebody else's proves nothing: it does not make its record the
// one whose details are the person's.
func TestUnsureNumberLeadsNoLink(t *testing.T) {
	s := newClaims(t)
	first := s.must(s.Register(t.Context(), call(s.nurse), somebody("Trần Khác"))).Patient
	s.in.Held = desk.HeldAnswer{Do: desk.HeldUnsure}
	b := s.must(s.Register(t.Context(), call(s.nurse), s.in)).Patient
	s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: b, Other: first, Same: true, Why: "cùng một người"}))
	if p := s.who(b); p.ID != first {
		t.Error("the record with the unsure number leads")
	}
}

func TestHeldByAProtectedRecord(t *testing.T) {
	s := newClaims(t)
	if err := s.Protect(t.Context(), call(s.admin), desk.ProtectInput{Patient: s.a, On: true, Why: "làm ở trạm"}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Register(t.Context(), call(s.nurse), s.in)
	if e := s.refused(err, desk.CodeDuplicates, ""); !e.Found[0].Closed || len(e.Found[0].Now.Identifiers) != 0 {
		t.Errorf("%+v", e.Found)
	}
	end := s.in
	end.Held = desk.HeldAnswer{Do: desk.HeldEnd, Why: "gõ nhầm", Holders: []clinic.ID{s.a}}
	_, err = s.Register(t.Context(), call(s.nurse), end)
	s.refused(err, desk.CodeProtected, "")
	s.in.Held = desk.HeldAnswer{Do: desk.HeldUnsure} // needs nothing of that record
	s.must(s.Register(t.Context(), call(s.nurse), s.in))
}

// Desks that give one number at the same moment: one has it, the others are asked.
func TestHeldByDesksAtOnce(t *testing.T) {
	s := newStation(t)
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = s.Register(t.Context(), call(s.nurse), withNumber("Người "+string(rune('A'+i)), citizen(number)))
		})
	}
	wait.Wait()
	saved := 0
	for _, err := range errs {
		if err == nil {
			saved++
			continue
		}
		s.refused(err, desk.CodeDuplicates, "")
	}
	hits, err := s.Find(t.Context(), s.nurse, number)
	if saved != 1 || err != nil || len(hits) != 1 {
		t.Errorf("%d were saved, %d hold it, %v", saved, len(hits), err)
	}
}

// The other record changes while the question is open: who ends a number there saw it.
func TestHeldBySomebodyElseMeanwhile(t *testing.T) {
	s := newClaims(t)
	s.in.Held = desk.HeldAnswer{Do: desk.HeldEnd, Why: "gõ nhầm", Holders: []clinic.ID{s.a}}
	s.put(clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.ID{202}, Body: &clinic.Patient{Name: "Hộp Kia", Folded: "hop kia", Identifiers: []clinic.Identifier{citizen(number)}}})
	_, err := s.Register(t.Context(), call(s.nurse), s.in)
	if e := s.refused(err, desk.CodeDuplicates, ""); len(e.Found) != 2 {
		t.Errorf("%+v", e.Found)
	}
	c := call(s.nurse)
	s.in.Held.Holders = append(s.in.Held.Holders, clinic.ID{202})
	s.store.Plan(desktest.FaultApplied)
	if _, err := s.Register(t.Context(), c, s.in); err == nil {
		t.Fatal("the fault was not seen")
	}
	d := s.must(s.Register(t.Context(), c, s.in))
	if hits, _ := s.Find(t.Context(), s.nurse, number); len(hits) != 3 || hits[0].ID != d.Patient || hits[1].Why != desk.ByOld || hits[2].Why != desk.ByOld {
		t.Errorf("%+v", hits)
	}
}

// A card number brings the person's social insurance number along: both end.
func TestHeldCardNumber(t *testing.T) {
	s := newStation(t)
	card := clinic.Identifier{System: clinic.SystemInsurance, Value: "XD2220123456789"}
	a := s.must(s.Register(t.Context(), call(s.nurse), withNumber("A", card))).Patient
	in := withNumber("B", clinic.Identifier{System: clinic.SystemSocial, Value: "0123456789"})
	_, err := s.Register(t.Context(), call(s.nurse), in)
	s.refused(err, desk.CodeDuplicates, "")
	in.Held = desk.HeldAnswer{Do: desk.HeldEnd, Why: "thẻ của B", Holders: []clinic.ID{a}}
	s.must(s.Register(t.Context(), call(s.nurse), in))
	s.must(s.change(a, func(p *clinic.Patient) { p.Phone = "0900 000 005" }))
}

func TestReissuedNumbers(t *testing.T) {
	s := newStation(t)
	day := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	ids := func(id clinic.ID) []clinic.Identifier {
		p, err := s.PatientPage(t.Context(), s.nurse, id)
		if err != nil {
			t.Fatal(err)
		}
		return p.Own().Identifiers
	}
	first := withNumber("Nguyễn Thị Mẫu", citizen(number))
	first.Issued = day(2021, 5, 1)
	a := s.must(s.Register(t.Context(), call(s.nurse), first)).Patient
	// The same number on a card of last month.
	s.must(s.change(a, func(p *clinic.Patient) { p.Issued = day(2026, 10, 10) }))
	want := []clinic.Identifier{
		{System: clinic.SystemCitizen, Value: number, To: day(2026, 10, 9)},
		{System: clinic.SystemCitizen, Value: number, From: day(2026, 10, 10)},
	}
	if got := ids(a); !slices.Equal(got, want) {
		t.Errorf("a new card: %+v", got)
	}
	n := s.store.Len()
	if d := s.must(s.change(a, func(*clinic.Patient) {})); !d.Again || s.store.Len() != n {
		t.Error("a form that changes nothing wrote an entry")
	}
	// Another number, from the day on which its card was issued.
	s.clock.Add(10 * 24 * 3600e9)
	s.must(s.change(a, func(p *clinic.Patient) {
		p.Issued, p.Identifiers = day(2026, 11, 5), []clinic.Identifier{citizen("034190054321")}
	}))
	want[1].To = day(2026, 11, 4)
	want = append(want, clinic.Identifier{System: clinic.SystemCitizen, Value: "034190054321", From: day(2026, 11, 5)})
	if got := ids(a); !slices.Equal(got, want) {
		t.Errorf("another number: %+v", got)
	}
	for q, why := range map[string]desk.HitWhy{number: desk.ByOld, "034190054321": desk.ByNumber} {
		if hits, err := s.Find(t.Context(), s.nurse, q); err != nil || len(hits) != 1 || hits[0].ID != a || hits[0].Why != why {
			t.Errorf("%s: %+v, %v", q, hits, err)
		}
	}
	// What ended blocks nobody, and comes back when it was ended by mistake.
	s.must(s.change(a, func(p *clinic.Patient) { p.Identifiers = append(slices.Clone(p.Identifiers[:2]), citizen(number)) }))
	got := ids(a)
	if last := got[len(got)-1]; len(got) != 4 || last.Value != number || !last.To.IsZero() || got[0].Value != "034190054321" || got[0].To.IsZero() {
		t.Errorf("the old number again: %+v", got)
	}
}

func TestTemporaryCodeEndsWhenPapersCome(t *testing.T) {
	s := newStation(t)
	in := desk.PatientInput{Patient: clinic.Patient{Source: clinic.SourceUnknown, Unnamed: true}}
	a := s.must(s.Register(t.Context(), call(s.nurse), in)).Patient
	b := s.must(s.Register(t.Context(), call(s.nurse), in)).Patient // nobody is taken for the other
	p, err := s.PatientPage(t.Context(), s.nurse, a)
	if err != nil || p.Now.Name != clinic.UnknownName || len(p.Alike) != 0 || a == b {
		t.Fatalf("%+v, %v", p.Now, err)
	}
	code := p.Now.Identifiers[0].Value
	s.must(s.change(a, func(p *clinic.Patient) { p.Phone = "0900 000 006" }))
	s.must(s.change(a, func(p *clinic.Patient) {
		p.Name, p.Unnamed, p.Sex, p.Birth, p.Source = "Lê Văn Nhớ", false, clinic.SexMale, clinic.Date{Year: 1958}, clinic.SourceTyped
	}))
	if p, _ = s.PatientPage(t.Context(), s.nurse, a); !p.Now.Identifiers[0].To.IsZero() || len(p.Now.Identifiers) != 1 {
		t.Errorf("a name is no paper: %+v", p.Now.Identifiers)
	}
	s.must(s.change(a, func(p *clinic.Patient) {
		p.Identifiers = append(slices.Clone(p.Identifiers), clinic.Identifier{System: clinic.SystemCitizen, Value: "034058012345"})
	}))
	p, _ = s.PatientPage(t.Context(), s.nurse, a)
	if ids := p.Now.Identifiers; len(ids) != 2 || ids[0].Value != code || ids[0].To.String() != "01/11/2026" || !ids[1].To.IsZero() {
		t.Fatalf("%+v", ids)
	}
	if hits, err := s.Find(t.Context(), s.nurse, code); err != nil || len(hits) != 1 || hits[0].ID != a || hits[0].Why != desk.ByOld {
		t.Errorf("%+v, %v", hits, err)
	}
	s.scans["t"] = clinic.Scan{Kind: clinic.ScanNumber, Patient: clinic.Patient{Identifiers: p.Now.Identifiers[:1]}}
	if res, err := s.FromScan(t.Context(), s.nurse, []byte("t")); err != nil || res.Answer != desk.ScanKnown || res.Hits[0].ID != a {
		t.Errorf("the paper in the hand leads to %+v, %v", res.Answer, err)
	}
}
