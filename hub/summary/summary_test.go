package summary_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/merge"
)

var amlodipine = clinic.DrugLine{Medicine: "AML5", Name: "Amlodipin", Strength: "5 mg", Unit: "viên", Dose: 1000, Times: 1, Days: 30, ATC: "C08CA01"}

// TestAnswers: what other facilities recorded comes, with where it is from; what the
// asking facility itself recorded does not; who recorded it hears who asked.
func TestAnswers(t *testing.T) {
	w := newWorld(t, "a", "a2", "b", "c", "d")
	w.register("b", 2, nil)
	w.register("c", 3, nil)
	w.allergic("b", 2, "penicillin")
	w.treat("b", 2, 5, "I10", amlodipine)
	w.treat("c", 3, 400, "E11", clinic.DrugLine{Medicine: "X", Name: "Metformin", Days: 30, Unit: "viên"})
	w.treat("c", 3, 300, "I10")
	w.register("d", 7, func(p *clinic.Patient) { p.Name = "Trần Văn Khác"; p.Identifiers = nil })
	w.register("a", 1, nil)
	w.treat("a", 1, 1, "J00")
	q := w.ask("a", 1, clinic.ConsentPerson)
	w.step()
	s := w.told("a", 1)
	w.told("a2", 1) // shares the patient
	w.told("b", 0)
	if s.Outcome != clinic.SummaryFound || string(s.Asked) != string(q[:]) || s.Veiled || s.Left != 0 {
		t.Fatalf("%+v", s)
	}
	if len(s.Allergies) != 1 || s.Allergies[0].Allergy.Substance != "penicillin" || s.Where(s.Allergies[0].Place).Name != "Trạm 00002" {
		t.Errorf("allergies %+v of %+v", s.Allergies, s.Places)
	}
	if len(s.Medicines) != 1 || s.Medicines[0].Line.Name != "Amlodipin" || !s.Medicines[0].Runs(clinic.DateOf(w.now)) || !s.Medicines[0].Unsigned {
		t.Errorf("medicines %+v", s.Medicines)
	}
	if len(s.Problems) != 2 || s.Problems[0].Code != "I10" || s.Problems[0].Times != 2 || s.Problems[1].Code != "E11" {
		t.Errorf("problems %+v", s.Problems)
	}
	if len(s.Visits) != 3 || s.Where(s.Visits[2].Place).Code != "00003" {
		t.Errorf("visits %+v", s.Visits)
	}
	for _, box := range []string{"b", "c"} {
		if rs := w.heard(box, clinic.KindAsked); len(rs) != 1 || rs[0].Leaf != q || rs[0].Body.(*clinic.Asked).Name != "Trạm 00001" {
			t.Errorf("%s hears %+v", box, rs)
		}
	}
	if rs := w.heard("d", clinic.KindAsked); len(rs) != 0 {
		t.Error("a facility that has nothing of the person hears of them")
	}
	w.step()
	w.told("a", 1) // once
	ds, err := w.db.Downs(t.Context(), "a", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		t.Logf("an entry of %d bytes", len(d.Bytes))
	}
}

// TestNobodyThenSomebody: a question of whom nothing is known finds a record that comes
// later, without being asked again; one that waits on the merge desk after the decision.
func TestNobodyThenSomebody(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.register("a", 1, nil)
	w.ask("a", 1, clinic.ConsentPerson)
	w.step()
	if s := w.told("a", 1); s.Outcome != clinic.SummaryNobody || len(s.Places) != 0 {
		t.Fatalf("%+v", s)
	}
	w.register("b", 2, func(p *clinic.Patient) { p.Name = "NGUYEN THI HOA" }) // without marks: waits for people
	w.allergic("b", 2, "sulfamid")
	w.step()
	if s := w.told("a", 2); s.Outcome != clinic.SummaryUnsure || len(s.Allergies) != 0 || len(s.Places) != 0 {
		t.Fatalf("%+v", s)
	}
	p, err := w.merge.Look(t.Context(), "op", clinic.ID{1}, clinic.ID{2})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.merge.Answer(t.Context(), "op", merge.Decision{A: clinic.ID{1}, B: clinic.ID{2}, Do: merge.DoSame, Mark: p.Mark}); err != nil {
		t.Fatal(err)
	}
	w.step()
	if s := w.told("a", 3); s.Outcome != clinic.SummaryFound || s.Allergies[0].Allergy.Substance != "sulfamid" {
		t.Fatalf("%+v", s)
	}
}

// TestTakenBack: an answer about somebody who turns out to be another person is taken
// back, also long after.
func TestTakenBack(t *testing.T) {
	for _, days := range []int{0, 45} {
		w := newWorld(t, "a", "b")
		w.register("b", 2, nil)
		w.allergic("b", 2, "penicillin")
		w.register("a", 1, nil)
		w.ask("a", 1, clinic.ConsentPerson)
		w.step()
		if s := w.told("a", 1); s.Outcome != clinic.SummaryFound {
			t.Fatalf("%+v", s)
		}
		w.now = w.now.AddDate(0, 0, days)
		w.register("b", 2, func(p *clinic.Patient) { p.Birth.Day = 13; p.Sex = clinic.SexMale }) // the number was typed wrong
		w.step()
		if s := w.told("a", 2); s.Outcome == clinic.SummaryFound || len(s.Allergies)+len(s.Places) != 0 {
			t.Errorf("after %d days: %+v", days, s)
		}
		w.step()
		w.told("a", 2)
	}
}

// TestProtectedElsewhere: of a protected record nothing goes out but in an emergency what
// may harm the person, without saying where, and that is an alarm.
func TestProtectedElsewhere(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.register("b", 2, nil)
	w.allergic("b", 2, "penicillin")
	w.treat("b", 2, 5, "B20", amlodipine)
	w.write("b", clinic.Draft{Kind: clinic.KindProtection, Subject: clinic.ID{2}, Body: &clinic.Protection{On: true}})
	w.register("a", 1, nil)
	w.ask("a", 1, clinic.ConsentPerson)
	w.step()
	if s := w.told("a", 1); s.Outcome != clinic.SummaryProtected || len(s.Places)+len(s.Allergies)+len(s.Visits)+len(s.Problems) != 0 {
		t.Fatalf("%+v", s)
	}
	if rs := w.heard("b", clinic.KindAsked); len(rs) != 0 {
		t.Error("heard of a question that got nothing")
	}
	as, err := w.db.OpenAlarms(t.Context())
	if err != nil || len(as) != 0 {
		t.Fatal(as, err)
	}
	w.ask("a", 1, clinic.ConsentEmergency)
	w.step()
	s := w.told("a", 2)
	if s.Outcome != clinic.SummaryFound || !s.Veiled || len(s.Allergies) != 1 || len(s.Medicines) != 1 || len(s.Places)+len(s.Problems)+len(s.Visits)+len(s.Doses)+len(s.Programmes) != 0 {
		t.Fatalf("%+v", s)
	}
	as, err = w.db.Alarms(t.Context(), "a", 10)
	if err != nil || len(as) != 1 || as[0].Code != hub.AlarmAsked || !strings.Contains(as[0].Detail, "emergency") || as[0].Count != 1 {
		t.Fatalf("%+v %v", as, err)
	}
	if rs := w.heard("b", clinic.KindAsked); len(rs) != 1 {
		t.Error("the emergency is not told to who protected the record")
	}
}

// TestManyQuestions: a box that asks strikingly often is an alarm, once a day.
func TestManyQuestions(t *testing.T) {
	w := newWorld(t, "a", "b")
	for i := range 130 {
		w.register("a", byte(i+1), func(p *clinic.Patient) {
			p.Name, p.Birth, p.Identifiers = fmt.Sprintf("Người thứ %d", i), clinic.Date{Year: 1900 + i%100, Month: 1 + i%12, Day: 1 + i%28}, nil
		})
		w.ask("a", byte(i+1), clinic.ConsentPerson)
	}
	w.step()
	as, err := w.db.OpenAlarms(t.Context())
	if err != nil || len(as) != 1 || as[0].Code != hub.AlarmAsked {
		t.Fatalf("%+v %v", as, err)
	}
	w.told("a", 130)
}

// TestBadQuestion: a consent that nobody knows is no question; a patient of whom nothing
// is known finds nobody.
func TestBadQuestion(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.register("b", 2, nil)
	w.register("a", 1, nil)
	w.ask("a", 1, 0)
	w.ask("a", 1, 9)
	w.ask("a", 77, clinic.ConsentPerson)
	w.ask("a", 2, clinic.ConsentPerson) // another box's patient, whose ID it guessed: nobody linked the two
	w.step()
	for _, r := range w.heard("a", clinic.KindSummary) {
		if s := r.Body.(*clinic.Summary); r.Subject == (clinic.ID{77}) && s.Outcome != clinic.SummaryNobody {
			t.Errorf("%+v", s)
		}
	}
	if n := len(w.heard("a", clinic.KindSummary)); n != 2 {
		t.Errorf("%d answers", n)
	}
}

// TestNobodyOpensForThemselves: a box that says itself that its patient is another
// facility's, or asks about that facility's patient, is told nothing; that somebody there
// says no counts.
func TestNobodyOpensForThemselves(t *testing.T) {
	w := newWorld(t, "a", "a2", "b", "c")
	w.register("b", 2, nil)
	w.register("c", 3, nil) // linked with b's by the rule
	w.allergic("b", 2, "penicillin")
	w.register("a", 1, func(p *clinic.Patient) {
		p.Name, p.Birth, p.Identifiers = "Trần Văn Khác", clinic.Date{Year: 1950}, nil
	})
	other := clinic.ID{2}
	w.write("a2", clinic.Draft{Kind: clinic.KindLink, Subject: clinic.ID{1}, Body: &clinic.Link{Other: other[:], Same: true}})
	w.ask("a", 1, clinic.ConsentPerson)
	w.ask("a", 2, clinic.ConsentPerson)
	w.step()
	if who, err := w.merge.Who(t.Context(), clinic.ID{1}, nil); err != nil || len(who.IDs) < 2 {
		t.Fatalf("the word of the box counts nowhere: %v %v", who.IDs, err)
	}
	for _, r := range w.heard("a", clinic.KindSummary) {
		if s := r.Body.(*clinic.Summary); s.Outcome == clinic.SummaryFound || len(s.Places)+len(s.Allergies) != 0 {
			t.Errorf("about %v: %+v", r.Subject, s)
		}
	}
}

// TestOwnNoCounts: that somebody at the asking facility says that they are two people
// takes back what was told.
func TestOwnNoCounts(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.register("b", 2, nil)
	w.register("c", 3, nil)
	w.allergic("b", 2, "penicillin")
	w.register("a", 5, nil)
	w.ask("a", 5, clinic.ConsentPerson)
	w.step()
	found := func() *clinic.Summary {
		rs := w.heard("a", clinic.KindSummary)
		return rs[len(rs)-1].Body.(*clinic.Summary)
	}
	if s := found(); s.Outcome != clinic.SummaryFound {
		t.Fatalf("%+v", s)
	}
	five := clinic.ID{5}
	for _, id := range []clinic.ID{{2}, {3}} {
		w.write("a", clinic.Draft{Kind: clinic.KindLink, Subject: id, Body: &clinic.Link{Other: five[:]}})
	}
	w.step()
	if s := found(); s.Outcome == clinic.SummaryFound {
		t.Errorf("somebody said that they are two: %+v", s)
	}
}

// TestLongPast: an answer about somebody with hundreds of visits fits, keeps every severe
// allergy and says what it left out.
func TestLongPast(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.register("b", 2, nil)
	var items []string
	for i := range 20 {
		items = append(items, fmt.Sprintf("hoạt chất %d có tên dài", i))
	}
	w.allergic("b", 2, items...)
	for i := range 120 {
		l := amlodipine
		l.Name, l.When = fmt.Sprintf("Thuốc số %d", i), strings.Repeat("sau ăn ", 20)
		w.treat("b", 2, i/4, fmt.Sprintf("A%02d", i%100), l, l, l)
	}
	w.register("a", 1, nil)
	w.ask("a", 1, clinic.ConsentGuardian)
	w.step()
	s := w.told("a", 1)
	if len(s.Allergies) != 20 || s.Left < 300 || len(s.Medicines) < 10 {
		t.Errorf("%d allergies, %d medicines, %d left", len(s.Allergies), len(s.Medicines), s.Left)
	}
	ds, err := w.db.Downs(t.Context(), "a", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		if len(d.Bytes) > 12<<10 {
			t.Errorf("an answer of %d bytes", len(d.Bytes))
		}
	}
}

// TestNothingIsTooLong: programmes without end and one endless allergy keep no answer from
// fitting.
func TestNothingIsTooLong(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.register("b", 2, nil)
	w.allergic("b", 2, strings.Repeat("x", 14<<10))
	for i := range 300 {
		w.write("b", clinic.Draft{Kind: clinic.KindEnrolled, Subject: clinic.ID{2}, Body: &clinic.Enrolment{
			Programme: fmt.Sprintf("%03d-%s", i, strings.Repeat("p", 100)), On: clinic.DateOf(w.now),
		}})
	}
	w.register("a", 1, nil)
	w.ask("a", 1, clinic.ConsentPerson)
	w.step()
	if s := w.told("a", 1); s.Outcome != clinic.SummaryFound || s.Left == 0 || len(s.Places) != 1 || len(s.Allergies) == 0 && s.AllergiesAsked {
		t.Errorf("%+v", s)
	}
}

// TestFaultAnywhere: whatever change fails, applied or not, the next step ends with the
// same: one answer, one alarm, who recorded the person heard once.
func TestFaultAnywhere(t *testing.T) {
	story := func(at int, applied bool) (calls int) {
		w := newWorld(t, "a", "a2", "b", "c")
		w.fault.At, w.fault.Applied = at, applied
		w.register("b", 2, nil)
		w.register("c", 3, nil)
		w.allergic("b", 2, "penicillin")
		w.allergic("c", 3)
		w.register("a", 1, nil)
		q := w.ask("a", 1, clinic.ConsentEmergency)
		if err := w.merge.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.summary.Step(t.Context()); err != nil && !errors.Is(err, dbtest.ErrFault) {
			t.Fatal(err)
		}
		calls = w.fault.Calls
		w.step()
		for _, box := range []string{"a", "a2"} {
			if s := w.told(box, 1); s.Outcome != clinic.SummaryFound || string(s.Asked) != string(q[:]) {
				t.Errorf("fault %d: %+v", at, s)
			}
		}
		for _, box := range []string{"b", "c"} {
			if n := len(w.heard(box, clinic.KindAsked)); n != 1 {
				t.Errorf("fault %d (applied %v): %s heard %d", at, applied, box, n)
			}
		}
		as, err := w.db.OpenAlarms(t.Context())
		if err != nil || len(as) != 1 {
			t.Errorf("fault %d: %+v %v", at, as, err)
		}
		return calls
	}
	n := story(0, false)
	if n < 4 {
		t.Fatalf("only %d changes", n)
	}
	for at := 1; at <= n; at++ {
		story(at, false)
		story(at, true)
	}
}

// TestOrderDoesNotMatter: the same records in any order make the same summary.
func TestOrderDoesNotMatter(t *testing.T) {
	var known []clinic.Known
	for i := range 6 {
		at := clinic.Date{Year: 2026, Month: 1, Day: i + 1}.Time()
		known = append(known, clinic.Known{
			Record: clinic.Record{
				Leaf: clinic.Leaf{byte(i + 1)}, Kind: clinic.KindDiagnosis, Subject: clinic.ID{byte(i % 2)}, Visit: clinic.ID{byte(i), 1},
				HLC: clinic.HLCAt(at), Event: at, Body: &clinic.Diagnosis{Main: fmt.Sprintf("A0%d", i%3)},
			},
			From: clinic.Facility{Code: fmt.Sprint(i % 3)},
		})
	}
	who, today := clinic.Identity{IDs: []clinic.ID{{0}, {1}}}, clinic.Date{Year: 2026, Month: 2, Day: 1}
	want := fmt.Sprintf("%+v", clinic.Summarise(who, slices.Clone(known), today))
	for range 20 {
		known = append(known[1:], known[0])
		slices.Reverse(known[:3])
		if got := fmt.Sprintf("%+v", clinic.Summarise(who, slices.Clone(known), today)); got != want {
			t.Fatalf("%s\nwant\n%s", got, want)
		}
	}
	if !strings.Contains(want, "A00") {
		t.Error(want)
	}
}
