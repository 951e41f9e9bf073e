package store_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/search"
	"clinicbox/store/storetest"
)

// benchDir is on the same disk for store and baseline: TMPDIR must not be tmpfs.
func benchStore(b *testing.B, patients int) (*store.Store, []clinic.ID) {
	b.Helper()
	o := storetest.Options(b.TempDir())
	s := storetest.Start(b, o)
	return s, storetest.Fill(b, s, storetest.Population{Patients: patients, Visits: 5 * patients})
}

func vitals(p, v clinic.ID) clinic.Draft {
	return clinic.Draft{Kind: clinic.KindVitals, Subject: p, Visit: v, Body: &clinic.Vitals{
		Pulse: 72, Temperature: 370, Systolic: 120, Diastolic: 80, Breathing: 16, SpO2: 98, Weight: 552, Height: 1603,
	}}
}

func commit(b *testing.B, s *store.Store, ids []clinic.ID, n int) {
	p := ids[n%len(ids)]
	_, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{1}, func(r desk.Reader) ([]clinic.Draft, error) {
		if _, err := r.Patient(p); err != nil {
			return nil, err
		}
		return []clinic.Draft{vitals(p, clinic.ID{1, byte(n), byte(n >> 8)})}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// rawBytes is what the journal writes for one act of the commit benchmarks.
const rawBytes = 16 + 40 + 160

// BenchmarkRawAppend is the baseline: a bare append and fdatasync of as many bytes.
func BenchmarkRawAppend(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, rawBytes)
	for b.Loop() {
		if _, err := f.Write(buf); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommitOneDesk(b *testing.B) {
	s, ids := benchStore(b, 2_000)
	n := 0
	for b.Loop() {
		commit(b, s, ids, n)
		n++
	}
}

func BenchmarkCommitEightDesks(b *testing.B) {
	s, ids := benchStore(b, 2_000)
	b.ResetTimer()
	var wg sync.WaitGroup
	for d := range 8 {
		wg.Go(func() {
			for n := d; n < b.N; n += 8 {
				commit(b, s, ids, n)
			}
		})
	}
	wg.Wait()
}

func BenchmarkPatientRecords(b *testing.B) {
	s, ids := benchStore(b, 2_000)
	n := 0
	for b.Loop() {
		storetest.View(b, s, func(r desk.Reader) {
			if recs, err := r.Records(ids[n%len(ids)]); err != nil || len(recs) == 0 {
				b.Fatal(len(recs), err)
			}
		})
		n++
	}
}

func BenchmarkNameSearch100k(b *testing.B) {
	names := search.NewNames(nil)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		names.Put(clinic.NewID(), storetest.Name(rnd))
	}
	queries := []string{"an", "nguyen", "nguyễn văn", "nguyen van an", "Trần Thị Mai", "ng", "h", "thi", "khong co ai", "le van b"}
	var took []time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		names.Find(queries[n%len(queries)], 20, nil)
		took = append(took, time.Since(start))
		n++
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkRebuild builds the views of a filled store anew.
func BenchmarkRebuild(b *testing.B) {
	o := storetest.Options(b.TempDir())
	s := storetest.Start(b, o)
	storetest.Fill(b, s, storetest.Population{Patients: 5_000, Visits: 30_000})
	entries := s.Own().Size()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := os.Remove(filepath.Join(o.Dir, "views-1.db")); err != nil {
			b.Fatal(err)
		}
		s, err := store.Open(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
