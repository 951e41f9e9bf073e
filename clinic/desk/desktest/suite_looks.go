package desktest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// looked saves looks of a person, all within one entry.
func (h *harness) looked(by clinic.ID, at time.Time, body *clinic.Looked) clinic.Record {
	h.Helper()
	s, err := h.Act(h.Context(), clinic.NewID(), by, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{{Kind: clinic.KindLooked, Subject: by, Event: at, Body: body}}, nil
	})
	if err != nil || len(s.Records) != 1 {
		h.Fatal(s, err)
	}
	return s.Records[0]
}

// looks reads all looks, a few at a time.
func (h *harness) looks(id clinic.ID, q desk.LookQuery) (all []desk.Look) {
	h.Helper()
	h.see(func(r desk.Reader) error {
		for pages := 0; ; pages++ {
			some, next, err := r.Looks(id, q)
			all = append(all, some...)
			if err != nil || next == (desk.LookMark{}) {
				return err
			}
			if q.Before = next; pages > 100 || len(some) == 0 {
				return errors.New("the pages do not end")
			}
		}
	})
	return all
}

func testLooks(t *testing.T, h *harness) {
	nurse, doctor, a, b, visit := clinic.NewID(), clinic.NewID(), clinic.NewID(), clinic.NewID(), clinic.NewID()
	start := time.Date(2026, 3, 4, 8, 0, 0, 0, clinic.ICT)
	one := &clinic.Looked{}
	one.Add(a, clinic.ID{}, 0)
	one.Add(a, visit, time.Second)
	one.Add(b, clinic.ID{}, 2*time.Second)
	h.looked(nurse, start, one)
	h.put(person(a, "A"), clinic.Draft{Kind: clinic.KindViewed, Subject: a, Visit: visit, Event: start.Add(time.Hour), Body: &clinic.Viewed{}})
	two := &clinic.Looked{Opened: clinic.OpenEmergency, Words: "ngất ở cửa"}
	two.Add(a, clinic.ID{}, 0)
	opened := h.looked(doctor, start.Add(2*time.Hour), two)
	none := h.looked(doctor, start.Add(3*time.Hour), &clinic.Looked{
		Patients: [][]byte{{1}, nil, a[:]}, Looks: []clinic.Look{{Patient: 0}, {Patient: 1}, {Patient: 9}, {Patient: -1}},
	})
	for name, q := range map[string]desk.LookQuery{"by one": {Limit: 1}, "at once": {Limit: 100}} {
		got := h.looks(a, q)
		if len(got) != 4 {
			t.Fatalf("%s: %d looks at a, want 4", name, len(got))
		}
		if g := got[0]; g.By != doctor || g.Opened != clinic.OpenEmergency || g.Words != two.Words || g.Leaf != opened.Leaf || !g.At.Equal(start.Add(2*time.Hour)) {
			t.Errorf("%s: the opening is %+v", name, g)
		}
		if g := got[1]; len(g.Visit) != clinic.VisitHint || !g.At.Equal(start.Add(time.Hour)) {
			t.Errorf("%s: a look of an earlier version is %+v", name, g)
		}
		if g, w := got[2], (&clinic.Look{Visit: got[2].Visit}); !w.At(visit) || g.By != nurse || !g.At.Equal(start.Add(time.Second)) || len(got[3].Visit) != 0 {
			t.Errorf("%s: newest first: %+v", name, got[2:])
		}
		if got := h.looks(nurse, q); len(got) != 3 || got[0].Patient != b {
			t.Errorf("%s: the nurse looked %d times", name, len(got))
		}
		if got := h.looks(clinic.OpenedSubject(), q); len(got) != 1 || got[0].By != doctor || got[0].Patient != a {
			t.Errorf("%s: %d openings", name, len(got))
		}
		if got := h.looks(clinic.NewID(), q); len(got) != 0 {
			t.Errorf("%s: %d looks of nobody", name, len(got))
		}
		by, from, to := q, q, q
		by.By, from.From, to.To = nurse, start.Add(time.Second), start.Add(time.Second)
		if n, m, k := len(h.looks(a, by)), len(h.looks(a, from)), len(h.looks(a, to)); n != 2 || m != 3 || k != 1 {
			t.Errorf("%s: %d by the nurse, %d from, %d before", name, n, m, k)
		}
	}
	h.see(func(r desk.Reader) error {
		for id, want := range map[clinic.ID]int{a: 1, b: 0, nurse: 0, doctor: 0} {
			if got, err := r.Records(id); len(got) != want || err != nil {
				t.Errorf("%d records beside looks, want %d, %v", len(got), want, err)
			}
		}
		return nil
	})
	if none.Kind != clinic.KindLooked {
		t.Error("looks that name nobody are not kept")
	}
}

func testProtected(t *testing.T, h *harness) {
	a, b := clinic.NewID(), clinic.NewID()
	guard := func(on bool, corrects clinic.Leaf, merges ...[]byte) clinic.Leaf {
		return h.put(clinic.Draft{
			Kind: clinic.KindProtection, Subject: a, Corrects: corrects, Why: "người nhà làm ở trạm",
			Body: &clinic.Protection{On: on, Merges: merges},
		})[0].Leaf
	}
	is := func(want bool, when string) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			on, err := r.Protected(a)
			other, err2 := r.Protected(b)
			if on != want || other {
				t.Errorf("%s: protected %v, somebody else %v", when, on, other)
			}
			records, err3 := r.Records(a)
			if file := clinic.FoldPatient(a, records); file.Protected != want {
				t.Errorf("%s: the file says %v", when, file.Protected)
			}
			slices.Reverse(records)
			if file := clinic.FoldPatient(a, records); file.Protected != want {
				t.Errorf("%s: the file depends on the order", when)
			}
			return errors.Join(err, err2, err3)
		})
	}
	h.put(person(a, "A"), person(b, "B"))
	is(false, "at first")
	one := guard(true, clinic.Leaf{})
	is(true, "closed")
	two := guard(true, clinic.Leaf{}) // by a box that was apart
	off := guard(false, one)
	is(true, "one of two closings is taken back")
	last := guard(false, two, off[:])
	is(false, "both are taken back")
	guard(true, last)
	is(true, "closed again")
}
