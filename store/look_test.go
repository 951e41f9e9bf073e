package store_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// looked saves looks of one entry.
func looked(t testing.TB, s *store.Store, at time.Time, patients ...clinic.ID) clinic.Record {
	t.Helper()
	body := &clinic.Looked{}
	for i, p := range patients {
		body.Add(p, clinic.ID{}, time.Duration(i)*time.Second)
	}
	return storetest.Save(t, s, clinic.Draft{Kind: clinic.KindLooked, Subject: clinic.ID{1}, Event: at, Body: body})[0]
}

func looks(t testing.TB, s *store.Store, id clinic.ID) (out []desk.Look) {
	t.Helper()
	storetest.View(t, s, func(r desk.Reader) {
		var err error
		if out, _, err = r.Looks(id, desk.LookQuery{Limit: 1000}); err != nil {
			t.Fatal(err)
		}
	})
	return out
}

// TestLookNeverShowsUnderAnother: a damaged row must not tell of a look that was not.
func TestLookNeverShowsUnderAnother(t *testing.T) {
	s := storetest.Start(t, storetest.Options(t.TempDir()))
	a, b := clinic.NewID(), clinic.NewID()
	rec := looked(t, s, time.Time{}, a)
	plain := storetest.Save(t, s, patient(b, "B"))[0]
	for id, r := range map[clinic.ID]*clinic.Record{b: &rec, clinic.OpenedSubject(): &rec, a: &plain} {
		if err := s.PutLook(id, r); err != nil {
			t.Fatal(err)
		}
	}
	if n, m, k := len(looks(t, s, a)), len(looks(t, s, b)), len(looks(t, s, clinic.OpenedSubject())); n != 1 || m != 0 || k != 0 {
		t.Errorf("%d looks at a, %d at b, %d openings", n, m, k)
	}
}

// TestLooksOutliveTheViews: built anew, the views find the same looks, and the last
// page of a year is read without the year.
func TestLooksOutliveTheViews(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	p, clock := clinic.NewID(), o.Clock.(*storetest.Clock)
	for range 300 {
		clock.Add(24 * time.Hour)
		looked(t, s, time.Time{}, p, clinic.NewID())
	}
	before := fmt.Sprint(looks(t, s, p))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(viewsFile(o.Dir)); err != nil {
		t.Fatal(err)
	}
	s = storetest.OpenWith(t, o)
	if after := fmt.Sprint(looks(t, s, p)); after != before || len(looks(t, s, clinic.ID{1})) != 600 {
		t.Errorf("after the rebuild:\n%s\nbefore:\n%s", after, before)
	}
	now, _ := clock.Now()
	storetest.View(t, s, func(r desk.Reader) {
		week := desk.LookQuery{From: now.Add(-7 * 24 * time.Hour), To: now.Add(-24 * time.Hour), Limit: 3}
		got, next, err := r.Looks(p, week)
		if err != nil || len(got) != 3 || next == (desk.LookMark{}) || !got[0].At.Equal(now.Add(-48*time.Hour)) {
			t.Fatal(len(got), next, err)
		}
		week.Before = next
		if got, next, err = r.Looks(p, week); err != nil || len(got) != 3 || next != (desk.LookMark{}) {
			t.Fatal(len(got), next, err)
		}
	})
}

// BenchmarkLooks reads a page of looks at one of many patients.
func BenchmarkLooks(b *testing.B) {
	s, ids := benchStore(b, 1_000)
	for i := range 20_000 {
		looked(b, s, time.Time{}, ids[i%len(ids)])
	}
	n := 0
	for b.Loop() {
		storetest.View(b, s, func(r desk.Reader) {
			if got, _, err := r.Looks(ids[n%len(ids)], desk.LookQuery{Limit: 50}); err != nil || len(got) != 20 {
				b.Fatal(len(got), err)
			}
		})
		n++
	}
}
