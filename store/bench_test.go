package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/invent"
	"clinicbox/store"
	"clinicbox/store/search"
	"clinicbox/store/storetest"
)

// benchDir is on the same disk for store and baseline: TMPDIR must not be tmpfs.
func benchStore(b *testing.B, patients int) (*store.Store, []clinic.ID) {
	b.Helper()
	return fillStore(b, patients, storetest.Options(b.TempDir()))
}

func fillStore(b *testing.B, patients int, o store.Options) (*store.Store, []clinic.ID) {
	b.Helper()
	s := storetest.Start(b, o)
	return s, storetest.Fill(b, s, storetest.Population{Patients: patients, Visits: 2 * patients}).IDs
}

// desks is a store with people in today's queue.
type desks struct {
	s        *store.Store
	patients []clinic.ID
	visits   [64]clinic.ID
	files    storetest.Faults // none armed: it counts
}

func benchDesks(b *testing.B) *desks {
	d := new(desks)
	o := storetest.Options(b.TempDir())
	o.Files = &d.files
	s, ids := fillStore(b, 2_000, o)
	d.s, d.patients = s, ids
	for i := range d.visits {
		d.visits[i] = clinic.NewID()
		storetest.Save(b, s, visit(ids[i], d.visits[i], i+1))
	}
	return d
}

// measure saves one act of one entry, as the page for vitals does.
func (d *desks) measure(b *testing.B, n int) {
	p, v := d.patients[n%64], d.visits[n%64]
	_, err := d.s.Act(context.Background(), clinic.NewID(), clinic.ID{1}, func(r desk.Reader) ([]clinic.Draft, error) {
		if _, ok, err := r.Visit(v); !ok || err != nil {
			return nil, errors.Join(err, errors.New("no such visit"))
		}
		return []clinic.Draft{{Kind: clinic.KindVitals, Subject: p, Visit: v, Body: &clinic.Vitals{
			Pulse: 72, Temperature: 370, Systolic: 120, Diastolic: 80, Breathing: 16, SpO2: 98, Weight: 552, Height: 1603,
		}}}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// rawBytes is what the journal writes for one act of the commit benchmarks.
const rawBytes = 16 + 40 + 160

// raw is the baseline: a bare append and fdatasync of as many bytes.
type raw struct {
	f   *os.File
	buf [rawBytes]byte
}

func openRaw(b *testing.B) *raw {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return &raw{f: f}
}

func (r *raw) append(b *testing.B) {
	if _, err := r.f.Write(r.buf[:]); err != nil {
		b.Fatal(err)
	}
	if err := unix.Fdatasync(int(r.f.Fd())); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRawAppend is the baseline of the commit benchmarks.
func BenchmarkRawAppend(b *testing.B) {
	r := openRaw(b)
	for b.Loop() {
		r.append(b)
	}
}

func BenchmarkCommitOneDesk(b *testing.B) {
	d := benchDesks(b)
	n := 0
	for b.Loop() {
		d.measure(b, n)
		n++
	}
}

// BenchmarkCommitRatio takes turns with the baseline, so that other load on the
// machine falls on both: it reports medians and their ratio.
func BenchmarkCommitRatio(b *testing.B) {
	d, r := benchDesks(b), openRaw(b)
	var acts, raws []time.Duration
	n := 0
	for b.Loop() {
		start := time.Now()
		d.measure(b, n)
		mid := time.Now()
		r.append(b)
		acts, raws = append(acts, mid.Sub(start)), append(raws, time.Since(mid))
		n++
	}
	act, bare := median(acts), median(raws)
	b.ReportMetric(float64(act.Microseconds()), "act-µs")
	b.ReportMetric(float64(bare.Microseconds()), "raw-µs")
	b.ReportMetric(float64(act)/float64(bare), "ratio")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func BenchmarkCommitEightDesks(b *testing.B) {
	d := benchDesks(b)
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := i; n < b.N; n += 8 {
				d.measure(b, n)
			}
		})
	}
	wg.Wait()
}

// BenchmarkCommitEightRatio reports how many acts share a sync, which other load
// on the machine hardly changes, and how much more eight desks do in a time than
// one does: they take turns.
func BenchmarkCommitEightRatio(b *testing.B) {
	d := benchDesks(b)
	var one, eight time.Duration
	syncs, acts := 0, 0
	const turn = 64
	for b.Loop() {
		start := time.Now()
		for n := range turn {
			d.measure(b, n)
		}
		mid, before := time.Now(), d.files.Count(storetest.StepSync)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := i; n < 4*turn; n += 8 {
					d.measure(b, n)
				}
			})
		}
		wg.Wait()
		one, eight = one+mid.Sub(start), eight+time.Since(mid)
		syncs, acts = syncs+d.files.Count(storetest.StepSync)-before, acts+4*turn
	}
	b.ReportMetric(float64(acts)/float64(syncs), "acts/sync")
	b.ReportMetric(4*float64(one)/float64(eight), "times-one")
	b.ReportMetric(float64(eight.Microseconds())/float64(acts), "µs/act")
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
	gen := invent.New(1)
	for range 100_000 {
		names.Put(clinic.NewID(), gen.Patient().Patient.Name)
	}
	queries := []string{"an", "nguyen", "nguyễn văn", "nguyen van an", "Trần Thị Mai", "ng", "h", "thi", "khong co ai", "le van b"}
	runtime.LockOSThread() // for the clock of its processor time
	defer runtime.UnlockOSThread()
	var took, work []time.Duration
	n := 0
	for b.Loop() {
		start, before := time.Now(), threadTime(b)
		names.Find(queries[n%len(queries)], 20, nil)
		took, work = append(took, time.Since(start)), append(work, threadTime(b)-before)
		n++
	}
	slices.Sort(took)
	slices.Sort(work)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(work[len(work)*99/100].Microseconds())/1000, "p99-cpu-ms")
}

func threadTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// cpu returns the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRebuild builds the views of a filled store anew. Entries by processor
// time are of one core, whatever else the machine does.
func BenchmarkRebuild(b *testing.B) {
	o := storetest.Options(b.TempDir())
	s := storetest.Start(b, o)
	storetest.Fill(b, s, storetest.Population{Patients: 5_000, Visits: 10_000})
	entries := s.Own().Size()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	before := cpu(b)
	for b.Loop() {
		if err := os.Remove(viewsFile(o.Dir)); err != nil {
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
	b.ReportMetric(float64(entries)*float64(b.N)/(cpu(b)-before).Seconds(), "entries/cpu-s")
	b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
