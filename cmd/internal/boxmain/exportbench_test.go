package boxmain

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/testpeer"
	"clinicbox/interop/archive"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// BenchmarkExport exports, verifies and imports about 100,000 entries of the invented
// clinic, and tells the size of the file and the highest heap.
func BenchmarkExport(b *testing.B) {
	from := storetest.Start(b, storetest.Options(b.TempDir()))
	storetest.Fill(b, from, storetest.Population{Patients: 12_000, Visits: 9_600})
	h := archive.Head{Box: "tram-01", Epoch: from.Epoch(), Program: "bench", At: time.Now(), Key: ed25519.NewKeyFromSeed(make([]byte, 32))}
	for _, j := range []clinic.Journal{clinic.Own, clinic.In} {
		t := map[clinic.Journal]*archive.Tree{clinic.Own: &h.Own, clinic.In: &h.In}[j]
		var err error
		t.Size = logOf(from, j).Size()
		if t.Root, err = logOf(from, j).Root(t.Size); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.TempDir(), "export.zip")
	for b.Loop() {
		var took [3]time.Duration
		high := watchHeap()
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		steps := []func() error{
			func() error { return writeArchive(b.Context(), f, from, h, func(uint64) {}) },
			func() error { _, err := archive.Verify(b.Context(), f, size(b, f), archive.Options{}); return err },
			func() error { return importAgain(b.Context(), b, f, h) },
		}
		for i, step := range steps {
			begin := time.Now()
			if err := step(); err != nil {
				b.Fatal(err)
			}
			took[i] = time.Since(begin)
		}
		b.ReportMetric(float64(h.Own.Size), "entries")
		b.ReportMetric(float64(size(b, f))/1e6, "MB")
		b.ReportMetric(took[0].Seconds(), "s/export")
		b.ReportMetric(took[1].Seconds(), "s/verify")
		b.ReportMetric(took[2].Seconds(), "s/import")
		b.ReportMetric(float64(high())/1e6, "MB/heap")
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func size(b *testing.B, f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

func importAgain(ctx context.Context, b *testing.B, f *os.File, h archive.Head) error {
	return store.ImportTo(ctx, storetest.Options(b.TempDir()), store.Import{
		Epoch: h.Epoch, Own: store.Head(h.Own), In: store.Head(h.In),
		Entries: func(yield func(store.Imported, error) bool) {
			_, err := archive.Verify(ctx, f, size(b, f), archive.Options{Each: func(e *archive.Entry) error {
				if !yield(store.Imported{Journal: e.Journal, Salt: e.Salt, Bytes: e.Bytes, Leaf: e.Leaf}, nil) {
					return errStopped
				}
				return nil
			}})
			if err != nil && !errors.Is(err, errStopped) {
				yield(store.Imported{}, err)
			}
		},
	})
}

// watchHeap returns what tells the highest heap in use since it was called.
func watchHeap() func() uint64 {
	runtime.GC()
	var high atomic.Uint64
	stop := make(chan struct{})
	go func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			high.Store(max(high.Load(), m.HeapInuse))
			select {
			case <-stop:
				tick.Stop()
				return
			default:
			}
		}
	}()
	return func() uint64 { close(stop); return high.Load() }
}

// TestExportOnAFullDisk: what does not fit leaves nothing, and says so.
func TestExportOnAFullDisk(t *testing.T) {
	commandAfterCommand(t)
	w := newExportWorld(t)
	testpeer.Disk(t, w.dir, "4k")
	if code, said := w.run(w.as("administrator", adminPIN), "export", w.file("all.zip")); code != ExitFailure || !strings.Contains(said, "make room") {
		t.Errorf("%d %s", code, said)
	}
	if es, err := os.ReadDir(w.dir); err != nil || len(es) > 0 {
		t.Errorf("left: %v %v", es, err)
	}
}
