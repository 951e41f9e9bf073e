package store_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/testlog"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

func patient(id clinic.ID, name string, ids ...clinic.Identifier) clinic.Draft {
	return clinic.Draft{Kind: clinic.KindPatient, Subject: id, Body: &clinic.Patient{
		Name: name, Birth: clinic.Date{Year: 1980}, Identifiers: ids,
	}}
}

var today = clinic.Date{Year: 2026, Month: 6, Day: 15}

func visit(p, v clinic.ID, queue int) clinic.Draft {
	key, _ := clinic.NewVisitKey("22736", "a", today, queue)
	return clinic.Draft{Kind: clinic.KindVisit, Subject: p, Visit: v, Body: &clinic.Visit{Key: key, Day: today, Queue: queue}}
}

func TestStory(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	p, v := clinic.NewID(), clinic.NewID()
	number := clinic.Identifier{System: clinic.SystemCitizen, Value: "001099012345"}
	recs := storetest.Save(t, s, patient(p, "Nguyễn Văn Ân", number), visit(p, v, 7))
	if len(recs) != 2 || recs[0].Kind != clinic.KindPatient || recs[1].HLC <= recs[0].HLC || !recs[0].Trusted {
		t.Fatalf("%+v", recs)
	}
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: p, Visit: v, Body: &clinic.Vitals{Pulse: 72}})
	check := func(s *store.Store) {
		t.Helper()
		storetest.View(t, s, func(r desk.Reader) {
			all, err := r.Records(p)
			if err != nil || len(all) != 3 || all[2].Body.(*clinic.Vitals).Pulse != 72 {
				t.Fatalf("%v, %v", all, err)
			}
			if !reflect.DeepEqual(all[:2], recs) {
				t.Errorf("read %+v, saved %+v", all[:2], recs)
			}
			if got, err := r.Patient(p); err != nil || got.Name != "Nguyễn Văn Ân" {
				t.Errorf("%v, %v", got, err)
			}
			for _, q := range []string{"an", "ân nguyễn", "NGUYEN VAN AN", "ngu v a"} {
				if ids, err := r.ByName(q, 5); err != nil || len(ids) != 1 || ids[0] != p {
					t.Errorf("%q: %v, %v", q, ids, err)
				}
			}
			if ids, _ := r.ByIdentifier(clinic.SystemCitizen, "001099012345"); len(ids) != 1 || ids[0] != p {
				t.Errorf("by number: %v", ids)
			}
			if ids, _ := r.ByIdentifier(clinic.SystemOldID, "001099012345"); len(ids) != 0 {
				t.Errorf("by number of another system: %v", ids)
			}
			row, ok, err := r.Visit(v)
			if err != nil || !ok || row.Patient != p || row.Queue != 7 || row.Day != today || row.Has != desk.HasVitals {
				t.Errorf("%+v, %v, %v", row, ok, err)
			}
			if day, _ := r.Day(today); len(day) != 1 || !reflect.DeepEqual(day[0], row) {
				t.Errorf("day: %+v", day)
			}
			if n, _ := r.Last(clinic.SeriesQueue(today)); n != 7 {
				t.Errorf("last in the queue: %d", n)
			}
		})
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(storetest.OpenWith(t, o))
}

func TestActTwiceSavesOnce(t *testing.T) {
	s := storetest.Open(t)
	act, p := clinic.NewID(), clinic.NewID()
	calls := 0
	f := func(desk.Reader) ([]clinic.Draft, error) {
		calls++
		return []clinic.Draft{patient(p, "A"), patient(p, "B")}, nil
	}
	first, err := s.Act(t.Context(), act, clinic.ID{}, f)
	if err != nil || first.Again {
		t.Fatal(first, err)
	}
	storetest.Save(t, s, patient(p, "C"))
	again, err := s.Act(t.Context(), act, clinic.ID{}, f)
	if err != nil || !again.Again || calls != 1 || !reflect.DeepEqual(again.Records, first.Records) {
		t.Fatalf("%d calls; %+v, want %+v; %v", calls, again, first, err)
	}
}

func TestActErrorSavesNothing(t *testing.T) {
	s := storetest.Open(t)
	refused := errors.New("refused")
	act := clinic.NewID()
	_, err := s.Act(t.Context(), act, clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return nil, refused })
	if err != refused || s.Own().Size() != 0 {
		t.Fatal(err, s.Own().Size())
	}
	for _, d := range []clinic.Draft{
		{Kind: clinic.KindPatient},
		{Kind: clinic.KindPatient, Body: &clinic.Visit{}},
		{Kind: clinic.KindPatient, Body: (*clinic.Patient)(nil)},
		{Kind: 999, Body: &clinic.Patient{}},
		{Kind: clinic.KindExam, Body: &clinic.Exam{Finding: string(make([]byte, 20_000))}},
	} {
		_, err := s.Act(t.Context(), act, clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
			return []clinic.Draft{patient(clinic.NewID(), "good"), d}, nil
		})
		if !errors.Is(err, store.ErrDraft) || s.Own().Size() != 0 {
			t.Errorf("%v: %v; %d entries", d.Kind, err, s.Own().Size())
		}
	}
	// The same ID is free, for nothing was saved under it.
	if _, err := s.Act(t.Context(), act, clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{patient(clinic.NewID(), "good")}, nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestPanicOfUseCaseReachesItsCaller(t *testing.T) {
	s := storetest.Open(t)
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("recovered %v", p)
			}
		}()
		_, _ = s.Act(t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { panic("boom") })
	}()
	storetest.Save(t, s, patient(clinic.NewID(), "still works"))
}

func TestReaderIsDeadAfterwards(t *testing.T) {
	s := storetest.Open(t)
	var kept []desk.Reader
	storetest.View(t, s, func(r desk.Reader) { kept = append(kept, r) })
	_, _ = s.Act(t.Context(), clinic.NewID(), clinic.ID{}, func(r desk.Reader) ([]clinic.Draft, error) {
		kept = append(kept, r)
		return nil, nil
	})
	for _, r := range kept {
		if _, err := r.Records(clinic.ID{1}); !errors.Is(err, store.ErrDead) {
			t.Errorf("Records: %v", err)
		}
		if _, err := r.ByName("a", 1); !errors.Is(err, store.ErrDead) {
			t.Errorf("ByName: %v", err)
		}
		if _, ok := r.Row("icd10", "J00", today); ok {
			t.Error("Row")
		}
	}
}

// TestNoViewIsOld: a use case that hangs in a View holds no pages of the views, and one
// that reads for too long is told so.
func TestNoViewIsOld(t *testing.T) {
	o := storetest.Options(t.TempDir())
	o.MaxView = time.Millisecond
	s := storetest.Start(t, o)
	id := clinic.NewID()
	storetest.Save(t, s, patient(id, "Nguyễn Văn Thử"))
	err := s.View(t.Context(), func(r desk.Reader) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		testlog.Eventually(ctx, t, "the transaction's end", func() bool { return s.OpenViews() == 0 })
		_, err := r.Records(id)
		return err
	})
	if !errors.Is(err, store.ErrSlow) {
		t.Error("a reader that was ended reads:", err)
	}
	err = s.View(t.Context(), func(r desk.Reader) error {
		for {
			if _, err := r.Records(id); err != nil {
				return err
			}
		}
	})
	if !errors.Is(err, store.ErrSlow) || s.OpenViews() != 0 {
		t.Error("a use case reads for ever:", err, s.OpenViews())
	}
	storetest.Save(t, s, patient(clinic.NewID(), "still works"))
}

func TestSecondInstanceIsRefused(t *testing.T) {
	o := storetest.Options(t.TempDir())
	storetest.OpenWith(t, o)
	if _, err := store.Open(t.Context(), o); !errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
	if _, err := store.Check(t.Context(), o); !errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
}

func TestWrongKey(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	storetest.Save(t, s, patient(clinic.NewID(), "A"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Key[7]++
	if _, err := store.Open(t.Context(), o); !errors.Is(err, store.ErrKey) {
		t.Fatal(err)
	}
	storetest.Check(t, o.Dir) // nothing was touched
}

func TestClockStepsBackTimeDoesNot(t *testing.T) {
	o := storetest.Options(t.TempDir())
	clock := o.Clock.(*storetest.Clock)
	p := clinic.NewID()
	var last uint64
	for i, step := range []time.Duration{0, time.Hour, -3 * time.Hour, 0, -40 * 365 * 24 * time.Hour, -80 * 365 * 24 * time.Hour, time.Minute} {
		clock.Add(step)
		clock.Trust(i%2 == 0)
		s := storetest.OpenWith(t, o)
		for _, r := range append(storetest.Save(t, s, patient(p, "A")), storetest.Save(t, s, patient(p, "A"), patient(p, "B"))...) {
			if r.HLC <= last {
				t.Fatalf("step %d: %x after %x", i, r.HLC, last)
			}
			if r.Trusted != (i%2 == 0) {
				t.Errorf("step %d: trusted %v", i, r.Trusted)
			}
			last = r.HLC
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseAnswersEverybody(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 20 { // Run never runs
		go func() {
			_, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return nil, nil })
			done <- err
		}()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := <-done; !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error("closing twice:", err)
	}
	if err := s.View(t.Context(), func(desk.Reader) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Error(err)
	}
}

func TestState(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	st := s.State()
	if v, err := st.Get("pins", "x"); v != nil || err != nil {
		t.Fatal(v, err)
	}
	for k, v := range map[string]string{"a": "1", "b": "", "c": "3"} {
		if err := st.Put("pins", k, []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Delete("pins", "c"); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("no")
	if err := st.Update(func(tx *store.StateTx) error {
		if err := tx.Put("pins", "a", []byte("2")); err != nil {
			return err
		}
		return failed
	}); err != failed {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storetest.OpenWith(t, o)
	got := map[string]string{}
	if err := s.State().ForEach("pins", func(k string, v []byte) error { got[k] = string(v); return nil }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, map[string]string{"a": "1", "b": ""}) {
		t.Fatal(got)
	}
}
