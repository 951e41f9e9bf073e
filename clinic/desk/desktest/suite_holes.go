package desktest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Loser is a desk.Store whose entries a test can make unreadable, as damage does.
type Loser interface {
	desk.Store
	// Lose damages the entry and reports whether there is one.
	Lose(leaf clinic.Leaf) bool
}

// HoleSuite runs the contract of desk.Reader about entries that can no longer be read,
// on stores that open makes: nothing that was there is told as never having been.
func HoleSuite(t *testing.T, open func(t *testing.T) Loser) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *losing)
	}{
		{"Record", testLostRecord},
		{"Details", testLostDetails},
		{"Protection", testLostProtection},
		{"Link", testLostLink},
		{"Visit", testLostVisit},
		{"Slip", testLostSlip},
		{"Staff", testLostStaff},
		{"Number", testLostNumber},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			c.run(t, &losing{harness{t, s}, s})
		})
	}
}

type losing struct {
	harness
	loser Loser
}

func (h *losing) lose(r clinic.Record) {
	h.Helper()
	if !h.loser.Lose(r.Leaf) {
		h.Fatal("no such entry")
	}
}

// see runs f over what is saved, in a view and in an act that saves nothing: both must
// answer alike.
func (h *losing) see(f func(desk.Reader) error) {
	h.Helper()
	h.harness.see(f)
	none := errors.New("nothing to save")
	_, err := h.Act(h.Context(), clinic.NewID(), clinic.NewID(), func(r desk.Reader) ([]clinic.Draft, error) {
		if err := f(r); err != nil {
			return nil, err
		}
		return nil, none
	})
	if !errors.Is(err, none) {
		h.Fatalf("act: %v", err)
	}
}

// lost fails unless exactly these records are told as lost of the subject.
func (h *losing) lost(r desk.Reader, subject clinic.ID, want ...clinic.Record) error {
	h.Helper()
	got, err := r.Lost(subject)
	ok := len(got) == len(want)
	for i := range want {
		w := &want[i]
		ok = ok && slices.ContainsFunc(got, func(x clinic.Hole) bool {
			return x.Ref == w.Ref && x.Leaf == w.Leaf && x.Kind == w.Kind && x.Recorded.Equal(w.Recorded())
		})
	}
	if !ok {
		h.Errorf("lost: %+v, want %d", got, len(want))
	}
	return err
}

func testLostRecord(t *testing.T, h *losing) {
	p, q := clinic.NewID(), clinic.NewID()
	visit := clinic.NewID()
	all := h.put(person(p, "A"), clinic.Draft{Kind: clinic.KindExam, Subject: p, Visit: visit, Body: &clinic.Exam{Reason: "ho"}},
		clinic.Draft{Kind: clinic.KindAllergies, Subject: p, Body: &clinic.Allergies{Asked: true}}, person(q, "B"))
	h.see(func(r desk.Reader) error { return errors.Join(h.lost(r, p), h.lost(r, q), h.lost(r, clinic.NewID())) })
	h.lose(all[1])
	h.lose(all[2])
	h.see(func(r desk.Reader) error {
		got, err := r.Records(p)
		if len(got) != 1 || got[0].Leaf != all[0].Leaf {
			t.Errorf("%d records", len(got))
		}
		return errors.Join(err, h.lost(r, p, all[1], all[2]), h.lost(r, q))
	})
	h.put(clinic.Draft{Kind: clinic.KindAllergies, Subject: p, Corrects: all[2].Leaf, Body: &clinic.Allergies{Asked: true}}) // work goes on
	h.see(func(r desk.Reader) error { return h.lost(r, p, all[1], all[2]) })
}

func testLostDetails(t *testing.T, h *losing) {
	p := clinic.NewID()
	number := clinic.Identifier{System: clinic.SystemCitizen, Value: "034190012345"}
	one, two := h.put(person(p, "Phạm Thị Cũ", number))[0], h.put(person(p, "Phạm Thị Mới"))[0]
	h.lose(two)
	name := func(want string) func(desk.Reader) error {
		return func(r desk.Reader) error {
			now, err := r.Patient(p)
			if want == "" && now != nil || want != "" && (now == nil || now.Name != want) {
				t.Errorf("the details are %+v, want %q", now, want)
			}
			had, err2 := r.ByIdentifier(number.System, number.Value)
			if !slices.Equal(had, []clinic.ID{p}) {
				t.Error("who had the number is forgotten")
			}
			return errors.Join(err, err2)
		}
	}
	h.see(name("Phạm Thị Cũ"))
	h.lose(one)
	h.see(name(""))
	h.see(func(r desk.Reader) error { return h.lost(r, p, one, two) })
	h.put(clinic.Draft{Kind: clinic.KindPatient, Subject: p, Corrects: two.Leaf, Body: &clinic.Patient{Name: "Gõ Lại", Folded: "go lai"}})
	h.see(name("Gõ Lại"))
}

func testLostProtection(t *testing.T, h *losing) {
	p := clinic.NewID()
	guard := func(on bool, corrects clinic.Leaf, merges ...[]byte) clinic.Record {
		return h.put(clinic.Draft{Kind: clinic.KindProtection, Subject: p, Corrects: corrects, Body: &clinic.Protection{On: on, Merges: merges}})[0]
	}
	is := func(want bool, when string) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			on, err := r.Protected(p)
			if on != want {
				t.Errorf("%s: %v", when, on)
			}
			return err
		})
	}
	h.put(person(p, "A"))
	on := guard(true, clinic.Leaf{})
	off := guard(false, on.Leaf)
	h.lose(on)
	is(false, "what was taken back before is lost")
	h.lose(off)
	is(true, "nothing that says it is open can be read")
	again := guard(false, off.Leaf)
	is(true, "of two that cannot be read one is taken back")
	guard(false, again.Leaf, on.Leaf[:])
	is(false, "both are")
}

func testLostLink(t *testing.T, h *losing) {
	a, b := clinic.ID{1}, clinic.ID{2}
	h.put(person(a, "A"), person(b, "B"))
	l := h.put(link(a, b, true, clinic.Leaf{}))[0]
	h.lose(l)
	h.see(func(r desk.Reader) error {
		var errs []error
		for _, id := range []clinic.ID{a, b} {
			said, err := r.Links(id)
			if len(said) != 0 {
				t.Errorf("%d answers can be read", len(said))
			}
			errs = append(errs, err, h.lost(r, id, l))
		}
		return errors.Join(errs...)
	})
}

func testLostVisit(t *testing.T, h *losing) {
	p, visit, day := clinic.NewID(), clinic.NewID(), clinic.Date{Year: 2026, Month: 11, Day: 2}
	h.put(person(p, "A"))
	opened := h.put(visitDraft(p, visit, day, 1))[0]
	bill := h.put(clinic.Draft{Kind: clinic.KindBill, Subject: p, Visit: visit, Body: &clinic.Bill{}})[0]
	h.lose(bill)
	h.lose(opened)
	h.see(func(r desk.Reader) error {
		row, ok, err := r.Visit(visit)
		if !ok || row.Patient != p || row.Has != desk.HasBill || row.Queue != 1 || row.Day != day {
			t.Errorf("the visit is %+v, %v", row, ok)
		}
		rows, err2 := r.Day(day)
		if len(rows) != 1 {
			t.Errorf("the day has %d visits", len(rows))
		}
		return errors.Join(err, err2, h.lost(r, p, opened, bill))
	})
}

func testLostSlip(t *testing.T, h *losing) {
	p, visit, due := clinic.NewID(), clinic.NewID(), clinic.Date{Year: 2026, Month: 12, Day: 2}
	h.put(person(p, "A"), visitDraft(p, visit, due.AddDays(-30), 1))
	made := h.put(clinic.Draft{Kind: clinic.KindAppointment, Subject: p, Visit: visit, Body: &clinic.Appointment{Slip: "H22736A000012", Due: due}})[0]
	h.lose(made)
	h.see(func(r desk.Reader) error {
		row, ok, err := r.Slip("H22736A000012")
		if !ok || row.Patient != p || row.Due != due || row.Slip != "" {
			t.Errorf("the slip in the hand leads to %+v, %v", row, ok)
		}
		rows, err2 := r.Due(due, due)
		if len(rows) != 1 || rows[0].Patient != p {
			t.Errorf("%d are due", len(rows))
		}
		return errors.Join(err, err2)
	})
}

// What a lost entry may have taken away must not come back.
func testLostStaff(t *testing.T, h *losing) {
	staff := func(id clinic.ID, role clinic.Role) clinic.Record {
		return h.put(clinic.Draft{Kind: clinic.KindStaff, Subject: id, Body: &clinic.Staff{Name: "Lê Văn Cũ", Role: role}})[0]
	}
	a, b, c := clinic.NewID(), clinic.NewID(), clinic.NewID()
	staff(a, clinic.RoleNurse)
	staff(b, clinic.RoleAdministrator)
	late, only := staff(b, clinic.RoleNurse), staff(c, clinic.RoleDoctor)
	h.lose(late)
	h.lose(only)
	h.see(func(r desk.Reader) error {
		all, err := r.Staff()
		of := map[clinic.ID]desk.Person{}
		for _, p := range all {
			of[p.ID] = p
		}
		if len(of) != 2 || of[a].Left || !of[b].Left || of[b].Name == "" {
			t.Errorf("%+v", all)
		}
		return err
	})
	staff(b, clinic.RoleNurse)
	h.see(func(r desk.Reader) error {
		all, err := r.Staff()
		if i := slices.IndexFunc(all, func(p desk.Person) bool { return p.ID == b }); i < 0 || all[i].Left || all[i].Role != clinic.RoleNurse {
			t.Errorf("who was entered again is %+v", all)
		}
		return err
	})
}

func testLostNumber(t *testing.T, h *losing) {
	day := clinic.DateOf(time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT))
	h.lose(h.put(visitDraft(clinic.NewID(), clinic.NewID(), day, 7))[0])
	h.see(func(r desk.Reader) error {
		n, err := r.Last(clinic.SeriesQueue(day))
		if n != 7 {
			t.Errorf("the last number is %d: one that was given is given again", n)
		}
		return err
	})
}
