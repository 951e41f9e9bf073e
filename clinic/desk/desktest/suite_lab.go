package desktest

import (
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// testLab: who has tests ordered, who results that nobody saw, whose a sample is.
func testLab(t *testing.T, h *harness) {
	a, b, v := clinic.NewID(), clinic.NewID(), clinic.NewID()
	number, _ := clinic.NewSampleNumber("22736", "a", 7)
	order := h.put(clinic.Draft{Kind: clinic.KindOrder, Subject: a, Visit: v, Body: &clinic.Order{Tests: []clinic.OrderedTest{{Code: "HB"}}}})[0]
	h.put(clinic.Draft{Kind: clinic.KindSample, Subject: a, Body: &clinic.Sample{Number: number, Order: order.Leaf[:], Visit: v[:]}})
	result := func(p clinic.ID, corrects clinic.Leaf) clinic.Leaf {
		return h.put(clinic.Draft{
			Kind: clinic.KindResult, Subject: p, Corrects: corrects, Body: &clinic.Result{Values: []clinic.ResultValue{{Test: "HB", Text: "x"}}},
		})[0].Leaf
	}
	sign := func(p, visit clinic.ID, leaves ...clinic.Leaf) {
		s := &clinic.Signed{Method: 1}
		for _, l := range leaves {
			s.Leaves = append(s.Leaves, l[:])
		}
		h.put(clinic.Draft{Kind: clinic.KindSigned, Subject: p, Visit: visit, Body: s})
	}
	open := func(want ...clinic.ID) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			got, err := r.Unseen()
			if len(got) != len(want) || slices.ContainsFunc(want, func(id clinic.ID) bool { return !slices.Contains(got, id) }) {
				t.Errorf("%d patients have results that nobody saw, not %d", len(got), len(want))
			}
			return err
		})
	}
	open()
	first := result(a, clinic.Leaf{})
	other := result(b, clinic.Leaf{})
	open(a, b)
	sign(a, v, first) // a visit's signature covers no result
	open(a, b)
	sign(b, clinic.ID{}, other)
	open(a)
	second := result(a, first)
	sign(a, clinic.ID{}, first)
	open(a)
	sign(a, clinic.ID{}, second)
	open()
	h.see(func(r desk.Reader) error {
		all, err := r.Ordered(0)
		if !slices.Equal(all, []clinic.ID{a}) || err != nil {
			t.Errorf("ordered: %d, %v", len(all), err)
		}
		if late, err := r.Ordered(clinic.HLCAt(time.UnixMilli(int64(order.HLC>>16) + 1000))); len(late) != 0 || err != nil {
			t.Errorf("ordered later: %d, %v", len(late), err)
		}
		if p, ok, err := r.SampleOf(number); p != a || !ok || err != nil {
			t.Errorf("the sample is of %v, %v %v", p, ok, err)
		}
		if _, ok, err := r.SampleOf("M22736A000087"); ok || err != nil {
			t.Errorf("an unknown sample is known, %v", err)
		}
		if n, err := r.Last(clinic.SeriesSample("a")); n != 7 || err != nil {
			t.Errorf("the last sample is number %d, %v", n, err)
		}
		return nil
	})
}
