package desktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/fold"
)

// StoreSuite runs the contract of desk.Store on stores that open makes: a fresh,
// empty one at each call, closed by the test's Cleanup.
func StoreSuite(t *testing.T, open func(t *testing.T) desk.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *harness)
	}{
		{"SavesAll", testSavesAll},
		{"ErrorSavesNothing", testErrorSavesNothing},
		{"TooLargeSavesNothing", testTooLarge},
		{"TooManySaveNothing", testTooMany},
		{"SameActAgain", testSameActAgain},
		{"SameActAtOnce", testSameActAtOnce},
		{"CancelledActRepeats", testCancelled},
		{"NumbersAreGivenOnce", testNumbers},
		{"NumbersJumpAfterARestore", testFresh},
		{"ViewSeesWholeActs", testWholeActs},
		{"Records", testRecords},
		{"Positions", testPositions},
		{"Identifiers", testIdentifiers},
		{"Names", testNames},
		{"Visits", testVisits},
		{"Programmes", testProgrammes},
		{"Apart", testApart},
		{"Appointments", testAppointments},
		{"Staff", testStaff},
		{"Catalog", testCatalog},
		{"CatalogDay", testCatalogDay},
		{"Looks", testLooks},
		{"Protected", testProtected},
		{"Links", testLinks},
		{"Children", testChildren},
		{"Stock", testStock},
		{"Laboratory", testLab},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, &harness{t, open(t)}) })
	}
}

// harness shortens what every case does.
type harness struct {
	*testing.T
	desk.Store
}

// put saves the drafts in an act of their own.
func (h *harness) put(drafts ...clinic.Draft) []clinic.Record {
	h.Helper()
	s, err := h.Act(h.Context(), clinic.NewID(), clinic.NewID(), func(desk.Reader) ([]clinic.Draft, error) { return drafts, nil })
	if err != nil {
		h.Fatalf("act: %v", err)
	}
	if len(s.Records) != len(drafts) || s.Again {
		h.Fatalf("act saved %d of %d entries, again %v", len(s.Records), len(drafts), s.Again)
	}
	return s.Records
}

// see runs f over what is saved; an error of f fails the test.
func (h *harness) see(f func(desk.Reader) error) {
	h.Helper()
	if err := h.View(h.Context(), f); err != nil {
		h.Fatalf("view: %v", err)
	}
}

// person returns a draft of a patient.
func person(id clinic.ID, name string, ids ...clinic.Identifier) clinic.Draft {
	return clinic.Draft{Kind: clinic.KindPatient, Subject: id, Body: &clinic.Patient{
		Name: name, Folded: fold.String(name), Birth: clinic.Date{Year: 1980}, Sex: clinic.SexFemale, Identifiers: ids,
	}}
}

func testSavesAll(t *testing.T, h *harness) {
	act, author, p := clinic.NewID(), clinic.NewID(), clinic.NewID()
	event := time.Date(2026, 3, 4, 5, 6, 7, 0, clinic.ICT)
	s, err := h.Act(t.Context(), act, author, func(desk.Reader) ([]clinic.Draft, error) {
		a := person(p, "Nguyễn Thị Mẫu")
		return []clinic.Draft{a, {
			Kind: clinic.KindAllergies, Subject: p, Event: event, Why: "hỏi lại", Corrects: clinic.Leaf{9},
			Body: &clinic.Allergies{Asked: true, Items: []clinic.Allergy{{Substance: "penicillin"}}},
		}}, nil
	})
	if err != nil || len(s.Records) != 2 || s.Again {
		t.Fatalf("%+v, %v", s, err)
	}
	first, second := s.Records[0], s.Records[1]
	switch {
	case first.Act != act || second.Act != act || first.Author != author || second.Author != author:
		t.Error("act or author is not what was given")
	case first.HLC >= second.HLC, first.Ref.Journal != clinic.Own, second.Ref.Index != first.Ref.Index+1:
		t.Error("entries of an act do not follow each other in time and place")
	case first.Leaf == second.Leaf || first.Leaf == (clinic.Leaf{}):
		t.Error("leaf hashes are missing or alike")
	case first.Event.IsZero(), !second.Event.Equal(event), second.Why != "hỏi lại", second.Corrects != clinic.Leaf{9}:
		t.Error("the head of an entry changed on the way")
	case first.Body.(*clinic.Patient).Name != "Nguyễn Thị Mẫu", len(second.Body.(*clinic.Allergies).Items) != 1:
		t.Error("a body changed on the way")
	}
	h.see(func(r desk.Reader) error {
		got, err := r.Records(p)
		if len(got) != 2 || got[0].Leaf != first.Leaf || got[1].Leaf != second.Leaf {
			t.Errorf("what is read is not what was saved: %d records", len(got))
		}
		return err
	})
}

func testErrorSavesNothing(t *testing.T, h *harness) {
	act, p, boom := clinic.NewID(), clinic.NewID(), errors.New("boom")
	_, err := h.Act(t.Context(), act, clinic.NewID(), func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{person(p, "A")}, boom
	})
	if err != boom {
		t.Fatalf("the error of f came back as %v", err)
	}
	h.see(func(r desk.Reader) error {
		if got, _ := r.Records(p); len(got) != 0 {
			t.Error("an act whose f failed was saved")
		}
		return nil
	})
	if s, err := h.Act(t.Context(), act, clinic.NewID(), func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{person(p, "A")}, nil
	}); err != nil || s.Again || len(s.Records) != 1 {
		t.Fatalf("the act ID of a failed f is used up: %+v, %v", s, err)
	}
}

func testTooMany(t *testing.T, h *harness) {
	p := clinic.NewID()
	try := func(n int) error {
		_, err := h.Act(t.Context(), clinic.NewID(), clinic.NewID(), func(desk.Reader) ([]clinic.Draft, error) {
			return slices.Repeat([]clinic.Draft{person(p, "A")}, n), nil
		})
		return err
	}
	if try(desk.MostDrafts+1) == nil {
		t.Error("an act with more drafts than may be was saved")
	}
	h.see(func(r desk.Reader) error {
		if got, _ := r.Records(p); len(got) != 0 {
			t.Error("of an act with too many drafts some were saved")
		}
		return nil
	})
	if err := try(desk.MostDrafts); err != nil {
		t.Error("an act with as many drafts as may be:", err)
	}
}

func testTooLarge(t *testing.T, h *harness) {
	p := clinic.NewID()
	big := person(p, strings.Repeat("x", 20<<10))
	if _, err := h.Act(t.Context(), clinic.NewID(), clinic.NewID(), func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{person(p, "small"), big}, nil
	}); err == nil {
		t.Fatal("an entry over 16 KiB was saved")
	}
	h.see(func(r desk.Reader) error {
		if got, _ := r.Records(p); len(got) != 0 {
			t.Error("half of an act was saved")
		}
		return nil
	})
	h.put(person(p, "small")) // and the store still works
}

func testSameActAgain(t *testing.T, h *harness) {
	act, author, p, runs := clinic.NewID(), clinic.NewID(), clinic.NewID(), 0
	f := func(desk.Reader) ([]clinic.Draft, error) {
		runs++
		return []clinic.Draft{person(p, fmt.Sprint("run ", runs)), person(p, "second")}, nil
	}
	first, err := h.Act(t.Context(), act, author, f)
	if err != nil {
		t.Fatal(err)
	}
	h.put(person(clinic.NewID(), "another act between"))
	again, err := h.Act(t.Context(), act, author, f)
	if err != nil || !again.Again || runs != 1 || len(again.Records) != 2 {
		t.Fatalf("%+v, %v, f ran %d times", again, err, runs)
	}
	for i := range again.Records {
		if again.Records[i].Leaf != first.Records[i].Leaf || again.Records[i].Ref != first.Records[i].Ref {
			t.Error("the second answer names other entries than the first")
		}
	}
}

func testSameActAtOnce(t *testing.T, h *harness) {
	act, p := clinic.NewID(), clinic.NewID()
	var mu sync.Mutex
	runs, fresh := 0, 0
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			s, err := h.Act(t.Context(), act, clinic.NewID(), func(desk.Reader) ([]clinic.Draft, error) {
				mu.Lock()
				defer mu.Unlock()
				runs++
				return []clinic.Draft{person(p, "A")}, nil
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil || len(s.Records) != 1 {
				t.Errorf("%+v, %v", s, err)
			}
			if !s.Again {
				fresh++
			}
		})
	}
	wg.Wait()
	if runs != 1 || fresh != 1 {
		t.Fatalf("f ran %d times, %d answers say that they saved it", runs, fresh)
	}
}

// A caller that gave up repeats with the same ID and must end with one entry.
func testCancelled(t *testing.T, h *harness) {
	p := clinic.NewID()
	for range 20 {
		act := clinic.NewID()
		f := func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{person(p, "A")}, nil }
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(cancel)
		if _, err := h.Act(ctx, act, p, f); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled act failed with %v", err)
		}
		wg.Wait()
		if _, err := h.Act(t.Context(), act, p, f); err != nil {
			t.Fatal(err)
		}
	}
	h.see(func(r desk.Reader) error {
		got, err := r.Records(p)
		if len(got) != 20 {
			t.Errorf("20 acts left %d entries", len(got))
		}
		return err
	})
}

func testNumbers(t *testing.T, h *harness) {
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	series := clinic.SeriesQueue(day)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := h.Act(t.Context(), clinic.NewID(), clinic.NewID(), func(r desk.Reader) ([]clinic.Draft, error) {
				n, err := r.Last(series)
				return []clinic.Draft{visitDraft(clinic.NewID(), clinic.NewID(), day, n+1)}, err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.see(func(r desk.Reader) error {
		rows, err := r.Day(day)
		for i, row := range rows {
			if row.Queue != i+1 {
				t.Fatalf("number %d stands at place %d", row.Queue, i+1)
			}
		}
		if n, _ := r.Last(series); n != 40 || len(rows) != 40 {
			t.Errorf("40 acts gave %d visits, last number %d", len(rows), n)
		}
		if n, err := r.Last("no such series"); n != 0 || err != nil {
			t.Errorf("an unused series is at %d, %v", n, err)
		}
		return err
	})
}

func visitDraft(patient, visit clinic.ID, day clinic.Date, n int) clinic.Draft {
	key, _ := clinic.NewVisitKey("22736", "a", day, n)
	return clinic.Draft{Kind: clinic.KindVisit, Subject: patient, Visit: visit, Body: &clinic.Visit{Key: key, Day: day, Queue: n}}
}

func testWholeActs(t *testing.T, h *harness) {
	p := clinic.NewID()
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 30 {
			h.put(person(p, "A"), person(p, "B"))
		}
	})
	for range 30 {
		h.see(func(r desk.Reader) error {
			one, err := r.Records(p)
			two, _ := r.Records(p)
			if len(one)%2 != 0 || len(one) != len(two) {
				t.Errorf("a view saw %d entries of acts of two, then %d", len(one), len(two))
			}
			return err
		})
	}
	wg.Wait()
}

func testRecords(t *testing.T, h *harness) {
	p, q := clinic.NewID(), clinic.NewID()
	for i := range 5 {
		h.put(person(p, fmt.Sprint("A", i)), person(q, fmt.Sprint("B", i)))
	}
	h.see(func(r desk.Reader) error {
		got, err := r.Records(p)
		if len(got) != 5 || !slices.IsSortedFunc(got, func(a, b clinic.Record) int { return int(int64(a.HLC) - int64(b.HLC)) }) {
			t.Errorf("%d records, or not in order", len(got))
		}
		if none, err := r.Records(clinic.NewID()); len(none) != 0 || err != nil {
			t.Errorf("an unknown subject has %d records, %v", len(none), err)
		}
		cur, err2 := r.Patient(p)
		if cur == nil || cur.Name != "A4" {
			t.Errorf("current demographics are %+v", cur)
		}
		if none, err := r.Patient(clinic.NewID()); none != nil || err != nil {
			t.Errorf("an unknown patient is %+v, %v", none, err)
		}
		return errors.Join(err, err2)
	})
}

// A position changes with every entry of its subject, and with no other.
func testPositions(t *testing.T, h *harness) {
	p, q := clinic.ID{1}, clinic.ID{2}
	at := func(id clinic.ID) (pos desk.Position) {
		t.Helper()
		h.see(func(r desk.Reader) (err error) {
			pos, err = r.Position(id)
			return err
		})
		return pos
	}
	seen := map[desk.Position]bool{at(p): true}
	for _, d := range []clinic.Draft{
		person(p, "A"), person(p, "A"),
		{Kind: clinic.KindExam, Subject: p, Visit: clinic.ID{9}, Body: &clinic.Exam{}},
		link(p, q, true, clinic.Leaf{}), link(q, p, false, clinic.Leaf{}),
	} {
		h.put(d)
		now := at(p)
		if seen[now] {
			t.Errorf("a %v left the position as it was", d.Kind)
		}
		seen[now] = true
	}
	before := at(p)
	h.put(person(q, "B"), person(clinic.NewID(), "C"))
	looked := &clinic.Looked{}
	looked.Add(p, clinic.ID{}, 0)
	h.put(clinic.Draft{Kind: clinic.KindLooked, Subject: q, Body: looked})
	if at(p) != before {
		t.Error("others' entries moved the position")
	}
	_, err := h.Act(t.Context(), clinic.NewID(), clinic.NewID(), func(r desk.Reader) ([]clinic.Draft, error) {
		inside, err := r.Position(p)
		if inside != before {
			t.Error("an act sees another position than a view")
		}
		return []clinic.Draft{person(p, "D")}, err
	})
	if err != nil || at(p) == before {
		t.Error("an act left the position as it was", err)
	}
}

func testIdentifiers(t *testing.T, h *harness) {
	p, q, u := clinic.NewID(), clinic.NewID(), clinic.NewID()
	number := clinic.Identifier{System: clinic.SystemCitizen, Value: "034190012345"}
	ended := number
	ended.To = clinic.Date{Year: 2025, Month: 1, Day: 1}
	h.put(person(p, "A", number))
	h.put(person(p, "A", ended))
	h.put(person(p, "A")) // the number is not in the current demographics any more
	h.put(person(q, "B", number))
	unsure := number
	unsure.Unsure = true
	h.put(person(u, "C", unsure, ended, number)) // a card after the other, and one that waits
	h.see(func(r desk.Reader) error {
		now, err := r.Patient(u)
		if err != nil || !slices.Equal(now.Identifiers, []clinic.Identifier{unsure, ended, number}) {
			t.Errorf("rows of one number became others: %v", err)
		}
		got, err := r.ByIdentifier(clinic.SystemCitizen, number.Value)
		if len(got) != 3 || !slices.Contains(got, u) || !slices.Contains(got, p) || !slices.Contains(got, q) {
			t.Errorf("who has or had the number: %d people", len(got))
		}
		for _, c := range []clinic.Identifier{
			{System: clinic.SystemOldID, Value: number.Value},
			{System: clinic.SystemCitizen, Value: "034190012346"},
			{System: clinic.SystemCitizen, Value: "03419001234"},
			{System: clinic.SystemCitizen},
		} {
			if got, err := r.ByIdentifier(c.System, c.Value); len(got) != 0 || err != nil {
				t.Errorf("system %d with a number nobody has: %d people, %v", c.System, len(got), err)
			}
		}
		return err
	})
}
