package store_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestClockJumps lets the clock jump by years while the store runs and between opens,
// as a board without a battery does: hybrid time never steps back, what was recorded
// later is read later, and nothing is lost, also when the views are built anew.
func TestClockJumps(t *testing.T) {
	o := storetest.Options(t.TempDir())
	clock := storetest.NewClock()
	o.Clock = clock
	rnd := rand.New(rand.NewPCG(11, 7))
	p := clinic.NewID()
	var want []clinic.Leaf
	var last uint64
	jumps := []time.Time{
		{},
		time.Unix(0, 0), time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC),
		time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 15, 1, 0, 0, 0, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
		time.Date(2106, 2, 7, 6, 28, 16, 0, time.UTC), time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC),
	}
	for range 8 {
		s := storetest.Start(t, o)
		for range 25 {
			clock.Set(jumps[rnd.IntN(len(jumps))].Add(time.Duration(rnd.IntN(1000)) * time.Millisecond))
			clock.Trust(rnd.IntN(2) == 0)
			for _, r := range storetest.Save(t, s, patient(p, "A"), clinic.Draft{Kind: clinic.KindAllergies, Subject: p, Body: &clinic.Allergies{Items: []clinic.Allergy{{Substance: "Tôm"}}}}) {
				if r.HLC <= last {
					t.Fatalf("hybrid time steps from %d back to %d", last, r.HLC)
				}
				last = r.HLC
				want = append(want, r.Leaf)
			}
		}
		inOrder(t, s, p, want)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		storetest.Check(t, o.Dir)
	}
	if err := os.Remove(viewsFile(o.Dir)); err != nil {
		t.Fatal(err)
	}
	inOrder(t, storetest.OpenWith(t, o), p, want)
}

func inOrder(t *testing.T, s *store.Store, p clinic.ID, want []clinic.Leaf) {
	t.Helper()
	storetest.View(t, s, func(r desk.Reader) {
		recs, err := r.Records(p)
		if err != nil || len(recs) != len(want) {
			t.Fatalf("%d records of %d, %v", len(recs), len(want), err)
		}
		for i := range recs {
			if recs[i].Leaf != want[i] {
				t.Fatalf("record %d is another than the one recorded then", i)
			}
		}
	})
}
