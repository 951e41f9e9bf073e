package store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestManyDesks: acts see what acts before them wrote, batch or not; readers see
// whole acts; nothing is lost.
func TestManyDesks(t *testing.T) {
	s := storetest.Open(t)
	shared, visitID := clinic.NewID(), clinic.NewID()
	const desks, each = 8, 20
	var wg sync.WaitGroup
	for d := range desks {
		wg.Go(func() {
			for range each {
				_, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{byte(d)}, func(r desk.Reader) ([]clinic.Draft, error) {
					n, err := r.Last(clinic.SeriesQueue(today))
					return []clinic.Draft{visit(shared, clinic.NewID(), n+1), {Kind: clinic.KindVitals, Subject: shared, Visit: visitID, Body: &clinic.Vitals{Pulse: n + 1}}}, err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 50 {
				storetest.View(t, s, func(r desk.Reader) {
					recs, err := r.Records(shared)
					if err != nil || len(recs)%2 != 0 {
						t.Errorf("half an act shows: %d records, %v", len(recs), err)
					}
				})
			}
		})
	}
	wg.Wait()
	storetest.View(t, s, func(r desk.Reader) {
		rows, err := r.Day(today)
		if err != nil || len(rows) != desks*each {
			t.Fatal(len(rows), err)
		}
		for i, row := range rows {
			if row.Queue != i+1 {
				t.Fatalf("queue number %d stands at %d", row.Queue, i+1)
			}
		}
	})
}

// TestActSeesItsBatch registers the same person from many desks at once: the first
// is saved, the others find the first.
func TestActSeesItsBatch(t *testing.T) {
	s := storetest.Open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 16 {
		wg.Go(func() {
			_, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{}, func(r desk.Reader) ([]clinic.Draft, error) {
				byName, err := r.ByName("le thi mau", 5)
				if err != nil {
					return nil, err
				}
				byNumber, err := r.ByIdentifier(clinic.SystemCitizen, "000000000007")
				if err != nil || len(byName) != len(byNumber) {
					return nil, errors.Join(err, errors.New("name and number do not agree"))
				}
				if len(byName) > 0 {
					if p, err := r.Patient(byName[0]); err != nil || p == nil {
						return nil, errors.New("found but not there")
					}
					return nil, nil
				}
				mu.Lock()
				defer mu.Unlock()
				made++
				return []clinic.Draft{patient(clinic.NewID(), "Lê Thị Mẫu", clinic.Identifier{System: clinic.SystemCitizen, Value: "000000000007"})}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Fatalf("registered %d times", made)
	}
}

func TestCancelledActIsNotRun(t *testing.T) {
	s := storetest.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Act(ctx, clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{patient(clinic.NewID(), "A")}, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	storetest.Save(t, s, patient(clinic.NewID(), "B"))
	if n := s.Own().Size(); n != 1 {
		t.Fatalf("%d entries", n)
	}
}

func TestOldReadTransactionIsLogged(t *testing.T) {
	var log lockedBuffer
	o := storetest.Options(t.TempDir())
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := storetest.OpenWith(t, o)
	synctest.Test(t, func(t *testing.T) {
		_ = s.View(context.Background(), func(desk.Reader) error {
			time.Sleep(500 * time.Millisecond)
			return nil
		})
		if strings.Contains(log.String(), "read transaction") {
			t.Error("a short one was logged")
		}
		_ = s.View(context.Background(), func(desk.Reader) error {
			time.Sleep(3 * time.Second)
			return nil
		})
	})
	if !strings.Contains(log.String(), "old read transaction has ended") {
		t.Errorf("not logged: %s", log.String())
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestEpochAndIncarnation(t *testing.T) {
	o := storetest.Options(t.TempDir())
	var epoch, last [8]byte
	for i := range 3 {
		s := storetest.OpenWith(t, o)
		inc, parent, tip := s.Incarnation()
		if i == 0 {
			epoch = s.Epoch()
		}
		if s.Epoch() != epoch || parent != last || inc == last || inc == [8]byte{} || tip != uint64(i) {
			t.Fatalf("open %d: epoch %x, incarnation %x of %x at %d", i, s.Epoch(), inc, parent, tip)
		}
		last = inc
		storetest.Save(t, s, patient(clinic.NewID(), "A"))
		s.Close()
	}
	damageEpoch(t, o.Dir)
	s := storetest.OpenWith(t, o) // the journal's header knows the epoch
	if inc, parent, _ := s.Incarnation(); s.Epoch() != epoch || parent != [8]byte{} || inc == last {
		t.Fatalf("epoch %x, want %x; parent %x", s.Epoch(), epoch, parent)
	}
}

func TestProbeIsAskedAfterAnUncleanStop(t *testing.T) {
	o := storetest.Options(t.TempDir())
	asked := 0
	o.Probe = func(_ context.Context, path string) error {
		asked++
		return store.ProbeViews(path)
	}
	s := storetest.Start(t, o)
	storetest.Save(t, s, patient(clinic.NewID(), "A"))
	s.Close()
	s = storetest.Start(t, o)
	s.Close()
	if asked != 0 {
		t.Fatal("asked after a clean stop")
	}
	uncleanStop(t, o.Dir)
	s = storetest.OpenWith(t, o)
	if asked != 1 {
		t.Fatalf("asked %d times after an unclean stop", asked)
	}
	s.Close()
	uncleanStop(t, o.Dir)
	o.Probe = func(context.Context, string) error { return errInjected }
	s = storetest.OpenWith(t, o) // suspect: built anew
	storetest.View(t, s, func(r desk.Reader) {
		if ids, _ := r.ByName("a", 1); len(ids) != 1 {
			t.Error(ids)
		}
	})
}
