package medium_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/store/storetest"
)

// BenchmarkDrill takes the times of a clinic of about 100,000 entries: its first copy,
// the next one, and everything from the stick to records that can be read.
func BenchmarkDrill(b *testing.B) {
	o := storetest.Options(b.TempDir())
	s := storetest.Start(b, o)
	storetest.Fill(b, s, storetest.Population{Patients: 10_000, Visits: 10_000})
	b.ResetTimer()
	for b.Loop() {
		stick := b.TempDir()
		c := medium.New(medium.Options{
			Dir: o.Dir, To: stick, Box: "tram-01", Key: storetest.Key(), Source: s, SameDisk: true, Now: o.Clock.Now,
		})
		took := func(name string, do func() error) {
			begin := time.Now()
			if err := do(); err != nil {
				b.Fatal(name, err)
			}
			b.ReportMetric(time.Since(begin).Seconds(), name+"-s")
		}
		run := func() error { _, err := c.Run(b.Context()); return err }
		took("first", run)
		took("next", run)
		found, err := medium.Find(stick, durable.Cold{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(found.Bytes())/1e6, "MB")
		b.ReportMetric(float64(found.Own.Size), "entries")
		spare := o
		spare.Dir = filepath.Join(b.TempDir(), "spare")
		took("verify", func() error { _, err := found.Verify(b.Context(), nil); return err })
		took("restore", func() error { return found.Restore(b.Context(), spare.Dir, nil) })
		took("open", func() error {
			r, err := store.Open(b.Context(), spare)
			if err != nil {
				return err
			}
			return r.Close()
		})
		took("check", func() error { _, err := store.Check(b.Context(), spare); return err })
	}
}

// slow is a stick of some bytes a second.
type slow struct {
	durable.OS
	rate int
}

func (l slow) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	f, err := l.OS.OpenFile(name, flag, perm)
	return slowFile{f, l.rate}, err
}

type slowFile struct {
	durable.File
	rate int
}

func (f slowFile) WriteAt(p []byte, at int64) (int, error) {
	<-time.After(time.Duration(len(p)) * time.Second / time.Duration(f.rate))
	return f.File.WriteAt(p, at)
}

// BenchmarkActBesideACopy saves acts without a copy, and while one goes on to a stick
// of 1 MB a second without an end.
func BenchmarkActBesideACopy(b *testing.B) {
	for _, with := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "beside"}[with]
		b.Run(name, func(b *testing.B) {
			o := storetest.Options(b.TempDir())
			s := storetest.Start(b, o)
			storetest.Fill(b, s, storetest.Population{Patients: 2000, Visits: 2000})
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for with && ctx.Err() == nil {
					stick, err := os.MkdirTemp(b.TempDir(), "stick")
					if err != nil {
						return
					}
					_, _ = medium.New(medium.Options{
						Dir: o.Dir, To: stick, Box: "b", Key: storetest.Key(), Source: s, SameDisk: true, Now: o.Clock.Now, FS: slow{rate: 1 << 20},
					}).Run(ctx)
				}
			}()
			var all []time.Duration
			for b.Loop() {
				begin := time.Now()
				storetest.Save(b, s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{5}, Body: &clinic.Vitals{Pulse: 60}})
				all = append(all, time.Since(begin))
			}
			stop()
			<-ended
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
		})
	}
}
