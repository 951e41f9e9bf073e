package desk_test

import (
	"encoding/json"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// twins is a station where one person stands twice: a by her citizen number, b without
// papers and under another spelling, each with a visit and an allergy.
type twins struct {
	*station
	a, b     desk.On
	both     []clinic.ID
	citizen  string
	bNumber  string
	notTwice clinic.ID // somebody else
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	s := &twins{station: newStation(t), citizen: "034180012345"}
	in := somebody("Nguyễn Thị Mẫu")
	in.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: s.citizen}}
	s.b = s.comes(somebody("Nguyễn Mẫu"), "penicillin")
	s.a = s.comes(in, "aspirin")
	s.both = []clinic.ID{s.a.Patient, s.b.Patient}
	p := s.page(s.b.Patient)
	s.bNumber = p.Now.Identifiers[0].Value
	other := somebody("Trần Thị Khác")
	other.Identifiers = []clinic.Identifier{{System: clinic.SystemPassport, Value: "C1234567"}}
	s.notTwice = s.must(s.Register(t.Context(), call(s.nurse), other)).Patient
	return s
}

func (s *twins) comes(in desk.PatientInput, substance string) desk.On {
	s.Helper()
	reg := s.must(s.Register(s.Context(), call(s.nurse), in))
	v := s.must(s.OpenVisit(s.Context(), call(s.nurse), desk.VisitInput{Patient: reg.Patient}))
	s.must(s.SetAllergies(s.Context(), call(s.nurse), desk.AllergiesInput{Patient: reg.Patient, Items: []clinic.Allergy{{Substance: substance}}}))
	return desk.On{Patient: reg.Patient, Visit: v.Visit}
}

func (s *twins) page(id clinic.ID) desk.Patient {
	s.Helper()
	p, err := s.PatientPage(s.Context(), s.doctor, id)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func (s *twins) tips() []clinic.Leaf {
	s.Helper()
	var out []clinic.Leaf
	err := s.store.View(s.Context(), func(r desk.Reader) error {
		who, err := clinic.Identify(s.a.Patient, r.Links)
		for _, b := range who.Bonds {
			if b.Names(s.a.Patient) && b.Names(s.b.Patient) {
				for _, x := range b.Tips {
					out = append(out, x.Leaf)
				}
			}
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *twins) say(same bool, why string) error {
	_, err := s.Link(s.Context(), call(s.nurse), desk.LinkInput{Patient: s.b.Patient, Other: s.a.Patient, Same: same, Why: why, Tips: s.tips()})
	return err
}

func (s *twins) link() {
	s.Helper()
	if err := s.say(true, ""); err != nil {
		s.Fatal(err)
	}
}

func (s *twins) part() {
	s.Helper()
	if err := s.say(false, "hai chị em"); err != nil {
		s.Fatal(err)
	}
}

// alone is what stands under one ID when nobody is linked.
func (s *twins) alone(id clinic.ID) string {
	p := s.page(id)
	if p.Who.Joined() {
		s.Fatal("still linked")
	}
	p.Who = clinic.Identity{}
	b, err := json.Marshal([]any{p.PatientFile, p.Today, p.Open})
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

func TestLinkIsOnePerson(t *testing.T) {
	s := newTwins(t)
	s.link()
	for _, id := range s.both {
		p := s.page(id)
		var items []string
		for _, a := range p.Allergies.Items {
			items = append(items, a.Substance)
		}
		slices.Sort(items)
		switch {
		case p.ID != s.a.Patient || p.Now.Name != "Nguyễn Thị Mẫu":
			t.Error("who has shown a citizen card does not lead")
		case len(p.Visits) != 2 || len(p.Today) != 2:
			t.Errorf("%d visits, %d today", len(p.Visits), len(p.Today))
		case !slices.Equal(items, []string{"aspirin", "penicillin"}) || !p.Allergies.Conflict:
			t.Errorf("allergies are %q", items)
		case len(p.Now.Identifiers) != 2 || len(p.Who.Bonds) != 1 || p.Who.Bonds[0].All[0].Author != s.nurse:
			t.Errorf("%+v, %+v", p.Now.Identifiers, p.Who)
		}
	}
	for _, q := range []string{"nguyen mau", "nguyen thi mau", s.citizen, s.bNumber} {
		hits, err := s.Find(t.Context(), s.nurse, q)
		if err != nil || len(hits) != 1 || hits[0].ID != s.a.Patient {
			t.Fatalf("%s: %+v, %v", q, hits, err)
		}
		if q == s.bNumber && (hits[0].Under != "Nguyễn Mẫu" || hits[0].Why != desk.ByNumber) {
			t.Errorf("found under %q", hits[0].Under)
		}
	}
	day, err := s.Today(t.Context(), s.nurse)
	if err != nil || len(day.Rows) != 2 || day.Rows[0].Name != day.Rows[1].Name {
		t.Errorf("%+v, %v", day.Rows, err)
	}
	_, err = s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: s.a.Patient})
	s.refused(err, desk.CodeAlreadyQueued, "")
	v, err := s.VisitPage(t.Context(), s.doctor, s.b.Patient, s.b.Visit)
	if err != nil || len(v.Patient.Allergies.Items) != 2 {
		t.Errorf("the visit page shows %+v, %v", v.Patient.Allergies, err)
	}
	_, err = s.VisitPage(t.Context(), s.doctor, s.a.Patient, s.b.Visit)
	s.refused(err, desk.CodeMixed, "") // a visit stays with its ID
}

// What either had before comes back, and what was added stays where it was written.
func TestUndoRestores(t *testing.T) {
	s := newTwins(t)
	before := map[clinic.ID]string{}
	for _, id := range s.both {
		before[id] = s.alone(id)
	}
	for range 2 { // and once more
		s.link()
		s.part()
		for _, id := range s.both {
			if now := s.alone(id); now != before[id] {
				t.Errorf("before %s\nafter %s", before[id], now)
			}
		}
	}
	s.link()
	whole := s.page(s.b.Patient)
	s.must(s.SetAllergies(t.Context(), call(s.nurse), desk.AllergiesInput{
		Patient: s.a.Patient, Items: []clinic.Allergy{{Substance: "aspirin"}}, Tips: whole.Allergies.Tips, Why: "không dị ứng penicillin",
	}))
	if n := len(s.page(s.b.Patient).Allergies.Items); n != 1 {
		t.Errorf("what replaces both lists leaves %d", n)
	}
	s.exam(s.b, "ho")
	s.part()
	b := s.page(s.b.Patient)
	if len(b.Allergies.Items) != 1 || b.Allergies.Items[0].Substance != "penicillin" || b.Visits[0].Doc(clinic.KindExam) == nil {
		t.Errorf("%+v", b.PatientFile)
	}
	if a := s.page(s.a.Patient); len(a.Visits) != 1 || len(a.Allergies.Versions) != 2 || len(a.Who.Bonds[0].All) != 6 {
		t.Errorf("%+v", a.PatientFile)
	}
	if len(b.Alike) != 0 {
		t.Error("after somebody said no the page asks again")
	}
}

func TestLinkAnswers(t *testing.T) {
	s := newTwins(t)
	ctx := t.Context()
	in := desk.LinkInput{Patient: s.a.Patient, Other: s.b.Patient, Same: true}
	for _, by := range []clinic.ID{s.cashier, s.technician} {
		_, err := s.Link(ctx, call(by), in)
		s.refused(err, desk.CodeNotAllowed, "")
	}
	_, err := s.Link(ctx, call(s.nurse), desk.LinkInput{Patient: s.a.Patient, Other: s.a.Patient, Same: true})
	s.refused(err, desk.CodeMixed, "")
	_, err = s.Link(ctx, call(s.nurse), desk.LinkInput{Patient: s.a.Patient, Other: clinic.NewID(), Same: true})
	s.refused(err, desk.CodeNoPatient, "")

	c := call(s.doctor)
	s.must(s.Link(ctx, c, in))
	if d := s.must(s.Link(ctx, c, in)); !d.Again { // the same form
		t.Error("saved twice")
	}
	n := s.store.Len()
	if d := s.must(s.Link(ctx, call(s.nurse), in)); !d.Again || s.store.Len() != n { // another form, of a stale page
		t.Error("a link that holds was linked again")
	}
	in.Same = false
	_, err = s.Link(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeRequired, "why")
	in.Why = "nhầm"
	_, err = s.Link(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeChanged, "") // the page did not show the answer
	s.part()
	if d := s.must(s.Link(ctx, call(s.nurse), in)); !d.Again {
		t.Error("what is parted was parted again")
	}

	// A third: who is linked with one of two who are said to be two people.
	s.must(s.Link(ctx, call(s.admin), desk.LinkInput{Patient: s.notTwice, Other: s.b.Patient, Same: true}))
	v, err := s.Compare(ctx, s.nurse, s.notTwice, s.a.Patient)
	if err != nil || v.One || len(v.Said) != 0 {
		t.Errorf("one %v, %d answers, %v", v.One, len(v.Said), err)
	}
	_, err = s.Link(ctx, call(s.nurse), desk.LinkInput{Patient: s.notTwice, Other: s.a.Patient, Same: true})
	s.refused(err, desk.CodeLinkSaid, "")
}

// Both see and save their visit while the other desk links; signatures hold.
func TestLinkWhileVisitsAreOpen(t *testing.T) {
	s := newTwins(t)
	for _, on := range []desk.On{s.a, s.b} {
		s.exam(on, "ho")
		s.must(s.Diagnose(t.Context(), call(s.doctor), desk.DiagnosisInput{On: on, Main: "I10"}))
	}
	old := s.page(s.b.Patient)
	s.signs(s.b)
	s.link()
	s.must(s.Vitals(t.Context(), call(s.nurse), desk.VitalsInput{On: s.b, Values: map[string]string{"pulse": "77"}}))
	s.signs(s.a)
	_, err := s.SetAllergies(t.Context(), call(s.nurse), desk.AllergiesInput{Patient: s.b.Patient, Asked: true, Tips: old.Allergies.Tips})
	s.refused(err, desk.CodeChanged, "") // that form did not show the other list
	signed := func(when string) {
		for _, on := range []desk.On{s.a, s.b} {
			v, err := s.VisitPage(t.Context(), s.doctor, on.Patient, on.Visit)
			if err != nil || len(v.Visit.Signed) != 1 || !v.Visit.Signed[0].State.Counts() {
				t.Errorf("%s: %+v, %v", when, v.Visit.Signed, err)
			}
		}
	}
	signed("linked")
	s.part()
	signed("parted")
}

func (s *twins) signs(on desk.On) {
	s.Helper()
	v, err := s.VisitPage(s.Context(), s.doctor, on.Patient, on.Visit)
	if err != nil {
		s.Fatal(err)
	}
	s.must(s.Sign(s.Context(), call(s.doctor), desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN, Seen: v.Visit.Seen()}))
}

// Nobody sees through a link what they could not see.
func TestLinkOfProtected(t *testing.T) {
	s := newTwins(t)
	ctx := t.Context()
	protect := func(id clinic.ID, on bool) {
		t.Helper()
		if err := s.Protect(ctx, call(s.admin), desk.ProtectInput{Patient: id, On: on, Why: "làm ở trạm"}); err != nil {
			t.Fatal(err)
		}
	}
	open := func(by, id clinic.ID) {
		t.Helper()
		if err := s.OpenProtected(ctx, call(by), desk.OpenInput{Patient: id, Reason: clinic.OpenCare, Words: "đang khám"}); err != nil {
			t.Fatal(err)
		}
	}
	closed := func(by clinic.ID, ids ...clinic.ID) {
		t.Helper()
		for _, id := range ids {
			_, err := s.PatientPage(ctx, by, id)
			s.refused(err, desk.CodeProtected, "")
		}
	}
	protect(s.b.Patient, true)
	for _, by := range []clinic.ID{s.nurse, s.admin} {
		_, err := s.Link(ctx, call(by), desk.LinkInput{Patient: s.a.Patient, Other: s.b.Patient, Same: true})
		s.refused(err, desk.CodeProtected, "")
	}
	open(s.nurse, s.b.Patient)
	s.link()
	s.page2(s.nurse, s.a.Patient)
	closed(s.doctor, s.a.Patient, s.b.Patient) // a is closed too now
	protect2 := s.a
	_, err := s.VisitPage(ctx, s.doctor, protect2.Patient, protect2.Visit)
	s.refused(err, desk.CodeProtected, "")
	open(s.doctor, s.a.Patient) // opens both, and it is told of both
	s.page2(s.doctor, s.b.Patient)
	for _, id := range s.both {
		l, err := s.LooksAt(ctx, s.admin, id, desk.LookFilter{})
		if err != nil || !slices.ContainsFunc(l.Rows, func(r desk.LookRow) bool { return r.By == s.doctor && r.Opened == clinic.OpenCare }) {
			t.Errorf("%v: the opening is not among the looks", err)
		}
	}
	// What was written into a while it was closed stays closed after the undo.
	s.exam(s.a, "bí mật")
	s.part()
	s.CloseOpened(s.nurse)
	s.CloseOpened(s.doctor)
	closed(s.doctor, s.a.Patient, s.b.Patient)
	open(s.nurse, s.a.Patient)
	open(s.nurse, s.b.Patient)
	s.link()
	protect(s.a.Patient, false) // ends it for the person, on both
	for _, id := range s.both {
		s.page2(s.cashier, id)
	}
	s.part()
	for _, id := range s.both {
		s.page2(s.cashier, id)
	}
	// Nothing was written: the undo restores what was.
	protect(s.b.Patient, true)
	open(s.nurse, s.b.Patient)
	s.link()
	s.part()
	s.page2(s.cashier, s.a.Patient)
	closed(s.cashier, s.b.Patient)
}

func (s *twins) page2(by, id clinic.ID) {
	s.Helper()
	if _, err := s.PatientPage(s.Context(), by, id); err != nil {
		s.Error(err)
	}
}

// Who opened one of two protected records does not see the other by linking.
func TestOpeningOneDoesNotOpenTheOther(t *testing.T) {
	s := newTwins(t)
	for _, id := range s.both {
		if err := s.Protect(t.Context(), call(s.admin), desk.ProtectInput{Patient: id, On: true, Why: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	open := func(by, id clinic.ID) {
		if err := s.OpenProtected(t.Context(), call(by), desk.OpenInput{Patient: id, Reason: clinic.OpenEmergency}); err != nil {
			t.Fatal(err)
		}
	}
	open(s.doctor, s.a.Patient)
	open(s.nurse, s.a.Patient)
	open(s.nurse, s.b.Patient)
	s.link()
	_, err := s.PatientPage(t.Context(), s.doctor, s.a.Patient)
	s.refused(err, desk.CodeProtected, "")
	s.page2(s.nurse, s.b.Patient)
}

func TestHints(t *testing.T) {
	s := newTwins(t)
	in := somebody("Nguyễn Mẫu")
	in.Different = true
	c := s.must(s.Register(t.Context(), call(s.nurse), in)).Patient
	if p := s.page(s.b.Patient); len(p.Alike) != 1 || p.Alike[0].ID != c || p.Alike[0].Like != clinic.LikeName {
		t.Fatalf("%+v", p.Alike)
	}
	hits, err := s.Find(t.Context(), s.nurse, "nguyen mau")
	n := 0
	for _, h := range hits {
		if h.Like == clinic.LikeName && !h.LikeID.IsZero() {
			n++
		}
	}
	if err != nil || n != 2 {
		t.Errorf("%d hits of %d are marked, %v", n, len(hits), err)
	}
	s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: c, Other: s.b.Patient}))
	if p := s.page(c); len(p.Alike) != 0 {
		t.Error("what was answered is asked again")
	}
	hits, _ = s.Find(t.Context(), s.nurse, "nguyen mau")
	for _, h := range hits {
		if h.Like != clinic.LikeNone {
			t.Error("the list asks again")
		}
	}
}

// TestAnswerAboutALinkedRecordCanChange: somebody said that b is not c; then b was linked
// with a, which now leads. That answer is found again under b and c, and can be changed.
func TestAnswerAboutALinkedRecordCanChange(t *testing.T) {
	s := newTwins(t)
	b, c := s.b.Patient, s.notTwice
	s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: b, Other: c}))
	s.link()
	lead, err := s.Compare(t.Context(), s.nurse, s.a.Patient, c)
	if err != nil || lead.Of != [2]clinic.ID{s.a.Patient, c} || len(lead.Said) != 0 {
		t.Fatalf("%+v, %v", lead.Of, err)
	}
	_, err = s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: s.a.Patient, Other: c, Same: true})
	s.refused(err, desk.CodeLinkSaid, "")
	view, err := s.Compare(t.Context(), s.nurse, b, c)
	if err != nil || view.Of != [2]clinic.ID{b, c} || len(view.Said) != 1 || len(view.Tips) != 1 {
		t.Fatalf("%+v, %v", view.Of, err)
	}
	s.must(s.Link(t.Context(), call(s.nurse), desk.LinkInput{Patient: view.Of[0], Other: view.Of[1], Same: true, Tips: view.Tips}))
	p := s.page(c)
	if len(p.Who.IDs) != 3 || p.ID != s.a.Patient {
		t.Errorf("the person is %d records, %v leads", len(p.Who.IDs), p.ID)
	}
}

// TestAllergyHeardWhileLinkedStaysWithBoth: nobody knows any more of whom it was; what was
// known of one before does not become the other's.
func TestAllergyHeardWhileLinkedStaysWithBoth(t *testing.T) {
	s := newTwins(t) // a: aspirin, b: penicillin
	items := func(id clinic.ID) (out []string) {
		for _, x := range s.page(id).Allergies.Items {
			out = append(out, x.Substance)
		}
		slices.Sort(out)
		return out
	}
	s.link()
	both := s.page(s.a.Patient).Allergies
	s.must(s.SetAllergies(t.Context(), call(s.nurse), desk.AllergiesInput{
		Patient: s.a.Patient, Tips: both.Tips, Items: append(slices.Clone(both.Items), clinic.Allergy{Substance: "mực"}),
	}))
	s.part()
	if got := items(s.b.Patient); !slices.Equal(got, []string{"mực", "penicillin"}) {
		t.Errorf("b has %v", got)
	}
	if got := items(s.a.Patient); !slices.Equal(got, []string{"aspirin", "mực", "penicillin"}) { // as the form saved them
		t.Errorf("a has %v", got)
	}
	for _, id := range s.both {
		if a := s.page(id).Allergies; a.Conflict {
			t.Error("versions that know each other are a conflict")
		}
	}
	s.link()
	s.part() // nothing was heard of: nothing is written
	if n := len(s.page(s.b.Patient).Allergies.Versions); n != 2 {
		t.Errorf("b has %d versions", n)
	}
}

// TestExportOfALinkedRecord: a linked record that is protected closes this one, and who
// exports one is told of the others.
func TestExportOfALinkedRecord(t *testing.T) {
	s := newTwins(t)
	s.link()
	others, err := s.ExportLinked(t.Context(), s.a.Patient)
	if err != nil || !slices.Equal(others, []clinic.ID{s.b.Patient}) {
		t.Fatalf("%v, %v", others, err)
	}
	if others, err := s.ExportLinked(t.Context(), clinic.ID{}); err != nil || len(others) != 0 {
		t.Errorf("of everything: %v, %v", others, err)
	}
	if err := s.Protect(t.Context(), call(s.doctor), desk.ProtectInput{Patient: s.b.Patient, On: true, Why: "x"}); err != nil {
		t.Fatal(err)
	}
	err = s.NoteExport(t.Context(), desk.ExportInput{By: s.admin, Patient: s.a.Patient, Act: clinic.NewID()})
	s.refused(err, desk.CodeProtected, "words")
}
